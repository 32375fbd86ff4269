//! What the database itself refuses of the delivery, whoever asks for it: moves of a delivery that are not drawn at the head of the store's
//! traits, rows that contradict themselves, and changes of what was asked and answered. And that a delivery locks nothing while it waits for the
//! platform.

use std::sync::Arc;

use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, PgConnection, SqliteConnection};
use platform_simulator::{Fault, FaultKind, Gate};
use retrofit_jobs::delivery::{SyncOptions, deliver};
use retrofit_jobs::platform::Profile;
use retrofit_jobs::store::{DeliveryState, Word as _};

use crate::support::World;
use crate::support::rosters::school;

/// A connection that goes past the registry.
enum Raw {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Raw {
    fn of(world: &World) -> Self {
        let url = &world.config.database_url;
        if world.is_sqlite() {
            let mut conn = SqliteConnection::establish(url).unwrap();
            conn.batch_execute("PRAGMA foreign_keys = ON").unwrap();
            Self::Sqlite(conn)
        } else {
            Self::Postgres(PgConnection::establish(url).unwrap())
        }
    }

    fn ask(&mut self, sql: &str) -> Result<(), String> {
        let done = match self {
            Self::Sqlite(conn) => conn.batch_execute(sql),
            Self::Postgres(conn) => conn.batch_execute(sql),
        };
        done.map_err(|error| error.to_string())
    }

    fn must(&mut self, sql: &str) {
        if let Err(error) = self.ask(sql) {
            panic!("{sql}: {error}");
        }
    }

    fn refuses(&mut self, sql: &str, why: &str) {
        match self.ask(sql) {
            Err(error) => assert!(error.contains(why), "{sql}: {error}"),
            Ok(()) => panic!("done: {sql}"),
        }
    }
}

/// One approved project, whose delivery is 1, a run and a batch that is open.
fn prepared(world: &World) -> Raw {
    world.import([school(1)]);
    world.approve_all();
    let mut raw = Raw::of(world);
    let body = if world.is_sqlite() {
        "x'7b7d'"
    } else {
        "'\\x7b7d'::bytea"
    };
    raw.must(
        "INSERT INTO sync_runs (holder, started_by, started_at, lease_until, state) VALUES ('h', 'j', 1, 2, 'running')",
    );
    raw.must(&format!(
        "INSERT INTO batches (batch_no, idempotency_key, body_sha256, body, run_id, state, recorded_at)
         VALUES ('B-1', 'K-1', 'x', {body}, 1, 'unknown', 1)"
    ));
    raw
}

/// What belongs to a state: the run and the batch.
fn place(state: DeliveryState) -> &'static str {
    match state {
        DeliveryState::Ready | DeliveryState::Superseded => "run_id = NULL, batch_id = NULL",
        DeliveryState::Claimed => "run_id = 1, batch_id = NULL",
        _ => "run_id = 1, batch_id = 1",
    }
}

/// The moves that are drawn.
fn is_drawn(from: DeliveryState, to: DeliveryState) -> bool {
    use DeliveryState::{Accepted, Claimed, Pending, Ready, Rejected, Stale, Superseded, Unchanged, Unknown};
    match from {
        _ if from == to => true,
        Ready => matches!(to, Claimed | Superseded),
        // a package is pending at once
        Claimed => matches!(to, Ready | Unknown | Pending | Rejected | Superseded),
        Unknown => true,
        Pending => to != Superseded,
        Superseded => false,
        // what is settled is only delivered anew, as the comparison asks for
        Accepted | Rejected | Unchanged | Stale => to == Ready,
    }
}

#[test]
fn a_delivery_moves_only_as_it_is_drawn() {
    for world in World::both() {
        let mut raw = prepared(&world);
        let mut refused = 0;
        for &from in DeliveryState::ALL {
            for &to in DeliveryState::ALL {
                // an insert is no move
                raw.must(
                    "DELETE FROM deliveries WHERE id = 1;
                     INSERT INTO deliveries (project_id, id, revision, op, stage, state, run_id, batch_id, created_at, changed_at)
                     VALUES (1, 1, 1, 'upsert', '30', 'ready', NULL, NULL, 1, 1)",
                );
                for step in way_to(from) {
                    raw.must(&format!(
                        "UPDATE deliveries SET state = '{}', {}",
                        step.word(),
                        place(step)
                    ));
                }
                let update = format!("UPDATE deliveries SET state = '{}', {}", to.word(), place(to));
                if is_drawn(from, to) {
                    raw.must(&update);
                } else {
                    refused += 1;
                    raw.refuses(&update, "a delivery does not move so");
                }
            }
        }
        assert_eq!(refused, 6 + 3 + 1 + 8 + 4 * 7);
    }
}

/// How a delivery that is ready comes into a state.
fn way_to(state: DeliveryState) -> Vec<DeliveryState> {
    use DeliveryState::{Claimed, Ready, Superseded, Unknown};
    match state {
        Ready => vec![],
        Claimed | Superseded => vec![state],
        _ => vec![Claimed, Unknown, state],
    }
}

#[test]
fn rows_that_contradict_themselves_are_refused() {
    for world in World::both() {
        let mut raw = prepared(&world);
        for (change, constraint) in [
            ("deliveries SET state = 'claimed', run_id = NULL", "deliveries_holder"),
            (
                "deliveries SET state = 'claimed', run_id = 1, batch_id = 1",
                "deliveries_free",
            ),
            ("deliveries SET batch_id = 1", "deliveries_free"),
            ("deliveries SET op = 'delete'", "deliveries_op"),
            ("batches SET state = 'done'", "batches_open"),
            ("batches SET body = NULL", "batches_open"),
            ("batches SET closed_at = 5", "batches_open"),
            ("batches SET state = 'sent'", "batches_"),
            ("batches SET transport = 'pigeon'", "batches_transport"),
            ("sync_runs SET state = 'done'", "sync_runs_ended"),
            ("sync_runs SET state = 'fine', ended_at = 3", "sync_runs_state"),
        ] {
            raw.refuses(&format!("UPDATE {change}"), constraint);
        }
        raw.must("UPDATE deliveries SET state = 'claimed', run_id = 1");
        raw.refuses("UPDATE deliveries SET state = 'pending'", "deliveries_sent");
        raw.refuses("UPDATE deliveries SET state = 'sent'", "move so");
        let again = "INSERT INTO deliveries (project_id, id, revision, op, stage, state, created_at, changed_at)
                     VALUES (1, 2, 1, 'upsert', '30', 'ready', 1, 1)";
        raw.refuses(
            again,
            if world.is_sqlite() {
                "deliveries.revision"
            } else {
                "deliveries_once"
            },
        );
        let strange = again.replace("2, 1,", "2, 7,");
        raw.refuses(
            &strange,
            if world.is_sqlite() {
                "FOREIGN KEY"
            } else {
                "deliveries_revision"
            },
        );
        for (number, key, constraint) in [("B-1", "K-2", "batch_no"), ("B-2", "K-1", "key")] {
            let body = if world.is_sqlite() {
                "x'7b7d'"
            } else {
                "'\\x7b7d'::bytea"
            };
            let twice = format!(
                "INSERT INTO batches (batch_no, idempotency_key, body_sha256, body, run_id, state, recorded_at)
                 VALUES ('{number}', '{key}', 'x', {body}, 1, 'unknown', 1)"
            );
            let constraint = if world.is_sqlite() || constraint == "key" {
                constraint
            } else {
                "batches_no"
            };
            raw.refuses(&twice, constraint);
        }
    }
}

#[test]
fn what_was_asked_and_answered_never_changes() {
    for world in World::both() {
        let mut raw = prepared(&world);
        raw.must(
            "INSERT INTO attempts (batch_id, run_id, kind, request_id, started_at, duration_ms) VALUES (1, 1, 'post', 'n', 1, 1);
             INSERT INTO receipts (project_id, delivery_id, run_id, batch_id, verdict, errors_json, received_at)
                VALUES (1, 1, 1, 1, 'accepted', '[]', 1);
             INSERT INTO stray_receipts (batch_id, kind, raw, received_at) VALUES (1, 'foreign', '{}', 1)",
        );
        for (table, change) in [
            ("attempts", "status = 200"),
            ("receipts", "verdict = 'rejected'"),
            ("stray_receipts", "raw = ''"),
        ] {
            raw.refuses(&format!("UPDATE {table} SET {change}"), "are appended only");
            raw.refuses(&format!("DELETE FROM {table}"), "are appended only");
        }
        raw.refuses(
            "INSERT INTO receipts (project_id, delivery_id, run_id, batch_id, verdict, errors_json, received_at)
                VALUES (1, 1, 1, 1, 'rejected', '[]', 1)",
            if world.is_sqlite() {
                "receipts.project_id"
            } else {
                "receipts_pk"
            },
        );
        raw.refuses(
            "INSERT INTO attempts (batch_id, run_id, kind, request_id, started_at, duration_ms) VALUES (1, 1, 'put', 'n', 1, 1)",
            "attempts_kind",
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_lock_is_held_while_the_platform_is_waited_for() {
    for world in World::both() {
        world.import((1..=3).map(school));
        world.approve_all();
        let (simulator, platform) = world.platform(Profile::national_v1()).await;
        let gate = Gate::new();
        simulator.inject(Fault::once(FaultKind::Hold(gate.clone())));
        let store = Arc::new(world.registry.clone());
        let run = tokio::spawn(async move { deliver(store, &platform, SyncOptions::new("test", "tester")).await });
        gate.arrived(1).await;
        // A run's sign of life may stand between for a moment; what waited for the platform would stand there for ever. One table at a
        // time: several at once would want them in the order of whoever stands between.
        let all: Vec<String> = if world.is_sqlite() {
            vec![
                "PRAGMA busy_timeout = 5000; BEGIN EXCLUSIVE; UPDATE deliveries SET changed_at = changed_at; ROLLBACK"
                    .into(),
            ]
        } else {
            let tables = [
                "deliveries",
                "batches",
                "batch_members",
                "sync_runs",
                "projects",
                "revisions",
                "counters",
            ];
            let lock = |table| {
                format!("SET lock_timeout = '5s'; BEGIN; LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE; ROLLBACK")
            };
            tables.map(lock).into()
        };
        for statement in &all {
            Raw::of(&world).must(statement);
        }
        gate.open();
        assert_eq!(run.await.unwrap().unwrap().counts.accepted, 3);
        simulator.stop().await;
    }
}
