select sequence, at_ms, who, origin, action, object, details, previous_hash, hash
from audit_log
where sequence > $1
order by sequence
limit $2
