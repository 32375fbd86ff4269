//! Units of columns: in their headers, or in a line above the table.

use super::{Column, Table};
use crate::values::{Quantity, Reader, named_unit, quantity, unit};

/// The folded units that a line above a table names: `单位：万元、㎡`, `填报单位：某局　单位：万元`.
pub(super) fn in_line(folded: &str) -> Vec<String> {
    let mut units = Vec::new();
    for (at, label) in folded.match_indices("单位:") {
        let after = &folded[at + label.len()..];
        let words = after.split(['、', ',', ';', ')', '/']);
        let known = |word: &&str| is_line_unit(word);
        units.extend(words.filter(known).map(str::to_owned));
        // The next label may follow without a mark: 单位：万元填报日期：….
        let glued = ["万元", "亿元", "千元", "元"].iter().find(|unit| {
            let rest = after.strip_prefix(**unit);
            rest.is_some_and(|rest| rest.starts_with(['填', '报', '制', '日', '时', '编']))
        });
        units.extend(glued.map(|unit| (*unit).to_owned()));
    }
    units
}

/// The quantities whose unit a line above the table may give.
const LINE_QUANTITIES: [Quantity; 3] = [Quantity::Money, Quantity::Area, Quantity::Length];

fn is_line_unit(word: &str) -> bool {
    word != "万" && LINE_QUANTITIES.iter().any(|quantity| unit(*quantity, word).is_some())
}

/// The unit of a column for numbers without one of their own: of the header, else of the line above the table.
pub(crate) fn column_unit<'a>(reader: &Reader, table: &'a Table, column: &'a Column) -> Option<&'a str> {
    let is_unit = |word: &str| reader.is_unit(column.field, word);
    let own = column.units.iter().find_map(|words| named_unit(words, is_unit));
    let of_line = || {
        let quantity = quantity(column.field).filter(|quantity| LINE_QUANTITIES.contains(quantity))?;
        table
            .line_units
            .iter()
            .find(|word| unit(quantity, word).is_some())
            .map(String::as_str)
    };
    own.or_else(of_line)
}
