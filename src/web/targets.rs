//! `/targets`: the yearly targets and how they stand, as of any month.

use askama::Template;
use axum::extract::{Extension, Query, State};
use axum::response::{Redirect, Response};
use axum_extra::extract::Form;
use retrofit_import::catalogue::CodeList;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;
use serde::{Deserialize, Serialize};

use super::error::{WebError, seen};
use super::frame::{Frame, blocking, page as render};
use super::guard::Officer;
use super::inspections::departments;
use super::words;
use crate::registry::Registry;
use crate::registry::month::Month;
use crate::registry::people::Session;
use crate::registry::snapshots;
use crate::registry::targets::{self, Scope};
use crate::reports::targets::{Amount, Line as Figures, lines};

/// Projects that a list of those not counted shows.
const SHOWN: i64 = 500;

#[derive(Template)]
#[template(path = "targets.html")]
struct TargetsPage {
    frame: Frame,
    label: String,
    year: i64,
    months: Vec<(String, String, bool)>,
    lines: Vec<Line>,
    /// There are no figures of that month.
    no_figures: bool,
    may_set: bool,
    departments: Vec<(String, String)>,
    categories: Vec<(String, String)>,
    counties: Vec<(String, String)>,
    units: Vec<(String, String)>,
}

struct Line {
    department: String,
    category: String,
    county: String,
    unit: String,
    target: String,
    /// Planned, begun, finished, accepted.
    steps: [Step; 4],
    percent: i64,
    investment: String,
    left_out: i64,
    /// Its address, after `/targets/not-counted?`.
    query: String,
    scope: Asked,
    version: i64,
}

/// How much of a line is so far.
struct Step {
    head: &'static str,
    /// In the line's unit.
    amount: String,
    projects: i64,
    /// The list of them; none where there are none.
    list: Option<String>,
}

#[derive(Template)]
#[template(path = "targets_not_counted.html")]
struct LeftOutPage {
    frame: Frame,
    title: String,
    /// The month whose end is shown; blank as things stand now.
    month: String,
    unit: String,
    rows: Vec<LeftOut>,
    /// More are there than are shown.
    more: bool,
}

struct LeftOut {
    code: String,
    name: String,
    stage: String,
    scale: String,
    why: &'static str,
}

/// What a target is for, in an address and in forms.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Asked {
    year: i64,
    department: String,
    category: String,
    county: String,
}

impl Asked {
    fn scope(&self) -> Scope<'_> {
        Scope {
            year: self.year,
            department: &self.department,
            category: &self.category,
            county: &self.county,
        }
    }
}

/// As of which month.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct AsOf {
    month: String,
}

/// `GET /targets`.
pub(super) async fn page(
    State(registry): State<Registry>,
    Extension(session): Officer,
    Query(asked): Query<AsOf>,
) -> Result<Response, WebError> {
    blocking(&registry, move |registry| render(&build(registry, &session, &asked)?)).await
}

fn build(registry: &Registry, session: &Session, asked: &AsOf) -> Result<TargetsPage, WebError> {
    let catalogue = &registry.catalogue;
    let current = Month::at(registry.clock.now());
    let month: Month = asked.month.parse().unwrap_or(current).min(current);
    let found = lines(registry, &session.operator, month)?;
    let codes = |list| {
        let codes = catalogue.codes(list).iter();
        codes
            .map(|entry| (entry.code.to_string(), entry.label.clone()))
            .collect()
    };
    let named = |month: &Month| words::period_label(&month.to_string());
    Ok(TargetsPage {
        frame: Frame::new(registry, session, "年度目标", "/targets"),
        label: named(&month),
        year: month.year(),
        months: snapshots::months(registry)?
            .iter()
            .map(|kept| (kept.to_string(), named(kept), *kept == month))
            .collect(),
        no_figures: found.is_none(),
        lines: found
            .unwrap_or_default()
            .iter()
            .map(|line| told(registry, line, (month != current).then_some(month)))
            .collect(),
        may_set: session.operator.may_review(),
        departments: departments(registry),
        categories: codes(CodeList::Category),
        counties: catalogue
            .divisions()
            .counties()
            .map(|county| (county.code.to_string(), county.name.clone()))
            .collect(),
        units: codes(CodeList::ScaleUnit),
    })
}

/// A line as of now, or as of the end of a month that is over.
fn told(registry: &Registry, line: &Figures, over: Option<Month>) -> Line {
    let catalogue = &registry.catalogue;
    let target = &line.target;
    let month = over.map(|month| ("month", month.to_string()));
    let step = |head, amount: Amount, stage| {
        let list = [
            ("department", &*target.department),
            ("category", &target.category),
            ("county", &target.county),
            ("unit", &target.unit),
            ("year", &target.year.to_string()),
            ("stage", stage),
        ];
        let of_month = month.as_ref().map(|(name, month)| (*name, &**month));
        let list: Vec<(&str, &str)> = list.into_iter().chain(of_month).collect();
        let list = serde_urlencoded::to_string(list).ok().filter(|_| amount.projects > 0);
        Step {
            head,
            amount: decimal(amount.scale_e2, 2),
            projects: amount.projects,
            list: list.map(|query| format!("/projects?{query}")),
        }
    };
    let scope = Asked {
        year: target.year,
        department: target.department.clone(),
        category: target.category.clone(),
        county: target.county.clone(),
    };
    Line {
        department: words::department(catalogue, &target.department).to_owned(),
        category: catalogue.code_label(CodeList::Category, &target.category).to_owned(),
        county: catalogue.divisions().name(&target.county).to_owned(),
        unit: catalogue.code_label(CodeList::ScaleUnit, &target.unit).to_owned(),
        target: decimal(target.amount_e2, 2),
        steps: [
            step("计划", line.reached.planned, "counted"),
            step("开工", line.reached.started, "begun"),
            step("完成", line.reached.finished, "finished"),
            step("验收", line.reached.accepted, "50"),
        ],
        percent: line.percent(),
        investment: format!(
            "{} / {}",
            words::ten_thousands(line.reached.done_yuan),
            words::ten_thousands(line.reached.planned_yuan)
        ),
        left_out: line.left_out(),
        query: {
            let scope = serde_urlencoded::to_string(&scope).unwrap_or_default();
            over.map_or_else(|| scope.clone(), |month| format!("{scope}&month={month}"))
        },
        version: target.version,
        scope,
    }
}

/// A scaled integer as it is read, without zeros at its end.
pub(super) fn decimal(scaled: i64, places: u32) -> String {
    Decimal::new(scaled, places).normalize().to_string()
}

/// What the form for a target sends.
#[derive(Deserialize)]
pub(super) struct Entered {
    year: i64,
    department: String,
    category: String,
    county: String,
    unit: String,
    amount: String,
}

/// `POST /targets`.
pub(super) async fn set(
    State(registry): State<Registry>,
    Extension(session): Officer,
    Form(sent): Form<Entered>,
) -> Result<Redirect, WebError> {
    blocking(&registry, move |registry| {
        let written: Option<Decimal> = sent.amount.trim().parse().ok();
        let amount = written
            .and_then(|amount| amount.checked_mul(Decimal::ONE_HUNDRED))
            .filter(Decimal::is_integer)
            .and_then(|amount| amount.to_i64())
            .ok_or_else(|| WebError::Refused("目标须为数字，最多两位小数，例如 120 或 35.5。".into()))?;
        let scope = Scope {
            year: sent.year,
            department: &sent.department,
            category: &sent.category,
            county: &sent.county,
        };
        targets::set(registry, &session.operator, scope, (&sent.unit, amount), None)?;
        Ok(Redirect::to("/targets"))
    })
    .await
}

/// What the form for removing a target sends.
#[derive(Deserialize)]
pub(super) struct Removed {
    year: i64,
    department: String,
    category: String,
    county: String,
    version: i64,
}

/// `POST /targets/remove`.
pub(super) async fn remove(
    State(registry): State<Registry>,
    Extension(session): Officer,
    Form(sent): Form<Removed>,
) -> Result<Redirect, WebError> {
    blocking(&registry, move |registry| {
        let scope = Scope {
            year: sent.year,
            department: &sent.department,
            category: &sent.category,
            county: &sent.county,
        };
        targets::remove(registry, &session.operator, scope, Some(sent.version))?;
        Ok(Redirect::to("/targets"))
    })
    .await
}

/// `GET /targets/not-counted`: the projects that a target cannot count, as of now or of the end of a month.
pub(super) async fn not_counted(
    State(registry): State<Registry>,
    Extension(session): Officer,
    Query(asked): Query<Asked>,
    Query(as_of): Query<AsOf>,
) -> Result<Response, WebError> {
    blocking(&registry, move |registry| {
        let catalogue = &registry.catalogue;
        let current = Month::at(registry.clock.now());
        let over = as_of.month.parse::<Month>().ok().filter(|month| *month < current);
        let part = (0, SHOWN + 1);
        let found = targets::not_counted(registry, &session.operator, asked.scope(), over, part);
        let (target, mut left_out) = seen(found)?;
        let more = i64::try_from(left_out.len()).unwrap_or(i64::MAX) > SHOWN;
        left_out.truncate(usize::try_from(SHOWN).unwrap_or(usize::MAX));
        let unit_of = |code: &str| catalogue.code_label(CodeList::ScaleUnit, code).to_owned();
        let rows = left_out.into_iter().map(|row| LeftOut {
            code: row.code.to_string(),
            stage: catalogue.code_label(CodeList::Stage, &row.stage).to_owned(),
            why: match (&row.scale_e2, &row.scale_unit) {
                (Some(_), Some(unit)) if *unit != target.unit => "单位不同",
                (Some(_), Some(_)) => "已完成，但没有填完成时间",
                _ => "没有填工程规模或规模单位",
            },
            scale: match (row.scale_e2, &row.scale_unit) {
                (Some(scale), Some(unit)) => format!("{} {}", decimal(scale, 2), unit_of(unit)),
                _ => String::new(),
            },
            name: row.name,
        });
        let page = LeftOutPage {
            title: format!(
                "{} 年 {} {} {}",
                target.year,
                words::department(catalogue, &target.department),
                catalogue.code_label(CodeList::Category, &target.category),
                catalogue.divisions().name(&target.county)
            ),
            month: over
                .map(|month| words::period_label(&month.to_string()))
                .unwrap_or_default(),
            unit: unit_of(&target.unit),
            rows: rows.collect(),
            more,
            frame: Frame::new(registry, &session, "未计入的工程", "/targets"),
        };
        render(&page)
    })
    .await
}
