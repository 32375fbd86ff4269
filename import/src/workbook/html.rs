//! Tables of a web page, which many systems export under the name .xls: as sloppy as browsers allow, so that the page is read for its tags
//! and never for its structure.

use quick_xml::escape::resolve_predefined_entity;

use super::cells::{Content, Format};
use super::child::{Sink, Stop};
use super::spanned::{self, OnPart, Part, SpannedCell, SpannedRow};
use super::wire::Refused;

/// Spans that browsers take (HTML, 4.9.11).
const MOST_ROWS: u32 = 65_534;
const MOST_COLUMNS: u32 = 1_000;

/// Columns of Excel.
const EXCEL_COLUMNS: usize = 16_384;

/// Reads all tables of a page as one sheet without a name, one below the other, as Excel does.
pub(super) fn read(text: &str, sink: &mut Sink) -> Result<(), Stop> {
    let mut tags = Tags { rest: text };
    if !tags.any(|token| matches!(token, Token::Open { name, .. } if name == "td" || name == "th")) {
        let message = "这是网页，里面没有表格。请报送 Excel、WPS 表格或 .csv 文件。";
        return Err(Refused::unreadable(message, "page without a table").into());
    }
    spanned::read(Format::Html, sink, |on_part| {
        on_part(Part::Sheet { name: String::new() })?;
        let mut page = Page::default();
        for token in (Tags { rest: text }) {
            page.take(&token, on_part)?;
        }
        page.end_row(on_part)
    })
}

/// The row under way.
#[derive(Default)]
struct Page {
    row: u32,
    in_row: bool,
    cells: Vec<SpannedCell>,
    /// The cell under way and its text.
    cell: Option<(SpannedCell, String)>,
    /// Rows that the cells above still take of each column, this row among them.
    taken: Vec<u32>,
    column: usize,
}

impl Page {
    fn take(&mut self, token: &Token, on_part: &mut OnPart) -> Result<(), Stop> {
        match token {
            Token::Text(text) => {
                if let Some((_, said)) = &mut self.cell {
                    push_text(text, said);
                }
            }
            Token::Open { name, attributes } => match name.as_str() {
                "tr" => {
                    self.end_row(on_part)?;
                    self.in_row = true;
                }
                "td" | "th" => self.start_cell(attributes),
                "br" => self.push_line(),
                "table" => {
                    self.end_row(on_part)?;
                    self.taken.clear();
                }
                _ => {}
            },
            Token::Close { name } => match name.as_str() {
                "td" | "th" => self.end_cell(),
                "p" | "div" => self.push_line(),
                "tr" => self.end_row(on_part)?,
                "table" => {
                    self.end_row(on_part)?;
                    self.taken.clear();
                }
                _ => {}
            },
        }
        Ok(())
    }

    fn push_line(&mut self) {
        if let Some((_, said)) = &mut self.cell {
            said.truncate(said.trim_end_matches(' ').len());
            said.push('\n');
        }
    }

    fn start_cell(&mut self, attributes: &str) {
        self.end_cell();
        self.in_row = true;
        while self.taken.get(self.column).is_some_and(|rows| *rows > 0) {
            self.column += 1;
        }
        let span = |name, most| {
            attribute(attributes, name)
                .and_then(|text| text.trim().parse().ok())
                .unwrap_or(1)
                .clamp(1, most)
        };
        let (rows, columns) = (span("rowspan", MOST_ROWS), span("colspan", MOST_COLUMNS));
        let end = self.column + columns as usize;
        if end > EXCEL_COLUMNS {
            return;
        }
        if self.taken.len() < end {
            self.taken.resize(end, 0);
        }
        self.taken[self.column..end].fill(rows);
        let column = u32::try_from(self.column).unwrap_or(u32::MAX);
        self.cell = Some((
            SpannedCell {
                column,
                repeat: 1,
                rows,
                columns,
                content: None,
            },
            String::new(),
        ));
        self.column = end;
    }

    fn end_cell(&mut self) {
        let Some((mut cell, text)) = self.cell.take() else {
            return;
        };
        let text = text.trim_matches(|char| matches!(char, ' ' | '\n'));
        cell.content = (!text.is_empty()).then(|| Content::Text(text.into()));
        if cell.content.is_some() || cell.rows > 1 || cell.columns > 1 {
            self.cells.push(cell);
        }
    }

    fn end_row(&mut self, on_part: &mut OnPart) -> Result<(), Stop> {
        self.end_cell();
        if !self.in_row {
            return Ok(());
        }
        let cells = std::mem::take(&mut self.cells);
        if !cells.is_empty() {
            on_part(Part::Row(SpannedRow {
                index: self.row,
                repeat: 1,
                hidden: false,
                cells,
            }))?;
        }
        for rows in &mut self.taken {
            *rows = rows.saturating_sub(1);
        }
        (self.row, self.column, self.in_row) = (self.row.saturating_add(1), 0, false);
        Ok(())
    }
}

/// A piece of a page.
enum Token<'t> {
    Text(&'t str),
    Open { name: String, attributes: &'t str },
    Close { name: String },
}

/// The pieces of a page; comments, declarations, scripts and styles are left out.
struct Tags<'t> {
    rest: &'t str,
}

impl<'t> Iterator for Tags<'t> {
    type Item = Token<'t>;

    fn next(&mut self) -> Option<Token<'t>> {
        loop {
            if self.rest.is_empty() {
                return None;
            }
            let Some(tag) = self.rest.strip_prefix('<') else {
                let (text, rest) = self.rest.split_at(self.rest.find('<').unwrap_or(self.rest.len()));
                self.rest = rest;
                return Some(Token::Text(text));
            };
            if let Some(comment) = tag.strip_prefix("!--") {
                self.rest = comment.split_once("-->").map_or("", |(_, rest)| rest);
                continue;
            }
            if !tag.starts_with(|char: char| char.is_ascii_alphabetic() || matches!(char, '/' | '!' | '?')) {
                // A sign that stands for itself.
                let (text, rest) = self.rest.split_at(1);
                self.rest = rest;
                return Some(Token::Text(text));
            }
            let (inside, rest) = tag.split_at(end_of_tag(tag));
            self.rest = rest.strip_prefix('>').unwrap_or(rest);
            if let Some(name) = inside.strip_prefix('/') {
                return Some(Token::Close {
                    name: name.trim().to_ascii_lowercase(),
                });
            }
            let end = inside
                .find(|char: char| char.is_ascii_whitespace() || char == '/')
                .unwrap_or(inside.len());
            let (name, attributes) = inside.split_at(end);
            let name = name.to_ascii_lowercase();
            if matches!(name.as_str(), "script" | "style" | "xml") {
                let close = format!("</{name}");
                let end = memchr::memchr_iter(b'<', self.rest.as_bytes()).find(|at| {
                    self.rest.as_bytes()[*at..]
                        .get(..close.len())
                        .is_some_and(|tag| tag.eq_ignore_ascii_case(close.as_bytes()))
                });
                self.rest = &self.rest[end.unwrap_or(self.rest.len())..];
            } else if !name.starts_with(['!', '?']) {
                return Some(Token::Open { name, attributes });
            }
        }
    }
}

/// The place of the `>` that ends a tag; one in quotes does not.
fn end_of_tag(tag: &str) -> usize {
    let mut quote = None;
    let end = tag.bytes().position(|byte| match (quote, byte) {
        (None, b'>') => true,
        (None, b'"' | b'\'') => {
            quote = Some(byte);
            false
        }
        (Some(open), close) => {
            if open == close {
                quote = None;
            }
            false
        }
        _ => false,
    });
    end.unwrap_or(tag.len())
}

/// An attribute's value, in quotes or not.
fn attribute<'t>(attributes: &'t str, wanted: &str) -> Option<&'t str> {
    let mut rest = attributes;
    loop {
        rest = rest.trim_start_matches(|char: char| char.is_ascii_whitespace() || char == '/');
        let end = rest
            .find(|char: char| char.is_ascii_whitespace() || char == '=')
            .unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        if name.is_empty() && after.is_empty() {
            return None;
        }
        let mut value = "";
        rest = after.trim_start();
        if let Some(after) = rest.strip_prefix('=') {
            let after = after.trim_start();
            let (text, next) = match after.strip_prefix(['"', '\'']) {
                Some(quoted) => quoted.split_once(&after[..1]).unwrap_or((quoted, "")),
                None => after.split_at(
                    after
                        .find(|char: char| char.is_ascii_whitespace())
                        .unwrap_or(after.len()),
                ),
            };
            (value, rest) = (text, next);
        }
        if name.eq_ignore_ascii_case(wanted) {
            return Some(value);
        }
    }
}

/// Adds text as a browser shows it: runs of blanks as one, none at the start of a line.
fn push_text(text: &str, said: &mut String) {
    let mut rest = text;
    while let Some(char) = rest.chars().next() {
        let (shown, length) = if char == '&' {
            entity(rest)
        } else {
            (char, char.len_utf8())
        };
        rest = &rest[length..];
        if !char.is_ascii_whitespace() {
            said.push(shown);
        } else if !said.is_empty() && !said.ends_with([' ', '\n']) {
            said.push(' ');
        }
    }
}

/// The sign that an entity stands for, and its length; `&` itself where it is none.
fn entity(text: &str) -> (char, usize) {
    /// No name of an entity is longer.
    const LONGEST: usize = 32;
    let end = text.bytes().take(LONGEST).position(|byte| byte == b';');
    let found = end.and_then(|end| {
        let name = &text[1..end];
        let code = match name
            .strip_prefix('#')
            .map(|number| (number, number.strip_prefix(['x', 'X'])))
        {
            Some((_, Some(number))) => u32::from_str_radix(number, 16).ok().and_then(char::from_u32),
            Some((number, None)) => number.parse().ok().and_then(char::from_u32),
            None => match name {
                "nbsp" => Some('\u{a0}'),
                "ensp" => Some('\u{2002}'),
                "emsp" => Some('\u{2003}'),
                name => resolve_predefined_entity(name).and_then(|text| text.chars().next()),
            },
        };
        Some((code?, end + 1))
    });
    found.unwrap_or(('&', 1))
}
