//! The hidden sheet of a template: its stamp, and the lists behind its dropdowns.
//!
//! The first row holds the stamp, the second the names of the lists, the third how long they are; the entries stand below.

use rust_xlsxwriter::{Formula, Workbook, Worksheet, XlsxError};

use crate::catalogue::{Catalogue, CodeEntry, CodeList, Department, FieldType, Level};
use crate::stamp;
use crate::workbook::{Address, column_name};

/// The row of the lists' names, from 0; their lengths stand in the row below.
const NAMES: u32 = 1;
/// The row of the first entries, from 0.
const ENTRIES: u32 = 3;

/// A list with its name.
type List = (String, Vec<String>);

/// The lists behind the dropdowns.
#[derive(Debug)]
pub(super) struct Lists {
    /// Code lists, the counties, all townships, and then the townships of each county.
    lists: Vec<List>,
    /// Where the townships of all counties stand; those of each county stand behind them.
    townships: usize,
}

const COUNTIES: &str = "county";

impl Lists {
    pub(super) fn new(catalogue: &Catalogue, department: Option<&Department>) -> Self {
        let divisions = catalogue.divisions();
        let mut lists: Vec<List> = CodeList::ALL
            .iter()
            .map(|list| (list.id().to_owned(), labels(catalogue, *list, department)))
            .collect();
        let counties = divisions.counties().map(|county| county.name.clone()).collect();
        lists.push((COUNTIES.to_owned(), counties));
        let townships = lists.len();
        let all = divisions.all().iter().filter(|found| found.level == Level::Township);
        lists.push(("township".to_owned(), all.map(|found| found.name.clone()).collect()));
        for county in divisions.counties() {
            let names = divisions.townships(&county.code).map(|found| found.name.clone());
            lists.push((county.name.clone(), names.collect()));
        }
        Self { lists, townships }
    }

    /// The entries of a field's dropdown as a formula; `county` is the cell with the row's county. Of a field that takes several codes, or
    /// has none, there is no dropdown.
    pub(super) fn source(&self, field_type: FieldType, county: Address) -> Option<Formula> {
        let id = match field_type {
            FieldType::Code(list) => list.id(),
            FieldType::YesNo => CodeList::YesNo.id(),
            FieldType::County => COUNTIES,
            FieldType::Township => return Some(self.townships_of(county)),
            _ => return None,
        };
        let at = self.lists.iter().position(|(name, _)| name == id)?;
        let last = ENTRIES + u32::try_from(self.lists[at].1.len().max(1)).ok()?;
        let column = column_name(u32::try_from(at).ok()?);
        let sheet = stamp::SHEET;
        let first = ENTRIES + 1;
        Some(Formula::new(format!("={sheet}!${column}${first}:${column}${last}")))
    }

    /// The townships of the county that stands in the row: as many columns behind the list of all townships as the county stands in the
    /// row of names. While no county stands there, all townships.
    fn townships_of(&self, county: Address) -> Formula {
        let column = |at: usize| column_name(u32::try_from(at).unwrap_or(u32::MAX));
        let (all, first, last) = (
            column(self.townships),
            column(self.townships + 1),
            column(self.lists.len() - 1),
        );
        let (sheet, names, lengths, entries) = (stamp::SHEET, NAMES + 1, NAMES + 2, ENTRIES + 1);
        let county = format!("${}{}", column_name(county.column), county.row + 1);
        let place = format!("IFERROR(MATCH({county},{sheet}!${first}${names}:${last}${names},0),0)");
        Formula::new(format!(
            "=OFFSET({sheet}!${all}${entries},0,{place},OFFSET({sheet}!${all}${lengths},0,{place}))"
        ))
    }

    /// Adds the hidden sheet.
    pub(super) fn write(&self, book: &mut Workbook) -> Result<(), XlsxError> {
        let sheet: &mut Worksheet = book.add_worksheet();
        sheet.set_name(stamp::SHEET)?.set_hidden(true);
        sheet.write_string(0, 0, stamp::text())?;
        for (column, (name, entries)) in (0_u16..).zip(&self.lists) {
            sheet.write_string(NAMES, column, name)?;
            sheet.write_number(NAMES + 1, column, u32::try_from(entries.len()).unwrap_or(u32::MAX))?;
            for (row, entry) in (ENTRIES..).zip(entries) {
                sheet.write_string(row, column, entry)?;
            }
        }
        Ok(())
    }
}

/// The labels of a code list; of the categories those that the department leads first.
fn labels(catalogue: &Catalogue, list: CodeList, department: Option<&Department>) -> Vec<String> {
    let mut entries: Vec<&CodeEntry> = catalogue.codes(list).iter().collect();
    if list == CodeList::Category {
        let leads = |entry: &&CodeEntry| {
            department.is_some_and(|found| found.lead_categories.iter().any(|code| **code == *entry.code))
        };
        entries.sort_by_key(|entry| !leads(entry));
    }
    entries.into_iter().map(|entry| entry.label.clone()).collect()
}
