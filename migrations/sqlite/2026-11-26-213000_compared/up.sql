-- Up to which project the departments' projects were compared with each other: what went in before pairs were kept is compared once.
INSERT INTO counters (name, value) VALUES ('compared', 0);
