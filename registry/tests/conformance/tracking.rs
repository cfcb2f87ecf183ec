use registry::{
    Batch, DEFAULT_EXPERIMENT, Dataset, Lifecycle, Metric, NewExperiment, NewRun, Registry, RegistryError,
    RunStatus, RunUpdate,
};
use sqlx::{
    AnyPool, SqlSafeStr,
    migrate::{Migration, MigrationType, Migrator},
};

use crate::backend::Backend;

pub(crate) fn metric(key: &str, value: f64, step: i64, timestamp_ms: i64) -> Metric {
    Metric {
        key: key.to_owned(),
        value,
        step,
        timestamp_ms,
    }
}

pub(crate) fn pair(key: &str, value: &str) -> (String, String) {
    (key.to_owned(), value.to_owned())
}

fn metrics(points: &[Metric]) -> Batch {
    Batch {
        metrics: points.to_vec(),
        ..Batch::default()
    }
}

/// A database as the first two migrations made it, with a row of everything that the third one touches.
pub(crate) async fn a_database_of_the_first_migrations_keeps_its_rows(backend: &Backend) {
    let config = backend.without_tables().await;
    // Makes the file, where there is one.
    drop(Registry::connect(&config).await.unwrap());
    let is_sqlite = matches!(config.database, registry::DatabaseLocation::Sqlite(_));
    let url = match &config.database {
        registry::DatabaseLocation::Sqlite(path) => {
            format!("sqlite://{}", path.display().to_string().replace(' ', "%20"))
        }
        registry::DatabaseLocation::Postgres(url) => url.expose().to_owned(),
    };
    let pool = AnyPool::connect(&url).await.unwrap();
    let append_only = match is_sqlite {
        true => include_str!("../../migrations/2_append_only.sqlite.sql"),
        false => include_str!("../../migrations/2_append_only.postgres.sql"),
    };
    let migration = |version, description: &'static str, sql: &'static str| {
        Migration::new(
            version,
            description.into(),
            MigrationType::Simple,
            sql.into_sql_str(),
            false,
        )
    };
    Migrator::with_migrations(vec![
        migration(1, "tables", include_str!("../../migrations/1_tables.sql")),
        migration(2, "append only", append_only),
    ])
    .run(&pool)
    .await
    .unwrap();
    for statement in [
        "insert into experiments values ('1', 'Default', 'file:///a/1', 5)",
        "update counters set value = 1 where name = 'experiments'",
        "insert into runs values ('r1', '1', 'old-run-1', 'me', 'FINISHED', 10, 20, 'file:///a/1/r1/artifacts', 3)",
        "insert into runs values ('r2', '1', 'old-run-2', '', 'RUNNING', 11, null, 'file:///a/1/r2/artifacts', 0)",
        "insert into params values ('r1', 'eta', '0.1')",
        "insert into tags values ('r1', 'mlflow.user', 'somebody')",
        "insert into metrics values ('r1', 'auc', 1, 0.5, 7, 0, 0), ('r1', 'auc', 2, 0.5, 7, 0, 0), \
         ('r1', 'auc', 3, 0.75, 8, 1, 0)",
        "insert into latest_metrics values ('r1', 'auc', 0.75, 8, 1, 0)",
        "insert into datasets values (1, 'criteo', 'd1', 'local', '/data', 9)",
        "insert into inputs values ('r1', 1)",
        "insert into registered_models values ('m', 1, 1, 1)",
        "insert into model_versions values ('m', 1, 'Production', 'r1', 'file:///a/1/r1/artifacts/model', 'f.leaf', 's', \
         1, null, 'b', 'criteo', 'd1', 20, 21, null)",
        "insert into registered_model_aliases values ('m', 'champion', 1)",
        "insert into transitions values (1, 'm', 1, 'None', 'Production', 0, 'me', '', 22)",
    ] {
        sqlx::query(statement).execute(&pool).await.unwrap();
    }
    pool.close().await;

    let registry = Registry::connect(&config).await.unwrap();
    registry.migrate().await.unwrap();
    registry.migrate().await.unwrap();
    let run = registry.run("r1").await.unwrap().unwrap();
    assert_eq!(
        (run.status, run.end_time_ms, run.start_time_ms),
        (RunStatus::Finished, Some(20), 10)
    );
    assert_eq!(run.lifecycle, Lifecycle::Active);
    assert_eq!(run.params, [pair("eta", "0.1")]);
    assert_eq!(
        run.tags,
        [
            pair("mlflow.runName", "old-run-1"),
            pair("mlflow.user", "somebody")
        ]
    );
    assert_eq!(run.metrics, [metric("auc", 0.75, 1, 8)]);
    assert_eq!((run.inputs[0].name.as_str(), run.inputs[0].rows), ("criteo", 9));
    let history = registry.metric_history("r1", "auc").await.unwrap();
    assert_eq!(history, [metric("auc", 0.5, 0, 7), metric("auc", 0.75, 1, 8)]);
    let second = registry.run("r2").await.unwrap().unwrap();
    assert_eq!(second.tags, [pair("mlflow.runName", "old-run-2")]);
    assert_eq!(registry.production("m").await.unwrap().unwrap().run_id, "r1");
    registry
        .log_batch("r1", &[metric("auc", 0.8, 2, 9)], &[], &[])
        .await
        .unwrap();
    // The name was taken, so the default experiment is called otherwise.
    let default = registry
        .experiment_by_id(DEFAULT_EXPERIMENT)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(default.name, "Default 0");
    let old = registry.experiment("Default").await.unwrap().unwrap();
    assert_eq!((old.experiment_id.as_str(), old.updated_at_ms), ("1", 5));
    assert_eq!(
        registry
            .get_or_create_experiment("next")
            .await
            .unwrap()
            .experiment_id,
        "2"
    );
    let summaries = registry.dataset_summaries(&["1".to_owned()]).await.unwrap();
    assert_eq!(summaries[0].digest, "d1");
}

pub(crate) async fn the_default_experiment_is_there(backend: &Backend) {
    let registry = &backend.registry;
    let default = registry
        .experiment_by_id(DEFAULT_EXPERIMENT)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (default.name.as_str(), default.lifecycle),
        ("Default", Lifecycle::Active)
    );
    assert!(
        default.artifact_location.ends_with("/mlflow-artifacts/0"),
        "{default:?}"
    );
    let first = registry.get_or_create_experiment("first").await.unwrap();
    assert_eq!(first.experiment_id, "1");
    registry
        .set_experiment_lifecycle(DEFAULT_EXPERIMENT, Lifecycle::Deleted)
        .await
        .unwrap();
    registry.migrate().await.unwrap();
    let default = registry
        .experiment_by_id(DEFAULT_EXPERIMENT)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        default.lifecycle,
        Lifecycle::Deleted,
        "migrating again restores nothing"
    );
}

pub(crate) async fn experiments_are_renamed_deleted_and_restored(backend: &Backend) {
    let registry = &backend.registry;
    let new = NewExperiment {
        name: "one".to_owned(),
        artifact_location: Some("s3://elsewhere/x/".to_owned()),
        tags: vec![pair("b", "2"), pair("a", "1")],
    };
    let made = registry.create_experiment(new.clone()).await.unwrap();
    let id = made.experiment_id.as_str();
    let again = registry.create_experiment(new).await;
    assert!(matches!(
        again,
        Err(RegistryError::AlreadyExists {
            kind: "experiment",
            ..
        })
    ));
    let read = registry.experiment_by_id(id).await.unwrap().unwrap();
    assert_eq!(read.tags, [pair("a", "1"), pair("b", "2")]);
    let run = registry
        .create_run(NewRun {
            experiment_id: id.to_owned(),
            ..NewRun::default()
        })
        .await
        .unwrap();
    assert_eq!(
        run.artifact_uri,
        format!("s3://elsewhere/x/{}/artifacts", run.run_id)
    );

    registry.rename_experiment(id, "two").await.unwrap();
    registry.rename_experiment(id, "two").await.unwrap();
    let taken = registry.rename_experiment(id, "Default").await;
    assert!(matches!(taken, Err(RegistryError::AlreadyExists { .. })));
    registry.set_experiment_tag(id, "a", "3").await.unwrap();
    registry.delete_experiment_tag(id, "b").await.unwrap();
    let gone = registry.delete_experiment_tag(id, "b").await;
    assert!(matches!(gone, Err(RegistryError::NotFound { kind: "tag", .. })));
    let read = registry.experiment("two").await.unwrap().unwrap();
    assert_eq!(read.tags, [pair("a", "3")]);

    registry
        .set_experiment_lifecycle(id, Lifecycle::Deleted)
        .await
        .unwrap();
    assert_eq!(
        registry.run(&run.run_id).await.unwrap().unwrap().lifecycle,
        Lifecycle::Deleted
    );
    for refused in [
        registry.rename_experiment(id, "three").await,
        registry.set_experiment_tag(id, "a", "4").await,
        registry.set_experiment_lifecycle(id, Lifecycle::Deleted).await,
    ] {
        assert!(matches!(
            refused,
            Err(RegistryError::WrongLifecycle { stage: "deleted", .. })
        ));
    }
    let new_run = registry
        .create_run(NewRun {
            experiment_id: id.to_owned(),
            ..NewRun::default()
        })
        .await;
    assert!(matches!(
        new_run,
        Err(RegistryError::WrongLifecycle {
            kind: "experiment",
            ..
        })
    ));
    registry
        .set_experiment_lifecycle(id, Lifecycle::Active)
        .await
        .unwrap();
    assert_eq!(
        registry.run(&run.run_id).await.unwrap().unwrap().lifecycle,
        Lifecycle::Active
    );
    let absent = registry.set_experiment_lifecycle("999", Lifecycle::Deleted).await;
    assert!(matches!(
        absent,
        Err(RegistryError::NotFound {
            kind: "experiment",
            ..
        })
    ));
}

pub(crate) async fn what_is_deleted_takes_no_changes(backend: &Backend) {
    let registry = &backend.registry;
    let id = backend.run().await.run_id;
    registry.set_run_lifecycle(&id, Lifecycle::Deleted).await.unwrap();
    registry.set_run_lifecycle(&id, Lifecycle::Deleted).await.unwrap();
    let refused = |result: Result<(), RegistryError>| {
        assert!(
            matches!(result, Err(RegistryError::WrongLifecycle { kind: "run", .. })),
            "{result:?}"
        );
    };
    refused(registry.log(&id, &metrics(&[metric("m", 1.0, 0, 0)])).await);
    refused(registry.log_batch(&id, &[], &[], &[pair("t", "v")]).await);
    refused(registry.change_run(&id, RunUpdate::default()).await.map(|_| ()));
    refused(registry.delete_tag(&id, "mlflow.runName").await);
    refused(registry.log_outputs(&id, &[("m-1".to_owned(), 0)]).await);
    let dataset = Dataset {
        name: "d".to_owned(),
        digest: "1".to_owned(),
        ..Dataset::default()
    };
    refused(registry.log_input(&id, &dataset).await);
    let run = registry.run(&id).await.unwrap().unwrap();
    assert!(run.metrics.is_empty() && run.inputs.is_empty() && run.model_outputs.is_empty());
    registry.set_run_lifecycle(&id, Lifecycle::Active).await.unwrap();
    registry
        .log(&id, &metrics(&[metric("m", 1.0, 0, 0)]))
        .await
        .unwrap();
    let absent = registry.set_run_lifecycle("absent", Lifecycle::Active).await;
    assert!(matches!(absent, Err(RegistryError::NotFound { kind: "run", .. })));
}

pub(crate) async fn the_same_point_is_kept_once_and_the_latest_is_the_largest(backend: &Backend) {
    let registry = &backend.registry;
    let id = backend.run().await.run_id;
    let points = [
        metric("m", 0.5, 1, 10),
        metric("m", 0.5, 1, 10),
        metric("m", f64::NAN, 0, 0),
        metric("m", 0.25, 1, 10),
        metric("n", f64::NEG_INFINITY, -3, 0),
    ];
    registry.log(&id, &metrics(&points)).await.unwrap();
    registry.log(&id, &metrics(&points)).await.unwrap();
    assert_eq!(registry.metric_history(&id, "m").await.unwrap().len(), 3);
    let latest = registry.run(&id).await.unwrap().unwrap().metrics;
    assert_eq!(latest, [metric("m", 0.5, 1, 10), metric("n", f64::MIN, -3, 0)]);
    for (point, is_latest) in [
        (metric("m", 9.0, 0, 99), false),
        (metric("m", 9.0, 1, 9), false),
        (metric("m", 0.4, 1, 10), false),
        (metric("m", 0.6, 1, 10), true),
        (metric("m", 0.1, 1, 11), true),
        (metric("m", -1.0, 2, 0), true),
    ] {
        registry
            .log(&id, &metrics(std::slice::from_ref(&point)))
            .await
            .unwrap();
        let latest = registry.run(&id).await.unwrap().unwrap().metrics[0].clone();
        assert_eq!(latest == point, is_latest, "{point:?}");
    }
}

pub(crate) async fn changed_params_say_what_was_written(backend: &Backend) {
    let registry = &backend.registry;
    let id = backend.run().await.run_id;
    let log = async |params: &[(String, String)]| registry.log_batch(&id, &[], params, &[]).await;
    log(&[pair("a", "1"), pair("b", "2")]).await.unwrap();
    log(&[pair("a", "1"), pair("c", "3")]).await.unwrap();
    match log(&[pair("d", "4"), pair("b", "two")]).await {
        Err(RegistryError::ParamChanged { key, old, new, .. }) => {
            assert_eq!((key.as_str(), old.as_str(), new.as_str()), ("b", "2", "two"));
        }
        other => panic!("{other:?}"),
    }
    let run = registry.run(&id).await.unwrap().unwrap();
    assert_eq!(run.params, [pair("a", "1"), pair("b", "2"), pair("c", "3")]);
}

pub(crate) async fn a_name_is_a_tag_and_a_tag_a_name(backend: &Backend) {
    let registry = &backend.registry;
    let id = backend.run().await.run_id;
    let name = async || {
        let run = registry.run(&id).await.unwrap().unwrap();
        assert_eq!(run.tags, [pair("mlflow.runName", &run.run_name)]);
        run.run_name
    };
    name().await;
    let tags = [pair("mlflow.runName", "first"), pair("mlflow.runName", "second")];
    registry.log_batch(&id, &[], &[], &tags).await.unwrap();
    assert_eq!(name().await, "second");
    let update = RunUpdate {
        status: Some(RunStatus::Scheduled),
        end_time_ms: Some(77),
        run_name: Some("third".to_owned()),
    };
    let changed = registry.change_run(&id, update).await.unwrap();
    assert_eq!(
        (changed.status, changed.end_time_ms),
        (RunStatus::Scheduled, Some(77))
    );
    assert_eq!(name().await, "third");
    let unchanged = registry.change_run(&id, RunUpdate::default()).await.unwrap();
    assert_eq!(unchanged, changed);
}

pub(crate) async fn inputs_and_outputs_of_runs(backend: &Backend) {
    let registry = &backend.registry;
    let first = backend.run().await;
    let second = backend.run().await;
    let dataset = Dataset {
        name: "criteo".to_owned(),
        digest: "461b030d".to_owned(),
        source_type: "s3".to_owned(),
        source: "{\"uri\": \"s3://criteo/day_0.parquet\"}".to_owned(),
        rows: 0,
        schema: Some("{}".to_owned()),
        profile: Some("{\"num_rows\": 500}".to_owned()),
        tags: vec![pair("mlflow.data.context", "training")],
    };
    let evaluated = Dataset {
        tags: vec![pair("mlflow.data.context", "evaluation")],
        ..dataset.clone()
    };
    let models = ["m-2".to_owned(), "m-1".to_owned()];
    registry
        .log_inputs(&first.run_id, &[dataset.clone(), evaluated.clone()], &models)
        .await
        .unwrap();
    registry
        .log_inputs(&second.run_id, std::slice::from_ref(&evaluated), &[])
        .await
        .unwrap();
    let outputs = [("m-9".to_owned(), 0), ("m-8".to_owned(), 3)];
    registry.log_outputs(&first.run_id, &outputs).await.unwrap();
    registry.log_outputs(&first.run_id, &outputs[..1]).await.unwrap();
    let read = registry.run(&first.run_id).await.unwrap().unwrap();
    assert_eq!(
        read.inputs,
        [dataset],
        "a data set that the run has already stays as it was"
    );
    assert_eq!(read.model_inputs, models);
    assert_eq!(read.model_outputs, outputs);
    let read = registry.run(&second.run_id).await.unwrap().unwrap();
    assert_eq!(read.inputs, [evaluated]);
    let summaries = registry
        .dataset_summaries(&[first.experiment_id.clone(), "0".to_owned()])
        .await
        .unwrap();
    let contexts: Vec<Option<&str>> = summaries.iter().map(|one| one.context.as_deref()).collect();
    assert_eq!(contexts, [Some("evaluation"), Some("training")]);
}

pub(crate) async fn histories_by_page_and_by_sample(backend: &Backend) {
    let registry = &backend.registry;
    let (first, second) = (backend.run().await.run_id, backend.run().await.run_id);
    let points: Vec<Metric> = (0..10).map(|step| metric("m", 10.0, step, 1)).collect();
    registry.log(&first, &metrics(&points)).await.unwrap();
    let more: Vec<Metric> = (0..20).map(|step| metric("m", -1.0, step, 20 - step)).collect();
    registry.log(&second, &metrics(&more)).await.unwrap();

    let page = registry.metric_history_page(&second, "m", 8, 16).await.unwrap();
    let steps: Vec<i64> = page.items.iter().map(|point| point.step).collect();
    assert_eq!(
        (steps.as_slice(), page.has_more),
        (&[3, 2, 1, 0][..], false),
        "by time"
    );
    let page = registry.metric_history_page(&second, "m", 19, 0).await.unwrap();
    assert!(page.has_more && page.items.len() == 19);

    let both = [second.clone(), first.clone(), "absent".to_owned()];
    let all = registry.metric_history_of_runs(&both, "m", 25).await.unwrap();
    assert_eq!(all.len(), 25);
    assert!(all.is_sorted_by_key(|(run_id, point)| (run_id.clone(), point.timestamp_ms)));

    let samples = async |runs: &[String], steps, limit| -> Vec<(String, i64)> {
        let samples = registry.metric_samples(runs, "m", steps, limit).await.unwrap();
        samples
            .into_iter()
            .map(|(run_id, point)| (run_id, point.step))
            .collect()
    };
    let of = |run_id: &String, steps: &[i64]| -> Vec<(String, i64)> {
        steps.iter().map(|step| (run_id.clone(), *step)).collect()
    };
    assert_eq!(samples(&both[1..2], None, 5).await, of(&first, &[0, 2, 4, 6, 9]));
    assert_eq!(samples(&both[1..2], None, 1).await, of(&first, &[9]));
    assert_eq!(samples(&both[1..2], None, 50).await.len(), 10);
    assert_eq!(
        samples(&both[1..2], Some((2, 4)), 5).await,
        of(&first, &[2, 3, 4])
    );
    let mut expected = of(&second, &[0, 7, 19]);
    expected.extend(of(&first, &[0, 4, 9]));
    assert_eq!(samples(&both, None, 3).await, expected);
}
