update runs set lifecycle_stage = $2, deleted_at_ms = case when $2 = 'deleted' then cast($3 as bigint) end where run_id = $1 returning run_id
