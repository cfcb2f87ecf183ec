insert into registered_model_tags (model_name, key, value) values ($1, $2, $3)
on conflict (model_name, key) do update set value = excluded.value
