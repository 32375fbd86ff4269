-- The boards of timeliness and data quality, and projects that two departments report: kept as rosters go in, so that no page counts.

-- How the first roster of a month fared at its first commit: its rows, and those held back.
ALTER TABLE monthly_reports ADD COLUMN row_count BIGINT NOT NULL DEFAULT 0;
ALTER TABLE monthly_reports ADD COLUMN held_count BIGINT NOT NULL DEFAULT 0;
UPDATE monthly_reports SET
    row_count = COALESCE((SELECT (summary::jsonb #>> '{counts,rows}')::bigint FROM uploads WHERE id = upload_id), 0),
    held_count = COALESCE((SELECT (summary::jsonb #>> '{counts,held}')::bigint FROM uploads WHERE id = upload_id), 0);

-- What the check of an upload came to: of its last commit, or that nothing could be read.
CREATE TABLE upload_checks (
    upload_id BIGINT NOT NULL PRIMARY KEY,
    department TEXT NOT NULL,
    period TEXT NOT NULL,
    row_count BIGINT NOT NULL,
    errors BIGINT NOT NULL,
    confirms BIGINT NOT NULL,
    hints BIGINT NOT NULL,
    CONSTRAINT upload_checks_upload FOREIGN KEY (upload_id) REFERENCES uploads (id)
);
CREATE INDEX upload_checks_by_period ON upload_checks (period, department);
CREATE TABLE upload_check_findings (
    upload_id BIGINT NOT NULL,
    code TEXT NOT NULL,
    severity TEXT NOT NULL,
    times BIGINT NOT NULL,
    CONSTRAINT upload_check_findings_pk PRIMARY KEY (upload_id, code, severity),
    CONSTRAINT upload_check_findings_check FOREIGN KEY (upload_id) REFERENCES upload_checks (upload_id),
    CONSTRAINT upload_check_findings_severity CHECK (severity IN ('hint', 'confirm', 'error'))
);
CREATE INDEX revisions_by_upload ON revisions (upload_id);
INSERT INTO upload_checks
    SELECT id, department, period, COALESCE((summary::jsonb #>> '{counts,rows}')::bigint, 0), 0, 0, 0 FROM uploads WHERE state <> 'received';
INSERT INTO upload_check_findings
    SELECT upload_id, code, severity, COUNT(*)
    FROM (
        SELECT upload_id, code, severity FROM upload_findings
        UNION ALL
        SELECT revisions.upload_id, findings.code, findings.severity FROM findings
        JOIN revisions ON revisions.project_id = findings.project_id AND revisions.revision = findings.revision
    ) AS found
    WHERE upload_id IN (SELECT upload_id FROM upload_checks)
    GROUP BY upload_id, code, severity;
UPDATE upload_checks SET
    errors = COALESCE((SELECT SUM(times)::bigint FROM upload_check_findings f WHERE f.upload_id = upload_checks.upload_id AND severity = 'error'), 0),
    confirms = COALESCE((SELECT SUM(times)::bigint FROM upload_check_findings f WHERE f.upload_id = upload_checks.upload_id AND severity = 'confirm'), 0),
    hints = COALESCE((SELECT SUM(times)::bigint FROM upload_check_findings f WHERE f.upload_id = upload_checks.upload_id AND severity = 'hint'), 0);

-- What waits the longest, and what was held and has not come again.
CREATE INDEX review_queue_by_age ON review_queue (department, waiting_since);
CREATE INDEX upload_rows_open ON upload_rows (superseded_by, upload_id);

-- Pairs of two departments' projects that are very likely one: `building` by rule D004's measure, `place` by the same name, township and
-- address. The lower id stands first.
CREATE TABLE lookalikes (
    project_id BIGINT NOT NULL,
    other_id BIGINT NOT NULL,
    why TEXT NOT NULL,
    found_at BIGINT NOT NULL,
    CONSTRAINT lookalikes_pk PRIMARY KEY (project_id, other_id),
    CONSTRAINT lookalikes_project FOREIGN KEY (project_id) REFERENCES projects (id),
    CONSTRAINT lookalikes_other FOREIGN KEY (other_id) REFERENCES projects (id),
    CONSTRAINT lookalikes_why CHECK (why IN ('building', 'place')),
    CONSTRAINT lookalikes_order CHECK (project_id < other_id)
);
CREATE INDEX lookalikes_by_other ON lookalikes (other_id);
