insert into tags (run_id, key, value) values ($1, $2, $3)
on conflict (run_id, key) do update set value = excluded.value
