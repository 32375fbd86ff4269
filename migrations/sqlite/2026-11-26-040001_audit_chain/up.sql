-- The seal on the audit log: each entry's digest at its place in a chain, appended in batches. A place hashes the one before it.
CREATE TABLE audit_chain (
    position INTEGER NOT NULL PRIMARY KEY,
    entry_id INTEGER NOT NULL,
    entry_hash TEXT NOT NULL,
    chain_hash TEXT NOT NULL,
    sealed_at INTEGER NOT NULL,
    CONSTRAINT audit_chain_entry UNIQUE (entry_id)
) STRICT;

-- Nobody changes or deletes what is logged, whatever the role: entries are kept for ever, more than the six months that are asked for.
CREATE TRIGGER audit_log_no_update BEFORE UPDATE ON audit_log
    BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_log_no_delete BEFORE DELETE ON audit_log
    BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_chain_no_update BEFORE UPDATE ON audit_chain
    BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_chain_no_delete BEFORE DELETE ON audit_chain
    BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
