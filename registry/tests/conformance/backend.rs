//! The registries that the suite runs over.

use std::io::Write;

use registry::{
    DatabaseLocation, ModelVersion, NewRun, NewVersion, Registry, Run, Secret, StoreConfig, StoreOptions,
    VersionFile,
};
use sha2::{Digest, Sha256};
use sqlx::AnyPool;

/// A migrated registry over a database of its own.
pub(crate) struct Backend {
    pub(crate) registry: Registry,
    pub(crate) config: StoreConfig,
    _folder: tempfile::TempDir,
}

pub(crate) async fn embedded() -> Backend {
    let folder = tempfile::tempdir().unwrap();
    let config = StoreConfig::in_folder(&folder.path().join("a folder that isn't there")).unwrap();
    Backend::open(config, folder).await
}

pub(crate) async fn services() -> Option<Backend> {
    let (Ok(postgres), Ok(endpoint)) = (
        std::env::var("CLICKLEAF_TEST_POSTGRES_URL"),
        std::env::var("CLICKLEAF_TEST_S3_ENDPOINT"),
    ) else {
        // Written past the test harness, which would swallow the line of a test that passes.
        let skipped = "SKIPPED: CLICKLEAF_TEST_POSTGRES_URL or CLICKLEAF_TEST_S3_ENDPOINT is unset";
        let _ = writeln!(std::io::stderr(), "{skipped}");
        return None;
    };
    let name = format!("clickleaf_{}", unique());
    on_server(&postgres, format!("create database {name}")).await;
    let base = postgres.rsplit_once('/').unwrap().0;
    let key = |name| std::env::var(name).ok().map(Secret::new);
    let options = StoreOptions {
        database_url: Some(Secret::new(format!("{base}/{name}"))),
        database_connections: Some(5),
        store_url: Some("s3://".to_owned()),
        s3_endpoint: Some(endpoint),
        s3_region: std::env::var("AWS_REGION").ok(),
        s3_access_key_id: key("AWS_ACCESS_KEY_ID"),
        s3_secret_access_key: key("AWS_SECRET_ACCESS_KEY"),
        ..StoreOptions::default()
    };
    Some(Backend::open(options.resolve().unwrap(), tempfile::tempdir().unwrap()).await)
}

impl Backend {
    async fn open(config: StoreConfig, folder: tempfile::TempDir) -> Backend {
        let registry = Registry::connect(&config).await.unwrap();
        registry.migrate().await.unwrap();
        Backend {
            registry,
            config,
            _folder: folder,
        }
    }

    /// A pool beside the registry's own, for what its calls don't allow.
    pub(crate) async fn pool(&self) -> AnyPool {
        pool_of(&self.config).await
    }

    /// Another database of the same kind, without tables.
    pub(crate) async fn without_tables(&self) -> StoreConfig {
        let mut config = self.config.clone();
        match &mut config.database {
            DatabaseLocation::Sqlite(path) => path.set_file_name("other.db"),
            DatabaseLocation::Postgres(url) => {
                let name = format!("{}_other", url.expose().rsplit_once('/').unwrap().1);
                on_server(url.expose(), format!("create database {name}")).await;
                *url = Secret::new(format!("{}_other", url.expose()));
            }
        }
        config
    }

    pub(crate) async fn drop_database(&self) {
        if let DatabaseLocation::Postgres(url) = &self.config.database {
            let name = url.expose().rsplit_once('/').unwrap().1;
            let server = std::env::var("CLICKLEAF_TEST_POSTGRES_URL").unwrap();
            on_server(&server, format!("drop database {name} with (force)")).await;
            on_server(
                &server,
                format!("drop database if exists {name}_other with (force)"),
            )
            .await;
        }
    }

    pub(crate) async fn run(&self) -> Run {
        let experiment = self
            .registry
            .get_or_create_experiment("criteo_ctr")
            .await
            .unwrap();
        let new = NewRun {
            experiment_id: experiment.experiment_id,
            user_name: "tester".to_owned(),
            start_time_ms: 1_700_000_000_000,
            ..NewRun::default()
        };
        self.registry.create_run(new).await.unwrap()
    }

    pub(crate) async fn new_version(&self, model_name: &str) -> NewVersion {
        let run = self.run().await;
        NewVersion {
            model_name: model_name.to_owned(),
            source: format!("{}/model", run.artifact_uri),
            run_id: run.run_id,
            model_file: format!("{}.leaf", "ab".repeat(32)),
            model_sha256: "ab".repeat(32),
            model_bytes: 4711,
            booster_sha256: "cd".repeat(32),
            dataset_name: "criteo_110k".to_owned(),
            dataset_digest: "ef".repeat(32),
            trained_at_ms: 1_700_000_001_000,
            bundle_file: Some("model.sig".to_owned()),
            files: Vec::new(),
            idempotency_key: None,
        }
    }

    /// Registers a version whose files are in the store: MLmodel, model.ubj and the compact file, each with `text` in it.
    pub(crate) async fn stored_version(&self, model_name: &str, text: &str) -> ModelVersion {
        let mut new = self.new_version(model_name).await;
        let artifacts = self.registry.artifacts();
        let put = async |name: &str, bytes: String| {
            let (bucket, folder) = artifacts.locate(&new.source).unwrap();
            let key = format!("{folder}/{name}");
            artifacts.put(bucket, &key, bytes.into()).await.unwrap()
        };
        let leaf = format!("leaf of {text}");
        let digest = hex::encode(Sha256::digest(&leaf));
        let file = format!("{digest}.leaf");
        put(&file, leaf.clone()).await;
        let mut files = Vec::new();
        for name in ["MLmodel", "model.ubj"] {
            let stored = put(name, format!("{name} of {text}")).await;
            files.push(VersionFile {
                path: name.to_owned(),
                sha256: stored.sha256,
                bytes: stored.bytes as i64,
            });
        }
        new.model_file = file;
        new.model_sha256 = digest;
        new.model_bytes = leaf.len() as i64;
        new.bundle_file = None;
        new.files = files;
        self.registry.create_version(new).await.unwrap()
    }

    /// Registers so many versions, 1, 2, ….
    pub(crate) async fn versions(&self, model_name: &str, count: i64) {
        for version in 1..=count {
            let made = self
                .registry
                .create_version(self.new_version(model_name).await)
                .await
                .unwrap();
            assert_eq!(made.version, version);
        }
    }
}

/// A pool of one connection over the configured database, which is made when it is a file that isn't there.
pub(crate) async fn pool_of(config: &StoreConfig) -> AnyPool {
    sqlx::any::install_default_drivers();
    let url = match &config.database {
        DatabaseLocation::Sqlite(path) => {
            format!(
                "sqlite://{}?mode=rwc",
                path.display().to_string().replace(' ', "%20")
            )
        }
        DatabaseLocation::Postgres(url) => url.expose().to_owned(),
    };
    sqlx::any::AnyPoolOptions::new()
        .max_connections(1)
        .connect(&url)
        .await
        .unwrap()
}

/// Different for every call and process.
pub(crate) fn unique() -> String {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).unwrap();
    hex::encode(bytes)
}

async fn on_server(url: &str, statement: String) {
    sqlx::any::install_default_drivers();
    let pool = AnyPool::connect(url).await.unwrap();
    sqlx::raw_sql(sqlx::AssertSqlSafe(statement))
        .execute(&pool)
        .await
        .unwrap();
    pool.close().await;
}
