//! The signature check: what passes, and a table of what does not.

use chrono::TimeDelta;
use reqwest::Method;
use reqwest::header::HeaderValue;

use crate::client::{Draft, batch, noon, start, upsert};

#[tokio::test]
async fn both_algorithms_pass() {
    let (_simulator, client) = start().await;
    for algorithm in ["HMAC-SM3", "HMAC-SHA256"] {
        let draft = Draft {
            algorithm,
            ..Draft::get("/api/v1/records?division_code=371500")
        };
        assert_eq!(client.send(draft).await.status, 200, "{algorithm}");
    }
}

/// A header, its spoilt value (nothing: absent), and the code of the 401.
#[rustfmt::skip]
const SPOILT: &[(&str, Option<&str>, &str)] = &[
    ("x-app-key", None, "missing_header"),
    ("x-timestamp", None, "missing_header"),
    ("x-nonce", None, "missing_header"),
    ("x-sign-algorithm", None, "missing_header"),
    ("x-signature", None, "missing_header"),
    ("content-digest", None, "missing_header"),
    ("x-app-key", Some("another"), "unknown_app_key"),
    ("x-timestamp", Some("2026-11-23T04:00:00Z"), "malformed_header"),
    ("x-timestamp", Some("-1795406400000"), "malformed_header"),
    ("x-timestamp", Some("99999999999999999999"), "timestamp_out_of_window"),
    ("x-nonce", Some("fifteen-letters"), "malformed_header"),
    ("x-nonce", Some("sixteen.letters."), "malformed_header"),
    ("x-nonce", Some("another-nonce-than-signed"), "signature_mismatch"),
    ("x-sign-algorithm", Some("hmac-sm3"), "malformed_header"),
    ("x-sign-algorithm", Some("HMAC-SHA256"), "signature_mismatch"),
    ("x-signature", Some("00"), "malformed_header"),
    ("content-digest", Some("sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:"), "digest_mismatch"),
    ("content-digest", Some("sha-256=e3b0c442"), "digest_mismatch"),
];

#[tokio::test]
async fn spoilt_headers_are_refused() {
    let (simulator, client) = start().await;
    let draft = || Draft::post("key", &batch("B-1", &[upsert("LC-2026-000001", 1)]));
    for (name, value, code) in SPOILT {
        let draft = draft();
        let mut headers = draft.sign();
        match value {
            None => headers.remove(*name),
            Some(value) => headers.insert(*name, HeaderValue::from_static(value)),
        };
        let reply = client.send_with(draft, headers).await.unwrap();
        assert_eq!(reply.refusal(), (401, (*code).to_owned()), "{name}: {value:?}");
    }
    let draft = draft();
    let mut headers = draft.sign();
    headers.append("x-nonce", HeaderValue::from_static("a-second-nonce-is-one-too-many"));
    assert_eq!(
        client.send_with(draft, headers).await.unwrap().refusal(),
        (401, "malformed_header".into())
    );
    assert!(simulator.records().unwrap().is_empty());
}

#[tokio::test]
async fn signatures_are_lower_case_and_cover_method_path_and_secret() {
    let (_simulator, client) = start().await;
    let path = "/api/v1/records?division_code=371500";

    let draft = Draft::get(path);
    let mut headers = draft.sign();
    let upper = headers["x-signature"].to_str().unwrap().to_uppercase();
    headers.insert("x-signature", HeaderValue::from_str(&upper).unwrap());
    assert_eq!(
        client.send_with(draft, headers).await.unwrap().refusal(),
        (401, "malformed_header".into())
    );

    let headers = Draft::get(path).sign();
    let other_query = Draft::get("/api/v1/records?division_code=371502");
    assert_eq!(
        client.send_with(other_query, headers).await.unwrap().refusal(),
        (401, "signature_mismatch".into())
    );

    let headers = Draft::new(Method::PUT, "/api/v1/batches?batch_no=B", []).sign();
    let other_method = Draft::get("/api/v1/batches?batch_no=B");
    assert_eq!(
        client.send_with(other_method, headers).await.unwrap().refusal(),
        (401, "signature_mismatch".into())
    );

    let draft = Draft {
        secret: "guess".into(),
        ..Draft::get(path)
    };
    assert_eq!(client.send(draft).await.refusal(), (401, "signature_mismatch".into()));
}

#[tokio::test]
async fn a_timestamp_may_be_300_s_off_and_no_more() {
    let (_simulator, client) = start().await;
    for (off_ms, status) in [(-300_000, 200), (300_000, 200), (-300_001, 401), (300_001, 401)] {
        let timestamp = noon().timestamp_millis() + off_ms;
        let draft = Draft {
            timestamp,
            ..Draft::get("/api/v1/records?division_code=371500")
        };
        assert_eq!(client.send(draft).await.status, status, "{off_ms}");
    }
}

#[tokio::test]
async fn a_nonce_is_spent_for_600_s_whatever_the_answer() {
    let (simulator, client) = start().await;
    let draft = |seconds: i64, secret: &str| Draft {
        nonce: "the-same-nonce-again".into(),
        timestamp: (noon() + TimeDelta::seconds(seconds)).timestamp_millis(),
        secret: secret.into(),
        ..Draft::get("/api/v1/batches?batch_no=none")
    };
    assert_eq!(
        client.send(draft(0, "guess")).await.refusal(),
        (401, "signature_mismatch".into())
    );
    let secret = crate::client::SECRET;
    assert_eq!(
        client.send(draft(0, secret)).await.refusal(),
        (401, "nonce_reused".into())
    );
    simulator.set_clock_offset(TimeDelta::seconds(599));
    assert_eq!(
        client.send(draft(599, secret)).await.refusal(),
        (401, "nonce_reused".into())
    );
    simulator.set_clock_offset(TimeDelta::seconds(600));
    assert_eq!(
        client.send(draft(600, secret)).await.refusal(),
        (404, "not_found".into())
    );
}

#[tokio::test]
async fn nonces_and_answers_outlive_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let settings = || platform_simulator::Settings {
        database: Some(folder.path().join("platform.db")),
        ..crate::client::settings()
    };
    let sent = batch("B-1", &[upsert("LC-2026-000001", 1)]);
    let draft = || Draft {
        nonce: "spent-before-the-stop".into(),
        ..Draft::post("key", &sent)
    };

    let (simulator, client) = crate::client::start_with(settings()).await;
    let first = client.send(draft()).await;
    assert_eq!(first.status, 202);
    let address = simulator.address();
    simulator.stop().await;
    client.try_send(draft()).await.unwrap_err();

    let again = platform_simulator::Settings {
        bind: address,
        ..settings()
    };
    let (simulator, client) = crate::client::start_with(again).await;
    assert_eq!(client.send(draft()).await.refusal(), (401, "nonce_reused".into()));
    let replay = client.post("key", &sent).await;
    assert_eq!(
        (replay.json(), &replay.headers["idempotent-replay"]),
        (first.json(), &HeaderValue::from_static("true"))
    );
    assert_eq!(simulator.history().unwrap().len(), 1);
}
