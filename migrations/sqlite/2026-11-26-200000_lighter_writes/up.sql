-- How often each counter was taken: where this has not moved, nobody has written under its lock.
ALTER TABLE counters ADD COLUMN turns INTEGER NOT NULL DEFAULT 0;

-- What rows meet projects by (the department's number; name, township and address; for other departments the owner's credit code and the cell
-- of the map), and what projects resemble others by (the township with the name, and with the address): one row per project.
CREATE TABLE keys_of_projects (
    project_id INTEGER NOT NULL PRIMARY KEY,
    department TEXT NOT NULL,
    number TEXT,
    place TEXT,
    name TEXT,
    address TEXT,
    owner TEXT,
    cell TEXT,
    CONSTRAINT project_keys_project FOREIGN KEY (project_id) REFERENCES projects (id)
) STRICT;
INSERT INTO keys_of_projects
    SELECT p.id, p.department,
        MAX(CASE k.kind WHEN 'number' THEN k.key END), MAX(CASE k.kind WHEN 'place' THEN k.key END),
        MAX(CASE k.kind WHEN 'name' THEN k.key END), MAX(CASE k.kind WHEN 'address' THEN k.key END),
        MAX(CASE k.kind WHEN 'owner' THEN k.key END), MAX(CASE k.kind WHEN 'cell' THEN k.key END)
    FROM projects p
    LEFT JOIN (SELECT project_id, kind, key FROM project_keys UNION ALL SELECT project_id, kind, key FROM project_likenesses) k
        ON k.project_id = p.id
    GROUP BY p.id, p.department;
DROP TABLE project_keys;
DROP TABLE project_likenesses;
ALTER TABLE keys_of_projects RENAME TO project_keys;
CREATE INDEX project_keys_by_number ON project_keys (department, number);
CREATE INDEX project_keys_by_place ON project_keys (place, department);
CREATE INDEX project_keys_by_name ON project_keys (department, name);
CREATE INDEX project_keys_by_address ON project_keys (department, address);
CREATE INDEX project_keys_by_owner ON project_keys (owner) WHERE owner IS NOT NULL;
CREATE INDEX project_keys_by_cell ON project_keys (cell) WHERE cell IS NOT NULL;

-- How many projects there are of what lists are chosen by; `explained` is 1 where a finding went in with an explanation. Changed with every
-- project, so that no count goes through them.
CREATE TABLE project_counts (
    department TEXT NOT NULL,
    state TEXT NOT NULL,
    category TEXT NOT NULL,
    county TEXT NOT NULL,
    stage TEXT NOT NULL,
    explained INTEGER NOT NULL,
    projects INTEGER NOT NULL,
    CONSTRAINT project_counts_pk PRIMARY KEY (department, state, category, county, stage, explained)
) STRICT, WITHOUT ROWID;
INSERT INTO project_counts
    SELECT department, state, category, county, stage, MIN(explained, 1), COUNT(*) FROM projects GROUP BY 1, 2, 3, 4, 5, 6;

-- Lists page through a state, or a department's; what a roster does not list is found in the index alone.
DROP INDEX projects_by_list;
DROP INDEX projects_by_place;
DROP INDEX projects_waiting;
DROP INDEX projects_by_department;
CREATE INDEX projects_by_department ON projects (department, state, id, category, county, op, entry_year);
