//! Processes that deliver are killed by SIGKILL at the named points of a delivery, under mixed faults of the platform. In the end each
//! approved revision is at the platform exactly once, the registry agrees, and nothing is unknown.

use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Stdio};

use platform_simulator::{Endpoint, Fault, FaultKind, Settings, Simulator};
use retrofit_import::catalogue::Field;
use retrofit_jobs::faults;
use retrofit_registry::registry::{delivery, projects};

use crate::support::rosters::{code, school};
use crate::support::{APP_KEY, SECRET, World, secretariat};

/// A process that delivers, and dies at a point when it comes there so often.
fn start(world: &World, platform: &Simulator, fault: &str) -> Child {
    let args = ["sync", "run", "--wait", "2", "--format", "json"];
    world
        .command_reaching(&platform.url(), &args)
        .env("RETROFIT_FAULT", fault)
        .env("RUST_LOG", "trace")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Where processes die, round by round. However many there are, each of them dies where receipts have come, so that a batch is left to be
/// taken up in the next round.
const POINTS: [&str; faults::ALL.len()] = [
    faults::AFTER_CLAIMED,
    faults::AFTER_KEY_STORED,
    faults::AFTER_SENT,
    faults::AFTER_TAKEN,
    faults::AFTER_RECEIPT,
    faults::AFTER_TAKEN_UP,
    faults::AFTER_REFUSED,
    faults::BEFORE_FINISH,
];

/// What goes wrong at the platform in the round with this number, besides.
fn trouble(round: usize) -> Vec<Fault> {
    let answer = |status, retry_after| FaultKind::Answer { status, retry_after };
    match round % 7 {
        0 => vec![Fault::once(FaultKind::Drop).after_processing()],
        1 => vec![Fault::once(FaultKind::Drop)],
        2 => vec![Fault::once(answer(503, Some(0))).after_processing()],
        3 => vec![Fault::once(FaultKind::StillProcessing).at(Endpoint::ReadBatch)],
        4 => vec![Fault::once(answer(429, Some(0)))],
        5 => vec![Fault::once(FaultKind::MissingReceipts).at(Endpoint::ReadBatch)],
        _ => vec![
            Fault::once(FaultKind::WrongTypes).at(Endpoint::ReadBatch),
            Fault::once(FaultKind::ForeignReceipt {
                source_id: "LC-2026-999999".into(),
            })
            .at(Endpoint::ReadBatch),
        ],
    }
}

/// Kills so often, and at each of the points, one round after another; then lets one process end what is left, and looks at both sides.
fn spread(world: &World, processes: usize, kills: usize) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let platform = runtime
        .block_on(Simulator::start(Settings::new(APP_KEY, SECRET)))
        .unwrap();
    let mut killed: BTreeMap<&str, usize> = BTreeMap::new();
    let mut logs = String::new();
    let mut round = 0;
    while killed.values().sum::<usize>() < kills || killed.len() < POINTS.len() {
        assert!(round < 6 * kills + 40, "the points are not reached: {killed:?}");
        // two new projects, and a later revision of one that may be on its way
        let first = u32::try_from(2 * round).unwrap() + 1;
        let stage = if round % 2 == 0 { "40" } else { "30" };
        world.import([
            school(first),
            school(first + 1),
            school(first.saturating_sub(2).max(1)).with(Field::Stage, stage),
        ]);
        world.approve_all();
        let point = POINTS[round % POINTS.len()];
        // what an earlier round did not come to
        platform.clear_faults();
        for fault in trouble(round) {
            platform.inject(fault);
        }
        if point == faults::AFTER_REFUSED {
            platform.inject(Fault::once(FaultKind::Answer {
                status: 422,
                retry_after: None,
            }));
        }
        let children: Vec<Child> = (0..processes).map(|_| start(world, &platform, point)).collect();
        for child in children {
            let output = child.wait_with_output().unwrap();
            if output.status.signal() == Some(9) {
                *killed.entry(point).or_default() += 1;
            } else {
                assert!(output.status.code().is_some_and(|exit| exit < 2), "{output:?}");
            }
            logs += &String::from_utf8_lossy(&output.stderr);
            logs += &String::from_utf8_lossy(&output.stdout);
        }
        round += 1;
    }
    platform.clear_faults();
    let mut last = String::new();
    for _ in 0..4 {
        let output = start(world, &platform, "nowhere").wait_with_output().unwrap();
        last = String::from_utf8_lossy(&output.stdout).into_owned();
        logs += &String::from_utf8_lossy(&output.stderr);
    }
    eprintln!("{processes} process(es), {round} rounds, killed at {killed:?}");
    assert!(
        last.contains("\"state\":\"done\"") && last.contains("\"selected\":0"),
        "{last}"
    );

    let history = platform.history().unwrap();
    let mut there: BTreeMap<(String, i64), usize> = BTreeMap::new();
    let mut highest: BTreeMap<String, i64> = BTreeMap::new();
    for effect in history {
        *there.entry((effect.source_id.clone(), effect.revision)).or_default() += 1;
        let before = highest.insert(effect.source_id, effect.revision);
        assert!(
            before < Some(effect.revision),
            "revision {} after {before:?}",
            effect.revision
        );
    }
    assert!(there.values().all(|count| *count == 1), "{there:?}");
    for id in 1..=i64::try_from(2 * round).unwrap() {
        let record = projects::record(&world.registry, &secretariat(), code(id)).unwrap();
        for row in record.deliveries {
            let held = there.contains_key(&(code(id).to_string(), row.revision));
            match row.state.as_str() {
                "accepted" | "unchanged" => assert!(held, "{row:?}"),
                // overtaken, before it was sent or while nobody knew what had become of it
                "superseded" => {}
                state => panic!("{state} in the end: {row:?}"),
            }
        }
        assert_eq!(
            record.project.approved_revision,
            highest.get(&code(id).to_string()).copied()
        );
    }
    let outbox = delivery::outbox(&world.registry, &secretariat()).unwrap();
    assert!(
        outbox
            .iter()
            .all(|(state, _)| ["accepted", "unchanged", "superseded"].contains(&state.as_str())),
        "{outbox:?}"
    );
    assert!(!logs.contains(SECRET), "the secret is in a log");
    runtime.block_on(platform.stop());
}

#[test]
fn killed_on_sqlite_by_one_process() {
    spread(&World::sqlite(), 1, 20);
}

#[test]
fn killed_on_sqlite_by_three_processes() {
    spread(&World::sqlite(), 3, 20);
}

#[test]
fn killed_on_postgres_by_one_process() {
    if let Some(world) = World::postgres() {
        spread(&world, 1, 20);
    }
}

#[test]
fn killed_on_postgres_by_three_processes() {
    if let Some(world) = World::postgres() {
        spread(&world, 3, 20);
    }
}

#[test]
#[ignore = "minutes; its result stands in benches/README.md"]
fn killed_two_hundred_times_each() {
    for processes in [1, 3] {
        for world in World::both() {
            spread(&world, processes, 200);
        }
    }
}
