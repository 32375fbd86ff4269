//! Requests that are done once, however often they are sent.

use axum::http::header::HeaderName;
use axum::http::{HeaderMap, StatusCode, request};
use sha2::{Digest as _, Sha256};

use super::endpoint::header;
use super::problem::{Code, Problem};
use super::reply::{Answer, etag};
use crate::registry::Registry;
use crate::registry::people::Operator;
use crate::registry::requests::{self, Kept, Standing};

/// Characters of an idempotency key at most.
const LONGEST_KEY: usize = 200;
/// What a client repeats a request under.
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The key that a client gives a request.
///
/// # Errors
/// One that is blank or too long.
pub(super) fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(key) = header(headers, &IDEMPOTENCY_KEY)? else {
        return Ok(None);
    };
    if key.is_empty() || key.len() > LONGEST_KEY {
        return Err(Problem::invalid(format!(
            "Idempotency-Key 须为 1 到 {LONGEST_KEY} 个字符。"
        )));
    }
    Ok(Some(key.to_owned()))
}

/// Names a request: what is sent where.
pub(super) fn request_hash(parts: &request::Parts, body: Sha256) -> String {
    let mut digest = Sha256::new_with_prefix(format!("{} {}\n", parts.method, parts.uri));
    digest.update(body.finalize());
    etag(&digest.finalize())
}

/// A client's key for a request, with what names the request.
pub(super) struct Key {
    pub(super) key: String,
    pub(super) identity: String,
}

/// The answer that a request under this key got before, where it was done.
pub(super) fn answered(registry: &Registry, operator: &Operator, key: &Key) -> Result<Option<Answer>, Problem> {
    told(requests::standing(registry, operator, &key.key, &key.identity)?)
}

fn told(standing: Standing) -> Result<Option<Answer>, Problem> {
    match standing {
        Standing::Fresh => Ok(None),
        Standing::Answered(kept) => again(kept).map(Some),
        Standing::Other => Err(Problem::new(
            Code::KeyReused,
            "这个 Idempotency-Key 已用于另一个请求。请换一个新的。",
        )),
    }
}

/// Does `work` in one transaction, where there is a key together with the note of its answer: a request that is repeated under it gets that
/// answer, and a fault in between leaves nothing done. What is refused is noted, too, and leaves nothing else.
pub(super) fn once(
    registry: &Registry,
    operator: &Operator,
    key: Option<&Key>,
    work: impl FnOnce(&Registry) -> Result<Answer, Problem>,
) -> Result<Answer, Problem> {
    registry.together(|registry| {
        let Some(key) = key else {
            return work(registry).map(Ok);
        };
        if let Some(answer) = told(requests::claim(registry, operator, &key.key, &key.identity)?)? {
            return Ok(Ok(answer));
        }
        let done = registry.together(work);
        let answer = match &done {
            // Nothing was done, and the next try may succeed.
            Err(problem) if problem.code == Code::Internal => return done.map(Ok),
            Err(problem) => &problem.clone().into(),
            Ok(answer) => answer,
        };
        requests::keep(registry, operator, &key.key, &kept(answer))?;
        Ok(done)
    })?
}

fn kept(answer: &Answer) -> Kept {
    let headers = answer.headers.iter();
    let headers: Vec<(&str, &str)> = headers.map(|(name, value)| (name.as_str(), value.as_str())).collect();
    Kept {
        status: answer.status.as_u16(),
        headers: serde_json::json!(headers).to_string(),
        // What a request under a key is answered is JSON.
        body: String::from_utf8_lossy(&answer.body).into_owned(),
    }
}

/// The answer of the first request.
fn again(kept: Kept) -> Result<Answer, Problem> {
    let unreadable = |what: &str| Problem::internal(&anyhow::anyhow!("{what} of a kept answer cannot be read"));
    let headers: Vec<(String, String)> = serde_json::from_str(&kept.headers).map_err(|_| unreadable("the headers"))?;
    let headers = headers
        .into_iter()
        .filter_map(|(name, value)| Some((name.parse().ok()?, value)));
    Ok(Answer {
        status: StatusCode::from_u16(kept.status).map_err(|_| unreadable("the status"))?,
        headers: headers.collect(),
        body: kept.body.into_bytes(),
    })
}
