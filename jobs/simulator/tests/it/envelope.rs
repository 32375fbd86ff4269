//! What refuses a whole batch: encodings, sizes, JSON, the envelope's members.

use reqwest::Method;
use serde_json::{Value, json};

use crate::batches::gzip;
use crate::client::{Draft, batch, start, upsert};

#[tokio::test]
async fn an_unsound_envelope_refuses_the_batch() {
    let with = |member: &str, value: Value| {
        let mut sent = batch("B-1", &[upsert("LC-1", 1)]);
        sent[member] = value;
        sent
    };
    let many = |count: usize| -> Value {
        (0..count)
            .map(|number| json!({ "source_id": format!("LC-{number}") }))
            .collect()
    };
    let cases = [
        (json!([]), 422, "bad_envelope"),
        (json!({}), 422, "bad_envelope"),
        (with("note", json!("x")), 422, "bad_envelope"),
        (with("batch_no", json!("")), 422, "bad_envelope"),
        (with("batch_no", json!("B".repeat(65))), 422, "bad_envelope"),
        (with("batch_no", json!("批次1")), 422, "bad_envelope"),
        (with("batch_no", json!("B 1")), 422, "bad_envelope"),
        (with("batch_no", json!(1)), 422, "bad_envelope"),
        (with("division_code", json!("37150")), 422, "bad_envelope"),
        (with("division_code", json!("371600")), 403, "not_your_division"),
        (with("profile_version", json!("2")), 422, "bad_envelope"),
        (with("records", json!([])), 422, "bad_envelope"),
        (with("records", json!({})), 422, "bad_envelope"),
        (with("records", json!([1])), 422, "bad_source_id"),
        (
            with("records", json!([{ "revision": 1, "op": "withdraw" }])),
            422,
            "bad_source_id",
        ),
        (with("records", json!([{ "source_id": "" }])), 422, "bad_source_id"),
        (
            with("records", json!([upsert("LC-1", 1), upsert("LC-1", 2)])),
            422,
            "duplicate_source_id",
        ),
        (with("records", many(501)), 413, "too_many_records"),
        (with("records", many(500)), 202, ""),
    ];
    let (simulator, client) = start().await;
    for (number, (sent, status, code)) in cases.iter().enumerate() {
        let reply = client.post(&format!("key-{number}"), sent).await;
        assert_eq!(reply.status, *status, "{number}: {reply:?}");
        if !code.is_empty() {
            assert_eq!(reply.refusal().1, *code, "{number}");
        }
    }
    assert!(simulator.history().unwrap().is_empty());
}

#[tokio::test]
async fn a_body_that_cannot_be_read_is_malformed() {
    let (_simulator, client) = start().await;
    let sound = batch("B-1", &[upsert("LC-1", 1)]).to_string();
    let twice = sound.replacen('{', r#"{"batch_no":"B-0","#, 1);
    let bodies: [(&[u8], u16, &str); 6] = [
        (b"", 400, "not_json"),
        (b"{", 400, "not_json"),
        (b"\xef\xbb\xbf{}", 400, "not_json"),
        (b"{} {}", 400, "not_json"),
        (b"{\"batch_no\":\"\xff\"}", 400, "not_json"),
        (twice.as_bytes(), 422, "bad_envelope"),
    ];
    for (number, (body, status, code)) in bodies.into_iter().enumerate() {
        let draft = Draft {
            body: body.to_vec(),
            ..Draft::post(&format!("key-{number}"), &Value::Null)
        };
        assert_eq!(
            client.send(draft).await.refusal(),
            (status, code.to_owned()),
            "{number}"
        );
    }
    let post = |key, path: &str| Draft::new(Method::POST, path, sound.clone()).header("idempotency-key", key);
    let cases = [
        (
            post("key-a", "/api/v1/batches").header("content-encoding", "br"),
            "unsupported_encoding",
        ),
        (
            post("key-b", "/api/v1/batches").header("content-encoding", "gzip"),
            "bad_gzip",
        ),
        (
            post("key-c", "/api/v1/batches").header("content-type", "text/plain"),
            "bad_media_type",
        ),
        (post("key-d", "/api/v1/batches?dry_run=1"), "bad_query"),
    ];
    for (draft, code) in cases {
        assert_eq!(client.send(draft).await.refusal(), (400, code.to_owned()));
    }
}

#[tokio::test]
async fn five_million_bytes_are_the_limit_before_and_after_decompression() {
    let (_simulator, client) = start().await;
    let padded = |length: usize| {
        let mut body = batch(&format!("B-{length}"), &[upsert("LC-1", 1)])
            .to_string()
            .into_bytes();
        body.resize(length, b' ');
        body
    };
    let post = |key, body| Draft {
        body,
        ..Draft::post(key, &Value::Null)
    };
    assert_eq!(client.send(post("plain", padded(5_000_000))).await.status, 202);
    assert_eq!(
        client.send(post("plain over", padded(5_000_001))).await.refusal(),
        (413, "too_large".into())
    );
    let packed = |key, length| post(key, gzip(&padded(length))).header("content-encoding", "gzip");
    assert_eq!(client.send(packed("packed", 4_999_999)).await.status, 202);
    assert_eq!(
        client.send(packed("packed over", 5_000_001)).await.refusal(),
        (413, "too_large".into())
    );
    assert_eq!(
        client.send(packed("bomb", 20_000_000)).await.refusal(),
        (413, "too_large".into())
    );
    let truncated = gzip(&padded(10_000)).split_last_chunk::<9>().unwrap().0.to_vec();
    let truncated = post("truncated", truncated).header("content-encoding", "gzip");
    assert_eq!(client.send(truncated).await.refusal(), (400, "bad_gzip".into()));
}

#[tokio::test]
async fn other_addresses_and_methods_are_refused_as_problems() {
    let (_simulator, client) = start().await;
    assert_eq!(client.get("/api/v1/nothing").await.refusal(), (404, "not_found".into()));
    let delete = Draft::new(Method::DELETE, "/api/v1/batches", []);
    assert_eq!(client.send(delete).await.refusal(), (405, "method_not_allowed".into()));
}
