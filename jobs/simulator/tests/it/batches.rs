//! Batches: the way of a sound one, idempotency, the revision rules, receipts.

use chrono::TimeDelta;
use platform_simulator::{Fault, FaultKind, Gate, Settings};
use serde_json::{Value, json};

use crate::client::{
    Client, Draft, batch, data, error_of, noon, settings, start, start_with, upsert, upsert_of, withdraw,
};

#[tokio::test]
async fn a_sound_batch_is_taken_and_has_its_receipts() {
    let (simulator, client) = start().await;
    let reply = client
        .post(
            "key-1",
            &batch("B-1", &[upsert("LC-2026-000001", 1), upsert("LC-2026-000002", 4)]),
        )
        .await;
    assert_eq!(reply.status, 202);
    let first = reply.json();
    assert_eq!(
        (&first["batch_no"], &first["status"]),
        (&json!("B-1"), &json!("processing"))
    );
    let location = format!("/api/v1/batches/{}", first["batch_id"].as_str().unwrap());
    assert_eq!(reply.headers["location"], location);

    let by_id = client.get(&location).await.json();
    let by_no = client.get("/api/v1/batches?batch_no=B-1").await.json();
    assert_eq!(by_id, by_no);
    assert_eq!(by_id["status"], "done");
    let receipts = by_id["receipts"].as_array().unwrap();
    assert_eq!(receipts.len(), 2);
    assert_eq!(receipts[1]["result"], "accepted");
    assert_eq!(
        (&receipts[1]["source_id"], &receipts[1]["revision"]),
        (&json!("LC-2026-000002"), &json!(4))
    );

    let records = simulator.records().unwrap();
    assert_eq!(records[1].platform_no, receipts[1]["platform_no"].as_str().unwrap());
    assert_ne!(records[0].platform_no, records[1].platform_no);
    assert_eq!((records[0].status.as_str(), records[0].revision), ("in-review", 1));
    let effects = simulator.history().unwrap();
    assert_eq!(effects.len(), 2);
    assert_eq!(
        (effects[1].op.as_str(), effects[1].batch_no.as_str()),
        ("upsert", "B-1")
    );
    assert_eq!(effects[1].digest.as_deref(), Some(records[1].digest.as_str()));
}

#[tokio::test]
async fn a_batch_that_never_arrived_is_not_found() {
    let (_simulator, client) = start().await;
    for path in [
        "/api/v1/batches?batch_no=B-1",
        "/api/v1/batches/0",
        "/api/v1/batches/%FF",
    ] {
        assert_eq!(client.get(path).await.refusal(), (404, "not_found".into()), "{path}");
    }
    for path in [
        "/api/v1/batches",
        "/api/v1/batches?batch_no=",
        "/api/v1/batches?batch_no=B&x=1",
        "/api/v1/batches/0?x=1",
    ] {
        assert_eq!(client.get(path).await.refusal(), (400, "bad_query".into()), "{path}");
    }
}

#[tokio::test]
async fn receipts_come_after_as_many_polls_as_set() {
    let (_simulator, client) = start_with(Settings {
        receipts_after_polls: 2,
        ..settings()
    })
    .await;
    client
        .post(
            "key",
            &batch("B-1", &[upsert("LC-1", 1), upsert("LC-2", 1), upsert("LC-3", 1)]),
        )
        .await;
    let mut seen = Vec::new();
    for _ in 0..4 {
        let status = client.get("/api/v1/batches?batch_no=B-1").await.json();
        seen.push((status["status"].clone(), status["receipts"].as_array().unwrap().len()));
    }
    let expected = [("processing", 0), ("processing", 1), ("done", 3), ("done", 3)];
    assert_eq!(seen, expected.map(|(status, receipts)| (json!(status), receipts)));
}

#[tokio::test]
async fn the_same_key_and_body_give_the_first_answer_again() {
    let (simulator, client) = start().await;
    let sent = batch("B-1", &[upsert("LC-1", 1)]);
    let first = client.post("key", &sent).await;
    let again = client.post("key", &sent).await;
    assert_eq!((again.status, &again.body), (first.status, &first.body));
    assert_eq!(again.headers["location"], first.headers["location"]);
    assert_eq!(again.headers["idempotent-replay"], "true");
    assert!(!first.headers.contains_key("idempotent-replay"));

    // "The same body" is the decoded one.
    let packed = Draft {
        body: gzip(sent.to_string().as_bytes()),
        ..Draft::post("key", &sent)
    };
    assert_eq!(
        client.send(packed.header("content-encoding", "gzip")).await.headers["idempotent-replay"],
        "true"
    );

    let other = batch("B-1", &[upsert("LC-1", 2)]);
    assert_eq!(
        client.post("key", &other).await.refusal(),
        (422, "idempotency_key_reused".into())
    );
    assert_eq!(
        client.post("other key", &sent).await.refusal(),
        (422, "batch_no_reused".into())
    );
    assert_eq!(simulator.history().unwrap().len(), 1);
}

#[tokio::test]
async fn a_key_is_forgotten_after_24_hours() {
    let (simulator, client) = start().await;
    client.post("key", &batch("B-1", &[upsert("LC-1", 1)])).await;
    let later = batch("B-2", &[upsert("LC-1", 2)]);
    for (seconds, status) in [(86_399, 422), (86_400, 202)] {
        let offset = TimeDelta::seconds(seconds);
        simulator.set_clock_offset(offset);
        let timestamp = (noon() + offset).timestamp_millis();
        assert_eq!(
            client
                .send(Draft {
                    timestamp,
                    ..Draft::post("key", &later)
                })
                .await
                .status,
            status,
            "{seconds}"
        );
    }
}

#[tokio::test]
async fn a_key_in_work_is_a_conflict_that_is_not_remembered() {
    let (simulator, client) = start().await;
    let gate = Gate::new();
    simulator.inject(Fault::once(FaultKind::Hold(gate.clone())));
    let sent = batch("B-1", &[upsert("LC-1", 1)]);
    let (held, ()) = tokio::join!(client.post("key", &sent), async {
        gate.arrived(1).await;
        assert_eq!(client.post("key", &sent).await.refusal(), (409, "in_progress".into()));
        gate.open();
    });
    assert_eq!(held.status, 202);
    assert_eq!(client.post("key", &sent).await.headers["idempotent-replay"], "true");
}

#[tokio::test]
async fn refusals_are_remembered_but_for_401_429_and_5xx() {
    let (simulator, client) = start().await;
    for (status, remembered) in [(400, true), (422, true), (429, false), (500, false), (503, false)] {
        let (key, sound) = (
            format!("key-{status}"),
            batch(&format!("B-{status}"), &[upsert("LC-1", 1)]),
        );
        simulator.inject(Fault::once(FaultKind::Answer {
            status,
            retry_after: None,
        }));
        let first = client.post(&key, &sound).await;
        assert_eq!(first.status, status);
        let again = client.post(&key, &sound).await;
        assert_eq!(again.headers.contains_key("idempotent-replay"), remembered, "{status}");
        assert_eq!(again.status == first.status, remembered, "{status}");
    }
    let mut unsound = batch("B-1", &[upsert("LC-1", 1)]);
    unsound["division_code"] = json!("370100");
    for replay in [false, true] {
        let reply = client.post("foreign", &unsound).await;
        assert_eq!(reply.refusal(), (403, "not_your_division".into()));
        assert_eq!(reply.headers.contains_key("idempotent-replay"), replay);
    }
}

#[tokio::test]
async fn an_idempotency_key_is_required_and_has_1_to_128_characters() {
    let (_simulator, client) = start().await;
    let sent = batch("B-1", &[upsert("LC-1", 1)]);
    let without = Draft {
        headers: Vec::new(),
        ..Draft::post("", &sent)
    };
    assert_eq!(
        client.send(without).await.refusal(),
        (400, "bad_idempotency_key".into())
    );
    for (length, status) in [(0, 400), (129, 400), (128, 202)] {
        assert_eq!(client.post(&"k".repeat(length), &sent).await.status, status, "{length}");
    }
}

#[tokio::test]
async fn revisions_only_go_up() {
    let (simulator, client) = start().await;
    let mut changed = data("LC-1");
    changed["jd_zt"] = json!("40");
    let mut steps = Steps { client, sent: 0 };
    steps.expect(&upsert("LC-1", 3), "accepted").await;
    steps.expect(&upsert("LC-1", 3), "unchanged").await;
    steps.expect(&upsert_of("LC-1", 3, &changed), "revision_conflict").await;
    steps.expect(&upsert("LC-1", 2), "stale").await;
    steps.expect(&withdraw("LC-1", 3), "revision_conflict").await;
    steps.expect(&withdraw("LC-1", 2), "stale").await;
    steps.expect(&upsert_of("LC-1", 4, &changed), "accepted").await;
    steps.expect(&withdraw("LC-1", 5), "accepted").await;
    steps.expect(&withdraw("LC-1", 5), "unchanged").await;
    steps.expect(&upsert_of("LC-1", 5, &changed), "revision_conflict").await;
    steps.expect(&upsert("LC-1", 4), "stale").await;
    steps.expect(&withdraw("LC-2", 1), "unknown_record").await;

    let held = &simulator.records().unwrap()[0];
    assert_eq!((held.status.as_str(), held.revision), ("withdrawn", 5));
    let effects: Vec<_> = simulator
        .history()
        .unwrap()
        .into_iter()
        .map(|effect| (effect.op, effect.revision))
        .collect();
    assert_eq!(
        effects,
        [("upsert".into(), 3), ("upsert".into(), 4), ("withdraw".into(), 5)]
    );

    steps.expect(&upsert("LC-1", 6), "accepted").await;
    let back = &simulator.records().unwrap()[0];
    assert_eq!(
        (back.status.as_str(), &back.platform_no),
        ("in-review", &held.platform_no)
    );
}

/// Deliveries of one record each.
struct Steps {
    client: Client,
    sent: usize,
}

impl Steps {
    /// Expects a result, or the code of the error that rejects.
    async fn expect(&mut self, record: &Value, expected: &str) {
        self.sent += 1;
        let receipts = self
            .client
            .deliver(&format!("B-{}", self.sent), std::slice::from_ref(record))
            .await;
        assert_eq!(receipts.len(), 1);
        let result = match receipts[0]["result"].as_str().unwrap() {
            "rejected" => error_of(&receipts[0]).1.to_owned(),
            result => {
                assert!(receipts[0]["platform_no"].is_string());
                result.to_owned()
            }
        };
        assert_eq!(result, expected, "step {}: {record}", self.sent);
    }
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}
