//! `/waivers`: errors that the secretariat lets a project go in with, and the form that grants one.

use askama::Template;
use axum::extract::{Extension, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::Form;
use chrono::NaiveDate;
use serde::Deserialize;

use super::error::{Reason, WebError};
use super::frame::{Frame, blocking, page as render};
use super::guard::Officer;
use super::words;
use crate::registry::people::Session;
use crate::registry::waivers::{self, Grant, Subject};
use crate::registry::{Error, Registry};

/// Waivers that the page shows.
const SHOWN: i64 = 200;

#[derive(Template)]
#[template(path = "waivers.html")]
struct WaiversPage {
    frame: Frame,
    lines: Vec<Line>,
    departments: Vec<(String, String)>,
    form: Asked,
    may_grant: bool,
    wrong: Option<String>,
}

struct Line {
    code: Option<String>,
    department: String,
    project: String,
    rule: String,
    until: String,
    over: bool,
    reason: String,
    by: String,
    at: String,
}

/// What the form sends; an address may fill it in.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    code: String,
    department: String,
    number: String,
    upload: String,
    sheet: String,
    row: String,
    rule: String,
    until: String,
    reason: String,
    granted: String,
}

/// `GET /waivers`.
pub(super) async fn page(
    State(registry): State<Registry>,
    Extension(session): Officer,
    Query(asked): Query<Asked>,
) -> Result<Response, WebError> {
    blocking(&registry, move |registry| shown(registry, &session, asked, None)).await
}

/// `POST /waivers`.
pub(super) async fn grant(
    State(registry): State<Registry>,
    Extension(session): Officer,
    Form(asked): Form<Asked>,
) -> Result<Response, WebError> {
    blocking(&registry, move |registry| match granted(registry, &session, &asked) {
        Ok(project) => {
            let query = serde_urlencoded::to_string([("granted", project)]).unwrap_or_default();
            Ok(Redirect::to(&format!("/waivers?{query}")).into_response())
        }
        Err(Error::Refused(words)) => {
            let answer = shown(registry, &session, asked, Some(words.clone()))?;
            let reason = Extension(Reason(words));
            Ok((StatusCode::UNPROCESSABLE_ENTITY, reason, answer).into_response())
        }
        Err(failed) => Err(failed.into()),
    })
    .await
}

fn granted(registry: &Registry, session: &Session, asked: &Asked) -> Result<String, Error> {
    let refused = |words: &str| Error::Refused(words.into());
    let until: NaiveDate = asked
        .until
        .trim()
        .parse()
        .map_err(|_| refused("豁免到哪一天没有填，或者不是日期，应写成 2027-06-30 这样。"))?;
    let rule = asked.rule.trim().to_ascii_uppercase();
    let grant = Grant {
        rule: &rule,
        until,
        reason: &asked.reason,
    };
    waivers::waive(registry, &session.operator, &subject(asked)?, &grant)
}

fn subject(asked: &Asked) -> Result<Subject, Error> {
    let refused = |words: &str| Error::Refused(words.into());
    let code = asked.code.trim();
    if !code.is_empty() {
        let wrong = |_| refused("登记编号应为 LC-年份-序号，如 LC-2026-000001。");
        return Ok(Subject::Project(code.parse().map_err(wrong)?));
    }
    if !asked.upload.trim().is_empty() {
        let number = |text: &str| text.trim().parse().map_err(|_| refused("报送编号和行号都要填数字。"));
        return Ok(Subject::Row {
            upload: number(&asked.upload)?,
            sheet: asked.sheet.trim().into(),
            row: number(&asked.row)?,
        });
    }
    if asked.department.is_empty() || asked.number.trim().is_empty() {
        return Err(refused(
            "请指明工程：登记编号，或者部门和工程编号，或者报送编号和行号。",
        ));
    }
    Ok(Subject::Number {
        department: asked.department.clone(),
        number: asked.number.clone(),
    })
}

fn shown(registry: &Registry, session: &Session, form: Asked, wrong: Option<String>) -> Result<Response, WebError> {
    let catalogue = &registry.catalogue;
    let today = words::today(registry).to_string();
    let all = waivers::granted_until(registry, &session.operator, (i64::MAX, 0), SHOWN)?;
    let lines = all.into_iter().map(|waiver| Line {
        code: waiver.code.map(|code| code.to_string()),
        department: words::department(catalogue, &waiver.department).to_owned(),
        project: waiver.project,
        rule: waiver.rule,
        over: waiver.until < today,
        until: waiver.until,
        reason: waiver.reason,
        by: waiver.granted_by,
        at: words::moment(waiver.granted_at),
    });
    let departments = catalogue.departments().iter();
    let departments = departments.map(|department| (department.code.clone(), department.short_name.clone()));
    render(&WaiversPage {
        frame: Frame::new(registry, session, "规则豁免", "/waivers"),
        lines: lines.collect(),
        departments: departments.collect(),
        form,
        may_grant: session.operator.may_review(),
        wrong,
    })
}
