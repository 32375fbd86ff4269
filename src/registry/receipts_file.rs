//! A receipts workbook: foreign bytes, opened in the child like any other, to rows.

use std::io;
use std::path::Path;

use retrofit_import::check::Checker;
use retrofit_import::workbook::{Address, Content, Event, Row as SheetRow};
use retrofit_jobs::delivery::PackageReceipt;

use super::packages::Strange;

/// The sheet of a package's workbook that receipts are noted in.
pub(super) const SHEET: &str = "回执";

/// Its columns. The last two name what the row is about; a workbook without them is about the package that it is registered
/// for.
pub(super) const COLUMNS: [&str; 6] = ["source_id", "result", "platform_no", "message", "revision", "batch_no"];

/// What officers may write in the place of each.
const ALIASES: [&[&str]; 6] = [
    &["登记编号"],
    &["结果"],
    &["平台编号"],
    &["说明", "原因"],
    &["版本"],
    &["批次号", "数据包"],
];

/// The contract's words for results, each with the officers'.
pub(super) const RESULTS: [(&str, &str); 4] = [
    ("accepted", "接收"),
    ("rejected", "退回"),
    ("unchanged", "无变化"),
    ("stale", "已有新版"),
];

/// Rows above the header at most.
const HEADER_WITHIN: u32 = 30;
/// Rows that are taken at most: more than any package has.
const ROWS: usize = 100_000;

/// A row, with where it stands.
#[derive(Clone, Debug)]
pub(super) struct Row {
    at: String,
    pub(super) receipt: PackageReceipt,
    pub(super) batch_no: Option<String>,
}

impl Row {
    pub(super) fn strange(&self, reason: String) -> Strange {
        Strange {
            at: self.at.clone(),
            source_id: self.receipt.source_id.clone(),
            reason,
        }
    }
}

/// Whether a result is one of the contract's words.
pub(super) fn is_result(word: &str) -> bool {
    RESULTS.iter().any(|(ours, _)| *ours == word)
}

/// The rows of every sheet that has the columns of a receipts workbook; else why there are none, for people.
pub(super) fn read(checker: &Checker, file: &Path) -> io::Result<Result<Vec<Row>, String>> {
    let mut reader = Reader::default();
    let read = checker
        .worker
        .read(file, &checker.limits, &mut |event| reader.take(event))?;
    Ok(match read {
        Err(refusal) => Err(refusal.message),
        Ok(()) if !reader.found => Err(format!(
            "没有找到回执表：表头须有“{}”和“{}”两栏（或“登记编号”和“结果”）。请用数据包 records.xlsx 中的“{SHEET}”表填写。",
            COLUMNS[0], COLUMNS[1]
        )),
        Ok(()) if reader.rows.len() > ROWS => Err(format!("回执超过 {ROWS} 行，请分开上传。")),
        Ok(()) => Ok(reader.rows),
    })
}

#[derive(Default)]
struct Reader {
    sheet: String,
    skipped: bool,
    /// The columns of the sheet's header, where it was met.
    columns: Option<[Option<u32>; 6]>,
    found: bool,
    rows: Vec<Row>,
}

impl Reader {
    fn take(&mut self, event: Event) {
        match event {
            Event::Format(_) => {}
            Event::Sheet(head) => {
                (self.sheet, self.skipped, self.columns) = (head.name, head.hidden, None);
            }
            Event::Row(_) if self.skipped || self.rows.len() > ROWS => {}
            Event::Row(row) => match self.columns {
                None if row.index < HEADER_WITHIN => {
                    self.columns = header(&row);
                    self.found |= self.columns.is_some();
                }
                None => {}
                Some(columns) => self.rows.extend(self.row(&row, columns)),
            },
        }
    }

    fn row(&self, row: &SheetRow, columns: [Option<u32>; 6]) -> Option<Row> {
        let [source_id, result, platform_no, message, revision, batch_no] = columns.map(|column| {
            column
                .and_then(|column| row.content(column))
                .map(text)
                .filter(|text| !text.is_empty())
        });
        let source_id = source_id?;
        let address = Address::new(row.index, columns[0]?);
        let sheet = if self.sheet.is_empty() {
            String::new()
        } else {
            format!("{}!", self.sheet)
        };
        Some(Row {
            at: format!("{sheet}{address}"),
            receipt: PackageReceipt {
                source_id: source_id.to_ascii_uppercase(),
                result: result.map(|written| word(&written)).unwrap_or_default(),
                platform_no,
                message,
                // one that is no number is of no revision that we sent
                revision: revision.map(|written| written.parse().unwrap_or(-1)),
            },
            batch_no,
        })
    }
}

fn header(row: &SheetRow) -> Option<[Option<u32>; 6]> {
    let mut columns = [None; 6];
    for cell in &row.cells {
        let written = text(&cell.content).to_ascii_lowercase();
        let named = (0..6).find(|&at| COLUMNS[at] == written || ALIASES[at].contains(&&*written));
        if let Some(at) = named {
            columns[at].get_or_insert(cell.column);
        }
    }
    (columns[0].is_some() && columns[1].is_some()).then_some(columns)
}

fn text(content: &Content) -> String {
    match content {
        Content::Text(text)
        | Content::Number(text)
        | Content::Percent(text)
        | Content::Date(text)
        | Content::Error(text) => text.trim().to_owned(),
        Content::Bool(is) => is.to_string(),
    }
}

/// The contract's word for what is written; else what is written.
fn word(written: &str) -> String {
    let lower = written.to_ascii_lowercase();
    let known = RESULTS.iter().find(|(ours, label)| *ours == lower || *label == written);
    known.map_or_else(|| written.to_owned(), |(ours, _)| (*ours).to_owned())
}
