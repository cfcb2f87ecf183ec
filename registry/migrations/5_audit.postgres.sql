create trigger audit_log_append_only before update or delete on audit_log
for each row execute function refuse_rewrite('the audit log is append-only');

create trigger audit_log_no_truncate before truncate on audit_log
for each statement execute function refuse_rewrite('the audit log is append-only');

create trigger audit_head_grows before update on audit_head
for each row
when (not (new.id = old.id and (new.entries > old.entries or (new.entries = old.entries and new.hash = old.hash))))
execute function refuse_rewrite('the audit log only grows');

create trigger audit_head_no_delete before delete on audit_head
for each row execute function refuse_rewrite('the audit log only grows');

create trigger audit_head_no_truncate before truncate on audit_head
for each statement execute function refuse_rewrite('the audit log only grows');

create trigger api_tokens_no_delete before delete on api_tokens
for each row execute function refuse_rewrite('tokens are revoked, never deleted');
