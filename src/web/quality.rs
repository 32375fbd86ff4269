//! `/quality`: what the checks of a month's rosters found, by rule and department, and from month to month; and the findings and uploads behind
//! a figure.

use askama::Template;
use axum::extract::{Extension, Query, State};
use axum::response::Response;
use retrofit_import::rules;
use serde::Deserialize;

use super::charts::Columns;
use super::error::WebError;
use super::findings::{row_place, title};
use super::frame::{Frame, blocking, page as render};
use super::guard::Officer;
use super::timeliness::MONTHS;
use super::words;
use crate::db::checks::{Behind, CheckRow, Which};
use crate::registry::month::Month;
use crate::registry::people::Session;
use crate::registry::{Registry, RegistryCode, periods};
use crate::reports::quality::{Sums, behind, count, quality, uploads};

/// Findings that the list behind a figure shows.
const SHOWN: i64 = 200;

#[derive(Template)]
#[template(path = "quality.html")]
struct BoardPage {
    frame: Frame,
    month: String,
    label: String,
    months: Vec<(String, String, Sums)>,
    total: Sums,
    /// Departments that sent something: code, name, sums.
    departments: Vec<(String, String, Sums)>,
    rules: Vec<RuleLine>,
    trend: Columns,
}

struct RuleLine {
    code: String,
    title: &'static str,
    severity: &'static str,
    class: &'static str,
    total: i64,
    /// One for each department of the board.
    cells: Vec<Cell>,
}

/// How often a rule found something in a department's rosters.
struct Cell {
    department: String,
    times: i64,
    /// How much of the worst: 1 to 3; 0: none.
    heat: u8,
}

/// What an address asks for.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    month: String,
    department: String,
    code: String,
    severity: String,
}

impl Asked {
    /// The month: this one where none is asked for.
    fn month(&self, registry: &Registry) -> Result<Month, WebError> {
        if self.month.is_empty() {
            return Ok(Month::at(registry.clock.now()));
        }
        self.month.parse().map_err(|_| WebError::NotFound)
    }
}

/// `GET /quality`.
pub(super) async fn page(
    State(registry): State<Registry>,
    Extension(session): Officer,
    Query(asked): Query<Asked>,
) -> Result<Response, WebError> {
    blocking(&registry, move |registry| render(&board(registry, &session, &asked)?)).await
}

/// Findings for each hundred rows, one decimal.
fn per_hundred(sums: &Sums) -> String {
    match sums.tenths_per_hundred() {
        Some(tenths) => format!("{}.{}", tenths / 10, tenths % 10),
        None => "—".into(),
    }
}

fn board(registry: &Registry, session: &Session, asked: &Asked) -> Result<BoardPage, WebError> {
    let month = asked.month(registry)?;
    let months = periods::months(registry, MONTHS)?;
    let found = quality(registry, &session.operator, month, &months)?;
    let departments: Vec<(String, String, Sums)> = registry
        .catalogue
        .departments()
        .iter()
        .filter_map(|department| {
            let sums = found.departments.get(&department.code)?;
            Some((department.code.clone(), department.short_name.clone(), *sums))
        })
        .collect();
    let worst = found
        .rules
        .values()
        .flat_map(|of| of.values())
        .max()
        .copied()
        .unwrap_or_default();
    let mut rules: Vec<RuleLine> = found
        .rules
        .iter()
        .map(|(code, times)| {
            let severity = rules::find(code).map(|rule| rule.severity);
            RuleLine {
                title: title(code),
                severity: severity.map_or("", |severity| severity.label()),
                class: severity.map_or("", words::severity_class),
                total: times.values().sum(),
                cells: departments
                    .iter()
                    .map(|(department, ..)| {
                        let of = times.get(department).copied().unwrap_or_default();
                        Cell {
                            department: department.clone(),
                            times: of,
                            heat: heat(of, worst),
                        }
                    })
                    .collect(),
                code: code.clone(),
            }
        })
        .collect();
    rules.sort_by(|one, other| other.total.cmp(&one.total).then_with(|| one.code.cmp(&other.code)));
    let columns = found.months.iter().map(|(month, sums)| {
        let label = format!("{}月", month.number());
        (label, vec![sums.errors, sums.confirms, sums.hints])
    });
    Ok(BoardPage {
        frame: Frame::new(registry, session, "数据质量", "/quality"),
        month: month.to_string(),
        label: words::period_label(&month.to_string()),
        trend: Columns::new(
            "picture-quality",
            "各月查出的问题",
            &[
                ("part-error", "强制性"),
                ("part-confirm", "核实性"),
                ("part-hint", "提示"),
            ],
            columns.collect(),
        ),
        months: found
            .months
            .iter()
            .map(|(month, sums)| (month.to_string(), words::period_label(&month.to_string()), *sums))
            .collect(),
        total: found.total,
        departments,
        rules,
    })
}

/// How much of the worst a figure is, in three steps; none is none.
fn heat(of: i64, worst: i64) -> u8 {
    match of {
        0 => 0,
        _ if of * 3 > worst * 2 => 3,
        _ if of * 3 > worst => 2,
        _ => 1,
    }
}

#[derive(Template)]
#[template(path = "quality_rows.html")]
struct RowsPage {
    frame: Frame,
    label: String,
    month: String,
    department: String,
    rule: Option<(String, &'static str)>,
    severity: &'static str,
    total: i64,
    lines: Vec<FindingLine>,
}

struct FindingLine {
    upload: i64,
    department: String,
    place: String,
    cell: String,
    severity: &'static str,
    class: String,
    code: String,
    written: String,
    message: String,
    /// Code and name of the project, where the row went in.
    project: Option<(String, String)>,
}

/// `GET /quality/rows`: the findings behind a figure.
pub(super) async fn rows(
    State(registry): State<Registry>,
    Extension(session): Officer,
    Query(asked): Query<Asked>,
) -> Result<Response, WebError> {
    blocking(&registry, move |registry| render(&list(registry, &session, &asked)?)).await
}

fn list(registry: &Registry, session: &Session, asked: &Asked) -> Result<RowsPage, WebError> {
    let month = asked.month(registry)?;
    let period = month.to_string();
    let given = |text: &'_ str| (!text.is_empty()).then(|| text.to_owned());
    let (department, code, severity) = (given(&asked.department), given(&asked.code), given(&asked.severity));
    let which = Which {
        period: &period,
        department: department.as_deref(),
        code: code.as_deref(),
        severity: severity.as_deref(),
    };
    let found = behind(registry, &session.operator, &which, SHOWN)?;
    let total = count(registry, &session.operator, &which)?;
    Ok(RowsPage {
        frame: Frame::new(registry, session, "查出的问题", "/quality"),
        label: words::period_label(&period),
        department: department.map_or_else(String::new, |code| words::department(&registry.catalogue, &code).into()),
        rule: code.map(|code| {
            let title = title(&code);
            (code, title)
        }),
        severity: severity.map_or("", |word| severity_label(&word)),
        month: period,
        total,
        lines: found.iter().map(|finding| line(registry, finding)).collect(),
    })
}

fn line(registry: &Registry, finding: &Behind) -> FindingLine {
    FindingLine {
        upload: finding.upload_id,
        department: words::department(&registry.catalogue, &finding.department).to_owned(),
        place: match (&finding.sheet, finding.row_no) {
            (sheet, Some(row)) => row_place(sheet.as_deref().unwrap_or_default(), row),
            (Some(sheet), None) => sheet.clone(),
            (None, None) => "整个文件".into(),
        },
        cell: finding.cell.clone().unwrap_or_default(),
        severity: severity_label(&finding.severity),
        class: finding.severity.clone(),
        code: finding.code.clone(),
        written: words::written(finding.written.as_deref()),
        message: finding.message.clone(),
        project: finding.project.as_ref().map(|&(id, year, ref name)| {
            let code = RegistryCode { year, id };
            (code.to_string(), name.clone())
        }),
    }
}

fn severity_label(word: &str) -> &'static str {
    match word {
        "error" => "强制性",
        "confirm" => "核实性",
        _ => "提示",
    }
}

#[derive(Template)]
#[template(path = "quality_uploads.html")]
struct UploadsPage {
    frame: Frame,
    label: String,
    month: String,
    department: String,
    /// Upload, department, and what its check came to.
    lines: Vec<(i64, String, CheckRow)>,
    rows: i64,
}

/// `GET /quality/uploads`: the uploads behind a figure.
pub(super) async fn checked(
    State(registry): State<Registry>,
    Extension(session): Officer,
    Query(asked): Query<Asked>,
) -> Result<Response, WebError> {
    blocking(&registry, move |registry| {
        let month = asked.month(registry)?;
        let department = Some(&*asked.department).filter(|code| !code.is_empty());
        let found = uploads(registry, &session.operator, month, department)?;
        let named = |code: &str| words::department(&registry.catalogue, code).to_owned();
        let period = month.to_string();
        render(&UploadsPage {
            frame: Frame::new(registry, &session, "检查过的清单", "/quality"),
            label: words::period_label(&period),
            month: period,
            department: department.map(named).unwrap_or_default(),
            rows: found.iter().map(|check| check.row_count).sum(),
            lines: found
                .into_iter()
                .map(|check| (check.upload_id, named(&check.department), check))
                .collect(),
        })
    })
    .await
}
