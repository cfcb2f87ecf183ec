-- The key of a registered model (`registered_models.name`) stays as it was made, since history that is never rewritten
-- names it. What a model is called now is `coalesce(renamed_to, name)`; a deleted one is called by a name with a `/`,
-- which none can be given.
alter table registered_models add column renamed_to text;
alter table registered_models add column description text;
create unique index registered_models_called on registered_models (coalesce(renamed_to, name));

create table registered_model_tags (
    model_name text not null references registered_models (name),
    key text not null,
    value text not null,
    primary key (model_name, key)
);

-- SQLite can't drop a constraint: the table is made anew, with the rows it had. The names that refer to it are checked
-- at the end, when they are there again.
pragma defer_foreign_keys = on;
create table model_versions_before as select * from model_versions;
drop table model_versions;
create table model_versions (
    model_name text not null references registered_models (name),
    version bigint not null,
    stage text not null check (stage in ('None', 'Staging', 'Production', 'Archived')),
    run_id text,
    source text not null,
    model_file text,
    model_sha256 text,
    model_bytes bigint,
    bundle_file text,
    booster_sha256 text,
    dataset_name text,
    dataset_digest text,
    trained_at_ms bigint,
    created_at_ms bigint not null,
    idempotency_key text unique,
    status text not null default 'READY',
    status_message text not null default '',
    description text not null default '',
    user_name text not null default '',
    run_link text not null default '',
    model_id text,
    storage_uri text,
    updated_at_ms bigint,
    deleted_at_ms bigint,
    primary key (model_name, version)
);
insert into model_versions
    (model_name, version, stage, run_id, source, model_file, model_sha256, model_bytes, bundle_file, booster_sha256,
    dataset_name, dataset_digest, trained_at_ms, created_at_ms, idempotency_key)
select model_name, version, stage, run_id, source, model_file, model_sha256, model_bytes, bundle_file, booster_sha256,
    dataset_name, dataset_digest, trained_at_ms, created_at_ms, idempotency_key
from model_versions_before;
drop table model_versions_before;

create unique index one_production on model_versions (model_name) where stage = 'Production';
create index model_versions_by_place on model_versions (coalesce(storage_uri, source));
create index model_versions_by_run on model_versions (run_id);
create index model_versions_by_update on model_versions (coalesce(updated_at_ms, created_at_ms));

create table model_version_tags (
    model_name text not null,
    version bigint not null,
    key text not null,
    value text not null,
    primary key (model_name, version, key),
    foreign key (model_name, version) references model_versions (model_name, version)
);

-- What a version's files were when it was registered; `path` is relative to the version's directory.
create table model_version_files (
    model_name text not null,
    version bigint not null,
    path text not null,
    sha256 text not null,
    bytes bigint not null,
    primary key (model_name, version, path),
    foreign key (model_name, version) references model_versions (model_name, version)
);

create table logged_models (
    model_id text primary key,
    experiment_id text not null references experiments (experiment_id),
    name text not null,
    artifact_uri text not null,
    status text not null,
    status_message text not null,
    model_type text not null,
    source_run_id text,
    created_at_ms bigint not null,
    updated_at_ms bigint not null,
    deleted_at_ms bigint
);
create index logged_models_by_experiment on logged_models (experiment_id, created_at_ms);
create index logged_models_by_place on logged_models (artifact_uri);

create table logged_model_params (
    model_id text not null references logged_models (model_id),
    key text not null,
    value text not null,
    primary key (model_id, key)
);

create table logged_model_tags (
    model_id text not null references logged_models (model_id),
    key text not null,
    value text not null,
    primary key (model_id, key)
);

-- NaN is stored as 0 with is_nan = 1.
create table logged_model_metrics (
    model_id text not null references logged_models (model_id),
    run_id text not null,
    key text not null,
    value double precision not null,
    timestamp_ms bigint not null,
    step bigint not null,
    is_nan bigint not null,
    dataset_name text not null,
    dataset_digest text not null,
    primary key (model_id, key, timestamp_ms, step, run_id)
);

create trigger model_versions_provenance before update of
    model_name, version, run_id, source, model_file, model_sha256, model_bytes, bundle_file, booster_sha256,
    dataset_name, dataset_digest, trained_at_ms, created_at_ms, idempotency_key, user_name, run_link, model_id,
    storage_uri
on model_versions
begin
    select raise(abort, 'the provenance of a model version is never rewritten');
end;

create trigger model_versions_no_delete before delete on model_versions
begin
    select raise(abort, 'model versions are never deleted');
end;

create trigger model_version_files_no_update before update on model_version_files
begin
    select raise(abort, 'the provenance of a model version is never rewritten');
end;

create trigger model_version_files_no_delete before delete on model_version_files
begin
    select raise(abort, 'the provenance of a model version is never rewritten');
end;
