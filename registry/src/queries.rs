//! Every SQL statement, by name. One text serves SQLite and Postgres.

macro_rules! queries {
    ($($name:ident = $file:literal;)*) => {
        $(pub(crate) const $name: &str = include_str!(concat!("../queries/", $file, ".sql"));)*

        /// Every statement with its name, so that a test can prepare them all on each kind of database.
        #[doc(hidden)]
        pub const ALL: &[(&str, &str)] = &[$(($file, $name)),*];
    };
}

queries! {
    CHANGE_RUN = "change_run";
    CLAIM_TRAINING_RUN = "claim_training_run";
    DATASET_BY_DIGEST = "dataset_by_digest";
    DELETE_ALIAS = "delete_alias";
    DELETE_EXPERIMENT_TAG = "delete_experiment_tag";
    DELETE_TAG = "delete_tag";
    END_ATTEMPT = "end_attempt";
    EXPERIMENT_BY_ID = "experiment_by_id";
    EXPERIMENT_BY_NAME = "experiment_by_name";
    EXPERIMENT_PLACE = "experiment_place";
    EXPIRE_TRAINING_RUN = "expire_training_run";
    EXTEND_LEASE = "extend_lease";
    HOLD_ATTEMPT = "hold_attempt";
    INSERT_DATASET = "insert_dataset";
    INSERT_EXPERIMENT = "insert_experiment";
    INSERT_INPUT = "insert_input";
    INSERT_INPUT_TAG = "insert_input_tag";
    INSERT_MODEL = "insert_model";
    INSERT_RUN = "insert_run";
    INSERT_RUN_MODEL = "insert_run_model";
    INSERT_TRAINING_RUN = "insert_training_run";
    INSERT_TRAINING_RUN_EVENT = "insert_training_run_event";
    INSERT_TRANSITION = "insert_transition";
    INSERT_VERSION = "insert_version";
    LOCK_EXPERIMENT = "lock_experiment";
    LOCK_MODEL = "lock_model";
    METRIC_HISTORY = "metric_history";
    METRIC_HISTORY_PAGE = "metric_history_page";
    MODELS = "models";
    NEXT_COUNTER = "next_counter";
    NEXT_TRAINING_RUN_EVENT = "next_training_run_event";
    NEXT_VERSION = "next_version";
    PING = "ping";
    PRODUCTION_VERSION = "production_version";
    RENAME_EXPERIMENT = "rename_experiment";
    RUN = "run";
    RUN_EXISTS = "run_exists";
    RUNS = "runs";
    SET_EXPERIMENT_LIFECYCLE = "set_experiment_lifecycle";
    SET_LIFECYCLE_OF_RUNS = "set_lifecycle_of_runs";
    SET_PROGRESS = "set_progress";
    SET_RUN_LIFECYCLE = "set_run_lifecycle";
    SET_STAGE = "set_stage";
    SET_TRAINING_RUN_ID = "set_training_run_id";
    TAKE_UP_RUN = "take_up_run";
    TRAINING_RUN = "training_run";
    TRAINING_RUNS = "training_runs";
    TRAINING_RUN_EVENTS = "training_run_events";
    TRANSITIONS = "transitions";
    UPSERT_ALIAS = "upsert_alias";
    UPSERT_EXPERIMENT_TAG = "upsert_experiment_tag";
    VERSION = "version";
    VERSIONS = "versions";
    VERSION_ALIASES = "version_aliases";
    VERSION_BY_ALIAS = "version_by_alias";
    VERSION_BY_IDEMPOTENCY_KEY = "version_by_idempotency_key";
    VERSION_METRICS = "version_metrics";
    VERSION_STAGE = "version_stage";
}
