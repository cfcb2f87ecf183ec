//! What the tests share: a registry in a temporary folder, and small runs.
#![allow(dead_code, reason = "each test file uses its own part")]

pub(crate) mod program;

use std::path::{Path, PathBuf};

use registry::{Engine, Registry, StoreOptions};
use tempfile::TempDir;
use trainer::calibrate::CalibrationConfig;
use trainer::crosses::Crosses;
use trainer::ingest::{BadRowPolicy, Data};
use trainer::pipeline::{EXPERIMENT_NAME, MODEL_NAME, PipelineConfig, RegisterConfig};
use trainer::process::ProcessConfig;
use trainer::record::RunIdentity;
use trainer::train::{TrainConfig, TrainParams};

/// SQLite and a store in a folder that goes away.
pub(crate) struct Home {
    pub folder: TempDir,
    pub registry: Registry,
}

impl Home {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = StoreOptions {
            database_url: Some(database_url(folder.path()).into()),
            store_url: Some(store_url(folder.path())),
            ..StoreOptions::default()
        };
        let registry = Registry::connect(&options.resolve().unwrap()).await.unwrap();
        registry.migrate().await.unwrap();
        Self { folder, registry }
    }
}

pub(crate) fn database_url(folder: &Path) -> String {
    format!("sqlite://{}", folder.join("clickleaf.db").display())
}

pub(crate) fn store_url(folder: &Path) -> String {
    folder.join("store").display().to_string()
}

/// The engine this build has by default.
pub(crate) fn engine() -> Engine {
    if cfg!(feature = "xgboost") {
        Engine::Xgboost
    } else {
        Engine::Gbdt
    }
}

/// A run on generated rows that ends in seconds.
pub(crate) fn small(rows: u64, seed: u64) -> PipelineConfig {
    let params = TrainParams {
        rounds: 40,
        eta: 0.2,
        seed,
        ..TrainParams::for_engine(engine())
    };
    PipelineConfig {
        data: Data::Generated { rows, seed },
        bad_rows: BadRowPolicy::Fail,
        process: ProcessConfig {
            seed,
            crosses: Crosses::None,
            ..ProcessConfig::default()
        },
        train: TrainConfig {
            engine: engine(),
            params,
            calibration: CalibrationConfig::default(),
        },
        register: RegisterConfig {
            model_name: MODEL_NAME.to_owned(),
            identity: RunIdentity {
                experiment_name: EXPERIMENT_NAME.to_owned(),
                run_name: None,
                user_name: "tester".to_owned(),
                tags: Vec::new(),
            },
            max_bytes: None,
            signing_key_pem: None,
            idempotency_key: None,
        },
        work_dir: None,
        keep_data: false,
        promote: None,
    }
}

/// Real rows, if this machine has them: `CLICKLEAF_CRITEO`, or `../shared/data` beside the checkout.
pub(crate) fn criteo() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/criteo_110k.tsv.xz");
    let path = std::env::var_os("CLICKLEAF_CRITEO").map_or(beside, PathBuf::from);
    path.exists().then_some(path)
}
