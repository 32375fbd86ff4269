//! Who gets through to a handler.
//!
//! **Posts from other sites.** The session cookie is `SameSite=Lax`, which keeps it out of other sites' posts, and besides, a request that
//! may change something is refused unless its browser says that it comes from our own pages: `Sec-Fetch-Site`, or, where a browser does
//! not send that (over plain HTTP in an intranet none does), an `Origin` that names the `Host` asked. A client that sends neither
//! is no browser and has no other site's page in it. This does without a token in every form, so that a page left open over a change of session
//! still sends. A reverse proxy must hand the `Host` through.
//!
//! **A form sent with a session that has ended** is not lost: the login carries it along, see [`super::kept`].

use axum::extract::{ConnectInfo, Extension, FromRequestParts, Request, State};
use axum::http::header::{CONTENT_TYPE, HOST, ORIGIN, REFERER};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::CookieJar;
use std::net::{IpAddr, SocketAddr};

use super::error::{Reason, WebError, dress, framed};
use super::frame::blocking;
use super::kept;
use super::router::Access;
use crate::registry::people::{self, Operator, Session};
use crate::registry::{Registry, audit};

/// The cookie that holds a session's token.
pub(super) const COOKIE: &str = "retrofit_session";
/// Characters of an address that are noted.
const LONGEST_ASKED: usize = 200;
/// What a proxy says of whom it was asked by.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// Lets a request through to its handler, with its [`Session`] as an extension where the route asks for one.
pub(super) async fn enter(
    State((registry, access)): State<(Registry, Access)>,
    Origin(origin): Origin,
    mut request: Request,
    next: Next,
) -> Response {
    let foreign = !is_safe(request.method()) && !is_own_site(request.headers());
    let from_elsewhere = || WebError::Foreign.into_response();
    let Access::Roles(roles) = access else {
        return if foreign {
            from_elsewhere()
        } else {
            next.run(request).await
        };
    };
    let token = CookieJar::from_headers(request.headers())
        .get(COOKIE)
        .map(|cookie| cookie.value().to_owned());
    let session = match resume(&registry, token.clone(), origin).await {
        Ok(Some(session)) => session,
        Ok(None) if foreign => return from_elsewhere(),
        Ok(None) => return log_in_again(&registry, request, token).await,
        Err(error) => return error.into_response(),
    };
    let asked = asked(request.method(), request.uri().path());
    if foreign {
        let answer = framed(&registry, &session, from_elsewhere());
        note_refused(&registry, session.operator, asked, None).await;
        return answer;
    }
    if session.must_change && !["/password", "/logout"].contains(&request.uri().path()) {
        return Redirect::to("/password").into_response();
    }
    if !roles.contains(&session.operator.role) {
        let refusal = WebError::Forbidden("这个功能只对别的角色开放。").into_response();
        let answer = framed(&registry, &session, refusal);
        note_refused(&registry, session.operator, asked, None).await;
        return answer;
    }
    let operator = session.operator.clone();
    request.extensions_mut().insert(session.clone());
    let answer = framed(&registry, &session, dress(next.run(request).await).await);
    // What is another department's answers like what is not there.
    let refused = [
        StatusCode::NOT_FOUND,
        StatusCode::FORBIDDEN,
        StatusCode::PAYLOAD_TOO_LARGE,
    ];
    let reason = answer.extensions().get::<Reason>().map(|reason| reason.0.clone());
    if reason.is_some() || refused.contains(&answer.status()) {
        note_refused(&registry, operator, asked, reason).await;
    }
    answer
}

async fn resume(registry: &Registry, token: Option<String>, origin: String) -> Result<Option<Session>, WebError> {
    let Some(token) = token else { return Ok(None) };
    let resumed = blocking(registry, move |registry| Ok(people::resume(registry, &token, &origin)?));
    resumed.await
}

/// The page for an address that has none.
pub(super) async fn no_page(State(registry): State<Registry>, Origin(origin): Origin, jar: CookieJar) -> Response {
    astray(&registry, origin, &jar, WebError::NotFound).await
}

/// The page for an address that is not used in this way.
pub(super) async fn wrong_method(State(registry): State<Registry>, Origin(origin): Origin, jar: CookieJar) -> Response {
    astray(&registry, origin, &jar, WebError::WrongMethod).await
}

/// An error page outside of all routes, with the way back for who is logged in.
async fn astray(registry: &Registry, origin: String, jar: &CookieJar, error: WebError) -> Response {
    let token = jar.get(COOKIE).map(|cookie| cookie.value().to_owned());
    match resume(registry, token, origin).await {
        Ok(Some(session)) if !session.must_change => framed(registry, &session, error.into_response()),
        Ok(_) => error.into_response(),
        Err(failed) => failed.into_response(),
    }
}

/// Notes a refusal in the audit log: of access, or, where there is a reason, of what was asked. It stands whether or not that succeeds.
async fn note_refused(registry: &Registry, operator: Operator, asked: String, reason: Option<String>) {
    let noted = blocking(registry, move |registry| {
        let action = match &reason {
            Some(_) => format!("{}.refused", area(&asked)),
            None => "access.page".into(),
        };
        let reason = reason.as_deref();
        Ok(audit::note_refusal(registry, &operator, &action, &asked, reason)?)
    });
    if let Err(error) = noted.await {
        tracing::error!("a refusal was not noted in the audit log: {error:?}");
    }
}

/// What was asked, as the audit log names it.
pub(crate) fn asked(method: &Method, path: &str) -> String {
    let asked = format!("{method} {path}");
    asked.chars().take(LONGEST_ASKED).collect()
}

/// Which area of the audit log an address is in, of a page or of the interface.
pub(crate) fn area(asked: &str) -> &'static str {
    let path = asked.split_once('/').map_or("", |(_, path)| path);
    let path = path.strip_prefix("api/v1/").unwrap_or(path);
    match path.split('/').next().unwrap_or_default() {
        "uploads" => "upload",
        "review" => "review",
        "projects" if asked.contains("/photos") => "photo",
        "projects" | "waivers" => "project",
        "photos" => "photo",
        "periods" => "period",
        "targets" => "target",
        "inspections" | "rectifications" | "inspection-findings" => "inspection",
        "meetings" | "meeting-items" => "meeting",
        "packages" | "deliveries" | "reconciliation" => "package",
        "people" | "account" | "password" => "user",
        "tokens" => "token",
        "departments" => "department",
        "jobs" => "job",
        _ => "access",
    }
}

fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

fn is_own_site(headers: &HeaderMap) -> bool {
    let header = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    if let Some(site) = header("sec-fetch-site") {
        return site == "same-origin" || site == "none";
    }
    match (header(ORIGIN.as_str()), header(HOST.as_str())) {
        (None, _) => true,
        (Some(origin), Some(host)) => origin.split_once("://").is_some_and(|(_, from)| from == host),
        (Some(_), None) => false,
    }
}

/// To the login, with the form where one was sent, and from there back to the page that was asked for, or from which something was sent.
async fn log_in_again(registry: &Registry, request: Request, token: Option<String>) -> Response {
    if is_safe(request.method()) {
        let back = request.uri().path_and_query().map(|path| path.as_str().to_owned());
        return to_login(back, "1").into_response();
    }
    let header = |headers: &HeaderMap, name| {
        let value = headers.get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default().to_owned()
    };
    let back = header(request.headers(), REFERER)
        .parse::<Uri>()
        .ok()
        .and_then(|referer| referer.path_and_query().map(|path| path.as_str().to_owned()));
    // Files are not carried along: they would have to be kept for whoever logs in.
    let kind = header(request.headers(), CONTENT_TYPE);
    let with_files = kind.starts_with("multipart/form-data");
    if let Some(token) = token.filter(|_| kind.starts_with("application/x-www-form-urlencoded")) {
        match kept::login(registry, request, token, back.clone().unwrap_or_default()).await {
            Ok(Some(page)) => return page,
            Ok(None) => {}
            Err(error) => return error.into_response(),
        }
    }
    to_login(back, if with_files { "file" } else { "1" }).into_response()
}

fn to_login(back: Option<String>, lost: &str) -> Redirect {
    let back = back.filter(|back| back != "/");
    if back.is_none() && lost != "file" {
        return Redirect::to("/login");
    }
    let back = back.unwrap_or_default();
    let query = serde_urlencoded::to_string([("next", &*back), ("lost", lost)]).unwrap_or_default();
    Redirect::to(&format!("/login?{query}"))
}

/// The address that a request comes from, for the audit log. Of a request that a reverse proxy on this machine hands on, it is the one that the
/// proxy was asked from: the last in `X-Forwarded-For`, because what stands before that anybody can write.
#[derive(Clone, Debug)]
pub(crate) struct Origin(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for Origin {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut axum::http::request::Parts, _: &S) -> Result<Self, Self::Rejection> {
        let Some(ConnectInfo(peer)) = parts.extensions.get::<ConnectInfo<SocketAddr>>() else {
            return Ok(Self("unknown".into()));
        };
        let peer = peer.ip().to_canonical();
        let handed_on = parts.headers.get_all(FORWARDED_FOR).iter().next_back();
        let handed_on = handed_on.filter(|_| peer.is_loopback()).and_then(|list| {
            let last = list.to_str().ok()?.rsplit(',').next()?;
            last.trim().parse::<IpAddr>().ok()
        });
        Ok(Self(handed_on.unwrap_or(peer).to_string()))
    }
}

/// What a handler of a route with roles is given.
pub(super) type Officer = Extension<Session>;
