//! The `data-testid` attributes by which tests in a browser find their way. The views use these constants, so a
//! name here is a name in the page.
//!
//! # The flow
//!
//! 1. Open the page; wait until [`SIGNATURE_STATE`] has another `data-value` than `loading`: `verified`, `unsigned`,
//!    `key-changed`, `signature-missing` (both: held back until [`ACCEPT_KEY`] is clicked), `tampered` (refused),
//!    `unreachable` or `none` (nothing in Production).
//! 2. Click [`LOAD_SAMPLE`], or put a line into [`TSV_INPUT`] (it is read as it is typed), or type into
//!    [`input`]`("I1")`…`("C26")`. The prediction follows every keystroke; [`PREDICT`] and Enter announce it.
//! 3. Read [`CTR`] (`data-value` is the exact number), [`MARGIN_BITS`] and [`PROBABILITY_BITS`] (8 hexadecimal
//!    digits), [`RAN_ON`] (`data-value` is `device` or `server`). While there is no prediction, [`CTR`] reads `—`.
//! 4. [`contribution`]`("I1")`…, [`CONTRIBUTION_BIAS`] and [`CONTRIBUTION_OTHERS`] add up to [`CONTRIBUTION_SUM`], the
//!    margin but for rounding; [`EXPLAIN_ALL`] shows the columns that [`CONTRIBUTION_OTHERS`] stands for.
//! 5. Values under `prov-…` are plain text, equal to the registry's. [`PROV_STATE`] says by `data-value` whether they
//!    were `checked` on this device, come from the `server`'s answer, or are only `claimed` by the manifest.
//! 6. Views are changed by [`nav`] or the hash: `#/`, `#/versions`, `#/training`.
//!
//! A promotion is noticed within five seconds while the page is visible; [`NOTICE`] then names the new version.

/// The line at the top that says whether the server answers: `data-value` is `online`, `offline` or `none`.
pub const CONNECTION: &str = "connection";
/// A change the page tells of, such as a new version; polite live region.
pub const NOTICE: &str = "notice";
/// Takes the notice away.
pub const DISMISS: &str = "dismiss";
/// Loads the new release of the page.
pub const RELOAD: &str = "reload";
/// What is wrong with the model, or that none is there; holds the message for a refused file.
pub const MODEL_MESSAGE: &str = "model-message";
/// Tries to load the model again.
pub const RETRY: &str = "retry";
/// Trusts the key (or the missing signature) that holds the model back.
pub const ACCEPT_KEY: &str = "accept-key";
/// Where the expected fingerprint of the signing key is pasted.
pub const EXPECTED_FINGERPRINT: &str = "expected-fingerprint";
/// Compares it.
pub const CHECK_FINGERPRINT: &str = "check-fingerprint";
/// What came of it.
pub const FINGERPRINT_RESULT: &str = "fingerprint-result";

/// Fills in the model's next sample row.
pub const LOAD_SAMPLE: &str = "load-sample";
/// Empties all inputs.
pub const CLEAR: &str = "clear";
/// Where a Criteo line is pasted.
pub const TSV_INPUT: &str = "tsv-input";
/// What is wrong with the pasted line.
pub const ERROR_MESSAGE: &str = "error-message";
/// The form's button.
pub const PREDICT: &str = "predict";

/// The click-through rate.
pub const CTR: &str = "ctr";
/// The margin as a decimal number.
pub const MARGIN: &str = "margin";
/// The margin's 32 bits.
pub const MARGIN_BITS: &str = "margin-bits";
/// The probability's 32 bits.
pub const PROBABILITY_BITS: &str = "probability-bits";
/// Where the prediction was made.
pub const RAN_ON: &str = "ran-on";
/// How long it took, and how that was measured.
pub const TOOK: &str = "took";
/// How many of the 39 features are given.
pub const FILLED: &str = "filled";
/// Why there is no prediction.
pub const RESULT_MESSAGE: &str = "result-message";

/// What each column adds to the margin.
pub const EXPLANATION: &str = "explanation";
/// Why nothing is explained.
pub const EXPLANATION_MESSAGE: &str = "explanation-message";
/// Shows all columns, or the first ones again.
pub const EXPLAIN_ALL: &str = "explain-all";
/// In the explanation: the base rate's margin; `data-value` is the exact number, as in those that follow.
pub const CONTRIBUTION_BIAS: &str = "contribution-bias";
/// In the explanation: what the columns that are not shown add together.
pub const CONTRIBUTION_OTHERS: &str = "contribution-others";
/// In the explanation: all of it together.
pub const CONTRIBUTION_SUM: &str = "contribution-sum";

/// The switch that asks the server too.
pub const ASK_SERVER: &str = "ask-server";
/// The server's click-through rate.
pub const SERVER_CTR: &str = "server-ctr";
/// The server's margin, as bits.
pub const SERVER_MARGIN_BITS: &str = "server-margin-bits";
/// Which version the server answered with.
pub const SERVER_VERSION: &str = "server-version";
/// Whether both agree: `data-value` is `equal` or `different`.
pub const SERVER_EQUAL: &str = "server-equal";
/// Why the server has no answer.
pub const SERVER_ERROR: &str = "server-error";

/// Whether the provenance was checked here.
pub const PROV_STATE: &str = "prov-state";
/// The registered model's name.
pub const PROV_NAME: &str = "prov-name";
/// The version number.
pub const PROV_VERSION: &str = "prov-version";
/// The stage.
pub const PROV_STAGE: &str = "prov-stage";
/// The run's nickname.
pub const PROV_RUN_NAME: &str = "prov-run-name";
/// The run's id.
pub const PROV_RUN_ID: &str = "prov-run-id";
/// The experiment's name.
pub const PROV_EXPERIMENT: &str = "prov-experiment";
/// Where the model directory lies.
pub const PROV_ARTIFACT_URI: &str = "prov-artifact-uri";
/// The compact file's digest.
pub const PROV_MODEL_SHA256: &str = "prov-model-sha256";
/// The XGBoost model's digest.
pub const PROV_BOOSTER_SHA256: &str = "prov-booster-sha256";
/// The state of the signature, by `data-value`.
pub const SIGNATURE_STATE: &str = "signature-state";
/// The verified key's fingerprint.
pub const KEY_FINGERPRINT: &str = "key-fingerprint";
/// The data set's name.
pub const PROV_DATASET_NAME: &str = "prov-dataset-name";
/// The data set's digest.
pub const PROV_DATASET_DIGEST: &str = "prov-dataset-digest";
/// How many rows it was trained on; `data-value` is the bare number.
pub const PROV_TRAINING_ROWS: &str = "prov-training-rows";
/// When training ended; `data-value` is the time in ms since the epoch.
pub const PROV_TRAINED_AT: &str = "prov-trained-at";
/// The size of the compact file.
pub const PROV_MODEL_BYTES: &str = "prov-model-bytes";
/// The engine that grew the trees.
pub const PROV_ENGINE: &str = "prov-engine";

/// The table of versions; its rows are [`version_row`]s.
pub const VERSIONS_TABLE: &str = "versions-table";
/// Opens the form that rolls back.
pub const ROLLBACK: &str = "rollback";
/// The form that promotes or rolls back.
pub const ACTION_FORM: &str = "action-form";
/// The bearer token, in both forms that need it.
pub const TOKEN_INPUT: &str = "token-input";
/// Why it is done.
pub const REASON_INPUT: &str = "reason-input";
/// Does it.
pub const CONFIRM_ACTION: &str = "confirm-action";
/// Leaves it.
pub const CANCEL_ACTION: &str = "cancel-action";
/// Why it didn't work.
pub const ACTION_ERROR: &str = "action-error";
/// The learning curves that were asked for.
pub const CURVES_PANEL: &str = "curves-panel";

/// How many rows to generate; empty for the worker's own data.
pub const TRAIN_ROWS: &str = "train-rows";
/// The seed.
pub const TRAIN_SEED: &str = "train-seed";
/// The engine, a `select` of `xgboost` and `gbdt`.
pub const TRAIN_ENGINE: &str = "train-engine";
/// The most rounds.
pub const TRAIN_ROUNDS: &str = "train-rounds";
/// The most bytes of the file as served; empty for no limit.
pub const TRAIN_BYTES: &str = "train-bytes";
/// Whether to promote what comes out.
pub const TRAIN_PROMOTE: &str = "train-promote";
/// Queues the run.
pub const QUEUE_TRAINING: &str = "queue-training";
/// Why it wasn't queued.
pub const TRAINING_ERROR: &str = "training-error";
/// The list of training runs; its items are [`training_run`]s.
pub const TRAINING_RUNS: &str = "training-runs";
/// In a run: its state; `data-value` is `queued`, `running`, `succeeded` or `failed`.
pub const RUN_STATE: &str = "run-state";
/// In a run: the step it is at.
pub const RUN_STEP: &str = "run-step";
/// In a run: the last message.
pub const RUN_MESSAGE: &str = "run-message";
/// In a run: the `progress` element.
pub const RUN_PROGRESS: &str = "run-progress";
/// In a run: the link to the version it registered; `data-value` is its number.
pub const RUN_VERSION: &str = "run-version";

/// An input of a row: `input-I1`…`input-C26`.
pub fn input(column: &str) -> String {
    format!("input-{column}")
}

/// The error of an input of a row: `error-I1`…`error-C26`.
pub fn input_error(column: &str) -> String {
    format!("error-{column}")
}

/// In the explanation: what a column adds, `contribution-I1`…`contribution-C26`.
pub fn contribution(column: &str) -> String {
    format!("contribution-{column}")
}

/// A link of the navigation, by its label: `nav-predict`, `nav-versions`, `nav-training`.
pub fn nav(label: &str) -> String {
    format!("nav-{}", label.to_ascii_lowercase())
}

/// A metric in the provenance panel, by its key: `metric-test_logloss`; `data-value` is the exact number.
pub fn metric(key: &str) -> String {
    format!("metric-{key}")
}

/// A row of the table of versions: `version-3`; `data-stage` is its stage.
pub fn version_row(version: i64) -> String {
    format!("version-{version}")
}

/// The button that opens the form to promote a version: `promote-3`.
pub fn promote(version: i64) -> String {
    format!("promote-{version}")
}

/// The button that shows a version's learning curves: `curves-3`.
pub fn curves(version: i64) -> String {
    format!("curves-{version}")
}

/// A training run: `training-run-<training_run_id>`.
pub fn training_run(id: &str) -> String {
    format!("training-run-{id}")
}
