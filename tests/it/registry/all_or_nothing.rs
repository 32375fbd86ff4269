//! A commit and a decision fail at any of their writes: all or nothing, each time.

use retrofit_import::catalogue::Field;
use retrofit_import::finding::Severity;
use retrofit_registry::registry::review::{self, Filter, Ruling, Selection};
use retrofit_registry::registry::{Error, intake, projects};

use crate::support::rosters::{JTJ, Line, code, fates, school};
use crate::support::statements::{dying_after, listen};
use crate::support::{World, reporter, secretariat};

/// The tables that a commit or a decision writes.
const TABLES: [&str; 21] = [
    "upload_reading_parts",
    "upload_readings",
    "project_counts",
    "review_queue",
    "comments",
    "counters",
    "uploads",
    "upload_rows",
    "upload_findings",
    "projects",
    "project_keys",
    "revisions",
    "decisions",
    "decision_counts",
    "findings",
    "explanations",
    "approved_projects",
    "former_projects",
    "deliveries",
    "audit_log",
    "users",
];

/// Lets `writes` row writes through and fails the next, until it is lifted. The count stands in a table of the test's.
fn fail_after(world: &World, writes: u32) {
    world.execute(&format!("UPDATE fault SET left_over = {writes}"));
}

fn lift(world: &World) {
    world.execute("UPDATE fault SET left_over = 1000000");
}

/// Puts a guard on each table that counts row writes down and fails at the last.
fn install(world: &World) {
    let mut sql = String::from("CREATE TABLE fault (left_over BIGINT NOT NULL); INSERT INTO fault VALUES (1000000);");
    if !world.is_sqlite() {
        sql += "CREATE FUNCTION injected() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            UPDATE fault SET left_over = left_over - 1;
            IF (SELECT left_over FROM fault) < 0 THEN RAISE 'injected'; END IF;
            RETURN COALESCE(NEW, OLD); END $$;";
    }
    for table in TABLES {
        for event in ["INSERT", "UPDATE", "DELETE"] {
            let guard = if world.is_sqlite() {
                format!(
                    "CREATE TRIGGER fault_{table}_{event} BEFORE {event} ON {table} BEGIN
                    UPDATE fault SET left_over = left_over - 1;
                    SELECT RAISE(ABORT, 'injected') WHERE (SELECT left_over FROM fault) < 0; END;"
                )
            } else {
                format!(
                    "CREATE TRIGGER fault_{event} BEFORE {event} ON {table} FOR EACH ROW EXECUTE FUNCTION injected();"
                )
            };
            sql.push_str(&guard);
        }
    }
    world.execute(&sql);
}

/// Everything that can be seen of three projects and the queue.
fn seen(world: &World) -> String {
    let records: Vec<_> = (1..=4)
        .map(|id| projects::record(&world.registry, &secretariat(), code(id)).ok())
        .collect();
    let uploads = intake::uploads(&world.registry, &reporter(JTJ), 10).unwrap();
    let held = uploads
        .first()
        .map(|upload| intake::held(&world.registry, &reporter(JTJ), upload.id).unwrap());
    format!("{records:?} {uploads:?} {held:?}")
}

/// Tries with ever more writes let through until it succeeds, and answers how often it failed; nothing may be seen of a failure.
fn until_it_succeeds(world: &World, attempt: impl Fn() -> Result<(), Error>) -> u32 {
    let before = seen(world);
    for writes in 0..1000 {
        fail_after(world, writes);
        let outcome = attempt();
        lift(world);
        match outcome {
            Ok(()) => return writes,
            Err(Error::Failed(_)) => assert_eq!(seen(world), before, "after {writes} writes"),
            Err(Error::Refused(reason)) => panic!("{reason}"),
        }
    }
    panic!("it never succeeds");
}

#[test]
fn a_commit_that_fails_at_any_write_leaves_nothing() {
    for world in World::both() {
        install(&world);
        world.import([school(1), school(2)]);
        world.approve_all();
        let lines = || -> [Line; 4] {
            [
                school(1).with(Field::Stage, "40").with(Field::ProjectNo, "JTJ-0099"),
                school(2),
                school(3).found(Severity::Confirm),
                school(4).found(Severity::Error),
            ]
        };
        let preview = world.preview_explained(lines(), Some("已核实"));
        let failures = until_it_succeeds(&world, || {
            intake::commit(&world.registry, &reporter(JTJ), &preview).map(drop)
        });
        assert!(failures > 12, "{failures}");
        let after = world.preview_explained(lines(), Some("已核实"));
        assert_eq!(fates(&after), ["unchanged 1", "unchanged 2", "unchanged 3", "errors"]);
    }
}

#[test]
fn what_sqlite_takes_back_by_itself_is_told_as_what_it_was() {
    let world = World::sqlite();
    let preview = world.preview([school(1)]);
    // As it does where the disk is full.
    world
        .execute("CREATE TRIGGER full BEFORE INSERT ON projects BEGIN SELECT RAISE(ROLLBACK, 'the disk is full'); END");
    let alone = || intake::commit(&world.registry, &reporter(JTJ), &preview).map(drop);
    let together = || {
        world
            .registry
            .together(|registry| intake::commit(registry, &reporter(JTJ), &preview).map(drop))
    };
    let before = seen(&world);
    for outcome in [alone(), together()] {
        let told = outcome.unwrap_err().to_string();
        assert!(told.contains("the disk is full"), "{told}");
        assert_eq!(seen(&world), before);
    }
    world.execute("DROP TRIGGER full");
    assert_eq!(world.commit(&preview).new, 1);
}

#[test]
fn a_decision_that_fails_at_any_write_leaves_nothing() {
    for world in World::both() {
        install(&world);
        world.import([school(1), school(2)]);
        world.approve_all();
        world.import([school(1).with(Field::Stage, "40"), school(3)]);
        let failures = until_it_succeeds(&world, || {
            let all = Selection::Matching(Filter::default());
            review::decide(&world.registry, &secretariat(), &all, Ruling::Approve).map(drop)
        });
        assert!(failures > 10, "{failures}");
        let record = projects::record(&world.registry, &secretariat(), code(1)).unwrap();
        let states: Vec<_> = record.deliveries.iter().map(|row| row.state.as_str()).collect();
        assert_eq!(states, ["superseded", "ready"]);
    }
}

#[test]
fn a_commit_or_a_decision_that_dies_at_any_statement_leaves_nothing() {
    listen();
    for world in World::both() {
        world.import([school(1), school(2)]);
        world.approve_all();
        let held = world.preview([school(5).found(Severity::Error)]);
        world.commit(&held);
        let lines = || -> [Line; 4] {
            [
                school(1).with(Field::Stage, "40").with(Field::ProjectNo, "JTJ-0099"),
                school(2),
                school(3).found(Severity::Confirm),
                school(4).found(Severity::Error),
            ]
        };
        let preview = world.preview_explained(lines(), Some("已核实"));
        let deaths = until_it_lives(&world, || {
            intake::commit(&world.registry, &reporter(JTJ), &preview).map(drop)
        });
        assert!(deaths > 25, "{deaths} statements");
        let deaths = until_it_lives(&world, || {
            let all = Selection::Matching(Filter::default());
            review::decide(&world.registry, &secretariat(), &all, Ruling::Approve).map(drop)
        });
        assert!(deaths > 10, "{deaths} statements");
        let record = projects::record(&world.registry, &secretariat(), code(3)).unwrap();
        assert_eq!(record.project.state, "approved");
    }
}

/// Tries with ever more statements before the thread dies, until it does not; nothing may be seen of an attempt that died.
fn until_it_lives(world: &World, attempt: impl Fn() -> Result<(), Error>) -> i64 {
    let before = seen(world);
    for statements in 0..1000 {
        match dying_after(statements, &attempt) {
            Some(outcome) => {
                outcome.unwrap();
                return statements;
            }
            None => assert_eq!(seen(world), before, "after {statements} statements"),
        }
    }
    panic!("it never lives");
}
