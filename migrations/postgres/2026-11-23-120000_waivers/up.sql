-- What other departments' projects are met by: the owner's credit code, and the cell of the map (thousandths of a degree, latitude first).
ALTER TABLE project_keys DROP CONSTRAINT project_keys_kind;
ALTER TABLE project_keys ADD CONSTRAINT project_keys_kind CHECK (kind IN ('number', 'place', 'owner', 'cell'));
INSERT INTO project_keys
    SELECT p.department, 'owner', r.values_json::json ->> 'owner_uscc', p.id
    FROM projects p JOIN revisions r ON r.project_id = p.id AND r.revision = p.revision
    WHERE r.values_json::json ->> 'owner_uscc' IS NOT NULL;
INSERT INTO project_keys
    SELECT department, 'cell', (latitude_e6 / 1000) || ':' || (longitude_e6 / 1000), id
    FROM projects WHERE latitude_e6 IS NOT NULL AND longitude_e6 IS NOT NULL;
CREATE INDEX project_keys_by_key ON project_keys (kind, key);

-- Errors of a rule that the secretariat lets a project go in with, until a day. Appended, never changed: the latest of a rule counts.
CREATE TABLE waivers (
    project_id BIGINT NOT NULL,
    rule TEXT NOT NULL,
    seq BIGINT NOT NULL,
    until TEXT NOT NULL,
    reason TEXT NOT NULL,
    granted_by TEXT NOT NULL,
    granted_at BIGINT NOT NULL,
    CONSTRAINT waivers_pk PRIMARY KEY (project_id, rule, seq),
    CONSTRAINT waivers_project FOREIGN KEY (project_id) REFERENCES projects (id),
    CONSTRAINT waivers_until CHECK (length(until) = 10),
    CONSTRAINT waivers_reason CHECK (reason <> '')
);
