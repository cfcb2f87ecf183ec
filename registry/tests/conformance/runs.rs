use registry::{Dataset, Metric, NewRun, RegistryError, RunStatus};

use crate::backend::Backend;

fn metric(key: &str, value: f64, step: i64, timestamp_ms: i64) -> Metric {
    Metric {
        key: key.to_owned(),
        value,
        step,
        timestamp_ms,
    }
}

fn pair(key: &str, value: &str) -> (String, String) {
    (key.to_owned(), value.to_owned())
}

pub(crate) async fn experiments_are_made_once(backend: &Backend) {
    let registry = &backend.registry;
    let made = futures::future::join_all((0..10).map(|_| registry.get_or_create_experiment("one"))).await;
    for experiment in &made {
        assert_eq!(experiment.as_ref().unwrap(), made[0].as_ref().unwrap());
    }
    let other = registry.get_or_create_experiment("other").await.unwrap();
    assert_ne!(other.experiment_id, made[0].as_ref().unwrap().experiment_id);
    assert_eq!(registry.experiment("absent").await.unwrap(), None);
}

pub(crate) async fn a_run_has_identity_and_place(backend: &Backend) {
    let registry = &backend.registry;
    let run = backend.run().await;
    assert!(run.run_id.len() == 32 && run.run_id.bytes().all(|b| b.is_ascii_hexdigit()));
    assert_eq!(run.run_name.split('-').count(), 3, "{}", run.run_name);
    let place = format!("mlflow-artifacts/{}/{}/artifacts", run.experiment_id, run.run_id);
    assert!(run.artifact_uri.ends_with(&place), "{}", run.artifact_uri);
    assert_eq!((run.status, run.end_time_ms), (RunStatus::Running, None));
    assert_eq!(registry.run(&run.run_id).await.unwrap().unwrap(), run);
    assert_eq!(registry.run("absent").await.unwrap(), None);

    let named = NewRun {
        experiment_id: run.experiment_id.clone(),
        run_name: Some("by hand".to_owned()),
        start_time_ms: run.start_time_ms + 1,
        tags: vec![pair("mlflow.user", "me")],
        ..NewRun::default()
    };
    let named = registry.create_run(named).await.unwrap();
    assert_eq!(
        (named.run_name.as_str(), named.tags.clone()),
        (
            "by hand",
            vec![pair("mlflow.runName", "by hand"), pair("mlflow.user", "me")]
        )
    );
    let runs = registry.runs(&run.experiment_id, 10).await.unwrap();
    assert_eq!(runs, [named, run.clone()]);
    assert_eq!(registry.runs(&run.experiment_id, 1).await.unwrap().len(), 1);

    let nowhere = NewRun {
        experiment_id: "999".to_owned(),
        ..NewRun::default()
    };
    assert!(matches!(
        registry.create_run(nowhere).await,
        Err(RegistryError::NotFound {
            kind: "experiment",
            ..
        })
    ));
}

pub(crate) async fn params_never_change(backend: &Backend) {
    let registry = &backend.registry;
    let id = backend.run().await.run_id;
    registry
        .log_batch(&id, &[], &[pair("eta", "0.1"), pair("max_depth", "")], &[])
        .await
        .unwrap();
    registry
        .log_batch(&id, &[], &[pair("eta", "0.1")], &[])
        .await
        .unwrap();
    let changed = registry
        .log_batch(
            &id,
            &[metric("m", 1.0, 0, 0)],
            &[pair("eta", "0.2")],
            &[pair("t", "v")],
        )
        .await;
    assert!(matches!(changed, Err(RegistryError::ParamChanged { key, .. }) if key == "eta"));
    let twice = registry
        .log_batch(&id, &[], &[pair("k", "1"), pair("k", "2")], &[])
        .await;
    assert!(matches!(twice, Err(RegistryError::ParamChanged { .. })));
    let run = registry.run(&id).await.unwrap().unwrap();
    assert_eq!(run.params, [pair("eta", "0.1"), pair("max_depth", "")]);
    assert!(
        run.metrics.is_empty() && run.tags.len() == 1,
        "a refused batch writes nothing"
    );
}

pub(crate) async fn tags_change(backend: &Backend) {
    let id = backend.run().await.run_id;
    backend
        .registry
        .log_batch(&id, &[], &[], &[pair("b", "1"), pair("a", "1")])
        .await
        .unwrap();
    backend
        .registry
        .log_batch(&id, &[], &[], &[pair("b", "2")])
        .await
        .unwrap();
    let run = backend.registry.run(&id).await.unwrap().unwrap();
    assert_eq!(run.tags[..2], [pair("a", "1"), pair("b", "2")]);
    assert_eq!(run.tags[2..], [pair("mlflow.runName", &run.run_name)]);
}

pub(crate) async fn metric_history_is_ordered_and_keeps_nan(backend: &Backend) {
    let registry = &backend.registry;
    let id = backend.run().await.run_id;
    let first = [
        metric("loss", 0.5, 2, 20),
        metric("loss", 0.75, 1, 10),
        metric("loss", 3.0, 2, 20),
        metric("loss", f64::NAN, 3, 5),
        metric("big", f64::INFINITY, 0, 0),
        metric("whole", 1.0, 0, 0),
    ];
    registry.log_batch(&id, &first, &[], &[]).await.unwrap();
    registry
        .log_batch(&id, &[metric("loss", 0.1 + 0.2, 2, 19)], &[], &[])
        .await
        .unwrap();
    let history = registry.metric_history(&id, "loss").await.unwrap();
    let order: Vec<(i64, i64)> = history.iter().map(|m| (m.step, m.timestamp_ms)).collect();
    assert_eq!(order, [(1, 10), (2, 19), (2, 20), (2, 20), (3, 5)]);
    let values: Vec<f64> = history.iter().map(|m| m.value).collect();
    assert_eq!(
        values[..4],
        [0.75, 0.1 + 0.2, 0.5, 3.0],
        "bit for bit, and ties in order of writing"
    );
    assert!(values[4].is_nan());
    let run = registry.run(&id).await.unwrap().unwrap();
    let latest = |key: &str| run.metrics.iter().find(|m| m.key == key).unwrap().value;
    assert!(
        latest("loss").is_nan(),
        "the latest is the highest step, not the last written"
    );
    assert_eq!((latest("big"), latest("whole")), (f64::MAX, 1.0));
    assert!(registry.metric_history(&id, "absent").await.unwrap().is_empty());

    let ids = futures::future::join_all((0..20).map(|i| {
        let id = id.clone();
        async move {
            registry
                .log_batch(&id, &[metric("busy", 1.5, i, i)], &[], &[])
                .await
        }
    }));
    ids.await.into_iter().for_each(|logged| logged.unwrap());
    assert_eq!(registry.metric_history(&id, "busy").await.unwrap().len(), 20);
}

pub(crate) async fn limits_are_typed_errors(backend: &Backend) {
    let registry = &backend.registry;
    let id = backend.run().await.run_id;
    let long = "x".repeat(6001);
    let field = |result: Result<(), RegistryError>| match result {
        Err(RegistryError::InvalidValue { field, .. }) => field,
        other => panic!("{other:?}"),
    };
    assert_eq!(
        field(registry.log_batch(&id, &[], &[pair("k", &long)], &[]).await),
        "param value"
    );
    assert_eq!(
        field(registry.log_batch(&id, &[], &[pair("../k", "v")], &[]).await),
        "param key"
    );
    assert_eq!(
        field(
            registry
                .log_batch(&id, &[], &[], &[pair("k", &"x".repeat(8001))])
                .await
        ),
        "tag value"
    );
    assert_eq!(
        field(registry.log_batch(&id, &[metric("", 1.0, 0, 0)], &[], &[]).await),
        "metric key"
    );
    let many = vec![metric("m", 1.0, 0, 0); 1001];
    assert_eq!(field(registry.log_batch(&id, &many, &[], &[]).await), "metrics");
    registry
        .log_batch(&id, &many[..1000], &[pair("k", &"ü".repeat(6000))], &[])
        .await
        .unwrap();
}

pub(crate) async fn inputs_and_status(backend: &Backend) {
    let registry = &backend.registry;
    let id = backend.run().await.run_id;
    let dataset = Dataset {
        name: "criteo".to_owned(),
        digest: "ab".repeat(32),
        source_type: "local".to_owned(),
        source: "/data/criteo.tsv".to_owned(),
        rows: 110_000,
        ..Dataset::default()
    };
    registry.log_input(&id, &dataset).await.unwrap();
    registry
        .update_run(&id, RunStatus::Finished, Some(7))
        .await
        .unwrap();
    registry.update_run(&id, RunStatus::Killed, None).await.unwrap();
    let run = registry.run(&id).await.unwrap().unwrap();
    assert_eq!(
        (run.status, run.end_time_ms, run.inputs),
        (RunStatus::Killed, Some(7), vec![dataset])
    );
}

pub(crate) async fn unknown_runs_are_refused_and_write_nothing(backend: &Backend) {
    let registry = &backend.registry;
    let is_not_found = |result| matches!(result, Err(RegistryError::NotFound { kind: "run", .. }));
    assert!(is_not_found(
        registry
            .log_batch("absent", &[metric("m", 1.0, 0, 0)], &[], &[])
            .await
    ));
    assert!(is_not_found(
        registry.update_run("absent", RunStatus::Failed, None).await
    ));
    let dataset = Dataset {
        name: "d".into(),
        digest: "d".into(),
        ..Dataset::default()
    };
    assert!(is_not_found(registry.log_input("absent", &dataset).await));
    assert!(registry.metric_history("absent", "m").await.unwrap().is_empty());
}
