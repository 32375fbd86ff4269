//! The delivery when all goes well, and the order of revisions.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use retrofit_jobs::delivery::{Phase, Progress};
use retrofit_jobs::platform::{Platform, Profile};
use retrofit_jobs::store::{Op, Plain, RunState};

use crate::world::{World, code, reach, sync, values};

#[tokio::test]
async fn what_is_approved_is_there_and_the_second_run_sends_nothing() {
    let world = World::new().await;
    world.approve(7);
    let first = world.sync().await;
    assert_eq!(
        (first.state, first.selected, first.counts.accepted, first.batches),
        (RunState::Done, 7, 7, 1)
    );
    let held = world.simulator.records().unwrap();
    assert_eq!(held.len(), 7);
    let data: serde_json::Value = serde_json::from_str(&held[0].data).unwrap();
    assert_eq!(
        (&data["ztz"], &data["jd"], data.get("wcsj")),
        (&120.46.into(), &115.985_432.into(), None)
    );

    let posts = world.posts();
    let second = world.sync().await;
    assert_eq!((second.state, second.selected, second.batches), (RunState::Done, 0, 0));
    assert_eq!(world.posts(), posts);
    assert_eq!(world.effects().len(), 7);
    assert_eq!(world.store.states(), BTreeMap::from([("accepted", 7)]));
    assert!(
        world
            .store
            .tables()
            .receipts
            .iter()
            .all(|receipt| receipt.platform_no.is_some())
    );
}

#[tokio::test]
async fn many_records_go_in_full_batches_over_several_connections() {
    let world = World::new().await;
    world.approve(1_203);
    let outcome = world.sync_with(|options| options.concurrency = 4).await;
    assert_eq!(
        (outcome.state, outcome.counts.accepted, outcome.batches),
        (RunState::Done, 1_203, 3)
    );
    assert_eq!(world.effects().len(), 1_203);
}

#[tokio::test]
async fn both_algorithms_and_plain_bodies_are_taken() {
    let mut world = World::new().await;
    world.profile = Profile::parse(
        &include_str!("../../profiles/national-v1.toml")
            .replace("algorithm = \"HMAC-SM3", "algorithm = \"HMAC-SHA256")
            .replace("gzip = true", "gzip = false"),
    )
    .unwrap();
    world.approve(2);
    assert_eq!(world.sync().await.counts.accepted, 2);
}

#[tokio::test]
async fn a_proxy_stands_between() {
    let world = World::new().await;
    world.approve(2);
    let mut settings = reach("http://platform.invalid");
    settings.proxy = Some(world.simulator.url());
    let platform = Platform::new(settings, Profile::national_v1(), world.clock.clone()).unwrap();
    assert_eq!(sync(&world.store, &platform, |_| {}).await.counts.accepted, 2);
}

#[tokio::test]
async fn a_later_revision_overtakes_and_a_withdrawal_follows() {
    let world = World::new().await;
    world.store.approve(&code(1), 1, Op::Upsert, values("旧名"));
    world.store.approve(&code(1), 2, Op::Upsert, values("新名"));
    assert_eq!(world.sync().await.counts.accepted, 1);
    world.store.approve(&code(1), 3, Op::Withdraw, BTreeMap::new());
    world.store.approve(&code(2), 1, Op::Withdraw, BTreeMap::new());
    let outcome = world.sync().await;
    assert_eq!(
        (outcome.counts.accepted, outcome.counts.rejected),
        (1, 1),
        "the platform never held the second"
    );
    assert_eq!(world.effects(), [(code(1), 2), (code(1), 3)]);
    assert_eq!(
        world.store.states(),
        BTreeMap::from([("superseded", 1), ("accepted", 2), ("rejected", 1)])
    );
}

#[tokio::test]
async fn a_record_that_the_form_cannot_hold_is_rejected_unsent() {
    let world = World::new().await;
    let mut broken = values("无址楼");
    broken.remove("address");
    world.store.approve(&code(1), 1, Op::Upsert, broken);
    let outcome = world.sync().await;
    assert_eq!(
        (outcome.state, outcome.counts.rejected, outcome.batches),
        (RunState::Done, 1, 0)
    );
    assert_eq!(
        world.store.tables().rejections[0].errors[0].field.as_deref(),
        Some("address")
    );
}

#[tokio::test]
async fn the_platforms_own_rejection_names_our_column() {
    let world = World::new().await;
    let mut odd = values("异常楼");
    odd.insert("acceleration_g".into(), Plain::One("0.99".into()));
    world.store.approve(&code(1), 1, Op::Upsert, odd);
    world.store.approve(&code(2), 1, Op::Upsert, values("正常楼"));
    let outcome = world.sync().await;
    assert_eq!((outcome.counts.accepted, outcome.counts.rejected), (1, 1));
    let tables = world.store.tables();
    let errors = &tables
        .receipts
        .iter()
        .find(|receipt| !receipt.errors.is_empty())
        .unwrap()
        .errors;
    assert_eq!(
        (errors[0].field.as_deref(), errors[0].member.as_str()),
        (Some("acceleration_g"), "jsd")
    );
}

#[tokio::test]
async fn only_the_profiles_stages_are_sent() {
    let mut world = World::new().await;
    world.profile =
        Profile::parse(&include_str!("../../profiles/national-v1.toml").replace("stages = []", "stages = [\"50\"]"))
            .unwrap();
    let mut finished = values("竣工楼");
    finished.insert("stage".into(), Plain::One("50".into()));
    world.store.approve(&code(1), 1, Op::Upsert, finished);
    world.store.approve(&code(2), 1, Op::Upsert, values("在建楼"));
    assert_eq!(world.sync().await.selected, 1);
    assert_eq!(world.effects(), [(code(1), 1)]);
}

#[tokio::test]
async fn receipts_that_do_not_come_in_time_are_pending_and_followed_up() {
    let world = World::with(|settings| settings.receipts_after_polls = 30).await;
    world.approve(3);
    let first = world.sync_with(|options| options.wait = Duration::from_secs(20)).await;
    assert_eq!(
        (first.state, first.counts.pending, first.counts.accepted),
        (RunState::Pending, 3, 0)
    );
    assert_eq!(world.store.states(), BTreeMap::from([("pending", 3)]));
    let second = world.sync_with(|options| options.wait = Duration::from_mins(10)).await;
    assert_eq!(
        (second.state, second.selected, second.counts.accepted, second.batches),
        (RunState::Done, 3, 3, 0)
    );
    assert_eq!(world.posts(), 1);
}

#[tokio::test]
async fn a_run_that_awaits_receipts_at_the_end_of_its_window_is_pending() {
    let world = World::with(|settings| settings.receipts_after_polls = 1_000).await;
    world.approve(3);
    let end = crate::world::NIGHT + 60_000;
    let outcome = world
        .sync_with(|options| {
            options.window_end = Some(end);
            options.wait = Duration::from_hours(1);
        })
        .await;
    assert_eq!((outcome.state, outcome.counts.pending), (RunState::Pending, 3));
    assert!(outcome.detail.is_some_and(|words| words.contains("下次继续查询")));
    assert!(world.clock.now() <= end, "it does not wait beyond it");
}

#[tokio::test]
async fn a_revision_approved_while_the_last_is_pending_waits_for_it() {
    let world = World::with(|settings| settings.receipts_after_polls = 30).await;
    world.approve(1);
    world.sync_with(|options| options.wait = Duration::ZERO).await;
    world.store.approve(&code(1), 2, Op::Upsert, values("改名"));
    let second = world.sync_with(|options| options.wait = Duration::ZERO).await;
    assert_eq!(
        (second.state, second.counts.pending, second.counts.not_sent),
        (RunState::Pending, 1, 1),
        "the second revision is held back, and counted"
    );
    let third = world.sync_with(|options| options.wait = Duration::from_mins(10)).await;
    assert_eq!(
        (third.state, third.selected, third.counts.accepted),
        (RunState::Done, 2, 2),
        "once the first has its receipt, the second goes out in the same run"
    );
    assert_eq!(world.effects(), [(code(1), 1), (code(1), 2)]);
}

#[tokio::test]
async fn the_window_ends_the_sending_and_never_the_balance() {
    let world = World::new().await;
    world.approve(3);
    let outcome = world
        .sync_with(|options| options.window_end = Some(crate::world::NIGHT))
        .await;
    assert_eq!(
        (outcome.state, outcome.counts.not_sent, outcome.batches),
        (RunState::WindowClosed, 3, 0)
    );
    assert_eq!(world.store.states(), BTreeMap::from([("ready", 3)]));
    assert_eq!(world.sync().await.counts.accepted, 3);
}

#[tokio::test]
async fn the_watcher_sees_the_run_advance() {
    let world = World::new().await;
    world.approve(700);
    let seen: Arc<Mutex<Vec<Progress>>> = Arc::default();
    let watched = seen.clone();
    world
        .sync_with(|options| options.watcher = Some(Arc::new(move |progress| watched.lock().unwrap().push(*progress))))
        .await;
    let seen = seen.lock().unwrap();
    assert_eq!((seen[0].phase, seen[0].done, seen[0].total), (Phase::TakingUp, 0, 700));
    let last = seen.last().unwrap();
    assert_eq!((last.phase, last.done, last.total), (Phase::Finished, 700, 700));
    assert!(seen.is_sorted_by_key(|progress| progress.done));
}

#[tokio::test]
async fn the_outcome_reads_as_agreed() {
    let world = World::new().await;
    world.approve(1);
    let json = serde_json::to_value(world.sync().await).unwrap();
    assert_eq!(
        json,
        serde_json::json!({ "run_id": 1, "state": "done", "selected": 1, "accepted": 1, "rejected": 0, "unchanged": 0,
            "stale": 0, "pending": 0, "unknown": 0, "not_sent": 0, "batches": 1 })
    );
}
