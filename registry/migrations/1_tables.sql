-- Portable over SQLite and Postgres: text, bigint (numbers, ms since the epoch, 0/1) and double precision only.

create table counters (
    name text primary key,
    value bigint not null
);
insert into counters (name, value) values ('experiments', 0), ('transitions', 0), ('datasets', 0);

create table experiments (
    experiment_id text primary key,
    name text not null unique,
    artifact_location text not null,
    created_at_ms bigint not null
);

create table runs (
    run_id text primary key,
    experiment_id text not null references experiments (experiment_id),
    run_name text not null,
    user_name text not null,
    status text not null check (status in ('RUNNING', 'FINISHED', 'FAILED', 'KILLED')),
    start_time_ms bigint not null,
    end_time_ms bigint,
    artifact_uri text not null,
    last_metric bigint not null
);
create index runs_by_start on runs (experiment_id, start_time_ms);

create table params (
    run_id text not null references runs (run_id),
    key text not null,
    value text not null,
    primary key (run_id, key)
);

create table tags (
    run_id text not null references runs (run_id),
    key text not null,
    value text not null,
    primary key (run_id, key)
);

-- NaN is stored as 0 with is_nan = 1; sequence is the order of writing within the run.
create table metrics (
    run_id text not null references runs (run_id),
    key text not null,
    sequence bigint not null,
    value double precision not null,
    timestamp_ms bigint not null,
    step bigint not null,
    is_nan bigint not null,
    primary key (run_id, key, sequence)
);

create table latest_metrics (
    run_id text not null references runs (run_id),
    key text not null,
    value double precision not null,
    timestamp_ms bigint not null,
    step bigint not null,
    is_nan bigint not null,
    primary key (run_id, key)
);

create table datasets (
    dataset_id bigint primary key,
    name text not null,
    digest text not null,
    source_type text not null,
    source text not null,
    row_count bigint not null
);

create table inputs (
    run_id text not null references runs (run_id),
    dataset_id bigint not null references datasets (dataset_id),
    primary key (run_id, dataset_id)
);

create table registered_models (
    name text primary key,
    created_at_ms bigint not null,
    updated_at_ms bigint not null,
    last_version bigint not null
);

create table model_versions (
    model_name text not null references registered_models (name),
    version bigint not null,
    stage text not null check (stage in ('None', 'Staging', 'Production', 'Archived')),
    run_id text not null references runs (run_id),
    source text not null,
    model_file text not null,
    model_sha256 text not null,
    model_bytes bigint not null,
    bundle_file text,
    booster_sha256 text not null,
    dataset_name text not null,
    dataset_digest text not null,
    trained_at_ms bigint not null,
    created_at_ms bigint not null,
    idempotency_key text unique,
    primary key (model_name, version)
);
create unique index one_production on model_versions (model_name) where stage = 'Production';

create table registered_model_aliases (
    model_name text not null,
    alias text not null,
    version bigint not null,
    primary key (model_name, alias),
    foreign key (model_name, version) references model_versions (model_name, version)
);

create table transitions (
    sequence bigint primary key,
    model_name text not null,
    version bigint not null,
    from_stage text not null,
    to_stage text not null,
    is_rollback bigint not null,
    actor text not null,
    reason text not null,
    at_ms bigint not null,
    foreign key (model_name, version) references model_versions (model_name, version)
);
create index transitions_by_model on transitions (model_name, sequence);

create table training_runs (
    training_run_id text primary key,
    state text not null check (state in ('queued', 'running', 'succeeded', 'failed')),
    attempts bigint not null,
    request text not null,
    progress text,
    run_id text,
    version bigint,
    error text,
    worker text,
    lease_until_ms bigint not null,
    last_event bigint not null,
    queued_at_ms bigint not null,
    updated_at_ms bigint not null
);
create index training_runs_by_state on training_runs (state, queued_at_ms);

create table training_run_events (
    training_run_id text not null references training_runs (training_run_id),
    sequence bigint not null,
    run text not null,
    primary key (training_run_id, sequence)
);
