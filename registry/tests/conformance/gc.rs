use std::time::Duration;

use bytes::Bytes;
use futures::future::join_all;
use registry::gc::Keep;
use registry::{
    Bucket, Lifecycle, NewExperiment, NewRun, NewVersion, Registry, RegistryError, Run, VersionFile,
};

use crate::backend::{Backend, unique};

/// A folder of the bucket of this test's own, and an experiment that keeps its files there.
struct Yard {
    registry: Registry,
    folder: String,
    experiment: String,
}

impl Yard {
    async fn open(backend: &Backend) -> Yard {
        let registry = backend.registry.clone();
        let folder = format!("yard-{}", unique());
        let new = NewExperiment {
            name: folder.clone(),
            artifact_location: Some(
                registry
                    .artifacts()
                    .uri(Bucket::Artifacts, &format!("{folder}/1")),
            ),
            ..NewExperiment::default()
        };
        let experiment = registry.create_experiment(new).await.unwrap();
        Yard {
            registry,
            folder,
            experiment: experiment.experiment_id,
        }
    }

    /// Nothing is too young here.
    fn keep(&self) -> Keep {
        Keep {
            younger_than: Duration::ZERO,
            folder: self.folder.clone(),
            ..Keep::default()
        }
    }

    async fn run(&self) -> Run {
        let new = NewRun {
            experiment_id: self.experiment.clone(),
            ..NewRun::default()
        };
        self.registry.create_run(new).await.unwrap()
    }

    async fn set(&self, run: &Run, lifecycle: Lifecycle) {
        self.registry
            .set_run_lifecycle(&run.run_id, lifecycle)
            .await
            .unwrap();
    }

    async fn put(&self, key: &str) -> String {
        let key = format!("{}/{key}", self.folder);
        self.put_at(&key).await;
        key
    }

    async fn put_at(&self, key: &str) {
        let bytes = Bytes::copy_from_slice(key.as_bytes());
        self.registry
            .artifacts()
            .put(Bucket::Artifacts, key, bytes)
            .await
            .unwrap();
    }

    fn key(&self, uri: &str, file: &str) -> String {
        format!("{}/{file}", self.registry.artifacts().locate(uri).unwrap().1)
    }

    async fn keys(&self) -> Vec<String> {
        let listed = self
            .registry
            .artifacts()
            .list(Bucket::Artifacts, &self.folder)
            .await;
        listed.unwrap().into_iter().map(|object| object.key).collect()
    }

    async fn found(&self, keep: &Keep) -> Vec<String> {
        // A store may keep times to the second.
        tokio::time::sleep(Duration::from_millis(2)).await;
        let found = self.registry.unreferenced(keep).await.unwrap();
        found.objects.into_iter().map(|object| object.key).collect()
    }
}

fn version_at(source: &str, run_id: &str) -> NewVersion {
    NewVersion {
        model_name: "m".to_owned(),
        run_id: run_id.to_owned(),
        source: source.to_owned(),
        model_file: "x.leaf".to_owned(),
        model_sha256: "ab".repeat(32),
        model_bytes: 1,
        booster_sha256: "cd".repeat(32),
        dataset_name: "d".to_owned(),
        dataset_digest: "ef".repeat(32),
        ..NewVersion::default()
    }
}

pub(crate) async fn what_nothing_refers_to_is_found_and_removed(backend: &Backend) {
    let yard = Yard::open(backend).await;
    let run = yard.run().await;
    let of_run = yard.key(&run.artifact_uri, "model/MLmodel");
    yard.put_at(&of_run).await;
    let beside = yard.key(&run.artifact_uri.replace("/artifacts", "/artifacts2"), "x");
    yard.put_at(&beside).await;
    let orphan = yard.put("1/no-such-run/artifacts/model.ubj").await;

    let day = Keep {
        folder: yard.folder.clone(),
        ..Keep::default()
    };
    let found = backend.registry.unreferenced(&day).await.unwrap();
    assert_eq!(
        (found.referenced, found.young, found.objects.len()),
        (1, 2, 0),
        "an upload may be under way"
    );
    let mut expected = vec![beside, orphan];
    expected.sort();
    assert_eq!(yard.found(&yard.keep()).await, expected);
    assert_eq!(yard.keys().await.len(), 3, "looking removes nothing");

    let found = backend.registry.unreferenced(&yard.keep()).await.unwrap();
    let young = backend.registry.remove_unreferenced(&found.objects, &day).await;
    assert_eq!(young.unwrap(), [], "by the rules of the removal too");
    let removed = backend
        .registry
        .remove_unreferenced(&found.objects, &yard.keep())
        .await;
    assert_eq!(removed.unwrap(), found.objects);
    assert_eq!(yard.keys().await, [of_run]);
}

pub(crate) async fn what_was_deleted_is_kept_unless_told_otherwise(backend: &Backend) {
    let yard = Yard::open(backend).await;
    let registry = &backend.registry;
    let (gone, versioned) = (yard.run().await, yard.run().await);
    let of_gone = yard.key(&gone.artifact_uri, "plot.png");
    yard.put_at(&of_gone).await;
    let other = yard.key(&versioned.artifact_uri, "plot.png");
    yard.put_at(&other).await;
    let model = yard.key(&versioned.artifact_uri, "model/model.ubj");
    yard.put_at(&model).await;
    let source = format!("{}/model", versioned.artifact_uri);
    registry
        .create_version(version_at(&source, &versioned.run_id))
        .await
        .unwrap();
    for run in [&gone, &versioned] {
        yard.set(run, Lifecycle::Deleted).await;
    }
    assert_eq!(yard.found(&yard.keep()).await, [""; 0]);
    let week = Keep {
        deleted_younger_than: Some(Duration::from_secs(7 * 24 * 3600)),
        ..yard.keep()
    };
    assert_eq!(yard.found(&week).await, [""; 0]);
    let at_once = Keep {
        deleted_younger_than: Some(Duration::ZERO),
        ..yard.keep()
    };
    let mut expected = vec![of_gone.clone(), other.clone()];
    expected.sort();
    assert_eq!(yard.found(&at_once).await, expected, "a version keeps its files");
    yard.set(&versioned, Lifecycle::Active).await;
    assert_eq!(yard.found(&at_once).await, [of_gone]);
    yard.set(&versioned, Lifecycle::Deleted).await;
    registry.delete_version("m", 1, "ann").await.unwrap();
    assert_eq!(yard.found(&yard.keep()).await, [""; 0]);
    assert_eq!(yard.found(&at_once).await.len(), 3);
}

pub(crate) async fn what_is_referred_to_by_now_is_not_removed(backend: &Backend) {
    let yard = Yard::open(backend).await;
    let registry = &backend.registry;
    let run = yard.run().await;
    let registered = yard.put("elsewhere/model/x.leaf").await;
    let written_again = yard.put("again").await;
    let orphan = yard.put("orphan").await;
    let deleted = yard.run().await;
    let of_deleted = yard.key(&deleted.artifact_uri, "a");
    yard.put_at(&of_deleted).await;
    yard.set(&deleted, Lifecycle::Deleted).await;
    tokio::time::sleep(Duration::from_millis(1100)).await;
    let keep = Keep {
        younger_than: Duration::from_secs(1),
        deleted_younger_than: Some(Duration::ZERO),
        ..yard.keep()
    };
    let found = registry.unreferenced(&keep).await.unwrap();
    assert_eq!(found.objects.len(), 4, "{found:?}");

    // All of this happens between the listing and the removal.
    let source = registry
        .artifacts()
        .uri(Bucket::Artifacts, &format!("{}/elsewhere/model", yard.folder));
    registry
        .create_version(version_at(&source, &run.run_id))
        .await
        .unwrap();
    yard.set(&deleted, Lifecycle::Active).await;
    registry
        .artifacts()
        .put(
            Bucket::Artifacts,
            &written_again,
            Bytes::from_static(b"longer than before"),
        )
        .await
        .unwrap();
    let removed = registry.remove_unreferenced(&found.objects, &keep).await.unwrap();
    assert_eq!(
        removed.iter().map(|object| &object.key).collect::<Vec<_>>(),
        [&orphan]
    );
    let log = registry.audit_after(0, 1000).await.unwrap();
    let collected: Vec<&str> = log
        .iter()
        .filter(|entry| entry.action == "artifact.collect")
        .map(|entry| entry.details.as_str())
        .collect();
    assert_eq!(collected, [format!("{{\"keys\":[\"{orphan}\"]}}")]);
    let mut expected = vec![registered, written_again, of_deleted];
    expected.sort();
    assert_eq!(yard.keys().await, expected);
}

/// Writers make runs, files and versions while the removal runs over and over, and takes everything that it may.
pub(crate) async fn nothing_is_lost_while_writers_write(backend: &Backend) {
    let yard = Yard::open(backend).await;
    let registry = &backend.registry;
    let writers = async {
        join_all((0..6).map(|writer| {
            let yard = &yard;
            async move {
                let mut kept = Vec::new();
                for round in 0..5 {
                    let run = yard.run().await;
                    let folder = format!("{}/model", run.artifact_uri);
                    let key = yard.key(&folder, "x.leaf");
                    yard.put_at(&key).await;
                    yard.put(&format!("orphans/{writer}-{round}")).await;
                    let digest = registry.artifacts().digest(Bucket::Artifacts, &key).await;
                    let digest = digest.unwrap().expect("the file of an active run is there");
                    let mut new = version_at(&folder, &run.run_id);
                    new.model_sha256 = digest.sha256.clone();
                    new.files = vec![VersionFile {
                        path: "x.leaf".to_owned(),
                        sha256: digest.sha256,
                        bytes: digest.bytes as i64,
                    }];
                    registry.create_version(new).await.unwrap();
                    // From now on the version alone keeps the file.
                    yard.set(&run, Lifecycle::Deleted).await;
                    kept.push(key);
                }
                kept
            }
        }))
        .await
    };
    let keep = Keep {
        deleted_younger_than: Some(Duration::ZERO),
        ..yard.keep()
    };
    let (done, is_done) = tokio::sync::oneshot::channel::<()>();
    let sweeper = {
        let (registry, keep) = (registry.clone(), keep.clone());
        tokio::spawn(async move {
            let mut is_done = is_done;
            let mut removed = 0;
            loop {
                let last = is_done.try_recv() != Err(tokio::sync::oneshot::error::TryRecvError::Empty);
                let found = registry.unreferenced(&keep).await.unwrap();
                removed += registry
                    .remove_unreferenced(&found.objects, &keep)
                    .await
                    .unwrap()
                    .len();
                if last {
                    return removed;
                }
            }
        })
    };
    let mut kept: Vec<String> = writers.await.into_iter().flatten().collect();
    tokio::time::sleep(Duration::from_millis(1100)).await;
    done.send(()).unwrap();
    assert_eq!(sweeper.await.unwrap(), 30, "all orphans, and nothing else");
    kept.sort();
    assert_eq!(yard.keys().await, kept);
}

/// A version of a run that was deleted long ago: either it is made, and its files stay, or it isn't.
pub(crate) async fn no_version_is_made_of_files_that_are_gone(backend: &Backend) {
    let yard = Yard::open(backend).await;
    let registry = &backend.registry;
    let keep = Keep {
        deleted_younger_than: Some(Duration::ZERO),
        ..yard.keep()
    };
    let (mut made, mut refused) = (Vec::new(), 0);
    for round in 0..12 {
        let run = yard.run().await;
        let folder = format!("{}/model", run.artifact_uri);
        let key = yard.key(&folder, "x.leaf");
        yard.put_at(&key).await;
        yard.set(&run, Lifecycle::Deleted).await;
        let found = loop {
            let found = registry.unreferenced(&keep).await.unwrap();
            if !found.objects.is_empty() {
                break found.objects;
            }
        };
        let register = async {
            let digest = registry
                .artifacts()
                .digest(Bucket::Artifacts, &key)
                .await
                .unwrap();
            let mut new = version_at(&folder, &run.run_id);
            // A file that was seen is registered, as whoever took its digest means to.
            new.files = digest.map_or_else(Vec::new, |digest| {
                vec![VersionFile {
                    path: "x.leaf".to_owned(),
                    sha256: digest.sha256,
                    bytes: digest.bytes as i64,
                }]
            });
            // At another moment in every round.
            for _ in 0..round {
                registry.artifacts().head(Bucket::Artifacts, &key).await.unwrap();
            }
            registry.create_version(new).await
        };
        let (registered, removed) = tokio::join!(register, registry.remove_unreferenced(&found, &keep));
        let is_there = registry.artifacts().head(Bucket::Artifacts, &key).await;
        let is_there = is_there.unwrap().is_some();
        assert_eq!(removed.unwrap().is_empty(), is_there);
        match registered {
            Ok(version) => {
                assert!(is_there, "version {} lost its file", version.version);
                made.push(version.version);
            }
            Err(error) => {
                assert!(matches!(error, RegistryError::ObjectNotFound { .. }), "{error:?}");
                assert!(!is_there);
                refused += 1;
            }
        }
    }
    assert_eq!(made.len() + refused, 12);
    let numbers: Vec<i64> = (1..=made.len() as i64).collect();
    assert_eq!(made, numbers, "what was refused took no number");
}
