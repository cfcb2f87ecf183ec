//! The numbers behind `GET /metrics`.
//!
//! Each server has its own recorder, so that many in one process (as in tests) don't mix.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use metrics::{
    counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram, with_local_recorder,
};
use metrics_exporter_prometheus::{
    BuildError, Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder,
};

const SECONDS: &[f64] = &[
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];
const PROBABILITIES: &[f64] = &[
    0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0,
];

/// Records what the server does; cheap to clone.
#[derive(Clone)]
pub struct Metrics {
    recorder: Arc<PrometheusRecorder>,
    handle: PrometheusHandle,
    /// The version whose info gauge is 1.
    shown: Arc<Mutex<Option<[String; 4]>>>,
}

impl Metrics {
    /// A recorder with nothing in it.
    pub fn new() -> Result<Self, BuildError> {
        let recorder = PrometheusBuilder::new()
            .set_buckets_for_metric(
                Matcher::Full("clickleaf_request_duration_seconds".to_owned()),
                SECONDS,
            )?
            .set_buckets_for_metric(
                Matcher::Full("clickleaf_prediction_probability".to_owned()),
                PROBABILITIES,
            )?
            .build_recorder();
        with_local_recorder(&recorder, || {
            describe_histogram!(
                "clickleaf_request_duration_seconds",
                "Time to answer, by route, method and status"
            );
            describe_counter!("clickleaf_rows_predicted_total", "Rows predicted, by version");
            describe_histogram!(
                "clickleaf_prediction_probability",
                "Predicted click-through rates, by version"
            );
            describe_counter!(
                "clickleaf_errors_total",
                "Answers with a 4xx or 5xx status, by route and status"
            );
            describe_gauge!("clickleaf_model_info", "1 for the version that predicts");
            describe_gauge!("clickleaf_registry_up", "1 while registry and store answer");
            describe_counter!(
                "clickleaf_model_reloads_total",
                "New Production versions taken into service"
            );
            describe_counter!(
                "clickleaf_model_reload_failures_total",
                "Attempts to follow the registry that failed"
            );
            // Both exist from the start, so that a rate over them does too.
            counter!("clickleaf_model_reloads_total").absolute(0);
            counter!("clickleaf_model_reload_failures_total").absolute(0);
        });
        let handle = recorder.handle();
        Ok(Metrics {
            recorder: Arc::new(recorder),
            handle,
            shown: Arc::default(),
        })
    }

    /// An answered request.
    pub fn request(&self, route: &str, method: &str, status: u16, elapsed: Duration) {
        let (route, method, status_text) = (route.to_owned(), method.to_owned(), status.to_string());
        with_local_recorder(&*self.recorder, || {
            if status >= 400 {
                counter!("clickleaf_errors_total", "route" => route.clone(), "status" => status_text.clone())
                    .increment(1);
            }
            histogram!("clickleaf_request_duration_seconds",
                "route" => route, "method" => method, "status" => status_text)
            .record(elapsed);
        });
    }

    /// Predicted rows of one version.
    pub fn predictions(&self, version: i64, probabilities: impl Iterator<Item = f32>) {
        let version = version.to_string();
        with_local_recorder(&*self.recorder, || {
            let rows = counter!("clickleaf_rows_predicted_total", "version" => version.clone());
            let histogram = histogram!("clickleaf_prediction_probability", "version" => version);
            for probability in probabilities {
                histogram.record(f64::from(probability));
                rows.increment(1);
            }
        });
    }

    /// Another version predicts now, or none.
    pub fn model(&self, model_name: &str, version: Option<(i64, &str, &str)>) {
        let now = version.map(|(version, sha256, run_id)| {
            [
                model_name.to_owned(),
                version.to_string(),
                sha256.to_owned(),
                run_id.to_owned(),
            ]
        });
        let mut shown = self.shown.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if *shown == now {
            return;
        }
        with_local_recorder(&*self.recorder, || {
            for (labels, value) in [(shown.as_ref(), 0.0), (now.as_ref(), 1.0)] {
                if let Some([name, version, sha256, run_id]) = labels.cloned() {
                    gauge!("clickleaf_model_info",
                        "model" => name, "version" => version, "sha256" => sha256, "run_id" => run_id)
                    .set(value);
                }
            }
            if now.is_some() {
                counter!("clickleaf_model_reloads_total").increment(1);
            }
        });
        *shown = now;
    }

    /// Whether registry and store answered just now; `failed` says whether following them failed.
    pub fn registry(&self, up: bool, failed: bool) {
        with_local_recorder(&*self.recorder, || {
            gauge!("clickleaf_registry_up").set(if up { 1.0 } else { 0.0 });
            if failed {
                counter!("clickleaf_model_reload_failures_total").increment(1);
            }
        });
    }

    /// Everything in Prometheus' text format.
    pub fn render(&self) -> String {
        self.handle.render()
    }

    /// Folds recorded samples into their buckets; to be called every few seconds, for nobody may be scraping.
    pub fn upkeep(&self) {
        self.handle.run_upkeep();
    }
}
