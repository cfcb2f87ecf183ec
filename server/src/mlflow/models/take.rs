//! Taking a version's files: they are looked up, their digests are written down, and a model of XGBoost becomes a compact
//! file beside them.
//!
//! Invariants: a version is READY only if its files were here, and a model of XGBoost only if it could be exported; what was
//! exported was read back before.

mod mlmodel;

use std::collections::BTreeMap;

use bytes::Bytes;
use model_export::{FeatureModel, ImportOptions, Provenance, Rounds, import_xgboost_model, sha256_hex};
use registry::{Artifacts, Bucket, LeafFile, Run, VersionFile, VersionStatus};

use super::source::{Source, key};
use crate::mlflow::error::MlflowError;
use crate::mlflow::place;
use crate::serving::now_ms;
use crate::state::AppState;
use mlmodel::XgboostFlavor;

/// Files of one version.
const MOST_FILES: usize = 10_000;
/// Bytes of `MLmodel`, and of a model that is exported.
const MOST_DESCRIPTION: u64 = 4 << 20;
const MOST_MODEL: u64 = 512 << 20;

/// What became of a version's files.
#[derive(Debug, Default)]
pub(super) struct Taken {
    pub(super) status: VersionStatus,
    /// Why it failed.
    pub(super) message: String,
    pub(super) leaf: Option<LeafFile>,
    pub(super) files: Vec<VersionFile>,
}

impl Taken {
    fn failed(message: String) -> Taken {
        Taken {
            status: VersionStatus::Failed,
            message,
            ..Taken::default()
        }
    }
}

/// Takes the files at a source for a version of `model_name`.
pub(super) async fn take(
    state: &AppState,
    model_name: &str,
    run_id: Option<&str>,
    source: &Source,
) -> Result<Taken, MlflowError> {
    let artifacts = state.registry.artifacts();
    let shown = place::shown(artifacts, &source.storage_uri);
    let is_served = model_name == state.serving.model_name();
    let Some(folder) = key(state, &source.storage_uri) else {
        if source.is_only_a_name && !is_served {
            return Ok(Taken::default());
        }
        return Ok(Taken::failed(format!(
            "{shown} isn't in this server's store, where files can be checked and kept as they are"
        )));
    };
    let objects = artifacts.list(Bucket::Artifacts, &folder).await?;
    if objects.is_empty() {
        return Ok(Taken::failed(format!("there are no files at {shown}")));
    }
    if objects.len() > MOST_FILES {
        return Ok(Taken::failed(format!(
            "there are {} files at {shown}; {MOST_FILES} is the most",
            objects.len()
        )));
    }
    let mut files = Vec::with_capacity(objects.len());
    for object in &objects {
        let Some(digest) = artifacts.digest(Bucket::Artifacts, &object.key).await? else {
            return Ok(Taken::failed(format!("a file at {shown} went away")));
        };
        files.push(VersionFile {
            path: object.key[folder.len()..].trim_start_matches('/').to_owned(),
            sha256: digest.sha256,
            bytes: i64::try_from(digest.bytes).unwrap_or(i64::MAX),
        });
    }
    let Some(description) = read(artifacts, &folder, "MLmodel", &files, MOST_DESCRIPTION).await? else {
        if is_served {
            return Ok(Taken::failed(format!(
                "there is no MLmodel at {shown}, and this server predicts with this model"
            )));
        }
        return Ok(Taken {
            files,
            ..Taken::default()
        });
    };
    let Some(flavor) = XgboostFlavor::of(&String::from_utf8_lossy(&description)) else {
        if is_served {
            return Ok(Taken::failed(format!(
                "the model at {shown} isn't one of XGBoost, and this server predicts with this model"
            )));
        }
        return Ok(Taken {
            files,
            ..Taken::default()
        });
    };
    let Some(booster) = read(artifacts, &folder, &flavor.data, &files, MOST_MODEL).await? else {
        return Ok(Taken::failed(format!(
            "{:?}, the model's file, isn't at {shown}, or is too large",
            flavor.data
        )));
    };
    let run = match run_id {
        Some(run_id) => state.registry.run(run_id).await?,
        None => None,
    };
    let provenance = provenance(model_name, run_id, run.as_ref(), source, &booster);
    let dataset = (provenance.dataset_name.clone(), provenance.dataset_digest.clone());
    let (booster_sha256, trained_at_ms) = (provenance.booster_sha256.clone(), provenance.trained_at_ms);
    let exported = tokio::task::spawn_blocking(move || export(&booster, &flavor, provenance)).await;
    let leaf = match exported {
        Ok(Ok(leaf)) => leaf,
        Ok(Err(reason)) => {
            return Ok(Taken::failed(format!(
                "the model at {shown} can't be exported: {reason}"
            )));
        }
        Err(_) => {
            return Ok(Taken::failed(format!(
                "the export of the model at {shown} broke off"
            )));
        }
    };
    let model_sha256 = sha256_hex(&leaf);
    let model_file = format!("{model_sha256}.leaf");
    let model_bytes = i64::try_from(leaf.len()).unwrap_or(i64::MAX);
    artifacts
        .put_create(Bucket::Artifacts, &format!("{folder}/{model_file}"), leaf)
        .await?;
    files.retain(|file| file.path != model_file);
    Ok(Taken {
        leaf: Some(LeafFile {
            model_file,
            model_sha256,
            model_bytes,
            booster_sha256,
            dataset_name: dataset.0,
            dataset_digest: dataset.1,
            trained_at_ms,
        }),
        files,
        ..Taken::default()
    })
}

/// A file of the version, which must still be what its digest was taken of.
async fn read(
    artifacts: &Artifacts,
    folder: &str,
    name: &str,
    files: &[VersionFile],
    most: u64,
) -> Result<Option<Bytes>, MlflowError> {
    let Some(file) = files.iter().find(|file| file.path == name) else {
        return Ok(None);
    };
    if u64::try_from(file.bytes).is_ok_and(|bytes| bytes > most) {
        return Ok(None);
    }
    let path = format!("{folder}/{name}");
    Ok(Some(
        artifacts
            .get_verified(Bucket::Artifacts, &path, &file.sha256)
            .await?,
    ))
}

/// The compact file of a model of XGBoost, or why there can't be one.
fn export(booster: &[u8], flavor: &XgboostFlavor, provenance: Provenance) -> Result<Bytes, String> {
    let rounds = match flavor.takes_best_rounds() {
        true => Rounds::Best,
        false => Rounds::All,
    };
    let imported =
        import_xgboost_model(booster, ImportOptions { rounds }).map_err(|error| error.to_string())?;
    let [major, minor, patch] = imported.version;
    let provenance = Provenance {
        engine: format!("xgboost {major}.{minor}.{patch}"),
        ..provenance
    };
    let model = FeatureModel::new(imported.ensemble, imported.feature_names, provenance)
        .map_err(|error| error.to_string())?;
    let bytes = model.to_bytes();
    match FeatureModel::from_bytes(&bytes) {
        Ok(read) if read == model => Ok(Bytes::from(bytes)),
        Ok(_) => Err("what was written isn't what is read".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

fn provenance(
    model_name: &str,
    run_id: Option<&str>,
    run: Option<&Run>,
    source: &Source,
    booster: &[u8],
) -> Provenance {
    let dataset = run.and_then(|run| run.inputs.first());
    let metrics = run.map(|run| run.metrics.as_slice()).unwrap_or_default();
    let finite = metrics.iter().filter(|metric| metric.value.is_finite());
    Provenance {
        model_name: model_name.to_owned(),
        experiment_name: run.map(|run| run.experiment_name.clone()).unwrap_or_default(),
        run_id: run_id.unwrap_or_default().to_owned(),
        run_name: run.map(|run| run.run_name.clone()).unwrap_or_default(),
        artifact_uri: source.storage_uri.clone(),
        booster_sha256: sha256_hex(booster),
        dataset_name: dataset.map(|dataset| dataset.name.clone()).unwrap_or_default(),
        dataset_digest: dataset.map(|dataset| dataset.digest.clone()).unwrap_or_default(),
        training_rows: 0,
        trained_at_ms: run.map_or_else(now_ms, |run| run.end_time_ms.unwrap_or(run.start_time_ms)),
        engine: String::new(),
        trainer_version: String::new(),
        params: run
            .map(|run| run.params.iter().cloned().collect::<BTreeMap<_, _>>())
            .unwrap_or_default(),
        metrics: finite.map(|metric| (metric.key.clone(), metric.value)).collect(),
    }
}
