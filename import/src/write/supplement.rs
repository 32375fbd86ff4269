//! The rows that wait for the officer, as a roster of their own: which of the original's rows it holds, and where.
//!
//! It keeps the titles, the headers and the headings of counties that its rows need; each row stands by itself, with the values of merged
//! areas written out.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::check::SheetSummary;
use crate::finding::Finding;
use crate::layout::Merged;
use crate::report::{Report, RowState};
use crate::workbook::{Address, Area, Row, SheetHead};

/// The rows of a sheet that are kept: from where, from 0, to where.
#[derive(Debug, Default)]
struct Kept {
    rows: BTreeMap<u32, u32>,
    /// Those among them, as they were, that are projects.
    projects: BTreeSet<u32>,
}

/// The part of a roster that waits.
#[derive(Debug)]
pub(super) struct Supplement {
    /// What is said of it, at its own addresses.
    pub(super) report: Report,
    sheets: HashMap<String, Kept>,
}

impl Supplement {
    pub(super) fn new(report: &Report) -> Self {
        let mut open: HashMap<&str, BTreeSet<u32>> = HashMap::new();
        for row in report.rows.iter().filter(|row| row.verdict.is_open()) {
            open.entry(&row.sheet).or_default().insert(row.row);
        }
        let mut sheets: HashMap<String, Kept> = HashMap::new();
        let mut tables = Vec::new();
        for table in &report.summary.sheets {
            let Some(open) = open.get(&*table.name) else { continue };
            let kept = sheets.entry(table.name.clone()).or_insert_with(|| Kept {
                // The titles, and the unit that holds for the whole sheet.
                rows: (0..table.first_header_row - 1).map(|row| (row, row)).collect(),
                projects: BTreeSet::new(),
            });
            tables.extend(kept.take(table, open));
        }
        let mut part = Self {
            report: Report {
                summary: report.summary.clone(),
                findings: Vec::new(),
                rows: Vec::new(),
                records: None,
            },
            sheets,
        };
        part.report.findings = report
            .findings
            .iter()
            .filter_map(|finding| part.finding(finding))
            .collect();
        part.report.rows = report.rows.iter().filter_map(|row| part.row_state(row)).collect();
        part.report.summary.rows = part.report.rows.len();
        part.report.summary.sheets = tables;
        // Its places are the original's.
        part.report.summary.normalised.clear();
        part.report
            .summary
            .outlines
            .retain(|outline| part.sheets.contains_key(&outline.name));
        part
    }

    fn finding(&self, finding: &Finding) -> Option<Finding> {
        let kept = self.sheets.get(finding.sheet.as_deref()?)?;
        let address = finding.address?;
        match finding.row {
            Some(row) => {
                let row = row - 1;
                let to = *kept.rows.get(&row).filter(|_| kept.projects.contains(&row))?;
                Some(Finding {
                    // In a merged area begun above, the row's own cell.
                    address: Some(Address::new(to, address.column)),
                    row: Some(to + 1),
                    ..finding.clone()
                })
            }
            None => Some(Finding {
                address: Some(Address::new(*kept.rows.get(&address.row)?, address.column)),
                ..finding.clone()
            }),
        }
    }

    fn row_state(&self, state: &RowState) -> Option<RowState> {
        let row = state.row - 1;
        let kept = self.sheets.get(&*state.sheet)?;
        let to = *kept.rows.get(&row).filter(|_| kept.projects.contains(&row))?;
        let was = format!("原表第 {} 行。", state.row);
        Some(RowState {
            row: to + 1,
            remark: Some(was + state.remark.as_deref().unwrap_or_default()),
            ..state.clone()
        })
    }

    /// Begins a sheet; none where nothing of it is kept. What its head then says holds for the kept rows.
    pub(super) fn sheet(&self, head: &mut SheetHead) -> Option<Rows<'_>> {
        let kept = self.sheets.get(&head.name)?;
        let merged = Merged::new(&head.merged);
        head.merged = head.merged.iter().filter_map(|area| kept.area(area)).collect();
        // A row that waits is to be seen.
        head.hidden_rows.clear();
        Some(Rows { kept, merged })
    }
}

impl Kept {
    /// Keeps a table's header and its open rows; gives the table as it then stands, or none where it has no such rows.
    fn take(&mut self, table: &SheetSummary, open: &BTreeSet<u32>) -> Option<SheetSummary> {
        let data_rows: Vec<u32> = table
            .data_rows
            .iter()
            .copied()
            .filter(|row| open.contains(row))
            .collect();
        if data_rows.is_empty() {
            return None;
        }
        let last = self.rows.last_key_value().map(|(_, to)| *to);
        let is_first = self.projects.is_empty();
        let mut next = match last {
            None => 0,
            Some(last) if is_first => last + 1,
            Some(last) => last + 2,
        };
        let mut keep = |row: u32| {
            self.rows.insert(row - 1, next);
            next += 1;
            next
        };
        let header: Vec<u32> = (table.first_header_row..=table.header_row).map(&mut keep).collect();
        let mut wanted: BTreeSet<u32> = data_rows.iter().copied().collect();
        for row in &data_rows {
            let above = table.heading_rows.partition_point(|heading| heading < row);
            wanted.extend(above.checked_sub(1).map(|at| table.heading_rows[at]));
        }
        let placed: BTreeMap<u32, u32> = wanted.into_iter().map(|row| (row, keep(row))).collect();
        self.projects.extend(data_rows.iter().map(|row| row - 1));
        Some(SheetSummary {
            first_header_row: *header.first()?,
            header_row: *header.last()?,
            data_rows: data_rows.iter().filter_map(|row| placed.get(row).copied()).collect(),
            heading_rows: table
                .heading_rows
                .iter()
                .filter_map(|row| placed.get(row).copied())
                .collect(),
            ..table.clone()
        })
    }

    /// A merged area of titles and headers, or within a row.
    fn area(&self, area: &Area) -> Option<Area> {
        let (first_row, last_row) = (*self.rows.get(&area.first_row)?, *self.rows.get(&area.last_row)?);
        let whole = last_row - first_row == area.last_row - area.first_row;
        let projects = self.projects.range(area.first_row..=area.last_row).next().is_some();
        (whole && (area.first_row == area.last_row || !projects)).then_some(Area {
            first_row,
            last_row,
            ..*area
        })
    }
}

/// The rows of a sheet under way.
pub(super) struct Rows<'a> {
    kept: &'a Kept,
    merged: Merged,
}

impl Rows<'_> {
    /// The original's next row as it stands in the part, where it is kept.
    pub(super) fn take(&mut self, row: Row) -> Option<Row> {
        let (from, own) = (row.index, row.cells.clone());
        let filled = self.merged.fill(row).row;
        let index = *self.kept.rows.get(&from)?;
        let cells = if self.kept.projects.contains(&from) {
            filled.cells
        } else {
            own
        };
        Some(Row { index, cells })
    }
}
