//! The JSON of requests and answers. Unknown members in answers are ignored.

use std::fmt;

use serde::Deserialize;
use serde_json::Value;

use super::canonical::string;
use super::profile::{Data, Profile};
use crate::store::{Outgoing, Word as _};

/// One record of a batch. `data` goes in as the canonical text that its digest is of.
pub(crate) fn record_json(profile: &Profile, record: &Outgoing, data: Option<&Data>) -> String {
    let mut members = vec![
        ("source_id", string(&record.source_id)),
        ("revision", record.revision.to_string()),
        ("op", string(profile.word(record.op.word()))),
    ];
    if let Some(data) = data {
        members.push(("digest", string(&data.digest)));
        members.push(("data", data.json.clone()));
    }
    object(profile, &members)
}

/// The body of a batch over records that are JSON already.
pub(crate) fn batch_body<'a>(profile: &Profile, batch_no: &str, records: impl IntoIterator<Item = &'a str>) -> String {
    let records: Vec<&str> = records.into_iter().collect();
    object(
        profile,
        &[
            ("batch_no", string(batch_no)),
            ("division_code", string(&profile.division_code)),
            ("profile_version", string(&profile.version)),
            ("records", format!("[{}]", records.join(","))),
        ],
    )
}

/// An object of members that are JSON already, in the platform's names.
fn object(profile: &Profile, members: &[(&str, String)]) -> String {
    let members = members
        .iter()
        .map(|(name, json)| format!("{}:{json}", string(profile.name(name))));
    format!("{{{}}}", members.collect::<Vec<_>>().join(","))
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

/// A page of the records that the platform holds.
#[derive(Debug, Deserialize)]
pub(crate) struct Listing {
    pub(crate) records: Vec<Listed>,
    pub(crate) next_cursor: Option<String>,
}

/// A record as the platform holds it.
#[derive(Debug, Deserialize)]
pub(crate) struct Listed {
    pub(crate) source_id: String,
    pub(crate) platform_no: Option<String>,
    pub(crate) revision: i64,
    pub(crate) digest: Option<String>,
    pub(crate) status: String,
    pub(crate) review_note: Option<String>,
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
    pub(super) fn read(status: u16, body: Value) -> Self {
        #[derive(Default, Deserialize)]
        struct Body {
            code: Option<String>,
            title: Option<String>,
            detail: Option<String>,
        }
        let body = Body::deserialize(body).unwrap_or_default();
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
