//! What goes over the wire, and when.

use std::collections::BTreeSet;

use platform_simulator::{Fault, FaultKind, Gate};
use retrofit_jobs::platform::Profile;
use retrofit_jobs::store::{BatchState, RunState};
use sha2::{Digest as _, Sha256};

use crate::world::{World, sync};

#[tokio::test]
async fn key_and_body_are_stored_before_the_first_byte_is_sent() {
    let world = World::new().await;
    world.approve(3);
    let gate = Gate::new();
    world.simulator.inject(Fault::once(FaultKind::Hold(gate.clone())));
    let (store, platform) = (world.store.clone(), world.platform());
    let run = tokio::spawn(async move { sync(&store, &platform, |_| {}).await });
    gate.arrived(1).await;
    let key = world.simulator.requests()[0].idempotency_key.clone();
    {
        let tables = world.store.tables();
        let batch = &tables.batches[0];
        assert_eq!(Some(&batch.new.idempotency_key), key.as_ref());
        assert_eq!(batch.new.body_sha256, hex::encode(Sha256::digest(&batch.new.body)));
        assert_eq!((batch.state, tables.attempts.len()), (BatchState::Unknown, 0));
        assert_eq!(batch.new.members.len(), 3);
    }
    gate.open();
    assert_eq!(run.await.unwrap().counts.accepted, 3);
}

#[tokio::test]
async fn so_many_requests_are_under_way_at_a_time_as_are_asked_for() {
    for concurrency in [1, 3] {
        let world = World::new().await;
        world.approve(2_500);
        let gate = Gate::new();
        world.simulator.inject(Fault::always(FaultKind::Hold(gate.clone())));
        let (store, platform) = (world.store.clone(), world.platform());
        let run =
            tokio::spawn(async move { sync(&store, &platform, |options| options.concurrency = concurrency).await });
        gate.arrived(concurrency).await;
        let claimed = world.store.states();
        assert_eq!(
            (world.posts(), claimed["unknown"]),
            (concurrency, concurrency * 500),
            "{claimed:?}"
        );
        gate.open();
        let outcome = run.await.unwrap();
        assert_eq!(
            (outcome.state, outcome.counts.accepted, outcome.batches),
            (RunState::Done, 2_500, 5)
        );
    }
}

#[tokio::test]
async fn bodies_are_compressed_where_the_profile_says_so() {
    for (gzip, encoding) in [("gzip = true", Some("gzip")), ("gzip = false", None)] {
        let mut world = World::new().await;
        let profile = include_str!("../../profiles/national-v1.toml").replace("gzip = true", gzip);
        world.profile = Profile::parse(&profile).unwrap();
        world.approve(3);
        assert_eq!(world.sync().await.counts.accepted, 3);
        let sent: BTreeSet<_> = world
            .simulator
            .requests()
            .into_iter()
            .filter(|request| request.method == "POST")
            .map(|request| request.content_encoding)
            .collect();
        assert_eq!(sent, BTreeSet::from([encoding.map(str::to_owned)]));
    }
}
