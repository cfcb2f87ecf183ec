update audit_head set entries = entries where id = 1 returning entries, hash
