-- What waited before the queue knew the changed fields and the day by which it is due: both as the registry would have written them.
UPDATE review_queue SET changed = COALESCE(
    (SELECT ',' || string_agg(field, ',') || ','
     FROM (
         SELECT COALESCE(mine.key, theirs.key) AS field
         FROM json_each_text((SELECT values_json FROM revisions r WHERE r.project_id = review_queue.project_id
                 AND r.revision = review_queue.revision)::json) mine
             FULL OUTER JOIN json_each_text((SELECT values_json FROM revisions r WHERE r.project_id = review_queue.project_id
                 AND r.revision = (SELECT approved_revision FROM projects p WHERE p.id = review_queue.project_id))::json) theirs
             ON mine.key = theirs.key
         WHERE mine.value IS DISTINCT FROM theirs.value
     ) AS differing), '')
WHERE changed = '' AND EXISTS (SELECT 1 FROM projects p WHERE p.id = review_queue.project_id AND p.approved_revision IS NOT NULL);

UPDATE review_queue SET due = (
    SELECT CASE length(planned)
        WHEN 4 THEN planned || '-12-31'
        WHEN 7 THEN to_char(to_date(planned || '-01', 'YYYY-MM-DD') + interval '1 month' - interval '1 day', 'YYYY-MM-DD')
        ELSE planned
    END
    FROM (SELECT values_json::json ->> 'planned_completion_date' AS planned FROM revisions r
        WHERE r.project_id = review_queue.project_id AND r.revision = review_queue.revision) AS revision
)
WHERE due IS NULL AND stage IN ('10', '20', '30');
