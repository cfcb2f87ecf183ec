insert into experiment_tags (experiment_id, key, value) values ($1, $2, $3)
on conflict (experiment_id, key) do update set value = excluded.value
