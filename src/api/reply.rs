//! What is answered: JSON of a type, tagged or not, a file, or nothing.

use std::marker::PhantomData;

use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, ETAG, HeaderName, LOCATION};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::openapi::{Answered, Described, Schemas};
use super::problem::{PROBLEM, Problem};
use super::types::{File, Media, Page};
use crate::web::encoded;

pub(super) const JSON: &str = "application/json";

/// What is answered, in a form that can be kept and answered again.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: Vec<(HeaderName, String)>,
    pub(super) body: Vec<u8>,
}

/// What a handler gives.
pub(super) trait Reply {
    /// Its status, headers and schema.
    fn describe(described: &mut Described, schemas: &mut Schemas);

    /// As it is answered.
    fn answer(self) -> Result<Answer, Problem>;
}

/// A value as JSON.
pub(super) fn json<T: Serialize>(value: &T) -> Result<Vec<u8>, Problem> {
    serde_json::to_vec(value).map_err(|error| Problem::internal(&error.into()))
}

/// The tag of a resource: of its content, so that it changes with it and with nothing else.
pub(super) fn etag(body: &[u8]) -> String {
    use std::fmt::Write as _;
    let digest = Sha256::digest(body);
    let mut tag = String::from("\"");
    for byte in digest.iter().take(12) {
        let _ = write!(tag, "{byte:02x}");
    }
    tag.push('"');
    tag
}

fn in_json(status: StatusCode, mut headers: Vec<(HeaderName, String)>, body: Vec<u8>) -> Answer {
    headers.push((CONTENT_TYPE, JSON.into()));
    Answer { status, headers, body }
}

/// Something that is read and not changed.
pub(super) struct Plain<T>(pub(super) T);

impl<T: Serialize + JsonSchema> Reply for Plain<T> {
    fn describe(described: &mut Described, schemas: &mut Schemas) {
        described.gives(Answered::json::<T>(200, schemas));
    }

    fn answer(self) -> Result<Answer, Problem> {
        Ok(in_json(StatusCode::OK, Vec::new(), json(&self.0)?))
    }
}

impl<T: Serialize + JsonSchema> Reply for Page<T> {
    fn describe(described: &mut Described, schemas: &mut Schemas) {
        described.gives(Answered::json::<Self>(200, schemas));
    }

    fn answer(self) -> Result<Answer, Problem> {
        Plain(self).answer()
    }
}

/// One resource, with the tag that a change names.
pub(super) struct Tagged<T>(pub(super) T);

impl<T: Serialize + JsonSchema> Reply for Tagged<T> {
    fn describe(described: &mut Described, schemas: &mut Schemas) {
        described.gives(Answered::json::<T>(200, schemas).with_header("ETag"));
    }

    fn answer(self) -> Result<Answer, Problem> {
        let body = json(&self.0)?;
        Ok(in_json(StatusCode::OK, vec![(ETAG, etag(&body))], body))
    }
}

/// A resource that was made, and where it is.
pub(super) struct Made<T>(pub(super) String, pub(super) T);

impl<T: Serialize + JsonSchema> Reply for Made<T> {
    fn describe(described: &mut Described, schemas: &mut Schemas) {
        described.gives(
            Answered::json::<T>(201, schemas)
                .with_header("ETag")
                .with_header("Location"),
        );
    }

    fn answer(self) -> Result<Answer, Problem> {
        let body = json(&self.1)?;
        let headers = vec![(ETAG, etag(&body)), (LOCATION, format!("/api/v1{}", self.0))];
        Ok(in_json(StatusCode::CREATED, headers, body))
    }
}

/// What was done in one transaction that is over, as it is answered.
pub(super) struct Settled<R>(pub(super) Answer, pub(super) PhantomData<R>);

impl<R: Reply> Reply for Settled<R> {
    fn describe(described: &mut Described, schemas: &mut Schemas) {
        R::describe(described, schemas);
    }

    fn answer(self) -> Result<Answer, Problem> {
        Ok(self.0)
    }
}

/// It was done, and there is nothing to tell.
pub(super) struct Done;

impl Reply for Done {
    fn describe(described: &mut Described, _: &mut Schemas) {
        described.gives(Answered::nothing());
    }

    fn answer(self) -> Result<Answer, Problem> {
        Ok(Answer {
            status: StatusCode::NO_CONTENT,
            headers: Vec::new(),
            body: Vec::new(),
        })
    }
}

impl<M: Media> Reply for File<M> {
    fn describe(described: &mut Described, _: &mut Schemas) {
        described.gives(Answered::file(M::TYPES));
    }

    fn answer(self) -> Result<Answer, Problem> {
        let name = encoded(&self.name);
        Ok(Answer {
            status: StatusCode::OK,
            headers: vec![
                (CONTENT_TYPE, self.media_type.into()),
                (CONTENT_DISPOSITION, format!("attachment; filename*=UTF-8''{name}")),
            ],
            body: self.bytes,
        })
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let mut response = (self.status, self.body).into_response();
        response.headers_mut().remove(CONTENT_TYPE);
        for (name, value) in self.headers {
            // All of them are of our own making: plain text.
            if let Ok(value) = HeaderValue::from_str(&value) {
                response.headers_mut().insert(name, value);
            }
        }
        response
    }
}

impl From<Problem> for Answer {
    fn from(problem: Problem) -> Self {
        Self {
            status: problem.code.status(),
            headers: vec![(CONTENT_TYPE, PROBLEM.into())],
            body: problem.body(),
        }
    }
}
