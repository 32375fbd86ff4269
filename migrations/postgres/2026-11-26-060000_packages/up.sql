-- How a batch reaches the platform: over the wire, or as a package that an operator carries.
ALTER TABLE batches ADD COLUMN transport TEXT NOT NULL DEFAULT 'wire'
    CONSTRAINT batches_transport CHECK (transport IN ('wire', 'package'));
