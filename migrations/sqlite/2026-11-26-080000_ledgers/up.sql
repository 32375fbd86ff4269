-- The secretariat's ledgers: figures and their months, targets, monthly reports and reminders, inspections, meeting items, photos.

-- The approved projects, added up: kept by each approval in its own transaction, so that boards need not count. `completed` is the year of
-- completion of a project that is finished, else blank; `unit` is blank where a project names no scale.
CREATE TABLE figures (
    department TEXT NOT NULL,
    category TEXT NOT NULL,
    county TEXT NOT NULL,
    stage TEXT NOT NULL,
    completed TEXT NOT NULL,
    unit TEXT NOT NULL,
    projects INTEGER NOT NULL,
    scale_e2 INTEGER NOT NULL,
    planned_yuan INTEGER NOT NULL,
    done_yuan INTEGER NOT NULL,
    CONSTRAINT figures_pk PRIMARY KEY (department, category, county, stage, completed, unit)
) STRICT;
INSERT INTO figures
    SELECT department, category, county, stage, completed, unit, COUNT(*), SUM(scale), SUM(planned), SUM(done)
    FROM (
        SELECT department, category, county, stage,
            CASE WHEN stage IN ('40', '50') THEN COALESCE(substr(completion_first, 1, 4), '') ELSE '' END AS completed,
            CASE WHEN scale_e2 IS NULL THEN '' ELSE COALESCE(scale_unit, '') END AS unit,
            CASE WHEN scale_unit IS NULL THEN 0 ELSE COALESCE(scale_e2, 0) END AS scale,
            COALESCE(planned_yuan, 0) AS planned, COALESCE(done_yuan, 0) AS done
        FROM approved_projects
    ) AS approved
    GROUP BY department, category, county, stage, completed, unit;

-- The months that are over, and the figures as they stood at the end of each. Written once.
CREATE TABLE snapshot_months (
    month TEXT NOT NULL PRIMARY KEY,
    taken_at INTEGER NOT NULL,
    CONSTRAINT snapshot_months_month CHECK (length(month) = 7)
) STRICT;
CREATE TABLE snapshots (
    month TEXT NOT NULL,
    department TEXT NOT NULL,
    category TEXT NOT NULL,
    county TEXT NOT NULL,
    stage TEXT NOT NULL,
    completed TEXT NOT NULL,
    unit TEXT NOT NULL,
    projects INTEGER NOT NULL,
    scale_e2 INTEGER NOT NULL,
    planned_yuan INTEGER NOT NULL,
    done_yuan INTEGER NOT NULL,
    CONSTRAINT snapshots_pk PRIMARY KEY (month, department, category, county, stage, completed, unit),
    CONSTRAINT snapshots_month FOREIGN KEY (month) REFERENCES snapshot_months (month)
) STRICT;

-- What a department is to finish in a year, in hundredths of a unit of scale. `version` grows with each change.
CREATE TABLE targets (
    year INTEGER NOT NULL,
    department TEXT NOT NULL,
    category TEXT NOT NULL,
    county TEXT NOT NULL,
    unit TEXT NOT NULL,
    amount_e2 INTEGER NOT NULL,
    version INTEGER NOT NULL,
    set_by TEXT NOT NULL,
    set_at INTEGER NOT NULL,
    CONSTRAINT targets_pk PRIMARY KEY (year, department, category, county),
    CONSTRAINT targets_amount CHECK (amount_e2 > 0)
) STRICT;

-- From which month on by which day a department's monthly roster is due; day 0: none is asked for.
CREATE TABLE due_days (
    department TEXT NOT NULL,
    since TEXT NOT NULL,
    day INTEGER NOT NULL,
    set_by TEXT NOT NULL,
    set_at INTEGER NOT NULL,
    CONSTRAINT due_days_pk PRIMARY KEY (department, since),
    CONSTRAINT due_days_day CHECK (day BETWEEN 0 AND 28)
) STRICT;

-- The first roster of a department for a month that went in.
CREATE TABLE monthly_reports (
    department TEXT NOT NULL,
    period TEXT NOT NULL,
    upload_id INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    received_by TEXT NOT NULL,
    CONSTRAINT monthly_reports_pk PRIMARY KEY (department, period),
    CONSTRAINT monthly_reports_upload FOREIGN KEY (upload_id) REFERENCES uploads (id)
) STRICT;
INSERT INTO monthly_reports
    SELECT department, period, id, committed_at, received_by FROM uploads AS first
    WHERE committed_at IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM uploads AS other
        WHERE other.department = first.department AND other.period = first.period AND other.committed_at IS NOT NULL
            AND (other.committed_at < first.committed_at OR (other.committed_at = first.committed_at AND other.id < first.id))
    );

-- What a department was reminded of, once for each kind of reminder.
CREATE TABLE reminders (
    department TEXT NOT NULL,
    subject TEXT NOT NULL,
    kind TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    CONSTRAINT reminders_pk PRIMARY KEY (department, subject, kind),
    CONSTRAINT reminders_kind CHECK (kind IN ('soon', 'today', 'overdue'))
) STRICT;

-- A joint inspection, and what it found at projects. `version` of a finding is the number of moves made.
CREATE TABLE inspections (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    held_on TEXT NOT NULL,
    place TEXT NOT NULL,
    inspectors TEXT NOT NULL,
    note TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    CONSTRAINT inspections_held_on CHECK (length(held_on) = 10)
) STRICT;
INSERT INTO counters (name, value) VALUES ('finding', 0);
CREATE TABLE inspection_findings (
    project_id INTEGER NOT NULL,
    id INTEGER NOT NULL,
    inspection_id INTEGER NOT NULL,
    department TEXT NOT NULL,
    problem TEXT NOT NULL,
    deadline TEXT NOT NULL,
    state TEXT NOT NULL,
    version INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    CONSTRAINT inspection_findings_pk PRIMARY KEY (project_id, id),
    CONSTRAINT inspection_findings_project FOREIGN KEY (project_id) REFERENCES projects (id),
    CONSTRAINT inspection_findings_inspection FOREIGN KEY (inspection_id) REFERENCES inspections (id),
    CONSTRAINT inspection_findings_state CHECK (state IN ('open', 'answered', 'returned', 'closed')),
    CONSTRAINT inspection_findings_deadline CHECK (length(deadline) = 10)
) STRICT;
CREATE UNIQUE INDEX inspection_findings_by_id ON inspection_findings (id);
CREATE INDEX inspection_findings_by_inspection ON inspection_findings (inspection_id);
CREATE INDEX inspection_findings_by_state ON inspection_findings (state, deadline);
CREATE TABLE finding_moves (
    project_id INTEGER NOT NULL,
    finding_id INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    from_state TEXT NOT NULL,
    to_state TEXT NOT NULL,
    note TEXT NOT NULL,
    made_by TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    CONSTRAINT finding_moves_pk PRIMARY KEY (project_id, finding_id, seq),
    CONSTRAINT finding_moves_finding FOREIGN KEY (project_id, finding_id) REFERENCES inspection_findings (project_id, id),
    CONSTRAINT finding_moves_move CHECK (
        (from_state IN ('open', 'returned') AND to_state = 'answered') OR (from_state = 'answered' AND to_state IN ('closed', 'returned'))
    )
) STRICT;
CREATE TABLE finding_photos (
    project_id INTEGER NOT NULL,
    finding_id INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    seq INTEGER NOT NULL,
    file_name TEXT NOT NULL,
    format TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    CONSTRAINT finding_photos_pk PRIMARY KEY (project_id, finding_id, sha256),
    CONSTRAINT finding_photos_move FOREIGN KEY (project_id, finding_id, seq) REFERENCES finding_moves (project_id, finding_id, seq),
    CONSTRAINT finding_photos_format CHECK (format IN ('jpeg', 'png'))
) STRICT;

-- What a joint meeting settled that a department is to do.
CREATE TABLE meeting_items (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    meeting_on TEXT NOT NULL,
    meeting TEXT NOT NULL,
    matter TEXT NOT NULL,
    department TEXT NOT NULL,
    deadline TEXT NOT NULL,
    state TEXT NOT NULL,
    version INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    CONSTRAINT meeting_items_state CHECK (state IN ('open', 'answered', 'returned', 'closed')),
    CONSTRAINT meeting_items_days CHECK (length(meeting_on) = 10 AND length(deadline) = 10)
) STRICT;
CREATE INDEX meeting_items_by_state ON meeting_items (state, deadline);
CREATE TABLE meeting_moves (
    item_id INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    from_state TEXT NOT NULL,
    to_state TEXT NOT NULL,
    note TEXT NOT NULL,
    made_by TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    CONSTRAINT meeting_moves_pk PRIMARY KEY (item_id, seq),
    CONSTRAINT meeting_moves_item FOREIGN KEY (item_id) REFERENCES meeting_items (id),
    CONSTRAINT meeting_moves_move CHECK (
        (from_state IN ('open', 'returned') AND to_state = 'answered') OR (from_state = 'answered' AND to_state IN ('closed', 'returned'))
    )
) STRICT;

-- Photos of projects. The files lie under their SHA-256 in the data folder, without metadata, as they are delivered.
INSERT INTO counters (name, value) VALUES ('photo', 0);
CREATE TABLE photos (
    project_id INTEGER NOT NULL,
    kind TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    id INTEGER NOT NULL,
    file_name TEXT NOT NULL,
    format TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    state TEXT NOT NULL,
    problem TEXT,
    added_by TEXT NOT NULL,
    added_at INTEGER NOT NULL,
    sent_at INTEGER,
    CONSTRAINT photos_pk PRIMARY KEY (project_id, kind, sha256),
    CONSTRAINT photos_project FOREIGN KEY (project_id) REFERENCES projects (id),
    CONSTRAINT photos_kind CHECK (kind IN ('construction', 'acceptance')),
    CONSTRAINT photos_format CHECK (format IN ('jpeg', 'png')),
    CONSTRAINT photos_state CHECK (state IN ('ready', 'sent', 'refused')),
    CONSTRAINT photos_sent CHECK ((state = 'sent') = (sent_at IS NOT NULL)),
    CONSTRAINT photos_refused CHECK (state <> 'refused' OR problem IS NOT NULL)
) STRICT;
CREATE UNIQUE INDEX photos_by_id ON photos (id);
CREATE INDEX photos_by_state ON photos (state, id);
