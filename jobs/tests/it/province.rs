//! Another platform with other names, words, codes, paths, headers and nesting: a profile, and no code.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use hmac::{Hmac, KeyInit, Mac};
use retrofit_jobs::clock::Clock;
use retrofit_jobs::platform::{KnownField, Profile};
use retrofit_jobs::store::{Op, Plain, RunState};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::memory::Memory;
use crate::world::{NIGHT, code, platform, sync, values};

const PROFILE: &str = include_str!("../profiles/province.toml");

/// What the other platform took: the bodies of batches by their number.
type Taken = Arc<Mutex<BTreeMap<String, Value>>>;

/// Whether a request is signed as this platform wants it.
fn is_signed(method: &Method, uri: &Uri, headers: &HeaderMap, body: &[u8]) -> bool {
    let header = |name: &str| {
        headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    };
    let essence = format!(
        "{method}\n{uri}\n{}\n{}\n{}",
        header("client-time"),
        header("client-nonce"),
        header("body-digest")
    );
    let mut mac = Hmac::<Sha256>::new_from_slice(b"hush").unwrap();
    mac.update(essence.as_bytes());
    let digest = format!(
        "sha-256=:{}:",
        base64::Engine::encode(&base64::engine::general_purpose::STANDARD, Sha256::digest(body))
    );
    header("client-id") == "city-key"
        && header("client-algorithm") == "HMAC-SHA256"
        && header("client-signature") == hex::encode(mac.finalize().into_bytes())
        && (body.is_empty() || header("body-digest") == digest)
        && !headers.contains_key("x-app-key")
}

async fn take(State(taken): State<Taken>, method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    if !is_signed(&method, &uri, &headers, &body) || !headers.contains_key("request-key") {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let batch: Value = serde_json::from_slice(&body).unwrap();
    let number = batch["pch"].as_str().unwrap().to_owned();
    taken.lock().unwrap().insert(number.clone(), batch);
    (
        StatusCode::ACCEPTED,
        axum::Json(json!({ "pcid": "1", "pch": number, "zt": "doing" })),
    )
        .into_response()
}

async fn tell(
    State(taken): State<Taken>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    Query(asked): Query<BTreeMap<String, String>>,
) -> Response {
    if !is_signed(&method, &uri, &headers, b"") {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let taken = taken.lock().unwrap();
    let Some(batch) = taken.get(&asked["pch"]) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let receipts = batch["gcs"].as_array().unwrap().iter().map(|record| {
        let poor = record["nr"]["money"] == 1;
        let errors = if poor { json!([{ "zd": "money", "dm": "E1", "sm": "投资过低" }]) } else { json!([]) };
        json!({ "ybh": record["ybh"], "xh": record["xh"], "jg": if poor { "R" } else { "A" }, "ptbh": "P1", "cw": errors })
    });
    let receipts: Vec<Value> = receipts.collect();
    axum::Json(json!({ "pcid": "1", "pch": asked["pch"], "zt": "over", "hz": receipts })).into_response()
}

fn with(name: &str, changes: &[(&str, &str)]) -> BTreeMap<String, Plain> {
    let mut values = values(name);
    for (field, text) in changes {
        values.insert((*field).to_owned(), Plain::One((*text).to_owned()));
    }
    values
}

#[tokio::test]
async fn another_platform_needs_a_profile_and_no_code() {
    let taken = Taken::default();
    let router = Router::new()
        .route("/exchange/v2/pc", post(take).get(tell))
        .with_state(taken.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(axum::serve(listener, router).into_future());

    let store = Arc::new(Memory::default());
    store.approve(&code(1), 1, Op::Upsert, with("第一小学", &[("stage", "40")]));
    store.approve(
        &code(2),
        1,
        Op::Upsert,
        with("第二小学", &[("stage", "50"), ("investment_planned", "0.6")]),
    );
    store.approve(&code(3), 1, Op::Upsert, with("第三小学", &[("stage", "30")]));
    store.approve(&code(4), 2, Op::Withdraw, BTreeMap::new());
    let clock = Clock::driven(NIGHT);
    let outcome = sync(
        &store,
        &platform(&url, &clock, Profile::parse(PROFILE).unwrap()),
        |_| {},
    )
    .await;
    assert_eq!(
        (outcome.state, outcome.selected),
        (RunState::Done, 3),
        "{:?}",
        outcome.detail
    );
    assert_eq!((outcome.counts.accepted, outcome.counts.rejected), (2, 1));
    assert_eq!(
        store.states(),
        BTreeMap::from([("ready", 1), ("accepted", 2), ("rejected", 1)]),
        "only what is finished"
    );
    let rejected = store
        .tables()
        .receipts
        .iter()
        .find(|receipt| !receipt.errors.is_empty())
        .unwrap()
        .errors[0]
        .clone();
    assert_eq!(
        (rejected.field.as_deref(), &*rejected.message),
        (Some("investment_planned"), "投资过低")
    );

    let taken = taken.lock().unwrap();
    let records: Vec<&Value> = taken
        .values()
        .flat_map(|batch| batch["gcs"].as_array().unwrap())
        .collect();
    assert_eq!(
        records[0]["nr"],
        json!({ "base": { "state": "D", "title": "第一小学" }, "money": 120, "site": { "lon": 115.985, "where": { "county": "371502" } } })
    );
    let batch = taken.values().next().unwrap();
    assert_eq!((&batch["xzqhdm"], &batch["bb"]), (&json!("371500"), &json!("2026")));
    let withdrawal = records.iter().find(|record| record["ybh"] == code(4)).unwrap();
    assert_eq!((&withdrawal["cz"], withdrawal.get("nr")), (&json!("9"), None));
    let canonical =
        r#"{"base":{"state":"D","title":"第一小学"},"money":120,"site":{"lon":115.985,"where":{"county":"371502"}}}"#;
    assert_eq!(records[0]["zy"], hex::encode(Sha256::digest(canonical)));
}

#[test]
fn a_profile_that_does_not_fit_the_catalogue_says_where() {
    let stages = ["10", "20", "30", "40", "50", "90"].map(str::to_owned).to_vec();
    let known = |field: &str| {
        let codes = if field == "stage" { stages.clone() } else { Vec::new() };
        (field != "moneys").then_some(KnownField { codes })
    };
    assert_eq!(Profile::parse(PROFILE).unwrap().check(known), Vec::<String>::new());
    for (from, to, said) in [
        ("from = \"investment_planned\"", "from = \"moneys\"", "moneys"),
        ("90 = \"X\"\n", "", "90"),
        ("[\"40\", \"50\"]", "[\"45\"]", "45"),
        (
            "as = \"text\"\nrequired = true\n\n[[members]]\nname = \"base.state\"",
            "as = \"text\"\ncodes = \"stage\"\n\n[[members]]\nname = \"base.state\"",
            "base.title",
        ),
    ] {
        assert!(PROFILE.contains(from), "{from}");
        let wrong = Profile::parse(&PROFILE.replacen(from, to, 1)).unwrap().check(known);
        assert!(wrong.len() == 1 && wrong[0].contains(said), "{said}: {wrong:?}");
    }
}
