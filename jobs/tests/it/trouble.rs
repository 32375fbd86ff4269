//! The delivery when things go wrong: nothing lost, nothing doubled, and the balance holds.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use platform_simulator::{Endpoint, Fault, FaultKind, Gate, Simulator};
use retrofit_jobs::platform::Profile;
use retrofit_jobs::store::{Op, RunState, StrayKind};

use crate::world::{NIGHT, World, code, platform, settings, sync, values};

fn answer(status: u16, retry_after: Option<u64>) -> FaultKind {
    FaultKind::Answer { status, retry_after }
}

#[tokio::test]
async fn an_answer_lost_after_the_commit_is_asked_for() {
    for fault in [
        FaultKind::Drop,
        FaultKind::NotJson,
        answer(500, None),
        answer(503, Some(3)),
    ] {
        let world = World::new().await;
        world.approve(3);
        world.simulator.inject(Fault::once(fault.clone()).after_processing());
        let outcome = world.sync().await;
        assert_eq!(
            (outcome.state, outcome.counts.accepted, world.posts()),
            (RunState::Done, 3, 1),
            "{fault:?}"
        );
        assert_eq!(world.effects().len(), 3);
    }
}

#[tokio::test]
async fn a_request_lost_on_its_way_is_repeated_under_its_key() {
    for fault in [
        FaultKind::Drop,
        answer(502, None),
        answer(503, Some(3)),
        answer(409, None),
    ] {
        let world = World::new().await;
        world.approve(3);
        world.simulator.inject(Fault::once(fault.clone()));
        let outcome = world.sync().await;
        assert_eq!(
            (outcome.state, outcome.counts.accepted, outcome.batches),
            (RunState::Done, 3, 1),
            "{fault:?}"
        );
        assert_eq!(world.posts(), 2, "{fault:?}");
        let keys: BTreeSet<_> = world
            .simulator
            .requests()
            .into_iter()
            .filter_map(|request| request.idempotency_key)
            .collect();
        assert_eq!(keys.len(), 1, "{fault:?}");
        assert_eq!(world.effects().len(), 3);
    }
}

#[tokio::test]
async fn what_stays_unknown_is_asked_about_by_the_next_run() {
    let world = World::new().await;
    world.approve(3);
    world.simulator.inject(Fault::once(FaultKind::Drop).after_processing());
    world
        .simulator
        .inject(Fault::always(FaultKind::Drop).at(Endpoint::ReadBatch));
    let first = world.sync().await;
    assert_eq!((first.state, first.counts.unknown), (RunState::Partial, 3));
    assert_eq!(world.store.states(), BTreeMap::from([("unknown", 3)]));
    world.simulator.clear_faults();
    let second = world.sync().await;
    assert_eq!(
        (second.state, second.selected, second.counts.accepted, second.batches),
        (RunState::Done, 3, 3, 0)
    );
    assert_eq!((world.posts(), world.effects().len()), (1, 3));
}

#[tokio::test]
async fn a_batch_unknown_past_its_keys_life_goes_out_anew_if_it_never_arrived() {
    let world = World::new().await;
    world.approve(2);
    world.simulator.inject(Fault::always(FaultKind::Drop).everywhere());
    assert_eq!(world.sync().await.counts.unknown, 2);
    world.simulator.clear_faults();
    world.clock.shift(25 * 3_600 * 1_000);
    let outcome = world.sync().await;
    assert_eq!(
        (
            outcome.state,
            outcome.selected,
            outcome.counts.accepted,
            outcome.batches
        ),
        (RunState::Done, 2, 2, 1)
    );
    let tables = world.store.tables();
    assert_eq!(tables.batches.len(), 2);
    assert_ne!(
        tables.batches[0].new.idempotency_key,
        tables.batches[1].new.idempotency_key
    );
    assert_eq!(world.effects().len(), 2);
}

#[tokio::test]
async fn a_batch_unknown_past_its_keys_life_is_looked_for_before_it_goes_out_anew() {
    let world = World::with(|_| {}).await;
    world.approve(3);
    world.simulator.inject(Fault::once(FaultKind::Drop).after_processing());
    world
        .simulator
        .inject(Fault::always(FaultKind::Drop).at(Endpoint::ReadBatch));
    assert_eq!(world.sync().await.counts.unknown, 3);
    world.simulator.clear_faults();
    // the platform has lost the number, but not the records
    world
        .simulator
        .inject(Fault::once(answer(404, None)).at(Endpoint::ReadBatch));
    world.clock.shift(25 * 3_600 * 1_000);
    let outcome = world.sync().await;
    assert_eq!(
        (
            outcome.state,
            outcome.selected,
            outcome.counts.unchanged,
            outcome.batches
        ),
        (RunState::Done, 3, 3, 0)
    );
    assert_eq!((world.posts(), world.effects().len()), (1, 3));
}

#[tokio::test]
async fn a_platform_that_asks_to_wait_is_given_time() {
    let world = World::new().await;
    world.approve(3);
    world.simulator.inject(Fault::times(2, answer(429, Some(30))));
    let outcome = world.sync().await;
    assert_eq!(
        (outcome.state, outcome.counts.accepted, world.posts()),
        (RunState::Done, 3, 3)
    );
    assert!(world.clock.now() - NIGHT >= 60_000);
    let waits: Vec<_> = world
        .store
        .tables()
        .attempts
        .iter()
        .filter_map(|(_, attempt)| attempt.retry_after_s)
        .collect();
    assert_eq!(waits, [30, 30]);
}

#[tokio::test]
async fn a_platform_that_asks_for_too_much_time_ends_the_run() {
    for retry_after in [Some(3_600), None] {
        let world = World::new().await;
        world.approve(3);
        world.simulator.inject(Fault::always(answer(429, retry_after)));
        let outcome = world.sync().await;
        assert_eq!((outcome.state, outcome.counts.not_sent), (RunState::PlatformBusy, 3));
        assert_eq!(world.store.states(), BTreeMap::from([("ready", 3)]));
    }
}

#[tokio::test]
async fn a_pause_that_outlasts_the_window_closes_it() {
    let world = World::new().await;
    world.approve(3);
    world.simulator.inject(Fault::once(answer(429, Some(120))));
    let outcome = world
        .sync_with(|options| options.window_end = Some(NIGHT + 60_000))
        .await;
    assert_eq!((outcome.state, outcome.counts.not_sent), (RunState::WindowClosed, 3));
}

#[tokio::test]
async fn one_poisoned_record_among_500_is_found_within_20_posts() {
    for (poisoned, status) in [(1, 422), (137, 400), (500, 422)] {
        let world = World::new().await;
        world.approve(500);
        world
            .simulator
            .inject(Fault::always(answer(status, None)).holding(code(poisoned)));
        let outcome = world.sync().await;
        assert_eq!(
            (outcome.state, outcome.counts.accepted, outcome.counts.rejected),
            (RunState::Done, 499, 1),
            "{poisoned}"
        );
        assert!(world.posts() <= 20, "{} posts", world.posts());
        assert_eq!(
            outcome.batches,
            world.posts() as u64,
            "each half has a number of its own"
        );
        let tables = world.store.tables();
        assert_eq!(tables.rejections.len(), 1);
        assert_eq!(
            tables.deliveries[poisoned - 1].out.delivery_id,
            tables.rejections[0].delivery_id
        );
        assert!(tables.rejections[0].batch_id.is_some() && !tables.rejections[0].errors[0].code.is_empty());
    }
}

#[tokio::test]
async fn a_refused_envelope_is_no_records_fault() {
    let world = World::new().await;
    world.approve(300);
    world.simulator.inject(Fault::always(answer(400, None)));
    let outcome = world.sync().await;
    assert_eq!(
        (outcome.state, outcome.counts.not_sent, outcome.counts.rejected),
        (RunState::Refused, 300, 0)
    );
    assert!(world.posts() < 50, "{} posts", world.posts());
    assert_eq!(world.store.states(), BTreeMap::from([("ready", 300)]));
    world.simulator.clear_faults();
    assert_eq!(world.sync().await.counts.accepted, 300);
}

#[tokio::test]
async fn a_record_that_is_refused_with_none_to_compare_is_rejected() {
    let world = World::new().await;
    world.approve(1);
    world.simulator.inject(Fault::always(answer(422, None)));
    assert_eq!(world.sync().await.counts.rejected, 1);
}

#[tokio::test]
async fn missing_receipts_are_unknown_and_settled_by_the_next_run() {
    let world = World::new().await;
    world.approve(3);
    world
        .simulator
        .inject(Fault::once(FaultKind::MissingReceipts).holding(code(2)));
    let first = world.sync().await;
    assert_eq!(
        (first.state, first.counts.accepted, first.counts.unknown),
        (RunState::Partial, 2, 1)
    );
    let detail = first.detail.unwrap();
    assert!(detail.contains("1 条") && detail.contains("重新发送"), "{detail}");
    assert_eq!(world.store.tables().strays[0].kind, StrayKind::Missing);
    let second = world.sync().await;
    assert_eq!(
        (second.state, second.selected, second.counts.unchanged),
        (RunState::Done, 1, 1)
    );
    assert_eq!(world.effects().len(), 3);
}

#[tokio::test]
async fn foreign_and_malformed_receipts_are_kept_and_not_believed() {
    let world = World::new().await;
    world.approve(2);
    world.store.approve(&code(9), 1, Op::Upsert, values("别处"));
    world.simulator.inject(Fault::once(FaultKind::ForeignReceipt {
        source_id: "LC-2026-000777".into(),
    }));
    let first = world.sync().await;
    assert_eq!((first.state, first.counts.accepted), (RunState::Done, 3));
    assert_eq!(world.store.tables().strays[0].kind, StrayKind::Foreign);

    world.store.approve(&code(1), 2, Op::Upsert, values("改名"));
    world.simulator.inject(Fault::once(FaultKind::WrongTypes));
    let second = world.sync().await;
    assert_eq!(
        (second.state, second.counts.accepted, second.counts.unknown),
        (RunState::Partial, 0, 1)
    );
    let malformed = world
        .store
        .tables()
        .strays
        .iter()
        .any(|stray| stray.kind == StrayKind::Malformed);
    assert!(malformed);
    assert_eq!(world.sync().await.counts.unchanged, 1);
    assert_eq!(world.effects().len(), 4);
}

#[tokio::test]
async fn a_skewed_clock_is_named() {
    for (offset, way) in [(-3_600, '快'), (3_600, '慢')] {
        let world = World::new().await;
        world.approve(2);
        world.simulator.set_clock_offset(TimeDelta::seconds(offset));
        let outcome = world.sync().await;
        assert_eq!(
            (outcome.state, outcome.counts.not_sent, world.posts()),
            (RunState::ClockSkew, 2, 1)
        );
        let detail = outcome.detail.unwrap();
        assert!(detail.contains(way) && detail.contains("3600"), "{detail}");
        assert_eq!(world.store.states(), BTreeMap::from([("ready", 2)]));
    }
}

#[tokio::test]
async fn a_platform_that_refuses_us_is_asked_once() {
    let mut world = World::new().await;
    world.approve(2);
    let elsewhere = include_str!("../../profiles/national-v1.toml").replace("371500", "370100");
    world.profile = Profile::parse(&elsewhere).unwrap();
    let outcome = world.sync().await;
    assert_eq!(
        (outcome.state, outcome.counts.not_sent, world.posts()),
        (RunState::Refused, 2, 1)
    );
    assert!(outcome.detail.unwrap().contains("403"));

    world.profile = Profile::national_v1();
    world.simulator.inject(Fault::once(answer(401, None)));
    let outcome = world.sync().await;
    assert_eq!(
        (outcome.state, outcome.counts.not_sent, world.posts()),
        (RunState::Refused, 2, 2)
    );
}

#[tokio::test]
async fn a_platform_that_is_down_leaves_everything_unsent() {
    let mut world = World::new().await;
    world.approve(3);
    let url = world.simulator.url();
    world.simulator.stop().await;
    let outcome = sync(
        &world.store,
        &platform(&url, &world.clock, Profile::national_v1()),
        |_| {},
    )
    .await;
    assert_eq!(
        (outcome.state, outcome.counts.not_sent, outcome.counts.unknown),
        (RunState::PlatformDown, 3, 0)
    );
    let detail = outcome.detail.unwrap();
    assert!(detail.contains("连接被拒绝") && !detail.contains("日志"), "{detail}");
    assert_eq!(world.store.states(), BTreeMap::from([("ready", 3)]));

    world.simulator = Simulator::start(settings(&world.clock)).await.unwrap();
    assert_eq!(world.sync().await.counts.accepted, 3);
}

#[tokio::test]
async fn a_platform_that_only_fails_opens_the_circuit() {
    let world = World::new().await;
    world.approve(2_000);
    world.simulator.inject(Fault::always(answer(500, None)).everywhere());
    let first = world.sync().await;
    assert_eq!(
        (first.state, first.counts.unknown, first.counts.not_sent),
        (RunState::PlatformDown, 1_000, 1_000)
    );
    assert!(
        first.detail.is_some_and(|words| words.contains("已停止发送")),
        "it says so"
    );
    let second = world.sync().await;
    assert_eq!(
        (second.state, second.counts.unknown, second.counts.not_sent),
        (RunState::PlatformDown, 1_000, 1_000)
    );
    world.simulator.clear_faults();
    let third = world.sync().await;
    assert_eq!(
        (third.state, third.counts.accepted, third.batches),
        (RunState::Done, 2_000, 4)
    );
    assert_eq!(world.effects().len(), 2_000);
}

#[tokio::test]
async fn one_batch_that_always_fails_does_not_hold_up_the_others() {
    let world = World::new().await;
    world.approve(1_500);
    world
        .simulator
        .inject(Fault::always(FaultKind::Drop).holding(code(700)));
    let outcome = world.sync().await;
    assert_eq!(
        (outcome.state, outcome.counts.accepted, outcome.counts.unknown),
        (RunState::Partial, 1_000, 500)
    );
}

#[tokio::test]
async fn a_platform_stopped_in_the_middle_is_resumed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("platform.db");
    let mut world = World::with(|settings| settings.database = Some(file.clone())).await;
    world.approve(1_500);
    let gate = Gate::new();
    world.simulator.inject(
        Fault::once(FaultKind::Hold(gate.clone()))
            .after_processing()
            .holding(code(600)),
    );
    let (store, platform) = (world.store.clone(), world.platform());
    let run = tokio::spawn(async move { sync(&store, &platform, |_| {}).await });
    gate.arrived(1).await;
    world.simulator.stop().await;
    let first = run.await.unwrap();
    assert_eq!(
        (first.state, first.counts.pending + first.counts.accepted),
        (RunState::PlatformDown, 500)
    );
    assert_eq!((first.counts.unknown, first.counts.not_sent), (500, 500));

    let mut settings = settings(&world.clock);
    settings.database = Some(file);
    world.simulator = Simulator::start(settings).await.unwrap();
    let second = world.sync().await;
    assert_eq!(
        (second.state, second.counts.accepted),
        (RunState::Done, 1_500 - first.counts.accepted)
    );
    assert_eq!(world.effects().len(), 1_500);
}

#[tokio::test]
async fn work_of_a_dead_process_is_taken_up_and_its_ghost_changes_nothing() {
    for after in [false, true] {
        let world = World::new().await;
        world.approve(3);
        let gate = Gate::new();
        let hold = Fault::once(FaultKind::Hold(gate.clone()));
        world
            .simulator
            .inject(if after { hold.after_processing() } else { hold });
        let (store, platform) = (world.store.clone(), world.platform());
        let ghost = tokio::spawn(async move { sync(&store, &platform, |_| {}).await });
        gate.arrived(1).await;
        world.store.die();
        let living = world.sync().await;
        // before: the key is still being worked on (409) for as long as the ghost's request hangs
        let expected = if after {
            (RunState::Done, 3, 0)
        } else {
            (RunState::Partial, 0, 3)
        };
        assert_eq!((living.state, living.counts.accepted, living.counts.unknown), expected);
        gate.open();
        let ghost = ghost.await.unwrap();
        assert_eq!((ghost.state, ghost.selected), (RunState::Abandoned, 0));
        assert_eq!(world.sync().await.counts.accepted, living.counts.unknown);
        assert_eq!(world.effects().len(), 3);
        assert_eq!(world.store.states(), BTreeMap::from([("accepted", 3)]));
    }
}

#[tokio::test]
async fn revisions_behind_a_dead_runs_batch_go_out_once_it_is_settled() {
    let world = World::with(|settings| settings.receipts_after_polls = 3).await;
    world.approve(3);
    let gate = Gate::new();
    world
        .simulator
        .inject(Fault::once(FaultKind::Hold(gate.clone())).after_processing());
    let (store, platform) = (world.store.clone(), world.platform());
    let run = tokio::spawn(async move { sync(&store, &platform, |_| {}).await });
    gate.arrived(1).await;
    run.abort();
    world.store.die();
    gate.open();
    for number in 1..=3 {
        world.store.approve(&code(number), 2, Op::Upsert, values("改名"));
    }
    let next = world.sync().await;
    assert_eq!(
        (next.state, next.selected, next.counts.accepted),
        (RunState::Done, 6, 6)
    );
    assert_eq!(world.store.states(), BTreeMap::from([("accepted", 6)]));
}

#[tokio::test]
async fn several_runs_at_once_share_the_work() {
    let world = World::new().await;
    world.approve(2_100);
    let platform = world.platform();
    let run = || sync(&world.store, &platform, |options| options.concurrency = 2);
    let (one, two, three) = tokio::join!(run(), run(), run());
    assert_eq!(one.counts.accepted + two.counts.accepted + three.counts.accepted, 2_100);
    assert_eq!(world.effects().len(), 2_100);
    assert_eq!(world.store.states(), BTreeMap::from([("accepted", 2_100)]));
}

#[tokio::test]
async fn doubled_contrary_and_wrongly_numbered_receipts_are_believed_no_more_than_they_deserve() {
    for (fault, accepted, unknown, strays) in [
        (Fault::once(FaultKind::TwiceReceipts), 3, 0, vec![]),
        (
            Fault::once(FaultKind::ContraryReceipts).holding(code(2)),
            2,
            1,
            vec![StrayKind::Malformed, StrayKind::Missing],
        ),
        (
            Fault::once(FaultKind::WrongRevisions),
            0,
            3,
            [vec![StrayKind::Foreign; 3], vec![StrayKind::Missing; 3]].concat(),
        ),
        (Fault::once(FaultKind::Torn).at(Endpoint::ReadBatch), 3, 0, vec![]),
        (Fault::once(FaultKind::Torn), 3, 0, vec![]),
    ] {
        let world = World::new().await;
        world.approve(3);
        world.simulator.inject(fault.clone());
        let first = world.sync().await;
        assert_eq!(
            (first.counts.accepted, first.counts.unknown),
            (accepted, unknown),
            "{fault:?}"
        );
        let kinds: Vec<_> = world.store.tables().strays.iter().map(|stray| stray.kind).collect();
        assert_eq!(kinds, strays, "{fault:?}");
        let second = world.sync().await;
        assert_eq!(
            (second.state, second.counts.unchanged),
            (RunState::Done, unknown),
            "{fault:?}"
        );
        assert_eq!(world.effects().len(), 3);
    }
}
