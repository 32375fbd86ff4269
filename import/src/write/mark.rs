//! What is marked in a roster: its flagged cells with their notes, and what its added columns say.

use std::collections::{BTreeMap, HashMap};

use super::style;
use crate::catalogue::{Catalogue, Field};
use crate::check::SheetSummary;
use crate::feedback::{EXPLANATION, PROBLEMS, RESULT};
use crate::finding::{Finding, Severity};
use crate::report::{Report, RowState, Verdict};
use crate::workbook::Address;
use crate::workbook::marks::{AddedCell, CellMark, RowMark, SheetMarks};

/// Notes on a sheet: each is a drawing, and Excel grows slow with more. What has none stands in the row's column of problems.
const MOST_NOTES: usize = 5_000;

/// Width of the column of problems, in characters.
const PROBLEMS_WIDTH: f64 = 64.0;

/// The marks of each sheet that holds a roster or a finding.
pub(super) fn sheets(catalogue: &Catalogue, report: &Report) -> Vec<SheetMarks> {
    let mut findings: HashMap<&str, Vec<&Finding>> = HashMap::new();
    for finding in &report.findings {
        if let Some(sheet) = finding.sheet.as_deref() {
            findings.entry(sheet).or_default().push(finding);
        }
    }
    let mut states: HashMap<&str, HashMap<u32, &RowState>> = HashMap::new();
    for state in &report.rows {
        states.entry(&state.sheet).or_default().insert(state.row, state);
    }
    let outlines = report.summary.outlines.iter().filter(|outline| !outline.is_result);
    let marked = outlines.map(|outline| {
        let name = outline.name.as_str();
        let findings = findings.remove(name).unwrap_or_default();
        let tables = report.summary.sheets.iter().filter(|table| table.name == name);
        let tables: Vec<&SheetSummary> = tables.collect();
        let states = states.remove(name).unwrap_or_default();
        let mut marks = SheetMarks {
            name: name.to_owned(),
            cells: cells(&findings),
            first: outline.width,
            ..SheetMarks::default()
        };
        if !tables.is_empty() {
            add_columns(&mut marks, catalogue, &tables, &findings, &states);
        }
        marks
    });
    marked
        .filter(|marks| !marks.cells.is_empty() || !marks.headers.is_empty())
        .collect()
}

fn cells(findings: &[&Finding]) -> Vec<CellMark> {
    let mut cells: BTreeMap<Address, Vec<&Finding>> = BTreeMap::new();
    for finding in findings {
        if let Some(address) = finding.address {
            cells.entry(address).or_default().push(finding);
        }
    }
    let cells = cells.into_iter().zip(0..).filter_map(|((at, findings), number)| {
        Some(CellMark {
            at,
            severity: findings.iter().map(|finding| finding.severity).max()?,
            note: (number < MOST_NOTES).then(|| note(&findings)),
        })
    });
    cells.collect()
}

fn add_columns(
    marks: &mut SheetMarks,
    catalogue: &Catalogue,
    tables: &[&SheetSummary],
    findings: &[&Finding],
    states: &HashMap<u32, &RowState>,
) {
    let code = |row: &u32| states.get(row).and_then(|state| state.registry_code.clone());
    // A workbook that comes back keeps the columns that it has.
    let returned = tables.iter().any(|table| table.feedback.is_some());
    let missing =
        |table: &&&SheetSummary| table.code_column.is_none() && table.data_rows.iter().any(|row| code(row).is_some());
    let with_codes = !returned && tables.iter().any(|table| missing(&table));
    if with_codes {
        marks
            .columns
            .push((catalogue.label(Field::RegistryCode).to_owned(), 17.0));
    }
    let columns = [(RESULT, 9.0), (PROBLEMS, PROBLEMS_WIDTH), (EXPLANATION, 30.0)];
    marks
        .columns
        .extend(columns.map(|(heading, width)| (heading.to_owned(), width)));
    let mut of_rows: HashMap<u32, Vec<&Finding>> = HashMap::new();
    for finding in findings {
        if let Some(row) = finding.row {
            of_rows.entry(row).or_default().push(finding);
        }
    }
    for table in tables {
        marks.headers.push((table.first_header_row - 1, table.header_row - 1));
        for row in &table.data_rows {
            let mut cells = Vec::with_capacity(marks.columns.len());
            match (code(row), table.code_column) {
                (Some(code), Some(column)) => marks.fills.push((Address::new(row - 1, column), code)),
                (code, _) if with_codes => cells.push(AddedCell {
                    text: Some(code.unwrap_or_default()),
                    severity: None,
                }),
                _ => {}
            }
            let findings = of_rows.remove(row).unwrap_or_default();
            let state = states.get(row);
            let verdict = state.map_or(Verdict::Sound, |state| state.verdict);
            let remark = state.and_then(|state| state.remark.clone());
            let lines: Vec<String> = remark
                .into_iter()
                .chain(findings.iter().map(|finding| line(finding)))
                .collect();
            let problems = lines.join("\n");
            let lines = style::lines(&problems, PROBLEMS_WIDTH);
            let severity = match verdict {
                Verdict::ToMend => Some(Severity::Error),
                Verdict::ToExplain => Some(Severity::Confirm),
                Verdict::Explained | Verdict::Sound => None,
            };
            cells.push(AddedCell {
                text: Some(verdict.label().to_owned()),
                severity,
            });
            cells.push(AddedCell {
                text: Some(problems),
                severity: None,
            });
            // Coloured where an explanation is waited for.
            let waits = verdict.is_open() && findings.iter().any(|finding| finding.severity == Severity::Confirm);
            cells.push(AddedCell {
                text: None,
                severity: waits.then_some(Severity::Confirm),
            });
            marks.rows.push(RowMark {
                row: row - 1,
                cells,
                lines,
            });
        }
    }
    marks.rows.sort_by_key(|row| row.row);
}

/// A finding in the row's column of problems.
fn line(finding: &Finding) -> String {
    let place = finding.address.map(|address| format!("{address} ")).unwrap_or_default();
    let suggestion = finding.suggestion.as_deref().unwrap_or_default();
    format!(
        "{place}{}{suggestion}（{} {}）",
        finding.message,
        finding.severity.label(),
        finding.code
    )
}

/// What is wrong with a cell, what to write, on what basis, by which rule.
fn note(findings: &[&Finding]) -> String {
    let mut texts: Vec<String> = Vec::new();
    for finding in findings {
        let mut lines = vec![format!("【{}】{}", finding.severity.label(), finding.message)];
        lines.extend(
            finding
                .suggestion
                .as_ref()
                .map(|suggestion| format!("改法：{suggestion}")),
        );
        lines.extend(finding.basis.as_ref().map(|basis| format!("依据：{basis}")));
        lines.push(format!("规则：{}", finding.code));
        let text = lines.join("\n");
        // Rows that share a merged cell say the same of it.
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    texts.join("\n\n")
}
