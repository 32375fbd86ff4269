-- What a department's officers said of columns, by header: the field that it is, or none where it is not to be read.
CREATE TABLE column_corrections (
    department TEXT NOT NULL,
    header TEXT NOT NULL,
    field TEXT,
    corrected_by TEXT NOT NULL,
    corrected_at BIGINT NOT NULL,
    CONSTRAINT column_corrections_pk PRIMARY KEY (department, header)
);
