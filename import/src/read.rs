//! Data row to record: each cell read, blanks of required fields and faults of values found.

use std::sync::Arc;

use crate::catalogue::{Catalogue, Field};
use crate::finding::Finding;
use crate::layout::{Column, DataRow, Table, column_unit};
use crate::record::{Read, Record};
use crate::rules;
use crate::values::{Fault, Reader, Value, clean, written};
use crate::workbook::Address;

/// A table's columns with their units worked out once.
#[derive(Debug)]
pub(crate) struct RowReader<'a> {
    catalogue: &'a Catalogue,
    reader: &'a Reader,
    table: Arc<Table>,
    units: Vec<Option<String>>,
    /// The columns in the order in which they are read: the county first, because townships are looked for in it.
    order: Vec<usize>,
}

impl<'a> RowReader<'a> {
    pub(crate) fn new(catalogue: &'a Catalogue, reader: &'a Reader, table: Arc<Table>) -> Self {
        let units = table
            .columns
            .iter()
            .map(|column| column_unit(reader, &table, column).map(str::to_owned))
            .collect();
        let mut order: Vec<usize> = (0..table.columns.len()).collect();
        order.sort_by_key(|at| table.columns[*at].field != Field::County);
        Self {
            catalogue,
            reader,
            table,
            units,
            order,
        }
    }

    /// Reads a row; the findings are those of its values.
    pub(crate) fn read(&self, sheet: &Arc<str>, data: &DataRow) -> (Record, Vec<Finding>) {
        let mut record = Record::new(sheet.clone(), data.row.index + 1);
        let mut faults: Vec<(Field, Fault)> = Vec::new();
        let mut carried: Vec<(Field, Value, Field)> = Vec::new();
        if let Some(county) = &data.county
            && !self.table.has(Field::County)
        {
            record.entry_mut(Field::County).read = Read::Value(Value::Division(county.clone()));
        }
        for at in &self.order {
            let (column, unit) = (&self.table.columns[*at], self.units[*at].as_deref());
            let entry_address = address(column, data);
            let county = record.code(Field::County).map(str::to_owned);
            let entry = record.entry_mut(column.field);
            entry.address = Some(entry_address);
            let Some(content) = data.row.content(column.at) else {
                continue;
            };
            let reading = self.reader.read(column.field, content, unit, county.as_deref());
            entry.written = clean(&written(content)).into();
            entry.read = reading.read;
            faults.extend(reading.fault.map(|fault| (column.field, fault)));
            carried.extend(reading.also.map(|(field, value)| (field, value, column.field)));
        }
        for (field, value, from) in carried {
            carry(&mut record, field, value, from);
        }
        self.unswap(&mut record, &mut faults);
        faults.extend(self.blanks(&mut record));
        let settings = self.catalogue.rule_settings();
        let findings = faults
            .into_iter()
            .filter_map(|(field, fault)| settings.settle_read(finding(&record, field, fault)))
            .collect();
        (record, findings)
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

/// Gives a field the value that another field's cell carried, where its own cell is blank.
fn carry(record: &mut Record, field: Field, value: Value, from: Field) {
    if field != from && record.is_given(field) {
        return;
    }
    let source = record.entry(from).clone();
    let entry = record.entry_mut(field);
    entry.read = Read::Value(value);
    if field != from {
        entry.address = source.address;
        entry.written = source.written;
    }
}

/// The cell that a finding flags; in a merged area, the cell that shows the value.
fn address(column: &Column, data: &DataRow) -> Address {
    let filled = data.filled.iter().find(|(at, _)| *at == column.at);
    Address::new(filled.map_or(data.row.index, |(_, first_row)| *first_row), column.at)
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
