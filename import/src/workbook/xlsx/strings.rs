//! The shared strings of a package, and the texts of cells that are written like them.

use std::io::Read;

use super::tags::{Kind, Tags};
use crate::workbook::wire::Refused;

/// The strings, in one text: of their own, a million of them would take three times the memory.
#[derive(Default)]
pub(super) struct Strings {
    text: String,
    /// Where each one ends.
    ends: Vec<usize>,
}

impl Strings {
    /// Reads the part that holds them.
    pub(super) fn read(part: impl Read) -> Result<Self, Refused> {
        let mut strings = Self::default();
        let mut tags = Tags::new(part);
        loop {
            let tag = tags.expect_next()?;
            match (tag.kind, tag.name) {
                (Kind::Open, b"si") => read_text(&mut tags, b"si", &mut strings.text)?,
                (Kind::Empty, b"si") => {}
                (Kind::Close | Kind::Empty, b"sst") => return Ok(strings),
                _ => continue,
            }
            strings.ends.push(strings.text.len());
        }
    }

    /// The string with this number, from 0.
    pub(super) fn get(&self, number: usize) -> Option<&str> {
        let end = *self.ends.get(number)?;
        let start = number.checked_sub(1).map_or(0, |before| self.ends[before]);
        self.text.get(start..end)
    }
}

/// Adds the text of the element that has just begun, to its end: plain or in runs, without the reading aids (`rPh`) of East Asian text.
pub(super) fn read_text<R: Read>(tags: &mut Tags<R>, element: &[u8], text: &mut String) -> Result<(), Refused> {
    let mut aid = false;
    loop {
        let tag = tags.expect_next()?;
        match (tag.kind, tag.name) {
            (Kind::Open, b"rPh") => aid = true,
            (Kind::Close, b"rPh") => aid = false,
            (Kind::Open, b"t") if !aid => {
                let keeps_space = tag.attributes().any(|space| space == (b"xml:space", b"preserve"));
                let start = text.len();
                while {
                    let part = tags.expect_next()?;
                    part.push_text(text)?;
                    !part.closes(b"t")
                } {}
                if !keeps_space {
                    trim(text, start);
                }
                unescape(text, start);
            }
            (Kind::Close, name) if name == element => return Ok(()),
            _ => {}
        }
    }
}

/// Drops the white space around what follows `start`; of other spaces than ASCII's an officer sees something.
fn trim(text: &mut String, start: usize) {
    let space = |char| matches!(char, ' ' | '\t' | '\r' | '\n');
    let added = &text[start..];
    let (end, lead) = (
        added.trim_end_matches(space).len(),
        added.len() - added.trim_start_matches(space).len(),
    );
    text.truncate(start + end);
    text.drain(start..start + lead.min(end));
}

/// Resolves what follows `start` of Excel's own references: `_x000D_`, the four digits being a unit of UTF-16.
pub(super) fn unescape(text: &mut String, start: usize) {
    if !text[start..].contains("_x") {
        return;
    }
    let added = text.split_off(start);
    let mut rest = added.as_str();
    while let Some(at) = rest.find("_x") {
        let (before, from) = rest.split_at(at);
        let mut units = Vec::new();
        let mut after = from;
        while let Some((unit, next)) = reference(after) {
            units.push(unit);
            after = next;
        }
        text.push_str(before);
        if units.is_empty() {
            text.push_str("_x");
            after = &from["_x".len()..];
        }
        text.extend(char::decode_utf16(units).map(|char| char.unwrap_or(char::REPLACEMENT_CHARACTER)));
        rest = after;
    }
    text.push_str(rest);
}

/// The unit of the reference that a text begins with, and what follows it.
fn reference(text: &str) -> Option<(u16, &str)> {
    let (digits, rest) = text.strip_prefix("_x")?.split_at_checked(4)?;
    let rest = rest.strip_prefix('_')?;
    let hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    Some((u16::from_str_radix(digits, 16).ok().filter(|_| hex)?, rest))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn reads_strings_of_every_shape() {
        let part = "<sst xmlns='x' count='9' uniqueCount='99999999'><si><t>甲&amp;乙</t></si><si/><si><t/></si>\
                    <si><r><rPr><b/></rPr><t xml:space=\"preserve\">一 </t></r><r><t> 二 </t></r><rPh><t>yi</t></rPh></si>\
                    <si><t> \n三 </t><phoneticPr/></si><si><t>a_x000D_b_xD83D__xDE00_c_x005F_x000D_d_x00_e_xD800_</t></si></sst>";
        let strings = Strings::read(part.as_bytes()).unwrap();
        let all: Vec<&str> = (0..).map_while(|number| strings.get(number)).collect();
        assert_eq!(all, ["甲&乙", "", "", "一 二", "三", "a\rb😀c_x000D_d_x00_e\u{fffd}"]);
        assert!(Strings::read(&b"<sst><si><t>1</t></si>"[..]).is_err());
    }
}
