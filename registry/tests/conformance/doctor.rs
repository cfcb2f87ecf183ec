use bytes::Bytes;
use registry::doctor::{Check, Outcome, examine};
use registry::{Bucket, DatabaseLocation, Registry, Stage, StoreConfig, StoreLocation};
use sqlx::Executor;

use crate::backend::Backend;

async fn failed(config: &StoreConfig) -> Vec<Check> {
    let mut checks = examine(config).await;
    checks.retain(|check| check.outcome == Outcome::Fail);
    checks
}

fn names(checks: &[Check]) -> Vec<&str> {
    checks.iter().map(|check| check.name.as_str()).collect()
}

pub(crate) async fn a_sound_installation_passes(backend: &Backend) {
    let version = backend.stored_version("m", "one").await;
    backend.stored_version("m", "two").await;
    let registry = &backend.registry;
    registry
        .transition("m", version.version, Stage::Production, "ann", "")
        .await
        .unwrap();
    registry
        .transition("m", 2, Stage::Production, "ann", "")
        .await
        .unwrap();
    registry.delete_version("m", 1, "ann").await.unwrap();
    let checks = examine(&backend.config).await;
    assert!(failed(&backend.config).await.is_empty(), "{checks:#?}");
    let detail = |name: &str| {
        let found = checks.iter().find(|check| check.name == name);
        found.map(|check| check.detail.as_str())
    };
    assert_eq!(
        detail("files of m"),
        Some("3 files of 1 versions are as they were registered")
    );
    assert_eq!(detail("production of m"), Some("version 2, and no other"));
    assert!(detail("migrations").is_some() && detail("append-only history").is_some());
    for bucket in ["mlflow-artifacts", "criteo-data", "criteo-logs"] {
        for step in ["list", "write", "read", "create once", "delete"] {
            assert!(detail(&format!("bucket {bucket}: {step}")).is_some());
        }
    }
    let left = registry.artifacts().list(Bucket::Logs, "clickleaf-doctor").await;
    // Other tests share the buckets of the services; none of their probes is older than they are.
    if let StoreLocation::Folder(_) = backend.config.store {
        assert_eq!(left.unwrap(), []);
    }
}

pub(crate) async fn changed_and_missing_files_are_named(backend: &Backend) {
    let artifacts = backend.registry.artifacts();
    let sound = backend.stored_version("sound", "0").await;
    let changed = backend.stored_version("m", "one").await;
    let missing = backend.stored_version("m", "two").await;
    let leaf = backend.stored_version("n", "three").await;
    let key = |uri: &str, file: &str| artifacts.locate(&format!("{uri}/{file}")).unwrap().1;
    let change = async |key: &str| {
        let mut bytes = artifacts
            .get(Bucket::Artifacts, key)
            .await
            .unwrap()
            .unwrap()
            .to_vec();
        // One bit, and the size stays.
        bytes[0] ^= 1;
        let put = artifacts.put(Bucket::Artifacts, key, Bytes::from(bytes));
        put.await.unwrap()
    };
    change(&key(&changed.artifact_uri, "MLmodel")).await;
    change(&key(&leaf.artifact_uri, &leaf.model_file)).await;
    let gone = key(&missing.artifact_uri, "model.ubj");
    artifacts.delete(Bucket::Artifacts, &gone).await.unwrap();

    let checks = failed(&backend.config).await;
    assert_eq!(
        names(&checks),
        [
            "files of m version 1",
            "files of m version 2",
            "files of n version 1"
        ]
    );
    assert!(
        checks[0]
            .detail
            .contains(&format!("{}/MLmodel was changed", changed.artifact_uri)),
        "{checks:#?}"
    );
    assert_eq!(
        checks[1].detail,
        format!("{}/model.ubj is missing", missing.artifact_uri)
    );
    assert!(checks[2].detail.contains(&leaf.model_sha256));
    assert!(checks.iter().all(|check| check.remedy.is_some()));
    // Whoever reads what was changed is told too, and what wasn't is read.
    let file = format!("{}/{}", leaf.artifact_uri, leaf.model_file);
    artifacts
        .get_uri_verified(&file, &leaf.model_sha256)
        .await
        .unwrap_err();
    let file = format!("{}/{}", sound.artifact_uri, sound.model_file);
    artifacts
        .get_uri_verified(&file, &sound.model_sha256)
        .await
        .unwrap();
}

pub(crate) async fn a_database_that_was_tampered_with_is_told(backend: &Backend) {
    backend.stored_version("m", "one").await;
    let pool = backend.pool().await;
    let drop = match backend.config.database {
        DatabaseLocation::Sqlite(_) => "drop trigger transitions_no_update",
        DatabaseLocation::Postgres(_) => "alter table transitions disable trigger transitions_append_only",
    };
    pool.execute(drop).await.unwrap();
    pool.execute("update model_versions set stage = 'Production'")
        .await
        .unwrap();
    let checks = failed(&backend.config).await;
    assert_eq!(
        names(&checks),
        ["append-only history", "stage of m version 1"],
        "{checks:#?}"
    );
    assert!(checks[0].detail.contains("transitions_"));
    pool.execute("delete from _sqlx_migrations where version = 4")
        .await
        .unwrap();
    let checks = failed(&backend.config).await;
    assert_eq!(names(&checks), ["migrations"]);
    assert!(
        checks[0].detail.contains("migration 4 of"),
        "{}",
        checks[0].detail
    );
    pool.execute("insert into _sqlx_migrations select 1000, description, installed_on, success, checksum, execution_time from _sqlx_migrations where version = 3")
        .await
        .unwrap();
    let checks = failed(&backend.config).await;
    assert!(checks[0].detail.contains("newer program"), "{checks:?}");
}

pub(crate) async fn what_is_not_there_is_told(backend: &Backend) {
    let mut config = backend.without_tables().await;
    if let DatabaseLocation::Postgres(_) = config.database {
        assert_eq!(names(&failed(&config).await), ["migrations"]);
    } else {
        let checks = failed(&config).await;
        assert_eq!(names(&checks), ["database"]);
        assert!(
            checks[0]
                .remedy
                .as_deref()
                .unwrap()
                .contains("clickleaf-registry migrate")
        );
        Registry::connect(&config).await.unwrap();
        assert_eq!(names(&failed(&config).await), ["migrations"]);
    }
    match &mut config.store {
        StoreLocation::S3(_) => config.artifacts_bucket = "no-such-bucket".to_owned(),
        StoreLocation::Folder(folder) => folder.push("elsewhere"),
    }
    let expected = match config.store {
        StoreLocation::S3(_) => "bucket no-such-bucket: list",
        StoreLocation::Folder(_) => "store",
    };
    assert_eq!(names(&failed(&config).await), ["migrations", expected]);
    if let StoreLocation::Folder(folder) = &config.store {
        assert!(!folder.exists(), "a doctor makes no folders");
    }
}
