create trigger audit_log_no_update before update on audit_log
begin
    select raise(abort, 'the audit log is append-only');
end;

create trigger audit_log_no_delete before delete on audit_log
begin
    select raise(abort, 'the audit log is append-only');
end;

create trigger audit_head_grows before update on audit_head
when not (new.id = old.id and (new.entries > old.entries or (new.entries = old.entries and new.hash = old.hash)))
begin
    select raise(abort, 'the audit log only grows');
end;

create trigger audit_head_no_delete before delete on audit_head
begin
    select raise(abort, 'the audit log only grows');
end;

create trigger api_tokens_no_delete before delete on api_tokens
begin
    select raise(abort, 'tokens are revoked, never deleted');
end;
