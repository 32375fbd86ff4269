//! The cells of a sheet's part, in one pass over what is unpacked of it.

use std::io::Read;

use calamine::{ExcelDateTime, ExcelDateTimeType};

use super::formats::{PLAIN, Shown};
use super::strings::{self, Strings};
use super::tags::{Kind, Tag, Tags, push_text, utf8};
use crate::workbook::cells::{ContentRef, NO_RESULT};
use crate::workbook::child::{Sink, Stop};
use crate::workbook::value;
use crate::workbook::wire::Refused;
use crate::workbook::xml::broken;

/// What a workbook's cells refer to.
#[derive(Default)]
pub(super) struct Book {
    pub(super) strings: Strings,
    /// By the number that cells name their style with.
    pub(super) formats: Vec<Shown>,
    /// Whether days count from 1904.
    pub(super) from_1904: bool,
}

/// What a cell's tag says.
#[derive(Clone, Copy)]
struct Head<'b> {
    row: u32,
    column: u32,
    kind: CellKind,
    shown: &'b Shown,
}

/// The kind of a cell's value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum CellKind {
    /// The number of a shared string.
    Shared,
    /// A formula's text.
    Text,
    /// Text that does not stand in the value.
    Inline,
    Bool,
    Error,
    Date,
    Number,
    /// A number, most likely; any other text counts as it stands.
    Unsaid,
    Unknown,
}

/// Hands every cell that holds something to the sink.
pub(super) fn read(part: impl Read, book: &Book, sink: &mut Sink) -> Result<(), Stop> {
    let mut tags = Tags::new(part);
    loop {
        let tag = tags.expect_next()?;
        match (tag.kind, tag.name) {
            (Kind::Open, b"sheetData") => break,
            (Kind::Empty, b"sheetData") => return Ok(()),
            _ => {}
        }
    }
    // Where a row or a cell that does not say its place stands.
    let (mut row, mut column) = (0, 0);
    let mut text = String::new();
    loop {
        let tag = tags.expect_next()?;
        match (tag.kind, tag.name) {
            (Kind::Open | Kind::Empty, b"c") => {
                let head = head(&tag, row, column, book)?;
                column = head.column.saturating_add(1);
                if tag.kind == Kind::Open {
                    read_cell(&mut tags, head, book, &mut text, sink)?;
                }
            }
            (Kind::Open | Kind::Empty, b"row") => {
                if let Some((_, number)) = tag.attributes().find(|(name, _)| *name == b"r") {
                    row = parse_place(number)?.0;
                }
                if tag.kind == Kind::Empty {
                    (row, column) = (row.saturating_add(1), 0);
                }
            }
            (Kind::Close, b"row") => (row, column) = (row.saturating_add(1), 0),
            (Kind::Close, b"sheetData") => return Ok(()),
            _ => {}
        }
    }
}

fn head<'b>(tag: &Tag, row: u32, column: u32, book: &'b Book) -> Result<Head<'b>, Refused> {
    let mut head = Head {
        row,
        column,
        kind: CellKind::Unsaid,
        shown: &PLAIN,
    };
    let mut style = 0;
    for (name, value) in tag.attributes() {
        match name {
            b"r" => {
                let (row, column) = parse_place(value)?;
                head.row = row;
                head.column = column.ok_or_else(|| broken("a cell without a column"))?;
            }
            b"s" => style = utf8(value)?.parse().unwrap_or_default(),
            b"t" => {
                head.kind = match value {
                    b"s" => CellKind::Shared,
                    b"n" => CellKind::Number,
                    b"str" => CellKind::Text,
                    b"inlineStr" | b"is" => CellKind::Inline,
                    b"b" => CellKind::Bool,
                    b"e" => CellKind::Error,
                    b"d" => CellKind::Date,
                    _ => CellKind::Unknown,
                };
            }
            _ => {}
        }
    }
    head.shown = book.formats.get::<usize>(style).unwrap_or(&PLAIN);
    Ok(head)
}

/// `B2`, or the number of a row alone; rows and columns from 0.
fn parse_place(place: &[u8]) -> Result<(u32, Option<u32>), Refused> {
    let letters = place.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
    let (letters, digits) = place.split_at(letters);
    let column = letters.iter().try_fold(0_u32, |column, letter| {
        column
            .checked_mul(26)?
            .checked_add(u32::from(letter.to_ascii_uppercase() - b'A') + 1)
    });
    let row = digits.iter().try_fold(0_u32, |row, digit| {
        row.checked_mul(10)?.checked_add(char::from(*digit).to_digit(10)?)
    });
    match (column, row) {
        (Some(column), Some(row @ 1..)) => Ok((row - 1, column.checked_sub(1))),
        _ => Err(broken(format!("no such place: {}", String::from_utf8_lossy(place)))),
    }
}

/// Reads what a cell holds, to its end. Of several values the first one counts.
fn read_cell<R: Read>(
    tags: &mut Tags<R>,
    head: Head,
    book: &Book,
    text: &mut String,
    sink: &mut Sink,
) -> Result<(), Stop> {
    if head.kind != CellKind::Inline
        && let Some(value) = tags.plain_value()
    {
        text.clear();
        push_text(value, text)?;
        return hand_over(head, text, book, sink);
    }
    let (mut done, mut formula) = (false, false);
    loop {
        let tag = tags.expect_next()?;
        match (tag.kind, tag.name) {
            // Excel keeps a result with each formula, other programs do not all. That of a text may be blank.
            (Kind::Close, b"c") if formula && !done && matches!(head.kind, CellKind::Unsaid | CellKind::Number) => {
                return sink.put(head.row, head.column, ContentRef::Error(NO_RESULT));
            }
            (Kind::Close, b"c") => return Ok(()),
            (Kind::Open, b"v") => {
                text.clear();
                loop {
                    let part = tags.expect_next()?;
                    part.push_text(text)?;
                    if part.closes(b"v") {
                        break;
                    }
                }
                let unsaid = formula && text.trim_ascii().is_empty();
                if !done && !unsaid && head.kind != CellKind::Inline {
                    done = true;
                    hand_over(head, text, book, sink)?;
                }
            }
            (Kind::Open, b"is") => {
                text.clear();
                strings::read_text(tags, b"is", text)?;
                if !done {
                    done = true;
                    sink.put(head.row, head.column, ContentRef::Text(text))?;
                }
            }
            (Kind::Empty, b"f") => formula = true,
            (Kind::Open, b"f") => {
                formula = true;
                while !tags.expect_next()?.closes(b"f") {}
            }
            _ => {}
        }
    }
}

/// Hands over a value by what its cell says of it; a blank one is none.
fn hand_over(head: Head, value: &mut String, book: &Book, sink: &mut Sink) -> Result<(), Stop> {
    let Head { row, column, .. } = head;
    let bare = value.trim_ascii();
    let wrong = |what: &str| Stop::from(broken(format!("{what}: {value}")));
    let content = match head.kind {
        CellKind::Text => {
            strings::unescape(value, 0);
            ContentRef::Text(value)
        }
        _ if bare.is_empty() => return Ok(()),
        CellKind::Shared => {
            let number = bare.parse().map_err(|_| wrong("no number of a string"))?;
            let string = book.strings.get(number);
            ContentRef::Text(string.ok_or_else(|| wrong("no such shared string"))?)
        }
        CellKind::Bool if bare == "0" || bare.eq_ignore_ascii_case("false") => ContentRef::Bool(false),
        CellKind::Bool if bare == "1" || bare.eq_ignore_ascii_case("true") => ContentRef::Bool(true),
        CellKind::Error => ContentRef::Error(bare),
        CellKind::Date => ContentRef::Date(value::whole_day(bare)),
        CellKind::Number | CellKind::Unsaid if is_shown_as_written(head.shown, bare) => ContentRef::Number(bare),
        CellKind::Number | CellKind::Unsaid => match bare.parse() {
            Ok(number) => {
                let day = |number| ExcelDateTime::new(number, ExcelDateTimeType::DateTime, book.from_1904);
                let content = match head.shown {
                    Shown::Number(shown) => value::shown_number(number, shown),
                    Shown::Duration => value::number(number),
                    Shown::Date => value::date(day(number)),
                    Shown::Month => value::part_of_date(day(number), "2023-05".len()),
                    Shown::Year => value::part_of_date(day(number), "2023".len()),
                };
                return sink.put(row, column, content.borrowed());
            }
            Err(_) if head.kind == CellKind::Unsaid => ContentRef::Text(value),
            Err(_) => return Err(wrong("no number")),
        },
        CellKind::Bool | CellKind::Inline | CellKind::Unknown => return Err(wrong("no such kind of value")),
    };
    sink.put(row, column, content)
}

/// Whether a number reads as it stands in the file.
fn is_shown_as_written(shown: &Shown, number: &str) -> bool {
    let as_written = match shown {
        Shown::Number(value::Shown::Plain) => true,
        Shown::Number(value::Shown::TwoDecimals) => !value::is_first_month(number),
        _ => false,
    };
    as_written && value::is_shown_as_written(number)
}
