-- What each run of the delivery left to those after it: receipts awaited, fates unknown, records not sent. Later runs take the deliveries
-- themselves over; this stays as it was, and is what the run's figures lead to. `left_kept` is 1 where it was written; of the runs before there is
-- nothing.
ALTER TABLE sync_runs ADD COLUMN left_kept BIGINT NOT NULL DEFAULT 0;
CREATE TABLE run_left (
    run_id BIGINT NOT NULL,
    delivery_id BIGINT NOT NULL,
    project_id BIGINT NOT NULL,
    state TEXT NOT NULL,
    CONSTRAINT run_left_pk PRIMARY KEY (run_id, delivery_id, project_id),
    CONSTRAINT run_left_run FOREIGN KEY (run_id) REFERENCES sync_runs (id),
    CONSTRAINT run_left_delivery FOREIGN KEY (project_id, delivery_id) REFERENCES deliveries (project_id, id),
    CONSTRAINT run_left_state CHECK (state IN ('pending', 'unknown', 'not-sent'))
);
