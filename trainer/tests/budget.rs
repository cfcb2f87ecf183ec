//! A budget of bytes: kept to, at a cost that is measured and told, or refused.

#![allow(clippy::unwrap_used, reason = "what a test relies on may panic")]

mod support;

use std::collections::BTreeMap;
use std::sync::Mutex;

use model_export::{Model, Row};
use registry::RunStatus;
use support::{Home, small};
use trainer::cancel::CancelToken;
use trainer::generate::Generator;
use trainer::metrics::Metrics;
use trainer::pipeline::{self, PipelineConfig, PipelineOutcome};
use trainer::progress::{NoProgress, Progress, Step};

const ROWS: u64 = 20_000;

/// The fewer of the bytes themselves and their brotli form as the server makes it.
fn served(bytes: &[u8]) -> u64 {
    let parameters = brotli::enc::BrotliEncoderParams {
        quality: 9,
        lgwin: 22,
        ..Default::default()
    };
    let mut compressed = Vec::new();
    brotli::BrotliCompress(&mut &*bytes, &mut compressed, &parameters).unwrap();
    compressed.len().min(bytes.len()) as u64
}

async fn run(home: &Home, config: &PipelineConfig) -> (PipelineOutcome, Vec<u8>, BTreeMap<String, String>) {
    let outcome = pipeline::run(&home.registry, config, &NoProgress, &CancelToken::new())
        .await
        .unwrap();
    let uri = format!("{}/{}.leaf", outcome.artifact_uri, outcome.model_sha256);
    let bytes = home
        .registry
        .artifacts()
        .get_uri(&uri)
        .await
        .unwrap()
        .unwrap()
        .to_vec();
    let run = home.registry.run(&outcome.run_id).await.unwrap().unwrap();
    let params = run.params.into_iter().collect();
    (outcome, bytes, params)
}

fn metrics(model: &Model, rows: &[Row]) -> Metrics {
    let prediction = |row: &Row| (f64::from(model.predict(row).probability), row.label == Some(true));
    Metrics::of(&rows.iter().map(prediction).collect::<Vec<_>>()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_fits_its_budget_and_says_what_that_cost() {
    let home = Home::new().await;
    // A budget is judged on the early-stopping rows, so the file it is compared with has not learnt them either.
    let mut unlimited = small(ROWS, 1);
    unlimited.train.params.refit = false;
    let (outcome, bytes, params) = run(&home, &unlimited).await;
    let whole = Model::from_bytes(&bytes).unwrap();
    let whole_bytes = served(&bytes);
    assert!(!params.contains_key("max_bytes"));
    assert!(!outcome.metrics.contains_key("budget_bytes"));

    let rows: Vec<Row> = Generator::new(1).take(ROWS as usize).collect();
    let (stop, test) = rows[ROWS as usize * 8 / 10..].split_at(ROWS as usize / 10);
    for (max_bytes, unchanged) in [
        (2 * whole_bytes, true),
        (whole_bytes * 7 / 10, false),
        (whole_bytes * 3 / 10, false),
        (whole_bytes / 10, false),
    ] {
        let mut config = small(ROWS, 1);
        config.register.max_bytes = Some(max_bytes);
        let (outcome, bytes, params) = run(&home, &config).await;
        let model = Model::from_bytes(&bytes).unwrap();
        let metric = |name: &str| outcome.metrics[name];
        assert!(served(&bytes) <= max_bytes, "{} of {max_bytes}", served(&bytes));
        assert!(
            served(&bytes) > max_bytes * 8 / 10 || unchanged,
            "{} of {max_bytes}",
            served(&bytes)
        );
        assert_eq!(metric("budget_bytes"), served(&bytes) as f64);
        assert!((metric("budget_bytes_before") - whole_bytes as f64).abs() < 100.0);
        assert_eq!(params["max_bytes"], max_bytes.to_string());
        for (name, value) in model
            .provenance()
            .params
            .iter()
            .filter(|(name, _)| name.starts_with("budget_"))
        {
            assert_eq!(&params[name], value);
        }

        // All that is told can be computed again from the two files.
        assert_eq!(model.provenance().metrics, metrics(&model, test).named("test_"));
        assert_eq!(
            metric("budget_validation_logloss_before"),
            metrics(&whole, stop).logloss
        );
        assert_eq!(metric("budget_validation_logloss"), metrics(&model, stop).logloss);
        let differences = stop
            .iter()
            .chain(test)
            .map(|row| (model.predict(row).margin - whole.predict(row).margin).abs());
        let difference = differences.fold(0.0, f32::max);
        assert_eq!(metric("budget_margin_difference"), f64::from(difference));
        assert!(difference == 0.0 || !unchanged, "{max_bytes}: {params:?}");
        let trees = format!("{} of {}", model.ensemble().trees(), whole.ensemble().trees());
        assert_eq!(params["budget_trees"], trees);
        assert!(
            params["budget_keys"].ends_with(&format!(" of {}", whole.encoder().keys())),
            "{params:?}"
        );
    }
}

/// Remembers what each step ended with.
#[derive(Default)]
struct Told(Mutex<Vec<String>>);

impl Progress for Told {
    fn start(&self, _step: Step, _total: Option<u64>) {}
    fn advance(&self, _done: u64, _message: &str) {}
    fn finish(&self, message: &str) {
        self.0.lock().unwrap().push(message.to_owned());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_budget_that_cannot_be_kept_to_fails_the_run() {
    let home = Home::new().await;
    let mut config = small(2_000, 1);
    config.train.params.rounds = 5;
    config.register.max_bytes = Some(500);
    let told = Told::default();
    let error = pipeline::run(&home.registry, &config, &told, &CancelToken::new())
        .await
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("no model of at most 500 bytes can be made of this one"),
        "{error}"
    );
    let runs = home.registry.runs("1", 10).await.unwrap();
    assert_eq!(runs[0].status, RunStatus::Failed);
    assert_eq!(home.registry.versions(pipeline::MODEL_NAME).await.unwrap(), []);

    // The smallest that it names can be made.
    let least: u64 = error.rsplit(' ').find_map(|word| word.parse().ok()).unwrap();
    config.register.max_bytes = Some(least + 100);
    let outcome = pipeline::run(&home.registry, &config, &told, &CancelToken::new())
        .await
        .unwrap();
    let message = told
        .0
        .lock()
        .unwrap()
        .iter()
        .find(|message| message.contains(".leaf"))
        .cloned()
        .unwrap();
    assert!(message.contains(&format!(
        "bytes as served instead of {}",
        outcome.metrics["budget_bytes_before"]
    )));
    assert!(
        message.contains(&format!("of {} allowed; ", least + 100)),
        "{message}"
    );
    assert!(message.contains("validation logloss"), "{message}");
}

/// The bar: 450 KiB, at no more than 0.0005 of logloss.
#[cfg(feature = "xgboost")]
#[test]
fn real_rows_fit_450_kib() {
    let Some(data) = support::criteo() else {
        println!("SKIPPED: no Criteo rows; set CLICKLEAF_CRITEO to a file of them");
        return;
    };
    let home = tempfile::tempdir().unwrap();
    let step = |arguments: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_clickleaf-trainer"));
        command
            .args(arguments)
            .args(["--work-dir", "work"])
            .current_dir(home.path())
            .env_clear()
            .env("CLICKLEAF_DATABASE_URL", support::database_url(home.path()))
            .env("CLICKLEAF_STORE_URL", support::store_url(home.path()));
        let output = command.output().unwrap();
        let problem = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {problem}");
        String::from_utf8(output.stdout).unwrap()
    };
    step(&["ingest", "--data", data.to_str().unwrap()]);
    step(&["process", "--stop-from", "88001", "--test-from", "99001"]);
    step(&["train", "--no-refit"]);
    let registered = |arguments: &[&str]| -> (u64, serde_json::Value) {
        let text = step(&[&["register", "--json"], arguments].concat());
        let outcome: serde_json::Value = serde_json::from_str(&text).unwrap();
        let folder = outcome["artifact_uri"]
            .as_str()
            .unwrap()
            .strip_prefix("file://")
            .unwrap();
        let file = format!("{folder}/{}.leaf", outcome["model_sha256"].as_str().unwrap());
        (served(&std::fs::read(file).unwrap()), outcome["metrics"].clone())
    };
    let (bytes, whole) = registered(&[]);
    println!(
        "no budget: {bytes} bytes as served, test logloss {}",
        whole["test_logloss"]
    );
    assert!(bytes <= 450 * 1024);
    for (max_bytes, most_cost) in [(450 * 1024, 0.0), (180_000, 0.0005)] {
        let (bytes, metrics) = registered(&["--max-bytes", &max_bytes.to_string()]);
        let cost = metrics["test_logloss"].as_f64().unwrap() - whole["test_logloss"].as_f64().unwrap();
        println!("{max_bytes}: {bytes} bytes as served, test logloss {cost:+.6}");
        assert!(bytes <= max_bytes, "{bytes}");
        assert!(cost <= most_cost, "{cost}");
    }
}
