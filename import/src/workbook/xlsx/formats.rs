//! The number formats of a package's cells: which numbers are dates, which percentages, and which have two decimals.

use std::collections::HashMap;
use std::io::Read;

use crate::workbook::format_code::{self, Piece};
use crate::workbook::value;
use crate::workbook::wire::Refused;
use crate::workbook::xml;

/// How a number is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    /// As a number.
    Number(value::Shown),
    /// As a date or a time of day.
    Date,
    /// As a month, without the day that the number has: 2023年5月.
    Month,
    /// As a year alone.
    Year,
    /// As a span of time, which is no date.
    Duration,
}

/// A number without a format of its own.
pub(super) const PLAIN: Shown = Shown::Number(value::Shown::Plain);

/// The formats, by the number that cells name them with.
pub(super) fn read(part: impl Read) -> Result<Vec<Shown>, Refused> {
    let mut own = HashMap::new();
    let mut formats = Vec::new();
    // The styles of styles (`cellStyleXfs`) come before those of cells and look like them.
    let mut of_cells = false;
    xml::each_element(xml::reader(part), |element| {
        match element.local_name().as_ref() {
            "numFmt" => {
                let number = xml::attribute(element, "numFmtId");
                let shown = xml::attribute(element, "formatCode").map(|code| of_code(&code));
                own.extend(number.zip(shown));
            }
            "cellXfs" => of_cells = true,
            "xf" if of_cells => {
                let number = xml::attribute(element, "numFmtId").unwrap_or_default();
                formats.push(own.get(&number).cloned().unwrap_or_else(|| built_in(&number)));
            }
            "cellStyles" | "dxfs" => return false,
            _ => {}
        }
        true
    })?;
    Ok(formats)
}

/// ECMA-376 part 1, 18.8.30, with the dates and times of the East Asian versions, of which the Chinese ones tell months.
fn built_in(number: &str) -> Shown {
    match number.parse() {
        Ok(17 | 27 | 36 | 50 | 52 | 57) => Shown::Month,
        Ok(14..=22 | 27..=36 | 45 | 47 | 50..=58) => Shown::Date,
        Ok(46) => Shown::Duration,
        Ok(number) => Shown::Number(value::Shown::built_in(number)),
        Err(_) => PLAIN,
    }
}

/// What a format's code shows, by its first section: letters of dates that are neither quoted nor escaped, or a `%`.
fn of_code(code: &str) -> Shown {
    let mut letters = String::new();
    for piece in format_code::pieces(code) {
        match piece {
            Piece::Brackets(inside) => {
                let inside = inside.to_ascii_lowercase();
                if ["h", "hh", "m", "mm", "s", "ss"].contains(&inside.as_str()) {
                    return Shown::Duration;
                }
            }
            Piece::Sign(sign) => letters.push(sign.to_ascii_lowercase()),
            Piece::Literal(_) => {}
        }
    }
    let says = |letter: char| letters.contains(letter);
    match (says('y'), says('m'), ['d', 'h', 's'].into_iter().any(says)) {
        (true, true, false) => Shown::Month,
        (true, false, false) => Shown::Year,
        (false, false, false) => Shown::Number(value::Shown::of_code(code)),
        _ => Shown::Date,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn knows_dates_spans_and_percentages() {
        let percent = Shown::Number(value::Shown::Percent);
        let framed = |code: &str| Shown::Number(value::Shown::of_code(code));
        let two_decimals = Shown::Number(value::Shown::TwoDecimals);
        for (code, shown) in [
            ("General", PLAIN),
            ("0.00_ ;[Red]\\-0.00\\ ", two_decimals),
            ("#,##0\"d\"", framed("#,##0\"d\"")),
            ("0\\d", framed("0\\d")),
            ("#,##0*y", PLAIN),
            ("0;yyyy", PLAIN),
            ("0.0%", percent),
            ("yyyy\"年\"m\"月\"d\"日\"", Shown::Date),
            ("yyyy\"年\"m\"月\"", Shown::Month),
            ("yyyy\\-mm;@", Shown::Month),
            ("mmm\\-yy", Shown::Month),
            ("yyyy\"年\"", Shown::Year),
            ("m\"月\"d\"日\"", Shown::Date),
            ("[$-804]上午/下午h:mm", Shown::Date),
            ("AM/PM h", Shown::Date),
            ("[h]:mm", Shown::Duration),
            ("[Red][ss].00", Shown::Duration),
        ] {
            assert_eq!(of_code(code), shown, "{code}");
        }
    }

    #[test]
    fn takes_the_formats_of_cells_only() {
        let part = "<styleSheet><numFmts><numFmt numFmtId='176' formatCode='0%&quot;d&quot;'/></numFmts>\
                    <cellStyleXfs><xf numFmtId='14'/></cellStyleXfs><cellXfs><xf numFmtId='0'/><xf numFmtId='176'/>\
                    <xf numFmtId='31' fontId='1'><alignment/></xf><xf/></cellXfs><dxfs><xf numFmtId='14'/></dxfs></styleSheet>";
        let formats = read(part.as_bytes()).unwrap();
        assert_eq!(
            formats,
            [PLAIN, Shown::Number(value::Shown::Percent), Shown::Date, PLAIN]
        );
    }
}
