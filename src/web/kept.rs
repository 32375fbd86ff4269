//! A form that was sent with a session that has ended: the login page carries it along, and after the login the same person sends it again
//! with one more click. Files are not carried, and nobody sends what another has written.

use askama::Template;
use axum::body::to_bytes;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::error::WebError;
use super::frame::{Frame, blocking, page};
use super::login::{LoginPage, is_local};
use crate::registry::Registry;
use crate::registry::people::{self, Session};

/// Bytes of a form that is carried along: the largest of ours are the explanations of a long roster.
const MOST: usize = 256 << 10;
/// Characters of a value that is shown again.
const SHOWN: usize = 200;

/// A form that the login page carries.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Kept {
    /// Where it was sent.
    #[serde(rename = "kept_path")]
    pub(super) path: String,
    /// Its fields, encoded as they were sent.
    #[serde(rename = "kept_form")]
    pub(super) form: String,
    /// Whose session it was.
    #[serde(rename = "kept_by")]
    pub(super) by: String,
}

impl Kept {
    /// Whether there is one.
    pub(super) fn is_some(&self) -> bool {
        is_local(&self.path)
    }
}

/// The login page with the form of a request; none where nobody knows whose it was, or it is too large.
pub(super) async fn login(
    registry: &Registry,
    request: Request,
    token: String,
    back: String,
) -> Result<Option<Response>, WebError> {
    let Some(by) = blocking(registry, move |registry| Ok(people::whose(registry, &token)?)).await? else {
        return Ok(None);
    };
    let path = request.uri().path().to_owned();
    // Nothing is lost by logging out twice.
    if path == "/logout" || path == "/password" {
        return Ok(None);
    }
    let Ok(body) = to_bytes(request.into_body(), MOST).await else {
        return Ok(None);
    };
    let Ok(form) = String::from_utf8(body.into()) else {
        return Ok(None);
    };
    let login = page(&LoginPage {
        frame: Frame::open("登录"),
        wrong: None,
        note: Some("您离开太久，登录已失效。刚才填写的内容还在：登录后再点一次“继续提交”。"),
        name: by.clone(),
        next: back,
        kept: Kept { path, form, by },
    })?;
    Ok(Some((StatusCode::UNAUTHORIZED, login).into_response()))
}

#[derive(Template)]
#[template(path = "kept.html")]
struct KeptPage {
    frame: Frame,
    /// Who wrote it, where that was somebody else: nothing is sent then.
    anothers: Option<String>,
    path: String,
    fields: Vec<(String, String)>,
    /// What the officer wrote, to look at again.
    written: Vec<String>,
    back: String,
}

/// What a person who has just logged in finds of the form.
pub(super) fn found(registry: &Registry, session: &Session, kept: Kept, next: &str) -> Result<Response, WebError> {
    let own = kept.by == session.operator.name;
    let fields: Vec<(String, String)> = if own {
        serde_urlencoded::from_str(&kept.form).unwrap_or_default()
    } else {
        Vec::new()
    };
    // Words rather than choices and what the page keeps for itself.
    let is_written = |value: &str| !value.is_ascii();
    let written = fields.iter().filter(|(_, value)| is_written(value));
    page(&KeptPage {
        frame: Frame::new(registry, session, "继续提交", ""),
        anothers: (!own).then_some(kept.by),
        path: kept.path,
        written: written.map(|(_, value)| value.chars().take(SHOWN).collect()).collect(),
        fields,
        back: if is_local(next) { next.to_owned() } else { "/".into() },
    })
}
