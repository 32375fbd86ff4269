-- The approved projects as they stood at the end of a month that is over: what an approval replaces, or a withdrawal takes away, is kept where it
-- stood at a month's end. It counted from `since`, and no longer from `until` on. With `approved_projects` that is the list behind the figures of
-- each month.
ALTER TABLE approved_projects ADD COLUMN since INTEGER NOT NULL DEFAULT 0;
CREATE TABLE former_projects (
    project_id INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    department TEXT NOT NULL,
    category TEXT NOT NULL,
    county TEXT NOT NULL,
    stage TEXT NOT NULL,
    scale_e2 INTEGER,
    scale_unit TEXT,
    completion_first TEXT,
    since INTEGER NOT NULL,
    until INTEGER NOT NULL,
    CONSTRAINT former_projects_pk PRIMARY KEY (project_id, revision),
    CONSTRAINT former_projects_revision FOREIGN KEY (project_id, revision) REFERENCES revisions (project_id, revision),
    CONSTRAINT former_projects_span CHECK (since < until)
) STRICT, WITHOUT ROWID;

-- What was approved before, out of the history, as the registry would have written it.
UPDATE approved_projects SET since = COALESCE((SELECT d.decided_at FROM decisions d
    WHERE d.project_id = approved_projects.project_id AND d.revision = approved_projects.revision AND d.to_state = 'approved'), 0);
INSERT INTO former_projects
    SELECT f.project_id, f.revision, p.department,
        COALESCE(json_extract(f.content, '$.category'), ''), COALESCE(json_extract(f.content, '$.county'), ''),
        COALESCE(json_extract(f.content, '$.stage'), ''),
        CAST(ROUND(CAST(json_extract(f.content, '$.scale_value') AS REAL) * 100) AS INTEGER), json_extract(f.content, '$.scale_unit'),
        CASE length(f.completed) WHEN 4 THEN f.completed || '-01-01' WHEN 7 THEN f.completed || '-01' ELSE f.completed END,
        f.since, f.until
    FROM (
        SELECT d.project_id, d.revision, r.values_json AS content, json_extract(r.values_json, '$.completion_date') AS completed,
            d.decided_at AS since,
            (SELECT MIN(n.decided_at) FROM decisions n WHERE n.project_id = d.project_id AND n.revision > d.revision
                AND n.to_state IN ('approved', 'withdrawn')) AS until
        FROM decisions d
        JOIN revisions r ON r.project_id = d.project_id AND r.revision = d.revision
        WHERE d.to_state = 'approved'
    ) f
    JOIN projects p ON p.id = f.project_id
    WHERE strftime('%Y-%m', f.since / 1000 + 28800, 'unixepoch') < strftime('%Y-%m', f.until / 1000 + 28800, 'unixepoch');
