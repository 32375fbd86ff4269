-- What other departments' projects are met by: the owner's credit code, and the cell of the map (thousandths of a degree, latitude first).
CREATE TABLE wider_project_keys (
    department TEXT NOT NULL,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    project_id INTEGER NOT NULL,
    CONSTRAINT project_keys_pk PRIMARY KEY (department, kind, key, project_id),
    CONSTRAINT project_keys_project FOREIGN KEY (project_id) REFERENCES projects (id),
    CONSTRAINT project_keys_kind CHECK (kind IN ('number', 'place', 'owner', 'cell'))
) STRICT, WITHOUT ROWID;
INSERT INTO wider_project_keys SELECT department, kind, key, project_id FROM project_keys;
INSERT INTO wider_project_keys
    SELECT p.department, 'owner', json_extract(r.values_json, '$.owner_uscc'), p.id
    FROM projects p JOIN revisions r ON r.project_id = p.id AND r.revision = p.revision
    WHERE json_extract(r.values_json, '$.owner_uscc') IS NOT NULL;
INSERT INTO wider_project_keys
    SELECT department, 'cell', (latitude_e6 / 1000) || ':' || (longitude_e6 / 1000), id
    FROM projects WHERE latitude_e6 IS NOT NULL AND longitude_e6 IS NOT NULL;
DROP TABLE project_keys;
ALTER TABLE wider_project_keys RENAME TO project_keys;
CREATE INDEX project_keys_by_key ON project_keys (kind, key);

-- Errors of a rule that the secretariat lets a project go in with, until a day. Appended, never changed: the latest of a rule counts.
CREATE TABLE waivers (
    project_id INTEGER NOT NULL,
    rule TEXT NOT NULL,
    seq INTEGER NOT NULL,
    until TEXT NOT NULL,
    reason TEXT NOT NULL,
    granted_by TEXT NOT NULL,
    granted_at INTEGER NOT NULL,
    CONSTRAINT waivers_pk PRIMARY KEY (project_id, rule, seq),
    CONSTRAINT waivers_project FOREIGN KEY (project_id) REFERENCES projects (id),
    CONSTRAINT waivers_until CHECK (length(until) = 10),
    CONSTRAINT waivers_reason CHECK (reason <> '')
) STRICT;
