//! Data row to record: each cell read, blanks of required fields and faults of values found.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::amounts::Measured;
use crate::catalogue::{Catalogue, Field, FieldType};
use crate::finding::Finding;
use crate::layout::{Column, DataRow, Table, column_unit};
use crate::record::{Entry, Read, Record};
use crate::rules::{self, Incident};
use crate::values::{Canonical, Fault, Reader, Reading, Value, clean, unread_code, written};
use crate::workbook::{Address, Cell, Content, Row};

/// So many different texts of a column are remembered: more than any list of values has.
const REMEMBERED: usize = 500;

/// Reads a table's rows.
#[derive(Debug)]
pub(crate) struct RowReader<'a> {
    catalogue: &'a Catalogue,
    reader: &'a Reader,
    table: Arc<Table>,
    /// The columns in the order in which they are read: the county first, because townships are looked for in it.
    columns: Vec<ColumnReader>,
    /// The columns whose amounts are added to those of others.
    added: Vec<ColumnReader>,
    /// Cells whose reading broke down, by the rule that a fault of such a cell goes by; taken by whoever tells of them.
    pub(crate) incidents: Vec<Incident>,
}

/// Reads the cells of a column.
#[derive(Debug)]
struct ColumnReader {
    at: u32,
    field: Field,
    unit: Option<String>,
    /// The readings of texts that come again and again, as codes and dates do, for `county`.
    remembered: FxHashMap<Box<str>, Reading>,
    county: Option<Arc<str>>,
}

/// A row, and what its cells are read by.
struct Place<'r> {
    catalogue: &'r Catalogue,
    reader: &'r Reader,
    table: &'r Table,
    sheet: &'r Arc<str>,
    /// 1-based.
    row: u32,
    /// A line between the row and its header that names other units.
    unit_line: Option<&'r (u32, Arc<[String]>)>,
}

impl Place<'_> {
    /// Reads a cell of the row and its text, cleaned; `address` is the cell's, of a merged area that of its first.
    fn read(
        &self,
        column: &mut ColumnReader,
        (content, text): (&Content, &str),
        address: Option<Address>,
        county: Option<&Arc<str>>,
        incidents: &mut Vec<Incident>,
    ) -> Reading {
        let field = column.field;
        let label = self.catalogue.label(field);
        let reading = unless_broken(|| column.read(self.reader, content, text, county));
        let reading = reading.unwrap_or_else(|| broken(field, label, (self.sheet, self.row), incidents));
        let measured = Measured {
            field,
            label,
            text,
            address,
            at: (self.row, column.at),
            unit: column.unit.as_deref(),
        };
        let doubt = measured.doubt(&reading.read, self.reader, self.table, self.unit_line);
        doubt.map_or(reading, Reading::fault)
    }
}

impl ColumnReader {
    /// Reads a cell and its text, cleaned.
    fn read(&mut self, reader: &Reader, content: &Content, text: &str, county: Option<&Arc<str>>) -> Reading {
        let unit = self.unit.as_deref();
        let read = || reader.read(self.field, content, text, unit, county.map(|code| &**code));
        let again = !matches!(
            self.field.field_type(),
            FieldType::Text(_) | FieldType::Integer | FieldType::Decimal(_) | FieldType::Percent
        );
        let Content::Text(text) = content else { return read() };
        if !again {
            return read();
        }
        if self.county.as_ref() != county {
            self.remembered.clear();
            self.county = county.cloned();
        }
        if let Some(reading) = self.remembered.get(text) {
            return reading.clone();
        }
        let reading = read();
        if self.remembered.len() < REMEMBERED {
            self.remembered.insert(text.clone(), reading.clone());
        }
        reading
    }
}

impl<'a> RowReader<'a> {
    pub(crate) fn new(catalogue: &'a Catalogue, reader: &'a Reader, table: Arc<Table>) -> Self {
        let of_column = |column: &Column| ColumnReader {
            at: column.at,
            field: column.field,
            unit: column_unit(reader, &table, column).map(str::to_owned),
            remembered: FxHashMap::default(),
            county: None,
        };
        let mut columns: Vec<ColumnReader> = table.columns.iter().map(of_column).collect();
        let added = table.added.iter().map(of_column).collect();
        columns.sort_by_key(|column| column.field != Field::County);
        Self {
            catalogue,
            reader,
            table,
            columns,
            added,
            incidents: Vec::new(),
        }
    }

    /// Reads a row and takes the texts of its cells; the findings are those of its values.
    pub(crate) fn read(&mut self, sheet: &Arc<str>, data: &mut DataRow) -> (Record, Vec<Finding>) {
        let row = data.line.row.index + 1;
        let mut record = Record::new(sheet.clone(), row);
        let mut faults: Vec<(Field, Fault)> = Vec::new();
        let mut carried: Vec<(Field, Value, Field)> = Vec::new();
        let mut county = None;
        // For rows that do not name it themselves.
        let own = self
            .table
            .column(Field::County)
            .and_then(|at| data.line.row.content(at));
        let heading = data.heading.as_ref().filter(|_| own.is_none());
        if let Some((heading, headed)) = heading.and_then(|heading| Some((heading, heading.county.as_ref()?))) {
            let entry = record.entry_mut(Field::County);
            entry.read = Read::Value(Value::Division(headed.clone()));
            entry.written = (*heading.written).into();
            let division = self.catalogue.divisions().get(headed);
            if division.is_some_and(|division| division.is_old_name(&heading.written)) {
                record.mark_changed(Field::County);
            }
            county = Some(headed.clone());
        }
        let place = Place {
            catalogue: self.catalogue,
            reader: self.reader,
            table: &self.table,
            sheet,
            row,
            unit_line: data.unit_line.as_ref(),
        };
        for column in &mut self.columns {
            let field = column.field;
            let entry = record.entry_mut(field);
            entry.address = Some(data.line.address(column.at));
            let Some(content) = data.line.row.content_mut(column.at) else {
                continue;
            };
            // Only townships look at the county.
            let within = county.as_ref().filter(|_| field == Field::Township);
            let shown = written(content);
            let text = clean(&shown);
            let reading = place.read(column, (content, &text), entry.address, within, &mut self.incidents);
            let cleaned: Option<Box<str>> = match (&*content, text) {
                // Nearly every text is clean as it stands.
                (Content::Text(own) | Content::Number(own), Cow::Borrowed(text)) if text.len() == own.len() => None,
                (_, text) => Some(text.into()),
            };
            entry.written = cleaned.unwrap_or_else(|| content.take_text());
            entry.read = reading.read;
            if field == Field::County
                && let Read::Value(Value::Division(code)) = &entry.read
            {
                county = Some(code.clone());
            }
            if reading.changed {
                record.mark_changed(field);
            }
            faults.extend(reading.fault.map(|fault| (field, fault)));
            carried.extend(reading.also.into_iter().map(|(to, value)| (to, value, field)));
        }
        for column in &mut self.added {
            let field = column.field;
            let Some(content) = data.line.row.content(column.at) else {
                continue;
            };
            let at = Some(data.line.address(column.at));
            let shown = written(content);
            let text = clean(&shown);
            let reading = place.read(column, (content, &text), at, None, &mut self.incidents);
            faults.extend(add(&mut record, field, at, reading, &text).map(|fault| (field, fault)));
        }
        for (field, value, from) in carried {
            faults.extend(carry(&mut record, field, self.catalogue.label(field), value, from));
        }
        self.unswap(&mut record, &mut faults);
        faults.extend(self.blanks(&mut record));
        faults.extend(data.below.iter().filter_map(|(at, text)| self.further(*at, text)));
        let settings = self.catalogue.rule_settings();
        let findings = faults
            .into_iter()
            .filter_map(|(field, fault)| settings.settle_read(finding(&record, field, fault)))
            .collect();
        (record, findings)
    }

    /// What is wrong with a cell in a further line of a project, where its column is read.
    fn further(&self, at: Address, text: &str) -> Option<(Field, Fault)> {
        let mut columns = self.columns.iter().chain(&self.added);
        let field = columns.find(|column| column.at == at.column)?.field;
        let fault = Fault {
            code: unread_code(field),
            message: format!(
                "「{}」在第{}行还有“{text}”，没有读取：一个工程只能占一行。",
                self.catalogue.label(field),
                at.row + 1
            ),
            suggestion: Some(
                "请并入这一行的同一格（多项用顿号隔开），再删去多出的一行；是另一个工程的，取消合并，各填一行；是合计的，请在那一行写上“合计”。"
                    .to_owned(),
            ),
        };
        Some((field, fault))
    }

    /// Coordinates that were written in each other's place are kept as written, and P002 speaks instead of V005.
    fn unswap(&self, record: &mut Record, faults: &mut Vec<(Field, Fault)>) {
        let (longitude, latitude) = (record.decimal(Field::Longitude), record.decimal(Field::Latitude));
        let range = |field: Field| self.catalogue.field(field).range;
        let fits = |number: Option<rust_decimal::Decimal>, field: Field| {
            number
                .zip(range(field))
                .is_some_and(|(number, (low, high))| (low..=high).contains(&number))
        };
        let swapped = fits(longitude, Field::Latitude) && fits(latitude, Field::Longitude);
        let out_of_range = |field: Field| faults.iter().any(|(at, fault)| *at == field && fault.code == "V005");
        if swapped {
            faults.retain(|(at, fault)| !(matches!(at, Field::Longitude | Field::Latitude) && fault.code == "V005"));
            return;
        }
        for field in [Field::Longitude, Field::Latitude]
            .into_iter()
            .filter(|field| out_of_range(*field))
            .collect::<Vec<_>>()
        {
            record.entry_mut(field).read = Read::Unread;
        }
    }

    /// A blank in a required field is a finding. The acceleration may be blank where there is no fortification, and where the sheet has no
    /// column for it the intensity cell has to say it.
    fn blanks(&self, record: &mut Record) -> Vec<(Field, Fault)> {
        let mut faults = Vec::new();
        for info in self.catalogue.fields().iter().filter(|info| info.required) {
            let field = info.field;
            if record.is_given(field) {
                continue;
            }
            let mut suggestion = None;
            if field == Field::AccelerationG {
                if record.code(Field::Intensity) == Some("0") {
                    continue;
                }
                if !self.table.has(field) {
                    if record.code(Field::Intensity).is_none() {
                        continue;
                    }
                    record.entry_mut(field).address = record.entry(Field::Intensity).address;
                    suggestion = Some("表中没有加速度一栏，请在烈度栏一并写明，如 7度（0.15g）。".to_owned());
                }
            }
            if field == Field::County && !self.table.has(field) {
                suggestion = Some(format!(
                    "请增加「{}」一栏填写，或把这一行移到写着它所在县（市、区）的标题行下面。",
                    info.label
                ));
            }
            let message = format!("「{}」没有填写。", info.label);
            faults.push((
                field,
                Fault {
                    code: "V001",
                    message,
                    suggestion: suggestion.or_else(|| Some(format!("请填写{}。", info.label))),
                },
            ));
        }
        faults
    }
}

/// What reading a cell came to; none where it broke down, which is our fault and must not cost the other cells.
fn unless_broken(read: impl FnOnce() -> Reading) -> Option<Reading> {
    catch_unwind(AssertUnwindSafe(read)).ok()
}

/// A cell whose reading broke down is not read, and says so: its row is held like any other with an unread cell.
fn broken(field: Field, label: &str, (sheet, row): (&Arc<str>, u32), incidents: &mut Vec<Incident>) -> Reading {
    let code = unread_code(field);
    incidents.push(Incident {
        code,
        record: Some((sheet.clone(), row)),
    });
    Reading {
        read: Read::Unread,
        fault: Some(Fault {
            code,
            message: format!("「{label}」这一格没有读成：程序故障。"),
            suggestion: Some("请告诉系统管理员；急用时可换一种写法。".to_owned()),
        }),
        ..Reading::default()
    }
}

/// Adds an amount to that of the field's own column. What cannot be read is flagged in its own cell.
fn add(record: &mut Record, field: Field, at: Option<Address>, reading: Reading, text: &str) -> Option<Fault> {
    if reading.read == Read::Blank || record.entry(field).read == Read::Unread {
        return None;
    }
    let sum = match (record.value(field), &reading.read) {
        (Some(Value::Decimal(own)), Read::Value(Value::Decimal(more))) => own.checked_add(*more),
        _ => None,
    };
    let entry = record.entry_mut(field);
    if let Some(sum) = sum.filter(|_| reading.fault.is_none()) {
        entry.written = format!("{}＋{text}", entry.written).into();
        entry.read = Read::Value(Value::Decimal(sum));
        record.mark_changed(field);
        return None;
    }
    *entry = Entry {
        read: reading.read,
        address: at,
        written: text.into(),
    };
    if reading.changed {
        record.mark_changed(field);
    }
    reading.fault
}

/// Reads values that were kept as if they were written in a roster again, each in a column of its own: by the catalogue of today.
#[derive(Debug)]
pub struct KeptReader {
    reader: Reader,
    catalogue: Arc<Catalogue>,
    table: Arc<Table>,
}

impl KeptReader {
    /// A reader by the catalogue in force.
    pub fn new(catalogue: Arc<Catalogue>) -> Self {
        let column = |(field, at): (&Field, u32)| Column {
            at,
            field: *field,
            // What is kept is in percent.
            units: vec!["%".to_owned()],
            header: String::new(),
            path: String::new(),
        };
        let table = Table {
            columns: Field::ALL.iter().zip(0..).map(column).collect(),
            ..Table::default()
        };
        Self {
            reader: Reader::new(catalogue.clone()),
            catalogue,
            table: Arc::new(table),
        }
    }

    /// The record of these values, of no sheet and row, and what is wrong with them now: a required one is missing, a code has gone, a range
    /// has become narrower.
    pub fn read(&self, values: &BTreeMap<Field, Canonical>) -> (Record, Vec<Finding>) {
        let cell = |(field, column): (&Field, u32)| {
            let text = match values.get(field)? {
                Canonical::One(text) => text.as_str().into(),
                Canonical::Many(texts) => texts.join("、").into(),
            };
            let content = Content::Text(text);
            Some(Cell { column, content })
        };
        let cells = Field::ALL.iter().zip(0..).filter_map(cell).collect();
        let mut data = DataRow::alone(Row { index: 0, cells });
        let mut rows = RowReader::new(&self.catalogue, &self.reader, self.table.clone());
        let (mut record, mut findings) = rows.read(&"".into(), &mut data);
        record.row = 0;
        for &field in Field::ALL {
            record.entry_mut(field).address = None;
        }
        for finding in &mut findings {
            (finding.sheet, finding.address, finding.row) = (None, None, None);
        }
        (record, findings)
    }
}

/// Gives a field the value that another field's cell carried, where its own cell is blank. Two coordinates in one cell are too many where
/// the other cell has its own, and so is an acceleration, a degree or a group that is another than that of its own cell; `label` is the
/// field's.
fn carry(record: &mut Record, field: Field, label: &str, value: Value, from: Field) -> Option<(Field, Fault)> {
    if from == Field::ScaleValue && record.value(field).is_some_and(|own| *own != value) {
        return two_units(record);
    }
    if field != from && record.is_given(field) {
        let (own, cell) = (&record.entry(field).written, &record.entry(from).written);
        let differs = || record.value(field).is_some_and(|own| *own != value);
        let (message, suggestion) = match from {
            Field::Longitude | Field::Latitude if own != cell => (
                format!("“{cell}”是两个数，而经度、纬度的另一格也填了“{own}”。"),
                "请在经度、纬度两格各填一个数。",
            ),
            Field::Intensity | Field::AccelerationG if differs() => (
                format!("“{cell}”与「{label}」填的“{own}”不一致。"),
                "请核对哪一个正确，把两格改成一致。",
            ),
            _ => return None,
        };
        let fault = Fault {
            code: "V002",
            message,
            suggestion: Some(suggestion.to_owned()),
        };
        record.entry_mut(from).read = Read::Unread;
        return Some((from, fault));
    }
    let source = record.entry(from).clone();
    let entry = record.entry_mut(field);
    entry.read = Read::Value(value);
    if field != from {
        entry.address = source.address;
        entry.written = source.written;
        record.mark_changed(field);
    }
    None
}

/// A scale whose cell says another unit than 规模单位 does; that of a header is less near and gives way.
fn two_units(record: &mut Record) -> Option<(Field, Fault)> {
    let scale = &record.entry(Field::ScaleValue).written;
    if !scale.contains(char::is_alphabetic) {
        return None;
    }
    let unit = &record.entry(Field::ScaleUnit).written;
    let fault = Fault {
        code: "V002",
        message: format!("“{scale}”里写了单位，与规模单位“{unit}”不同。"),
        suggestion: Some("请核对是哪个单位，工程规模只填数字。".to_owned()),
    };
    record.entry_mut(Field::ScaleValue).read = Read::Unread;
    Some((Field::ScaleValue, fault))
}

fn finding(record: &Record, field: Field, fault: Fault) -> Finding {
    let entry = record.entry(field);
    Finding {
        code: fault.code,
        severity: rules::severity(fault.code),
        sheet: Some(record.sheet.to_string()),
        address: entry.address.or(record.entry(Field::Name).address),
        row: Some(record.row),
        field: Some(field),
        value: (!entry.written.is_empty()).then(|| entry.written.to_string()),
        message: fault.message,
        suggestion: fault.suggestion,
        basis: None,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)]
mod tests {
    use super::*;
    use crate::finding::Severity;

    #[test]
    fn a_reading_that_breaks_down_leaves_its_cell_unread_and_holds_the_row() {
        assert!(unless_broken(|| panic!("a fault of ours")).is_none());
        for (field, code) in [
            (Field::FloorAreaM2, "V002"),
            (Field::StartDate, "V003"),
            (Field::Category, "V004"),
            (Field::Name, "V006"),
        ] {
            let mut incidents = Vec::new();
            let reading = broken(field, "某栏", (&"清单".into(), 3), &mut incidents);
            assert_eq!((incidents.len(), incidents[0].code), (1, code));
            let fault = reading.fault.unwrap();
            assert_eq!((reading.read, fault.code), (Read::Unread, code));
            assert_eq!(rules::severity(code), Severity::Error);
            assert!(fault.message.contains("「某栏」") && fault.message.contains("程序故障"));
        }
    }
}
