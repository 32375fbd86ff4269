-- The bulletin counts the decisions of a month; the boards what waits, by category and county.
CREATE INDEX decisions_by_time ON decisions (decided_at);
CREATE INDEX projects_waiting ON projects (state, category, county);
