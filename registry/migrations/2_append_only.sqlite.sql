-- What happened is never rewritten.

create trigger transitions_no_update before update on transitions
begin
    select raise(abort, 'transitions are append-only');
end;

create trigger transitions_no_delete before delete on transitions
begin
    select raise(abort, 'transitions are append-only');
end;

create trigger model_versions_provenance before update of
    model_name, version, run_id, source, model_file, model_sha256, model_bytes, bundle_file, booster_sha256,
    dataset_name, dataset_digest, trained_at_ms, created_at_ms, idempotency_key
on model_versions
begin
    select raise(abort, 'the provenance of a model version is never rewritten');
end;

create trigger model_versions_no_delete before delete on model_versions
begin
    select raise(abort, 'model versions are never deleted');
end;
