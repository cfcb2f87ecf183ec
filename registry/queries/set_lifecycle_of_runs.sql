update runs set lifecycle_stage = $2, deleted_at_ms = case when $2 = 'deleted' then cast($3 as bigint) end where experiment_id = $1
