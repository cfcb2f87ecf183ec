use std::sync::Arc;

use registry::{
    Actor, AuditEntry, AuditProblem, Batch, DatabaseLocation, Lifecycle, NO_HASH, NewExperiment,
    NewLoggedModel, NewRecord, Registry, Role, RunStatus, Stage, TrainingRequest,
};
use sqlx::{AnyPool, AssertSqlSafe};

use crate::{access::new_token, backend::Backend};

const MODEL: &str = "ctr";

async fn log(registry: &Registry) -> Vec<AuditEntry> {
    registry.audit_after(0, 10_000).await.unwrap()
}

/// What was done since the entry `after`, as `action object`.
async fn done(registry: &Registry, after: usize) -> Vec<String> {
    let entries = log(registry).await;
    let shown = |entry: &AuditEntry| format!("{} {}", entry.action, entry.object);
    entries[after..].iter().map(shown).collect()
}

pub(crate) async fn every_change_says_who_what_and_from_where(backend: &Backend) {
    assert!(log(&backend.registry).await.is_empty());
    let ann = backend.registry.acting_as(Actor::new("token:ann:1", "192.0.2.7"));
    let experiment = NewExperiment {
        name: "clicks".to_owned(),
        ..NewExperiment::default()
    };
    let experiment = ann.create_experiment(experiment).await.unwrap();
    let id = experiment.experiment_id.as_str();
    ann.rename_experiment(id, "more clicks").await.unwrap();
    ann.set_experiment_lifecycle(id, Lifecycle::Deleted)
        .await
        .unwrap();
    ann.set_experiment_lifecycle(id, Lifecycle::Active).await.unwrap();
    assert_eq!(
        done(&ann, 0).await,
        ["create", "rename", "delete", "restore"].map(|action| format!("experiment.{action} {id}"))
    );

    let run = backend.run().await.run_id;
    let before = log(&ann).await.len();
    ann.set_run_lifecycle(&run, Lifecycle::Deleted).await.unwrap();
    ann.set_run_lifecycle(&run, Lifecycle::Deleted).await.unwrap();
    ann.set_run_lifecycle(&run, Lifecycle::Active).await.unwrap();
    let expected = [format!("run.delete {run}"), format!("run.restore {run}")];
    assert_eq!(done(&ann, before).await, expected);

    let new = backend.new_version(MODEL).await;
    let before = log(&ann).await.len();
    ann.create_model(MODEL, None, &[]).await.unwrap();
    ann.describe_model(MODEL, "what it is").await.unwrap();
    ann.set_model_tag(MODEL, "k", "v").await.unwrap();
    ann.delete_model_tag(MODEL, "k").await.unwrap();
    ann.delete_model_tag(MODEL, "k").await.unwrap();
    ann.create_version(new).await.unwrap();
    let record = NewRecord {
        model_name: MODEL.to_owned(),
        source: "s3://b/x".to_owned(),
        storage_uri: "s3://b/x".to_owned(),
        ..NewRecord::default()
    };
    ann.create_record(record).await.unwrap();
    ann.describe_version(MODEL, 2, "better").await.unwrap();
    ann.set_version_tag(MODEL, 2, "k", "v").await.unwrap();
    ann.delete_version_tag(MODEL, 2, "k").await.unwrap();
    ann.set_alias(MODEL, "blue", 2).await.unwrap();
    ann.delete_alias(MODEL, "blue").await.unwrap();
    ann.delete_alias(MODEL, "blue").await.unwrap();
    ann.transition(MODEL, 1, Stage::Production, "ann", "because")
        .await
        .unwrap();
    ann.transition(MODEL, 1, Stage::Production, "ann", "again")
        .await
        .unwrap();
    ann.transition(MODEL, 2, Stage::Production, "ann", "")
        .await
        .unwrap();
    ann.rollback(MODEL, "ann", "oh").await.unwrap();
    ann.rename_model(MODEL, "ctr_b").await.unwrap();
    ann.delete_version("ctr_b", 2, "ann").await.unwrap();
    ann.delete_model("ctr_b", "ann").await.unwrap();
    let expected = [
        "model.create ctr",
        "model.describe ctr",
        "model.set_tag ctr",
        "model.delete_tag ctr",
        "version.create ctr/1",
        "version.create ctr/2",
        "version.describe ctr/2",
        "version.set_tag ctr/2",
        "version.delete_tag ctr/2",
        "alias.set ctr@blue",
        "alias.delete ctr@blue",
        "version.stage ctr/1",
        "version.stage ctr/1",
        "version.stage ctr/2",
        "version.stage ctr/2",
        "version.stage ctr/1",
        "model.rename ctr",
        "version.delete ctr_b/2",
        "version.stage ctr_b/1",
        "version.delete ctr_b/1",
        "model.delete ctr_b",
    ];
    assert_eq!(done(&ann, before).await, expected);
    let moved = &log(&ann).await[before + 11];
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(&moved.details).unwrap(),
        serde_json::json!({
            "actor": "ann",
            "from": "None",
            "is_rollback": false,
            "reason": "because",
            "to": "Production",
            "transition": 1,
        })
    );

    let before = log(&ann).await.len();
    let logged = NewLoggedModel {
        experiment_id: id.to_owned(),
        ..NewLoggedModel::default()
    };
    let logged = ann.create_logged_model(logged).await.unwrap().model_id;
    ann.delete_logged_model(&logged).await.unwrap();
    let request = TrainingRequest {
        data: vec!["https://user:hunter2@h/rows.tsv".to_owned()],
        ..TrainingRequest::default()
    };
    let queued = ann.queue().enqueue(request).await.unwrap().training_run_id;
    let (token, _) = ann.create_token(new_token("ci", Role::Viewer)).await.unwrap();
    ann.revoke_token(&token.token_id).await.unwrap();
    ann.revoke_token(&token.token_id).await.unwrap();
    ann.record_change("artifact.delete", "0/x", serde_json_object())
        .await
        .unwrap();
    let expected = [
        format!("logged_model.delete {logged}"),
        format!("training_run.queue {queued}"),
        format!("token.create {}", token.token_id),
        format!("token.revoke {}", token.token_id),
        "artifact.delete 0/x".to_owned(),
    ];
    assert_eq!(done(&ann, before).await, expected);

    let entries = log(&ann).await;
    for (at, entry) in entries.iter().enumerate() {
        assert_eq!(entry.sequence, at as i64 + 1);
        assert!(!entry.details.contains("hunter2"));
        let by_another = entry.action == "experiment.create" && entry.object != id;
        let expected = match by_another {
            true => ("program", "program"),
            false => ("token:ann:1", "192.0.2.7"),
        };
        assert_eq!(
            (entry.who.as_str(), entry.origin.as_str()),
            expected,
            "{}",
            entry.action
        );
    }
    assert_eq!(ann.audit_after(3, 2).await.unwrap(), entries[3..5]);
    let verdict = ann.verify_audit(None).await.unwrap();
    assert_eq!((verdict.entries, verdict.problem), (entries.len() as i64, None));
    assert_eq!(verdict.hash, ann.audit_head().await.unwrap().hash);
}

fn serde_json_object() -> serde_json::Value {
    serde_json::Value::Object(serde_json::Map::new())
}

pub(crate) async fn what_is_refused_and_what_is_tracked_is_no_entry(backend: &Backend) {
    let registry = &backend.registry;
    backend.versions(MODEL, 1).await;
    let before = log(registry).await;
    registry.create_model(MODEL, None, &[]).await.unwrap_err();
    registry.set_alias(MODEL, "blue", 7).await.unwrap_err();
    registry
        .transition(MODEL, 7, Stage::Staging, "ann", "")
        .await
        .unwrap_err();
    registry.rollback(MODEL, "ann", "").await.unwrap_err();
    registry.delete_model("absent", "ann").await.unwrap_err();
    registry.delete_version(MODEL, 7, "ann").await.unwrap_err();
    registry.revoke_token("absent").await.unwrap_err();
    registry.delete_logged_model("absent").await.unwrap_err();
    let absent = registry.set_run_lifecycle("absent", Lifecycle::Deleted).await;
    absent.unwrap_err();

    let run = backend.run().await.run_id;
    let batch = Batch {
        params: vec![("eta".to_owned(), "0.1".to_owned())],
        tags: vec![("k".to_owned(), "v".to_owned())],
        ..Batch::default()
    };
    registry
        .log_batch(&run, &[], &batch.params, &batch.tags)
        .await
        .unwrap();
    registry
        .update_run(&run, RunStatus::Finished, Some(5))
        .await
        .unwrap();
    assert_eq!(log(registry).await, before);
}

pub(crate) async fn writers_at_once_make_one_chain(backend: &Backend) {
    let another = Registry::connect(&backend.config).await.unwrap();
    let models = ["a", "b", "c", "d"];
    for model in models {
        backend.versions(model, 2).await;
    }
    let before = backend.registry.audit_head().await.unwrap().entries;
    let writers = (0..40_usize).map(|writer| {
        let registry = match writer % 2 {
            0 => backend.registry.clone(),
            _ => another.clone(),
        };
        let registry = registry.acting_as(Actor::worker(&writer.to_string()));
        tokio::spawn(async move {
            let model = models[writer % models.len()];
            let version = writer as i64 / 4 % 2 + 1;
            registry
                .set_alias(model, &format!("w{writer}-a"), version)
                .await
                .unwrap();
            registry.set_alias(model, "shared", version).await.unwrap();
            registry
                .transition(model, version, Stage::Production, "race", "")
                .await
                .unwrap();
            registry
                .delete_alias(model, &format!("w{writer}-a"))
                .await
                .unwrap();
        })
    });
    for writer in futures::future::join_all(writers).await {
        writer.unwrap();
    }
    let verdict = backend.registry.verify_audit(None).await.unwrap();
    assert_eq!(verdict.problem, None);
    let entries = log(&backend.registry).await;
    let of = |action: &str| {
        let entries = entries[before as usize..].iter();
        entries.filter(|entry| entry.action == action).count()
    };
    assert_eq!((of("alias.set"), of("alias.delete")), (80, 40));
    let mut transitions = 0;
    for model in models {
        transitions += backend.registry.transitions(model).await.unwrap().len();
    }
    assert_eq!(of("version.stage"), transitions);
    assert_eq!(verdict.entries, entries.len() as i64);
}

pub(crate) async fn the_database_refuses_to_rewrite_the_log(backend: &Backend) {
    backend.versions(MODEL, 2).await;
    let entries = log(&backend.registry).await;
    let pool = backend.pool().await;
    for statement in [
        "update audit_log set who = 'nobody'",
        "update audit_log set sequence = sequence + 10",
        "delete from audit_log where sequence = 2",
        "update audit_head set entries = entries - 1",
        "update audit_head set hash = 'x'",
        "update audit_head set id = 2",
        "delete from audit_head",
    ] {
        let error = sqlx::query(statement).execute(&pool).await.unwrap_err();
        let error = error.to_string();
        assert!(
            error.contains("append-only") || error.contains("only grows"),
            "{statement}: {error}"
        );
    }
    if matches!(backend.config.database, DatabaseLocation::Postgres(_)) {
        for statement in ["truncate audit_log", "truncate audit_head"] {
            sqlx::query(statement).execute(&pool).await.unwrap_err();
        }
    }
    assert_eq!(log(&backend.registry).await, entries);
}

/// Whoever owns the database can drop its triggers; the chain tells all the same.
pub(crate) async fn every_kind_of_forgery_is_found(backend: &Backend) {
    let registry = &backend.registry;
    backend.versions(MODEL, 6).await;
    let original = Arc::new(log(registry).await);
    let shown = |entry: &AuditEntry| format!("{} {}", entry.action, entry.object);
    let first: Vec<String> = original[..3].iter().map(shown).collect();
    assert_eq!(
        first,
        ["experiment.create 1", "model.create ctr", "version.create ctr/1"]
    );
    assert_eq!(original.len(), 8);
    let forger = Forger::new(backend, original.clone()).await;
    let (third, last) = (&original[2].hash, &original[7].hash);

    // Nothing forged: right, against what was noted at any time too.
    for noted in [None, Some(NO_HASH), Some(third), Some(last)] {
        let verdict = registry
            .verify_audit(noted.map(|noted| noted as &str))
            .await
            .unwrap();
        assert_eq!(
            (verdict.entries, verdict.hash.as_str(), verdict.problem),
            (8, last.as_str(), None)
        );
    }

    // A field of an entry.
    for change in [
        "who = 'somebody else'",
        "origin = '203.0.113.9'",
        "action = 'version.delete'",
        "object = 'ctr/99'",
        "details = '{}'",
        "at_ms = at_ms + 1",
        "previous_hash = hash",
        "hash = previous_hash",
    ] {
        forger
            .run(&format!("update audit_log set {change} where sequence = 4"))
            .await;
        forger.expect(AuditProblem::Changed { sequence: 4 }).await;
    }
    // A field, with the hash of what it says now.
    for (sequence, problem) in [
        (4, AuditProblem::Unlinked { sequence: 5 }),
        (8, AuditProblem::Rewritten { sequence: 8 }),
    ] {
        let mut entry = original[sequence - 1].clone();
        entry.who = "somebody else".to_owned();
        entry.hash = entry.expected_hash();
        forger.replace(&entry).await;
        forger.expect(problem).await;
    }
    // Removed entries.
    for sequence in [1, 4] {
        forger
            .run(&format!("delete from audit_log where sequence = {sequence}"))
            .await;
        forger.expect(AuditProblem::Missing { sequence }).await;
    }
    // Two that changed places, as they were, and with fresh hashes.
    for fresh in [false, true] {
        for (from, to) in [(4, 5), (5, 4)] {
            let mut entry = original[from - 1].clone();
            entry.sequence = to as i64;
            if fresh {
                entry.hash = entry.expected_hash();
            }
            forger.replace(&entry).await;
        }
        let problem = match fresh {
            false => AuditProblem::Changed { sequence: 4 },
            true => AuditProblem::Unlinked { sequence: 4 },
        };
        forger.expect(problem).await;
    }
    // A tail that was cut off.
    for first in [8, 6, 1] {
        forger
            .run(&format!("delete from audit_log where sequence >= {first}"))
            .await;
        forger
            .expect(AuditProblem::Truncated {
                sequence: first,
                entries: 8,
            })
            .await;
    }
    // Entries that nobody wrote, before and after.
    for sequence in [0, 9] {
        let mut entry = original[7].clone();
        entry.sequence = sequence;
        entry.previous_hash = original[7].hash.clone();
        entry.hash = entry.expected_hash();
        forger.replace(&entry).await;
        forger.expect(AuditProblem::Unexpected { sequence }).await;
    }
    // The head.
    forger.run("update audit_head set hash = 'x'").await;
    forger.expect(AuditProblem::Rewritten { sequence: 8 }).await;
    forger.run("delete from audit_head").await;
    forger.expect(AuditProblem::NoHead).await;

    // The tail with the head set back, and the whole log written anew: only what was noted elsewhere tells.
    let not_on_record = Some(AuditProblem::NotOnRecord { hash: last.clone() });
    forger.run("delete from audit_log where sequence = 8").await;
    forger.set_head(7, &original[6].hash).await;
    let fooled = registry.verify_audit(None).await.unwrap();
    assert_eq!((fooled.entries, fooled.problem), (7, None));
    assert_eq!(registry.verify_audit(Some(third)).await.unwrap().problem, None);
    assert_eq!(
        registry.verify_audit(Some(last)).await.unwrap().problem,
        not_on_record
    );
    forger.restore().await;

    let mut previous = NO_HASH.to_owned();
    for entry in original.iter() {
        let mut entry = entry.clone();
        entry.who = "somebody else".to_owned();
        entry.previous_hash = previous;
        entry.hash = entry.expected_hash();
        forger.replace(&entry).await;
        previous = entry.hash;
    }
    forger.set_head(8, &previous).await;
    let fooled = registry.verify_audit(None).await.unwrap();
    assert_eq!((fooled.entries, fooled.problem), (8, None));
    assert_eq!(
        registry.verify_audit(Some(last)).await.unwrap().problem,
        not_on_record
    );
    forger.restore().await;
    assert_eq!(registry.verify_audit(Some(last)).await.unwrap().problem, None);
}

/// Writes to the log with the triggers gone.
struct Forger {
    pool: AnyPool,
    registry: Registry,
    original: Arc<Vec<AuditEntry>>,
}

impl Forger {
    async fn new(backend: &Backend, original: Arc<Vec<AuditEntry>>) -> Forger {
        let triggers: &[&'static str] = match backend.config.database {
            DatabaseLocation::Sqlite(_) => &[
                "drop trigger audit_log_no_update",
                "drop trigger audit_log_no_delete",
                "drop trigger audit_head_grows",
                "drop trigger audit_head_no_delete",
            ],
            DatabaseLocation::Postgres(_) => &[
                "alter table audit_log disable trigger user",
                "alter table audit_head disable trigger user",
            ],
        };
        let pool = backend.pool().await;
        for statement in triggers {
            sqlx::query(*statement).execute(&pool).await.unwrap();
        }
        Forger {
            pool,
            registry: backend.registry.clone(),
            original,
        }
    }

    async fn run(&self, statement: &str) {
        sqlx::query(AssertSqlSafe(statement.to_owned()))
            .execute(&self.pool)
            .await
            .unwrap();
    }

    async fn replace(&self, entry: &AuditEntry) {
        self.run(&format!(
            "delete from audit_log where sequence = {}",
            entry.sequence
        ))
        .await;
        sqlx::query("insert into audit_log values ($1, $2, $3, $4, $5, $6, $7, $8, $9)")
            .bind(entry.sequence)
            .bind(entry.at_ms)
            .bind(&entry.who)
            .bind(&entry.origin)
            .bind(&entry.action)
            .bind(&entry.object)
            .bind(&entry.details)
            .bind(&entry.previous_hash)
            .bind(&entry.hash)
            .execute(&self.pool)
            .await
            .unwrap();
    }

    async fn set_head(&self, entries: i64, hash: &str) {
        self.run("delete from audit_head").await;
        sqlx::query("insert into audit_head values (1, $1, $2)")
            .bind(entries)
            .bind(hash)
            .execute(&self.pool)
            .await
            .unwrap();
    }

    async fn restore(&self) {
        self.run("delete from audit_log").await;
        for entry in self.original.iter() {
            self.replace(entry).await;
        }
        let last = self.original.last().unwrap();
        self.set_head(last.sequence, &last.hash).await;
    }

    /// Checks what is found, and undoes the forgery.
    async fn expect(&self, problem: AuditProblem) {
        let verdict = self.registry.verify_audit(None).await.unwrap();
        assert_eq!(verdict.problem.as_ref(), Some(&problem));
        if let Some(sequence) = problem.sequence() {
            assert!(
                problem.to_string().contains(&format!(" {sequence} ")),
                "{problem}"
            );
        }
        self.restore().await;
    }
}
