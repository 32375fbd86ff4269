//! The HTTP client: signed requests, and what their answers mean for the work at hand.

use std::fmt::{self, Write as _};
use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat};
use flate2::Compression;
use flate2::write::GzEncoder;
use reqwest::header::{DATE, HeaderMap, HeaderName, RETRY_AFTER};
use reqwest::{Client, Method, Url};
use serde::de::DeserializeOwned;
use serde_json::Value;
use uuid::Uuid;

use super::profile::Profile;
use super::settings::{PlatformSettings, SettingsError, chain};
use super::signing::{content_digest, string_to_sign};
use super::wire::{BatchStatus, Listing, Problem, Taken, cut};
use crate::clock::Clock;
use crate::store::{Attempt, AttemptKind, Photo, Word as _};

/// An answer that is longer is not of the contract: 500 receipts are well under a tenth of it.
const LONGEST_ANSWER: usize = 10_000_000;
/// Further apart than this, the platform refuses our timestamps.
const SKEW_ALLOWED_S: i64 = 300;

/// What an answer means.
#[derive(Debug)]
pub(crate) enum Answer<T> {
    /// As agreed.
    Sound(T),
    /// 404: to a question about a batch, that the platform does not have it.
    NotFound(Problem),
    /// 429: nothing was done; come back later.
    Busy(Option<Duration>),
    /// No answer, 5xx, 409, or an answer that cannot be understood: the request may have had its effect, or not.
    Lost(Option<Duration>),
    /// No connection: surely nothing was sent. With the reason, for people.
    Unreachable(String),
    /// 400, 413, 422: the content is refused.
    Refused(Problem),
    /// 401, 403 and whatever else no repeat will mend. With the seconds that the platform's clock is ahead, where that
    /// is why.
    Denied(Problem, Option<i64>),
}

/// One request as it went, and what came back.
#[derive(Debug)]
pub(crate) struct Exchange<T> {
    pub(crate) attempt: Attempt,
    pub(crate) answer: Answer<T>,
}

/// The platform's client. Cheap to clone.
#[derive(Clone)]
pub struct Platform {
    http: Client,
    base: Url,
    settings: Arc<PlatformSettings>,
    /// The platform's profile.
    pub profile: Arc<Profile>,
    pub(crate) clock: Clock,
}

impl fmt::Debug for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.settings.fmt(f)
    }
}

impl Platform {
    /// Makes a client; sends nothing yet. The clock gives the timestamps of the signatures.
    pub fn new(settings: PlatformSettings, profile: Profile, clock: Clock) -> Result<Self, SettingsError> {
        let (http, base) = settings.client()?;
        Ok(Self {
            http,
            base,
            settings: Arc::new(settings),
            profile: Arc::new(profile),
            clock,
        })
    }

    /// Sends a batch. `body` is the JSON before compression.
    pub(crate) async fn post_batch(&self, batch_no: &str, key: &str, body: &[u8]) -> Exchange<Taken> {
        let content = Content {
            body,
            media_type: "application/json; charset=utf-8",
            key: Some(key),
            gzip: self.profile.gzip,
        };
        let path = &self.profile.paths.batches;
        let mut exchange = self.exchange::<Taken>(Method::POST, path, Some(content)).await;
        if matches!(&exchange.answer, Answer::Sound(taken) if taken.batch_no != batch_no) {
            exchange.malformed();
        }
        exchange
    }

    /// Asks what became of a batch.
    pub(crate) async fn ask_batch(&self, batch_no: &str) -> Exchange<BatchStatus> {
        let path = self.query(&self.profile.paths.batches, &[("batch_no", batch_no)]);
        let mut exchange = self.exchange::<BatchStatus>(Method::GET, &path, None).await;
        if matches!(&exchange.answer, Answer::Sound(status) if status.batch_no != batch_no) {
            exchange.malformed();
        }
        exchange
    }

    /// A page of the records that the platform holds, changed at or after `since` (UTC milliseconds; `None`: all).
    pub(crate) async fn list_records(&self, since: Option<i64>, cursor: Option<&str>) -> Exchange<Listing> {
        let since = since
            .and_then(DateTime::from_timestamp_millis)
            .map(|since| since.to_rfc3339_opts(SecondsFormat::Millis, true));
        let limit = self.profile.limits.page.to_string();
        let mut parameters = vec![("division_code", &*self.profile.division_code), ("limit", &*limit)];
        parameters.extend(since.as_deref().map(|since| ("updated_since", since)));
        parameters.extend(cursor.map(|cursor| ("cursor", cursor)));
        let path = self.query(&self.profile.paths.records, &parameters);
        self.exchange(Method::GET, &path, None).await
    }

    /// Sends a photo of a record. Its body is not compressed: JPEG and PNG are already.
    pub(crate) async fn put_photo(&self, photo: &Photo, bytes: &[u8]) -> Exchange<()> {
        let path = self
            .profile
            .paths
            .photos
            .replace("{source_id}", &escaped(&photo.source_id))
            .replace("{kind}", photo.kind.word())
            .replace("{sha256}", &escaped(&photo.sha256));
        let content = Content {
            body: bytes,
            media_type: if bytes.starts_with(b"\x89PNG") {
                "image/png"
            } else {
                "image/jpeg"
            },
            key: None,
            gzip: false,
        };
        let exchange = self.exchange::<Value>(Method::PUT, &path, Some(content)).await;
        let answer = match exchange.answer {
            Answer::Sound(_) => Answer::Sound(()),
            Answer::Lost(_) if matches!(exchange.attempt.status, Some(200 | 201 | 204)) => Answer::Sound(()),
            Answer::Lost(asked) => Answer::Lost(asked),
            Answer::NotFound(problem) => Answer::NotFound(problem),
            Answer::Busy(asked) => Answer::Busy(asked),
            Answer::Unreachable(reason) => Answer::Unreachable(reason),
            Answer::Refused(problem) => Answer::Refused(problem),
            Answer::Denied(problem, skew) => Answer::Denied(problem, skew),
        };
        Exchange {
            attempt: exchange.attempt,
            answer,
        }
    }

    /// A path with a query, in the platform's names of the parameters.
    fn query(&self, path: &str, parameters: &[(&str, &str)]) -> String {
        let pairs = parameters
            .iter()
            .map(|(name, value)| format!("{}={}", escaped(self.profile.name(name)), escaped(value)));
        format!("{path}?{}", pairs.collect::<Vec<_>>().join("&"))
    }

    async fn exchange<T: DeserializeOwned>(
        &self,
        method: Method,
        path_and_query: &str,
        content: Option<Content<'_>>,
    ) -> Exchange<T> {
        let started_at = self.clock.now();
        let nonce = Uuid::now_v7().to_string();
        let mut attempt = Attempt {
            kind: if method == Method::POST {
                AttemptKind::Post
            } else {
                AttemptKind::Ask
            },
            request_id: nonce.clone(),
            started_at,
            duration_ms: 0,
            status: None,
            problem: None,
            retry_after_s: None,
        };
        let outcome = self.send(method, path_and_query, started_at, &nonce, content).await;
        attempt.duration_ms = (self.clock.now() - started_at).max(0);
        let answer = match outcome {
            Err(error) => {
                let unreachable = error.is_connect() || error.is_builder();
                let error = error.without_url();
                attempt.problem = Some(if unreachable { "unreachable" } else { "no-answer" }.to_owned());
                tracing::warn!(request_id = %nonce, error = %chain(&error), "the platform gave no answer");
                if unreachable {
                    Answer::Unreachable(why(&error))
                } else {
                    Answer::Lost(None)
                }
            }
            Ok(response) => {
                attempt.status = Some(response.status);
                let retry_after = response.retry_after(started_at);
                attempt.retry_after_s = retry_after.map(|span| i64::try_from(span.as_secs()).unwrap_or(i64::MAX));
                let answer = response.meaning(&self.profile, started_at, retry_after);
                attempt.problem = match &answer {
                    Answer::Sound(_) => None,
                    Answer::Lost(_) if response.status < 300 => Some("malformed".to_owned()),
                    _ => Some(response.problem(&self.profile).code),
                };
                answer
            }
        };
        Exchange { attempt, answer }
    }

    async fn send(
        &self,
        method: Method,
        path_and_query: &str,
        timestamp: i64,
        nonce: &str,
        content: Option<Content<'_>>,
    ) -> Result<Response, reqwest::Error> {
        let signing = &self.profile.signing;
        let path = format!("{}{path_and_query}", self.base.path().trim_end_matches('/'));
        let mut url = self.base.clone();
        let (path_only, query) = path
            .split_once('?')
            .map_or((path.as_str(), None), |(path, query)| (path, Some(query)));
        url.set_path(path_only);
        url.set_query(query);

        let mut request = self.http.request(method.clone(), url.clone());
        let mut digest = String::new();
        if let Some(content) = content {
            let compressed = if content.gzip { gzip(content.body) } else { None };
            if compressed.is_some() {
                request = request.header("content-encoding", "gzip");
            }
            let sent = compressed.unwrap_or_else(|| content.body.to_vec());
            digest = content_digest(&sent);
            if let Some(key) = content.key {
                request = request.header(&signing.idempotency_key_header, key);
            }
            request = request
                .header("content-type", content.media_type)
                .header(&signing.digest_header, &digest)
                .body(sent);
        }
        // signed as the URL will be sent, after whatever escaping it did
        let target = url
            .query()
            .map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()));
        let algorithm = signing.algorithm;
        let essence = string_to_sign(method.as_str(), &target, timestamp, nonce, &digest);
        let mut response = request
            .header(&signing.app_key_header, &self.settings.app_key)
            .header(&signing.timestamp_header, timestamp)
            .header(&signing.nonce_header, nonce)
            .header(&signing.algorithm_header, algorithm.name())
            .header(
                &signing.signature_header,
                algorithm.sign(&self.settings.secret, &essence),
            )
            .send()
            .await?;

        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            body.extend_from_slice(&chunk);
            if body.len() > LONGEST_ANSWER {
                body.clear();
                break;
            }
        }
        Ok(Response {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body,
        })
    }
}

/// What a request carries.
struct Content<'a> {
    /// Before compression.
    body: &'a [u8],
    media_type: &'a str,
    key: Option<&'a str>,
    gzip: bool,
}

impl<T> Exchange<T> {
    /// The answer was of the agreed form and still not to be believed.
    fn malformed(&mut self) {
        self.attempt.problem = Some("malformed".to_owned());
        self.answer = Answer::Lost(None);
    }
}

/// An answer, read whole.
struct Response {
    status: u16,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Response {
    fn meaning<T: DeserializeOwned>(&self, profile: &Profile, now: i64, retry_after: Option<Duration>) -> Answer<T> {
        match self.status {
            200 | 202 => serde_json::from_slice(&self.body)
                .and_then(|answer| T::deserialize(profile.understood(answer)))
                .map_or(Answer::Lost(None), Answer::Sound),
            404 => Answer::NotFound(self.problem(profile)),
            429 => Answer::Busy(retry_after),
            201 | 203..=299 | 409 | 500..=599 => Answer::Lost(retry_after),
            400 | 413 | 422 => Answer::Refused(self.problem(profile)),
            _ => {
                let ahead = self
                    .header(&DATE)
                    .and_then(|text| DateTime::parse_from_rfc2822(text).ok());
                let skew = ahead
                    .map(|date| date.timestamp() - now / 1_000)
                    .filter(|ahead| ahead.abs() > SKEW_ALLOWED_S);
                let skew = skew.filter(|_| self.status == 401);
                Answer::Denied(self.problem(profile), skew)
            }
        }
    }

    fn problem(&self, profile: &Profile) -> Problem {
        let body = serde_json::from_slice(&self.body).unwrap_or_default();
        Problem::read(self.status, profile.understood(body))
    }

    /// `Retry-After`, as seconds or as a date.
    fn retry_after(&self, now: i64) -> Option<Duration> {
        let text = self.header(&RETRY_AFTER)?;
        let seconds = text.parse::<u64>().ok().or_else(|| {
            let date = DateTime::parse_from_rfc2822(text).ok()?;
            u64::try_from(date.timestamp() - now / 1_000).ok()
        })?;
        Some(Duration::from_secs(seconds.min(7 * 24 * 3_600)))
    }

    fn header(&self, name: &HeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// Why there is no connection, in short: what people can tell apart, and the innermost cause as it was given. Of an error
/// without its URL: causes name neither the secret nor the proxy's password.
fn why(error: &reqwest::Error) -> String {
    let chain = chain(error);
    let said = if error.is_timeout() {
        "连接超时"
    } else if chain.contains("dns error") {
        "域名无法解析"
    } else if chain.contains("certificate") {
        "平台的证书不受信任"
    } else if chain.contains("Connection refused") {
        "连接被拒绝"
    } else {
        "连接失败"
    };
    let innermost = chain.rsplit(": ").next().unwrap_or_default();
    format!("{said}：{}", cut(innermost.to_owned(), 100))
}

/// A part of an address: nothing but letters, digits and `-._~` stands for itself.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            // writing to a string cannot fail
            let _ = write!(escaped, "%{byte:02X}");
        }
    }
    escaped
}

/// The body compressed, if that makes it smaller: so no body is over the limit after compression that was not before.
fn gzip(body: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(body).ok()?;
    encoder.finish().ok().filter(|compressed| compressed.len() < body.len())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = 1_795_000_000_000;
        let date = (DateTime::from_timestamp_millis(now).unwrap() + Duration::from_secs(90)).to_rfc2822();
        for (text, seconds) in [("7", Some(7)), (&*date, Some(90)), ("soon", None), ("-1", None)] {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, text.parse().unwrap())]);
            let response = Response {
                status: 503,
                headers,
                body: Vec::new(),
            };
            assert_eq!(response.retry_after(now), seconds.map(Duration::from_secs), "{text}");
        }
    }
}
