insert into audit_log (sequence, at_ms, who, origin, action, object, details, previous_hash, hash)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
