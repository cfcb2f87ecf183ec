insert into registered_models (name, renamed_to, description, created_at_ms, updated_at_ms, last_version)
values ($1, $2, $3, $4, $4, 0)
on conflict do nothing
