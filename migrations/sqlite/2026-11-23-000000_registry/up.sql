-- The registry's tables. The same version stands in both folders: column for column, constraint for constraint; a test compares them.
-- Numbers are 64-bit integers (scaled where they are decimals), instants UTC milliseconds, days ISO text. A name in `…_by` is the
-- operator's name. Every table about a project carries the project's id in its primary key.

-- Numbers that only grow. A row is also a lock: intake and review take `project` first, claims `delivery`, the schedule `job`.
CREATE TABLE counters (
    name TEXT NOT NULL PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT;
INSERT INTO counters (name, value) VALUES ('project', 0), ('delivery', 0), ('job', 0);

CREATE TABLE users (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    department TEXT,
    password_hash TEXT NOT NULL,
    must_change INTEGER NOT NULL,
    failures INTEGER NOT NULL DEFAULT 0,
    locked_until INTEGER,
    active INTEGER NOT NULL DEFAULT 1,
    created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    CONSTRAINT users_name UNIQUE (name),
    CONSTRAINT users_role CHECK (role IN ('reporter', 'lead', 'secretariat', 'auditor', 'administrator')),
    CONSTRAINT users_department CHECK (role NOT IN ('reporter', 'lead') OR department IS NOT NULL),
    CONSTRAINT users_must_change CHECK (must_change IN (0, 1)),
    CONSTRAINT users_active CHECK (active IN (0, 1))
) STRICT;

-- The token itself is never stored.
CREATE TABLE sessions (
    token_hash TEXT NOT NULL PRIMARY KEY,
    user_id INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    seen_at INTEGER NOT NULL,
    ended_at INTEGER,
    CONSTRAINT sessions_user FOREIGN KEY (user_id) REFERENCES users (id)
) STRICT;
CREATE INDEX sessions_by_user ON sessions (user_id);

CREATE TABLE audit_log (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    object TEXT NOT NULL,
    detail TEXT NOT NULL,
    origin TEXT NOT NULL,
    outcome TEXT NOT NULL,
    CONSTRAINT audit_log_outcome CHECK (outcome IN ('done', 'refused'))
) STRICT;
CREATE INDEX audit_log_by_time ON audit_log (at);

CREATE TABLE uploads (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    department TEXT NOT NULL,
    period TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    file_name TEXT NOT NULL,
    stored TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    state TEXT NOT NULL,
    summary TEXT,
    received_by TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    committed_at INTEGER,
    CONSTRAINT uploads_same UNIQUE (department, period, sha256),
    CONSTRAINT uploads_state CHECK (state IN ('received', 'unreadable', 'committed')),
    CONSTRAINT uploads_committed CHECK ((state = 'committed') = (committed_at IS NOT NULL))
) STRICT;

-- The rows of a committed upload that were held back, until they are mended.
CREATE TABLE upload_rows (
    upload_id INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    sheet TEXT NOT NULL,
    row_no INTEGER NOT NULL,
    reason TEXT NOT NULL,
    met_project INTEGER,
    values_json TEXT NOT NULL,
    CONSTRAINT upload_rows_pk PRIMARY KEY (upload_id, seq),
    CONSTRAINT upload_rows_upload FOREIGN KEY (upload_id) REFERENCES uploads (id),
    CONSTRAINT upload_rows_reason CHECK (reason IN ('errors', 'unexplained', 'met-twice', 'ambiguous', 'foreign-code', 'number-taken',
        'withdrawn'))
) STRICT;

-- Findings on the file, its sheets and its held rows. Those of rows that went in stand in `findings`.
CREATE TABLE upload_findings (
    upload_id INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    code TEXT NOT NULL,
    severity TEXT NOT NULL,
    sheet TEXT,
    row_no INTEGER,
    cell TEXT,
    field TEXT,
    written TEXT,
    message TEXT NOT NULL,
    suggestion TEXT,
    basis TEXT,
    CONSTRAINT upload_findings_pk PRIMARY KEY (upload_id, seq),
    CONSTRAINT upload_findings_upload FOREIGN KEY (upload_id) REFERENCES uploads (id),
    CONSTRAINT upload_findings_severity CHECK (severity IN ('hint', 'confirm', 'error'))
) STRICT;

-- The current revision of each project, projected for lists and boards. Its registry code is LC-entry_year-id.
CREATE TABLE projects (
    id INTEGER NOT NULL PRIMARY KEY,
    entry_year INTEGER NOT NULL,
    department TEXT NOT NULL,
    revision INTEGER NOT NULL,
    approved_revision INTEGER,
    state TEXT NOT NULL,
    op TEXT NOT NULL,
    digest TEXT NOT NULL,
    submitted_by TEXT NOT NULL,
    updated_at INTEGER NOT NULL,
    explained INTEGER NOT NULL,
    project_no TEXT,
    name TEXT NOT NULL,
    category TEXT NOT NULL,
    record_kind TEXT NOT NULL,
    use_code TEXT NOT NULL,
    owner_unit TEXT NOT NULL,
    county TEXT NOT NULL,
    township TEXT NOT NULL,
    longitude_e6 INTEGER,
    latitude_e6 INTEGER,
    stage TEXT NOT NULL,
    progress_e2 INTEGER,
    floor_area_e2 INTEGER,
    scale_e2 INTEGER,
    scale_unit TEXT,
    planned_yuan INTEGER,
    done_yuan INTEGER,
    completion TEXT,
    completion_first TEXT,
    completion_last TEXT,
    CONSTRAINT projects_state CHECK (state IN ('pending', 'approved', 'returned', 'withdrawn')),
    CONSTRAINT projects_op CHECK (op IN ('upsert', 'withdraw')),
    CONSTRAINT projects_withdrawn CHECK (state <> 'withdrawn' OR op = 'withdraw'),
    CONSTRAINT projects_revision CHECK (revision >= 1 AND (approved_revision IS NULL OR approved_revision <= revision))
) STRICT;
CREATE INDEX projects_by_department ON projects (department, state, id);
CREATE INDEX projects_by_state ON projects (state, id);

-- What a roster row is met by: the department's number, or name, township and address.
CREATE TABLE project_keys (
    department TEXT NOT NULL,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    project_id INTEGER NOT NULL,
    CONSTRAINT project_keys_pk PRIMARY KEY (department, kind, key, project_id),
    CONSTRAINT project_keys_project FOREIGN KEY (project_id) REFERENCES projects (id),
    CONSTRAINT project_keys_kind CHECK (kind IN ('number', 'place'))
) STRICT, WITHOUT ROWID;

-- Appended, never removed; but for the columns from `state` on, which the review writes, a row never changes.
CREATE TABLE revisions (
    project_id INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    op TEXT NOT NULL,
    values_json TEXT NOT NULL,
    digest TEXT NOT NULL,
    rules TEXT NOT NULL,
    upload_id INTEGER,
    sheet TEXT,
    row_no INTEGER,
    note TEXT,
    submitted_by TEXT NOT NULL,
    submitted_at INTEGER NOT NULL,
    state TEXT NOT NULL,
    decided_by TEXT,
    decided_at INTEGER,
    reason TEXT,
    CONSTRAINT revisions_pk PRIMARY KEY (project_id, revision),
    CONSTRAINT revisions_project FOREIGN KEY (project_id) REFERENCES projects (id),
    CONSTRAINT revisions_upload FOREIGN KEY (upload_id) REFERENCES uploads (id),
    CONSTRAINT revisions_op CHECK (op IN ('upsert', 'withdraw')),
    CONSTRAINT revisions_state CHECK (state IN ('pending', 'approved', 'returned', 'withdrawn')),
    CONSTRAINT revisions_withdrawn CHECK (state <> 'withdrawn' OR op = 'withdraw'),
    CONSTRAINT revisions_decided CHECK ((state = 'pending') = (decided_by IS NULL) AND (decided_by IS NULL) = (decided_at IS NULL)),
    CONSTRAINT revisions_reason CHECK (state <> 'returned' OR reason IS NOT NULL)
) STRICT;

-- Every decision on a revision. No state is reached twice.
CREATE TABLE decisions (
    project_id INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    to_state TEXT NOT NULL,
    from_state TEXT NOT NULL,
    decided_by TEXT NOT NULL,
    decided_at INTEGER NOT NULL,
    reason TEXT,
    CONSTRAINT decisions_pk PRIMARY KEY (project_id, revision, to_state),
    CONSTRAINT decisions_revision FOREIGN KEY (project_id, revision) REFERENCES revisions (project_id, revision),
    CONSTRAINT decisions_move CHECK (
        (from_state = 'pending' AND to_state IN ('approved', 'returned', 'withdrawn')) OR (from_state = 'approved' AND to_state = 'returned')
        OR (from_state = 'withdrawn' AND to_state = 'returned')
    )
) STRICT;

-- Findings on the row that a revision came from.
CREATE TABLE findings (
    project_id INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    code TEXT NOT NULL,
    severity TEXT NOT NULL,
    cell TEXT,
    field TEXT,
    written TEXT,
    message TEXT NOT NULL,
    suggestion TEXT,
    basis TEXT,
    CONSTRAINT findings_pk PRIMARY KEY (project_id, revision, seq),
    CONSTRAINT findings_revision FOREIGN KEY (project_id, revision) REFERENCES revisions (project_id, revision),
    CONSTRAINT findings_severity CHECK (severity IN ('hint', 'confirm'))
) STRICT;

-- The written answers to findings that ask for confirmation.
CREATE TABLE explanations (
    project_id INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    explanation TEXT NOT NULL,
    given_by TEXT NOT NULL,
    given_at INTEGER NOT NULL,
    CONSTRAINT explanations_pk PRIMARY KEY (project_id, revision, seq),
    CONSTRAINT explanations_finding FOREIGN KEY (project_id, revision, seq) REFERENCES findings (project_id, revision, seq)
) STRICT;

-- The latest approved revision of each project, projected for the boards.
CREATE TABLE approved_projects (
    project_id INTEGER NOT NULL PRIMARY KEY,
    revision INTEGER NOT NULL,
    department TEXT NOT NULL,
    category TEXT NOT NULL,
    county TEXT NOT NULL,
    stage TEXT NOT NULL,
    floor_area_e2 INTEGER,
    scale_e2 INTEGER,
    scale_unit TEXT,
    planned_yuan INTEGER,
    done_yuan INTEGER,
    completion_first TEXT,
    CONSTRAINT approved_projects_revision FOREIGN KEY (project_id, revision) REFERENCES revisions (project_id, revision)
) STRICT;
CREATE INDEX approved_projects_by_category ON approved_projects (category, county, stage);

-- One run of the delivery. Its id is the fencing token of what it holds.
CREATE TABLE sync_runs (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    holder TEXT NOT NULL,
    started_by TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    lease_until INTEGER NOT NULL,
    state TEXT NOT NULL,
    accepted INTEGER NOT NULL DEFAULT 0,
    rejected INTEGER NOT NULL DEFAULT 0,
    unchanged INTEGER NOT NULL DEFAULT 0,
    stale INTEGER NOT NULL DEFAULT 0,
    pending INTEGER NOT NULL DEFAULT 0,
    unknown INTEGER NOT NULL DEFAULT 0,
    not_sent INTEGER NOT NULL DEFAULT 0,
    batches INTEGER NOT NULL DEFAULT 0,
    detail TEXT,
    ended_at INTEGER,
    CONSTRAINT sync_runs_state CHECK (state IN ('running', 'done', 'pending', 'partial', 'platform-down', 'platform-busy', 'refused',
        'clock-skew', 'window-closed', 'abandoned', 'failed')),
    CONSTRAINT sync_runs_ended CHECK ((state = 'running') = (ended_at IS NULL))
) STRICT;
CREATE INDEX sync_runs_by_state ON sync_runs (state);

-- A batch is stored before its first byte is sent; its body is kept while it is open.
CREATE TABLE batches (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    batch_no TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    body_sha256 TEXT NOT NULL,
    body BLOB,
    run_id INTEGER NOT NULL,
    state TEXT NOT NULL,
    platform_batch_id TEXT,
    recorded_at INTEGER NOT NULL,
    closed_at INTEGER,
    CONSTRAINT batches_no UNIQUE (batch_no),
    CONSTRAINT batches_key UNIQUE (idempotency_key),
    CONSTRAINT batches_run FOREIGN KEY (run_id) REFERENCES sync_runs (id),
    CONSTRAINT batches_state CHECK (state IN ('unknown', 'pending', 'done', 'returned')),
    CONSTRAINT batches_open CHECK ((state IN ('unknown', 'pending')) = (body IS NOT NULL) AND (body IS NULL) = (closed_at IS NOT NULL))
) STRICT;
CREATE INDEX batches_by_state ON batches (state, run_id);

-- The outbox: one row per project and approved revision, written with the approval. `run_id` is the run that holds or settled it, `batch_id`
-- the batch that it is in or was settled by.
CREATE TABLE deliveries (
    project_id INTEGER NOT NULL,
    id INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    op TEXT NOT NULL,
    stage TEXT NOT NULL,
    state TEXT NOT NULL,
    run_id INTEGER,
    batch_id INTEGER,
    created_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    CONSTRAINT deliveries_pk PRIMARY KEY (project_id, id),
    CONSTRAINT deliveries_once UNIQUE (project_id, revision),
    CONSTRAINT deliveries_revision FOREIGN KEY (project_id, revision) REFERENCES revisions (project_id, revision),
    CONSTRAINT deliveries_run FOREIGN KEY (run_id) REFERENCES sync_runs (id),
    CONSTRAINT deliveries_batch FOREIGN KEY (batch_id) REFERENCES batches (id),
    CONSTRAINT deliveries_op CHECK (op IN ('upsert', 'withdraw')),
    CONSTRAINT deliveries_state CHECK (state IN ('ready', 'claimed', 'unknown', 'pending', 'accepted', 'rejected', 'unchanged', 'stale',
        'superseded')),
    CONSTRAINT deliveries_holder CHECK (state IN ('ready', 'superseded') OR run_id IS NOT NULL),
    CONSTRAINT deliveries_free CHECK (state NOT IN ('ready', 'claimed') OR batch_id IS NULL),
    CONSTRAINT deliveries_sent CHECK (state <> 'pending' OR batch_id IS NOT NULL)
) STRICT;
CREATE INDEX deliveries_by_id ON deliveries (id);
CREATE INDEX deliveries_by_state ON deliveries (state, id);
CREATE INDEX deliveries_by_batch ON deliveries (batch_id);

-- Which deliveries a batch was made of, whatever became of it, each with the digest of the data sent.
CREATE TABLE batch_members (
    project_id INTEGER NOT NULL,
    delivery_id INTEGER NOT NULL,
    batch_id INTEGER NOT NULL,
    digest TEXT,
    CONSTRAINT batch_members_pk PRIMARY KEY (project_id, delivery_id, batch_id),
    CONSTRAINT batch_members_delivery FOREIGN KEY (project_id, delivery_id) REFERENCES deliveries (project_id, id),
    CONSTRAINT batch_members_batch FOREIGN KEY (batch_id) REFERENCES batches (id)
) STRICT, WITHOUT ROWID;

-- Every request about a batch. Appended, never changed.
CREATE TABLE attempts (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    batch_id INTEGER NOT NULL,
    run_id INTEGER NOT NULL,
    kind TEXT NOT NULL,
    request_id TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    duration_ms INTEGER NOT NULL,
    status INTEGER,
    problem TEXT,
    retry_after_s INTEGER,
    CONSTRAINT attempts_batch FOREIGN KEY (batch_id) REFERENCES batches (id),
    CONSTRAINT attempts_kind CHECK (kind IN ('post', 'ask'))
) STRICT;
CREATE INDEX attempts_by_batch ON attempts (batch_id);

-- The verdicts that were believed. Appended, never changed.
CREATE TABLE receipts (
    project_id INTEGER NOT NULL,
    delivery_id INTEGER NOT NULL,
    run_id INTEGER NOT NULL,
    batch_id INTEGER,
    verdict TEXT NOT NULL,
    platform_no TEXT,
    errors_json TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    CONSTRAINT receipts_pk PRIMARY KEY (project_id, delivery_id, run_id),
    CONSTRAINT receipts_delivery FOREIGN KEY (project_id, delivery_id) REFERENCES deliveries (project_id, id),
    CONSTRAINT receipts_run FOREIGN KEY (run_id) REFERENCES sync_runs (id),
    CONSTRAINT receipts_batch FOREIGN KEY (batch_id) REFERENCES batches (id),
    CONSTRAINT receipts_verdict CHECK (verdict IN ('accepted', 'rejected', 'unchanged', 'stale'))
) STRICT;

-- Receipts that are kept as evidence and never believed.
CREATE TABLE stray_receipts (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    batch_id INTEGER NOT NULL,
    delivery_id INTEGER,
    kind TEXT NOT NULL,
    raw TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    CONSTRAINT stray_receipts_batch FOREIGN KEY (batch_id) REFERENCES batches (id),
    CONSTRAINT stray_receipts_kind CHECK (kind IN ('missing', 'foreign', 'malformed'))
) STRICT;
CREATE INDEX stray_receipts_by_batch ON stray_receipts (batch_id);

-- The runs of scheduled jobs.
CREATE TABLE job_runs (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    job TEXT NOT NULL,
    due_at INTEGER NOT NULL,
    catch_up INTEGER NOT NULL,
    holder TEXT NOT NULL,
    token INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    lease_until INTEGER NOT NULL,
    state TEXT NOT NULL,
    outcome TEXT,
    ended_at INTEGER,
    CONSTRAINT job_runs_once UNIQUE (job, due_at),
    CONSTRAINT job_runs_catch_up CHECK (catch_up IN (0, 1)),
    CONSTRAINT job_runs_state CHECK (state IN ('running', 'done', 'failed', 'abandoned')),
    CONSTRAINT job_runs_ended CHECK ((state = 'running') = (ended_at IS NULL))
) STRICT;
