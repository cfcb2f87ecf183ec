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
    DATASET_SOURCES = "dataset_sources";
    DELETE_ALIAS = "delete_alias";
    DELETE_CHAMPION_OF = "delete_champion_of";
    DELETE_EXPERIMENT_TAG = "delete_experiment_tag";
    DELETE_LOGGED_MODEL = "delete_logged_model";
    DELETE_LOGGED_MODEL_TAG = "delete_logged_model_tag";
    DELETE_MODEL_TAG = "delete_model_tag";
    DELETE_TAG = "delete_tag";
    DELETE_VERSION = "delete_version";
    DELETE_VERSION_ALIASES = "delete_version_aliases";
    DELETE_VERSION_TAG = "delete_version_tag";
    DESCRIBE_MODEL = "describe_model";
    DESCRIBE_VERSION = "describe_version";
    END_ATTEMPT = "end_attempt";
    EXPERIMENT_BY_ID = "experiment_by_id";
    EXPERIMENT_BY_NAME = "experiment_by_name";
    EXPERIMENT_LOCATION = "experiment_location";
    EXPERIMENT_PLACE = "experiment_place";
    EXPIRE_TRAINING_RUN = "expire_training_run";
    EXTEND_LEASE = "extend_lease";
    HOLD_ATTEMPT = "hold_attempt";
    INSERT_DATASET = "insert_dataset";
    INSERT_EXPERIMENT = "insert_experiment";
    INSERT_INPUT = "insert_input";
    INSERT_INPUT_TAG = "insert_input_tag";
    INSERT_LOGGED_MODEL = "insert_logged_model";
    INSERT_LOGGED_MODEL_PARAM = "insert_logged_model_param";
    INSERT_MODEL = "insert_model";
    INSERT_RECORD = "insert_record";
    INSERT_RECORD_WITH_FILE = "insert_record_with_file";
    INSERT_RUN = "insert_run";
    INSERT_RUN_MODEL = "insert_run_model";
    INSERT_TRAINING_RUN = "insert_training_run";
    INSERT_TRAINING_RUN_EVENT = "insert_training_run_event";
    INSERT_TRANSITION = "insert_transition";
    INSERT_VERSION = "insert_version";
    INSERT_VERSION_FILE = "insert_version_file";
    LATEST_RECORDS = "latest_records";
    LIVE_VERSIONS = "live_versions";
    LOCK_EXPERIMENT = "lock_experiment";
    LOCK_MODEL = "lock_model";
    LOGGED_MODEL = "logged_model";
    LOGGED_MODEL_EXISTS = "logged_model_exists";
    LOGGED_MODEL_MARKS = "logged_model_marks";
    LOGGED_MODEL_METRICS = "logged_model_metrics";
    METRIC_HISTORY = "metric_history";
    METRIC_HISTORY_PAGE = "metric_history_page";
    MODELS = "models";
    MODEL_KEY = "model_key";
    MODEL_KEY_TAKEN = "model_key_taken";
    MODEL_MARKS = "model_marks";
    MODEL_RECORD = "model_record";
    NEXT_COUNTER = "next_counter";
    NEXT_TRAINING_RUN_EVENT = "next_training_run_event";
    NEXT_VERSION = "next_version";
    OWNERS_IN_USE = "owners_in_use";
    PING = "ping";
    PLACES = "places";
    PRODUCTION_VERSION = "production_version";
    READY_VERSIONS = "ready_versions";
    RECORD = "record";
    RECORDED_FILES = "recorded_files";
    RECORDED_DIGEST = "recorded_digest";
    RECORD_BY_ALIAS = "record_by_alias";
    RENAME_EXPERIMENT = "rename_experiment";
    RENAME_MODEL = "rename_model";
    RUN = "run";
    RUNS = "runs";
    RUN_EXISTS = "run_exists";
    SET_EXPERIMENT_LIFECYCLE = "set_experiment_lifecycle";
    SET_LIFECYCLE_OF_RUNS = "set_lifecycle_of_runs";
    SET_LOGGED_MODEL_STATUS = "set_logged_model_status";
    SET_PROGRESS = "set_progress";
    SET_RUN_LIFECYCLE = "set_run_lifecycle";
    SET_STAGE = "set_stage";
    SET_TRAINING_RUN_ID = "set_training_run_id";
    STAGES = "stages";
    TAG = "tag";
    TAKE_EXPERIMENT = "take_experiment";
    TAKE_LOGGED_MODEL = "take_logged_model";
    TAKE_MODEL = "take_model";
    TAKE_RUN = "take_run";
    TAKE_UP_RUN = "take_up_run";
    TAKE_VERSION = "take_version";
    TOUCH_VERSIONS = "touch_versions";
    TRAINING_RUN = "training_run";
    TRAINING_RUNS = "training_runs";
    TRAINING_RUN_EVENTS = "training_run_events";
    TRANSITIONS = "transitions";
    TRANSITIONS_UNTIL = "transitions_until";
    UPSERT_ALIAS = "upsert_alias";
    UPSERT_EXPERIMENT_TAG = "upsert_experiment_tag";
    UPSERT_LOGGED_MODEL_METRIC = "upsert_logged_model_metric";
    UPSERT_LOGGED_MODEL_TAG = "upsert_logged_model_tag";
    UPSERT_MODEL_TAG = "upsert_model_tag";
    UPSERT_VERSION_TAG = "upsert_version_tag";
    VERSION = "version";
    VERSIONS = "versions";
    VERSIONS_AT = "versions_at";
    VERSIONS_BELOW = "versions_below";
    VERSIONS_IN_STAGE = "versions_in_stage";
    VERSION_ALIASES = "version_aliases";
    VERSION_BY_ALIAS = "version_by_alias";
    VERSION_BY_IDEMPOTENCY_KEY = "version_by_idempotency_key";
    VERSION_FILES = "version_files";
    VERSION_KEY = "version_key";
    VERSION_MARKS = "version_marks";
    VERSION_METRICS = "version_metrics";
    VERSION_STAGE = "version_stage";
}
