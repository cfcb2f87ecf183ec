-- A status more, and what can be deleted and restored. SQLite can't change a check, so the table is made anew; rows that
-- refer to runs are checked again at the commit.

pragma defer_foreign_keys = on;

create table runs_before as select * from runs;
drop table runs;

create table runs (
    run_id text primary key,
    experiment_id text not null references experiments (experiment_id),
    run_name text not null,
    user_name text not null,
    status text not null check (status in ('RUNNING', 'SCHEDULED', 'FINISHED', 'FAILED', 'KILLED')),
    start_time_ms bigint not null,
    end_time_ms bigint,
    artifact_uri text not null,
    last_metric bigint not null,
    lifecycle_stage text not null default 'active' check (lifecycle_stage in ('active', 'deleted')),
    deleted_at_ms bigint
);
insert into runs
    (run_id, experiment_id, run_name, user_name, status, start_time_ms, end_time_ms, artifact_uri, last_metric)
select run_id, experiment_id, run_name, user_name, status, start_time_ms, end_time_ms, artifact_uri, last_metric
from runs_before;
drop table runs_before;

