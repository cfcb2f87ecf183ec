//! Our rows as rows of MLflow's tables.

/// The tables, empty.
pub(super) const TABLES: &str = include_str!("tables.sql");

/// What a column holds; all may be null.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    Text,
    Integer,
    Real,
    /// A text, which names the exported tree when it is a place in the artifacts bucket.
    Place,
    /// An id that MLflow gives at random, made of a text that tells it from others.
    Id,
}

/// How the rows of a table are made.
pub(super) struct Copy {
    pub(super) table: &'static str,
    pub(super) columns: &'static [(&'static str, Type)],
    /// Gives the columns in their order, on every kind of database.
    pub(super) select: &'static str,
}

use Type::{Id, Integer, Place, Real, Text};

pub(super) const COPIES: &[Copy] = &[
    Copy {
        table: "experiments",
        columns: &[
            ("experiment_id", Integer),
            ("name", Text),
            ("artifact_location", Place),
            ("lifecycle_stage", Text),
            ("creation_time", Integer),
            ("last_update_time", Integer),
        ],
        select: "select cast(experiment_id as bigint), name, artifact_location, lifecycle_stage, created_at_ms, \
                 updated_at_ms from experiments",
    },
    Copy {
        table: "experiment_tags",
        columns: &[("key", Text), ("value", Text), ("experiment_id", Integer)],
        select: "select key, value, cast(experiment_id as bigint) from experiment_tags",
    },
    Copy {
        table: "runs",
        columns: &[
            ("run_uuid", Text),
            ("name", Text),
            ("source_type", Text),
            ("source_name", Text),
            ("entry_point_name", Text),
            ("user_id", Text),
            ("status", Text),
            ("start_time", Integer),
            ("end_time", Integer),
            ("source_version", Text),
            ("lifecycle_stage", Text),
            ("artifact_uri", Place),
            ("experiment_id", Integer),
            ("deleted_time", Integer),
        ],
        select: "select run_id, run_name, 'UNKNOWN', '', '', user_name, status, start_time_ms, end_time_ms, '', \
                 lifecycle_stage, artifact_uri, cast(experiment_id as bigint), deleted_at_ms from runs",
    },
    Copy {
        table: "params",
        columns: &[("key", Text), ("value", Text), ("run_uuid", Text)],
        select: "select key, value, run_id from params",
    },
    Copy {
        table: "tags",
        columns: &[("key", Text), ("value", Text), ("run_uuid", Text)],
        select: "select key, value, run_id from tags",
    },
    Copy {
        table: "metrics",
        columns: &[
            ("key", Text),
            ("value", Real),
            ("timestamp", Integer),
            ("run_uuid", Text),
            ("step", Integer),
            ("is_nan", Integer),
        ],
        select: "select key, value, timestamp_ms, run_id, step, is_nan from metrics",
    },
    Copy {
        table: "latest_metrics",
        columns: &[
            ("key", Text),
            ("value", Real),
            ("timestamp", Integer),
            ("step", Integer),
            ("is_nan", Integer),
            ("run_uuid", Text),
        ],
        select: "select key, value, timestamp_ms, step, is_nan, run_id from latest_metrics",
    },
    Copy {
        table: "datasets",
        columns: &[
            ("dataset_uuid", Id),
            ("experiment_id", Integer),
            ("name", Text),
            ("digest", Text),
            ("dataset_source_type", Text),
            ("dataset_source", Text),
            ("dataset_schema", Text),
            ("dataset_profile", Text),
        ],
        select: "select 'dataset ' || cast(d.dataset_id as text), cast(d.experiment_id as bigint), d.name, d.digest, \
                 d.source_type, d.source, d.schema, coalesce(d.profile, case when d.row_count > 0 then \
                 '{\"num_rows\": ' || cast(d.row_count as text) || '}' end) from datasets d \
                 where d.dataset_id = (select min(o.dataset_id) from datasets o where o.experiment_id = d.experiment_id \
                 and o.name = d.name and o.digest = d.digest)",
    },
    Copy {
        table: "inputs",
        columns: &[
            ("input_uuid", Id),
            ("source_type", Text),
            ("source_id", Id),
            ("destination_type", Text),
            ("destination_id", Text),
            ("step", Integer),
        ],
        select: "select 'input ' || i.run_id || ' ' || cast(min(o.dataset_id) as text), 'DATASET', \
                 'dataset ' || cast(min(o.dataset_id) as text), 'RUN', i.run_id, cast(0 as bigint) \
                 from inputs i join datasets d on d.dataset_id = i.dataset_id \
                 join datasets o on o.experiment_id = d.experiment_id and o.name = d.name and o.digest = d.digest \
                 group by i.run_id, d.experiment_id, d.name, d.digest",
    },
    Copy {
        table: "input_tags",
        columns: &[("input_uuid", Id), ("name", Text), ("value", Text)],
        select: "select 'input ' || t.run_id || ' ' || cast(min(o.dataset_id) as text), t.key, max(t.value) \
                 from input_tags t join datasets d on d.dataset_id = t.dataset_id \
                 join datasets o on o.experiment_id = d.experiment_id and o.name = d.name and o.digest = d.digest \
                 group by t.run_id, d.experiment_id, d.name, d.digest, t.key",
    },
    Copy {
        table: "inputs",
        columns: &[
            ("input_uuid", Id),
            ("source_type", Text),
            ("source_id", Text),
            ("destination_type", Text),
            ("destination_id", Text),
            ("step", Integer),
        ],
        select: "select direction || ' ' || run_id || ' ' || model_id, 'RUN_' || upper(direction), run_id, \
                 'MODEL_' || upper(direction), model_id, min(step) from run_models group by run_id, direction, model_id",
    },
    Copy {
        table: "logged_models",
        columns: &[
            ("model_id", Text),
            ("experiment_id", Integer),
            ("name", Text),
            ("artifact_location", Place),
            ("creation_timestamp_ms", Integer),
            ("last_updated_timestamp_ms", Integer),
            ("status", Integer),
            ("lifecycle_stage", Text),
            ("model_type", Text),
            ("source_run_id", Text),
            ("status_message", Text),
        ],
        select: "select model_id, cast(experiment_id as bigint), name, artifact_uri, created_at_ms, updated_at_ms, \
                 cast(case status when 'LOGGED_MODEL_READY' then 2 when 'LOGGED_MODEL_UPLOAD_FAILED' then 3 else 1 end as \
                 bigint), case when deleted_at_ms is null then 'active' else 'deleted' end, model_type, source_run_id, \
                 nullif(status_message, '') from logged_models",
    },
    Copy {
        table: "logged_model_params",
        columns: &[
            ("model_id", Text),
            ("experiment_id", Integer),
            ("param_key", Text),
            ("param_value", Text),
        ],
        select: "select p.model_id, cast(l.experiment_id as bigint), p.key, p.value from logged_model_params p \
                 join logged_models l on l.model_id = p.model_id",
    },
    Copy {
        table: "logged_model_tags",
        columns: &[
            ("model_id", Text),
            ("experiment_id", Integer),
            ("tag_key", Text),
            ("tag_value", Text),
        ],
        select: "select t.model_id, cast(l.experiment_id as bigint), t.key, t.value from logged_model_tags t \
                 join logged_models l on l.model_id = t.model_id",
    },
    Copy {
        table: "logged_model_metrics",
        columns: &[
            ("model_id", Text),
            ("metric_name", Text),
            ("metric_timestamp_ms", Integer),
            ("metric_step", Integer),
            ("metric_value", Real),
            ("experiment_id", Integer),
            ("run_id", Text),
            ("dataset_name", Text),
            ("dataset_digest", Text),
        ],
        select: "select v.model_id, v.key, v.timestamp_ms, v.step, case v.is_nan when 0 then v.value end, \
                 cast(l.experiment_id as bigint), v.run_id, nullif(v.dataset_name, ''), nullif(v.dataset_digest, '') \
                 from logged_model_metrics v join logged_models l on l.model_id = v.model_id \
                 join runs r on r.run_id = v.run_id",
    },
    Copy {
        table: "registered_models",
        columns: &[
            ("name", Text),
            ("creation_time", Integer),
            ("last_updated_time", Integer),
            ("description", Text),
        ],
        select: "select coalesce(m.renamed_to, m.name), m.created_at_ms, m.updated_at_ms, m.description \
                 from registered_models m where coalesce(m.renamed_to, m.name) not like '%/%'",
    },
    Copy {
        table: "registered_model_tags",
        columns: &[("key", Text), ("value", Text), ("name", Text)],
        select: "select t.key, t.value, coalesce(m.renamed_to, m.name) from registered_model_tags t \
                 join registered_models m on m.name = t.model_name where coalesce(m.renamed_to, m.name) not like '%/%'",
    },
    Copy {
        table: "model_versions",
        columns: &[
            ("name", Text),
            ("version", Integer),
            ("creation_time", Integer),
            ("last_updated_time", Integer),
            ("description", Text),
            ("user_id", Text),
            ("current_stage", Text),
            ("source", Place),
            ("run_id", Text),
            ("status", Text),
            ("status_message", Text),
            ("run_link", Text),
            ("storage_location", Place),
        ],
        select: "select coalesce(m.renamed_to, m.name), v.version, v.created_at_ms, \
                 coalesce(v.updated_at_ms, v.created_at_ms), nullif(v.description, ''), nullif(v.user_name, ''), v.stage, \
                 case when v.model_id is not null then 'models:/' || v.model_id else coalesce(v.storage_uri, v.source) end, \
                 v.run_id, v.status, nullif(v.status_message, ''), nullif(v.run_link, ''), \
                 coalesce(v.storage_uri, v.source) \
                 from model_versions v join registered_models m on m.name = v.model_name \
                 where v.deleted_at_ms is null and coalesce(m.renamed_to, m.name) not like '%/%'",
    },
    // What MLflow leaves of a version that was deleted: its number, so that it isn't given again.
    Copy {
        table: "model_versions",
        columns: &[
            ("name", Text),
            ("version", Integer),
            ("creation_time", Integer),
            ("last_updated_time", Integer),
            ("current_stage", Text),
            ("source", Text),
            ("run_id", Text),
            ("status", Text),
            ("run_link", Text),
        ],
        select: "select coalesce(m.renamed_to, m.name), v.version, v.created_at_ms, v.deleted_at_ms, \
                 'Deleted_Internal', 'REDACTED-SOURCE-PATH', 'REDACTED-RUN-ID', v.status, 'REDACTED-RUN-LINK' \
                 from model_versions v join registered_models m on m.name = v.model_name \
                 where v.deleted_at_ms is not null and coalesce(m.renamed_to, m.name) not like '%/%'",
    },
    Copy {
        table: "model_version_tags",
        columns: &[
            ("key", Text),
            ("value", Text),
            ("name", Text),
            ("version", Integer),
        ],
        select: "select t.key, t.value, coalesce(m.renamed_to, m.name), t.version from model_version_tags t \
                 join model_versions v on v.model_name = t.model_name and v.version = t.version \
                 join registered_models m on m.name = v.model_name \
                 where v.deleted_at_ms is null and coalesce(m.renamed_to, m.name) not like '%/%'",
    },
    Copy {
        table: "registered_model_aliases",
        columns: &[("alias", Text), ("version", Integer), ("name", Text)],
        select: "select a.alias, a.version, coalesce(m.renamed_to, m.name) from registered_model_aliases a \
                 join registered_models m on m.name = a.model_name where coalesce(m.renamed_to, m.name) not like '%/%'",
    },
];
