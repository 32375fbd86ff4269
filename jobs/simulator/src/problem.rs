//! The answers that refuse: `application/problem+json` (RFC 9457) with the contract's stable `code`.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// The media type of a refusal (RFC 9457).
pub(crate) const MEDIA_TYPE: &str = "application/problem+json";

/// A refusal. `code` is stable and in English, `detail` is for the reader of a log.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    pub(crate) status: StatusCode,
    pub(crate) code: String,
    pub(crate) detail: String,
    /// Seconds for the `Retry-After` header.
    pub(crate) retry_after: Option<u64>,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, code: &str, detail: impl Into<String>) -> Self {
        Self {
            status,
            code: code.to_owned(),
            detail: detail.into(),
            retry_after: None,
        }
    }

    /// 400: what was sent cannot be read.
    pub(crate) fn malformed(code: &str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, detail)
    }

    /// 401: the signing headers are missing, malformed or wrong.
    pub(crate) fn unsigned(code: &str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, code, detail)
    }

    /// 403: the division is not one of this key's.
    pub(crate) fn not_your_division(division: &str) -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "not_your_division",
            format!("this key may not report for {division}"),
        )
    }

    /// 404, with what was looked for.
    pub(crate) fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", format!("no such {what}"))
    }

    /// 413: more bytes or more records than the contract allows.
    pub(crate) fn too_large(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", detail)
    }

    /// 422: the JSON can be read and the envelope is wrong.
    pub(crate) fn envelope(code: &str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail)
    }

    /// 500: the simulator's own failure.
    pub(crate) fn internal(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal_error", detail)
    }

    /// The answer that a fault asked for.
    pub(crate) fn commanded(status: StatusCode, retry_after: Option<u64>) -> Self {
        let code = match status.as_u16() {
            400 => "malformed",
            422 => "refused",
            429 => "too_many_requests",
            500 => "internal_error",
            502 => "bad_gateway",
            503 => "unavailable",
            _ => "fault",
        };
        Self {
            retry_after,
            ..Self::new(status, code, "a fault was asked for")
        }
    }

    /// The JSON of the answer.
    pub(crate) fn body(&self) -> String {
        json!({
            "type": format!("urn:platform:problem:{}", self.code),
            "title": self.status.canonical_reason().unwrap_or("Refused"),
            "status": self.status.as_u16(),
            "detail": self.detail,
            "code": self.code,
        })
        .to_string()
    }

    /// Whether the contract remembers this answer under its Idempotency-Key (fine print 6).
    pub(crate) fn is_remembered(&self) -> bool {
        self.status.is_client_error() && !matches!(self.status.as_u16(), 401 | 409 | 429)
    }
}

impl From<diesel::result::Error> for Problem {
    fn from(error: diesel::result::Error) -> Self {
        Self::internal(format!("the store failed: {error}"))
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let media_type = HeaderValue::from_static(MEDIA_TYPE);
        let mut response = (self.status, [(header::CONTENT_TYPE, media_type)], self.body()).into_response();
        let headers = response.headers_mut();
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
