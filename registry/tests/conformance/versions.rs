use std::collections::BTreeSet;

use registry::{CHAMPION, Metric, NewVersion, RegistryError, Stage};

use crate::backend::Backend;

const MODEL: &str = "criteo_ctr_model";

pub(crate) async fn versions_carry_their_provenance(backend: &Backend) {
    let registry = &backend.registry;
    assert!(registry.models().await.unwrap().is_empty());
    assert!(registry.versions(MODEL).await.unwrap().is_empty());
    let new = backend.new_version(MODEL).await;
    let logged = Metric {
        key: "test_logloss".into(),
        value: 0.4862,
        step: 0,
        timestamp_ms: 5,
    };
    registry
        .log_batch(&new.run_id, std::slice::from_ref(&logged), &[], &[])
        .await
        .unwrap();
    let made = registry.create_version(new.clone()).await.unwrap();
    let run = registry.run(&new.run_id).await.unwrap().unwrap();
    assert_eq!(
        (made.version, made.stage, made.aliases.len()),
        (1, Stage::None, 0)
    );
    assert_eq!((&made.run_id, &made.run_name), (&run.run_id, &run.run_name));
    assert_eq!(made.experiment_name, "criteo_ctr");
    assert_eq!(
        (&made.artifact_uri, &made.model_file),
        (&new.source, &new.model_file)
    );
    assert_eq!((&made.model_sha256, made.model_bytes), (&new.model_sha256, 4711));
    assert_eq!(
        (&made.booster_sha256, &made.bundle_file),
        (&new.booster_sha256, &new.bundle_file)
    );
    assert_eq!(
        (&made.dataset_name, &made.dataset_digest),
        (&new.dataset_name, &new.dataset_digest)
    );
    assert_eq!(
        (made.trained_at_ms, &made.metrics),
        (new.trained_at_ms, &vec![logged])
    );
    let unsigned = NewVersion {
        bundle_file: None,
        ..backend.new_version(MODEL).await
    };
    let unsigned = registry.create_version(unsigned).await.unwrap();
    assert_eq!((unsigned.version, &unsigned.bundle_file), (2, &None));
    assert_eq!(registry.versions(MODEL).await.unwrap(), [unsigned, made.clone()]);
    assert_eq!(registry.version(MODEL, 1).await.unwrap(), Some(made));
    assert_eq!(registry.version(MODEL, 3).await.unwrap(), None);
    let models = registry.models().await.unwrap();
    assert_eq!(
        (models[0].production_version, models[0].latest_version),
        (None, Some(2))
    );
}

pub(crate) async fn fifty_at_once_get_consecutive_numbers(backend: &Backend) {
    let new = backend.new_version(MODEL).await;
    let made = (0..50).map(|_| {
        let (registry, new) = (backend.registry.clone(), new.clone());
        tokio::spawn(async move { registry.create_version(new).await.unwrap().version })
    });
    let numbers: BTreeSet<i64> = futures::future::join_all(made)
        .await
        .into_iter()
        .map(|n| n.unwrap())
        .collect();
    assert_eq!(numbers, (1..=50).collect());
}

pub(crate) async fn an_idempotency_key_registers_once(backend: &Backend) {
    let registry = &backend.registry;
    let keyed = NewVersion {
        idempotency_key: Some("once".into()),
        ..backend.new_version(MODEL).await
    };
    let made = (0..10).map(|_| registry.create_version(keyed.clone()));
    let made: Vec<i64> = futures::future::join_all(made)
        .await
        .into_iter()
        .map(|v| v.unwrap().version)
        .collect();
    assert_eq!(made, [1; 10]);
    let other = NewVersion {
        idempotency_key: Some("twice".into()),
        ..keyed
    };
    assert_eq!(
        registry.create_version(other).await.unwrap().version,
        2,
        "no number was lost"
    );
}

pub(crate) async fn promoting_archives_and_moves_the_champion(backend: &Backend) {
    let registry = &backend.registry;
    backend.versions(MODEL, 3).await;
    assert_eq!(registry.production(MODEL).await.unwrap(), None);
    registry
        .transition(MODEL, 1, Stage::Staging, "ann", "looks good")
        .await
        .unwrap();
    registry
        .transition(MODEL, 1, Stage::Production, "ann", "gate passed")
        .await
        .unwrap();
    let made = registry
        .transition(MODEL, 2, Stage::Production, "bob", "better")
        .await
        .unwrap();
    assert_eq!(
        (made.version, made.from_stage, made.to_stage),
        (2, Stage::None, Stage::Production)
    );
    assert_eq!((made.actor.as_str(), made.reason.as_str()), ("bob", "better"));
    let again = registry
        .transition(MODEL, 2, Stage::Production, "bob", "again")
        .await
        .unwrap();
    assert_eq!(again, made, "nothing moved, so nothing is recorded");
    assert_eq!(registry.production(MODEL).await.unwrap().unwrap().version, 2);
    assert_eq!(
        registry.version(MODEL, 1).await.unwrap().unwrap().stage,
        Stage::Archived
    );
    let champion = registry.version_by_alias(MODEL, CHAMPION).await.unwrap().unwrap();
    assert_eq!(
        (champion.version, champion.aliases.as_slice()),
        (2, [CHAMPION.to_owned()].as_slice())
    );
    let moves: Vec<_> = registry.transitions(MODEL).await.unwrap();
    let moves: Vec<_> = moves
        .iter()
        .map(|t| (t.version, t.from_stage, t.to_stage))
        .collect();
    let expected = [
        (1, Stage::None, Stage::Staging),
        (1, Stage::Staging, Stage::Production),
        (1, Stage::Production, Stage::Archived),
        (2, Stage::None, Stage::Production),
    ];
    assert_eq!(moves, expected);
    registry
        .transition(MODEL, 2, Stage::Archived, "ann", "broken")
        .await
        .unwrap();
    assert_eq!(registry.production(MODEL).await.unwrap(), None);
    assert_eq!(registry.version_by_alias(MODEL, CHAMPION).await.unwrap(), None);
    let absent = registry.transition(MODEL, 9, Stage::Production, "ann", "").await;
    assert!(matches!(
        absent,
        Err(RegistryError::NotFound {
            kind: "model version",
            ..
        })
    ));
    let absent = registry
        .transition("absent", 1, Stage::Production, "ann", "")
        .await;
    assert!(matches!(
        absent,
        Err(RegistryError::NotFound {
            kind: "registered model",
            ..
        })
    ));
}

pub(crate) async fn promotions_at_once_leave_one_production(backend: &Backend) {
    for count in [2, 20] {
        let model = format!("model_{count}");
        backend.versions(&model, count).await;
        let moves = (1..=count).map(|version| {
            let (registry, model) = (backend.registry.clone(), model.clone());
            tokio::spawn(async move {
                registry
                    .transition(&model, version, Stage::Production, "a", "race")
                    .await
            })
        });
        for moved in futures::future::join_all(moves).await {
            moved.unwrap().unwrap();
        }
        let versions = backend.registry.versions(&model).await.unwrap();
        let production: Vec<_> = versions.iter().filter(|v| v.stage == Stage::Production).collect();
        assert_eq!(production.len(), 1);
        assert!(
            versions
                .iter()
                .all(|v| matches!(v.stage, Stage::Production | Stage::Archived))
        );
        assert_eq!(production[0].aliases, [CHAMPION]);

        let mut current = None;
        for step in backend.registry.transitions(&model).await.unwrap() {
            match step.to_stage {
                Stage::Production => assert_eq!(current.replace(step.version), None, "two in Production"),
                _ => assert_eq!(current.take(), Some(step.version)),
            }
        }
        assert_eq!(
            current,
            Some(production[0].version),
            "the history ends where the table stands"
        );
    }
}

pub(crate) async fn rollback_goes_back_and_back(backend: &Backend) {
    let registry = &backend.registry;
    backend.versions(MODEL, 4).await;
    let none = registry.rollback(MODEL, "ann", "").await;
    assert!(matches!(none, Err(RegistryError::NoPreviousProduction { .. })));
    for version in [1, 2, 3] {
        registry
            .transition(MODEL, version, Stage::Production, "ann", "")
            .await
            .unwrap();
    }
    let back = registry.rollback(MODEL, "ann", "3 is broken").await.unwrap();
    assert_eq!(
        (back.version, back.from_stage, back.to_stage),
        (2, Stage::Archived, Stage::Production)
    );
    assert_eq!(registry.production(MODEL).await.unwrap().unwrap().version, 2);
    assert_eq!(
        registry.version(MODEL, 3).await.unwrap().unwrap().stage,
        Stage::Archived
    );
    assert_eq!(
        registry
            .rollback(MODEL, "ann", "2 as well")
            .await
            .unwrap()
            .version,
        1
    );
    assert!(matches!(
        registry.rollback(MODEL, "ann", "").await,
        Err(RegistryError::NoPreviousProduction { .. })
    ));
    assert_eq!(registry.production(MODEL).await.unwrap().unwrap().version, 1);
    registry
        .transition(MODEL, 4, Stage::Production, "ann", "")
        .await
        .unwrap();
    assert_eq!(registry.rollback(MODEL, "ann", "").await.unwrap().version, 1);
    assert_eq!(
        registry
            .version_by_alias(MODEL, CHAMPION)
            .await
            .unwrap()
            .unwrap()
            .version,
        1
    );
}

pub(crate) async fn history_and_provenance_refuse_rewriting(backend: &Backend) {
    backend.versions(MODEL, 2).await;
    backend
        .registry
        .transition(MODEL, 1, Stage::Production, "ann", "why")
        .await
        .unwrap();
    let (versions, transitions) = (
        backend.registry.versions(MODEL).await.unwrap(),
        backend.registry.transitions(MODEL).await.unwrap(),
    );
    let pool = backend.pool().await;
    for (statement, message) in [
        ("update transitions set reason = 'nicer'", "append-only"),
        ("delete from transitions", "append-only"),
        ("update model_versions set model_sha256 = 'x'", "never rewritten"),
        (
            "update model_versions set run_id = run_id where version = 1",
            "never rewritten",
        ),
        ("delete from model_versions", "never deleted"),
        (
            "update model_versions set stage = 'Production' where version = 2",
            "one_production|UNIQUE constraint",
        ),
    ] {
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
    assert_eq!(backend.registry.versions(MODEL).await.unwrap(), versions);
    assert_eq!(backend.registry.transitions(MODEL).await.unwrap(), transitions);
}

pub(crate) async fn aliases(backend: &Backend) {
    let registry = &backend.registry;
    backend.versions(MODEL, 2).await;
    registry.set_alias(MODEL, "challenger", 1).await.unwrap();
    registry.set_alias(MODEL, "challenger", 2).await.unwrap();
    registry.set_alias(MODEL, "blue", 2).await.unwrap();
    let found = registry
        .version_by_alias(MODEL, "challenger")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (found.version, found.aliases),
        (2, vec!["blue".to_owned(), "challenger".to_owned()])
    );
    registry.delete_alias(MODEL, "challenger").await.unwrap();
    registry.delete_alias(MODEL, "challenger").await.unwrap();
    assert_eq!(
        registry.version_by_alias(MODEL, "challenger").await.unwrap(),
        None
    );
    for refused in ["latest", "v2", "a/b"] {
        assert!(matches!(
            registry.set_alias(MODEL, refused, 1).await,
            Err(RegistryError::InvalidValue { .. })
        ));
    }
    assert!(matches!(
        registry.set_alias(MODEL, "blue", 3).await,
        Err(RegistryError::NotFound { .. })
    ));
}

pub(crate) async fn wrong_versions_are_refused(backend: &Backend) {
    let good = backend.new_version(MODEL).await;
    let orphan = NewVersion {
        run_id: "absent".into(),
        ..good.clone()
    };
    let refused = backend.registry.create_version(orphan).await;
    assert!(matches!(
        refused,
        Err(RegistryError::NotFound { kind: "run", .. })
    ));
    for bad in [
        NewVersion {
            model_name: "a/b".into(),
            ..good.clone()
        },
        NewVersion {
            model_sha256: "AB".repeat(32),
            ..good.clone()
        },
        NewVersion {
            booster_sha256: String::new(),
            ..good.clone()
        },
        NewVersion {
            model_file: "../x".into(),
            ..good.clone()
        },
        NewVersion {
            bundle_file: Some("a/b".into()),
            ..good.clone()
        },
        NewVersion {
            source: "s".repeat(501),
            ..good.clone()
        },
    ] {
        let refused = backend.registry.create_version(bad).await;
        assert!(
            matches!(refused, Err(RegistryError::InvalidValue { .. })),
            "{refused:?}"
        );
    }
    assert!(
        backend.registry.models().await.unwrap().is_empty(),
        "nothing was written"
    );
    assert_eq!(backend.registry.create_version(good).await.unwrap().version, 1);
}
