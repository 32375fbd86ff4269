-- A run's last sign of life, and who asked for it where it was not the schedule.
ALTER TABLE job_runs ADD COLUMN heartbeat_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE job_runs ADD COLUMN operator TEXT;
UPDATE job_runs SET heartbeat_at = started_at;

-- Jobs that the schedule leaves alone until somebody resumes them.
CREATE TABLE job_pauses (
    job TEXT NOT NULL PRIMARY KEY,
    paused_by TEXT NOT NULL,
    paused_at BIGINT NOT NULL
);

-- What was asked and answered is a fact: appended, never changed or removed.
CREATE FUNCTION appended_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% are appended only', TG_TABLE_NAME;
END $$;
CREATE TRIGGER attempts_never_change BEFORE UPDATE OR DELETE ON attempts FOR EACH ROW EXECUTE FUNCTION appended_only();
CREATE TRIGGER receipts_never_change BEFORE UPDATE OR DELETE ON receipts FOR EACH ROW EXECUTE FUNCTION appended_only();
CREATE TRIGGER stray_receipts_never_change BEFORE UPDATE OR DELETE ON stray_receipts FOR EACH ROW EXECUTE FUNCTION appended_only();

-- How a delivery moves; drawn at the head of `retrofit_jobs::store`. What is settled is only sent anew.
CREATE FUNCTION refuse_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a delivery does not move so: % to %', OLD.state, NEW.state;
END $$;
CREATE TRIGGER deliveries_move BEFORE UPDATE OF state ON deliveries FOR EACH ROW
WHEN (NOT CASE OLD.state
    WHEN NEW.state THEN TRUE
    WHEN 'ready' THEN NEW.state IN ('claimed', 'superseded')
    WHEN 'claimed' THEN NEW.state IN ('ready', 'unknown', 'pending', 'rejected', 'superseded')
    WHEN 'superseded' THEN FALSE
    WHEN 'unknown' THEN TRUE
    WHEN 'pending' THEN NEW.state <> 'superseded'
    ELSE NEW.state = 'ready'
END) EXECUTE FUNCTION refuse_move();
