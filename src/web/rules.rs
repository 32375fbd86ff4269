//! `/rules` and `/rules/{code}`: what is checked, why, and what to do about a finding.

use askama::Template;
use axum::extract::{Extension, Path, State};
use axum::response::Response;
use retrofit_import::rules::{self, KINDS, RULES, Rule, Setting};

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
    severity: String,
    class: &'static str,
    /// What this deployment sets otherwise, and why.
    setting: Option<String>,
}

/// `GET /rules`.
pub(super) async fn list(State(registry): State<Registry>, Extension(session): Officer) -> Result<Response, WebError> {
    let families = KINDS.into_iter().map(|(letter, title)| Family {
        title,
        rules: RULES
            .iter()
            .filter(|rule| rule.code.starts_with(letter))
            .map(|rule| line(&registry, rule))
            .collect(),
    });
    page(&RulesPage {
        frame: Frame::new(&registry, &session, "检查规则", "/rules"),
        families: families.filter(|family| !family.rules.is_empty()).collect(),
    })
}

fn line(registry: &Registry, rule: &Rule) -> Line {
    Line {
        code: rule.code,
        title: rule.title,
        severity: rule.severity_label(),
        class: words::severity_class(rule.severity()),
        setting: registry.catalogue.rule_settings().of(rule.code).map(Setting::label),
    }
}

#[derive(Template)]
#[template(path = "rule.html")]
struct RulePage<'a> {
    frame: Frame,
    rule: &'static Rule,
    line: Line,
    fields: Vec<&'a str>,
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
        line: line(&registry, rule),
        fields: rule
            .fields
            .iter()
            .map(|&field| registry.catalogue.label(field))
            .collect(),
    })
}
