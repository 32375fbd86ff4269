//! Every fault does what it says, where it says, as often as it says.

use std::net::{Ipv4Addr, SocketAddr};

use chrono::{DateTime, TimeDelta};
use platform_simulator::{Endpoint, Fault, FaultKind, Gate, Settings};
use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use serde_json::{Value, json};

use crate::client::{Client, Draft, batch, error_of, settings, start, start_with, upsert};

const STATUS: &str = "/api/v1/batches?batch_no=B-1";

fn answer(status: u16) -> FaultKind {
    FaultKind::Answer {
        status,
        retry_after: None,
    }
}

#[tokio::test]
async fn a_connection_dropped_before_processing_leaves_nothing() {
    let (simulator, client) = start().await;
    simulator.inject(Fault::once(FaultKind::Drop));
    let sent = batch("B-1", &[upsert("LC-1", 1)]);
    let error = client.try_send(Draft::post("key", &sent)).await.unwrap_err();
    assert!(error.is_request(), "no answer at all: {error:?}");
    assert!(simulator.history().unwrap().is_empty());
    assert_eq!(client.get(STATUS).await.status, 404);
    assert_eq!(client.post("key", &sent).await.status, 202, "the fault struck once");

    let requests = simulator.requests();
    let statuses: Vec<_> = requests
        .iter()
        .map(|arrival| (arrival.method.as_str(), arrival.status))
        .collect();
    assert_eq!(statuses, [("POST", None), ("GET", Some(404)), ("POST", Some(202))]);
    assert_eq!(
        (requests[0].path.as_str(), requests[0].idempotency_key.as_deref()),
        ("/api/v1/batches", Some("key"))
    );
    assert_eq!(requests[1].path, STATUS);
}

#[tokio::test]
async fn answers_lost_after_processing_leave_one_effect() {
    let (simulator, client) = start().await;
    simulator.inject(Fault::once(FaultKind::Drop).after_processing());
    simulator.inject(Fault::once(answer(502)).after_processing());
    simulator.inject(Fault::once(FaultKind::NotJson));
    let sent = batch("B-1", &[upsert("LC-1", 1)]);
    client.try_send(Draft::post("key", &sent)).await.unwrap_err();
    assert_eq!(simulator.history().unwrap().len(), 1);
    assert_eq!(client.post("key", &sent).await.status, 502);
    let garbled = client.post("key", &sent).await;
    assert_eq!(garbled.status, 202);
    assert!(serde_json::from_slice::<Value>(&garbled.body).is_err());
    assert_eq!(client.post("key", &sent).await.headers["idempotent-replay"], "true");
    assert_eq!(simulator.history().unwrap().len(), 1);
    assert_eq!(client.get(STATUS).await.json()["receipts"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn plain_statuses_come_with_and_without_retry_after() {
    let (simulator, client) = start().await;
    let sent = batch("B-1", &[upsert("LC-1", 1)]);
    for (status, retry_after, code) in [
        (500, None, "internal_error"),
        (502, None, "bad_gateway"),
        (503, None, "unavailable"),
        (503, Some(3), "unavailable"),
        (429, Some(1), "too_many_requests"),
    ] {
        simulator.inject(Fault::once(FaultKind::Answer { status, retry_after }));
        let reply = client.post("key", &sent).await;
        assert_eq!(
            reply
                .headers
                .get("retry-after")
                .map(|value| value.to_str().unwrap().parse().unwrap()),
            retry_after
        );
        assert_eq!(reply.refusal(), (status, code.to_owned()));
    }
    assert!(simulator.history().unwrap().is_empty());
}

#[tokio::test]
async fn one_record_can_refuse_every_batch_that_holds_it() {
    let (simulator, client) = start().await;
    simulator.inject(Fault::always(answer(422)).holding("LC-2"));
    let refused = client
        .post("key-1", &batch("B-1", &[upsert("LC-1", 1), upsert("LC-2", 1)]))
        .await;
    assert_eq!(refused.refusal(), (422, "refused".into()));
    assert_eq!(
        client.post("key-2", &batch("B-2", &[upsert("LC-1", 1)])).await.status,
        202
    );
    assert_eq!(
        client.post("key-3", &batch("B-3", &[upsert("LC-2", 1)])).await.status,
        422
    );
    simulator.clear_faults();
    assert_eq!(
        client.post("key-4", &batch("B-4", &[upsert("LC-2", 1)])).await.status,
        202
    );
}

#[tokio::test]
async fn one_record_can_be_rejected_with_an_error_of_ones_own() {
    let (simulator, client) = start().await;
    let kind = FaultKind::Reject {
        field: "jd".into(),
        code: "outside_county".into(),
        message: "坐标不在县区内".into(),
    };
    simulator.inject(Fault::once(kind).holding("LC-2"));
    let receipts = client.deliver("B-1", &[upsert("LC-1", 1), upsert("LC-2", 1)]).await;
    assert_eq!(receipts[0]["result"], "accepted");
    assert_eq!(error_of(&receipts[1]), ("jd", "outside_county"));
}

#[tokio::test]
async fn receipts_can_be_missing_foreign_and_garbled() {
    let (simulator, client) = start().await;
    client
        .post("key", &batch("B-1", &[upsert("LC-1", 1), upsert("LC-2", 1)]))
        .await;
    let receipts = async || client.get(STATUS).await.json()["receipts"].clone();
    let ids = |receipts: &Value| -> Vec<Value> {
        receipts
            .as_array()
            .unwrap()
            .iter()
            .map(|receipt| receipt["source_id"].clone())
            .collect()
    };

    simulator.inject(Fault::once(FaultKind::MissingReceipts).holding("LC-1"));
    assert_eq!(ids(&receipts().await), ["LC-2"]);
    simulator.inject(Fault::once(FaultKind::MissingReceipts));
    assert_eq!(receipts().await, json!([]));
    simulator.inject(Fault::once(FaultKind::ForeignReceipt {
        source_id: "LC-9".into(),
    }));
    assert_eq!(ids(&receipts().await), ["LC-1", "LC-2", "LC-9"]);
    simulator.inject(Fault::once(FaultKind::WrongTypes));
    assert_eq!(
        receipts().await[0],
        json!({ "source_id": "LC-1", "revision": "latest", "result": 1 })
    );
    simulator.inject(Fault::once(FaultKind::NotJson).at(Endpoint::ReadBatch));
    assert!(serde_json::from_slice::<Value>(&client.get(STATUS).await.body).is_err());
    simulator.inject(Fault::once(FaultKind::MissingReceipts).holding("LC-9"));
    assert_eq!(ids(&receipts().await), ["LC-1", "LC-2"], "the batch does not hold LC-9");
}

#[tokio::test]
async fn receipt_faults_wait_for_the_batch_to_be_done() {
    let (simulator, client) = start_with(Settings {
        receipts_after_polls: 1,
        ..settings()
    })
    .await;
    client.post("key", &batch("B-1", &[upsert("LC-1", 1)])).await;
    simulator.inject(Fault::times(2, FaultKind::StillProcessing));
    simulator.inject(Fault::once(FaultKind::MissingReceipts));
    let mut seen = Vec::new();
    for _ in 0..5 {
        let status = client.get(STATUS).await.json();
        seen.push((
            status["status"].as_str().unwrap().to_owned(),
            status["receipts"].as_array().unwrap().len(),
        ));
    }
    let expected = [
        ("processing", 0),
        ("processing", 1),
        ("processing", 1),
        ("done", 0),
        ("done", 1),
    ];
    assert_eq!(seen, expected.map(|(status, receipts)| (status.to_owned(), receipts)));
}

#[tokio::test]
async fn the_platforms_clock_can_be_wrong() {
    let (simulator, client) = start().await;
    simulator.set_clock_offset(TimeDelta::minutes(10));
    let refused = client.get("/api/v1/records?division_code=371500").await;
    assert_eq!(refused.refusal(), (401, "timestamp_out_of_window".into()));
    let date = refused.headers["date"].to_str().unwrap();
    assert_eq!(date, "Mon, 23 Nov 2026 04:10:00 GMT");
    let timestamp = DateTime::parse_from_rfc2822(date).unwrap().timestamp_millis();
    let corrected = Draft {
        timestamp,
        ..Draft::get("/api/v1/records?division_code=371500")
    };
    assert_eq!(client.send(corrected).await.status, 200);
}

#[tokio::test]
async fn faults_strike_their_endpoint_or_all() {
    let (simulator, client) = start().await;
    simulator.inject(Fault::once(answer(503)).at(Endpoint::ListRecords));
    let sent = batch("B-1", &[upsert("LC-1", 1)]);
    assert_eq!(client.post("key", &sent).await.status, 202);
    assert_eq!(client.get(STATUS).await.status, 200);
    assert_eq!(client.get("/api/v1/records?division_code=371500").await.status, 503);
    assert_eq!(client.get("/api/v1/records?division_code=371500").await.status, 200);
    simulator.inject(Fault::always(FaultKind::Drop).everywhere());
    for draft in [
        Draft::post("key-2", &sent),
        Draft::get(STATUS),
        Draft::get("/api/v1/health"),
    ] {
        client.try_send(draft).await.unwrap_err();
    }
}

#[tokio::test]
async fn a_stop_cuts_requests_held_after_processing() {
    let folder = tempfile::tempdir().unwrap();
    let database = Some(folder.path().join("platform.db"));
    let (simulator, client) = start_with(Settings {
        database: database.clone(),
        ..settings()
    })
    .await;
    let gate = Gate::new();
    simulator.inject(Fault::once(FaultKind::Hold(gate.clone())).after_processing());
    let sent = batch("B-1", &[upsert("LC-1", 1)]);
    let (held, ()) = tokio::join!(client.try_send(Draft::post("key", &sent)), async {
        gate.arrived(1).await;
        simulator.stop().await;
    });
    held.unwrap_err();

    let (simulator, client) = start_with(Settings { database, ..settings() }).await;
    assert_eq!(simulator.history().unwrap().len(), 1);
    assert_eq!(client.post("key", &sent).await.headers["idempotent-replay"], "true");
}

#[tokio::test]
async fn faults_can_be_ordered_by_hand_on_loopback() {
    let (_simulator, client) = start().await;
    let by_hand = |method, path: &str, order: Value| {
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
        client.send_with(Draft::new(method, path, order.to_string()), headers)
    };
    let order = json!({ "kind": "answer", "status": 503, "holding": "LC-1", "after_processing": true });
    assert_eq!(
        by_hand(Method::POST, "/_simulator/faults", order).await.unwrap().status,
        204
    );
    let sent = batch("B-1", &[upsert("LC-1", 1)]);
    assert_eq!(client.post("key", &sent).await.status, 503);
    assert_eq!(
        client.post("key", &sent).await.status,
        503,
        "a repeat is about the same records"
    );
    assert_eq!(
        by_hand(Method::DELETE, "/_simulator/faults", json!(null))
            .await
            .unwrap()
            .status,
        204
    );
    assert_eq!(client.post("key", &sent).await.status, 202);
    let unheard_of = json!({ "kind": "unheard_of" });
    assert_eq!(
        by_hand(Method::POST, "/_simulator/faults", unheard_of)
            .await
            .unwrap()
            .status,
        422
    );

    let conditions = json!({ "clock_offset_seconds": -301 });
    assert_eq!(
        by_hand(Method::PUT, "/_simulator/conditions", conditions)
            .await
            .unwrap()
            .status,
        204
    );
    assert_eq!(client.get(STATUS).await.status, 401);
    assert_eq!(
        by_hand(Method::PUT, "/_simulator/conditions", json!({}))
            .await
            .unwrap()
            .status,
        204
    );
    assert_eq!(client.get(STATUS).await.status, 200);
}

#[tokio::test]
async fn nothing_can_be_ordered_by_hand_where_others_can_reach_it() {
    let bind = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
    let (simulator, _) = start_with(Settings { bind, ..settings() }).await;
    let client = Client::new(&format!("http://127.0.0.1:{}", simulator.address().port()));
    let clear = Draft::new(Method::DELETE, "/_simulator/faults", []);
    assert_eq!(client.send(clear).await.refusal(), (404, "not_found".into()));
}
