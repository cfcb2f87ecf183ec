-- A status more, and what can be deleted and restored.

alter table runs drop constraint runs_status_check;
alter table runs add constraint runs_status_check
    check (status in ('RUNNING', 'SCHEDULED', 'FINISHED', 'FAILED', 'KILLED'));
alter table runs
    add column lifecycle_stage text not null default 'active' check (lifecycle_stage in ('active', 'deleted')),
    add column deleted_at_ms bigint;
drop index runs_by_start;

