-- A request under a key and its answer are one transaction now: nobody is at work on a row that can be seen.
DELETE FROM api_requests WHERE status IS NULL;
ALTER TABLE api_requests DROP COLUMN holder;
