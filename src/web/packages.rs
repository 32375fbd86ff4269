//! `/packages`: the delivery by hand. A package is made and taken away here, and its receipts are brought back.

use askama::Template;
use axum::extract::multipart::MultipartRejection;
use axum::extract::{Extension, Multipart, Path, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Redirect, Response};

use super::error::WebError;
use super::frame::{Frame, blocking, page as render};
use super::guard::Officer;
use super::{upload, words};
use crate::registry::people::Session;
use crate::registry::{Registry, packages};
use crate::sync;

#[derive(Template)]
#[template(path = "packages.html")]
struct PackagesPage {
    frame: Frame,
    may_send: bool,
    /// What was just done, and whether all went well.
    told: Option<(String, bool)>,
    strange: Vec<packages::Strange>,
    packages: Vec<Line>,
}

struct Line {
    number: String,
    made: String,
    records: usize,
    open: usize,
}

/// `GET /packages`.
pub(super) async fn page(State(registry): State<Registry>, Extension(session): Officer) -> Result<Response, WebError> {
    blocking(&registry, move |registry| shown(registry, &session, None, Vec::new())).await
}

fn shown(
    registry: &Registry,
    session: &Session,
    told: Option<(String, bool)>,
    strange: Vec<packages::Strange>,
) -> Result<Response, WebError> {
    let line = |package: packages::Package| Line {
        made: words::moment(package.made_at),
        number: package.batch_no,
        records: package.records,
        open: package.open,
    };
    render(&PackagesPage {
        frame: Frame::new(registry, session, "数据包", "/packages"),
        may_send: session.operator.may_deliver(),
        told,
        strange,
        packages: packages::open(registry, &session.operator)?
            .into_iter()
            .map(line)
            .collect(),
    })
}

/// `POST /packages`: puts what waits into a package.
pub(super) async fn make(State(registry): State<Registry>, Extension(session): Officer) -> Result<Response, WebError> {
    blocking(&registry, move |registry| {
        let profile = sync::profile(&registry.catalogue).map_err(|error| WebError::Refused(format!("{error:#}")))?;
        let told = match packages::make(registry, &session.operator, &profile)? {
            None => ("没有待报的工程，未生成数据包。".to_owned(), false),
            Some((outcome, number)) => (
                format!(
                    "{}。{}。",
                    outcome.detail.as_deref().unwrap_or_default(),
                    sync::balance(&outcome)
                ),
                number.is_some(),
            ),
        };
        shown(registry, &session, Some(told), Vec::new())
    })
    .await
}

/// `GET /packages/{number}/file`: the package, the same each time.
pub(super) async fn file(
    State(registry): State<Registry>,
    Extension(session): Officer,
    Path(number): Path<String>,
) -> Result<Response, WebError> {
    blocking(&registry, move |registry| {
        let bytes = packages::file(registry, &session.operator, &number)?;
        // the number is one of ours: letters, digits and hyphens
        let disposition = format!("attachment; filename=\"{number}.zip\"");
        let headers = [
            (CONTENT_TYPE, "application/zip".to_owned()),
            (CONTENT_DISPOSITION, disposition),
        ];
        Ok((headers, bytes).into_response())
    })
    .await
}

/// `POST /packages/{number}/receipts`: registers a receipts workbook.
pub(super) async fn receipts(
    State(registry): State<Registry>,
    Extension(session): Officer,
    Path(number): Path<String>,
    multipart: Result<Multipart, MultipartRejection>,
) -> Result<Response, WebError> {
    let mut multipart = multipart?;
    let most = registry.checker.limits.file_bytes;
    let mut file = None;
    while let Some(field) = multipart.next_field().await? {
        if field.name() == Some("file") {
            file = upload::keep(field, most).await?;
        }
    }
    let Some((_, file)) = file else {
        return Err(WebError::Refused("没有选择文件，或者选择的文件是空的。".into()));
    };
    blocking(&registry, move |registry| {
        let profile = sync::profile(&registry.catalogue).map_err(|error| WebError::Refused(format!("{error:#}")))?;
        let report = packages::register(registry, &session.operator, &profile, file.path(), Some(&number))?;
        let known = match report.known {
            0 => String::new(),
            rows => format!("{rows} 行此前已登记，未重复登记。"),
        };
        let told = format!(
            "已登记数据包 {number} 的回执：{}。{known}",
            sync::balance(&report.outcome)
        );
        shown(
            registry,
            &session,
            Some((told, report.strange.is_empty())),
            report.strange,
        )
    })
    .await
}

/// `POST /packages/{number}/lost`: what has no receipt waits again.
pub(super) async fn lost(
    State(registry): State<Registry>,
    Extension(session): Officer,
    Path(number): Path<String>,
) -> Result<Response, WebError> {
    blocking(&registry, move |registry| {
        packages::lose(registry, &session.operator, &number)?;
        Ok(Redirect::to("/packages").into_response())
    })
    .await
}
