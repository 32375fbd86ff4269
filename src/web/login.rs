//! `/login`, `/logout` and `/password`.

use askama::Template;
use axum::extract::{Extension, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::cookie::{Cookie, SameSite};
use axum_extra::extract::{CookieJar, Form};
use serde::Deserialize;

use super::error::WebError;
use super::frame::{Frame, blocking, page};
use super::guard::{COOKIE, Officer, Origin};
use super::words;
use crate::registry::people::{self, Login, Role};
use crate::registry::{Error, Registry};

#[derive(Template)]
#[template(path = "login.html")]
struct LoginPage {
    frame: Frame,
    /// What went wrong with the last try.
    wrong: Option<String>,
    /// What came before.
    note: Option<&'static str>,
    name: String,
    next: String,
}

/// What the address of the login says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    /// Where to go afterwards.
    next: String,
    /// A session has ended while the officer was at work.
    lost: Option<String>,
    /// The password was changed.
    changed: Option<String>,
}

/// `GET /login`.
pub(super) async fn form(Query(asked): Query<Asked>) -> Result<Response, WebError> {
    let note = match asked {
        Asked { changed: Some(_), .. } => Some("密码已修改，请用新密码登录。"),
        Asked { lost: Some(_), .. } => Some("您还没有登录，或者离开太久、登录已失效。登录后会回到刚才的页面。"),
        _ => None,
    };
    page(&LoginPage {
        frame: Frame::open("登录"),
        wrong: None,
        note,
        name: String::new(),
        next: asked.next,
    })
}

/// What the login form sends.
#[derive(Deserialize)]
pub(super) struct Credentials {
    name: String,
    password: String,
    #[serde(default)]
    next: String,
}

/// `POST /login`.
pub(super) async fn log_in(
    State(registry): State<Registry>,
    Origin(origin): Origin,
    headers: HeaderMap,
    jar: CookieJar,
    Form(credentials): Form<Credentials>,
) -> Result<Response, WebError> {
    let Credentials { name, password, next } = credentials;
    let name = name.trim().to_owned();
    let asked = name.clone();
    let login = blocking(&registry, move |registry| {
        Ok(people::log_in(registry, &asked, &password, &origin)?)
    });
    let wrong = match login.await? {
        Login::Session(session) => {
            let to = if session.must_change {
                "/password"
            } else if is_local(&next) {
                &next
            } else {
                home_of(session.operator.role)
            };
            // A proxy in front of us says whether the officer came over TLS; set so, the cookie never travels without.
            let secure = headers.get("x-forwarded-proto").is_some_and(|proto| proto == "https");
            let cookie = Cookie::build((COOKIE, session.token))
                .path("/")
                .http_only(true)
                .same_site(SameSite::Lax)
                .secure(secure);
            return Ok((jar.add(cookie), Redirect::to(to)).into_response());
        }
        Login::Wrong => "用户名或密码不对。连续输错 5 次，账号会锁定 15 分钟。忘了密码，请找管理员重设。".into(),
        Login::Locked(until) => format!(
            "密码连续输错 5 次，账号已锁定到 {}。请到时再试；忘了密码，请找管理员重设。",
            words::local(until).format("%H:%M")
        ),
    };
    let answer = page(&LoginPage {
        frame: Frame::open("登录"),
        wrong: Some(wrong),
        note: None,
        name,
        next,
    })?;
    Ok((StatusCode::UNAUTHORIZED, answer).into_response())
}

/// Where each role begins its day.
pub(super) fn home_of(role: Role) -> &'static str {
    match role {
        Role::Reporter | Role::Lead => "/",
        Role::Secretariat => "/review",
        Role::Auditor => "/progress",
        Role::Administrator => "/people",
    }
}

/// Whether an address leads to one of our own pages.
fn is_local(address: &str) -> bool {
    let plain = |letter: char| letter.is_ascii_graphic() && letter != '\\';
    address.starts_with('/') && !address.starts_with("//") && address.chars().all(plain)
}

/// `POST /logout`.
pub(super) async fn log_out(
    State(registry): State<Registry>,
    Extension(session): Officer,
    jar: CookieJar,
) -> Result<Response, WebError> {
    blocking(&registry, move |registry| Ok(people::log_out(registry, &session)?)).await?;
    Ok((jar.remove(Cookie::build(COOKIE).path("/")), Redirect::to("/login")).into_response())
}

#[derive(Template)]
#[template(path = "password.html")]
struct PasswordPage {
    frame: Frame,
    /// Whose, for the browser that keeps passwords.
    name: String,
    /// It must be changed before anything else.
    must: bool,
    wrong: Option<String>,
}

/// `GET /password`.
pub(super) async fn password_form(
    State(registry): State<Registry>,
    Extension(session): Officer,
) -> Result<Response, WebError> {
    page(&PasswordPage {
        frame: Frame::new(&registry, &session, "修改密码", "/password"),
        name: session.operator.name.clone(),
        must: session.must_change,
        wrong: None,
    })
}

/// What the password form sends.
#[derive(Deserialize)]
pub(super) struct NewPassword {
    old: String,
    new: String,
    again: String,
}

/// `POST /password`.
pub(super) async fn change_password(
    State(registry): State<Registry>,
    Extension(session): Officer,
    Form(NewPassword { old, new, again }): Form<NewPassword>,
) -> Result<Response, WebError> {
    let operator = session.operator.clone();
    let changed = blocking(&registry, move |registry| {
        if new != again {
            return Ok(Err("两次输入的新密码不一样。".into()));
        }
        match people::change_password(registry, &operator, &old, &new) {
            Ok(()) => Ok(Ok(())),
            Err(Error::Refused(words)) => Ok(Err(words)),
            Err(failed) => Err(failed.into()),
        }
    });
    let wrong = match changed.await? {
        // Every session has ended with the old password.
        Ok(()) => return Ok(Redirect::to("/login?changed=1").into_response()),
        Err(words) => words,
    };
    let answer = page(&PasswordPage {
        frame: Frame::new(&registry, &session, "修改密码", "/password"),
        name: session.operator.name.clone(),
        must: session.must_change,
        wrong: Some(wrong),
    })?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, answer).into_response())
}

#[cfg(test)]
mod tests {
    use super::is_local;

    #[test]
    fn a_login_leads_to_our_own_pages_only() {
        for address in ["/", "/review?state=pending&page=2", "/projects/LC-2026-000001"] {
            assert!(is_local(address), "{address}");
        }
        for address in [
            "",
            "review",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "/\n",
        ] {
            assert!(!is_local(address), "{address}");
        }
    }
}
