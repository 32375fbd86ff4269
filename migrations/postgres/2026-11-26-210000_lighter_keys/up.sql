-- A project's place is its name, township and address: what it is likened by, the township with the name and with the address, says the same.
-- It is found by the first, within a department and among all.
DROP INDEX project_keys_by_place;
DROP INDEX project_keys_by_name;
ALTER TABLE project_keys DROP COLUMN place;
CREATE INDEX project_keys_by_name ON project_keys (name, department);
