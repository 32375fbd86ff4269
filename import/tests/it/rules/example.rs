//! Records and registry knowledge from tables that a seismic engineer reads.

use std::collections::BTreeMap;
use std::sync::Arc;

use retrofit_import::catalogue::{Catalogue, CodeList, Field, FieldType};
use retrofit_import::record::{Entry, Read, Record};
use retrofit_import::rules::{CodeOwner, Known, KnownRoster, Neighbour};
use retrofit_import::values::{Canonical, PartialDate, Value};
use retrofit_import::workbook::Address;

/// What a cell says that a V finding refused.
const UNREAD: &str = "读不出";

/// A cell of an example, as the readers would have read it: canonical texts, and labels of codes and divisions.
pub(super) fn entry(catalogue: &Catalogue, field: Field, text: &str) -> Entry {
    let read = match text {
        "" => Read::Blank,
        UNREAD => Read::Unread,
        _ => Read::Value(value(catalogue, field, text)),
    };
    Entry {
        read,
        address: Some(Address::new(0, u32::try_from(field.index()).unwrap())),
        written: text.into(),
    }
}

fn value(catalogue: &Catalogue, field: Field, text: &str) -> Value {
    let code = |list| code(catalogue, list, text);
    match field.field_type() {
        FieldType::Text(_) | FieldType::Uscc | FieldType::Phone => Value::Text(text.into()),
        FieldType::Code(list) => Value::Code(code(list)),
        FieldType::YesNo => Value::Code(code(CodeList::YesNo)),
        FieldType::Codes(list) => {
            Value::Codes(text.split('、').map(|text| self::code(catalogue, list, text)).collect())
        }
        FieldType::County | FieldType::Township => {
            let mut named = catalogue.divisions().named(text);
            Value::Division(
                named
                    .next()
                    .unwrap_or_else(|| panic!("no division {text}"))
                    .code
                    .clone(),
            )
        }
        FieldType::Integer => Value::Integer(text.parse().unwrap()),
        FieldType::Decimal(_) | FieldType::Percent => Value::Decimal(text.parse().unwrap()),
        FieldType::Month | FieldType::Date => Value::Date(PartialDate::parse(text).unwrap()),
    }
}

fn code(catalogue: &Catalogue, list: CodeList, text: &str) -> Arc<str> {
    let entry = catalogue
        .codes(list)
        .iter()
        .find(|entry| &*entry.code == text || entry.label == text);
    entry
        .unwrap_or_else(|| panic!("no {text} in {}", list.id()))
        .code
        .clone()
}

/// The field with this label.
fn labelled(catalogue: &Catalogue, label: &str) -> Field {
    let found = catalogue.fields().iter().find(|info| info.label == label);
    found.unwrap_or_else(|| panic!("no field {label}")).field
}

/// What is judged: a record, and what the registry knows of it and of its roster.
#[derive(Debug)]
pub(super) struct Example {
    pub(super) record: Record,
    pub(super) known: Known,
    pub(super) roster: KnownRoster,
}

impl Example {
    /// A row with nothing in it.
    pub(super) fn new(row: u32) -> Self {
        Self {
            record: Record::new("例".into(), row),
            known: Known::default(),
            roster: KnownRoster::default(),
        }
    }

    /// Writes cells by their headers: a field's label for the record's; `已登记 …` and `审核通过 …` for the current and the approved
    /// revision; `编号属于`, `邻近 …` and three counts for what else the registry knows.
    pub(super) fn write<'a>(&mut self, catalogue: &Catalogue, cells: impl IntoIterator<Item = (&'a str, &'a str)>) {
        let mut neighbour = BTreeMap::new();
        for (header, text) in cells {
            match header.split_once(' ') {
                Some(("已登记", label)) => remember(catalogue, &mut self.known.current, label, text),
                Some(("审核通过", label)) => remember(catalogue, &mut self.known.approved, label, text),
                Some(("邻近", what)) => {
                    neighbour.insert(what, text);
                }
                Some(_) => panic!("no column {header}"),
                None => self.take(catalogue, header, text),
            }
        }
        self.known.neighbours = read_neighbour(&neighbour).into_iter().collect();
    }

    fn take(&mut self, catalogue: &Catalogue, header: &str, text: &str) {
        match header {
            "编号属于" => {
                self.known.code_owner = match text {
                    "本部门" => Some(CodeOwner::Own),
                    "别的部门" => Some(CodeOwner::Other),
                    "无" => Some(CodeOwner::Nobody),
                    _ => None,
                }
            }
            "对上的行" => self.roster.matched = text.parse().unwrap(),
            "改名的行" => self.roster.renamed = text.parse().unwrap(),
            "没有列出" => self.roster.not_listed = text.parse().unwrap(),
            _ => {
                let field = labelled(catalogue, header);
                *self.record.entry_mut(field) = entry(catalogue, field, text);
            }
        }
    }
}

fn remember(catalogue: &Catalogue, revision: &mut Option<BTreeMap<Field, Canonical>>, label: &str, text: &str) {
    let field = labelled(catalogue, label);
    if !text.is_empty() {
        let canonical = value(catalogue, field, text).canonical();
        revision.get_or_insert_default().insert(field, canonical);
    }
}

fn read_neighbour(cells: &BTreeMap<&str, &str>) -> Option<Neighbour> {
    let cell = |what| cells.get(what).copied().filter(|text: &&str| !text.is_empty());
    let degrees = |what| cell(what).map(|text| text.parse().unwrap());
    Some(Neighbour {
        department: cell("部门")?.to_owned(),
        name: cell("工程名称")?.to_owned(),
        uscc: cell("统一社会信用代码").map(ToOwned::to_owned),
        point: degrees("经度").zip(degrees("纬度")),
    })
}
