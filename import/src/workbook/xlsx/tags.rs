//! The tags of an XML part, found by their brackets in what is unpacked of it. A reader of XML in general takes several times as long for
//! the cells of a sheet; small parts are left to it.

use std::io::Read;

use memchr::{memchr, memchr2, memmem};
use quick_xml::escape::resolve_predefined_entity;

use crate::workbook::wire::Refused;
use crate::workbook::xml::broken;

/// Bytes unpacked at a time.
const CHUNK: u64 = 256 << 10;

/// Bytes that a tag and the text before it may have: a cell's text has some hundred thousand at most.
const MOST_HELD: usize = 4 << 20;

/// What stands between brackets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// `<c>`
    Open,
    /// `<c/>`
    Empty,
    /// `</c>`
    Close,
    /// `<![CDATA[…]]>`
    Literal,
    /// A comment, a declaration: nothing that counts.
    Other,
}

/// A tag with the text before it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tag<'t> {
    /// What stands between the last tag and this one, as written.
    pub(super) before: &'t [u8],
    pub(super) kind: Kind,
    /// The name without its prefix; empty where there is none.
    pub(super) name: &'t [u8],
    /// The attributes as written; of a literal its text.
    pub(super) rest: &'t [u8],
}

impl<'t> Tag<'t> {
    /// Whether an element of this name ends.
    pub(super) fn closes(&self, name: &[u8]) -> bool {
        self.kind == Kind::Close && self.name == name
    }

    /// The attributes: names with their prefixes, values as written.
    pub(super) fn attributes(&self) -> impl Iterator<Item = (&'t [u8], &'t [u8])> + use<'t> {
        let mut rest = self.rest;
        std::iter::from_fn(move || {
            let equals = rest.iter().position(|byte| *byte == b'=')?;
            let name = rest[..equals].trim_ascii();
            let value = rest[equals + 1..].trim_ascii_start();
            let (quote, value) = value.split_first()?;
            let end = value.iter().position(|byte| byte == quote)?;
            rest = &value[end + 1..];
            Some((name, &value[..end]))
        })
    }

    /// Adds the text before the tag, and that of a literal.
    pub(super) fn push_text(&self, text: &mut String) -> Result<(), Refused> {
        push_text(self.before, text)?;
        if self.kind == Kind::Literal {
            text.push_str(utf8(self.rest)?);
        }
        Ok(())
    }
}

/// The tags of a part, in order.
pub(super) struct Tags<R> {
    from: R,
    held: Vec<u8>,
    /// Where the text after the last tag begins.
    at: usize,
    ended: bool,
}

impl<R: Read> Tags<R> {
    pub(super) fn new(from: R) -> Self {
        Self {
            from,
            held: Vec::new(),
            at: 0,
            ended: false,
        }
    }

    /// The next tag; none at the end. A tag that the end cuts off is an error.
    pub(super) fn next(&mut self) -> Result<Option<Tag<'_>>, Refused> {
        let (open, end) = loop {
            let open = memchr(b'<', &self.held[self.at..]).map(|open| self.at + open);
            match open.map(|open| (open, end_of_tag(&self.held[open..]))) {
                Some((open, Some(length))) => break (open, open + length),
                Some(_) if self.ended => return Err(broken("the part ends inside a tag")),
                None if self.ended => return Ok(None),
                _ => self.refill()?,
            }
        };
        let before = &self.held[self.at..open];
        self.at = end;
        Ok(Some(tag(before, &self.held[open + 1..end - 1])))
    }

    /// The next tag; the end is an error.
    pub(super) fn expect_next(&mut self) -> Result<Tag<'_>, Refused> {
        self.next()?.ok_or_else(|| broken("the part ends too early"))
    }

    /// The text of the value that stands next, where it stands as it nearly always does, `<v>…</v></c>`, and is unpacked to there; it is
    /// taken with its tags. This saves a third of the time.
    pub(super) fn plain_value(&mut self) -> Option<&[u8]> {
        let value = self.held[self.at..].strip_prefix(b"<v>")?;
        let end = memchr(b'<', value)?;
        let (text, after) = value.split_at(end);
        after.strip_prefix(b"</v></c>")?;
        self.at += b"<v>".len() + end + b"</v></c>".len();
        Some(text)
    }

    fn refill(&mut self) -> Result<(), Refused> {
        self.held.drain(..self.at);
        self.at = 0;
        if self.held.len() > MOST_HELD {
            return Err(Refused::over(
                "文件里有一段内容长得不像表格，已停止读取。请用 Excel 或 WPS 另存后再报送。",
            ));
        }
        let read = self.from.by_ref().take(CHUNK).read_to_end(&mut self.held);
        self.ended = read.map_err(broken)? == 0;
        Ok(())
    }
}

/// The length of the tag that a text begins with; none where its end is still to come.
fn end_of_tag(text: &[u8]) -> Option<usize> {
    let after = |mark: &[u8]| memmem::find(text, mark).map(|at| at + mark.len());
    match text {
        [b'<', b'!', b'-', b'-', ..] => after(b"-->"),
        [b'<', b'!', b'[', ..] => after(b"]]>"),
        [b'<', b'?', ..] => after(b"?>"),
        // Too short to be told from these.
        [b'<'] | [b'<', b'!'] | [b'<', b'!', b'-'] => None,
        _ => {
            let mut quote = None;
            let end = text.iter().position(|byte| match (quote, byte) {
                (None, b'>') => true,
                (None, b'"' | b'\'') => {
                    quote = Some(*byte);
                    false
                }
                (Some(open), _) => {
                    if open == *byte {
                        quote = None;
                    }
                    false
                }
                _ => false,
            });
            end.map(|end| end + 1)
        }
    }
}

/// What stands between the brackets, taken apart.
fn tag<'t>(before: &'t [u8], inside: &'t [u8]) -> Tag<'t> {
    let (kind, inside) = match inside {
        [b'/', name @ ..] => (Kind::Close, name),
        [b'!', b'[', b'C', b'D', b'A', b'T', b'A', b'[', text @ .., b']', b']'] => {
            return Tag {
                before,
                kind: Kind::Literal,
                name: b"",
                rest: text,
            };
        }
        [b'!' | b'?', ..] => (Kind::Other, &b""[..]),
        [inside @ .., b'/'] => (Kind::Empty, inside),
        inside => (Kind::Open, inside),
    };
    let end = inside.iter().position(u8::is_ascii_whitespace).unwrap_or(inside.len());
    let (name, rest) = inside.split_at(end);
    let local = name.iter().position(|byte| *byte == b':').map_or(0, |colon| colon + 1);
    Tag {
        before,
        kind,
        name: &name[local..],
        rest,
    }
}

/// Adds a text as written: line ends made one, references resolved.
pub(super) fn push_text(written: &[u8], text: &mut String) -> Result<(), Refused> {
    let mut rest = written;
    while let Some(at) = memchr2(b'&', b'\r', rest) {
        text.push_str(utf8(&rest[..at])?);
        let after = &rest[at + 1..];
        if rest[at] == b'\r' {
            text.push('\n');
            rest = after.strip_prefix(b"\n").unwrap_or(after);
            continue;
        }
        let end = memchr(b';', after).ok_or_else(|| broken("a reference without an end"))?;
        let name = utf8(&after[..end])?;
        let of_number = name.strip_prefix('#').and_then(char_of_number);
        match (of_number, resolve_predefined_entity(name)) {
            (Some(char), _) => text.push(char),
            (None, Some(char)) => text.push_str(char),
            (None, None) => return Err(broken(format!("no such reference: {name}"))),
        }
        rest = &after[end + 1..];
    }
    text.push_str(utf8(rest)?);
    Ok(())
}

/// Of `10` and `xA0`; none that XML forbids.
fn char_of_number(number: &str) -> Option<char> {
    let code = match number.strip_prefix('x') {
        Some(hex) => u32::from_str_radix(hex, 16),
        None => number.parse(),
    };
    char::from_u32(code.ok()?).filter(|char| *char != '\0')
}

pub(super) fn utf8(bytes: &[u8]) -> Result<&str, Refused> {
    std::str::from_utf8(bytes).map_err(broken)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// Gives one byte at a time.
    struct Drip<'a>(&'a [u8]);

    impl Read for Drip<'_> {
        fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
            let (Some((first, rest)), Some(place)) = (self.0.split_first(), into.first_mut()) else {
                return Ok(0);
            };
            *place = *first;
            self.0 = rest;
            Ok(1)
        }
    }

    fn shown(from: impl Read) -> Vec<(Kind, String, String, String)> {
        let mut tags = Tags::new(from);
        let mut all = Vec::new();
        while let Some(tag) = tags.next().unwrap() {
            let mut text = String::new();
            tag.push_text(&mut text).unwrap();
            let attributes = tag
                .attributes()
                .map(|(name, value)| format!("{}={}", utf8(name).unwrap(), utf8(value).unwrap()));
            let attributes: Vec<String> = attributes.collect();
            all.push((tag.kind, utf8(tag.name).unwrap().to_owned(), attributes.join(" "), text));
        }
        all
    }

    #[test]
    fn takes_tags_apart() {
        let text = "<?xml version='1.0'?><!-- <c> --><x:c r=\"A1\"  t = 'a>b' ><v>1&lt;&#x4e00;&#10;\r\n</v>\
                    <t>甲<![CDATA[<乙>&amp;]]>丙</t><c r='B1'/></x:c >";
        let (open, close) = (Kind::Open, Kind::Close);
        let wanted = [
            (Kind::Other, "", "", ""),
            (Kind::Other, "", "", ""),
            (open, "c", "r=A1 t=a>b", ""),
            (open, "v", "", ""),
            (close, "v", "", "1<一\n\n"),
            (open, "t", "", ""),
            (Kind::Literal, "", "", "甲<乙>&amp;"),
            (close, "t", "", "丙"),
            (Kind::Empty, "c", "r=B1", ""),
            (close, "c", "", ""),
        ];
        let wanted = wanted
            .map(|(kind, name, attributes, text)| (kind, name.to_owned(), attributes.to_owned(), text.to_owned()));
        assert_eq!(shown(text.as_bytes()), wanted);
        assert_eq!(shown(Drip(text.as_bytes())), wanted);
    }

    #[test]
    fn refuses_what_is_cut_off_or_has_no_end() {
        let mut tags = Tags::new(&b"<c r=\"A1"[..]);
        assert!(tags.next().is_err());
        let mut tags = Tags::new(std::io::repeat(b' '));
        assert!(tags.next().is_err());
        let mut text = String::new();
        for wrong in [&b"&nbsp;"[..], b"&#0;", b"&#xd800;", b"&lt", b"\xff"] {
            assert!(push_text(wrong, &mut text).is_err());
        }
    }
}
