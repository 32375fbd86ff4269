//! Batches: the way of a sound one, idempotency, the revision rules.

use serde_json::json;

use crate::client::{batch, start, upsert};

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
