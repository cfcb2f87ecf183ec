use registry::{ALL_QUERIES, Registry, StoreLocation};
use sqlx::{Executor, SqlSafeStr};

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
