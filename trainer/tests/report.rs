//! The evaluation report that a run leaves among its artifacts.

#![allow(clippy::unwrap_used, reason = "what a test relies on may panic")]

mod support;

use std::collections::BTreeMap;

use model_export::{Model, Row};
use registry::{Bucket, Engine, Run};
use report::Report;
use support::{Home, small};
use trainer::cancel::CancelToken;
use trainer::generate::Generator;
use trainer::metrics::Metrics;
use trainer::pipeline::{self, PipelineConfig};
use trainer::progress::NoProgress;
use trainer::train::TrainParams;

const ROWS: u64 = 6_000;

/// A run with its exported model, its report and the report's page.
struct Judged {
    run: Run,
    model: Model,
    report: Report,
    page: String,
}

async fn judged(config: &PipelineConfig) -> Judged {
    let home = Home::new().await;
    let outcome = pipeline::run(&home.registry, config, &NoProgress, &CancelToken::new())
        .await
        .unwrap();
    let run = home.registry.run(&outcome.run_id).await.unwrap().unwrap();
    let artifacts = home.registry.artifacts();
    let folder = format!("{}/{}/artifacts", run.experiment_id, run.run_id);
    let read = async |name: String| {
        let object = artifacts
            .get(Bucket::Artifacts, &format!("{folder}/{name}"))
            .await;
        object.unwrap().unwrap().to_vec()
    };
    let model = read(format!("model/{}.leaf", outcome.model_sha256)).await;
    let report = Report::from_json(&read("report/report.json".to_owned()).await).unwrap();
    assert_eq!(report.identity.model_sha256, outcome.model_sha256);
    assert_eq!(report.identity.dataset_digest, outcome.dataset_digest);
    Judged {
        model: Model::from_bytes(&model).unwrap(),
        report,
        page: String::from_utf8(read("report/report.html".to_owned()).await).unwrap(),
        run,
    }
}

fn test_rows() -> Vec<Row> {
    let rows = Generator::new(1).take(ROWS as usize);
    rows.skip(ROWS as usize * 9 / 10).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_report_of_a_run_has_the_metrics_of_the_run() {
    let Judged {
        run,
        model,
        report,
        page,
    } = judged(&small(ROWS, 1)).await;
    let logged: BTreeMap<_, _> = run
        .metrics
        .iter()
        .map(|metric| (metric.key.clone(), metric.value))
        .collect();
    for (key, value) in report.metrics.named("test_") {
        assert_eq!(logged[&key], value, "{key}");
    }
    assert_eq!(report.identity.run_id, run.run_id);
    assert_eq!(report.identity.first_test_row, ROWS * 9 / 10 + 1);

    // The file's own predictions, made again here, are what the curves are of.
    let predictions: Vec<(f64, bool)> = test_rows()
        .iter()
        .map(|row| (f64::from(model.predict(row).probability), row.label == Some(true)))
        .collect();
    let metrics = Metrics::of(&predictions).unwrap();
    assert_eq!(report.metrics, metrics);
    assert_eq!(report.roc.area, metrics.auc);
    let bins = report.calibration.iter();
    let error: f64 = bins
        .map(|bin| bin.rows as f64 * (bin.mean_prediction - bin.observed_rate).abs())
        .sum();
    assert!((error / metrics.rows as f64 - metrics.expected_calibration_error).abs() < 1e-12);
    assert!(report.lift[0].lift > 1.3, "{:?}", report.lift[0]);

    let slices: Vec<&str> = report.slices.iter().map(|group| group.name.as_str()).collect();
    assert_eq!(slices, ["missing values", "rare categories", "position"]);
    let clicks = predictions.iter().filter(|(_, label)| *label).count() as u64;
    for group in &report.slices {
        let all = |value: fn(&report::Slice) -> u64| group.slices.iter().map(value).sum::<u64>();
        assert!(group.slices.len() > 2, "{group:?}");
        assert_eq!(all(|slice| slice.rows), metrics.rows, "{}", group.name);
        assert_eq!(all(|slice| slice.clicks), clicks, "{}", group.name);
        let slices = group.slices.iter();
        let logloss: f64 = slices.map(|slice| slice.rows as f64 * slice.logloss).sum();
        assert!(
            (logloss / metrics.rows as f64 - metrics.logloss).abs() < 1e-12,
            "{}",
            group.name
        );
    }
    let last = report.slices[2].slices.last().unwrap();
    assert!(last.name.ends_with(&format!("–{ROWS}")), "{last:?}");

    assert!(page.starts_with("<!doctype html>") && page.contains(&run.run_name));
    assert!(page.contains(&format!("{:.5}", metrics.logloss)));
    assert_eq!(page, report::page(&report).unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn features_matter_as_trees_and_shapley_values_say() {
    let config = small(ROWS, 1);
    let Judged { model, report, .. } = judged(&config).await;
    let importance = &report.importance;
    let names: Vec<&str> = importance
        .features
        .iter()
        .map(|feature| feature.name.as_str())
        .collect();
    assert_eq!(names, model.encoder().feature_names());

    let splits: Vec<u64> = importance
        .features
        .iter()
        .map(|feature| feature.weight.unwrap())
        .collect();
    let expected = model.ensemble().summary().splits_by_feature;
    assert_eq!(
        splits,
        expected.iter().map(|splits| *splits as u64).collect::<Vec<_>>()
    );
    let with_gain = cfg!(feature = "xgboost");
    for feature in &importance.features {
        assert_eq!(
            feature.gain.is_some(),
            with_gain && feature.weight > Some(0),
            "{feature:?}"
        );
        assert_eq!(feature.gain.is_some(), feature.cover.is_some(), "{feature:?}");
        assert!(
            feature.weight > Some(0) || feature.mean_shap == Some(0.0),
            "{feature:?}"
        );
    }

    // 600 test rows are fewer than a sample may have: all of them were explained.
    let test = test_rows();
    assert_eq!(importance.shap_rows, test.len() as u64);
    let mut features = vec![0.0; model.encoder().width()];
    let mut contributions = vec![0.0; features.len() + 1];
    let mut sums = vec![0.0; features.len()];
    for row in &test {
        model.encoder().encode(row, &mut features);
        model
            .ensemble()
            .contributions(&features, 0, &mut contributions)
            .unwrap();
        for (sum, value) in sums.iter_mut().zip(&contributions) {
            *sum += f64::from(value.abs());
        }
    }
    for (feature, sum) in importance.features.iter().zip(sums) {
        assert_eq!(feature.mean_shap, Some(sum / test.len() as f64), "{feature:?}");
    }

    let learning = &report.learning;
    assert_eq!(learning.refit, config.train.params.refit);
    let best = learning
        .points
        .iter()
        .min_by(|a, b| a.validation_logloss.total_cmp(&b.validation_logloss));
    assert_eq!(best.unwrap().round, learning.best_round);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_gbdt_engine_has_a_report_without_gains() {
    let mut config = small(2_000, 1);
    config.train.engine = Engine::Gbdt;
    config.train.params = TrainParams {
        rounds: 6,
        ..TrainParams::for_engine(Engine::Gbdt)
    };
    let Judged { model, report, .. } = judged(&config).await;
    assert_eq!(report.identity.engine, "gbdt 0.1.3");
    let features = &report.importance.features;
    assert!(features.iter().all(|feature| feature.gain.is_none()));
    let splits: u64 = features.iter().filter_map(|feature| feature.weight).sum();
    assert_eq!(
        splits as usize,
        (model.ensemble().nodes() - model.ensemble().trees()) / 2
    );
}
