//! `GET /api/v1/records` and `PUT /api/v1/records/{source_id}/photos/{kind}/{sha256}`.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, SecondsFormat};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::body;
use crate::envelope::{is_division, may_report};
use crate::platform::Platform;
use crate::problem::Problem;
use crate::server::{check_media_type, query};
use crate::signing::is_lower_hex;
use crate::store::{HeldPhoto, Record};

/// A page of the listing, as asked for.
struct Page {
    division: String,
    /// Inclusive, Unix milliseconds.
    since: i64,
    limit: i64,
    /// The change after which the page begins.
    after: i64,
}

/// `GET /api/v1/records`: changed records, in the order of their last change.
pub(crate) async fn list(State(platform): State<Arc<Platform>>, uri: Uri) -> Result<Response, Problem> {
    let page = Page::read(&uri)?;
    if !may_report(&platform.city, &page.division) {
        return Err(Problem::not_your_division(&page.division));
    }
    let county = (page.division != platform.city).then(|| page.division.clone());
    let Page {
        since, limit, after, ..
    } = page;
    // One more than asked for says whether another page follows.
    let found = platform.with_store(move |_, store| Ok(store.changed(county.as_deref(), since, after, limit + 1)?));
    let mut records = found.await?;
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = records.len() > most;
    records.truncate(most);
    let next_cursor = records.last().filter(|_| more).map(|last| page.cursor(last.change));
    let records: Vec<Value> = records.iter().map(listed).collect();
    Ok(Json(json!({ "records": records, "next_cursor": next_cursor })).into_response())
}

impl Page {
    fn read(uri: &Uri) -> Result<Self, Problem> {
        let malformed = |detail: &str| Problem::malformed("bad_query", detail);
        let mut page = Self {
            division: String::new(),
            since: i64::MIN,
            limit: 100,
            after: 0,
        };
        let mut cursor = None;
        for (name, value) in query(uri, &["division_code", "updated_since", "cursor", "limit"])? {
            match name.as_str() {
                "division_code" => page.division = value,
                "updated_since" => {
                    let since = DateTime::parse_from_rfc3339(&value)
                        .map_err(|_| malformed("updated_since must be RFC 3339"))?;
                    page.since = round_up_to_ms(since);
                }
                "limit" => {
                    let limit = value.parse().ok().filter(|limit| (1..=1000).contains(limit));
                    page.limit = limit.ok_or_else(|| malformed("limit must be 1 to 1000"))?;
                }
                _ => cursor = Some(value),
            }
        }
        if !is_division(&page.division) {
            return Err(malformed("division_code must be six digits"));
        }
        if let Some(cursor) = cursor {
            let changed = "cursor is not one of this query's";
            page.after = page
                .position(&cursor)
                .ok_or_else(|| Problem::malformed("bad_cursor", changed))?;
        }
        Ok(page)
    }

    /// A cursor names the whole query, so that one used with other parameters is noticed.
    fn cursor(&self, after: i64) -> String {
        URL_SAFE_NO_PAD.encode(format!("{} {} {} {after}", self.division, self.since, self.limit))
    }

    fn position(&self, cursor: &str) -> Option<i64> {
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
        let after = text.rsplit_once(' ')?.1.parse().ok()?;
        (self.cursor(after) == cursor).then_some(after)
    }
}

/// Records carry whole milliseconds: the first one at or after the instant.
fn round_up_to_ms(instant: DateTime<chrono::FixedOffset>) -> i64 {
    let ms = instant.timestamp_millis();
    if instant.timestamp_subsec_nanos().is_multiple_of(1_000_000) {
        ms
    } else {
        ms + 1
    }
}

fn listed(record: &Record) -> Value {
    let updated_at = DateTime::from_timestamp_millis(record.updated_at).unwrap_or_default();
    json!({
        "source_id": record.source_id,
        "platform_no": record.platform_no,
        "revision": record.revision,
        "digest": record.digest,
        "status": record.status,
        "review_note": record.review_note,
        "updated_at": updated_at.to_rfc3339_opts(SecondsFormat::Millis, true),
    })
}

/// `PUT /api/v1/records/{source_id}/photos/{kind}/{sha256}`.
pub(crate) async fn put_photo(
    State(platform): State<Arc<Platform>>,
    uri: Uri,
    headers: HeaderMap,
    path: Result<Path<(String, String, String)>, PathRejection>,
    sent: Bytes,
) -> Result<StatusCode, Problem> {
    query(&uri, &[])?;
    let Path((source_id, kind, sha256)) = path.map_err(|_| Problem::not_found("record"))?;
    let wrong = |detail: &str| Problem::malformed("bad_photo", detail);
    if !matches!(kind.as_str(), "construction" | "acceptance") {
        return Err(wrong("kind must be construction or acceptance"));
    }
    let photo = body::decode(&headers, &sent)?;
    if !is_lower_hex(&sha256, 64) || hex::encode(Sha256::digest(&photo)) != sha256 {
        return Err(wrong("the body does not match its SHA-256"));
    }
    let format = image_format(&photo).ok_or_else(|| wrong("the body is neither JPEG nor PNG"))?;
    check_media_type(&headers, &[format])?;
    let photo = HeldPhoto {
        source_id,
        kind,
        sha256,
        bytes: i64::try_from(photo.len()).unwrap_or(i64::MAX),
    };
    let kept = platform.with_store(move |_, store| match store.record(&photo.source_id)? {
        Some(_) => Ok(store.add_photo(&photo)?),
        None => Err(Problem::not_found("record")),
    });
    Ok(if kept.await? {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    })
}

/// The media type that the first bytes announce.
fn image_format(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some("image/png"),
        _ => None,
    }
}
