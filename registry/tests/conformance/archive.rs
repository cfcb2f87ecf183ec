use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use registry::archive::ArchiveError;
use registry::mlflow::MlflowExport;
use registry::{
    ALL_TABLES, Batch, Bucket, DatabaseLocation, Dataset, Lifecycle, LoggedModelStatus, Metric, ModelMetric,
    NewLoggedModel, Registry, RegistryError, RunStatus, Stage, TrainingRequest,
};
use sha2::{Digest, Sha256};
use sqlx::Row;

use crate::backend::{Backend, embedded};

/// Tables that no archive has: who may do what and who did what is an installation's own.
const LEFT_OUT: [&str; 4] = ["_sqlx_migrations", "api_tokens", "audit_head", "audit_log"];

/// A registry with something in every table.
async fn furnished() -> Backend {
    let backend = embedded().await;
    let registry = &backend.registry;
    let one = backend.stored_version("m", "one").await;
    let two = backend.stored_version("m", "two").await;
    backend.stored_version("gone", "three").await;
    let metric = |key: &str, value: f64, step: i64| Metric {
        key: key.to_owned(),
        value,
        step,
        timestamp_ms: 1_700_000_000_000 + step,
    };
    let batch = Batch {
        metrics: vec![
            metric("loss", 0.1 + 0.2, 1),
            metric("loss", f64::NAN, 2),
            metric("huge", f64::INFINITY, 1),
        ],
        params: vec![("eta".to_owned(), "0.1, \"ä\"\n".to_owned())],
        tags: vec![("team".to_owned(), "ads".to_owned())],
        ..Batch::default()
    };
    registry.log(&one.run_id, &batch).await.unwrap();
    let dataset = Dataset {
        name: "day_0".to_owned(),
        digest: "ef".repeat(32),
        source_type: "local".to_owned(),
        source: "{\"uri\": \"file:///elsewhere/day_0\"}".to_owned(),
        rows: 7,
        schema: Some("{}".to_owned()),
        profile: None,
        tags: vec![("mlflow.data.context".to_owned(), "training".to_owned())],
    };
    registry.log_input(&one.run_id, &dataset).await.unwrap();
    let experiment = registry.experiment("criteo_ctr").await.unwrap().unwrap();
    let id = experiment.experiment_id.as_str();
    registry.set_experiment_tag(id, "k", "v").await.unwrap();
    let logged = NewLoggedModel {
        experiment_id: id.to_owned(),
        source_run_id: Some(two.run_id.clone()),
        params: vec![("p".to_owned(), "1".to_owned())],
        tags: vec![("t".to_owned(), "2".to_owned())],
        ..NewLoggedModel::default()
    };
    let logged = registry.create_logged_model(logged).await.unwrap();
    let outputs = [(logged.model_id.clone(), 3)];
    registry.log_outputs(&two.run_id, &outputs).await.unwrap();
    registry
        .set_logged_model_status(&logged.model_id, LoggedModelStatus::Ready)
        .await
        .unwrap();
    let measured = ModelMetric {
        model_id: logged.model_id.clone(),
        run_id: two.run_id.clone(),
        key: "auc".to_owned(),
        value: 0.75,
        timestamp_ms: 1_700_000_000_000,
        step: 0,
        dataset_name: "day_0".to_owned(),
        dataset_digest: "ef".repeat(32),
    };
    registry.log_model_metrics(&[measured]).await.unwrap();
    let file = format!("{}/weights.bin", logged.artifact_uri);
    let (bucket, key) = registry.artifacts().locate(&file).unwrap();
    // Large enough to be written in parts, and to cross every buffer.
    let large: Vec<u8> = (0..9_000_001_u32).map(|at| (at % 251) as u8).collect();
    registry
        .artifacts()
        .put(bucket, &key, large.into())
        .await
        .unwrap();
    for version in [1, 2] {
        registry
            .transition("m", version, Stage::Production, "ann", "because")
            .await
            .unwrap();
    }
    registry.rollback("m", "bob", "complaints").await.unwrap();
    registry.set_alias("m", "shadow", 2).await.unwrap();
    registry.set_model_tag("m", "owner", "ads").await.unwrap();
    registry.set_version_tag("m", 2, "checked", "yes").await.unwrap();
    registry.rename_model("m", "criteo").await.unwrap();
    registry.delete_model("gone", "ann").await.unwrap();
    registry
        .update_run(&one.run_id, RunStatus::Finished, Some(1_700_000_009_000))
        .await
        .unwrap();
    let deleted = backend.run().await;
    registry
        .set_run_lifecycle(&deleted.run_id, Lifecycle::Deleted)
        .await
        .unwrap();
    registry
        .queue()
        .enqueue(TrainingRequest::default())
        .await
        .unwrap();
    backend
}

async fn export(registry: &Registry, folder: &Path, name: &str) -> PathBuf {
    let path = folder.join(name);
    registry.export_archive(&path, |_| ()).await.unwrap();
    path
}

/// Names and bytes of an archive's entries.
fn entries(path: &Path) -> Vec<(String, Vec<u8>)> {
    let bytes = zstd::decode_all(std::fs::File::open(path).unwrap()).unwrap();
    let mut tar = tar::Archive::new(&*bytes);
    tar.entries()
        .unwrap()
        .map(|entry| {
            let mut entry = entry.unwrap();
            let name = entry.path().unwrap().to_str().unwrap().to_owned();
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).unwrap();
            (name, bytes)
        })
        .collect()
}

fn write(path: &Path, entries: &[(String, Vec<u8>)]) {
    let mut tar = tar::Builder::new(Vec::new());
    for (name, bytes) in entries {
        let mut header = tar::Header::new_ustar();
        header.set_size(bytes.len() as u64);
        tar.append_data(&mut header, name, &**bytes).unwrap();
    }
    let bytes = zstd::encode_all(&*tar.into_inner().unwrap(), 1).unwrap();
    std::fs::write(path, bytes).unwrap();
}

pub(crate) async fn an_archive_moves_a_registry(backend: &Backend) {
    let source = furnished().await;
    let folder = tempfile::tempdir().unwrap();
    let first = export(&source.registry, folder.path(), "first").await;
    let names: Vec<String> = entries(&first).into_iter().map(|(name, _)| name).collect();
    assert_eq!(
        (
            names[0].as_str(),
            names[1].as_str(),
            names.last().unwrap().as_str()
        ),
        ("format.json", "objects/00000001", "manifest.json")
    );
    let mut steps = 0;
    let (said, mut heard) = tokio::sync::mpsc::unbounded_channel();
    let summary = backend
        .registry
        .import_archive(&first, move |summary| said.send(summary.clone()).unwrap())
        .await
        .unwrap();
    while heard.try_recv().is_ok() {
        steps += 1;
    }
    assert!(steps > ALL_TABLES.len());
    assert_eq!(summary.objects, 10);
    assert!(summary.object_bytes > 9_000_000);
    let empty: Vec<&str> = summary
        .rows
        .iter()
        .filter(|(_, count)| **count == 0)
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(empty, [""; 0], "every table has something to lose");
    assert_eq!(summary.rows.len(), ALL_TABLES.len());

    let (old, new) = (&source.registry, &backend.registry);
    assert_eq!(
        old.transitions("criteo").await.unwrap(),
        new.transitions("criteo").await.unwrap()
    );
    let (before, after) = (
        old.production("criteo").await.unwrap().unwrap(),
        new.production("criteo").await.unwrap().unwrap(),
    );
    assert_eq!(after.version, 1);
    let file = format!("{}/{}", after.artifact_uri, after.model_file);
    let bytes = new
        .artifacts()
        .get_uri_verified(&file, &before.model_sha256)
        .await;
    assert_eq!(bytes.unwrap(), "leaf of one");
    assert!(new.artifacts().locate(&after.artifact_uri).is_some());
    let record = new.record("criteo", 1).await.unwrap().unwrap();
    assert_eq!(
        record.source, before.artifact_uri,
        "what was said when it was registered"
    );
    let checks = registry::doctor::examine(&backend.config).await;
    let failed = checks
        .iter()
        .find(|check| check.outcome == registry::doctor::Outcome::Fail);
    assert_eq!(failed, None);
    let history = new.metric_history(&before.run_id, "loss").await.unwrap();
    assert!(history[0].value == 0.1 + 0.2 && history[1].value.is_nan());

    // Nothing was lost, and it comes out the same, but for the time.
    let second = export(new, folder.path(), "second").await;
    let both = [first, second].map(|path| {
        let mut entries: BTreeMap<String, Vec<u8>> = entries(&path).into_iter().collect();
        entries.remove("manifest.json").unwrap();
        entries
    });
    assert_eq!(
        both[0].keys().collect::<Vec<_>>(),
        both[1].keys().collect::<Vec<_>>()
    );
    for (name, bytes) in &both[0] {
        if *bytes != both[1][name] {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            panic!("{name}:\n{}\n{}", text(bytes), text(&both[1][name]));
        }
    }
    // What comes next has the next number.
    let next = backend.stored_version("criteo", "four").await;
    assert_eq!(next.version, 3);
    new.transition("criteo", 3, Stage::Production, "ann", "")
        .await
        .unwrap();
    let sequences: Vec<i64> = new
        .transitions("criteo")
        .await
        .unwrap()
        .iter()
        .map(|step| step.sequence)
        .collect();
    assert!(sequences.windows(2).all(|pair| pair[0] < pair[1]));
    let log = new.audit_after(0, 2).await.unwrap();
    assert_eq!(log[0].action, "registry.import");
    assert_eq!(new.verify_audit(None).await.unwrap().problem, None);
}

pub(crate) async fn archives_have_every_table_and_column(backend: &Backend) {
    let sql = match backend.config.database {
        DatabaseLocation::Sqlite(_) => {
            "select t.name, c.name from sqlite_master t, pragma_table_info(t.name) c where t.type = 'table'"
        }
        DatabaseLocation::Postgres(_) => {
            "select table_name::text, column_name::text from information_schema.columns
             where table_schema = current_schema()"
        }
    };
    let mut there: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in sqlx::query(sql).fetch_all(&backend.pool().await).await.unwrap() {
        let table: String = row.get(0);
        if !LEFT_OUT.contains(&&*table) && !table.starts_with("sqlite_") {
            there.entry(table).or_default().push(row.get(1));
        }
    }
    let mut archived: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for table in ALL_TABLES {
        let columns = table.columns.iter().map(|(name, _)| (*name).to_owned());
        archived.insert(table.name.to_owned(), columns.collect());
    }
    for columns in there.values_mut().chain(archived.values_mut()) {
        columns.sort();
    }
    assert_eq!(there, archived);
}

pub(crate) async fn a_damaged_archive_is_refused_and_leaves_nothing(backend: &Backend) {
    let source = embedded().await;
    let version = source.stored_version("m", "one").await;
    let folder = tempfile::tempdir().unwrap();
    let path = export(&source.registry, folder.path(), "whole").await;
    let whole = entries(&path);
    let damaged = folder.path().join("damaged");
    let import = async |entries: &[(String, Vec<u8>)]| {
        write(&damaged, entries);
        backend
            .registry
            .import_archive(&damaged, |_| ())
            .await
            .unwrap_err()
    };
    let at = |name: &str| whole.iter().position(|(entry, _)| entry == name).unwrap();

    for name in [
        "objects/00000001",
        "tables/runs/0001.jsonl",
        "tables/transitions/0001.jsonl",
    ] {
        let mut entries = whole.clone();
        match entries[at(name)].1.last_mut() {
            Some(byte) => *byte ^= 1,
            None => entries[at(name)].1.push(b'\n'),
        }
        let error = import(&entries).await;
        assert!(
            matches!(&error, ArchiveError::Corrupt { entry, .. } if entry == name),
            "{error:?}"
        );
        assert!(error.to_string().contains(name));
        let mut entries = whole.clone();
        entries.remove(at(name));
        let error = import(&entries).await;
        assert!(
            matches!(&error, ArchiveError::Corrupt { entry, .. } if entry == name),
            "{error:?}"
        );
    }
    let mut entries = whole.clone();
    entries.insert(1, ("objects/more".to_owned(), Vec::new()));
    let error = import(&entries).await;
    assert!(matches!(&error, ArchiveError::Corrupt { entry, .. } if entry == "objects/more"));
    let error = import(&whole[..whole.len() - 1]).await;
    assert!(matches!(&error, ArchiveError::Corrupt { entry, .. } if entry == "manifest.json"));
    let mut entries = whole.clone();
    entries[0].1 = br#"{"format":"clickleaf-registry","major":2,"minor":3}"#.to_vec();
    let error = import(&entries).await;
    assert!(
        matches!(error, ArchiveError::OtherFormat { major: 2, minor: 3 }),
        "{error:?}"
    );
    let error = import(&whole[1..]).await;
    assert!(matches!(error, ArchiveError::NotAnArchive { .. }), "{error:?}");

    let bytes = std::fs::read(&path).unwrap();
    for (name, bytes) in [
        ("half of it", &bytes[..bytes.len() / 2]),
        ("text", &b"not an archive"[..]),
        ("nothing", b""),
    ] {
        std::fs::write(&damaged, bytes).unwrap();
        let error = backend
            .registry
            .import_archive(&damaged, |_| ())
            .await
            .unwrap_err();
        assert!(
            matches!(
                error,
                ArchiveError::NotAnArchive { .. } | ArchiveError::Corrupt { .. } | ArchiveError::File { .. }
            ),
            "{name}: {error:?}"
        );
    }

    // An archive that is whole, but says of a version what isn't true of its files.
    let mut entries = whole.clone();
    let object = at("objects/00000002");
    entries[object].1.push(b'x');
    let mut manifest: serde_json::Value = serde_json::from_slice(&whole.last().unwrap().1).unwrap();
    let entry = &mut manifest["entries"][object - 1];
    assert_eq!(entry["name"], "objects/00000002");
    entry["bytes"] = entries[object].1.len().into();
    entry["sha256"] = hex::encode(Sha256::digest(&entries[object].1)).into();
    entries.last_mut().unwrap().1 = serde_json::to_vec(&manifest).unwrap();
    let error = import(&entries).await;
    assert!(
        matches!(
            error,
            ArchiveError::Registry(RegistryError::DigestMismatch { .. })
        ),
        "{error:?}"
    );

    let (_, key) = source.registry.artifacts().locate(&version.artifact_uri).unwrap();
    let left = backend.registry.artifacts().list(Bucket::Artifacts, &key).await;
    assert_eq!(left.unwrap(), [], "no object stays");
    assert!(backend.registry.models().await.unwrap().is_empty());
    write(&damaged, &whole);
    backend.registry.import_archive(&damaged, |_| ()).await.unwrap();
    let again = backend
        .registry
        .import_archive(&damaged, |_| ())
        .await
        .unwrap_err();
    assert!(
        matches!(again, ArchiveError::NotEmpty { table: "experiments" }),
        "{again:?}"
    );
}

pub(crate) async fn what_is_not_as_recorded_is_not_archived(backend: &Backend) {
    let version = backend.stored_version("m", "one").await;
    let artifacts = backend.registry.artifacts();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("archive");
    let (bucket, key) = artifacts
        .locate(&format!("{}/MLmodel", version.artifact_uri))
        .unwrap();
    artifacts.put(bucket, &key, "changed".into()).await.unwrap();
    let error = backend.registry.export_archive(&path, |_| ()).await.unwrap_err();
    assert!(
        matches!(&error, ArchiveError::Registry(RegistryError::DigestMismatch { uri, .. }) if uri.ends_with("MLmodel")),
        "{error:?}"
    );
    artifacts.delete(bucket, &key).await.unwrap();
    let error = backend.registry.export_archive(&path, |_| ()).await.unwrap_err();
    assert!(
        matches!(&error, ArchiveError::Registry(RegistryError::ObjectNotFound { uri }) if uri.ends_with("MLmodel")),
        "{error:?}"
    );
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
    let mut there = std::fs::File::create(&path).unwrap();
    there.write_all(b"a backup").unwrap();
    let error = backend.registry.export_archive(&path, |_| ()).await.unwrap_err();
    assert!(matches!(error, ArchiveError::File { .. }), "{error:?}");
    assert_eq!(std::fs::read(&path).unwrap(), b"a backup");
}

/// Everything in an SQLite file, as text.
async fn dump(file: &Path) -> BTreeMap<String, Vec<String>> {
    sqlx::any::install_default_drivers();
    let url = format!("sqlite://{}", file.display());
    let pool = sqlx::AnyPool::connect(&url).await.unwrap();
    let tables: Vec<String> = sqlx::query_scalar("select name from sqlite_master where type = 'table'")
        .fetch_all(&pool)
        .await
        .unwrap();
    let mut all = BTreeMap::new();
    for table in tables {
        let columns: Vec<String> = sqlx::query_scalar("select name from pragma_table_info($1)")
            .bind(&table)
            .fetch_all(&pool)
            .await
            .unwrap();
        let quoted: Vec<String> = columns.iter().map(|column| format!("quote({column})")).collect();
        let sql = format!("select {} from {table} order by 1", quoted.join(" || ', ' || "));
        let rows = sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
            .fetch_all(&pool)
            .await;
        all.insert(table, rows.unwrap());
    }
    pool.close().await;
    all
}

pub(crate) async fn leaving_for_mlflow_takes_everything_from_every_database(backend: &Backend) {
    let source = furnished().await;
    let folder = tempfile::tempdir().unwrap();
    let archive = export(&source.registry, folder.path(), "archive").await;
    backend.registry.import_archive(&archive, |_| ()).await.unwrap();
    let mut dumps = Vec::new();
    for (registry, name) in [(&source.registry, "one"), (&backend.registry, "two")] {
        let to = MlflowExport {
            folder: folder.path().join(name),
            artifact_root: Some("s3://bucket/prefix/".to_owned()),
        };
        let summary = registry.export_mlflow(&to, |_| ()).await.unwrap();
        assert_eq!(summary.objects, 10);
        dumps.push(dump(&to.folder.join("mlflow.db")).await);
        let again = registry.export_mlflow(&to, |_| ()).await.unwrap_err();
        assert!(matches!(again, ArchiveError::File { .. }), "{again:?}");
        assert!(to.folder.join("mlflow.db").exists(), "what was there stays");
    }
    assert_eq!(dumps[0], dumps[1]);
    let tables = &dumps[0];
    assert_eq!(tables.len(), 23);
    assert_eq!(tables["alembic_version"], ["'6953534de441'"]);
    let empty: Vec<&String> = tables
        .iter()
        .filter(|(_, rows)| rows.is_empty())
        .map(|(name, _)| name)
        .collect();
    assert_eq!(empty, ["trace_info", "trace_request_metadata", "trace_tags"]);
    assert_eq!(
        tables["registered_models"].len(),
        1,
        "what was deleted isn't taken along"
    );
    assert!(tables["registered_models"][0].starts_with("'criteo'"));
    let run = source
        .registry
        .production("criteo")
        .await
        .unwrap()
        .unwrap()
        .run_id;
    let place = format!("s3://bucket/prefix/1/{run}/artifacts");
    assert!(
        tables["runs"]
            .iter()
            .any(|row| row.contains(&format!("'{place}'")))
    );
    assert!(tables["model_versions"][0].contains(&format!("'{place}/model'")));
    let file = source
        .registry
        .artifacts()
        .list(Bucket::Artifacts, "1")
        .await
        .unwrap();
    for object in file.iter().filter(|object| object.key.contains(&run)) {
        let copied = std::fs::read(folder.path().join("two/mlartifacts").join(&object.key)).unwrap();
        let there = source
            .registry
            .artifacts()
            .get(Bucket::Artifacts, &object.key)
            .await;
        assert_eq!(there.unwrap().unwrap(), copied);
    }
}
