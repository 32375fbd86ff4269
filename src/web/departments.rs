//! `/departments`: the departments of the work plan, which of them a published notice names, and which have a step of their own lead.

use askama::Template;
use axum::extract::{Extension, Path, State};
use axum::response::{Redirect, Response};
use axum_extra::extract::Form;
use retrofit_import::catalogue::CodeList;
use serde::Deserialize;

use super::error::WebError;
use super::frame::{Frame, blocking, page};
use super::guard::Officer;
use crate::registry::{Registry, settings};

#[derive(Template)]
#[template(path = "departments.html")]
struct DepartmentsPage {
    frame: Frame,
    departments: Vec<Line>,
    unconfirmed: usize,
    /// May settle who looks before the secretariat.
    may_settle: bool,
}

struct Line {
    code: String,
    name: String,
    secretariat: bool,
    categories: String,
    confirmed: bool,
    /// Its own lead looks before the secretariat does.
    lead: bool,
}

/// `GET /departments`.
pub(super) async fn list(State(registry): State<Registry>, Extension(session): Officer) -> Result<Response, WebError> {
    let catalogue = &registry.catalogue;
    let leads = blocking(&registry, |registry| Ok(settings::lead_departments(registry)?)).await?;
    let lines = catalogue.departments().iter().map(|department| {
        let labels = department
            .lead_categories
            .iter()
            .map(|code| catalogue.code_label(CodeList::Category, code));
        Line {
            code: department.code.clone(),
            name: department.name.clone(),
            secretariat: department.secretariat,
            categories: labels.collect::<Vec<_>>().join("、"),
            confirmed: department.is_confirmed(),
            lead: leads.contains(&department.code),
        }
    });
    let departments: Vec<Line> = lines.collect();
    page(&DepartmentsPage {
        frame: Frame::new(&registry, &session, "部门", "/departments"),
        may_settle: session.operator.may_keep_people(),
        unconfirmed: departments.iter().filter(|line| !line.confirmed).count(),
        departments,
    })
}

/// What the switch of a department's own step sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Switch {
    /// `on` or `off`.
    lead: String,
}

/// `POST /departments/{department}/lead`: settles whether its own lead looks before the secretariat does.
pub(super) async fn set_lead(
    State(registry): State<Registry>,
    Extension(session): Officer,
    Path(department): Path<String>,
    Form(asked): Form<Switch>,
) -> Result<Redirect, WebError> {
    blocking(&registry, move |registry| {
        let on = match &*asked.lead {
            "on" => true,
            "off" => false,
            _ => return Err(WebError::Refused("请在部门页上点“启用”或“停用”。".into())),
        };
        settings::set_lead_review(registry, &session.operator, &department, on)?;
        Ok(Redirect::to("/departments"))
    })
    .await
}
