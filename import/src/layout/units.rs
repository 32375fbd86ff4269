//! Units of columns: in their headers, or in a line above the table.

use super::{Column, Table};
use rust_decimal::Decimal;

use crate::values::{Quantity, Reader, Unit, fold, named_unit, quantity, unit};

/// What units stand behind.
const LABELS: &[&str] = &["单位", "單位", "金额", "投资额", "资金", "投资", "面积"];
/// The last characters of the labels, and those before a unit that something is counted in: one search finds them all.
const BEFORE_UNITS: [char; 7] = ['位', '额', '金', '资', '积', '以', '按'];
/// A unit has at most so many characters.
const LONGEST_UNIT: usize = 5;
/// Units behind a label end within so many characters.
const LONGEST_LIST: usize = 60;

/// Notes the units of a line above the table before those of the lines above it: the nearest counts.
pub(super) fn note_line(known: &mut Vec<String>, cells: impl Iterator<Item = String>) {
    let mut units = in_line(cells);
    known.retain(|unit| !units.contains(unit));
    units.append(known);
    *known = units;
}

/// The folded units that the cells of a line above a table name: `单位：万元、㎡`, `填报单位：某局　单位：万元`, `金额以元为单位`, `（元）`,
/// and `单位：` beside `元`.
pub(super) fn in_line(cells: impl Iterator<Item = String>) -> Vec<String> {
    let mut line = String::new();
    for cell in cells {
        let mut text = fold(&cell);
        if text.contains('元') {
            let currency = ["人民币", "rmb", "¥"];
            text = currency.iter().fold(text, |text, word| text.replace(word, ""));
        }
        // Brackets around units only say no more than 单位.
        if text.starts_with('(') {
            line.push_str("单位");
        }
        line.push_str(&text);
        // Its unit may stand in the next cell.
        if !text.ends_with("单位") && !text.ends_with(':') {
            line.push('\n');
        }
    }
    let mut found = Vec::new();
    for (at, last) in line.match_indices(BEFORE_UNITS) {
        let (before, after) = line.split_at(at + last.len());
        let end = after
            .char_indices()
            .nth(LONGEST_LIST)
            .map_or(after.len(), |(end, _)| end);
        let after = after[..end].split('\n').next().unwrap_or_default();
        if matches!(last, "以" | "按") {
            found.extend(counted(after));
        } else if LABELS.iter().any(|label| before.ends_with(label)) {
            found.extend(labelled(last, after));
        }
    }
    let mut units: Vec<String> = Vec::new();
    for unit in found {
        if !units.iter().any(|known| known == unit) {
            units.push(unit.to_owned());
        }
    }
    units
}

/// The unit that something is counted in: `元计`, `元为单位`.
fn counted(after: &str) -> Option<&str> {
    let rest = |unit: &str| &after[unit.len()..];
    longest_unit(after).filter(|unit| rest(unit).starts_with('计') || rest(unit).starts_with("为单位"))
}

/// The units behind a label with this last character. Only 单位 may do without a colon, and then a unit follows at once: 单位（元）, 单位为元.
fn labelled<'a>(last: &str, after: &'a str) -> Vec<&'a str> {
    let colon = after.starts_with([':', ';', '.']);
    let words = after.trim_start_matches([':', ';', '.', '(', '为']);
    let mut pieces = words.split(['、', ',', ';', '(', ')', '/', '\\', '。']).map(units_of);
    let first = pieces.next().unwrap_or_default();
    if colon || (last == "位" && !first.is_empty()) {
        first.into_iter().chain(pieces.flatten()).collect()
    } else {
        Vec::new()
    }
}

/// The units that a piece of a line consists of; the next label may follow without a mark: 万元填报日期：….
fn units_of(piece: &str) -> Vec<&str> {
    let mut units = Vec::new();
    let mut rest = piece;
    while let Some(unit) = longest_unit(rest) {
        units.push(unit);
        rest = &rest[unit.len()..];
    }
    let label = |rest: &str| {
        rest.starts_with(['填', '报', '制', '日', '时', '编']) || LABELS.iter().any(|label| rest.starts_with(label))
    };
    if !rest.is_empty() && !label(rest) {
        units.clear();
    }
    units
}

/// The longest unit that a text begins with.
fn longest_unit(text: &str) -> Option<&str> {
    let ends = text.char_indices().map(|(at, c)| at + c.len_utf8());
    let words = ends.take(LONGEST_UNIT).map(|end| &text[..end]);
    words.filter(|word| is_line_unit(word)).last()
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

/// Whether a line between the rows of a table names another unit than the one in force for a column whose header names none.
pub(crate) fn contradicts(reader: &Reader, column: &Column, in_force: Option<&str>, said: &[String]) -> bool {
    let is_unit = |word: &str| reader.is_unit(column.field, word);
    let named = column.units.iter().any(|words| named_unit(words, is_unit).is_some());
    let Some(quantity) = quantity(column.field).filter(|quantity| LINE_QUANTITIES.contains(quantity) && !named) else {
        return false;
    };
    let said = said.iter().find_map(|word| unit(quantity, word));
    let usual = Unit::Factor(Decimal::ONE);
    let in_force = in_force.and_then(|word| unit(quantity, word)).unwrap_or(usual);
    said.is_some_and(|said| said != in_force)
}

#[cfg(test)]
mod tests {
    use super::in_line;

    #[test]
    fn a_line_names_units_in_many_words_and_only_where_it_means_to() {
        let cases: &[(&[&str], &[&str])] = &[
            (&["单位：万元、㎡"], &["万元", "m2"]),
            (&["填报单位：某局　单位：万元填报日期：2026年"], &["万元"]),
            (&["单位：元（人民币）"], &["元"]),
            (&["单位:人民币（万元）"], &["万元"]),
            (&["单位（元）"], &["元"]),
            (&["（元）"], &["元"]),
            (&["（元、㎡）"], &["元", "m2"]),
            (&["单位 元"], &["元"]),
            (&["单位：元 平方米"], &["元", "平方米"]),
            (&["金额：元"], &["元"]),
            (&["资金：元"], &["元"]),
            (&["台账（面积：万㎡ 投资：亿元）"], &["万m2", "亿元"]),
            (&["金额单位为元"], &["元"]),
            (&["單位：元"], &["元"]),
            (&["单位；元"], &["元"]),
            (&["单位︰￥元"], &["元"]),
            (&["单位：元\\㎡"], &["元", "m2"]),
            (&["以元计"], &["元"]),
            (&["注：金额以元为单位，面积以平方米为单位"], &["元", "平方米"]),
            (&["单位：", "元"], &["元"]),
            (&["货币单位", "元", "填报人", "某某"], &["元"]),
            (&["面积单位：万㎡", "金额单位：元"], &["万m2", "元"]),
            (&["计量单位:户、平方米、元"], &["平方米", "元"]),
            (&["填报单位：聊城市某某局"], &[]),
            (&["填报单位：", "元庄街道办事处", "元"], &[]),
            (&["设计单位：元和设计院"], &[]),
            (&["各单位元旦前报送"], &[]),
            (&["2026年单元楼加固资金元月台账"], &[]),
            (&["2026年投资万元以上项目"], &[]),
            (&["县区", "单位投资（元/㎡）", "总投资（亿元）", "面积"], &[]),
            (&["总投资：5万元"], &[]),
            (&["（附表1）"], &[]),
            (&["以万户计"], &[]),
        ];
        for (cells, wanted) in cases {
            let got = in_line(cells.iter().map(ToString::to_string));
            assert_eq!(got, *wanted, "{cells:?}");
        }
    }
}
