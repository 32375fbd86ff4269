-- The seal on the audit log: each entry's digest at its place in a chain, appended in batches. A place hashes the one before it.
CREATE TABLE audit_chain (
    position BIGINT NOT NULL PRIMARY KEY,
    entry_id BIGINT NOT NULL,
    entry_hash TEXT NOT NULL,
    chain_hash TEXT NOT NULL,
    sealed_at BIGINT NOT NULL,
    CONSTRAINT audit_chain_entry UNIQUE (entry_id)
);

-- Nobody changes or deletes what is logged, whatever the role: entries are kept for ever, more than the six months that are asked for.
CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'the audit log is append-only'; END $$;
CREATE TRIGGER audit_log_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only();
CREATE TRIGGER audit_chain_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_chain
    FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only();
