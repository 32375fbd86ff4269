-- What was read of an upload and checked, so that its pages need not open the file again. The rows stand in parts of so many; `read_on` is
-- the business day and `rules` the version of the rules that they were checked by.
CREATE TABLE upload_readings (
    upload_id BIGINT NOT NULL PRIMARY KEY,
    read_on TEXT NOT NULL,
    rules TEXT NOT NULL,
    summary TEXT NOT NULL,
    CONSTRAINT upload_readings_upload FOREIGN KEY (upload_id) REFERENCES uploads (id)
);
CREATE TABLE upload_reading_parts (
    upload_id BIGINT NOT NULL,
    part BIGINT NOT NULL,
    content TEXT NOT NULL,
    CONSTRAINT upload_reading_parts_pk PRIMARY KEY (upload_id, part),
    CONSTRAINT upload_reading_parts_reading FOREIGN KEY (upload_id) REFERENCES upload_readings (upload_id)
);

-- What the officer explains of an upload before it is committed: a rule's findings, a group of them, or one.
CREATE TABLE upload_explanations (
    upload_id BIGINT NOT NULL,
    scope TEXT NOT NULL,
    explanation TEXT NOT NULL,
    given_by TEXT NOT NULL,
    given_at BIGINT NOT NULL,
    CONSTRAINT upload_explanations_pk PRIMARY KEY (upload_id, scope),
    CONSTRAINT upload_explanations_upload FOREIGN KEY (upload_id) REFERENCES uploads (id)
);

-- What the officer decides of rows that resemble registered projects: the project that a row is about, or none where it is a new one.
CREATE TABLE upload_matches (
    upload_id BIGINT NOT NULL,
    sheet TEXT NOT NULL,
    row_no BIGINT NOT NULL,
    same_as BIGINT,
    decided_by TEXT NOT NULL,
    decided_at BIGINT NOT NULL,
    CONSTRAINT upload_matches_pk PRIMARY KEY (upload_id, sheet, row_no),
    CONSTRAINT upload_matches_upload FOREIGN KEY (upload_id) REFERENCES uploads (id),
    CONSTRAINT upload_matches_project FOREIGN KEY (same_as) REFERENCES projects (id)
);

-- 1 where the sender says that the file lists only some of the department's projects.
ALTER TABLE uploads ADD COLUMN supplement BIGINT NOT NULL DEFAULT 0 CONSTRAINT uploads_supplement CHECK (supplement IN (0, 1));
-- The later upload that brought the same row again.
ALTER TABLE upload_rows ADD COLUMN superseded_by BIGINT;
-- The revision that an explanation was first given for, where it was carried over from there.
ALTER TABLE explanations ADD COLUMN carried_from BIGINT;

-- What a project resembles others by: its township with its name, and with its address.
CREATE TABLE project_likenesses (
    department TEXT NOT NULL,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    project_id BIGINT NOT NULL,
    CONSTRAINT project_likenesses_pk PRIMARY KEY (department, kind, key, project_id),
    CONSTRAINT project_likenesses_project FOREIGN KEY (project_id) REFERENCES projects (id),
    CONSTRAINT project_likenesses_kind CHECK (kind IN ('name', 'address'))
);
INSERT INTO project_likenesses
    SELECT department, 'name', split_part(key, '|', 2) || '|' || split_part(key, '|', 1), project_id
    FROM project_keys WHERE kind = 'place';
INSERT INTO project_likenesses
    SELECT department, 'address', substr(key, strpos(key, '|') + 1), project_id
    FROM project_keys WHERE kind = 'place';

-- The revisions that wait for a decision: one row per project, with what the queue is chosen and counted by. `step` says who decides.
-- `changed` names the fields that differ from the approved revision, each between commas; `due` is the last day by which it is to be finished.
CREATE TABLE review_queue (
    project_id BIGINT NOT NULL PRIMARY KEY,
    revision BIGINT NOT NULL,
    step TEXT NOT NULL,
    department TEXT NOT NULL,
    category TEXT NOT NULL,
    county TEXT NOT NULL,
    stage TEXT NOT NULL,
    severity TEXT NOT NULL,
    explained BIGINT NOT NULL,
    changed TEXT NOT NULL,
    due TEXT,
    waiting_since BIGINT NOT NULL,
    CONSTRAINT review_queue_revision FOREIGN KEY (project_id, revision) REFERENCES revisions (project_id, revision),
    CONSTRAINT review_queue_step CHECK (step IN ('lead', 'secretariat')),
    CONSTRAINT review_queue_severity CHECK (severity IN ('none', 'hint', 'confirm'))
);
CREATE INDEX review_queue_by_step ON review_queue (step, department, project_id);
INSERT INTO review_queue
    SELECT p.id, p.revision, 'secretariat', p.department, p.category, p.county, p.stage,
        COALESCE((SELECT MIN(f.severity) FROM findings f WHERE f.project_id = p.id AND f.revision = p.revision), 'none'),
        p.explained, '', NULL, p.updated_at
    FROM projects p WHERE p.state = 'pending';

-- That a department's own lead passed a revision on to the secretariat. Appended, never changed.
CREATE TABLE endorsements (
    project_id BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    endorsed_by TEXT NOT NULL,
    endorsed_at BIGINT NOT NULL,
    CONSTRAINT endorsements_pk PRIMARY KEY (project_id, revision),
    CONSTRAINT endorsements_revision FOREIGN KEY (project_id, revision) REFERENCES revisions (project_id, revision)
);

-- What departments settle for themselves: 1 where their own lead looks before the secretariat does.
CREATE TABLE department_settings (
    department TEXT NOT NULL PRIMARY KEY,
    lead_review BIGINT NOT NULL,
    changed_by TEXT NOT NULL,
    changed_at BIGINT NOT NULL,
    CONSTRAINT department_settings_lead_review CHECK (lead_review IN (0, 1))
);

-- What is said of a project beside its revisions. Appended, never changed.
CREATE TABLE comments (
    project_id BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    body TEXT NOT NULL,
    written_by TEXT NOT NULL,
    written_at BIGINT NOT NULL,
    CONSTRAINT comments_pk PRIMARY KEY (project_id, seq),
    CONSTRAINT comments_revision FOREIGN KEY (project_id, revision) REFERENCES revisions (project_id, revision),
    CONSTRAINT comments_body CHECK (body <> '')
);

-- Lists are counted from these alone.
CREATE INDEX projects_by_list ON projects (state, department, category, county, stage, explained, id);
CREATE INDEX projects_by_place ON projects (department, category, county, state, op, id, entry_year);
