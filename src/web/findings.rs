//! The lines that an upload's pages are made of: its head, findings, rows, and values before and after.

use retrofit_import::catalogue::{Catalogue, Field};
use retrofit_import::finding::Finding;
use retrofit_import::report::{Group, groups};
use retrofit_import::rules;

use super::words;
use crate::db::uploads::HeldRow;
use crate::registry::intake::{Row, Upload};
use crate::registry::{Change, Values};

/// Lines that the page shows of each list: with all of them it stays light, and who has more mends the first ones first.
pub(super) const SHOWN: usize = 80;

/// The first lines of a list, and how many more there are.
pub(super) struct Lines<T> {
    pub(super) shown: Vec<T>,
    pub(super) more: usize,
}

impl<T> Lines<T> {
    pub(super) fn of<S>(all: &[S], line: impl FnMut(&S) -> T) -> Self {
        Self {
            shown: all.iter().take(SHOWN).map(line).collect(),
            more: all.len().saturating_sub(SHOWN),
        }
    }
}

/// What is said of an upload at its head.
pub(super) struct Head {
    pub(super) id: i64,
    pub(super) file_name: String,
    pub(super) department: String,
    pub(super) period: String,
    pub(super) supplement: bool,
    pub(super) by: String,
    pub(super) at: String,
}

impl Head {
    pub(super) fn new(catalogue: &Catalogue, upload: &Upload) -> Self {
        Self {
            supplement: upload.supplement == 1,
            id: upload.id,
            file_name: upload.file_name.clone(),
            department: words::department(catalogue, &upload.department).to_owned(),
            period: words::period_label(&upload.period),
            by: upload.received_by.clone(),
            at: words::moment(upload.received_at),
        }
    }
}

/// A finding, or several that are equal but for their cells.
pub(super) struct FindingLine {
    pub(super) severity: &'static str,
    pub(super) class: &'static str,
    pub(super) sheet: String,
    pub(super) place: String,
    /// Every cell, where `place` does not name them all.
    pub(super) every_place: String,
    pub(super) written: String,
    pub(super) message: String,
    pub(super) suggestion: String,
    pub(super) basis: String,
    pub(super) code: String,
    pub(super) title: &'static str,
}

impl FindingLine {
    /// Findings, equal ones down a column together.
    pub(super) fn of(findings: &[&Finding]) -> Lines<Self> {
        Lines::of(&groups(findings.iter().copied()), Self::new)
    }

    pub(super) fn new(group: &Group<'_>) -> Self {
        let finding = group.first;
        Self {
            severity: finding.severity.label(),
            class: words::severity_class(finding.severity),
            sheet: finding.sheet.clone().unwrap_or_default(),
            place: group.place(),
            every_place: group.whole_place().unwrap_or_default(),
            written: words::written(Some(&group.value())),
            message: finding.message.clone(),
            suggestion: finding.suggestion.clone().unwrap_or_default(),
            basis: finding.basis.clone().unwrap_or_default(),
            code: finding.code.to_owned(),
            title: title(finding.code),
        }
    }
}

/// A row of the file.
pub(super) struct RowLine {
    pub(super) place: String,
    pub(super) name: String,
    pub(super) about: String,
}

/// A field's value before and after.
pub(super) struct ChangeLine {
    pub(super) label: String,
    pub(super) before: String,
    pub(super) after: String,
}

impl ChangeLine {
    /// A change as officers read it; a blank is said as such.
    pub(super) fn new(catalogue: &Catalogue, change: &Change) -> Self {
        let said = |value: &Option<_>| {
            value
                .as_ref()
                .map_or_else(|| "（空）".into(), |value| words::value(catalogue, change.field, value))
        };
        Self {
            label: catalogue.label(change.field).to_owned(),
            before: said(&change.before),
            after: said(&change.after),
        }
    }
}

/// A row by its place, its project's name, and its category and county.
pub(super) fn row_line(catalogue: &Catalogue, row: &Row) -> RowLine {
    line(catalogue, &row.sheet, row.row.into(), &row.values.values())
}

/// A row that was held, in the same way. What cannot be read back is shown by its place alone.
pub(super) fn held_line(catalogue: &Catalogue, row: &HeldRow) -> RowLine {
    let values = serde_json::from_str(&row.values_json).unwrap_or_default();
    line(catalogue, &row.sheet, row.row_no, &values)
}

fn line(catalogue: &Catalogue, sheet: &str, row: i64, values: &Values) -> RowLine {
    let said = |field| values.get(&field).map(|value| words::value(catalogue, field, value));
    let about = [Field::Category, Field::County].into_iter().filter_map(said);
    RowLine {
        place: row_place(sheet, row),
        name: said(Field::Name).unwrap_or_else(|| "（工程名称未读出）".into()),
        about: about.collect::<Vec<_>>().join("，"),
    }
}

/// A row's place: the sheet, where it has a name, and the row.
pub(super) fn row_place(sheet: &str, row: i64) -> String {
    if sheet.is_empty() {
        format!("第 {row} 行")
    } else {
        format!("{sheet} 第 {row} 行")
    }
}

pub(super) fn title(code: &str) -> &'static str {
    rules::find(code).map_or("", |rule| rule.title)
}
