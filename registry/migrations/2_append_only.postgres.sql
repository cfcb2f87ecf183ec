-- What happened is never rewritten.

create function refuse_rewrite() returns trigger language plpgsql as $$
begin
    raise exception '%', tg_argv[0];
end
$$;

create trigger transitions_append_only before update or delete on transitions
for each row execute function refuse_rewrite('transitions are append-only');

create trigger transitions_no_truncate before truncate on transitions
for each statement execute function refuse_rewrite('transitions are append-only');

create trigger model_versions_provenance before update of
    model_name, version, run_id, source, model_file, model_sha256, model_bytes, bundle_file, booster_sha256,
    dataset_name, dataset_digest, trained_at_ms, created_at_ms, idempotency_key
on model_versions
for each row execute function refuse_rewrite('the provenance of a model version is never rewritten');

create trigger model_versions_no_delete before delete on model_versions
for each row execute function refuse_rewrite('model versions are never deleted');
