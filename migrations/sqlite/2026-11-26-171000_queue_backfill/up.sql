-- What waited before the queue knew the changed fields and the day by which it is due: both as the registry would have written them.
UPDATE review_queue SET changed = COALESCE(
    (SELECT ',' || group_concat(field, ',') || ','
     FROM (
         SELECT COALESCE(mine.key, theirs.key) AS field
         FROM json_each((SELECT values_json FROM revisions r WHERE r.project_id = review_queue.project_id
                 AND r.revision = review_queue.revision)) mine
             FULL OUTER JOIN json_each((SELECT values_json FROM revisions r WHERE r.project_id = review_queue.project_id
                 AND r.revision = (SELECT approved_revision FROM projects p WHERE p.id = review_queue.project_id))) theirs
             ON mine.key = theirs.key
         WHERE mine.value IS NOT theirs.value
     )), '')
WHERE changed = '' AND EXISTS (SELECT 1 FROM projects p WHERE p.id = review_queue.project_id AND p.approved_revision IS NOT NULL);

UPDATE review_queue SET due = (
    SELECT CASE length(planned)
        WHEN 4 THEN planned || '-12-31'
        WHEN 7 THEN date(planned || '-01', '+1 month', '-1 day')
        ELSE planned
    END
    FROM (SELECT json_extract(values_json, '$.planned_completion_date') AS planned FROM revisions r
        WHERE r.project_id = review_queue.project_id AND r.revision = review_queue.revision)
)
WHERE due IS NULL AND stage IN ('10', '20', '30');
