-- Waivers for projects that have no code yet, met by the department's number or by name, township and address as in project_keys. Appended,
-- never changed: the latest of a rule counts. A row that founds the project takes them over into waivers.
CREATE TABLE early_waivers (
    department TEXT NOT NULL,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    rule TEXT NOT NULL,
    seq BIGINT NOT NULL,
    project TEXT NOT NULL,
    until TEXT NOT NULL,
    reason TEXT NOT NULL,
    granted_by TEXT NOT NULL,
    granted_at BIGINT NOT NULL,
    CONSTRAINT early_waivers_pk PRIMARY KEY (department, kind, key, rule, seq),
    CONSTRAINT early_waivers_kind CHECK (kind IN ('number', 'place')),
    CONSTRAINT early_waivers_until CHECK (length(until) = 10),
    CONSTRAINT early_waivers_reason CHECK (reason <> '')
);
