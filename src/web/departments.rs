//! `/departments`: the departments of the work plan, and which of them a published notice names.

use askama::Template;
use axum::extract::{Extension, State};
use axum::response::Response;
use retrofit_import::catalogue::CodeList;

use super::error::WebError;
use super::frame::{Frame, page};
use super::guard::Officer;
use crate::registry::Registry;

#[derive(Template)]
#[template(path = "departments.html")]
struct DepartmentsPage {
    frame: Frame,
    departments: Vec<Line>,
    unconfirmed: usize,
}

struct Line {
    code: String,
    name: String,
    secretariat: bool,
    categories: String,
    confirmed: bool,
}

/// `GET /departments`.
pub(super) async fn list(State(registry): State<Registry>, Extension(session): Officer) -> Result<Response, WebError> {
    let catalogue = &registry.catalogue;
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
        }
    });
    let departments: Vec<Line> = lines.collect();
    page(&DepartmentsPage {
        frame: Frame::new(&registry, &session, "部门", "/departments"),
        unconfirmed: departments.iter().filter(|line| !line.confirmed).count(),
        departments,
    })
}
