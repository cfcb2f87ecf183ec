insert into transitions
    (sequence, model_name, version, from_stage, to_stage, is_rollback, actor, reason, at_ms)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
