insert into logged_model_tags (model_id, key, value) values ($1, $2, $3)
on conflict (model_id, key) do update set value = excluded.value
