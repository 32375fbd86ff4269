//! `POST /api/v1/batches` and both forms of asking for a batch.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::PathRejection;
use axum::extract::{ConnectInfo, Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::envelope::{self, Batch};
use crate::fault::{Endpoint, FaultKind, Point, Strike};
use crate::line::Line;
use crate::platform::Platform;
use crate::problem::{self, Problem};
use crate::server::{About, check_media_type, query};
use crate::store::{Answer, BatchName, Receipt, Store, StoredBatch};
use crate::{body, intake};

/// `POST /api/v1/batches`.
pub(crate) async fn submit(
    State(platform): State<Arc<Platform>>,
    ConnectInfo(line): ConnectInfo<Line>,
    uri: Uri,
    headers: HeaderMap,
    sent: Bytes,
) -> Result<Response, Problem> {
    let key = idempotency_key(&headers)?;
    let _working = platform.begin(&key).ok_or_else(|| {
        Problem::new(
            StatusCode::CONFLICT,
            "in_progress",
            "this Idempotency-Key is still being worked on",
        )
    })?;
    let decoded = body::decode(&headers, &sent);
    let body_sha256 = hex::encode(Sha256::digest(decoded.as_deref().unwrap_or(&sent)));
    let batch = query(&uri, &[])
        .and_then(|_| check_media_type(&headers, &["application/json"]))
        .and(decoded)
        .and_then(|body| envelope::parse(&body, &platform.city));
    let about = About(batch.as_ref().map(Batch::source_ids).unwrap_or_default());
    let struck = platform
        .suffer(Point::Before, Endpoint::SubmitBatch, &about.0, &line)
        .await;
    // A fault other than a refusal of the batch keeps the platform from looking at it at all.
    let batch = match struck {
        Err(problem) if !problem.is_remembered() => return Err(problem),
        struck => struck.and(batch),
    };
    let now = platform.now_ms();
    let answering = platform.with_store(move |platform, store| {
        let answer = |status: StatusCode, location: Option<String>, body: String| Answer {
            idempotency_key: key.clone(),
            body_sha256: body_sha256.clone(),
            answered_at: now,
            status: i32::from(status.as_u16()),
            location,
            body,
        };
        if let Some(first) = store.answer(&key, now)? {
            return if first.body_sha256 == body_sha256 {
                Ok((first, true))
            } else {
                Err(key_reused())
            };
        }
        let taken = batch.and_then(|batch| {
            store.transaction(|store| {
                let (location, body) = intake::take(store, batch, &platform.faults, now)?;
                let answer = answer(StatusCode::ACCEPTED, Some(location), body);
                store.remember(&answer)?;
                Ok(answer)
            })
        });
        match taken {
            Err(problem) if problem.is_remembered() => {
                let answer = answer(problem.status, None, problem.body());
                store.remember(&answer)?;
                Ok((answer, false))
            }
            taken => taken.map(|answer| (answer, false)),
        }
    });
    let (answer, is_replay) = answering.await?;
    Ok((Extension(about), respond(answer, is_replay)).into_response())
}

/// 1 to 128 visible ASCII characters.
fn idempotency_key(headers: &HeaderMap) -> Result<String, Problem> {
    let mut keys = headers.get_all("idempotency-key").iter();
    let key = keys
        .next()
        .and_then(|key| key.to_str().ok())
        .filter(|key| (1..=128).contains(&key.len()));
    match (key, keys.next()) {
        (Some(key), None) => Ok(key.to_owned()),
        _ => Err(Problem::malformed(
            "bad_idempotency_key",
            "Idempotency-Key must be given once, with 1 to 128 characters",
        )),
    }
}

fn key_reused() -> Problem {
    Problem::envelope(
        "idempotency_key_reused",
        "this Idempotency-Key came before with another body",
    )
}

/// A first answer, or the first answer again.
fn respond(answer: Answer, is_replay: bool) -> Response {
    let status = u16::try_from(answer.status)
        .ok()
        .and_then(|status| StatusCode::from_u16(status).ok());
    let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let media_type = if status.is_success() {
        "application/json"
    } else {
        problem::MEDIA_TYPE
    };
    let mut response = (status, [(header::CONTENT_TYPE, media_type)], answer.body).into_response();
    let headers = response.headers_mut();
    if let Some(location) = answer
        .location
        .and_then(|location| HeaderValue::from_str(&location).ok())
    {
        headers.insert(header::LOCATION, location);
    }
    if is_replay {
        headers.insert("idempotent-replay", HeaderValue::from_static("true"));
    }
    response
}

/// `GET /api/v1/batches/{batch_id}`.
pub(crate) async fn status(
    State(platform): State<Arc<Platform>>,
    uri: Uri,
    id: Result<Path<String>, PathRejection>,
) -> Result<Response, Problem> {
    query(&uri, &[])?;
    let Path(id) = id.map_err(|_| Problem::not_found("batch"))?;
    read(&platform, BatchName::Id(id)).await
}

/// `GET /api/v1/batches?batch_no=…`.
pub(crate) async fn find(State(platform): State<Arc<Platform>>, uri: Uri) -> Result<Response, Problem> {
    let batch_no = query(&uri, &["batch_no"])?.pop().map(|(_, value)| value);
    let batch_no = batch_no
        .filter(|batch_no| envelope::is_batch_no(batch_no))
        .ok_or_else(|| Problem::malformed("bad_query", "batch_no must be 1 to 64 visible ASCII characters"))?;
    read(&platform, BatchName::No(batch_no)).await
}

async fn read(platform: &Arc<Platform>, name: BatchName) -> Result<Response, Problem> {
    let found = platform.with_store(move |_, store| poll(store, &name));
    let batch = found.await?.ok_or_else(|| Problem::not_found("batch"))?;
    let mut receipts: Vec<Receipt> = serde_json::from_str(&batch.receipts)
        .map_err(|error| Problem::internal(format!("stored receipts cannot be read: {error}")))?;
    let about = About(receipts.iter().map(|receipt| receipt.source_id.clone()).collect());
    let wait = i64::from(platform.receipts_after_polls);
    let waited = batch.polls >= wait;
    if !waited {
        // The wait is shown in growing parts, so that a client cannot take an early absence for the last word.
        let share = batch.polls.unsigned_abs() * receipts.len() as u64 / (wait.unsigned_abs() + 1);
        receipts.truncate(usize::try_from(share).unwrap_or(usize::MAX));
    }
    let faults = &platform.faults;
    let strike = waited
        .then(|| faults.strike(Point::Receipts, Endpoint::ReadBatch, &about.0))
        .flatten();
    let kept_back = strike
        .as_ref()
        .is_some_and(|strike| matches!(strike.kind, FaultKind::StillProcessing));
    let status = if waited && !kept_back { "done" } else { "processing" };
    let receipts = misreport(receipts, strike);
    let body =
        json!({ "batch_id": batch.batch_id, "batch_no": batch.batch_no, "status": status, "receipts": receipts });
    Ok((Extension(about), Json(body)).into_response())
}

/// The batch, and how often it was asked for before.
fn poll(store: &mut Store, name: &BatchName) -> Result<Option<StoredBatch>, Problem> {
    let batch = store.batch(name)?;
    if let Some(batch) = &batch {
        store.count_poll(&batch.batch_id)?;
    }
    Ok(batch)
}

/// The receipts as a fault wants them.
fn misreport(mut receipts: Vec<Receipt>, strike: Option<Strike>) -> Value {
    let Some(Strike { kind, source_id }) = strike else {
        return json!(receipts);
    };
    match kind {
        FaultKind::WrongTypes => {
            let wrong =
                |receipt: &Receipt| json!({ "source_id": receipt.source_id, "revision": "latest", "result": 1 });
            return receipts.iter().map(wrong).collect();
        }
        FaultKind::MissingReceipts => {
            receipts.retain(|receipt| source_id.as_ref().is_some_and(|missing| *missing != receipt.source_id));
        }
        FaultKind::TwiceReceipts => receipts.extend(receipts.clone()),
        FaultKind::ContraryReceipts => {
            let meant = |receipt: &&Receipt| source_id.as_ref().is_none_or(|meant| *meant == receipt.source_id);
            let contrary = |receipt: &Receipt| Receipt {
                result: if receipt.result == "rejected" {
                    "accepted"
                } else {
                    "rejected"
                }
                .to_owned(),
                ..receipt.clone()
            };
            let contrary: Vec<Receipt> = receipts.iter().filter(meant).map(contrary).collect();
            receipts.extend(contrary);
        }
        FaultKind::WrongRevisions => {
            for receipt in &mut receipts {
                receipt.revision = receipt.revision.map(|revision| revision + 1);
            }
        }
        FaultKind::ForeignReceipt { source_id } => receipts.push(Receipt {
            source_id,
            revision: Some(1),
            result: "accepted".to_owned(),
            platform_no: Some("QG00000000000000".to_owned()),
            errors: Vec::new(),
        }),
        _ => {}
    }
    json!(receipts)
}
