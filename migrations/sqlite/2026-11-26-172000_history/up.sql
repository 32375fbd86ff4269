-- The history is a fact: nothing of it is overwritten or deleted, whatever writes to the database. Of a revision only what the review decides
-- changes, and no revision leaves a state for one that it cannot lead to: what was approved never waits again.
CREATE TRIGGER revisions_never_go BEFORE DELETE ON revisions BEGIN SELECT RAISE(ABORT, 'the history is append-only'); END;
CREATE TRIGGER revisions_never_change
    BEFORE UPDATE OF project_id, revision, op, values_json, digest, rules, upload_id, sheet, row_no, note, submitted_by, submitted_at ON revisions
    BEGIN SELECT RAISE(ABORT, 'the history is append-only'); END;
CREATE TRIGGER revisions_move BEFORE UPDATE OF state ON revisions
WHEN NOT CASE OLD.state
    WHEN NEW.state THEN 1
    WHEN 'pending' THEN 1
    WHEN 'approved' THEN NEW.state = 'returned'
    WHEN 'withdrawn' THEN NEW.state = 'returned'
    ELSE 0
END
BEGIN SELECT RAISE(ABORT, 'a revision does not move so'); END;
CREATE TRIGGER decisions_never_change BEFORE UPDATE ON decisions BEGIN SELECT RAISE(ABORT, 'the history is append-only'); END;
CREATE TRIGGER decisions_never_go BEFORE DELETE ON decisions BEGIN SELECT RAISE(ABORT, 'the history is append-only'); END;
CREATE TRIGGER findings_never_change BEFORE UPDATE ON findings BEGIN SELECT RAISE(ABORT, 'the history is append-only'); END;
CREATE TRIGGER findings_never_go BEFORE DELETE ON findings BEGIN SELECT RAISE(ABORT, 'the history is append-only'); END;
CREATE TRIGGER explanations_never_change BEFORE UPDATE ON explanations BEGIN SELECT RAISE(ABORT, 'the history is append-only'); END;
CREATE TRIGGER explanations_never_go BEFORE DELETE ON explanations BEGIN SELECT RAISE(ABORT, 'the history is append-only'); END;
CREATE TRIGGER endorsements_never_change BEFORE UPDATE ON endorsements BEGIN SELECT RAISE(ABORT, 'the history is append-only'); END;
CREATE TRIGGER endorsements_never_go BEFORE DELETE ON endorsements BEGIN SELECT RAISE(ABORT, 'the history is append-only'); END;
CREATE TRIGGER comments_never_change BEFORE UPDATE ON comments BEGIN SELECT RAISE(ABORT, 'the history is append-only'); END;
CREATE TRIGGER comments_never_go BEFORE DELETE ON comments BEGIN SELECT RAISE(ABORT, 'the history is append-only'); END;
CREATE TRIGGER waivers_never_change BEFORE UPDATE ON waivers BEGIN SELECT RAISE(ABORT, 'the history is append-only'); END;
CREATE TRIGGER waivers_never_go BEFORE DELETE ON waivers BEGIN SELECT RAISE(ABORT, 'the history is append-only'); END;
CREATE TRIGGER early_waivers_never_change BEFORE UPDATE ON early_waivers BEGIN SELECT RAISE(ABORT, 'the history is append-only'); END;
CREATE TRIGGER early_waivers_never_go BEFORE DELETE ON early_waivers BEGIN SELECT RAISE(ABORT, 'the history is append-only'); END;
