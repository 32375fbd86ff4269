//! What surrounds a page: the title, who is logged in, and the way to the other pages.

use askama::Template;
use axum::response::{Html, IntoResponse, Response};

use super::assets;
use super::error::WebError;
use super::router::routes;
use crate::registry::Registry;
use crate::registry::people::{Role, Session};

/// What `base.html` needs.
pub(super) struct Frame {
    pub(super) title: String,
    pub(super) style: &'static str,
    pub(super) script: &'static str,
    pub(super) version: &'static str,
    /// Nobody before the login.
    pub(super) person: Option<Person>,
}

/// Who is logged in.
pub(super) struct Person {
    pub(super) name: String,
    pub(super) role: &'static str,
    pub(super) office: String,
    pub(super) links: Vec<Link>,
}

/// A way to another page.
pub(super) struct Link {
    pub(super) address: &'static str,
    pub(super) label: &'static str,
    pub(super) here: bool,
}

/// The pages that the frame leads to; each role sees those that it may use.
const LINKS: [(&str, &str); 6] = [
    ("/", "报送"),
    ("/review", "审核"),
    ("/progress", "进度"),
    ("/runs", "上报平台"),
    ("/departments", "部门"),
    ("/rules", "检查规则"),
];

impl Frame {
    /// The frame of a page that needs no login.
    pub(super) fn open(title: &str) -> Self {
        Self {
            title: title.into(),
            style: assets::style_url(),
            script: assets::script_url(),
            version: env!("CARGO_PKG_VERSION"),
            person: None,
        }
    }

    /// The frame of a page under the link `section`.
    pub(super) fn new(registry: &Registry, session: &Session, title: impl Into<String>, section: &str) -> Self {
        let operator = &session.operator;
        let department = operator
            .department
            .as_deref()
            .and_then(|code| registry.catalogue.department(code));
        let links = LINKS
            .into_iter()
            .filter(|&(address, _)| is_open(address, operator.role))
            .map(|(address, label)| Link {
                address,
                label,
                here: address == section,
            });
        Self {
            title: title.into(),
            person: Some(Person {
                name: operator.name.clone(),
                role: operator.role.label(),
                office: department.map_or_else(String::new, |department| department.short_name.clone()),
                links: links.collect(),
            }),
            ..Self::open("")
        }
    }
}

fn is_open(path: &str, role: Role) -> bool {
    routes()
        .iter()
        .any(|route| route.path == path && route.access.allows(role))
}

/// Renders a page.
pub(super) fn page(template: &impl Template) -> Result<Response, WebError> {
    Ok(Html(template.render()?).into_response())
}

/// Runs work that blocks (everything that asks the registry does) beside the requests.
pub(super) async fn blocking<T: Send + 'static>(
    registry: &Registry,
    work: impl FnOnce(&Registry) -> Result<T, WebError> + Send + 'static,
) -> Result<T, WebError> {
    let registry = registry.clone();
    tokio::task::spawn_blocking(move || work(&registry))
        .await
        .map_err(|error| WebError::Failed(error.into()))?
}
