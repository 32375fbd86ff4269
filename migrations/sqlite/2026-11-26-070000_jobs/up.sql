-- A run's last sign of life, and who asked for it where it was not the schedule.
ALTER TABLE job_runs ADD COLUMN heartbeat_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE job_runs ADD COLUMN operator TEXT;
UPDATE job_runs SET heartbeat_at = started_at;

-- Jobs that the schedule leaves alone until somebody resumes them.
CREATE TABLE job_pauses (
    job TEXT NOT NULL PRIMARY KEY,
    paused_by TEXT NOT NULL,
    paused_at INTEGER NOT NULL
) STRICT;

-- What was asked and answered is a fact: appended, never changed or removed.
CREATE TRIGGER attempts_never_change BEFORE UPDATE ON attempts BEGIN SELECT RAISE(ABORT, 'attempts are appended only'); END;
CREATE TRIGGER attempts_never_go BEFORE DELETE ON attempts BEGIN SELECT RAISE(ABORT, 'attempts are appended only'); END;
CREATE TRIGGER receipts_never_change BEFORE UPDATE ON receipts BEGIN SELECT RAISE(ABORT, 'receipts are appended only'); END;
CREATE TRIGGER receipts_never_go BEFORE DELETE ON receipts BEGIN SELECT RAISE(ABORT, 'receipts are appended only'); END;
CREATE TRIGGER stray_receipts_never_change BEFORE UPDATE ON stray_receipts BEGIN SELECT RAISE(ABORT, 'receipts are appended only'); END;
CREATE TRIGGER stray_receipts_never_go BEFORE DELETE ON stray_receipts BEGIN SELECT RAISE(ABORT, 'receipts are appended only'); END;

-- How a delivery moves; drawn at the head of `retrofit_jobs::store`. What is settled is only sent anew.
CREATE TRIGGER deliveries_move BEFORE UPDATE OF state ON deliveries
WHEN NOT CASE OLD.state
    WHEN NEW.state THEN 1
    WHEN 'ready' THEN NEW.state IN ('claimed', 'superseded')
    WHEN 'claimed' THEN NEW.state IN ('ready', 'unknown', 'pending', 'rejected', 'superseded')
    WHEN 'superseded' THEN 0
    WHEN 'unknown' THEN 1
    WHEN 'pending' THEN NEW.state <> 'superseded'
    ELSE NEW.state = 'ready'
END
BEGIN SELECT RAISE(ABORT, 'a delivery does not move so'); END;
