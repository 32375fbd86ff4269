//! The audit log keeps what it holds, and its seal tells what was done to it past this program.

use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, PgConnection, SqliteConnection};
use retrofit_registry::registry::audit::{self, Filter};
use retrofit_registry::registry::audit_chain::{Damage, seal, verify};
use retrofit_registry::registry::people::Operator;
use retrofit_registry::tasks;

use crate::support::rosters::school;
use crate::support::{World, administrator, secretariat};

/// Runs statements past the registry, as somebody at the server might.
pub fn tamper(world: &World, sql: &str) -> Result<(), diesel::result::Error> {
    let url = &world.config.database_url;
    if world.is_sqlite() {
        SqliteConnection::establish(url).unwrap().batch_execute(sql)
    } else {
        PgConnection::establish(url).unwrap().batch_execute(sql)
    }
}

/// Takes the triggers away first, as who owns the database can.
fn force(world: &World, sql: &str) {
    let unlock = if world.is_sqlite() {
        "DROP TRIGGER IF EXISTS audit_log_no_update; DROP TRIGGER IF EXISTS audit_log_no_delete;
         DROP TRIGGER IF EXISTS audit_chain_no_update; DROP TRIGGER IF EXISTS audit_chain_no_delete;"
    } else {
        "DROP TRIGGER IF EXISTS audit_log_no_change ON audit_log; DROP TRIGGER IF EXISTS audit_chain_no_change ON audit_chain;"
    };
    tamper(world, &format!("{unlock} {sql}")).unwrap();
}

fn sealed_world(world: &World) {
    world.import([school(1)]);
    for path in ["GET /a", "GET /b", "GET /c", "GET /d", "GET /e"] {
        audit::note_refusal(&world.registry, &secretariat(), "access.page", path, None).unwrap();
    }
    assert!(seal(&world.registry).unwrap() >= 6);
    let verdict = verify(&world.registry).unwrap();
    assert!(verdict.damage.is_empty() && verdict.unsealed == 0, "{verdict:?}");
    assert_eq!(verdict.head.len(), 64);
}

#[test]
fn no_statement_changes_or_deletes_an_entry() {
    for world in World::both() {
        sealed_world(&world);
        for sql in [
            "UPDATE audit_log SET actor = 'x' WHERE id = 1",
            "DELETE FROM audit_log WHERE id = 1",
            "UPDATE audit_chain SET entry_hash = 'x'",
            "DELETE FROM audit_chain",
        ] {
            let error = tamper(&world, sql).unwrap_err().to_string();
            assert!(error.contains("append-only"), "{sql}: {error}");
        }
        if !world.is_sqlite() {
            assert!(tamper(&world, "TRUNCATE audit_log").is_err());
        }
        assert!(verify(&world.registry).unwrap().damage.is_empty());
    }
}

#[test]
fn entries_are_kept_however_old_they_are() {
    for world in World::both() {
        sealed_world(&world);
        let before = world.log(1000);
        // Far more than the six months that are asked for.
        world.clock.shift(400 * 24 * 3_600_000);
        let scheduler = tasks::scheduler(&world.registry).unwrap();
        tokio::runtime::Runtime::new().unwrap().block_on(async {
            let begun = scheduler.begin_now("retention", "guanli").await.unwrap();
            begun.unwrap().work().await;
        });
        assert_eq!(world.log(1000), before);
        assert!(verify(&world.registry).unwrap().damage.is_empty());
    }
}

#[test]
fn verify_says_which_entry_was_changed_removed_added_or_moved() {
    let cases: [(&str, &[Damage]); 6] = [
        ("UPDATE audit_log SET actor = 'x' WHERE id = 2", &[Damage::Changed(2)]),
        ("DELETE FROM audit_log WHERE id = 3", &[Damage::Missing(3)]),
        (
            "DELETE FROM audit_log WHERE id = 3; INSERT INTO audit_log (id, at, actor, action, object, detail, origin, outcome)
             VALUES (3, 1, 'x', 'user.add', 'y', '{}', 'console', 'done')",
            &[Damage::Changed(3)],
        ),
        (
            "UPDATE audit_log SET id = 1002 WHERE id = 2; UPDATE audit_log SET id = 2 WHERE id = 4; UPDATE audit_log SET id = 4 WHERE id = 1002",
            &[Damage::Moved(2, 4), Damage::Moved(4, 2)],
        ),
        ("UPDATE audit_chain SET entry_hash = 'x' WHERE position = 5", &[Damage::Changed(5), Damage::Broken(5)]),
        ("DELETE FROM audit_chain WHERE position = 2", &[Damage::Inserted(2), Damage::Broken(3)]),
    ];
    for (sql, expected) in cases {
        for world in World::both() {
            sealed_world(&world);
            force(&world, sql);
            let verdict = verify(&world.registry).unwrap();
            assert_eq!(verdict.damage, expected, "{sql}");
            assert!(verdict.damage.iter().all(|damage| !damage.label().is_empty()));
        }
    }
}

#[test]
fn an_entry_added_among_sealed_ones_is_found() {
    for world in World::both() {
        sealed_world(&world);
        force(
            &world,
            "INSERT INTO audit_log (id, at, actor, action, object, detail, origin, outcome)
             VALUES (-5, 1, 'x', 'user.add', 'y', '{}', 'console', 'done'), (0, 1, 'x', 'user.add', 'y', '{}', 'console', 'done')",
        );
        let verdict = verify(&world.registry).unwrap();
        assert_eq!(verdict.damage, [Damage::Inserted(-5), Damage::Inserted(0)]);
    }
}

#[test]
fn sealing_again_seals_only_what_is_new() {
    for world in World::both() {
        sealed_world(&world);
        let before = verify(&world.registry).unwrap();
        assert_eq!(seal(&world.registry).unwrap(), 0);
        world.import([school(9)]);
        let open = verify(&world.registry).unwrap();
        assert!(open.unsealed > 0 && open.head == before.head && open.damage.is_empty());
        let sealed = seal(&world.registry).unwrap();
        assert_eq!(i64::try_from(sealed).unwrap(), open.unsealed);
        let after = verify(&world.registry).unwrap();
        assert!(after.sealed == before.sealed + open.unsealed && after.head != before.head);
    }
}

#[test]
fn each_role_reads_its_part_of_the_log() {
    for world in World::both() {
        world.import([school(1)]);
        audit::note_refusal(&world.registry, &secretariat(), "access.page", "GET /people", None).unwrap();
        let read =
            |operator: Operator, filter: &Filter| audit::entries(&world.registry, &operator, filter, 50).unwrap();
        let all = Filter::default();
        let of_data = read(secretariat(), &all);
        assert!(of_data.iter().all(|(_, entry)| !entry.action.starts_with("access.")) && !of_data.is_empty());
        let of_accounts = read(administrator(), &all);
        assert_eq!(of_accounts.len(), 1);
        assert_eq!(of_accounts[0].1.outcome, "refused");
        let odd = Filter {
            object: "100%_".into(),
            ..Filter::default()
        };
        assert!(
            read(secretariat(), &odd).is_empty(),
            "a sign of a pattern is a letter here"
        );
        let older = Filter {
            before: Some(of_data[0].0),
            ..Filter::default()
        };
        assert_eq!(read(secretariat(), &older).len(), of_data.len() - 1);
        let commits = Filter {
            action: "upload.commit".into(),
            ..Filter::default()
        };
        assert_eq!(read(secretariat(), &commits).len(), 1);
    }
}
