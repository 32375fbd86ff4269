//! Random lives of a few projects, their registry and a platform that fails: edit, approve, withdraw, send, lose, restart, reconcile.
//!
//! Throughout: no revision has its effect twice (but where the platform itself lost the record and it was asked for again), no lower revision
//! follows a higher one, and each run's sums are those of its deliveries. In the end nothing is open and both sides agree.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use platform_simulator::{Endpoint, Fault, FaultKind, Gate, Simulator};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use retrofit_import::catalogue::Field;
use retrofit_jobs::delivery::{Patience, SyncOptions, SyncOutcome, deliver, reconcile};
use retrofit_jobs::platform::{Platform, Profile};
use retrofit_registry::registry::reconcile::latest;
use retrofit_registry::registry::{Error, Registry, projects};

use crate::support::rosters::{JTJ, code, school};
use crate::support::{World, reporter, secretariat};

const PROJECTS: u32 = 4;
const HOUR: i64 = 3_600_000;

#[derive(Clone, Debug)]
enum Step {
    /// A department sends a roster in which a project is new or changed.
    Edit(u32),
    /// A department asks for a project to be withdrawn.
    Withdraw(u32),
    /// The secretariat approves all that waits.
    Approve,
    /// A run that waits so many seconds for receipts.
    Send(u64),
    /// The next answers to batches are lost or wrong; after the batch was taken in, or before.
    Lose(FaultKind, bool, u32),
    /// The next receipts are lost or wrong.
    LoseReceipts(FaultKind, u32),
    /// The platform loses a record.
    Forget(u32),
    /// The process dies while it waits for the answer to a request, which the platform has worked on, or not; another begins.
    Restart(Endpoint, bool),
    /// Both sides are compared; on request, what the platform misses waits again.
    Reconcile(bool),
    /// So many hours pass.
    Wait(i64),
}

fn step() -> impl Strategy<Value = Step> {
    let answer = |status, retry_after| FaultKind::Answer { status, retry_after };
    let lost = prop_oneof![
        Just(FaultKind::Drop),
        Just(FaultKind::NotJson),
        Just(answer(503, Some(2))),
        Just(answer(500, None)),
        Just(answer(429, Some(1))),
        Just(answer(409, None)),
    ];
    let receipts = prop_oneof![
        Just(FaultKind::Drop),
        Just(FaultKind::WrongTypes),
        Just(FaultKind::MissingReceipts),
        Just(FaultKind::StillProcessing),
        Just(FaultKind::ForeignReceipt {
            source_id: code(2).to_string()
        }),
    ];
    let endpoint = prop_oneof![Just(Endpoint::SubmitBatch), Just(Endpoint::ReadBatch)];
    prop_oneof![
        5 => (1..=PROJECTS).prop_map(Step::Edit),
        2 => (1..=PROJECTS).prop_map(Step::Withdraw),
        4 => Just(Step::Approve),
        4 => (0..20_u64).prop_map(Step::Send),
        2 => (lost, any::<bool>(), 1..9_u32).prop_map(|(kind, after, times)| Step::Lose(kind, after, times)),
        2 => (receipts, 1..9_u32).prop_map(|(kind, times)| Step::LoseReceipts(kind, times)),
        1 => (1..=PROJECTS).prop_map(Step::Forget),
        2 => (endpoint, any::<bool>()).prop_map(|(endpoint, after)| Step::Restart(endpoint, after)),
        2 => any::<bool>().prop_map(Step::Reconcile),
        1 => (1..30_i64).prop_map(Step::Wait),
    ]
}

struct Life {
    world: World,
    registry: Registry,
    simulator: Simulator,
    platform: Platform,
    edits: u32,
    /// How often the platform lost a revision.
    forgotten: BTreeMap<(String, i64), usize>,
}

impl Life {
    async fn new(world: World) -> Self {
        let (simulator, platform) = world.platform(Profile::national_v1()).await;
        Self {
            registry: world.registry.clone(),
            world,
            simulator,
            platform,
            edits: 0,
            forgotten: BTreeMap::new(),
        }
    }

    async fn take(&mut self, step: Step) {
        match step {
            Step::Edit(project) => {
                self.edits += 1;
                let area = format!("{}.5", 1_000 + self.edits);
                self.world.import([school(project).with(Field::FloorAreaM2, &area)]);
            }
            Step::Withdraw(project) => {
                let asked = projects::propose_withdrawal(
                    &self.world.registry,
                    &reporter(JTJ),
                    &[code(project.into())],
                    "重复登记",
                );
                assert!(matches!(asked, Ok(()) | Err(Error::Refused(_))), "{asked:?}");
            }
            Step::Approve => drop(self.world.approve_all()),
            Step::Send(wait) => drop(self.send(wait).await),
            Step::Lose(kind, after, times) => {
                let fault = Fault::times(times, kind);
                let fault = if after { fault.after_processing() } else { fault };
                self.simulator.inject(fault);
            }
            Step::LoseReceipts(kind, times) => {
                let fault = Fault::times(times, kind).at(Endpoint::ReadBatch);
                self.simulator.inject(fault);
            }
            Step::Forget(project) => {
                let id = code(project.into()).to_string();
                let records = self.simulator.records().unwrap();
                if let Some(record) = records.into_iter().find(|record| record.source_id == id) {
                    *self.forgotten.entry((id.clone(), record.revision)).or_default() += 1;
                    self.simulator.forget_record(&id).unwrap();
                }
            }
            Step::Restart(endpoint, after) => self.restart(endpoint, after).await,
            Step::Reconcile(redeliver) => self.compare(redeliver).await,
            Step::Wait(hours) => self.world.clock.shift(hours * HOUR),
        }
        self.check_effects();
    }

    fn options(wait: u64) -> SyncOptions {
        SyncOptions {
            wait: Duration::from_secs(wait),
            // under a driven clock a wait passes at once; few records need no crowd
            concurrency: 1,
            ..SyncOptions::new("test", "tester")
        }
    }

    async fn send(&self, wait: u64) -> SyncOutcome {
        let store = Arc::new(self.registry.clone());
        let outcome = deliver(store, &self.platform, Self::options(wait)).await.unwrap();
        self.check_sums(&outcome);
        outcome
    }

    async fn restart(&mut self, endpoint: Endpoint, after: bool) {
        let gate = Gate::new();
        let fault = Fault::once(FaultKind::Hold(gate.clone())).at(endpoint);
        self.simulator
            .inject(if after { fault.after_processing() } else { fault });
        let store = Arc::new(self.registry.clone());
        tokio::select! {
            _ = deliver(store, &self.platform, Self::options(5)) => {}
            () = gate.arrived(1) => {}
        }
        gate.open();
        self.registry = self.world.another();
        // the lease of the dead
        self.world.clock.shift(HOUR / 10);
    }

    async fn compare(&self, redeliver: bool) {
        self.world.clock.shift(60_000);
        let store = Arc::new(self.registry.clone());
        reconcile(store, &self.platform, "tester", redeliver, Patience::default(), None)
            .await
            .unwrap();
    }

    /// Each project's deliveries.
    fn deliveries(&self) -> Vec<Vec<retrofit_registry::db::deliveries::DeliveryRow>> {
        let of = |project: u32| projects::record(&self.registry, &secretariat(), code(project.into()));
        let records = (1..=PROJECTS).filter_map(|project| of(project).ok());
        records.map(|record| record.deliveries).collect()
    }

    /// What the platform took: once each, and upwards.
    fn check_effects(&self) {
        let mut count: BTreeMap<(String, i64), usize> = BTreeMap::new();
        let mut last: BTreeMap<String, i64> = BTreeMap::new();
        for effect in self.simulator.history().unwrap() {
            let key = (effect.source_id.clone(), effect.revision);
            let times = count.entry(key.clone()).or_default();
            *times += 1;
            let most = 1 + self.forgotten.get(&key).copied().unwrap_or_default();
            assert!(*times <= most, "{key:?} had its effect {times} times");
            let before = last.insert(effect.source_id, effect.revision);
            assert!(before <= Some(effect.revision), "{key:?} after {before:?}");
        }
    }

    /// The run's sums beside the rows.
    fn check_sums(&self, outcome: &SyncOutcome) {
        let counts = outcome.counts;
        let deliveries = self.deliveries();
        let of_run = |state: &str| {
            let rows = deliveries.iter().flatten();
            rows.filter(|row| row.run_id == Some(outcome.run_id.0) && row.state == state)
                .count() as u64
        };
        for (state, counted) in [
            ("accepted", counts.accepted),
            ("rejected", counts.rejected),
            ("unchanged", counts.unchanged),
            ("stale", counts.stale),
            ("pending", counts.pending),
            ("unknown", counts.unknown),
        ] {
            assert_eq!(of_run(state), counted, "{state} of {outcome:?}");
        }
        let latest = deliveries.iter().filter_map(|rows| rows.last());
        let unsent = latest.filter(|row| match row.state.as_str() {
            "ready" => true,
            "unknown" => row.batch_id.is_none() && row.run_id != Some(outcome.run_id.0),
            _ => false,
        });
        assert_eq!(unsent.count() as u64, counts.not_sent, "{outcome:?}");
        assert_eq!(outcome.selected, counts.selected());
    }
}

async fn live(world: World, steps: Vec<Step>) {
    let mut life = Life::new(world).await;
    for step in steps {
        life.take(step).await;
    }
    life.simulator.clear_faults();
    life.world.approve_all();
    for redeliver in [false, true, false] {
        for _ in 0..4 {
            life.world.clock.shift(HOUR);
            life.send(60).await;
        }
        life.compare(redeliver).await;
        // what a rejection sent back is approved again, as it is
        life.check_effects();
    }

    let held: BTreeMap<String, i64> = life
        .simulator
        .records()
        .unwrap()
        .into_iter()
        .map(|record| (record.source_id, record.revision))
        .collect();
    let effects: BTreeSet<(String, i64)> = life
        .simulator
        .history()
        .unwrap()
        .into_iter()
        .map(|effect| (effect.source_id, effect.revision))
        .collect();
    for rows in life.deliveries() {
        for row in &rows {
            let there = effects.contains(&(code(row.project_id).to_string(), row.revision));
            match row.state.as_str() {
                "accepted" | "unchanged" => assert!(there, "{row:?}"),
                // overtaken while nobody knew what had become of it; or a withdrawal of what the platform had lost
                "superseded" | "rejected" => {}
                state => panic!("{state} in the end: {row:?}"),
            }
        }
        let last = rows
            .iter()
            .rfind(|row| ["accepted", "unchanged"].contains(&row.state.as_str()));
        if let Some(last) = last.filter(|row| row.op == "upsert") {
            assert_eq!(
                held.get(&code(last.project_id).to_string()),
                Some(&last.revision),
                "{last:?}"
            );
        }
    }
    let report = latest(&life.registry, &secretariat()).unwrap().unwrap();
    assert!(report.differences.is_empty(), "{:?}", report.differences);
    life.simulator.stop().await;
}

fn random_lives(cases: u32, world: impl Fn() -> Option<World>) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let config = Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    };
    TestRunner::new(config)
        .run(&proptest::collection::vec(step(), 1..30), |steps| {
            if let Some(world) = world() {
                runtime.block_on(live(world, steps));
            }
            Ok(())
        })
        .unwrap();
}

#[test]
fn random_lives_on_sqlite() {
    random_lives(24, || Some(World::sqlite()));
}

#[test]
fn random_lives_on_postgres() {
    random_lives(8, World::postgres);
}
