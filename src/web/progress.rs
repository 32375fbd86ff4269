//! `/progress`: how far the works are, by category and county, as of any month: pictures, and the same figures in tables.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Extension, Query, State};
use axum::response::Response;
use retrofit_import::catalogue::{Catalogue, CodeList};
use serde::Deserialize;

use super::charts::{Bars, Curve, MoneyBars, TileMap};
use super::error::WebError;
use super::frame::{Frame, blocking, page as render};
use super::guard::Officer;
use super::targets::decimal;
use super::words;
use crate::registry::month::Month;
use crate::registry::people::Session;
use crate::registry::periods::{standings, tally};
use crate::registry::{Registry, snapshots};
use crate::reports::progress::{self as report, Count};
use crate::reports::targets;

#[derive(Template)]
#[template(path = "progress.html")]
struct ProgressPage {
    frame: Frame,
    /// (month, label) of those that can be asked for, and which is shown.
    months: Vec<(String, String)>,
    month: String,
    label: String,
    /// The month is not over: what waits for review is told besides.
    open: bool,
    total: Count,
    pending: i64,
    /// Departments whose report of this month is overdue.
    overdue: usize,
    /// The list behind the total's figures.
    list: String,
    categories: Board,
    counties: Board,
    map: TileMap,
    curve: Curve,
    curve_points: Vec<Point>,
    money: MoneyBars,
    /// The yearly targets, a curve for each category and unit.
    targets: Vec<TargetCurve>,
    year: i64,
}

/// The works at the end of a month; in that of now as they stand.
struct Point {
    period: String,
    label: String,
    count: Count,
    list: String,
}

/// The yearly targets of one category in one unit, and what was finished of them.
struct TargetCurve {
    category: String,
    unit: String,
    curve: Curve,
    target: String,
    /// Period, label, amount, and how much of the target that is.
    months: Vec<(String, String, String, i64)>,
}

/// A picture and its table.
struct Board {
    bars: Bars,
    lines: Vec<Line>,
}

struct Line {
    /// The lists behind its figures: of the approved projects, to which a stage is added, and of the queue.
    list: String,
    queue: String,
    label: String,
    count: Count,
    pending: i64,
}

/// What an address asks for.
#[derive(Debug, Deserialize)]
pub(super) struct Asked {
    month: Option<String>,
}

/// `GET /progress`.
pub(super) async fn page(
    State(registry): State<Registry>,
    Extension(session): Officer,
    Query(asked): Query<Asked>,
) -> Result<Response, WebError> {
    blocking(&registry, move |registry| {
        render(&progress(registry, &session, &asked)?)
    })
    .await
}

fn progress(registry: &Registry, session: &Session, asked: &Asked) -> Result<ProgressPage, WebError> {
    let catalogue = &registry.catalogue;
    let now = Month::at(registry.clock.now());
    let month = match asked.month.as_deref() {
        None => now,
        Some(month) => month.parse().map_err(|_| WebError::NotFound)?,
    };
    let progress = report::progress(registry, month, None)?.ok_or(WebError::NotFound)?;
    let open = month == now;
    let waiting = if open {
        report::waiting(registry)?
    } else {
        BTreeMap::new()
    };
    let list = |of: Month, part: &str, code: &str| list(of, now, part, code);
    let pending = |category: Option<&str>, county: Option<&str>| -> i64 {
        let matches = |of: &(String, String)| {
            category.is_none_or(|category| category == of.0) && county.is_none_or(|county| county == of.1)
        };
        let matching = waiting.iter().filter(|(of, _)| matches(of));
        matching.map(|(_, count)| count).sum()
    };
    let categories = catalogue.codes(CodeList::Category).iter().map(|category| Line {
        count: progress.categories.get(&*category.code).copied().unwrap_or_default(),
        pending: pending(Some(&category.code), None),
        list: list(month, "category", &category.code),
        queue: format!("/review?state=waiting&category={}", category.code),
        label: category.label.clone(),
    });
    let counties = catalogue.divisions().counties().map(|county| Line {
        count: progress.counties.get(&*county.code).copied().unwrap_or_default(),
        pending: pending(None, Some(&county.code)),
        list: list(month, "county", &county.code),
        queue: format!("/review?state=waiting&county={}", county.code),
        label: short(catalogue, &county.code),
    });
    let categories = Board::new("picture-categories", "各类工程", categories.collect());
    let money = categories
        .lines
        .iter()
        .filter(|line| line.count.planned_yuan + line.count.done_yuan > 0);
    let money: Vec<(String, Count)> = money.map(|line| (line.label.clone(), line.count)).collect();
    let points = report::curve(registry, month.year())?;
    let shown = |of: &Month| *of <= month;
    let curve_points: Vec<(Month, Count)> = points.into_iter().filter(|(of, _)| shown(of)).collect();
    let places: Vec<(i64, i64)> = curve_points
        .iter()
        .map(|(of, count)| (of.number(), count.finished))
        .collect();
    let months = snapshots::months(registry)?;
    Ok(ProgressPage {
        frame: Frame::new(registry, session, "工程进度", "/progress"),
        months: months
            .iter()
            .map(Month::to_string)
            .map(|month| (words::period_label(&month), month))
            .map(|(label, month)| (month, label))
            .collect(),
        label: words::period_label(&month.to_string()),
        month: month.to_string(),
        open,
        list: list(month, "", ""),
        total: progress.total,
        pending: pending(None, None),
        overdue: if open {
            tally(&standings(registry, &session.operator, &[now])?).overdue
        } else {
            0
        },
        map: TileMap::new(
            |code| progress.counties.get(code).copied().unwrap_or_default(),
            |code| short(catalogue, code),
            |code| format!("{}stage=counted", list(month, "county", code)),
        ),
        money: MoneyBars::new("picture-money", "各类工程的投资", &money),
        categories,
        counties: Board::new("picture-counties", "各县（市、区）", counties.collect()),
        curve: Curve::new("picture-curve", "本年各月末已完成的工程", &places, None),
        targets: targets::curves(registry, &session.operator, month)?
            .iter()
            .zip(0..)
            .map(|(curve, at)| target_curve(registry, curve, at))
            .collect(),
        curve_points: curve_points
            .into_iter()
            .map(|(of, count)| Point {
                list: list(of, "", ""),
                label: words::period_label(&of.to_string()),
                period: of.to_string(),
                count,
            })
            .collect(),
        year: month.year(),
    })
}

/// The list of the approved projects of a month, to which a stage is added, narrowed to a part where one is named.
fn list(of: Month, now: Month, part: &str, code: &str) -> String {
    let month = (of != now).then(|| format!("month={of}&"));
    let part = (!part.is_empty()).then(|| format!("{part}={code}&"));
    format!("/projects?{}{}", month.unwrap_or_default(), part.unwrap_or_default())
}

fn target_curve(registry: &Registry, curve: &targets::Curve, at: usize) -> TargetCurve {
    let label = |list, code: &str| registry.catalogue.code_label(list, code).to_owned();
    let category = label(CodeList::Category, &curve.category);
    let unit = label(CodeList::ScaleUnit, &curve.unit);
    // The picture is in whole units; the table is exact.
    let whole = |scaled: i64| (scaled + 50).div_euclid(100);
    let points: Vec<(i64, i64)> = curve
        .months
        .iter()
        .map(|(month, reached)| (month.number(), whole(*reached)))
        .collect();
    TargetCurve {
        curve: Curve::new(
            format!("picture-target-{at}"),
            &format!("{category}：本年完成量与年度目标（{unit}）"),
            &points,
            Some(whole(curve.target_e2)),
        ),
        target: decimal(curve.target_e2, 2),
        months: curve
            .months
            .iter()
            .map(|&(month, reached)| {
                let percent = reached.saturating_mul(100) / curve.target_e2.max(1);
                let period = month.to_string();
                (
                    period.clone(),
                    words::period_label(&period),
                    decimal(reached, 2),
                    percent,
                )
            })
            .collect(),
        category,
        unit,
    }
}

impl Board {
    /// Lines without any project are left out.
    fn new(id: &'static str, title: &str, mut lines: Vec<Line>) -> Self {
        lines.retain(|line| line.count != Count::default() || line.pending > 0);
        let bars: Vec<(String, Count)> = lines.iter().map(|line| (line.label.clone(), line.count)).collect();
        Self {
            bars: Bars::new(id, title, &bars),
            lines,
        }
    }
}

/// A county's name; a zone's short one.
pub(super) fn short(catalogue: &Catalogue, code: &str) -> String {
    let Some(division) = catalogue.divisions().get(code) else {
        return code.into();
    };
    match division.aliases.first() {
        Some(alias) if division.name.chars().count() > 6 => alias.clone(),
        _ => division.name.clone(),
    }
}
