//! Workbooks to take away: the template of a department, and an upload with its findings at their cells.

use axum::extract::{Extension, Path, Query, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use retrofit_import::write;

use super::error::{WebError, seen};
use super::frame::blocking;
use super::guard::Officer;
use super::review_filters::Asked;
use crate::registry::annotated::Part;
use crate::registry::people::{Operator, Session};
use crate::registry::review::Filter;
use crate::registry::{Registry, annotated, exports, intake};

const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// `GET /templates/{department}`.
pub(super) async fn template(State(registry): State<Registry>, Path(code): Path<String>) -> Result<Response, WebError> {
    blocking(&registry, move |registry| {
        let department = registry.catalogue.department(&code).ok_or(WebError::NotFound)?;
        let mut workbook = std::io::Cursor::new(Vec::new());
        write::template(&registry.catalogue, department, &mut workbook)
            .map_err(|error| WebError::Failed(error.into()))?;
        let name = format!("{}填报模板.xlsx", department.short_name);
        Ok(attachment(&name, workbook.into_inner()))
    })
    .await
}

/// `GET /rosters/{department}`: the department's current projects in its template.
pub(super) async fn roster(
    State(registry): State<Registry>,
    Extension(session): Officer,
    Path(code): Path<String>,
) -> Result<Response, WebError> {
    blocking(&registry, move |registry| {
        let department = registry.catalogue.department(&code).ok_or(WebError::NotFound)?;
        let filter = Filter {
            department: Some(code.clone()),
            ..Filter::default()
        };
        let bytes = exported(registry, &session.operator, &filter)?;
        Ok(attachment(&format!("{}工程清单.xlsx", department.short_name), bytes))
    })
    .await
}

/// `GET /review/export`: all that match the queue's filters.
pub(super) async fn queue(
    State(registry): State<Registry>,
    Extension(session): Officer,
    Query(asked): Query<Asked>,
) -> Result<Response, WebError> {
    blocking(&registry, move |registry| {
        let bytes = exported(registry, &session.operator, &asked.filter(registry, &session.operator))?;
        Ok(attachment(&format!("{}工程清单.xlsx", asked.state().label()), bytes))
    })
    .await
}

fn exported(registry: &Registry, operator: &Operator, filter: &Filter) -> Result<Vec<u8>, WebError> {
    let mut workbook = std::io::Cursor::new(Vec::new());
    seen(exports::roster(registry, operator, filter, &mut workbook))?;
    Ok(workbook.into_inner())
}

/// `GET /uploads/{id}/annotated`.
pub(super) async fn annotated(
    State(registry): State<Registry>,
    Extension(session): Officer,
    Path(id): Path<i64>,
) -> Result<Response, WebError> {
    marked(&registry, session, id, Part::Whole).await
}

/// `GET /uploads/{id}/held`: the rows that wait for the officer, to be sent as a supplement.
pub(super) async fn held(
    State(registry): State<Registry>,
    Extension(session): Officer,
    Path(id): Path<i64>,
) -> Result<Response, WebError> {
    marked(&registry, session, id, Part::OnlyHeld).await
}

async fn marked(registry: &Registry, session: Session, id: i64, part: Part) -> Result<Response, WebError> {
    blocking(registry, move |registry| {
        let upload = seen(intake::upload(registry, &session.operator, id))?;
        let workbook = annotated::annotated(registry, &session.operator, id, part)?;
        let bytes = std::fs::read(workbook.path()).map_err(|error| WebError::Failed(error.into()))?;
        let stem = upload
            .file_name
            .rsplit_once('.')
            .map_or(&*upload.file_name, |(stem, _)| stem);
        let what = match part {
            Part::Whole => "检查结果",
            Part::OnlyHeld => "待处理的行",
        };
        Ok(attachment(&format!("{stem}（{what}）.xlsx"), bytes))
    })
    .await
}

fn attachment(name: &str, bytes: Vec<u8>) -> Response {
    let disposition = format!(
        "attachment; filename=\"roster.xlsx\"; filename*=UTF-8''{}",
        encoded(name)
    );
    (
        [(CONTENT_TYPE, XLSX.to_owned()), (CONTENT_DISPOSITION, disposition)],
        bytes,
    )
        .into_response()
}

/// A file name as a header may carry it (RFC 8187): nothing but letters, digits and `-._~` stands for itself.
pub(crate) fn encoded(name: &str) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(name.len() * 3);
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::encoded;

    #[test]
    fn a_file_name_cannot_leave_its_header() {
        assert_eq!(encoded("a-1.xlsx"), "a-1.xlsx");
        assert_eq!(encoded("表\"\r\nX: y"), "%E8%A1%A8%22%0D%0AX%3A%20y");
    }
}
