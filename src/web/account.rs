//! `/account`: an officer's own account, and where it is logged in.

use askama::Template;
use axum::extract::{Extension, State};
use axum::response::{Redirect, Response};
use axum_extra::extract::Form;
use serde::Deserialize;

use super::error::WebError;
use super::frame::{Frame, blocking, page as render};
use super::guard::Officer;
use super::words;
use crate::registry::Registry;
use crate::registry::people::{self, Session, Which};

#[derive(Template)]
#[template(path = "account.html")]
struct AccountPage {
    frame: Frame,
    name: String,
    role: &'static str,
    department: String,
    logins: Vec<Login>,
}

/// A login, told.
pub(super) struct Login {
    pub(super) id: String,
    pub(super) from: String,
    /// Where the last request came from, where that is elsewhere.
    pub(super) seen_from: Option<String>,
    pub(super) opened: String,
    pub(super) seen: String,
    /// The one that asks.
    pub(super) here: bool,
}

/// A person's open logins.
pub(super) fn logins(registry: &Registry, session: &Session, name: &str) -> Result<Vec<Login>, WebError> {
    let here = session.id();
    let open = people::open_sessions(registry, &session.operator, name)?;
    let told = open.into_iter().map(|login| Login {
        here: login.id == here,
        from: words::origin(&login.opened_from),
        seen_from: (login.seen_from != login.opened_from).then(|| words::origin(&login.seen_from)),
        opened: words::moment(login.opened_at),
        seen: words::moment(login.seen_at),
        id: login.id,
    });
    Ok(told.collect())
}

/// `GET /account`.
pub(super) async fn page(State(registry): State<Registry>, Extension(session): Officer) -> Result<Response, WebError> {
    blocking(&registry, move |registry| {
        let operator = &session.operator;
        let department = operator.department.as_deref();
        render(&AccountPage {
            frame: Frame::new(registry, &session, "我的账号", "/account"),
            name: operator.name.clone(),
            role: operator.role.label(),
            department: department.map_or_else(String::new, |code| words::department(&registry.catalogue, code).into()),
            logins: logins(registry, &session, &operator.name)?,
        })
    })
    .await
}

/// Which logins to end.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Ended {
    /// The id of one, or nothing for all but the one that asks.
    session: String,
}

/// `POST /account/sessions`.
pub(super) async fn end_sessions(
    State(registry): State<Registry>,
    Extension(session): Officer,
    Form(form): Form<Ended>,
) -> Result<Redirect, WebError> {
    blocking(&registry, move |registry| {
        let (operator, here) = (&session.operator, session.id());
        let which = match &*form.session {
            "" => Which::AllBut(&here),
            one => Which::One(one),
        };
        people::end_sessions(registry, operator, &operator.name, which)?;
        Ok(Redirect::to("/account"))
    })
    .await
}
