//! Doors for the fuzz targets of `import/fuzz`; no other build has them. Each panics where something holds that never should.

use std::sync::{Arc, LazyLock};

use chrono::NaiveDate;

use crate::catalogue::{Catalogue, Field};
use crate::layout::{ColumnReading, Corrections, HeaderIndex, Known, Part, SheetReader};
use crate::read::RowReader;
use crate::record::Read;
use crate::rules::RosterJudge;
use crate::sheet_findings;
use crate::values::{Reader, Value, fold};
use crate::workbook::{Area, Cell, Content, Row, SheetHead};

pub use crate::workbook::fuzzing::guards;

static CATALOGUE: LazyLock<Arc<Catalogue>> = LazyLock::new(|| Arc::new(Catalogue::load(None).expect("embedded")));
static READER: LazyLock<Reader> = LazyLock::new(|| Reader::new(CATALOGUE.clone()));
static HEADERS: LazyLock<HeaderIndex> = LazyLock::new(|| HeaderIndex::new(&CATALOGUE, &Corrections::default()));

/// One cell of any field: the first byte says which, the second what kind of cell, the third the column's unit.
pub fn values(data: &[u8]) {
    const UNITS: &[&str] = &[
        "万元", "元", "亿元", "㎡", "万㎡", "亩", "米", "公里", "%", "层", "年", "秒",
    ];
    let [field, kind, unit, rest @ ..] = data else { return };
    let field = Field::ALL[usize::from(*field) % Field::ALL.len()];
    let Ok(text) = std::str::from_utf8(rest) else { return };
    let unit = UNITS.get(usize::from(*unit)).map(|unit| fold(unit));
    let county = text.contains('镇').then_some("371502");
    let reading = {
        let content = content(*kind, text);
        READER.read(
            field,
            &content,
            &crate::values::clean(&crate::values::written(&content)),
            unit.as_deref(),
            county,
        )
    };
    if let Some(fault) = &reading.fault {
        assert!(!fault.message.is_empty());
        assert!(crate::rules::find(fault.code).is_some(), "{}", fault.code);
    }
    if let Read::Value(value) = &reading.read {
        let kept = Value::from_canonical(field.field_type(), &value.canonical());
        assert_eq!(kept.as_ref(), Some(value), "{field:?} is not kept as read");
    }
}

/// A sheet: a first line of merged areas, four bytes each; a second of corrections between tabs, each a column's key with a byte before it
/// that says which field; then lines of cells between tabs. Then the same sheet once more, with the first columns that were not recognised
/// corrected.
pub fn layout(data: &[u8]) {
    let mut lines = data.splitn(3, |byte| *byte == b'\n');
    let areas: Vec<Area> = lines.next().unwrap_or_default().chunks_exact(4).map(area).collect();
    let mut said = lines.next().map(corrections).unwrap_or_default();
    let rows = lines.next().unwrap_or_default();
    let readings = sheet(&areas, &said, rows);
    let fields: Vec<Field> = readings.iter().filter_map(|column| column.field).collect();
    let mut free = Field::ALL.iter().filter(|field| !fields.contains(field));
    let unknown = readings
        .iter()
        .filter(|column| column.field.is_none() && !column.corrected);
    let before = said.0.len();
    for (column, field) in unknown.zip(free.by_ref()).take(3) {
        said.0.insert(column.key.clone(), Some(*field));
    }
    if said.0.len() > before {
        sheet(&areas, &said, rows);
    }
}

fn corrections(line: &[u8]) -> Corrections {
    let said = line.split(|byte| *byte == b'\t').filter_map(|said| {
        let (field, key) = said.split_first()?;
        let field = Field::ALL.get(usize::from(*field)).copied();
        Some((String::from_utf8_lossy(key).into_owned(), field))
    });
    Corrections(said.take(20).collect())
}

/// Reads a sheet's rows as far as records and rules; how its columns were understood.
fn sheet(merged: &[Area], said: &Corrections, rows: &[u8]) -> Vec<ColumnReading> {
    let head = SheetHead {
        name: "清单".to_owned(),
        merged: merged.to_vec(),
        ..SheetHead::default()
    };
    let own = (!said.0.is_empty()).then(|| HeaderIndex::new(&CATALOGUE, said));
    let known = Known {
        catalogue: &CATALOGUE,
        headers: own.as_ref().unwrap_or(&HEADERS),
        reader: &READER,
    };
    let lines = rows.split(|byte| *byte == b'\n');
    let mut sheet = SheetReader::new(known, &head, Vec::new());
    let mut parts = Vec::new();
    let mut last = 0;
    for (index, line) in (0..).zip(lines.take(2_000)) {
        let cells = (0..).zip(line.split(|byte| *byte == b'\t').take(512));
        let cells: Vec<Cell> = cells
            .filter_map(|(column, cell)| {
                let text = String::from_utf8_lossy(cell);
                let content = content(cell.first().copied().unwrap_or_default(), &text);
                (!text.trim().is_empty()).then_some(Cell { column, content })
            })
            .collect();
        if !cells.is_empty() {
            sheet.push(Row { index, cells }, &mut |part| parts.push(part));
            last = index;
        }
    }
    let (tables, half, _) = sheet.finish("清单", &mut |part| parts.push(part));
    let readings: Vec<ColumnReading> = tables.into_iter().chain(half).flat_map(|table| table.columns).collect();
    for column in &readings {
        assert!(column.examples.len() <= 3 && !(column.blank && column.guess.is_some()));
    }

    let today = NaiveDate::from_ymd_opt(2026, 11, 23).expect("a day");
    let mut judge = RosterJudge::new(&CATALOGUE, today);
    let name: Arc<str> = "清单".into();
    let mut rows: Option<RowReader> = None;
    let mut before = None;
    for part in parts {
        match part {
            Part::Table(table) => {
                for finding in sheet_findings::of_table(known, &name, &table) {
                    assert!(finding.address.is_some_and(|at| at.row <= last));
                }
                assert!(!table.columns.is_empty());
                rows = table.is_sound().then(|| RowReader::new(&CATALOGUE, &READER, table));
            }
            Part::Row(mut data) => {
                let index = data.line.row.index;
                assert!(
                    before.is_none_or(|before| before < index),
                    "a row came twice or too late"
                );
                before = Some(index);
                let rows = rows.as_mut().expect("rows follow a sound table");
                let (record, mut findings) = rows.read(&name, &mut data);
                findings.extend(judge.judge_record(&record));
                for finding in findings {
                    assert!(finding.row == Some(index + 1) && finding.address.is_none_or(|at| at.row <= index));
                }
            }
        }
    }
    assert!(judge.incidents().is_empty(), "{:?}", judge.incidents());
    readings
}

fn content(kind: u8, text: &str) -> Content {
    let number = text.parse::<f64>().is_ok_and(f64::is_finite) && !text.starts_with('+');
    match kind {
        b'\x01' => Content::Percent(text.trim_start_matches('\x01').into()),
        b'\x02' => Content::Date(text.trim_start_matches('\x02').into()),
        b'\x03' => Content::Bool(true),
        b'\x04' => Content::Error("#REF!".into()),
        _ if number && kind != b'\x05' => Content::Number(text.into()),
        _ => Content::Text(text.into()),
    }
}

fn area(bytes: &[u8]) -> Area {
    let bound = |at: usize| u32::from(bytes[at]);
    Area {
        first_row: bound(0).min(bound(1)),
        last_row: bound(0).max(bound(1)),
        first_column: bound(2).min(bound(3)),
        last_column: bound(2).max(bound(3)),
    }
}
