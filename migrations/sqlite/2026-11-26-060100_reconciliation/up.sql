-- What the platform holds, compared with what we believe that it holds. Without an end: the comparison broke off.
CREATE TABLE reconciliations (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    started_by TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    redeliver INTEGER NOT NULL,
    listed INTEGER NOT NULL DEFAULT 0,
    ended_at INTEGER,
    trouble TEXT,
    CONSTRAINT reconciliations_redeliver CHECK (redeliver IN (0, 1))
) STRICT;

-- What differs. A source id that is not ours stands as the platform gave it.
CREATE TABLE differences (
    reconciliation_id INTEGER NOT NULL,
    source_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    revision_here INTEGER,
    revision_there INTEGER,
    note TEXT,
    done TEXT NOT NULL,
    CONSTRAINT differences_pk PRIMARY KEY (reconciliation_id, source_id),
    CONSTRAINT differences_reconciliation FOREIGN KEY (reconciliation_id) REFERENCES reconciliations (id),
    CONSTRAINT differences_kind CHECK (kind IN ('missing-there', 'missing-here', 'different', 'returned')),
    CONSTRAINT differences_done CHECK (done IN ('nothing', 'redelivered', 'sent-back'))
) STRICT, WITHOUT ROWID;
