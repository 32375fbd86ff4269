//! Requests that are done once, however often they are sent.

use axum::http::header::{CONTENT_TYPE, HeaderName, RETRY_AFTER};
use axum::http::{HeaderMap, StatusCode, request};
use sha2::{Digest as _, Sha256};

use super::endpoint::header;
use super::problem::{Code, PROBLEM, Problem};
use super::reply::{Answer, etag};
use crate::registry::Registry;
use crate::registry::people::Operator;
use crate::registry::requests::{self, Begun, Kept};

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

/// Does what a key asks for, once: a repeated request gets the answer that the first one got.
pub(super) fn once(
    registry: &Registry,
    operator: &Operator,
    key: &str,
    identity: &str,
    work: impl FnOnce() -> Result<Answer, Problem>,
) -> Result<Answer, Problem> {
    match requests::begin(registry, operator, key, identity)? {
        Begun::Fresh => {}
        Begun::Answered(kept) => return again(kept),
        Begun::Busy => {
            return Ok(Answer {
                headers: vec![(CONTENT_TYPE, PROBLEM.into()), (RETRY_AFTER, "1".into())],
                ..Problem::new(
                    Code::RequestInProgress,
                    "同一个 Idempotency-Key 的请求正在处理，请稍后再问。",
                )
                .into()
            });
        }
        Begun::Other => {
            return Err(Problem::new(
                Code::KeyReused,
                "这个 Idempotency-Key 已用于另一个请求。请换一个新的。",
            ));
        }
    }
    let begun = Begin {
        registry,
        operator,
        key,
        open: true,
    };
    let done = work();
    let answer = match done {
        // Nothing was done, and the next try may succeed.
        Err(problem) if problem.code == Code::Internal => return Err(problem),
        Err(problem) => problem.into(),
        Ok(answer) => answer,
    };
    begun.finish(&answer)?;
    Ok(answer)
}

/// A request under a key that is being worked on; dropped unfinished (an error, a panic), it may be tried again.
struct Begin<'a> {
    registry: &'a Registry,
    operator: &'a Operator,
    key: &'a str,
    open: bool,
}

impl Begin<'_> {
    fn finish(mut self, answer: &Answer) -> Result<(), Problem> {
        let headers: Vec<(&str, &str)> = answer
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let kept = Kept {
            status: answer.status.as_u16(),
            headers: serde_json::json!(headers).to_string(),
            // What a POST answers is JSON.
            body: String::from_utf8_lossy(&answer.body).into_owned(),
        };
        // What was done stands, whether or not its answer is kept.
        self.open = false;
        Ok(requests::finish(self.registry, self.operator, self.key, &kept)?)
    }
}

impl Drop for Begin<'_> {
    fn drop(&mut self) {
        if self.open
            && let Err(error) = requests::forget(self.registry, self.operator, self.key)
        {
            tracing::error!("a request that failed still holds its key: {error}");
        }
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
