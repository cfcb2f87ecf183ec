//! Models, versions, runs, health, and the manifest the page starts from.

use serde::{Deserialize, Serialize};

/// Where a version stands. At most one version of a model is in `Production`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Stage {
    /// Registered, and no more.
    #[default]
    None,
    /// A candidate.
    Staging,
    /// The one that predicts.
    Production,
    /// Was in Production, or was given up.
    Archived,
}

impl Stage {
    /// The stage's name, as the registry stores it.
    pub fn as_str(self) -> &'static str {
        match self {
            Stage::None => "None",
            Stage::Staging => "Staging",
            Stage::Production => "Production",
            Stage::Archived => "Archived",
        }
    }
}

/// The last value of a metric.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Metric {
    /// Such as `test_logloss`.
    pub key: String,
    /// The value.
    pub value: f64,
}

/// One point of a learning curve.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MetricPoint {
    /// The boosting round, from 0.
    pub step: i64,
    /// The metric's value after that round.
    pub value: f64,
}

/// A registered version with everything that says where it comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(from = "FlatModel")]
pub struct ModelVersion {
    /// The registered model's name.
    pub model_name: String,
    /// The version, from 1.
    pub version: i64,
    /// Where it stands now.
    pub stage: Stage,
    /// Aliases that point to it, such as `champion`.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// The run that made it, 32 hexadecimal digits.
    pub run_id: String,
    /// The run's nickname, such as `brisk-otter-417`.
    pub run_name: String,
    /// The experiment the run belongs to.
    pub experiment_name: String,
    /// Where the model directory lies (`s3://…` or `file://…`).
    pub artifact_uri: String,
    /// The compact file's SHA-256: its identity, its name and what a reader must check.
    pub model_sha256: String,
    /// The compact file's size in bytes.
    pub model_bytes: i64,
    /// SHA-256 of the XGBoost model the compact file was made from.
    pub booster_sha256: String,
    /// What the training data is called.
    pub dataset_name: String,
    /// SHA-256 over all training rows.
    pub dataset_digest: String,
    /// When training ended.
    pub trained_at_ms: i64,
    /// When the version was registered.
    pub created_at_ms: i64,
    /// The run's metrics, by key.
    #[serde(default)]
    pub metrics: Vec<Metric>,
}

/// A version as a reader needs it to load, check and name the model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(try_from = "FlatModel")]
pub struct ServedModel {
    /// Which version it is.
    #[serde(flatten)]
    pub version: ModelVersion,
    /// The compact file, relative to the page: `model-files/<sha256>.leaf`.
    pub model_url: String,
    /// The OpenSSF model-signing bundle, relative to the page; absent for an unsigned model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bundle_url: Option<String>,
    /// The public key that the bundle is to be checked with, as PEM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signing_key_pem: Option<String>,
}

/// How [`ModelVersion`] and [`ServedModel`] are read. One struct for both instead of `flatten`, which would buffer
/// every value in a form of its own and so add much to what a page must load.
#[derive(Deserialize)]
struct FlatModel {
    model_name: String,
    version: i64,
    stage: Stage,
    #[serde(default)]
    aliases: Vec<String>,
    run_id: String,
    run_name: String,
    experiment_name: String,
    artifact_uri: String,
    model_sha256: String,
    model_bytes: i64,
    booster_sha256: String,
    dataset_name: String,
    dataset_digest: String,
    trained_at_ms: i64,
    created_at_ms: i64,
    #[serde(default)]
    metrics: Vec<Metric>,
    model_url: Option<String>,
    bundle_url: Option<String>,
    signing_key_pem: Option<String>,
}

impl From<FlatModel> for ModelVersion {
    fn from(flat: FlatModel) -> Self {
        Self {
            model_name: flat.model_name,
            version: flat.version,
            stage: flat.stage,
            aliases: flat.aliases,
            run_id: flat.run_id,
            run_name: flat.run_name,
            experiment_name: flat.experiment_name,
            artifact_uri: flat.artifact_uri,
            model_sha256: flat.model_sha256,
            model_bytes: flat.model_bytes,
            booster_sha256: flat.booster_sha256,
            dataset_name: flat.dataset_name,
            dataset_digest: flat.dataset_digest,
            trained_at_ms: flat.trained_at_ms,
            created_at_ms: flat.created_at_ms,
            metrics: flat.metrics,
        }
    }
}

impl TryFrom<FlatModel> for ServedModel {
    type Error = &'static str;

    fn try_from(mut flat: FlatModel) -> Result<Self, Self::Error> {
        Ok(Self {
            model_url: flat.model_url.take().ok_or("missing field `model_url`")?,
            bundle_url: flat.bundle_url.take(),
            signing_key_pem: flat.signing_key_pem.take(),
            version: flat.into(),
        })
    }
}

/// What the page starts from: `manifest.json`, live from a server or written beside static files.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Manifest {
    /// Version of this message's layout; 1.
    pub manifest_version: u32,
    /// When it was made.
    pub generated_at_ms: i64,
    /// Base URL of the API, relative to the page; absent when there is no server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_base: Option<String>,
    /// The version in Production.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub production: Option<ServedModel>,
    /// All versions, newest first.
    #[serde(default)]
    pub versions: Vec<ModelVersion>,
}

/// A registered model, in a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ModelSummary {
    /// Its name.
    pub name: String,
    /// When it was created.
    pub created_at_ms: i64,
    /// The version in Production.
    pub production_version: Option<i64>,
    /// The newest version.
    pub latest_version: Option<i64>,
}

/// One change of a version's stage; never rewritten.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Transition {
    /// The version that moved.
    pub version: i64,
    /// From here.
    pub from_stage: Stage,
    /// To here.
    pub to_stage: Stage,
    /// Who moved it.
    pub actor: String,
    /// Why.
    pub reason: String,
    /// When.
    pub at_ms: i64,
}

/// A run with its params, metrics and learning curves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RunDetail {
    /// 32 hexadecimal digits.
    pub run_id: String,
    /// The nickname.
    pub run_name: String,
    /// The experiment it belongs to.
    pub experiment_name: String,
    /// RUNNING, FINISHED, FAILED or KILLED.
    pub status: String,
    /// When it started.
    pub start_time_ms: i64,
    /// When it ended.
    pub end_time_ms: Option<i64>,
    /// Params, by key.
    pub params: Vec<(String, String)>,
    /// Tags, by key.
    pub tags: Vec<(String, String)>,
    /// Last values, by key.
    pub metrics: Vec<Metric>,
    /// Learning curves: metric key and its points in step order.
    pub curves: Vec<(String, Vec<MetricPoint>)>,
}

/// Asks for a version's move to a stage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PromoteRequest {
    /// Where to; Production when absent.
    #[serde(default = "production")]
    pub stage: Stage,
    /// Why; kept in the transition.
    #[serde(default)]
    pub reason: String,
}

/// Asks for the previous Production version to be Production again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RollbackRequest {
    /// Why; kept in the transition.
    #[serde(default)]
    pub reason: String,
}

fn production() -> Stage {
    Stage::Production
}

/// How the server is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum HealthStatus {
    /// A model is loaded, and registry and store answer.
    Ok,
    /// A model is loaded and predicts, but registry or store don't answer.
    Degraded,
    /// No model is loaded.
    NotReady,
}

/// How the registry and the store behind the server are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RegistryHealth {
    /// Whether the last look-up worked.
    pub reachable: bool,
    /// When it last worked.
    pub last_success_ms: Option<i64>,
    /// What failed, for a person; names the part, not its secrets.
    pub message: Option<String>,
}

/// The answer of `GET /health`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Health {
    /// In one word.
    pub status: HealthStatus,
    /// The process answers.
    pub live: bool,
    /// A verified model is loaded, so `/predict` works.
    pub ready: bool,
    /// The version that predicts.
    pub model_version: Option<i64>,
    /// Its digest.
    pub model_sha256: Option<String>,
    /// Registry and store.
    pub registry: RegistryHealth,
    /// The server's own version.
    pub server_version: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn served() -> ServedModel {
        ServedModel {
            version: ModelVersion {
                model_name: "m".to_owned(),
                version: 3,
                stage: Stage::Production,
                aliases: vec!["champion".to_owned()],
                run_id: "r".to_owned(),
                run_name: "brisk-otter-417".to_owned(),
                experiment_name: "e".to_owned(),
                artifact_uri: "s3://a".to_owned(),
                model_sha256: "1".to_owned(),
                model_bytes: 4,
                booster_sha256: "2".to_owned(),
                dataset_name: "d".to_owned(),
                dataset_digest: "3".to_owned(),
                trained_at_ms: 5,
                created_at_ms: 6,
                metrics: vec![Metric {
                    key: "k".to_owned(),
                    value: 0.1,
                }],
            },
            model_url: "u".to_owned(),
            bundle_url: Some("b".to_owned()),
            signing_key_pem: Some("p".to_owned()),
        }
    }

    #[test]
    fn a_served_model_is_flat_and_reads_back() {
        let json = serde_json::to_value(served()).unwrap();
        assert_eq!((&json["version"], &json["model_url"]), (&3.into(), &"u".into()));
        assert_eq!(
            serde_json::from_value::<ServedModel>(json.clone()).unwrap(),
            served()
        );
        // A reader of versions may be given more.
        assert_eq!(
            serde_json::from_value::<ModelVersion>(json).unwrap(),
            served().version
        );
    }

    #[test]
    fn a_served_model_needs_its_url_and_only_that() {
        let mut json = serde_json::to_value(served()).unwrap();
        let fields = json.as_object_mut().unwrap();
        fields.remove("bundle_url");
        fields.remove("signing_key_pem");
        assert_eq!(
            serde_json::from_value::<ServedModel>(json.clone())
                .unwrap()
                .bundle_url,
            None
        );
        json.as_object_mut().unwrap().remove("model_url");
        let error = serde_json::from_value::<ServedModel>(json).unwrap_err();
        assert!(error.to_string().contains("model_url"), "{error}");
    }
}
