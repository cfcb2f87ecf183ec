use registry::{
    LoggedModelOrder, LoggedModelSearch, LoggedModelStatus, ModelMetric, NewLoggedModel, RegistryError,
};

use crate::backend::Backend;

fn pair(key: &str, value: &str) -> (String, String) {
    (key.to_owned(), value.to_owned())
}

pub(crate) async fn a_logged_model_has_a_place_params_tags_and_metrics(backend: &Backend) {
    let registry = &backend.registry;
    let run = backend.run().await;
    let new = NewLoggedModel {
        experiment_id: run.experiment_id.clone(),
        name: Some("model".to_owned()),
        source_run_id: Some(run.run_id.clone()),
        params: vec![pair("eta", "0.1"), pair("depth", "4")],
        tags: vec![pair("t", "1")],
        ..NewLoggedModel::default()
    };
    let made = registry.create_logged_model(new).await.unwrap();
    let id = made.model_id.clone();
    assert!(id.len() == 34 && id.starts_with("m-"), "{id}");
    let place = format!("/{}/models/{id}/artifacts", run.experiment_id);
    assert!(made.artifact_uri.ends_with(&place), "{}", made.artifact_uri);
    assert!(registry.artifacts().locate(&made.artifact_uri).is_some());
    assert_eq!(made.params, [pair("depth", "4"), pair("eta", "0.1")]);
    assert_eq!(made.status, LoggedModelStatus::Pending);

    let ready = registry
        .set_logged_model_status(&id, LoggedModelStatus::Ready)
        .await
        .unwrap();
    assert_eq!(ready.status, LoggedModelStatus::Ready);
    registry
        .set_logged_model_tags(&id, &[pair("t", "2"), pair("u", "")])
        .await
        .unwrap();
    registry.delete_logged_model_tag(&id, "t").await.unwrap();
    let absent = registry.delete_logged_model_tag(&id, "t").await;
    assert!(
        matches!(absent, Err(RegistryError::NotFound { .. })),
        "{absent:?}"
    );
    registry
        .log_model_params(&id, &[pair("late", "1")])
        .await
        .unwrap();
    let metric = |model_id: &str, step, value| ModelMetric {
        model_id: model_id.to_owned(),
        run_id: run.run_id.clone(),
        key: "auc".to_owned(),
        value,
        timestamp_ms: 5,
        step,
        ..ModelMetric::default()
    };
    let metrics = [
        metric("m-absent", 0, 1.0),
        metric(&id, 1, f64::INFINITY),
        metric(&id, 0, 0.5),
        metric(&id, 0, 0.75),
    ];
    registry.log_model_metrics(&metrics).await.unwrap();
    let found = registry.logged_model(&id).await.unwrap().unwrap();
    assert_eq!(found.tags, [pair("u", "")]);
    assert_eq!(found.params.len(), 3);
    assert_eq!(found.metrics, [metric(&id, 0, 0.75), metric(&id, 1, f64::MAX)]);

    registry.delete_logged_model(&id).await.unwrap();
    assert_eq!(registry.logged_model(&id).await.unwrap(), None);
    let again = registry.delete_logged_model(&id).await;
    assert!(matches!(again, Err(RegistryError::NotFound { .. })), "{again:?}");
}

pub(crate) async fn wrong_logged_models_are_refused(backend: &Backend) {
    let registry = &backend.registry;
    let run = backend.run().await;
    let new = NewLoggedModel {
        experiment_id: run.experiment_id,
        ..NewLoggedModel::default()
    };
    let nicknamed = registry.create_logged_model(new.clone()).await.unwrap();
    assert!(!nicknamed.name.is_empty());
    for (wrong, kind) in [
        (
            NewLoggedModel {
                experiment_id: "99".to_owned(),
                ..new.clone()
            },
            "experiment",
        ),
        (
            NewLoggedModel {
                source_run_id: Some("absent".to_owned()),
                ..new.clone()
            },
            "run",
        ),
    ] {
        match registry.create_logged_model(wrong).await {
            Err(RegistryError::NotFound { kind: found, .. }) => assert_eq!(found, kind),
            other => panic!("{other:?}"),
        }
    }
    let bad = NewLoggedModel {
        params: vec![pair("a/../b", "1")],
        ..new
    };
    let refused = registry.create_logged_model(bad).await;
    assert!(
        matches!(refused, Err(RegistryError::InvalidValue { .. })),
        "{refused:?}"
    );
}

pub(crate) async fn logged_models_are_found(backend: &Backend) {
    let registry = &backend.registry;
    let run = backend.run().await;
    let mut ids = Vec::new();
    for (name, auc) in [("a", 0.5), ("b", 0.75), ("c", f64::NAN)] {
        let new = NewLoggedModel {
            experiment_id: run.experiment_id.clone(),
            name: Some(name.to_owned()),
            params: vec![pair("eta", name)],
            tags: vec![pair("t", name)],
            ..NewLoggedModel::default()
        };
        let model_id = registry.create_logged_model(new).await.unwrap().model_id;
        let metric = ModelMetric {
            model_id: model_id.clone(),
            run_id: run.run_id.clone(),
            key: "auc".to_owned(),
            value: auc,
            timestamp_ms: 1,
            dataset_name: "test".to_owned(),
            ..ModelMetric::default()
        };
        registry.log_model_metrics(&[metric]).await.unwrap();
        ids.push(model_id);
    }
    registry
        .set_logged_model_status(&ids[1], LoggedModelStatus::Ready)
        .await
        .unwrap();
    let found = |filter: &str, datasets: &[(&str, Option<&str>)], field: Option<(&str, bool)>| {
        let search = LoggedModelSearch {
            experiment_ids: vec![run.experiment_id.clone()],
            filter: filter.to_owned(),
            datasets: datasets
                .iter()
                .map(|(name, digest)| ((*name).to_owned(), digest.map(str::to_owned)))
                .collect(),
            order_by: field
                .into_iter()
                .map(|(field, ascending)| LoggedModelOrder {
                    field_name: field.to_owned(),
                    ascending,
                    dataset_name: None,
                    dataset_digest: None,
                })
                .collect(),
            limit: 10,
            offset: 0,
        };
        async move {
            let page = registry.search_logged_models(&search).await.unwrap();
            page.found
                .into_iter()
                .map(|model| model.name)
                .collect::<Vec<_>>()
                .join("")
        }
    };
    assert_eq!(found("", &[], Some(("name", true))).await, "abc");
    assert_eq!(found("", &[], Some(("metrics.auc", false))).await, "bac");
    assert_eq!(found("", &[], Some(("metrics.auc", true))).await, "abc");
    assert_eq!(found("metrics.auc > 0.6 and name = 'b'", &[], None).await, "b");
    assert_eq!(found("metrics.auc > 0.1", &[("train", None)], None).await, "");
    assert_eq!(
        found("metrics.auc > 0.6", &[("train", None), ("test", Some(""))], None).await,
        "b"
    );
    assert_eq!(found("status = 'READY'", &[], None).await, "b");
    assert_eq!(
        found("status != 'LOGGED_MODEL_READY'", &[], Some(("name", false))).await,
        "ca"
    );
    assert_eq!(
        found("params.eta = 'c' and tags.t LIKE 'c%'", &[], None).await,
        "c"
    );
    registry.delete_logged_model(&ids[0]).await.unwrap();
    assert_eq!(found("", &[], Some(("name", true))).await, "bc");
}
