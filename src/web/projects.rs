//! `/projects`: the approved projects, now or at the end of a month that is over: the list behind every figure of the boards. What narrows it
//! stands in the address.

use askama::Template;
use axum::extract::{Extension, Query, State};
use axum::response::Response;
use retrofit_import::catalogue::{CodeList, Field};
use serde::{Deserialize, Serialize};

use super::error::WebError;
use super::frame::{Frame, blocking, page as render};
use super::guard::Officer;
use super::progress::short;
use super::targets::decimal;
use super::words;
use crate::db::figures::Sums;
use crate::registry::month::Month;
use crate::registry::people::{Role, Session};
use crate::registry::projects::{self, Approved, ApprovedFilter};
use crate::registry::{Registry, snapshots};

/// Projects on a page.
const PAGE: usize = 50;

/// Groups of stages, as the boards count them: the query's word, the label, the stages.
const GROUPS: [(&str, &str, &[&str]); 4] = [
    ("counted", "未取消的", &["10", "20", "30", "40", "50"]),
    ("planned", "未开工（计划、鉴定设计）", &["10", "20"]),
    ("begun", "已开工（含已完成）", &["30", "40", "50"]),
    ("finished", "已完成（含已验收）", &["40", "50"]),
];

#[derive(Template)]
#[template(path = "projects.html")]
struct ProjectsPage {
    frame: Frame,
    filters: Vec<Choice>,
    narrowed: bool,
    /// The month whose end is shown; blank as things stand now.
    month: String,
    /// The address of the same list as it stands now, after `/projects?`.
    now: String,
    /// No figures and no history were kept of that month; else the months they were kept of: the first and the last.
    unknown: Option<(String, String)>,
    /// What the list is further narrowed to, as the figures of the targets are.
    only: String,
    /// The fields of the form that keep that so.
    kept: Vec<(&'static str, String)>,
    sums: Sums,
    /// All that match in their unit of scale, where one is asked for.
    scale: String,
    lines: Vec<Line>,
    next: Option<String>,
}

/// A list of the filter.
struct Choice {
    name: &'static str,
    label: &'static str,
    all: &'static str,
    options: Vec<(String, String)>,
    chosen: String,
}

struct Line {
    code: String,
    name: String,
    department: String,
    category: String,
    county: String,
    stage: String,
    planned: String,
    done: String,
}

/// What an address asks for.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(super) struct Asked {
    #[serde(default, skip_serializing_if = "String::is_empty")]
    department: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    category: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    county: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    stage: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    unit: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    year: String,
    /// As of the end of which month; blank for now.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    month: String,
    #[serde(default)]
    after: i64,
}

/// `GET /projects`.
pub(super) async fn page(
    State(registry): State<Registry>,
    Extension(session): Officer,
    Query(asked): Query<Asked>,
) -> Result<Response, WebError> {
    blocking(&registry, move |registry| render(&list(registry, &session, &asked)?)).await
}

fn list(registry: &Registry, session: &Session, asked: &Asked) -> Result<ProjectsPage, WebError> {
    let given = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
    let group = GROUPS.iter().find(|(word, ..)| *word == asked.stage);
    let filter = ApprovedFilter {
        department: given(&asked.department),
        category: given(&asked.category),
        county: given(&asked.county),
        stages: match group {
            Some((.., stages)) => stages.iter().map(|&stage| stage.to_owned()).collect(),
            None => given(&asked.stage).into_iter().collect(),
        },
        unit: given(&asked.unit),
        year: given(&asked.year),
        not_in: None,
    };
    let month = match &*asked.month {
        "" => None,
        month => Some(month.parse::<Month>().map_err(|_| WebError::NotFound)?),
    };
    let as_of = month.filter(|month| *month != Month::at(registry.clock.now()));
    let sums = projects::approved_sums(registry, &session.operator, filter.clone(), as_of)?;
    let unit = registry.catalogue.code_label(CodeList::ScaleUnit, &asked.unit);
    // One more tells whether there is a next page.
    let limit = i64::try_from(PAGE + 1).unwrap_or(i64::MAX);
    let mut found = match sums {
        Some(_) => projects::approved(registry, &session.operator, filter, as_of, (asked.after, limit))?,
        None => Vec::new(),
    };
    let more = found.len() > PAGE;
    found.truncate(PAGE);
    let next = found.last().filter(|_| more).map(|last| Asked {
        after: last.code.id,
        ..asked.clone()
    });
    let now = Asked {
        month: String::new(),
        after: 0,
        ..asked.clone()
    };
    let months = snapshots::months(registry)?;
    let named = |month: &Month| words::period_label(&month.to_string());
    let known = months.last().zip(months.first());
    let filters = filters(registry, session, asked, &months);
    let label = as_of.as_ref().map(named).unwrap_or_default();
    let title = if label.is_empty() {
        "工程清单".to_owned()
    } else {
        format!("{label}底的工程清单")
    };
    Ok(ProjectsPage {
        frame: Frame::new(registry, session, title, "/projects"),
        narrowed: filters.iter().any(|choice| !choice.chosen.is_empty())
            || !asked.unit.is_empty()
            || !asked.year.is_empty(),
        month: label,
        now: serde_urlencoded::to_string(now).unwrap_or_default(),
        unknown: known
            .filter(|_| sums.is_none())
            .map(|(first, last)| (named(first), named(last))),
        only: only(unit, &asked.year),
        kept: [("unit", &asked.unit), ("year", &asked.year)]
            .into_iter()
            .filter_map(|(name, value)| Some((name, given(value)?)))
            .collect(),
        sums: sums.unwrap_or_default(),
        scale: match (&*asked.unit, sums) {
            ("", _) | (_, None) => String::new(),
            (_, Some(sums)) => format!("{} {unit}", decimal(sums.scale_e2, 2)),
        },
        filters,
        lines: found.iter().map(|project| line(registry, project)).collect(),
        next: next.and_then(|next| serde_urlencoded::to_string(next).ok()),
    })
}

/// What a list is narrowed to by unit and year, in words.
fn only(unit: &str, year: &str) -> String {
    let unit = (!unit.is_empty()).then(|| format!("规模以“{unit}”计"));
    let year = (!year.is_empty()).then(|| format!("未完成或{year}年完成"));
    unit.into_iter().chain(year).collect::<Vec<_>>().join("、")
}

fn line(registry: &Registry, project: &Approved) -> Line {
    let catalogue = &registry.catalogue;
    let said = |field| {
        project
            .values
            .get(&field)
            .map_or_else(String::new, |value| words::value(catalogue, field, value))
    };
    Line {
        code: project.code.to_string(),
        name: said(Field::Name),
        department: words::department(catalogue, &project.department).to_owned(),
        category: said(Field::Category),
        county: said(Field::County),
        stage: said(Field::Stage),
        planned: said(Field::InvestmentPlanned),
        done: said(Field::InvestmentDone),
    }
}

fn filters(registry: &Registry, session: &Session, asked: &Asked, months: &[Month]) -> Vec<Choice> {
    let catalogue = &registry.catalogue;
    let codes = |list| {
        catalogue
            .codes(list)
            .iter()
            .map(|code| (code.code.to_string(), code.label.clone()))
    };
    // The first of them is that of now.
    let over = months.iter().skip(1).map(Month::to_string);
    let mut filters = vec![Choice {
        name: "month",
        label: "截至",
        all: "现在",
        options: over
            .map(|month| (month.clone(), format!("{}底", words::period_label(&month))))
            .collect(),
        chosen: asked.month.clone(),
    }];
    if matches!(session.operator.role, Role::Secretariat | Role::Auditor) {
        let departments = catalogue.departments().iter();
        filters.push(Choice {
            name: "department",
            label: "部门",
            all: "全部部门",
            options: departments
                .map(|department| (department.code.clone(), department.short_name.clone()))
                .collect(),
            chosen: asked.department.clone(),
        });
    }
    filters.push(Choice {
        name: "category",
        label: "类别",
        all: "全部类别",
        options: codes(CodeList::Category).collect(),
        chosen: asked.category.clone(),
    });
    let counties = catalogue.divisions().counties();
    filters.push(Choice {
        name: "county",
        label: "县（市、区）",
        all: "全市",
        options: counties
            .map(|county| (county.code.to_string(), short(catalogue, &county.code)))
            .collect(),
        chosen: asked.county.clone(),
    });
    let groups = GROUPS
        .iter()
        .map(|&(word, label, _)| (word.to_owned(), label.to_owned()));
    filters.push(Choice {
        name: "stage",
        label: "工程进度",
        all: "不限",
        options: groups.chain(codes(CodeList::Stage)).collect(),
        chosen: asked.stage.clone(),
    });
    filters
}
