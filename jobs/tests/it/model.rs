//! Random lives of a few projects under random faults: one effect per revision, never a lower revision after a higher,
//! sums that add up, and in the end nothing unknown.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use platform_simulator::{Endpoint, Fault, FaultKind};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use retrofit_jobs::store::{DeliveryState, Op};

use crate::memory::Delivery;
use crate::world::{World, code, values};

#[derive(Clone, Debug)]
enum Step {
    /// A new revision of a project is approved.
    Approve(usize),
    /// A withdrawal of a project is approved.
    Withdraw(usize),
    /// The next requests go wrong.
    Break(FaultKind, bool, u32),
    /// The reading of receipts goes wrong.
    BreakReading(FaultKind, u32),
    /// A run that waits so long for receipts.
    Sync(u64),
    /// The process dies in the middle of a run, after so many polls of it.
    Die(u32),
    /// So many hours pass.
    Wait(i64),
}

fn step() -> impl Strategy<Value = Step> {
    let fault = prop_oneof![
        Just(FaultKind::Drop),
        Just(FaultKind::NotJson),
        Just(FaultKind::Answer {
            status: 503,
            retry_after: Some(2)
        }),
        Just(FaultKind::Answer {
            status: 500,
            retry_after: None
        }),
        Just(FaultKind::Answer {
            status: 429,
            retry_after: Some(1)
        }),
        Just(FaultKind::Answer {
            status: 422,
            retry_after: None
        }),
        Just(FaultKind::Answer {
            status: 409,
            retry_after: None
        }),
    ];
    let reading = prop_oneof![
        Just(FaultKind::Drop),
        Just(FaultKind::WrongTypes),
        Just(FaultKind::MissingReceipts),
        Just(FaultKind::StillProcessing),
        Just(FaultKind::ForeignReceipt { source_id: code(2) }),
    ];
    prop_oneof![
        4 => (1..5_usize).prop_map(Step::Approve),
        1 => (1..5_usize).prop_map(Step::Withdraw),
        2 => (fault, any::<bool>(), 1..9_u32).prop_map(|(fault, after, times)| Step::Break(fault, after, times)),
        2 => (reading, 1..9_u32).prop_map(|(fault, times)| Step::BreakReading(fault, times)),
        4 => (0..20_u64).prop_map(Step::Sync),
        2 => (1..400_u32).prop_map(Step::Die),
        1 => (1..30_i64).prop_map(Step::Wait),
    ]
}

/// Polls a future so often, and drops it if it is not through.
async fn cut_off(future: impl Future, polls: u32) {
    let mut future = Box::pin(future);
    for _ in 0..polls {
        if std::future::poll_fn(|context| std::task::Poll::Ready(future.as_mut().poll(context).is_ready())).await {
            return;
        }
        tokio::task::yield_now().await;
    }
}

async fn live(steps: Vec<Step>) {
    let world = World::new().await;
    let mut revisions: BTreeMap<usize, i64> = BTreeMap::new();
    let mut approved: BTreeSet<(String, i64)> = BTreeSet::new();
    let mut approve = |project: usize, op: Op| {
        let revision = revisions.entry(project).or_default();
        *revision += 1;
        let fields = if op == Op::Withdraw {
            BTreeMap::new()
        } else {
            values(&format!("第{revision}版"))
        };
        world.store.approve(&code(project), *revision, op, fields);
        approved.insert((code(project), *revision));
    };
    for step in steps {
        match step {
            Step::Approve(project) => approve(project, Op::Upsert),
            Step::Withdraw(project) => approve(project, Op::Withdraw),
            Step::Break(kind, after, times) => {
                let fault = Fault::times(times, kind.clone());
                // a platform that refuses what it has taken keeps no contract
                let after = after && !matches!(kind, FaultKind::Answer { status: 422, .. });
                let fault = if after { fault.after_processing() } else { fault };
                world.simulator.inject(fault);
            }
            Step::BreakReading(kind, times) => {
                world
                    .simulator
                    .inject(Fault::times(times, kind).at(Endpoint::ReadBatch));
            }
            Step::Sync(wait) => {
                world
                    .sync_with(|options| options.wait = Duration::from_secs(wait))
                    .await;
            }
            Step::Die(polls) => {
                cut_off(world.sync(), polls).await;
                world.store.die();
            }
            Step::Wait(hours) => world.clock.shift(hours * 3_600_000),
        }
    }
    world.simulator.clear_faults();
    world.store.die();
    for _ in 0..8 {
        world.sync().await;
    }

    let effects = world.effects();
    let mut last: BTreeMap<&str, i64> = BTreeMap::new();
    for (source_id, revision) in &effects {
        assert!(approved.contains(&(source_id.clone(), *revision)), "never approved");
        let before = last.insert(source_id, *revision);
        assert!(before < Some(*revision), "revision {revision} after {before:?}");
    }
    let tables = world.store.tables();
    let refused_alone = |row: &Delivery| {
        tables
            .rejections
            .iter()
            .any(|rejection| rejection.delivery_id == row.out.delivery_id)
    };
    for row in &tables.deliveries {
        let there = effects.contains(&(row.out.source_id.clone(), row.out.revision));
        match row.state {
            DeliveryState::Accepted | DeliveryState::Unchanged => assert!(there, "{:?}", row.out),
            // superseded may have been sent and lost sight of
            DeliveryState::Superseded | DeliveryState::Stale => {}
            // a repeat that is refused whole says nothing about the first time, whose receipt was lost
            DeliveryState::Rejected => assert!(!there || refused_alone(row), "{:?}", row.out),
            state => panic!("{state:?} in the end: {:?}", row.out),
        }
    }
}

#[test]
fn random_lives_keep_the_balance() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let config = Config {
        cases: 60,
        failure_persistence: None,
        ..Config::default()
    };
    TestRunner::new(config)
        .run(&proptest::collection::vec(step(), 1..25), |steps| {
            runtime.block_on(live(steps));
            Ok(())
        })
        .unwrap();
}
