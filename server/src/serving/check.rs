//! Everything a version must pass before it predicts.

use std::sync::Arc;

use model_export::{Model, Provenance, signature};
use registry::RegistryError;

use crate::model_file::ModelFile;
use crate::serving::Served;

/// Why a version isn't in service. What it says is for everyone; the sources are for the log.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// Registry or store don't answer.
    #[error("{part} doesn't answer")]
    Unavailable {
        /// `the registry` or `the store`.
        part: &'static str,
        /// What it said.
        source: Option<Box<RegistryError>>,
    },
    /// The version didn't pass a check.
    #[error("version {version} is refused: {reason}")]
    Refused {
        /// The version.
        version: i64,
        /// Which check, and how it failed.
        reason: String,
    },
}

impl LoadError {
    /// No answer within the time limit.
    pub(super) fn unanswered() -> Self {
        LoadError::Unavailable {
            part: "the registry or the store",
            source: None,
        }
    }

    /// What a failed read of a version's files means.
    pub(super) fn of_file(version: i64, error: RegistryError) -> Self {
        let reason = match error {
            RegistryError::DigestMismatch { .. } => "its file's SHA-256 isn't the registered one",
            RegistryError::ObjectNotFound { .. } => "its file isn't in the store",
            RegistryError::UnsupportedUri { .. } => "its files don't lie in this store",
            error => return error.into(),
        };
        LoadError::Refused {
            version,
            reason: reason.to_owned(),
        }
    }
}

impl From<RegistryError> for LoadError {
    fn from(error: RegistryError) -> Self {
        let part = match error {
            RegistryError::Store { .. } | RegistryError::ObjectNotFound { .. } => "the store",
            _ => "the registry",
        };
        LoadError::Unavailable {
            part,
            source: Some(Box::new(error)),
        }
    }
}

/// Checks a file, whose digest is known to be right, against the registry's row and, when there is a key, its
/// signature; decodes it, which runs its self-test.
pub(super) async fn check(
    row: registry::ModelVersion,
    file: Arc<ModelFile>,
    verification_key: Option<String>,
) -> Result<Served, LoadError> {
    let version = row.version;
    let checked = tokio::task::spawn_blocking(move || {
        check_file(&row, &file, verification_key.as_deref())?;
        let model =
            Model::from_bytes(&file.bytes).map_err(|error| format!("its file can't be used: {error}"))?;
        check_provenance(&row, model.provenance())?;
        model.prepare();
        Ok(Served::new(row, Arc::new(model), file))
    });
    outcome(version, checked.await)
}

/// The same of a version that may predict from features alone, which this server doesn't.
pub(super) async fn check_any(
    row: registry::ModelVersion,
    file: Arc<ModelFile>,
    verification_key: Option<String>,
) -> Result<(), LoadError> {
    let version = row.version;
    let checked = tokio::task::spawn_blocking(move || {
        check_file(&row, &file, verification_key.as_deref())?;
        let model = model_export::ModelFile::from_bytes(&file.bytes)
            .map_err(|error| format!("its file can't be used: {error}"))?;
        check_provenance(&row, model.provenance())
    });
    outcome(version, checked.await)
}

fn outcome<T>(
    version: i64,
    checked: Result<Result<T, String>, tokio::task::JoinError>,
) -> Result<T, LoadError> {
    let reason = match checked {
        Ok(Ok(passed)) => return Ok(passed),
        Ok(Err(reason)) => reason,
        Err(_) => "its check broke off".to_owned(),
    };
    Err(LoadError::Refused { version, reason })
}

fn check_file(row: &registry::ModelVersion, file: &ModelFile, key: Option<&str>) -> Result<(), String> {
    if file.sha256 != row.model_sha256 {
        return Err("its file's SHA-256 isn't the registered one".to_owned());
    }
    key.map_or(Ok(()), |key| check_signature(row, file, key))
}

fn check_provenance(row: &registry::ModelVersion, provenance: &Provenance) -> Result<(), String> {
    for (what, in_file, in_registry) in [
        ("run", &provenance.run_id, &row.run_id),
        ("booster", &provenance.booster_sha256, &row.booster_sha256),
    ] {
        if in_file != in_registry {
            return Err(format!("its file names another {what} than the registry"));
        }
    }
    Ok(())
}

fn check_signature(row: &registry::ModelVersion, file: &ModelFile, key: &str) -> Result<(), String> {
    let bundle = file
        .bundle
        .as_deref()
        .ok_or("it isn't signed, and this server has a verification key")?;
    let bundle = std::str::from_utf8(bundle).map_err(|_| "its signature isn't text")?;
    let verified =
        signature::verify(bundle, key).map_err(|error| format!("its signature is invalid: {error}"))?;
    let signs = |sha256: &str| {
        verified
            .resources
            .iter()
            .any(|resource| resource.sha256 == sha256)
    };
    if !signs(&row.model_sha256) {
        return Err("its signature is for another compact file".to_owned());
    }
    if !signs(&row.booster_sha256) {
        return Err("its signature is for another booster".to_owned());
    }
    Ok(())
}
