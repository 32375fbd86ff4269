//! What a sheet's part in Office Open XML says besides its cells: merged areas, hidden rows and columns.
//!
//! The merged areas stand after the cells, and are needed before them. To take the cells apart for that would nearly double the time of
//! reading, so the part is unpacked once more and searched for the two words that matter.

use std::io::Read;

use memchr::memmem;
use quick_xml::Reader;
use quick_xml::events::BytesStart;

use super::cells::{Area, SheetHead};
use super::wire::Refused;
use super::xml;

/// Bytes unpacked at a time.
const CHUNK: u64 = 256 << 10;

/// Bytes that are held while a tag's end is awaited.
const MOST_HELD: usize = 4 << 20;

/// Bytes after the rows that are looked at: a million merged areas, and the rules for colours and input that may precede them.
const MOST_AFTER: u64 = 64 << 20;

/// Reads a sheet's part; `areas` bounds each list.
pub(super) fn read(mut part: impl Read, areas: usize) -> Result<SheetHead, Refused> {
    let mut head = SheetHead::default();
    let mut text = Vec::new();
    let mut in_rows = false;
    loop {
        let ended = part.by_ref().take(CHUNK).read_to_end(&mut text).map_err(xml::broken)? == 0;
        // A tag that the chunk cuts is looked at with the next one.
        let whole = if ended {
            text.len()
        } else {
            memchr::memrchr(b'>', &text).map_or(0, |at| at + 1)
        };
        let mut rows_end = None;
        for (start, tag) in tags(&text[..whole], "sheetData") {
            if tag.starts_with('/') || tag.ends_with('/') {
                rows_end = Some(start + tag.len() + 1);
            } else if !in_rows {
                in_rows = true;
                hidden_columns(&text[..start - 1], &mut head)?;
            }
        }
        let rows = &text[..rows_end.unwrap_or(whole)];
        hidden_rows(rows, areas, &mut head);
        if let Some(end) = rows_end {
            text.drain(..end);
            part.take(MOST_AFTER).read_to_end(&mut text).map_err(xml::broken)?;
            merged(&text, areas, &mut head)?;
            return Ok(head);
        }
        if ended {
            return Ok(head);
        }
        // What precedes the rows is short and kept whole.
        if in_rows {
            text.drain(..whole);
        }
        if text.len() > MOST_HELD {
            text.clear();
        }
    }
}

/// The tags around a word, each with the place of its text (without the brackets). Text cannot be taken for a tag: in XML it holds no `<`.
fn tags<'t>(text: &'t [u8], word: &'t str) -> impl Iterator<Item = (usize, &'t str)> {
    memmem::find_iter(text, word).filter_map(|at| {
        let start = memchr::memrchr2(b'<', b'>', &text[..at]).filter(|start| text[*start] == b'<')? + 1;
        let end = at + memchr::memchr(b'>', &text[at..])?;
        Some((start, std::str::from_utf8(&text[start..end]).ok()?))
    })
}

fn hidden_rows(text: &[u8], areas: usize, head: &mut SheetHead) {
    for (_, tag) in tags(text, "hidden=") {
        let name = tag.split_ascii_whitespace().next().unwrap_or_default();
        let element = BytesStart::from_content(tag.trim_end_matches('/'), name.len());
        if element.local_name().as_ref() == "row" && xml::flag(&element, "hidden") && head.hidden_rows.len() <= areas {
            head.hidden_rows
                .extend(xml::count(&element, "r").and_then(|row| row.checked_sub(1)));
        }
    }
}

/// From the elements before the rows.
fn hidden_columns(text: &[u8], head: &mut SheetHead) -> Result<(), Refused> {
    /// Columns of Excel.
    const COLUMNS: u32 = 16_384;
    xml::each_element(xml::configured(Reader::from_reader(text)), |element| {
        if element.local_name().as_ref() == "col" && xml::flag(element, "hidden") {
            let bound = |name| xml::count(element, name).unwrap_or_default().min(COLUMNS);
            head.hidden_columns.extend(bound("min").saturating_sub(1)..bound("max"));
        }
        head.hidden_columns.len() < COLUMNS as usize
    })
}

/// From the elements after the rows.
fn merged(text: &[u8], areas: usize, head: &mut SheetHead) -> Result<(), Refused> {
    xml::each_element(xml::configured(Reader::from_reader(text)), |element| {
        if element.local_name().as_ref() == "mergeCell" {
            head.merged
                .extend(xml::attribute(element, "ref").and_then(|range| parse_area(&range)));
        }
        head.merged.len() <= areas
    })
}

/// `K7:K14` or `$K$7:$K$14`; none for anything else, and for a single cell.
pub(super) fn parse_area(range: &str) -> Option<Area> {
    let (first, last) = range.split_once(':')?;
    let ((first_row, first_column), (last_row, last_column)) = (parse_cell(first)?, parse_cell(last)?);
    Some(Area {
        first_row,
        first_column,
        last_row,
        last_column,
    })
    .filter(|area| area.first_row <= area.last_row && area.first_column <= area.last_column)
}

pub(super) fn parse_cell(cell: &str) -> Option<(u32, u32)> {
    let cell = cell.replace('$', "");
    let letters = cell.bytes().take_while(u8::is_ascii_alphabetic).count();
    let column = cell[..letters].bytes().try_fold(0_u32, |column, letter| {
        column
            .checked_mul(26)?
            .checked_add(u32::from(letter.to_ascii_uppercase() - b'A') + 1)
    })?;
    Some((
        cell[letters..].parse::<u32>().ok()?.checked_sub(1)?,
        column.checked_sub(1)?,
    ))
}
