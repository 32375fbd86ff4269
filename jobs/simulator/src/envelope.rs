//! The body of `POST /api/v1/batches`: a sound envelope, or a refusal of the whole batch.
//!
//! A record that is malformed inside a sound envelope keeps its place with the faults that its receipt will name.

use std::collections::HashSet;

use axum::http::StatusCode;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use crate::json::{Members, array, positive_integer, string};
use crate::problem::Problem;
use crate::profile::{self, RecordError};
use crate::signing::is_lower_hex;

const MOST_RECORDS: usize = 500;

/// A batch whose envelope is sound.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) batch_no: String,
    pub(crate) records: Vec<Entry>,
}

impl Batch {
    pub(crate) fn source_ids(&self) -> Vec<String> {
        self.records.iter().map(|entry| entry.source_id.clone()).collect()
    }
}

/// One record of a batch.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) source_id: String,
    /// For the receipt: nothing where the revision could not be read.
    pub(crate) revision: Option<i64>,
    /// The revision and what it asks for, or what is wrong with the record.
    pub(crate) operation: Result<(i64, Operation), Vec<RecordError>>,
}

/// What a sound record asks for.
#[derive(Debug)]
pub(crate) enum Operation {
    Upsert {
        digest: String,
        data: String,
        county: String,
    },
    Withdraw,
}

/// Reads a decoded body. `city` is the division code of the key's city, such as 371500.
pub(crate) fn parse(body: &[u8], city: &str) -> Result<Batch, Problem> {
    let text = std::str::from_utf8(body).map_err(|_| Problem::malformed("not_json", "the body is not UTF-8"))?;
    let raw: &RawValue = serde_json::from_str(text)
        .map_err(|error| Problem::malformed("not_json", format!("the body is not JSON: {error}")))?;
    let wrong = |detail: &str| Problem::envelope("bad_envelope", detail);
    let members = Members::of(raw).ok_or_else(|| wrong("the body is not an object"))?;
    if let Some(name) = members.unexpected(&["batch_no", "division_code", "profile_version", "records"]) {
        return Err(wrong(&format!("unknown or repeated member {name:?}")));
    }
    let text = |name: &str| {
        members
            .get(name)
            .and_then(string)
            .ok_or_else(|| wrong(&format!("{name} must be a string")))
    };

    let batch_no = text("batch_no")?;
    if !is_batch_no(&batch_no) {
        return Err(wrong("batch_no must be 1 to 64 visible ASCII characters"));
    }
    let division = text("division_code")?;
    if !is_division(&division) {
        return Err(wrong("division_code must be six digits"));
    }
    if text("profile_version")? != "1" {
        return Err(wrong("profile_version must be \"1\""));
    }
    let records = members
        .get("records")
        .and_then(array)
        .ok_or_else(|| wrong("records must be an array"))?;
    if records.is_empty() {
        return Err(wrong("records is empty"));
    }
    if !may_report(city, &division) {
        return Err(Problem::not_your_division(&division));
    }
    if records.len() > MOST_RECORDS {
        let detail = format!("{} records, the limit is {MOST_RECORDS}", records.len());
        return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_many_records", detail));
    }
    let records: Vec<Entry> = records
        .into_iter()
        .map(|record| entry(record, &division))
        .collect::<Result<_, _>>()?;
    let mut seen = HashSet::new();
    if let Some(twice) = records.iter().find(|entry| !seen.insert(&entry.source_id)) {
        return Err(Problem::envelope(
            "duplicate_source_id",
            format!("{} occurs twice in the batch", twice.source_id),
        ));
    }
    Ok(Batch { batch_no, records })
}

/// 1 to 64 visible ASCII characters.
pub(crate) fn is_batch_no(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Six digits.
pub(crate) fn is_division(text: &str) -> bool {
    text.len() == 6 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A city's key may report for the city and everything in it: the first four digits are the city's.
pub(crate) fn may_report(city: &str, division: &str) -> bool {
    division.get(..4) == city.get(..4)
}

/// One record; without a usable `source_id` there is nothing to give a receipt for, and the batch is refused.
fn entry(raw: &RawValue, division: &str) -> Result<Entry, Problem> {
    let members = Members::of(raw);
    let source_id = members
        .as_ref()
        .and_then(|members| members.get("source_id"))
        .and_then(string);
    let usable = source_id.filter(|id| is_batch_no(id)).zip(members);
    let (source_id, members) = usable.ok_or_else(|| {
        Problem::envelope(
            "bad_source_id",
            "a record has no source_id of 1 to 64 visible ASCII characters",
        )
    })?;
    let revision = members.get("revision").and_then(positive_integer);
    let operation = operation(&members, &source_id, revision, division);
    Ok(Entry {
        source_id,
        revision,
        operation,
    })
}

fn operation(
    members: &Members,
    source_id: &str,
    revision: Option<i64>,
    division: &str,
) -> Result<(i64, Operation), Vec<RecordError>> {
    let one = |field: &str, code: &str, message: &str| Err(vec![RecordError::new(field, code, message)]);
    let op = members.get("op").and_then(string).unwrap_or_default();
    let allowed: &[&str] = match op.as_str() {
        "upsert" => &["source_id", "revision", "op", "digest", "data"],
        "withdraw" => &["source_id", "revision", "op"],
        _ => return one("op", "bad_op", "op 应为 upsert 或 withdraw"),
    };
    if let Some(name) = members.unexpected(allowed) {
        return one(name, "unexpected_member", "记录中有多余或重复的成员");
    }
    let Some(revision) = revision else {
        return one("revision", "bad_revision", "revision 应为正整数");
    };
    if op == "withdraw" {
        return Ok((revision, Operation::Withdraw));
    }
    let digest = members.get("digest").and_then(string).unwrap_or_default();
    if !is_lower_hex(&digest, 64) {
        return one("digest", "bad_digest", "digest 应为 64 位小写十六进制的 SHA-256");
    }
    let Some(data) = members.get("data") else {
        return one("data", "missing", "upsert 应带 data");
    };
    let accepted = profile::judge(data, source_id, division)?;
    if hex::encode(Sha256::digest(accepted.canonical.as_bytes())) != digest {
        return one("digest", "digest_mismatch", "digest 与 data 的规范化 JSON 不符");
    }
    Ok((
        revision,
        Operation::Upsert {
            digest,
            data: accepted.canonical,
            county: accepted.county,
        },
    ))
}
