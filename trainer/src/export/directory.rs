//! The model directory: `MLmodel`, the booster, the compact file, what MLflow keeps beside them, and the signature over
//! all of it.

mod environment;

use std::fmt::Write;

use model_export::sha256_hex;
use model_export::signature::{Resource, SignatureError, sign};
use registry::Engine;

use super::Exported;
use crate::train::Trained;

/// The signature bundle's name in a model directory.
pub const BUNDLE_FILE: &str = "model.sig";

/// A file of a model directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelFile {
    /// Its name.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// A model directory, ready to be stored.
#[derive(Clone, Debug)]
pub struct ModelDirectory {
    /// All files; the signature, if there is one, is the last.
    pub files: Vec<ModelFile>,
    /// The compact file's name.
    pub model_file: String,
    /// [`BUNDLE_FILE`] in a signed directory.
    pub bundle_file: Option<String>,
}

/// A directory that can't be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DirectoryError {
    /// It can't be signed.
    #[error("the model can't be signed")]
    Sign(#[from] SignatureError),
}

impl ModelDirectory {
    /// Lays the directory out, and signs it if there is a key (PKCS#8 PEM, P-256).
    pub fn new(
        exported: &Exported,
        trained: &Trained,
        signing_key_pem: Option<&str>,
    ) -> Result<Self, DirectoryError> {
        let model_file = format!("{}.leaf", exported.sha256);
        let mut files = vec![
            ModelFile {
                name: model_file.clone(),
                bytes: exported.bytes.clone(),
            },
            ModelFile {
                name: "MLmodel".to_owned(),
                bytes: mlmodel(exported, trained).into_bytes(),
            },
            ModelFile {
                name: trained.booster_file().to_owned(),
                bytes: trained.booster.clone(),
            },
        ];
        let mut bundle_file = None;
        if trained.engine == Engine::Xgboost {
            files.extend(environment::files(exported, trained));
        }
        if let Some(key) = signing_key_pem {
            let resource = |file: &ModelFile| Resource {
                name: file.name.clone(),
                sha256: sha256_hex(&file.bytes),
            };
            let resources: Vec<Resource> = files.iter().map(resource).collect();
            let bundle = sign(&exported.model.provenance().model_name, &resources, key)?;
            files.push(ModelFile {
                name: BUNDLE_FILE.to_owned(),
                bytes: bundle.into_bytes(),
            });
            bundle_file = Some(BUNDLE_FILE.to_owned());
        }
        Ok(Self {
            files,
            model_file,
            bundle_file,
        })
    }
}

/// MLflow's description of the directory: `mlflow.xgboost.load_model` reads the booster by it. JSON strings are
/// YAML strings.
fn mlmodel(exported: &Exported, trained: &Trained) -> String {
    let provenance = exported.model.provenance();
    let booster_file = trained.booster_file();
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let mut text = String::from("artifact_path: model\nflavors:\n");
    text += &format!(
        "  clickleaf:\n    data: {}.leaf\n    booster: {booster_file}\n",
        exported.sha256
    );
    if trained.engine == Engine::Xgboost {
        text += &format!("  python_function:\n    data: {booster_file}\n");
        text += "    env:\n      conda: conda.yaml\n      virtualenv: python_env.yaml\n";
        text += "    loader_module: mlflow.xgboost\n";
        text += &format!("  xgboost:\n    data: {booster_file}\n    model_class: xgboost.core.Booster\n");
        let version = trained.engine_version.trim_start_matches("xgboost ");
        text += &format!("    model_format: ubj\n    xgb_version: {version}\n");
    }
    text += "metadata:\n";
    for (name, value) in [
        ("booster_sha256", provenance.booster_sha256.as_str()),
        ("dataset_digest", &provenance.dataset_digest),
        ("dataset_name", &provenance.dataset_name),
        ("engine", &provenance.engine),
        ("model_name", &provenance.model_name),
        ("model_sha256", &exported.sha256),
        ("run_name", &provenance.run_name),
        ("trainer_version", &provenance.trainer_version),
    ] {
        let _ = writeln!(text, "  {name}: {}", quoted(value));
    }
    let _ = writeln!(
        text,
        "model_size_bytes: {}",
        exported.bytes.len() + trained.booster.len()
    );
    let _ = writeln!(text, "model_uuid: {}", quoted(&exported.sha256[..32]));
    let _ = writeln!(text, "run_id: {}", quoted(&provenance.run_id));
    if trained.engine == Engine::Xgboost {
        text += &environment::signature(exported);
    }
    let _ = writeln!(
        text,
        "utc_time_created: {}",
        quoted(&environment::utc(trained.ended_at_ms))
    );
    text
}
