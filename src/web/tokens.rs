//! `/tokens`: what programs act with in one's name: issued (the secret shown once), listed, revoked.

use askama::Template;
use axum::extract::{Extension, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::Form;
use retrofit_jobs::store::Word as _;

use super::error::WebError;
use super::frame::{Frame, blocking, page as render};
use super::guard::Officer;
use super::words;
use crate::registry::people::Session;
use crate::registry::tokens::{self, Scope, Wanted};
use crate::registry::{Error, Registry};

#[derive(Template)]
#[template(path = "tokens.html")]
struct TokensPage {
    frame: Frame,
    /// The secret of the one that was just issued, and what it is for.
    issued: Option<(String, String)>,
    wrong: Option<String>,
    /// What is typed in already.
    label: String,
    /// (word, label, chosen).
    scopes: Vec<(&'static str, &'static str, bool)>,
    days: Vec<(i64, &'static str, bool)>,
    lines: Vec<Line>,
    /// Whether other people's are listed, too.
    of_all: bool,
}

struct Line {
    id: i64,
    person: String,
    label: String,
    scopes: String,
    until: String,
    used: String,
    /// Why it is of no use any more.
    over: Option<&'static str>,
    may_revoke: bool,
}

/// For how long a token may be issued.
const DAYS: [(i64, &str); 4] = [
    (30, "30 天"),
    (90, "90 天"),
    (180, "180 天"),
    (tokens::MOST_DAYS, "1 年"),
];
const USUAL_DAYS: i64 = 90;

/// `GET /tokens`.
pub(super) async fn page(State(registry): State<Registry>, Extension(session): Officer) -> Result<Response, WebError> {
    blocking(&registry, move |registry| {
        render(&TokensPage::new(registry, &session, &[])?)
    })
    .await
}

/// `POST /tokens`: issues one for whoever is logged in. The answer is the only page that ever shows its secret.
pub(super) async fn issue(
    State(registry): State<Registry>,
    Extension(session): Officer,
    Form(fields): Form<Vec<(String, String)>>,
) -> Result<Response, WebError> {
    blocking(&registry, move |registry| {
        let of = |name: &'static str| {
            fields
                .iter()
                .filter(move |(of, _)| of == name)
                .map(|(_, value)| &**value)
        };
        let label = of("label").next().unwrap_or_default();
        let scopes: Vec<Scope> = of("scope").filter_map(Scope::from_word).collect();
        let wanted = Wanted {
            person: &session.operator.name,
            label,
            scopes: &scopes,
            days: of("days").next().and_then(|days| days.parse().ok()).unwrap_or_default(),
        };
        match tokens::issue(registry, &session.operator, &wanted) {
            Ok(issued) => render(&TokensPage {
                issued: Some((issued.token.label, issued.secret)),
                ..TokensPage::new(registry, &session, &[])?
            }),
            Err(Error::Refused(words)) => {
                let answer = render(&TokensPage {
                    wrong: Some(words),
                    label: label.into(),
                    ..TokensPage::new(registry, &session, &scopes)?
                })?;
                Ok((StatusCode::UNPROCESSABLE_ENTITY, answer).into_response())
            }
            Err(failed) => Err(failed.into()),
        }
    })
    .await
}

/// `POST /tokens/{id}/revoke`.
pub(super) async fn revoke(
    State(registry): State<Registry>,
    Extension(session): Officer,
    Path(id): Path<i64>,
) -> Result<Redirect, WebError> {
    blocking(&registry, move |registry| {
        tokens::revoke(registry, &session.operator, id)?;
        Ok(Redirect::to("/tokens"))
    })
    .await
}

impl TokensPage {
    fn new(registry: &Registry, session: &Session, chosen: &[Scope]) -> Result<Self, WebError> {
        let operator = &session.operator;
        let now = registry.clock.now();
        let chosen = if chosen.is_empty() { &[Scope::Read] } else { chosen };
        let lines = tokens::listed(registry, operator)?.into_iter().map(|token| {
            let over = match token.revoked_at {
                Some(_) => Some("已撤销"),
                None => (!token.is_alive(now)).then_some("已过期"),
            };
            let scopes: Vec<&str> = token.scopes.iter().map(|scope| scope.label()).collect();
            Line {
                id: token.id,
                may_revoke: over.is_none() && (operator.may_keep_people() || token.person == operator.name),
                person: token.person,
                label: token.label,
                scopes: scopes.join("、"),
                until: words::moment(token.expires_at),
                used: token.used_at.map_or_else(|| "未用过".into(), words::moment),
                over,
            }
        });
        Ok(Self {
            frame: Frame::new(registry, session, "接口令牌", "/tokens"),
            issued: None,
            wrong: None,
            label: String::new(),
            scopes: tokens::scopes_of(operator.role)
                .iter()
                .map(|scope| (scope.word(), scope.label(), chosen.contains(scope)))
                .collect(),
            days: DAYS.map(|(days, label)| (days, label, days == USUAL_DAYS)).to_vec(),
            lines: lines.collect(),
            of_all: operator.may_keep_people() || operator.may_read_audit(),
        })
    }
}
