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
    pub(super) sections: Vec<Link>,
    /// The pages of the section at hand; empty where it has but one.
    pub(super) pages: Vec<Link>,
}

/// A way to another page.
pub(super) struct Link {
    pub(super) address: &'static str,
    pub(super) label: &'static str,
    pub(super) here: bool,
}

/// The pages that the frame leads to, by section: the head line names the sections, a second line the pages of the section at hand. Each
/// role sees those that it may use.
const SECTIONS: &[(&str, &[(&str, &str)])] = &[
    (
        "报送",
        &[
            ("/", "报送"),
            ("/periods", "报送情况"),
            ("/timeliness", "报送时效"),
            ("/quality", "数据质量"),
            ("/duplicates", "疑似重复"),
            ("/photos", "照片"),
        ],
    ),
    ("审核", &[("/review", "审核"), ("/waivers", "规则豁免")]),
    (
        "进度",
        &[
            ("/progress", "工程进度"),
            ("/targets", "年度目标"),
            ("/projects", "工程清单"),
            ("/bulletin", "工作通报"),
        ],
    ),
    ("督办", &[("/inspections", "联合检查"), ("/meetings", "议定事项")]),
    (
        "上报平台",
        &[
            ("/runs", "上报记录"),
            ("/packages", "数据包"),
            ("/reconciliation", "与平台核对"),
        ],
    ),
    ("检查规则", &[("/rules", "检查规则")]),
    (
        "管理",
        &[
            ("/people", "用户"),
            ("/departments", "部门"),
            ("/jobs", "定时任务"),
            ("/tokens", "接口令牌"),
            ("/audit", "操作记录"),
        ],
    ),
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

    /// The frame of a page that belongs to the page `under` of the sections.
    pub(super) fn new(registry: &Registry, session: &Session, title: impl Into<String>, under: &str) -> Self {
        let operator = &session.operator;
        let department = operator
            .department
            .as_deref()
            .and_then(|code| registry.catalogue.department(code));
        let mut sections = Vec::new();
        let mut pages = Vec::new();
        // Before the first password is changed every page leads to that.
        let sections_open: &[_] = if session.must_change { &[] } else { SECTIONS };
        for &(label, of_section) in sections_open {
            let open = of_section
                .iter()
                .filter(|&&(address, _)| is_open(address, operator.role));
            let open: Vec<Link> = open
                .map(|&(address, label)| Link {
                    address,
                    label,
                    here: address == under,
                })
                .collect();
            let Some(first) = open.first() else { continue };
            let here = open.iter().any(|page| page.here);
            sections.push(Link {
                address: first.address,
                label,
                here,
            });
            if here && open.len() > 1 {
                pages = open;
            }
        }
        Self {
            title: title.into(),
            person: Some(Person {
                name: operator.name.clone(),
                role: operator.role.label(),
                office: department.map_or_else(String::new, |department| department.short_name.clone()),
                sections,
                pages,
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
