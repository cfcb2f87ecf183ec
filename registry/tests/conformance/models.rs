use std::collections::BTreeSet;

use registry::{
    CHAMPION, LeafFile, NewRecord, NewVersion, Registry, RegistryError, Stage, VersionFile, VersionStatus,
};

use crate::backend::Backend;

const MODEL: &str = "ctr";

fn pair(key: &str, value: &str) -> (String, String) {
    (key.to_owned(), value.to_owned())
}

fn new_record(model_name: &str, source: &str) -> NewRecord {
    NewRecord {
        model_name: model_name.to_owned(),
        source: source.to_owned(),
        storage_uri: source.to_owned(),
        ..NewRecord::default()
    }
}

async fn records(registry: &Registry, model_name: &str, count: i64) {
    registry.create_model(model_name, None, &[]).await.unwrap();
    for version in 1..=count {
        let made = registry
            .create_record(new_record(model_name, &format!("s3://b/{version}")))
            .await
            .unwrap();
        assert_eq!(made.version, version);
    }
}

fn missing<T: std::fmt::Debug>(result: Result<T, RegistryError>, kind: &str) {
    match result {
        Err(RegistryError::NotFound { kind: found, .. }) => assert_eq!(found, kind),
        other => panic!("{other:?}"),
    }
}

pub(crate) async fn a_model_is_made_described_tagged_and_renamed(backend: &Backend) {
    let registry = &backend.registry;
    let tags = [pair("owner", "ann"), pair("a", "")];
    let made = registry.create_model(MODEL, Some("clicks"), &tags).await.unwrap();
    assert_eq!(made.description.as_deref(), Some("clicks"));
    assert_eq!(made.tags, [pair("a", ""), pair("owner", "ann")]);
    let again = registry.create_model(MODEL, None, &[]).await;
    assert!(
        matches!(again, Err(RegistryError::AlreadyExists { .. })),
        "{again:?}"
    );
    for bad in ["", "a/b", "a:b"] {
        let refused = registry.create_model(bad, None, &[]).await;
        assert!(
            matches!(refused, Err(RegistryError::InvalidValue { .. })),
            "{bad}"
        );
    }
    registry.set_model_tag(MODEL, "owner", "bob").await.unwrap();
    registry.delete_model_tag(MODEL, "a").await.unwrap();
    registry.delete_model_tag(MODEL, "a").await.unwrap();
    let described = registry.describe_model(MODEL, "").await.unwrap();
    assert_eq!(described.description.as_deref(), Some(""));
    assert_eq!(described.tags, [pair("owner", "bob")]);

    backend.versions(MODEL, 2).await;
    registry
        .transition(MODEL, 2, Stage::Production, "ann", "")
        .await
        .unwrap();
    registry.set_version_tag(MODEL, 2, "k", "v").await.unwrap();
    let renamed = registry.rename_model(MODEL, "other").await.unwrap();
    assert_eq!(renamed.name, "other");
    assert_eq!(renamed.aliases, [(CHAMPION.to_owned(), 2)]);
    let latest: Vec<_> = renamed
        .latest_versions
        .iter()
        .map(|v| (v.version, v.stage))
        .collect();
    assert_eq!(latest, [(1, Stage::None), (2, Stage::Production)]);
    assert_eq!(renamed.latest_versions[1].tags, [pair("k", "v")]);
    assert_eq!(registry.model_record(MODEL).await.unwrap(), None);
    assert_eq!(registry.version(MODEL, 1).await.unwrap(), None);
    missing(registry.describe_model(MODEL, "").await, "registered model");
    missing(registry.set_alias(MODEL, "x", 1).await, "model version");
    let version = registry.production("other").await.unwrap().unwrap();
    assert_eq!((version.model_name.as_str(), version.version), ("other", 2));
    let history = registry.transitions("other").await.unwrap();
    assert_eq!((history.len(), history[0].model_name.as_str()), (1, "other"));
    assert_eq!(registry.models().await.unwrap()[0].name, "other");

    // Its first name is free, and what is called so now has a history of its own.
    backend.versions(MODEL, 1).await;
    assert!(registry.transitions(MODEL).await.unwrap().is_empty());
    let taken = registry.rename_model("other", MODEL).await;
    assert!(
        matches!(taken, Err(RegistryError::AlreadyExists { .. })),
        "{taken:?}"
    );
    assert_eq!(
        registry.rename_model("other", "other").await.unwrap().name,
        "other"
    );
    missing(registry.rename_model("absent", "x").await, "registered model");
}

pub(crate) async fn a_deleted_model_frees_its_name_and_keeps_its_history(backend: &Backend) {
    let registry = &backend.registry;
    backend.versions(MODEL, 2).await;
    registry
        .transition(MODEL, 1, Stage::Production, "ann", "")
        .await
        .unwrap();
    registry.delete_model(MODEL, "bob").await.unwrap();
    missing(registry.delete_model(MODEL, "bob").await, "registered model");
    assert_eq!(registry.model_record(MODEL).await.unwrap(), None);
    assert!(registry.models().await.unwrap().is_empty());
    assert_eq!(registry.production(MODEL).await.unwrap(), None);
    backend.versions(MODEL, 1).await;
    assert_eq!(registry.version(MODEL, 2).await.unwrap(), None);
    registry.delete_model(MODEL, "bob").await.unwrap();
    let pool = backend.pool().await;
    let kept: i64 = sqlx::query_scalar("select count(*) from model_versions where model_sha256 is not null")
        .fetch_one(&pool)
        .await
        .unwrap();
    let last: String = sqlx::query_scalar("select reason from transitions order by sequence desc limit 1")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!((kept, last.as_str()), (3, "the version was deleted"));
}

pub(crate) async fn a_version_without_a_compact_file_is_only_a_record(backend: &Backend) {
    let registry = &backend.registry;
    missing(
        registry.create_record(new_record(MODEL, "s3://b/x")).await,
        "registered model",
    );
    registry.create_model(MODEL, None, &[]).await.unwrap();
    let new = NewRecord {
        run_id: Some("a run of elsewhere".to_owned()),
        run_link: "https://elsewhere".to_owned(),
        description: "first".to_owned(),
        user_name: "ann".to_owned(),
        tags: vec![pair("b", "1"), pair("a", "2"), pair("b", "3")],
        files: vec![VersionFile {
            path: "data/model.ubj".to_owned(),
            sha256: "ab".repeat(32),
            bytes: 3,
        }],
        ..new_record(MODEL, "s3://b/x")
    };
    let made = registry.create_record(new.clone()).await.unwrap();
    assert_eq!(registry.record(MODEL, 1).await.unwrap(), Some(made.clone()));
    assert_eq!(
        (made.version, made.status, made.model_file.clone()),
        (1, VersionStatus::Ready, None)
    );
    assert_eq!(made.tags, [pair("a", "2"), pair("b", "3")]);
    assert_eq!(registry.version_files(MODEL, 1).await.unwrap(), new.files);
    assert_eq!(registry.version(MODEL, 1).await.unwrap(), None);
    assert!(registry.versions(MODEL).await.unwrap().is_empty());

    let described = registry.describe_version(MODEL, 1, "better").await.unwrap();
    assert_eq!(described.description, "better");
    registry.set_version_tag(MODEL, 1, "a", "4").await.unwrap();
    registry.delete_version_tag(MODEL, 1, "b").await.unwrap();
    registry.set_alias(MODEL, "challenger", 1).await.unwrap();
    let found = registry
        .record_by_alias(MODEL, "challenger")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (found.aliases, found.tags),
        (vec!["challenger".to_owned()], vec![pair("a", "4")])
    );
    assert_eq!(registry.record_by_alias(MODEL, "none").await.unwrap(), None);
    missing(
        registry.set_version_tag(MODEL, 2, "a", "4").await,
        "model version",
    );

    let failed = NewRecord {
        status: VersionStatus::Failed,
        status_message: "nothing is there".to_owned(),
        ..new_record(MODEL, "s3://b/y")
    };
    let failed = registry.create_record(failed).await.unwrap();
    assert_eq!(
        (failed.version, failed.status.as_str()),
        (2, "FAILED_REGISTRATION")
    );
    let pool = backend.pool().await;
    for statement in [
        "update model_version_files set sha256 = 'x'",
        "delete from model_version_files",
        "update model_versions set model_file = 'x' where model_file is null",
    ] {
        let error = sqlx::query(statement)
            .execute(&pool)
            .await
            .unwrap_err()
            .to_string();
        assert!(error.contains("never rewritten"), "{statement}: {error}");
    }
}

pub(crate) async fn a_record_with_a_compact_file_is_a_version(backend: &Backend) {
    let registry = &backend.registry;
    registry.create_model(MODEL, None, &[]).await.unwrap();
    let run = backend.run().await;
    let leaf = LeafFile {
        model_file: "x.leaf".to_owned(),
        model_sha256: "ab".repeat(32),
        model_bytes: 7,
        booster_sha256: "cd".repeat(32),
        trained_at_ms: 9,
        ..LeafFile::default()
    };
    let new = NewRecord {
        run_id: Some(run.run_id.clone()),
        storage_uri: "file:///store/m".to_owned(),
        leaf: Some(leaf),
        ..new_record(MODEL, "models:/m-1")
    };
    registry.create_record(new).await.unwrap();
    let version = registry.version(MODEL, 1).await.unwrap().unwrap();
    assert_eq!(
        (version.artifact_uri.as_str(), version.model_file.as_str()),
        ("file:///store/m", "x.leaf")
    );
    assert_eq!(
        (version.run_id, version.run_name, version.model_bytes),
        (run.run_id, run.run_name, 7)
    );
    registry
        .transition(MODEL, 1, Stage::Production, "ann", "")
        .await
        .unwrap();
    assert_eq!(registry.production(MODEL).await.unwrap().unwrap().version, 1);
    assert_eq!(registry.models().await.unwrap()[0].production_version, Some(1));
}

pub(crate) async fn deleting_a_version_ends_its_time_in_production(backend: &Backend) {
    let registry = &backend.registry;
    backend.versions(MODEL, 3).await;
    for version in [1, 2, 3] {
        registry
            .transition(MODEL, version, Stage::Production, "ann", "")
            .await
            .unwrap();
    }
    registry.set_alias(MODEL, "blue", 3).await.unwrap();
    registry.delete_version(MODEL, 2, "bob").await.unwrap();
    missing(registry.delete_version(MODEL, 2, "bob").await, "model version");
    missing(
        registry.transition(MODEL, 2, Stage::Staging, "bob", "").await,
        "model version",
    );
    let back = registry.rollback(MODEL, "ann", "").await.unwrap();
    assert_eq!(back.version, 1, "what was deleted is passed over");
    registry
        .transition(MODEL, 3, Stage::Production, "ann", "")
        .await
        .unwrap();
    registry.delete_version(MODEL, 3, "bob").await.unwrap();
    assert_eq!(registry.production(MODEL).await.unwrap(), None);
    assert_eq!(registry.record_by_alias(MODEL, "blue").await.unwrap(), None);
    assert_eq!(registry.record_by_alias(MODEL, CHAMPION).await.unwrap(), None);
    let last = registry.transitions(MODEL).await.unwrap().pop().unwrap();
    assert_eq!(
        (last.version, last.to_stage, last.actor.as_str()),
        (3, Stage::Archived, "bob")
    );
    assert_eq!(registry.versions(MODEL).await.unwrap().len(), 1);
    let next = registry
        .create_version(backend.new_version(MODEL).await)
        .await
        .unwrap();
    assert_eq!(next.version, 4, "numbers aren't given twice");
}

pub(crate) async fn other_versions_of_a_stage_are_archived_when_asked(backend: &Backend) {
    let registry = &backend.registry;
    records(registry, MODEL, 4).await;
    for version in [1, 2] {
        registry
            .transition(MODEL, version, Stage::Staging, "ann", "")
            .await
            .unwrap();
    }
    let staged = |archive| registry.transition_archiving(MODEL, 3, Stage::Staging, archive, "ann", "");
    staged(false).await.unwrap();
    let stages = || async {
        let mut stages = Vec::new();
        for version in 1..=4 {
            stages.push(registry.record(MODEL, version).await.unwrap().unwrap().stage);
        }
        stages
    };
    assert_eq!(
        stages().await,
        [Stage::Staging, Stage::Staging, Stage::Staging, Stage::None]
    );
    staged(true).await.unwrap();
    assert_eq!(
        stages().await,
        [Stage::Archived, Stage::Archived, Stage::Staging, Stage::None]
    );
    assert_eq!(registry.transitions(MODEL).await.unwrap().len(), 5);
}

pub(crate) async fn what_was_in_production_when_is_told_by_history(backend: &Backend) {
    let registry = &backend.registry;
    records(registry, MODEL, 2).await;
    let mut times = Vec::new();
    for (version, stage) in [
        (1, Stage::Production),
        (2, Stage::Production),
        (2, Stage::Archived),
    ] {
        let step = registry
            .transition(MODEL, version, stage, "ann", "")
            .await
            .unwrap();
        times.push(step.at_ms);
        tokio::time::sleep(std::time::Duration::from_millis(3)).await;
    }
    registry.delete_version(MODEL, 1, "ann").await.unwrap();
    let at = |time| async move {
        let found = registry.production_at(MODEL, time).await.unwrap();
        found.map(|step| step.version)
    };
    assert_eq!(at(times[0] - 1).await, None);
    assert_eq!(at(times[0]).await, Some(1));
    assert_eq!(at(times[1] - 1).await, Some(1));
    assert_eq!(at(times[1]).await, Some(2));
    assert_eq!(at(times[2]).await, None);
    assert_eq!(registry.production_at("absent", i64::MAX).await.unwrap(), None);
}

pub(crate) async fn the_champion_stays_where_it_was_put_until_the_next_promotion(backend: &Backend) {
    let registry = &backend.registry;
    records(registry, MODEL, 3).await;
    let champion = || async {
        let found = registry.record_by_alias(MODEL, CHAMPION).await.unwrap();
        found.map(|version| version.version)
    };
    registry
        .transition(MODEL, 1, Stage::Production, "ann", "")
        .await
        .unwrap();
    assert_eq!(champion().await, Some(1));
    registry.set_alias(MODEL, CHAMPION, 2).await.unwrap();
    registry
        .transition(MODEL, 3, Stage::Staging, "ann", "")
        .await
        .unwrap();
    registry
        .transition(MODEL, 1, Stage::Archived, "ann", "")
        .await
        .unwrap();
    assert_eq!(champion().await, Some(2), "it isn't the one that left");
    registry
        .transition(MODEL, 3, Stage::Production, "ann", "")
        .await
        .unwrap();
    assert_eq!(champion().await, Some(3));
    registry
        .transition(MODEL, 3, Stage::Archived, "ann", "")
        .await
        .unwrap();
    assert_eq!(champion().await, None);
}

pub(crate) async fn places_of_ready_versions_are_known(backend: &Backend) {
    let registry = &backend.registry;
    records(registry, MODEL, 0).await;
    for (status, place) in [
        (VersionStatus::Ready, "s3://b/1/models/m-1/artifacts"),
        (VersionStatus::Failed, "s3://b/1/models/m-2/artifacts"),
    ] {
        let new = NewRecord {
            status,
            ..new_record(MODEL, place)
        };
        registry.create_record(new).await.unwrap();
    }
    let one = Some((MODEL.to_owned(), 1));
    for (uri, over) in [
        ("s3://b/1/models/m-1/artifacts", true),
        ("s3://b/1/models/m-1/artifacts/a/b/c/d/e/f/g/h/i/model.ubj", true),
        ("s3://b/1/models/m-1/artifacts2/model.ubj", false),
        ("s3://b/1/models/m-1", false),
        ("s3://b/1/models/m-2/artifacts/x", false),
    ] {
        let expected = over.then(|| one.clone()).flatten();
        assert_eq!(registry.version_over(uri).await.unwrap(), expected, "{uri}");
    }
    for (uri, below) in [
        ("s3://b/1", true),
        ("s3://b/1/models/m-1/", true),
        ("s3://b/1/models/m-1/artifacts", false),
        ("s3://b/1/models/m-2", false),
        ("s3://b/1/mod", false),
    ] {
        let expected = below.then(|| one.clone()).flatten();
        assert_eq!(registry.version_below(uri).await.unwrap(), expected, "{uri}");
    }
    registry.delete_version(MODEL, 1, "ann").await.unwrap();
    let deleted = registry.version_over("s3://b/1/models/m-1/artifacts/x").await;
    assert_eq!(deleted.unwrap(), None);
}

pub(crate) async fn writers_at_once_lose_nothing(backend: &Backend) {
    let writers = (0..20).map(|writer| {
        let registry = backend.registry.clone();
        tokio::spawn(async move {
            let made = registry.create_model(MODEL, None, &[]).await.is_ok();
            let new = new_record(MODEL, &format!("s3://b/{writer}"));
            let version = registry.create_record(new).await.unwrap().version;
            registry
                .set_version_tag(MODEL, version, "writer", &writer.to_string())
                .await
                .unwrap();
            (made, version)
        })
    });
    let done = futures::future::join_all(writers).await;
    let done: Vec<(bool, i64)> = done.into_iter().map(Result::unwrap).collect();
    assert_eq!(done.iter().filter(|(made, _)| *made).count(), 1);
    let numbers: BTreeSet<i64> = done.iter().map(|(_, version)| *version).collect();
    assert_eq!(numbers, (1..=20).collect());
    let new = NewVersion {
        model_name: "by the trainer".to_owned(),
        ..backend.new_version(MODEL).await
    };
    let trainers = (0..10).map(|_| backend.registry.create_version(new.clone()));
    let numbers: BTreeSet<i64> = futures::future::join_all(trainers)
        .await
        .into_iter()
        .map(|made| made.unwrap().version)
        .collect();
    assert_eq!(numbers, (1..=10).collect());
}

pub(crate) async fn searches_find_what_filters_say(backend: &Backend) {
    let registry = &backend.registry;
    for name in ["Ctr_a", "ctr_b", "ctr100"] {
        records(registry, name, 2).await;
    }
    registry.set_model_tag("ctr_b", "owner", "ann").await.unwrap();
    registry
        .set_model_tag("ctr100", "mlflow.prompt.is_prompt", "true")
        .await
        .unwrap();
    registry.set_version_tag("ctr_b", 2, "k", "v").await.unwrap();
    registry
        .transition("ctr_b", 1, Stage::Production, "ann", "")
        .await
        .unwrap();
    let models = |filter: &'static str, order: &'static [&'static str]| async move {
        let order: Vec<String> = order.iter().map(|term| (*term).to_owned()).collect();
        let page = registry.search_models(filter, &order, 10, 0).await.unwrap();
        page.found.into_iter().map(|model| model.name).collect::<Vec<_>>()
    };
    assert_eq!(models("", &[]).await.len(), 3);
    assert_eq!(models("", &["name DESC"]).await.last().unwrap(), "Ctr_a");
    assert_eq!(models("name LIKE 'ctr%'", &[]).await, ["ctr100", "ctr_b"]);
    assert_eq!(
        models("name ILIKE 'CTR%' and tag.owner = 'ann'", &[]).await,
        ["ctr_b"]
    );
    let not_prompts = "name LIKE 'ctr%' AND tag.`mlflow.prompt.is_prompt` != 'true'";
    assert_eq!(models(not_prompts, &[]).await, ["ctr_b"]);
    assert!(models("tag.owner != 'ann'", &[]).await.is_empty());
    assert_eq!(models("", &["last_updated_timestamp DESC"]).await[0], "ctr_b");
    let page = registry.search_models("", &[], 2, 1).await.unwrap();
    assert_eq!((page.found.len(), page.has_more), (2, false));
    let found = &registry
        .search_models("name = 'ctr_b'", &[], 1, 0)
        .await
        .unwrap()
        .found[0];
    assert_eq!(
        Some(found),
        registry.model_record("ctr_b").await.unwrap().as_ref()
    );

    let versions = |filter: &'static str, order: &'static [&'static str]| async move {
        let order: Vec<String> = order.iter().map(|term| (*term).to_owned()).collect();
        let page = registry.search_versions(filter, &order, 10, 0).await.unwrap();
        let named = page.found.into_iter().map(|v| (v.model_name, v.version));
        named
            .map(|(name, version)| format!("{name}/{version}"))
            .collect::<Vec<_>>()
    };
    assert_eq!(versions("", &[]).await[0], "ctr_b/1", "it changed last");
    assert_eq!(
        versions("name = 'ctr_b'", &["version_number DESC"]).await,
        ["ctr_b/2", "ctr_b/1"]
    );
    assert_eq!(
        versions("version_number > 1 AND tag.k = 'v'", &[]).await,
        ["ctr_b/2"]
    );
    assert_eq!(
        versions("source_path LIKE '%/1'", &["name ASC"]).await[0],
        "Ctr_a/1"
    );
    assert!(versions("run_id IN ('x', 'y')", &[]).await.is_empty());
    registry.delete_version("ctr_b", 2, "ann").await.unwrap();
    assert_eq!(versions("name = 'ctr_b'", &[]).await, ["ctr_b/1"]);
    for bad in [
        "current_stage = 'x'",
        "name > 'x'",
        "version_number LIKE 'x'",
        "metrics.a > 1",
    ] {
        let refused = registry.search_versions(bad, &[], 10, 0).await;
        assert!(
            matches!(refused, Err(RegistryError::InvalidSearch { .. })),
            "{bad}"
        );
    }
}
