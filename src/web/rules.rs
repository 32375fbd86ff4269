//! `/rules` and `/rules/{code}`: what is checked, why, and what to do about a finding.

use askama::Template;
use axum::extract::{Extension, Path, State};
use axum::response::Response;
use retrofit_import::rules::{self, RULES, Rule, Status};

use super::error::WebError;
use super::frame::{Frame, page};
use super::guard::Officer;
use super::words;
use crate::registry::Registry;

#[derive(Template)]
#[template(path = "rules.html")]
struct RulesPage {
    frame: Frame,
    families: Vec<Family>,
}

/// Rules whose codes begin with the same letter.
struct Family {
    title: &'static str,
    rules: Vec<Line>,
}

struct Line {
    code: &'static str,
    title: &'static str,
    severity: &'static str,
    class: &'static str,
}

/// The families, in the order that a roster meets them.
const FAMILIES: [(char, &str); 8] = [
    ('F', "文件和工作表"),
    ('V', "填写的值"),
    ('P', "地点"),
    ('S', "抗震设防"),
    ('T', "时间和进度"),
    ('M', "资金和数量"),
    ('D', "重复"),
    ('C', "与上次报送相比"),
];

/// `GET /rules`.
pub(super) async fn list(State(registry): State<Registry>, Extension(session): Officer) -> Result<Response, WebError> {
    let families = FAMILIES.into_iter().map(|(letter, title)| Family {
        title,
        rules: RULES
            .iter()
            .filter(|rule| rule.code.starts_with(letter))
            .map(|rule| line(rule))
            .collect(),
    });
    page(&RulesPage {
        frame: Frame::new(&registry, &session, "检查规则", "/rules"),
        families: families.filter(|family| !family.rules.is_empty()).collect(),
    })
}

fn line(rule: &Rule) -> Line {
    Line {
        code: rule.code,
        title: rule.title,
        severity: rule.severity().label(),
        class: words::severity_class(rule.severity()),
    }
}

#[derive(Template)]
#[template(path = "rule.html")]
struct RulePage<'a> {
    frame: Frame,
    rule: &'static Rule,
    line: Line,
    fields: Vec<&'a str>,
    status: Option<&'static str>,
}

/// `GET /rules/{code}`.
pub(super) async fn one(
    State(registry): State<Registry>,
    Extension(session): Officer,
    Path(code): Path<String>,
) -> Result<Response, WebError> {
    let rule = rules::find(&code).ok_or(WebError::NotFound)?;
    page(&RulePage {
        frame: Frame::new(&registry, &session, format!("{} {}", rule.code, rule.title), "/rules"),
        rule,
        line: line(rule),
        fields: rule
            .fields
            .iter()
            .map(|&field| registry.catalogue.label(field))
            .collect(),
        status: match rule.status {
            Status::InForce => None,
            Status::Trial => Some("试行：只提示，不影响入库。"),
            Status::Retired => Some("已停用：不再检查。"),
        },
    })
}
