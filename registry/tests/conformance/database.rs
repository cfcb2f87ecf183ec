use registry::{ALL_QUERIES, DatabaseLocation, Registry, Stage, StoreLocation};
use sqlx::{
    Executor, SqlSafeStr,
    migrate::{Migration, MigrationType, Migrator},
};

use crate::backend::Backend;

pub(crate) async fn migrating_twice_and_at_once_is_fine(backend: &Backend) {
    backend.registry.migrate().await.unwrap();
    let config = backend.without_tables().await;
    let others = (0..4).map(|_| {
        let config = config.clone();
        tokio::spawn(async move {
            let registry = Registry::connect(&config).await.unwrap();
            registry.migrate().await.unwrap();
            registry.ping_database().await.unwrap();
        })
    });
    for migrated in futures::future::join_all(others).await {
        migrated.unwrap();
    }
}

pub(crate) async fn every_query_prepares(backend: &Backend) {
    let pool = backend.pool().await;
    let mut connection = pool.acquire().await.unwrap();
    assert!(ALL_QUERIES.len() > 50);
    for (name, sql) in ALL_QUERIES {
        if let Err(error) = (&mut *connection).prepare((*sql).into_sql_str()).await {
            panic!("{name}: {error}");
        }
    }
}

pub(crate) async fn pings(backend: &Backend) {
    backend.registry.ping().await.unwrap();

    let mut absent = backend.config.clone();
    match &mut absent.store {
        StoreLocation::S3(s3) => s3.endpoint = Some("http://127.0.0.1:9".to_owned()),
        StoreLocation::Folder(folder) => folder.push("elsewhere"),
    }
    let other = Registry::connect(&absent).await.unwrap();
    if let StoreLocation::Folder(folder) = &absent.store {
        std::fs::remove_dir_all(folder).unwrap();
    }
    let started = std::time::Instant::now();
    other.ping_database().await.unwrap();
    assert!(other.ping_store().await.is_err());
    assert!(other.ping().await.is_err());
    assert!(started.elapsed().as_secs() < 10);
}

/// A database as the first two migrations left it, with a version in Production, is brought up to date.
pub(crate) async fn rows_of_the_first_tables_survive(backend: &Backend) {
    let config = backend.without_tables().await;
    let registry = Registry::connect(&config).await.unwrap();
    let pool = crate::backend::pool_of(&config).await;
    let append_only = match config.database {
        DatabaseLocation::Sqlite(_) => include_str!("../../migrations/2_append_only.sqlite.sql"),
        DatabaseLocation::Postgres(_) => include_str!("../../migrations/2_append_only.postgres.sql"),
    };
    let first = [
        (1, "tables", include_str!("../../migrations/1_tables.sql")),
        (2, "append only", append_only),
    ];
    let first = first.map(|(number, name, sql)| {
        Migration::new(
            number,
            name.into(),
            MigrationType::Simple,
            sql.into_sql_str(),
            false,
        )
    });
    Migrator::with_migrations(first.to_vec())
        .run(&pool)
        .await
        .unwrap();
    for statement in [
        "insert into experiments values ('1', 'criteo_ctr', 'file:///x/1', 1)",
        "insert into runs values ('r', '1', 'brisk-otter-1', 'ann', 'FINISHED', 1, 2, 'file:///x/1/r/artifacts', 0)",
        "insert into registered_models values ('m', 1, 1, 2)",
        "insert into model_versions values ('m', 1, 'Archived', 'r', 's1', 'f', 'd', 3, null, 'b', 'n', 'g', 4, 5, null)",
        "insert into model_versions values ('m', 2, 'Production', 'r', 's2', 'f', 'e', 3, 'model.sig', 'b', 'n', 'g', 4, 6, 'k')",
        "insert into registered_model_aliases values ('m', 'champion', 2)",
        "insert into transitions values (1, 'm', 1, 'None', 'Production', 0, 'ann', '', 7)",
        "insert into transitions values (2, 'm', 1, 'Production', 'Archived', 0, 'ann', '', 8)",
        "insert into transitions values (3, 'm', 2, 'None', 'Production', 0, 'ann', '', 8)",
        "update counters set value = 3 where name = 'transitions'",
    ] {
        sqlx::query(statement).execute(&pool).await.unwrap();
    }
    pool.close().await;

    registry.migrate().await.unwrap();
    let there = registry.production("m").await.unwrap().unwrap();
    assert_eq!(
        (
            there.version,
            there.artifact_uri.as_str(),
            there.run_name.as_str()
        ),
        (2, "s2", "brisk-otter-1")
    );
    assert_eq!(
        (there.bundle_file.as_deref(), there.aliases),
        (Some("model.sig"), vec!["champion".to_owned()])
    );
    let record = registry.record("m", 1).await.unwrap().unwrap();
    assert_eq!(
        (record.storage_uri.as_str(), record.updated_at_ms, record.stage),
        ("s1", 5, Stage::Archived)
    );
    assert_eq!(registry.transitions("m").await.unwrap().len(), 3);
    assert_eq!(registry.rollback("m", "ann", "").await.unwrap().version, 1);
    let pool = crate::backend::pool_of(&config).await;
    for (statement, message) in [
        ("update model_versions set source = 'x'", "never rewritten"),
        ("update model_versions set storage_uri = 'x'", "never rewritten"),
        ("delete from model_versions", "never deleted"),
        (
            "insert into registered_model_aliases values ('m', 'x', 9)",
            "FOREIGN KEY|foreign key",
        ),
    ] {
        // SQLite checks foreign keys where it is told to.
        if let DatabaseLocation::Sqlite(_) = config.database {
            sqlx::query("pragma foreign_keys = on")
                .execute(&pool)
                .await
                .unwrap();
        }
        let error = sqlx::query(statement)
            .execute(&pool)
            .await
            .unwrap_err()
            .to_string();
        assert!(
            message.split('|').any(|part| error.contains(part)),
            "{statement}: {error}"
        );
    }
}
