insert into model_version_tags (model_name, version, key, value) values ($1, $2, $3, $4)
on conflict (model_name, version, key) do update set value = excluded.value
