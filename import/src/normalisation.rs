//! What the reading changed, column by column: for the officer to see.

use serde::{Deserialize, Serialize};

use crate::catalogue::Field;
use crate::record::Record;
use crate::values::Canonical;
use crate::workbook::{Address, value};

/// Examples of a column's values that are kept.
const EXAMPLES: usize = 2;

/// The values of a column that say something else than what was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Normalisation {
    /// The sheet; of a csv the empty text.
    pub sheet: String,
    /// The first of the cells.
    pub first: Address,
    /// What they were read as. A cell may say two fields.
    pub field: Field,
    /// How many they are.
    pub count: usize,
    /// What was written in the first of them, and what it was read as; one to look at twice is among them.
    pub examples: Vec<(String, Canonical)>,
}

/// Notes what the reading of a row changed.
pub(crate) fn note(list: &mut Vec<Normalisation>, record: &Record) {
    for changed in record.normalised() {
        let Some(at) = record.entry(changed.field).address else {
            continue;
        };
        let same = |known: &Normalisation| {
            known.field == changed.field && known.first.column == at.column && known.sheet == *record.sheet
        };
        let place = list.iter().rposition(same).unwrap_or_else(|| {
            list.push(Normalisation {
                sheet: record.sheet.to_string(),
                first: at,
                field: changed.field,
                count: 0,
                examples: Vec::new(),
            });
            list.len() - 1
        });
        let known = &mut list[place];
        known.count += 1;
        if known.examples.iter().any(|(written, _)| written == changed.written) {
            continue;
        }
        let example = (changed.written.to_owned(), changed.canonical);
        if known.examples.len() < EXAMPLES {
            known.examples.push(example);
        } else if doubt(&example).is_some()
            && known.examples.iter().all(|known| doubt(known).is_none())
            && let Some(last) = known.examples.last_mut()
        {
            *last = example;
        }
    }
}

/// What to look at twice in such an example: the number 2023.1 is all that is left of a 2023.10 that was typed.
pub fn doubt((written, read): &(String, Canonical)) -> Option<String> {
    let year = written.strip_suffix(".1").filter(|_| value::is_first_month(written))?;
    (read.as_one()? == format!("{year}-01")).then(|| format!("是10月的请写成{year}-10"))
}
