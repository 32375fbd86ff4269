-- The approved projects as they stood at the end of a month that is over: what an approval replaces, or a withdrawal takes away, is kept where it
-- stood at a month's end. It counted from `since`, and no longer from `until` on. With `approved_projects` that is the list behind the figures of
-- each month.
ALTER TABLE approved_projects ADD COLUMN since BIGINT NOT NULL DEFAULT 0;
CREATE TABLE former_projects (
    project_id BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    department TEXT NOT NULL,
    category TEXT NOT NULL,
    county TEXT NOT NULL,
    stage TEXT NOT NULL,
    scale_e2 BIGINT,
    scale_unit TEXT,
    completion_first TEXT,
    since BIGINT NOT NULL,
    until BIGINT NOT NULL,
    CONSTRAINT former_projects_pk PRIMARY KEY (project_id, revision),
    CONSTRAINT former_projects_revision FOREIGN KEY (project_id, revision) REFERENCES revisions (project_id, revision),
    CONSTRAINT former_projects_span CHECK (since < until)
);

-- What was approved before, out of the history, as the registry would have written it.
UPDATE approved_projects SET since = COALESCE((SELECT d.decided_at FROM decisions d
    WHERE d.project_id = approved_projects.project_id AND d.revision = approved_projects.revision AND d.to_state = 'approved'), 0);
INSERT INTO former_projects
    SELECT f.project_id, f.revision, p.department,
        COALESCE(f.content ->> 'category', ''), COALESCE(f.content ->> 'county', ''), COALESCE(f.content ->> 'stage', ''),
        ROUND((f.content ->> 'scale_value')::numeric * 100)::bigint, f.content ->> 'scale_unit',
        CASE length(f.content ->> 'completion_date')
            WHEN 4 THEN (f.content ->> 'completion_date') || '-01-01'
            WHEN 7 THEN (f.content ->> 'completion_date') || '-01'
            ELSE f.content ->> 'completion_date'
        END,
        f.since, f.until
    FROM (
        SELECT d.project_id, d.revision, r.values_json::json AS content, d.decided_at AS since,
            (SELECT MIN(n.decided_at) FROM decisions n WHERE n.project_id = d.project_id AND n.revision > d.revision
                AND n.to_state IN ('approved', 'withdrawn')) AS until
        FROM decisions d
        JOIN revisions r ON r.project_id = d.project_id AND r.revision = d.revision
        WHERE d.to_state = 'approved'
    ) f
    JOIN projects p ON p.id = f.project_id
    WHERE to_char(to_timestamp(f.since / 1000) AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM')
        < to_char(to_timestamp(f.until / 1000) AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM');
