create index runs_by_start on runs (experiment_id, lifecycle_stage, start_time_ms desc, run_id);

alter table experiments add column lifecycle_stage text not null default 'active'
    check (lifecycle_stage in ('active', 'deleted'));
alter table experiments add column updated_at_ms bigint not null default 0;
update experiments set updated_at_ms = created_at_ms;

create table experiment_tags (
    experiment_id text not null references experiments (experiment_id),
    key text not null,
    value text not null,
    primary key (experiment_id, key)
);

-- The name of a run and who started it are tags too.
insert into tags (run_id, key, value)
select run_id, 'mlflow.runName', run_name from runs where true
on conflict (run_id, key) do nothing;
insert into tags (run_id, key, value)
select run_id, 'mlflow.user', user_name from runs where user_name <> ''
on conflict (run_id, key) do nothing;

-- The same value at the same step and time is one point of a metric, however often it is sent.
delete from metrics where (run_id, key, sequence) not in (
    select run_id, key, min(sequence) from metrics group by run_id, key, timestamp_ms, step, value, is_nan);
create unique index metric_points on metrics (run_id, key, timestamp_ms, step, value, is_nan);

-- A data set is known within its experiment by name and digest; `context` and the like are tags of a run's use of it.
alter table datasets add column experiment_id text references experiments (experiment_id);
alter table datasets add column schema text;
alter table datasets add column profile text;
update datasets set experiment_id = (
    select min(r.experiment_id) from inputs i join runs r on r.run_id = i.run_id
    where i.dataset_id = datasets.dataset_id);
create index datasets_by_digest on datasets (experiment_id, name, digest);
create index inputs_by_dataset on inputs (dataset_id);

create table input_tags (
    run_id text not null,
    dataset_id bigint not null,
    key text not null,
    value text not null,
    primary key (run_id, dataset_id, key),
    foreign key (run_id, dataset_id) references inputs (run_id, dataset_id)
);

-- Logged models that a run read (`input`) or made (`output`); position is the order of writing within the run.
create table run_models (
    run_id text not null references runs (run_id),
    direction text not null check (direction in ('input', 'output')),
    model_id text not null,
    step bigint not null,
    position bigint not null,
    primary key (run_id, direction, model_id, step)
);
create index run_models_by_model on run_models (model_id);
