-- What a row says of the values that were read as something else, by field, as JSON; revisions without any have no row.
CREATE TABLE revision_written (
    project_id INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    written TEXT NOT NULL,
    CONSTRAINT revision_written_pk PRIMARY KEY (project_id, revision),
    CONSTRAINT revision_written_revision FOREIGN KEY (project_id, revision) REFERENCES revisions (project_id, revision)
) STRICT;
