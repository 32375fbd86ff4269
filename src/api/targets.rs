//! Yearly targets, each in a unit of its own.

use axum::http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::body::Json;
use super::endpoint::{Call, Endpoint, In, change, get};
use super::figures::{AsOf, as_of, month, no_figures};
use super::problem::Problem;
use super::reply::{Done, Tagged};
use super::roles::{DATA, KEEP};
use super::types::{Cursor, Instant, Nothing, Number, Page, Text, Window};
use crate::db::targets::TargetRow;
use crate::registry::RegistryCode;
use crate::registry::month::Month;
use crate::registry::targets::{self, Scope};
use crate::reports::targets as report;

pub(super) fn endpoints() -> Vec<Endpoint> {
    let target = "/targets/{year}/{department}/{category}/{county}";
    vec![
        get(
            "/targets",
            DATA,
            "The targets of a month's year, each with what was reached at the end of the month",
            lines,
        ),
        get(target, DATA, "One target", one),
        change(Method::PUT, target, KEEP, "Sets a target, in a unit of its own", set),
        change(Method::DELETE, target, KEEP, "Removes a target", remove),
        get(
            "/targets/{year}/{department}/{category}/{county}/not-counted",
            DATA,
            "Approved projects that the target cannot count: in another unit, without a scale, or finished without a date",
            not_counted,
        ),
        get(
            "/targets/curves",
            DATA,
            "How far the targets of each category and unit were, month by month, up to a month of the year",
            curves,
        ),
    ]
}

/// A target.
#[derive(Serialize, JsonSchema)]
struct TargetLine {
    /// The year.
    year: i64,
    /// Department code.
    department: String,
    /// Category code.
    category: String,
    /// County or zone code.
    county: String,
    /// The unit of scale; amounts of different units are never added.
    unit: String,
    /// How much is to be finished.
    amount: Number,
    /// Who set it.
    set_by: String,
    /// When.
    set_at: Instant,
}

fn target_line(row: &TargetRow) -> TargetLine {
    TargetLine {
        year: row.year,
        department: row.department.clone(),
        category: row.category.clone(),
        county: row.county.clone(),
        unit: row.unit.clone(),
        amount: Number::e2(row.amount_e2),
        set_by: row.set_by.clone(),
        set_at: Instant(row.set_at),
    }
}

/// A target and how it stands.
#[derive(Serialize, JsonSchema)]
struct ReachedLine {
    /// The target.
    target: TargetLine,
    /// All that counts.
    planned: Amount,
    /// Begun, or further.
    started: Amount,
    /// Finished, or further.
    finished: Amount,
    /// Accepted.
    accepted: Amount,
    /// Planned investment of all that counts, yuan.
    planned_yuan: Number,
    /// Investment done of all that counts, yuan.
    done_yuan: Number,
    /// Projects that it cannot count, by their unit (blank: none is named).
    not_counted: Vec<Uncounted>,
}

/// So many projects, and how much they are in the target's unit.
#[derive(Serialize, JsonSchema)]
struct Amount {
    /// Projects.
    projects: i64,
    /// How much.
    scale: Number,
}

impl From<report::Amount> for Amount {
    fn from(amount: report::Amount) -> Self {
        Self {
            projects: amount.projects,
            scale: Number::e2(amount.scale_e2),
        }
    }
}

/// Projects that a target cannot count.
#[derive(Serialize, JsonSchema)]
struct Uncounted {
    /// Their unit.
    unit: String,
    /// How many.
    projects: i64,
}

fn lines(call: &Call<'_>, input: In<Nothing, AsOf>) -> Result<Page<ReachedLine>, Problem> {
    let month = month(call, input.query.month);
    let lines = report::lines(call.registry, call.operator, month)?.ok_or_else(|| no_figures(month))?;
    let lines = lines.into_iter().map(|line| ReachedLine {
        target: target_line(&line.target),
        planned: line.reached.planned.into(),
        started: line.reached.started.into(),
        finished: line.reached.finished.into(),
        accepted: line.reached.accepted.into(),
        planned_yuan: Number::whole(line.reached.planned_yuan),
        done_yuan: Number::whole(line.reached.done_yuan),
        not_counted: line
            .not_counted
            .into_iter()
            .map(|(unit, projects)| Uncounted { unit, projects })
            .collect(),
    });
    Ok(Page::whole(lines.collect()))
}

/// What a target is for.
#[derive(Deserialize, JsonSchema)]
struct TargetPath {
    year: i64,
    department: String,
    category: String,
    county: String,
}

impl TargetPath {
    fn scope(&self) -> Scope<'_> {
        Scope {
            year: self.year,
            department: &self.department,
            category: &self.category,
            county: &self.county,
        }
    }

    fn find(&self, call: &Call<'_>) -> Result<Option<TargetRow>, Problem> {
        let all = targets::of_year(call.registry, call.operator, self.year)?;
        Ok(all.into_iter().find(|row| {
            (&row.department, &row.category, &row.county) == (&self.department, &self.category, &self.county)
        }))
    }
}

fn one(call: &Call<'_>, input: In<TargetPath>) -> Result<Tagged<TargetLine>, Problem> {
    let row = input.path.find(call)?.ok_or_else(Problem::not_found)?;
    Ok(Tagged(target_line(&row)))
}

/// How much is to be finished.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NewTarget {
    /// The unit of scale.
    unit: String,
    /// How much, with at most two decimals.
    #[schemars(regex(pattern = r"^\d{1,10}(\.\d{1,2})?$"))]
    amount: String,
}

fn set(call: &Call<'_>, input: In<TargetPath, Nothing, Json<NewTarget>>) -> Result<Tagged<TargetLine>, Problem> {
    let before = input.path.find(call)?;
    call.must_match(before.as_ref().map(target_line).as_ref())?;
    let NewTarget { unit, amount } = input.body.0;
    let amount_e2 =
        hundredths(&amount).ok_or_else(|| Problem::refused("目标（amount）须为数字，最多两位小数，如 \"12.5\"。"))?;
    let seen = before.map_or(0, |row| row.version);
    targets::set(
        call.registry,
        call.operator,
        input.path.scope(),
        (&unit, amount_e2),
        Some(seen),
    )?;
    let row = input.path.find(call)?.ok_or_else(Problem::not_found)?;
    Ok(Tagged(target_line(&row)))
}

/// A decimal with at most two decimals, in hundredths.
fn hundredths(text: &str) -> Option<i64> {
    let number: rust_decimal::Decimal = text.parse().ok()?;
    let scaled = number.checked_mul(100.into())?.normalize();
    (scaled.scale() == 0).then(|| i64::try_from(scaled.mantissa()).ok())?
}

fn remove(call: &Call<'_>, input: In<TargetPath>) -> Result<Done, Problem> {
    let before = input.path.find(call)?;
    call.must_match(before.as_ref().map(target_line).as_ref())?;
    let row = before.ok_or_else(Problem::not_found)?;
    targets::remove(call.registry, call.operator, input.path.scope(), Some(row.version))?;
    Ok(Done)
}

/// A project that a target cannot count.
#[derive(Serialize, JsonSchema)]
struct CandidateLine {
    /// Its code.
    code: Text<RegistryCode>,
    /// Its name.
    name: String,
    /// Stage code.
    stage: String,
    /// Its unit of scale.
    scale_unit: Option<String>,
    /// How much of that.
    scale: Option<Number>,
}

/// As of which month, and which part of that.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct AsOfPart {
    /// Where the list goes on.
    cursor: Option<Text<Cursor>>,
    /// Lines at most: 1 to 200, usually 50.
    #[schemars(range(min = 1, max = 200))]
    limit: Option<u16>,
    /// As of the end of this month; as of now where none is named.
    month: Option<Text<Month>>,
}

fn not_counted(call: &Call<'_>, input: In<TargetPath, AsOfPart>) -> Result<Page<CandidateLine>, Problem> {
    let AsOfPart { cursor, limit, month } = input.query;
    let window = Window::new(cursor, limit)?;
    let part = (window.after_or(0), window.probe());
    let as_of = as_of(call, month)?;
    let found = targets::not_counted(call.registry, call.operator, input.path.scope(), as_of, part);
    let (_, rows) = super::problem::seen(found)?;
    let key = |row: &targets::Uncounted| Cursor(row.code.id, 0);
    Ok(Page::of(rows, window, key, |row| CandidateLine {
        code: Text(row.code),
        scale: row.scale_e2.map(Number::e2),
        name: row.name,
        stage: row.stage,
        scale_unit: row.scale_unit,
    }))
}

/// The targets of one category in one unit.
#[derive(Serialize, JsonSchema)]
struct CurveLine {
    /// Category code.
    category: String,
    /// The unit of scale; amounts of different units are never added.
    unit: String,
    /// The targets, added up.
    target: Number,
    /// The months of the year that figures are known of, the first one first.
    months: Vec<CurvePoint>,
}

/// How far the targets were.
#[derive(Serialize, JsonSchema)]
struct CurvePoint {
    /// At the end of this month; in that of now as it stands.
    month: Text<Month>,
    /// So much was finished in the year.
    finished: Number,
}

fn curves(call: &Call<'_>, input: In<Nothing, AsOf>) -> Result<Page<CurveLine>, Problem> {
    let until = month(call, input.query.month);
    let curves = report::curves(call.registry, call.operator, until)?.into_iter();
    let lines = curves.map(|curve| CurveLine {
        category: curve.category,
        unit: curve.unit,
        target: Number::e2(curve.target_e2),
        months: curve
            .months
            .into_iter()
            .map(|(month, finished)| CurvePoint {
                month: Text(month),
                finished: Number::e2(finished),
            })
            .collect(),
    });
    Ok(Page::whole(lines.collect()))
}
