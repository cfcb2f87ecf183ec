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
    CLAIM_TRAINING_RUN = "claim_training_run";
    DELETE_ALIAS = "delete_alias";
    END_ATTEMPT = "end_attempt";
    EXPERIMENT_BY_NAME = "experiment_by_name";
    EXPERIMENT_LOCATION = "experiment_location";
    EXPIRE_TRAINING_RUN = "expire_training_run";
    EXTEND_LEASE = "extend_lease";
    HOLD_ATTEMPT = "hold_attempt";
    INSERT_DATASET = "insert_dataset";
    INSERT_EXPERIMENT = "insert_experiment";
    INSERT_INPUT = "insert_input";
    INSERT_METRIC = "insert_metric";
    INSERT_MODEL = "insert_model";
    INSERT_PARAM = "insert_param";
    INSERT_RUN = "insert_run";
    INSERT_TRAINING_RUN = "insert_training_run";
    INSERT_TRAINING_RUN_EVENT = "insert_training_run_event";
    INSERT_TRANSITION = "insert_transition";
    INSERT_VERSION = "insert_version";
    LOCK_MODEL = "lock_model";
    METRIC_HISTORY = "metric_history";
    MODELS = "models";
    NEXT_COUNTER = "next_counter";
    NEXT_TRAINING_RUN_EVENT = "next_training_run_event";
    NEXT_VERSION = "next_version";
    PARAM = "param";
    PING = "ping";
    PRODUCTION_VERSION = "production_version";
    RESERVE_METRICS = "reserve_metrics";
    RUN = "run";
    RUN_EXISTS = "run_exists";
    RUN_INPUTS = "run_inputs";
    RUN_METRICS = "run_metrics";
    RUN_PARAMS = "run_params";
    RUN_TAGS = "run_tags";
    RUNS = "runs";
    SET_PROGRESS = "set_progress";
    SET_STAGE = "set_stage";
    SET_TRAINING_RUN_ID = "set_training_run_id";
    TRAINING_RUN = "training_run";
    TRAINING_RUN_EVENTS = "training_run_events";
    TRAINING_RUNS = "training_runs";
    TRANSITIONS = "transitions";
    UPDATE_RUN = "update_run";
    UPSERT_ALIAS = "upsert_alias";
    UPSERT_LATEST_METRIC = "upsert_latest_metric";
    UPSERT_TAG = "upsert_tag";
    VERSION = "version";
    VERSION_ALIASES = "version_aliases";
    VERSION_BY_ALIAS = "version_by_alias";
    VERSION_BY_IDEMPOTENCY_KEY = "version_by_idempotency_key";
    VERSION_METRICS = "version_metrics";
    VERSION_STAGE = "version_stage";
    VERSIONS = "versions";
}
