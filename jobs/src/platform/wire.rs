//! The JSON of requests and answers. Unknown members in answers are ignored.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::profile::{Data, Profile};
use crate::store::{Outgoing, Word as _};

#[derive(Serialize)]
struct Record<'a> {
    source_id: &'a str,
    revision: i64,
    op: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a RawValue>,
}

/// One record of a batch. `data` goes in as the canonical text that its digest is of.
pub(crate) fn record_json(record: &Outgoing, data: Option<&Data>) -> Result<String, serde_json::Error> {
    serde_json::to_string(&Record {
        source_id: &record.source_id,
        revision: record.revision,
        op: record.op.word(),
        digest: data.map(|data| data.digest.as_str()),
        data: data.map(|data| serde_json::from_str(&data.json)).transpose()?,
    })
}

/// The body of a batch over records that are JSON already.
pub(crate) fn batch_body<'a>(profile: &Profile, batch_no: &str, records: impl IntoIterator<Item = &'a str>) -> String {
    let mut body = json!({
        "batch_no": batch_no,
        "division_code": profile.division_code,
        "profile_version": profile.version,
    })
    .to_string();
    body.pop();
    body.push_str(",\"records\":[");
    for (index, record) in records.into_iter().enumerate() {
        if index > 0 {
            body.push(',');
        }
        body.push_str(record);
    }
    body.push_str("]}");
    body
}

/// The answer to a batch that was taken in.
#[derive(Debug, Deserialize)]
pub(crate) struct Taken {
    pub(crate) batch_id: String,
    pub(crate) batch_no: String,
}

/// A batch as the platform sees it. Receipts are judged one by one, so that a malformed one spoils no other.
#[derive(Debug, Deserialize)]
pub(crate) struct BatchStatus {
    pub(crate) batch_id: String,
    pub(crate) batch_no: String,
    pub(crate) status: Progress,
    #[serde(default)]
    pub(crate) receipts: Vec<Value>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Progress {
    Processing,
    Done,
}

/// An answer of `application/problem+json` (RFC 9457), as far as it could be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Problem {
    /// The HTTP status.
    pub(crate) status: u16,
    /// The platform's stable word, or `http-STATUS` where it gave none.
    pub(crate) code: String,
    /// The platform's words; empty where it gave none.
    pub(crate) words: String,
}

impl Problem {
    /// Reads what there is to read.
    pub(super) fn read(status: u16, body: &[u8]) -> Self {
        #[derive(Default, Deserialize)]
        struct Body {
            code: Option<String>,
            title: Option<String>,
            detail: Option<String>,
        }
        let body: Body = serde_json::from_slice(body).unwrap_or_default();
        Self {
            status,
            code: cut(body.code.unwrap_or_else(|| format!("http-{status}")), 64),
            words: cut(body.detail.or(body.title).unwrap_or_default(), 500),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.status, self.code)?;
        if self.words.is_empty() {
            Ok(())
        } else {
            write!(f, "：{}", self.words)
        }
    }
}

/// Foreign text, to a length that logs and tables bear.
pub(crate) fn cut(text: String, characters: usize) -> String {
    match text.char_indices().nth(characters) {
        Some((at, _)) => text[..at].to_owned(),
        None => text,
    }
}
