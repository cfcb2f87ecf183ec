//! The straight line on a real registry (SQLite, a folder): what a run leaves when it works, and when it doesn't.

#![allow(clippy::unwrap_used, reason = "what a test relies on may panic")]

mod support;

use std::collections::BTreeMap;

use model_export::{Model, Provenance, Row};
use registry::{Bucket, RunStatus};
use support::{Home, small};
use trainer::cancel::CancelToken;
use trainer::crosses::Crosses;
use trainer::generate::Generator;
use trainer::ingest::Data;
use trainer::metrics::Metrics;
use trainer::pipeline::{self, PipelineError, Promotion};
use trainer::process::ProcessError;
use trainer::progress::{NoProgress, Progress, Step};
use trainer::source::Source;
use trainer::split::SplitAt;

const ROWS: u64 = 6_000;

async fn model_of(home: &Home, run_id: &str) -> (Vec<u8>, Model) {
    let versions = home.registry.versions(pipeline::MODEL_NAME).await.unwrap();
    let version = versions
        .into_iter()
        .find(|version| version.run_id == run_id)
        .unwrap();
    let uri = format!("{}/{}", version.artifact_uri, version.model_file);
    let bytes = home
        .registry
        .artifacts()
        .get_uri(&uri)
        .await
        .unwrap()
        .unwrap()
        .to_vec();
    assert_eq!(model_export::sha256_hex(&bytes), version.model_sha256);
    assert_eq!(version.model_file, format!("{}.leaf", version.model_sha256));
    let model = Model::from_bytes(&bytes).unwrap();
    (bytes, model)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_leaves_a_version_whose_file_gives_the_logged_metrics() {
    let home = Home::new().await;
    let keys = trainer::keys::generate(&home.folder.path().join("keys")).unwrap();
    let mut config = small(ROWS, 1);
    config.register.signing_key_pem = Some(std::fs::read_to_string(&keys.signing_key).unwrap().into());
    config.promote = Some(Promotion {
        actor: "tester".into(),
        reason: "first".into(),
    });
    config.keep_data = true;
    let outcome = pipeline::run(&home.registry, &config, &NoProgress, &CancelToken::new())
        .await
        .unwrap();
    assert_eq!((outcome.version, outcome.stage.as_str()), (1, "Production"));

    let run = home.registry.run(&outcome.run_id).await.unwrap().unwrap();
    assert_eq!(run.status, RunStatus::Finished);
    assert!(run.end_time_ms >= Some(run.start_time_ms));
    assert_eq!(run.inputs[0].digest, outcome.dataset_digest);
    assert_eq!(run.inputs[0].rows, ROWS as i64);

    // The file's own predictions of the rows, made again here, give every logged metric.
    let (_, model) = model_of(&home, &outcome.run_id).await;
    let test: Vec<Row> = Generator::new(1)
        .take(ROWS as usize)
        .skip(ROWS as usize * 9 / 10)
        .collect();
    let predictions: Vec<(f64, bool)> = test
        .iter()
        .map(|row| (f64::from(model.predict(row).probability), row.label == Some(true)))
        .collect();
    let recomputed = Metrics::of(&predictions).unwrap().named("test_");
    assert_eq!(model.provenance().metrics, recomputed);
    let logged: BTreeMap<_, _> = run
        .metrics
        .iter()
        .map(|metric| (metric.key.clone(), metric.value))
        .collect();
    for (key, value) in &recomputed {
        assert_eq!(logged[key], *value, "{key}");
    }
    assert!(logged["test_auc"] > 0.58, "{logged:?}");
    assert!(logged["oracle_auc"] > logged["test_auc"], "{logged:?}");
    assert!(logged["oracle_logloss"] < logged["test_logloss"], "{logged:?}");

    // One point a round. The model has as many rounds as the best one says, and more for the rows of the refit.
    let curve = home
        .registry
        .metric_history(&outcome.run_id, "validation_logloss")
        .await
        .unwrap();
    let steps: Vec<i64> = curve.iter().map(|point| point.step).collect();
    assert_eq!(steps, (0..curve.len() as i64).collect::<Vec<_>>());
    let best = curve.iter().min_by(|a, b| a.value.total_cmp(&b.value)).unwrap();
    let params = &config.train.params;
    let rounds = match params.refit {
        true => (best.step + 1) * 9 / 8,
        false => best.step + 1,
    };
    assert_eq!(
        model.ensemble().trees() as i64,
        rounds * i64::from(params.num_parallel_tree)
    );
    let trained_on = if params.refit {
        ROWS * 9 / 10
    } else {
        ROWS * 8 / 10
    };
    assert_eq!(model.provenance().training_rows, trained_on);

    // The directory is exactly what the signature vouches for.
    let prefix = format!("{}/{}/artifacts/model/", run.experiment_id, run.run_id);
    let listed = home
        .registry
        .artifacts()
        .list(Bucket::Artifacts, &prefix)
        .await
        .unwrap();
    let mut names: Vec<String> = listed
        .iter()
        .map(|meta| meta.key[prefix.len()..].to_owned())
        .collect();
    let artifact = async |name: &str| {
        home.registry
            .artifacts()
            .get(Bucket::Artifacts, &format!("{prefix}{name}"))
            .await
            .unwrap()
            .unwrap()
    };
    let bundle = String::from_utf8(artifact("model.sig").await.to_vec()).unwrap();
    let public = std::fs::read_to_string(&keys.verification_key).unwrap();
    let verified = model_export::signature::verify(&bundle, &public).unwrap();
    for resource in &verified.resources {
        assert_eq!(
            model_export::sha256_hex(&artifact(&resource.name).await),
            resource.sha256
        );
    }
    names.retain(|name| name != "model.sig");
    names.sort();
    let mut signed: Vec<String> = verified
        .resources
        .into_iter()
        .map(|resource| resource.name)
        .collect();
    signed.sort();
    assert_eq!(names, signed);

    let log = home
        .registry
        .artifacts()
        .get(Bucket::Logs, &format!("{}/train.log", run.run_id))
        .await
        .unwrap();
    assert!(
        String::from_utf8(log.unwrap().to_vec())
            .unwrap()
            .contains("round 0 train_logloss")
    );
    let key = format!("generated/{}.tsv.zst", outcome.dataset_digest);
    let data = home
        .registry
        .artifacts()
        .get(Bucket::Data, &key)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        model_export::sha256_hex(&zstd::decode_all(&data[..]).unwrap()),
        outcome.dataset_digest
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_seed_gives_the_same_model() {
    let home = Home::new().await;
    let mut files = Vec::new();
    for seed in [3, 3, 4] {
        let config = small(3_000, seed);
        let outcome = pipeline::run(&home.registry, &config, &NoProgress, &CancelToken::new())
            .await
            .unwrap();
        let (_, model) = model_of(&home, &outcome.run_id).await;
        let (encoder, ensemble) = (model.encoder().clone(), model.ensemble().clone());
        let samples = model.samples().to_vec();
        files.push(
            Model::new(encoder, ensemble, Provenance::default(), samples)
                .unwrap()
                .to_bytes(),
        );
    }
    assert_eq!(files[0], files[1]);
    assert_ne!(files[0], files[2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn crosses_are_chosen_once_kept_by_the_refit_and_recorded() {
    let home = Home::new().await;
    let mut config = small(3_000, 5);
    config.process.crosses = Crosses::Count(3);
    let outcome = pipeline::run(&home.registry, &config, &NoProgress, &CancelToken::new())
        .await
        .unwrap();
    let (_, chosen) = model_of(&home, &outcome.run_id).await;
    let crosses = chosen.encoder().config().crosses.clone();
    assert!((1..=3).contains(&crosses.len()), "{crosses:?}");
    assert_eq!(chosen.encoder().width(), 65 + 2 * crosses.len());
    let names: Vec<String> = crosses.iter().map(ToString::to_string).collect();
    assert_eq!(chosen.provenance().params["crosses"], names.join(" "));
    let run = home.registry.run(&outcome.run_id).await.unwrap().unwrap();
    let (_, recorded) = run.params.iter().find(|(name, _)| name == "crosses").unwrap();
    assert_eq!(*recorded, names.join(" "));

    // They are those of the training rows, whatever rows the trees are grown on in the end.
    config.process.crosses = Crosses::Listed(crosses);
    let outcome = pipeline::run(&home.registry, &config, &NoProgress, &CancelToken::new())
        .await
        .unwrap();
    let (whole, listed) = model_of(&home, &outcome.run_id).await;
    assert_eq!(listed.encoder(), chosen.encoder());
    assert_eq!(listed.ensemble(), chosen.ensemble());

    // A budget forgets keys of crosses as it does those of columns.
    let max_bytes = whole.len() as u64 * 6 / 10;
    config.register.max_bytes = Some(max_bytes);
    let outcome = pipeline::run(&home.registry, &config, &NoProgress, &CancelToken::new())
        .await
        .unwrap();
    let (small, fitting) = model_of(&home, &outcome.run_id).await;
    assert!(small.len() as u64 <= max_bytes + 64, "{}", small.len());
    assert_eq!(
        fitting.encoder().config().crosses,
        listed.encoder().config().crosses
    );
    assert!(fitting.encoder().keys() < listed.encoder().keys());
}

/// Stops the run at a given point.
struct StopAt {
    step: Step,
    done: u64,
    cancel: CancelToken,
    step_now: std::sync::Mutex<Option<Step>>,
}

impl Progress for StopAt {
    fn start(&self, step: Step, _total: Option<u64>) {
        *self.step_now.lock().unwrap() = Some(step);
    }
    fn advance(&self, done: u64, _message: &str) {
        if *self.step_now.lock().unwrap() == Some(self.step) && done >= self.done {
            self.cancel.cancel();
        }
    }
    fn finish(&self, _message: &str) {}
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_run_is_killed_and_registers_nothing() {
    for (step, done) in [
        (Step::Ingest, 0),
        (Step::Process, 0),
        (Step::Train, 3),
        (Step::Export, 1),
    ] {
        let home = Home::new().await;
        let cancel = CancelToken::new();
        let stop = StopAt {
            step,
            done,
            cancel: cancel.clone(),
            step_now: None.into(),
        };
        let error = pipeline::run(&home.registry, &small(2_500, 1), &stop, &cancel)
            .await
            .unwrap_err();
        assert!(error.is_cancelled(), "{step:?}: {error}");
        let runs = home.registry.runs("1", 10).await.unwrap();
        let killed: Vec<RunStatus> = runs.iter().map(|run| run.status).collect();
        assert_eq!(killed, [RunStatus::Killed], "{step:?}");
        assert!(runs[0].end_time_ms.is_some());
        assert_eq!(
            home.registry.versions(pipeline::MODEL_NAME).await.unwrap(),
            [],
            "{step:?}"
        );
        if step == Step::Train {
            let curve = home
                .registry
                .metric_history(&runs[0].run_id, "validation_logloss")
                .await
                .unwrap();
            assert_eq!(
                curve.len(),
                3,
                "the round under way is finished and kept, no more"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_run_says_why_and_registers_nothing() {
    let home = Home::new().await;
    let path = home.folder.path().join("bad.tsv");
    std::fs::write(&path, "not a row\n").unwrap();
    let mut config = small(100, 1);
    config.data = Data::Sources(vec![Source::Path(path)]);
    let error = pipeline::run(&home.registry, &config, &NoProgress, &CancelToken::new())
        .await
        .unwrap_err();
    assert!(error.is_refused_data(), "{error}");
    let run = home.registry.runs("1", 10).await.unwrap().remove(0);
    assert_eq!(run.status, RunStatus::Failed);
    let reason = run
        .tags
        .iter()
        .find(|(key, _)| key == "clickleaf.end_reason")
        .unwrap();
    assert!(reason.1.contains("bad.tsv: line 1"), "{reason:?}");
    assert_eq!(home.registry.versions(pipeline::MODEL_NAME).await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_label_alone_trains_nothing() {
    let home = Home::new().await;
    let rows = Generator::new(1).take(50).map(|row| {
        Row {
            label: Some(false),
            ..row
        }
        .to_tsv()
            + "\n"
    });
    let path = home.folder.path().join("no_clicks.tsv");
    std::fs::write(&path, rows.collect::<String>()).unwrap();
    let mut config = small(100, 1);
    config.data = Data::Sources(vec![Source::Path(path)]);
    let error = pipeline::run(&home.registry, &config, &NoProgress, &CancelToken::new())
        .await
        .unwrap_err();
    assert!(
        matches!(
            error,
            PipelineError::Process(ProcessError::OneClass { part: "training", .. })
        ),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_gbdt_engine_goes_the_same_line() {
    let home = Home::new().await;
    let mut config = small(2_000, 1);
    config.train.engine = registry::Engine::Gbdt;
    config.train.params = trainer::train::TrainParams {
        rounds: 6,
        ..trainer::train::TrainParams::for_engine(registry::Engine::Gbdt)
    };
    let outcome = pipeline::run(&home.registry, &config, &NoProgress, &CancelToken::new())
        .await
        .unwrap();
    let (_, model) = model_of(&home, &outcome.run_id).await;
    assert_eq!(model.provenance().engine, "gbdt 0.1.3");
    assert!(outcome.metrics["test_auc"] > 0.5, "{:?}", outcome.metrics);
}

/// Labels that have nothing to do with the rows can't be predicted; a leak in the encoding would show as skill.
#[tokio::test(flavor = "multi_thread")]
async fn shuffled_labels_teach_nothing() {
    let home = Home::new().await;
    let rows: Vec<Row> = Generator::new(9).take(30_000).collect();
    let labels = Generator::new(10).map(|row| row.label);
    let shuffled = rows
        .into_iter()
        .zip(labels)
        .map(|(row, label)| Row { label, ..row }.to_tsv() + "\n");
    let path = home.folder.path().join("shuffled.tsv");
    std::fs::write(&path, shuffled.collect::<String>()).unwrap();
    let mut config = small(100, 1);
    config.data = Data::Sources(vec![Source::Path(path)]);
    config.process.split = SplitAt::Rows {
        stop_from: 15_001,
        test_from: 18_001,
    };
    let outcome = pipeline::run(&home.registry, &config, &NoProgress, &CancelToken::new())
        .await
        .unwrap();
    let auc = outcome.metrics["test_auc"];
    assert!((auc - 0.5).abs() < 0.02, "AUC {auc}");
    // Out-of-fold means carry no trace of a row's own label, so training isn't fooled into many rounds either.
    let curve = home
        .registry
        .metric_history(&outcome.run_id, "train_logloss")
        .await
        .unwrap();
    assert!(
        curve.last().unwrap().value > 0.45,
        "the training rows were learnt by heart: {:?}",
        curve.last()
    );
}
