update audit_head set entries = $1, hash = $2 where id = 1
