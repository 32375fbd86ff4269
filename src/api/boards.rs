//! What the boards show, in numbers: who reports in time, what the checks find, what two departments may both report.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::endpoint::{Call, Endpoint, In, get};
use super::figures::{AsOf, month};
use super::periods::{StandingLine, standing_line};
use super::problem::Problem;
use super::reply::Plain;
use super::roles::{DATA, OVERSEERS};
use super::types::{Cursor, Instant, Nothing, Page, Text, Window};
use super::uploads::Asked;
use crate::db::checks::{Behind, Which};
use crate::registry::month::Month;
use crate::registry::{RegistryCode, duplicates, periods};
use crate::reports::quality::{self, Sums};
use crate::reports::timeliness::{self, Line};

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        get(
            "/timeliness",
            OVERSEERS,
            "Whose reports came in when, how they fared at the first try, and what waits of each department",
            board,
        ),
        get(
            "/quality",
            DATA,
            "What the checks of a month's rosters found, by rule and department, and month by month",
            found,
        ),
        get(
            "/quality/findings",
            DATA,
            "The findings behind that, the latest uploads first",
            behind,
        ),
        get(
            "/quality/uploads",
            DATA,
            "The uploads behind that, the latest first",
            uploads,
        ),
        get(
            "/duplicates",
            DATA,
            "Projects that two departments very likely both report, those found last first",
            pairs,
        ),
    ]
}

/// How many months are told where no number is named.
const MONTHS: u8 = 12;

/// Over how many months.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct AskedMonths {
    /// Months up to that of now, 1 to 36; usually 12.
    #[schemars(range(min = 1, max = 36))]
    months: Option<u8>,
}

/// Who reports in time.
#[derive(Serialize, JsonSchema)]
struct TimelinessBoard {
    /// The months, the first one first, each added up.
    months: Vec<MonthTally>,
    /// The departments that were asked for a report, or sent one.
    departments: Vec<DepartmentReports>,
}

/// The reports of a month.
#[derive(Serialize, JsonSchema)]
struct MonthTally {
    /// The month.
    month: Text<Month>,
    /// Departments that are asked for one.
    expected: u64,
    /// Of those: in.
    received: u64,
    /// Of those: in by the last day.
    on_time: u64,
    /// Of those: the first roster went in whole.
    passed: u64,
    /// Not in, and the last day is over.
    overdue: u64,
}

/// The reports of a department.
#[derive(Serialize, JsonSchema)]
struct DepartmentReports {
    /// Its code.
    department: String,
    /// How they stand, one for each month.
    reports: Vec<StandingLine>,
    /// Revisions that wait for a decision.
    pending: i64,
    /// The project of these that has waited the longest.
    oldest: Option<OldestLine>,
    /// Projects that were returned and not sent again.
    returned: i64,
    /// Rows that were held back and have not come again.
    held: i64,
}

/// What has waited the longest.
#[derive(Serialize, JsonSchema)]
struct OldestLine {
    /// The project.
    code: Text<RegistryCode>,
    /// Since when.
    since: Instant,
}

fn reports(line: Line) -> DepartmentReports {
    DepartmentReports {
        department: line.department,
        reports: line.standings.into_iter().map(standing_line).collect(),
        pending: line.waiting.pending,
        oldest: line.waiting.oldest.map(|(code, since)| OldestLine {
            code: Text(code),
            since: Instant(since),
        }),
        returned: line.waiting.returned,
        held: line.waiting.held,
    }
}

fn board(call: &Call<'_>, input: In<Nothing, AskedMonths>) -> Result<Plain<TimelinessBoard>, Problem> {
    let most = input.query.months.unwrap_or(MONTHS);
    if !(1..=36).contains(&most) {
        return Err(Problem::invalid("months 须为 1 到 36。"));
    }
    let months = periods::months(call.registry, most.into())?;
    let board = timeliness::timeliness(call.registry, call.operator, &months)?;
    let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    let months = board.months.into_iter().map(|(month, tally)| MonthTally {
        month: Text(month),
        expected: number(tally.expected),
        received: number(tally.received),
        on_time: number(tally.on_time),
        passed: number(tally.passed),
        overdue: number(tally.overdue),
    });
    Ok(Plain(TimelinessBoard {
        months: months.collect(),
        departments: board.departments.into_iter().map(reports).collect(),
    }))
}

/// What checks came to.
#[derive(Serialize, JsonSchema)]
struct SumsLine {
    /// Uploads.
    uploads: i64,
    /// Rows that were checked.
    rows: i64,
    /// Findings that keep a row out.
    errors: i64,
    /// Findings to confirm.
    confirms: i64,
    /// Hints.
    hints: i64,
}

impl From<Sums> for SumsLine {
    fn from(sums: Sums) -> Self {
        Self {
            uploads: sums.uploads,
            rows: sums.rows,
            errors: sums.errors,
            confirms: sums.confirms,
            hints: sums.hints,
        }
    }
}

/// What the checks of a month's rosters found.
#[derive(Serialize, JsonSchema)]
struct QualityBoard {
    /// The month.
    month: Text<Month>,
    /// Everything.
    total: SumsLine,
    /// By department.
    departments: BTreeMap<String, SumsLine>,
    /// By rule, by department: how often.
    rules: BTreeMap<String, BTreeMap<String, i64>>,
    /// The months up to that of now, the first one first.
    months: Vec<MonthSums>,
}

/// What the checks of a month came to.
#[derive(Serialize, JsonSchema)]
struct MonthSums {
    /// The month.
    month: Text<Month>,
    /// That.
    sums: SumsLine,
}

fn found(call: &Call<'_>, input: In<Nothing, AsOf>) -> Result<Plain<QualityBoard>, Problem> {
    let month = month(call, input.query.month);
    let months = periods::months(call.registry, MONTHS.into())?;
    let board = quality::quality(call.registry, call.operator, month, &months)?;
    let departments = board.departments.into_iter();
    let months = board.months.into_iter().map(|(month, sums)| MonthSums {
        month: Text(month),
        sums: sums.into(),
    });
    Ok(Plain(QualityBoard {
        month: Text(month),
        total: board.total.into(),
        departments: departments.map(|(code, sums)| (code, sums.into())).collect(),
        rules: board.rules,
        months: months.collect(),
    }))
}

/// Which findings.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct AskedFindings {
    /// Where the list goes on.
    cursor: Option<Text<Cursor>>,
    /// Lines at most: 1 to 200, usually 50.
    #[schemars(range(min = 1, max = 200))]
    limit: Option<u16>,
    /// The month; that of now where none is named.
    month: Option<Text<Month>>,
    /// Department code.
    department: Option<String>,
    /// The rule's code.
    rule: Option<String>,
    /// How grave: `hint`, `confirm` or `error`.
    severity: Option<String>,
}

/// A finding behind the sums.
#[derive(Serialize, JsonSchema)]
struct BehindLine {
    /// The upload.
    upload: i64,
    /// The upload's department.
    department: String,
    /// The sheet.
    sheet: Option<String>,
    /// The row.
    row: Option<i64>,
    /// The cell.
    cell: Option<String>,
    /// The rule.
    rule: String,
    /// `hint`, `confirm` or `error`.
    severity: String,
    /// What was written.
    written: Option<String>,
    /// What is wrong.
    message: String,
    /// The project; null of what did not go in.
    code: Option<Text<RegistryCode>>,
    /// Its name.
    name: Option<String>,
}

impl From<Behind> for BehindLine {
    fn from(row: Behind) -> Self {
        let (code, name) = row
            .project
            .map(|(id, year, name)| (Text(RegistryCode { year, id }), name))
            .unzip();
        Self {
            upload: row.upload_id,
            department: row.department,
            sheet: row.sheet,
            row: row.row_no,
            cell: row.cell,
            rule: row.code,
            severity: row.severity,
            written: row.written,
            message: row.message,
            code,
            name,
        }
    }
}

fn behind(call: &Call<'_>, input: In<Nothing, AskedFindings>) -> Result<Page<BehindLine>, Problem> {
    let asked = input.query;
    let window = Window::new(asked.cursor, asked.limit)?;
    let which = Which {
        period: &month(call, asked.month).to_string(),
        department: asked.department.as_deref(),
        code: asked.rule.as_deref(),
        severity: asked.severity.as_deref(),
    };
    let rows = quality::behind(call.registry, call.operator, &which, window.probe_all())?;
    Ok(Page::counted(rows, window, Into::into))
}

/// Of which month and department.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct AskedChecks {
    /// The month; that of now where none is named.
    month: Option<Text<Month>>,
    /// Department code.
    department: Option<String>,
}

/// An upload, and what its last check came to.
#[derive(Serialize, JsonSchema)]
struct CheckedUpload {
    /// The upload.
    upload: i64,
    /// Its department.
    department: String,
    /// Rows that were checked.
    rows: i64,
    /// Findings that keep a row out.
    errors: i64,
    /// Findings to confirm.
    confirms: i64,
    /// Hints.
    hints: i64,
}

fn uploads(call: &Call<'_>, input: In<Nothing, AskedChecks>) -> Result<Page<CheckedUpload>, Problem> {
    let AskedChecks { month, department } = input.query;
    let month = self::month(call, month);
    let rows = quality::uploads(call.registry, call.operator, month, department.as_deref())?;
    let lines = rows.into_iter().map(|row| CheckedUpload {
        upload: row.upload_id,
        department: row.department,
        rows: row.row_count,
        errors: row.errors,
        confirms: row.confirms,
        hints: row.hints,
    });
    Ok(Page::whole(lines.collect()))
}

/// Two projects that are very likely one.
#[derive(Serialize, JsonSchema)]
struct PairLine {
    /// The one; of a department's, its own.
    one: PairSide,
    /// The other.
    other: PairSide,
    /// The name, township and address are the same, rather than a similar name with the same owner or nearby.
    same_place: bool,
    /// When it was found.
    found_at: Instant,
}

/// One of the two. Of another department's project no more is told than whose it is.
#[derive(Serialize, JsonSchema)]
struct PairSide {
    /// The department that reports it.
    department: String,
    /// Its code.
    code: Option<Text<RegistryCode>>,
    /// Its name.
    name: Option<String>,
    /// What was explained of it.
    explanation: Option<String>,
}

impl From<duplicates::Side> for PairSide {
    fn from(side: duplicates::Side) -> Self {
        let (project, explanation) = side.project.unzip();
        Self {
            department: side.department,
            code: project.as_ref().map(|row| Text(row.code())),
            name: project.map(|row| row.name),
            explanation: explanation.flatten(),
        }
    }
}

fn pairs(call: &Call<'_>, input: In<Nothing, Asked>) -> Result<Page<PairLine>, Problem> {
    let window = input.query.window()?;
    let pairs = duplicates::pairs(call.registry, call.operator, window.probe_all())?;
    Ok(Page::counted(pairs, window, |pair| PairLine {
        one: pair.one.into(),
        other: pair.other.into(),
        same_place: pair.same_place,
        found_at: Instant(pair.found_at),
    }))
}
