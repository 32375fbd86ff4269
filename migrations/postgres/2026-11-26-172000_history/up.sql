-- The history is a fact: nothing of it is overwritten or deleted, whatever writes to the database. Of a revision only what the review decides
-- changes, and no revision leaves a state for one that it cannot lead to: what was approved never waits again.
CREATE FUNCTION history_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'the history is append-only'; END $$;
CREATE TRIGGER revisions_never_go BEFORE DELETE OR TRUNCATE ON revisions FOR EACH STATEMENT EXECUTE FUNCTION history_is_kept();
CREATE TRIGGER revisions_never_change
    BEFORE UPDATE OF project_id, revision, op, values_json, digest, rules, upload_id, sheet, row_no, note, submitted_by, submitted_at ON revisions
    FOR EACH STATEMENT EXECUTE FUNCTION history_is_kept();
CREATE FUNCTION revision_does_not_move_so() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'a revision does not move so'; END $$;
CREATE TRIGGER revisions_move BEFORE UPDATE OF state ON revisions FOR EACH ROW
WHEN (NOT CASE OLD.state
    WHEN NEW.state THEN TRUE
    WHEN 'pending' THEN TRUE
    WHEN 'approved' THEN NEW.state = 'returned'
    WHEN 'withdrawn' THEN NEW.state = 'returned'
    ELSE FALSE
END)
EXECUTE FUNCTION revision_does_not_move_so();
CREATE TRIGGER decisions_never_change BEFORE UPDATE OR DELETE OR TRUNCATE ON decisions FOR EACH STATEMENT EXECUTE FUNCTION history_is_kept();
CREATE TRIGGER findings_never_change BEFORE UPDATE OR DELETE OR TRUNCATE ON findings FOR EACH STATEMENT EXECUTE FUNCTION history_is_kept();
CREATE TRIGGER explanations_never_change BEFORE UPDATE OR DELETE OR TRUNCATE ON explanations FOR EACH STATEMENT EXECUTE FUNCTION history_is_kept();
CREATE TRIGGER endorsements_never_change BEFORE UPDATE OR DELETE OR TRUNCATE ON endorsements FOR EACH STATEMENT EXECUTE FUNCTION history_is_kept();
CREATE TRIGGER comments_never_change BEFORE UPDATE OR DELETE OR TRUNCATE ON comments FOR EACH STATEMENT EXECUTE FUNCTION history_is_kept();
CREATE TRIGGER waivers_never_change BEFORE UPDATE OR DELETE OR TRUNCATE ON waivers FOR EACH STATEMENT EXECUTE FUNCTION history_is_kept();
CREATE TRIGGER early_waivers_never_change BEFORE UPDATE OR DELETE OR TRUNCATE ON early_waivers FOR EACH STATEMENT EXECUTE FUNCTION history_is_kept();
