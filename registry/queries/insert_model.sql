insert into registered_models (name, created_at_ms, updated_at_ms, last_version)
values ($1, $2, $2, 0)
on conflict (name) do nothing
