//! Notes: their texts in one part, their shapes in another.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;

use quick_xml::events::Event;

use super::{Splice, escaped, parts, unsuited, with_attributes};
use crate::finding::Severity;
use crate::workbook::cells::Address;
use crate::workbook::sheet_part::parse_cell;
use crate::workbook::wire::Refused;
use crate::workbook::xml;

/// The author of our notes, by which they are known again.
const AUTHOR: &str = "抗震加固工程清单检查";

/// What parts the officer's own note from ours beneath it, and is known again when the workbook comes back.
const BENEATH: &str = "———— 检查结果（系统添加）————";

/// The words in it: some programs give its strokes a font, and an element, of their own.
const BENEATH_WORDS: &str = "检查结果（系统添加）";

/// A cell and its note.
type Note<'n> = (Address, &'n str);

/// A part with these notes.
pub(super) fn comments(notes: &[Note<'_>]) -> String {
    let listed: String = notes.iter().map(|note| comment(note, 0)).collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n\
         <comments xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\">\
         <authors><author>{AUTHOR}</author></authors><commentList>{listed}</commentList></comments>"
    )
}

fn comment((at, text): &Note<'_>, author: usize) -> String {
    format!(
        "<comment ref=\"{at}\" authorId=\"{author}\"><text>{}</text></comment>",
        run(text)
    )
}

fn run(text: &str) -> String {
    format!(
        "<r><rPr><sz val=\"9\"/><rFont val=\"宋体\"/></rPr><t xml:space=\"preserve\">{}</t></r>",
        escaped(text)
    )
}

/// What is added to a note of the officer's, after `own`, which ends its text.
fn beneath(own: &str, note: &str) -> String {
    run(&format!("{own}{BENEATH}\n{note}"))
}

/// A part with the shapes of these notes.
pub(super) fn drawing(notes: &[Note<'_>]) -> String {
    format!(
        "<xml xmlns:v=\"urn:schemas-microsoft-com:vml\" xmlns:o=\"urn:schemas-microsoft-com:office:office\" \
         xmlns:x=\"urn:schemas-microsoft-com:office:excel\"><o:shapelayout v:ext=\"edit\"><o:idmap v:ext=\"edit\" data=\"1\"/>\
         </o:shapelayout><v:shapetype id=\"_x0000_t202\" coordsize=\"21600,21600\" o:spt=\"202\" path=\"m,l,21600r21600,l21600,xe\">\
         <v:stroke joinstyle=\"miter\"/><v:path gradientshapeok=\"t\" o:connecttype=\"rect\"/></v:shapetype>{}</xml>",
        shapes(notes, 1025)
    )
}

fn shapes(notes: &[Note<'_>], first_id: usize) -> String {
    let mut out = String::new();
    for (id, (at, text)) in (first_id..).zip(notes) {
        let lines = lines(text);
        let height = lines.min(30) * 13 + 10;
        let (row, column) = (at.row, at.column);
        // Writing to a String cannot fail.
        let _ = write!(
            out,
            "<v:shape id=\"_x0000_s{id}\" type=\"#_x0000_t202\" style=\"position:absolute;margin-left:60pt;margin-top:2pt;\
             width:230pt;height:{height}pt;z-index:1;visibility:hidden\" fillcolor=\"#ffffe1\" o:insetmode=\"auto\">\
             <v:fill color2=\"#ffffe1\"/><v:shadow color=\"black\" obscured=\"t\"/><v:path o:connecttype=\"none\"/>\
             <v:textbox style=\"mso-direction-alt:auto\"><div style=\"text-align:left\"></div></v:textbox>\
             <x:ClientData ObjectType=\"Note\"><x:MoveWithCells/><x:SizeWithCells/>\
             <x:Anchor>{}, 15, {}, 4, {}, 15, {}, 4</x:Anchor><x:AutoFill>False</x:AutoFill>\
             <x:Row>{row}</x:Row><x:Column>{column}</x:Column></x:ClientData></v:shape>",
            column + 1,
            row.saturating_sub(1),
            column + 5,
            row.saturating_sub(1) as usize + rows(lines),
        );
    }
    out
}

/// Lines that a note's text takes.
fn lines(text: &str) -> usize {
    text.lines().map(|line| line.chars().count() / 22 + 1).sum()
}

/// Rows of a sheet that so many lines of a note cover.
fn rows(lines: usize) -> usize {
    lines.min(30) * 17 / 20 + 1
}

/// The same with room for a text in notes that have none.
fn with_texts(comments: &str) -> Result<String, Refused> {
    let mut splice = Splice::new(comments);
    for part in parts(comments) {
        let (event, start, end) = part?;
        if let Event::Empty(element) = &event {
            match element.name().as_ref() {
                "comment" => {
                    let open = with_attributes(element, false, &[]);
                    splice.replace(start, end, &format!("{open}<text></text></comment>"));
                }
                "text" => splice.replace(start, end, "<text></text>"),
                _ => {}
            }
        }
    }
    Ok(splice.finish())
}

/// The cells of notes that are ours word for word. Some programs keep no authors.
fn ours_by_text(comments: &str) -> Result<HashSet<Address>, Refused> {
    let (mut ours, mut at, mut text) = (HashSet::new(), None, String::new());
    // Besides its text a note may have its place and size, in numbers.
    let mut in_text = false;
    for part in parts(comments) {
        match part?.0 {
            Event::Start(element) if element.name().as_ref() == "comment" => {
                at = xml::attribute(&element, "ref").and_then(|at| parse_cell(&at));
                text.clear();
            }
            Event::End(element) if element.name().as_ref() == "comment" => {
                let is_ours = is_note_of_ours(&text);
                ours.extend(at.filter(|_| is_ours).map(|(row, column)| Address::new(row, column)));
            }
            Event::Start(element) if element.name().as_ref() == "text" => in_text = true,
            Event::End(element) if element.name().as_ref() == "text" => in_text = false,
            event if in_text => xml::push_text(&event, &mut text),
            _ => {}
        }
    }
    Ok(ours)
}

/// Whether a note begins with the severity of a finding and ends with its rule, as `mark::note` writes it.
fn is_note_of_ours(text: &str) -> bool {
    let begins = [Severity::Error, Severity::Confirm, Severity::Hint]
        .iter()
        .any(|severity| text.trim_start().starts_with(&format!("【{}】", severity.label())));
    let last = text.trim_end().lines().last().unwrap_or_default();
    let rule = last.strip_prefix("规则：").map(str::trim);
    begins && rule.is_some_and(|code| code.len() == 4 && code.is_ascii())
}

/// The officer's notes and shapes with ours: those of an earlier time go, and beneath a note of the officer's ours is added to it.
pub(super) fn merged(comments: &str, shapes_text: &str, notes: &[Note<'_>]) -> Result<(String, String), Refused> {
    let comments = &*with_texts(comments)?;
    let by_text = ours_by_text(comments)?;
    let (mut author, mut authors, mut in_author) = (None, 0, false);
    // The officer's notes, with the lines that they have where ours is added.
    let mut kept: HashMap<Address, usize> = HashMap::new();
    let mut under_way = Officers::default();
    let mut gone: HashSet<Address> = HashSet::new();
    let mut splice = Splice::new(comments);
    let mut dropping = None;
    let mut added: Option<Vec<Note<'_>>> = None;
    for part in parts(comments) {
        let (event, start, end) = part?;
        match &event {
            Event::Start(element) | Event::Empty(element) => match element.name().as_ref() {
                "author" => {
                    in_author = matches!(event, Event::Start(_));
                    authors += usize::from(!in_author);
                }
                "comment" => {
                    let at = xml::attribute(element, "ref").and_then(|at| parse_cell(&at));
                    let (row, column) = at.ok_or_else(|| unsuited("a note without a cell"))?;
                    let at = Address::new(row, column);
                    let by_author = author.is_some() && xml::count(element, "authorId").map(|id| id as usize) == author;
                    if by_author || by_text.contains(&at) {
                        gone.insert(at);
                        dropping = Some(start);
                    } else {
                        under_way = Officers::of(at, notes);
                    }
                }
                "r" if under_way.cut.is_some() => dropping = Some(start),
                _ => {}
            },
            Event::Text(_) if under_way.at.is_some() && under_way.cut.is_none() => {
                let text = &comments[start..end];
                let ours = text.find(BENEATH_WORDS);
                let own = ours
                    .map_or(text, |at| text[..at].trim_end_matches(['—', ' ']))
                    .trim_end();
                under_way.lines += lines(own.trim());
                if ours.is_some() {
                    under_way.cut = Some(start);
                    splice.replace(start, end, own);
                }
            }
            Event::Text(text) if in_author && text.xml10_content().trim() == AUTHOR => author = Some(authors),
            Event::End(element) => match element.name().as_ref() {
                "author" => {
                    in_author = false;
                    authors += 1;
                }
                "authors" if author.is_none() => {
                    splice.insert(start, &format!("<author>{AUTHOR}</author>"));
                    author = Some(authors);
                }
                "r" if under_way.cut.is_some() => {
                    if let Some(from) = dropping.take() {
                        splice.replace(from, end, "");
                    }
                }
                "text" if under_way.at.is_some() => {
                    if let Some(note) = under_way.note {
                        let own = if under_way.lines > 0 { "\n" } else { "" };
                        splice.insert(start, &beneath(own, note));
                    }
                }
                "comment" => {
                    if let Some(from) = dropping.take() {
                        splice.replace(from, end, "");
                    }
                    let officers = std::mem::take(&mut under_way);
                    let lines = officers.note.map_or(0, |note| officers.lines + lines(note) + 1);
                    kept.extend(officers.at.map(|at| (at, lines)));
                }
                "commentList" => {
                    let missing: Vec<_> = notes.iter().filter(|(at, _)| !kept.contains_key(at)).copied().collect();
                    let author = author.ok_or_else(|| unsuited("notes without authors"))?;
                    let listed: String = missing.iter().map(|note| comment(note, author)).collect();
                    splice.insert(start, &listed);
                    added = Some(missing);
                }
                _ => {}
            },
            _ => {}
        }
    }
    let added = added.ok_or_else(|| unsuited("a list of notes with a prefix"))?;
    let shapes_text = merged_shapes(shapes_text, &gone, &kept, &added)?;
    Ok((splice.finish(), shapes_text))
}

/// A note of the officer's under way.
#[derive(Default)]
struct Officers<'n> {
    at: Option<Address>,
    /// What we add beneath it.
    note: Option<&'n str>,
    /// Where what was added at an earlier time began.
    cut: Option<usize>,
    /// Lines of its own text.
    lines: usize,
}

impl<'n> Officers<'n> {
    fn of(at: Address, notes: &[Note<'n>]) -> Self {
        let note = notes.iter().find(|(of, _)| *of == at);
        Self {
            at: Some(at),
            note: note.map(|(_, text)| *text),
            ..Self::default()
        }
    }
}

fn merged_shapes(
    text: &str,
    gone: &HashSet<Address>,
    kept: &HashMap<Address, usize>,
    added: &[Note<'_>],
) -> Result<String, Refused> {
    let mut splice = Splice::new(text);
    let mut from = 0;
    while let Some(start) = text[from..].find("<v:shape ").map(|at| from + at) {
        let end = text[start..]
            .find("</v:shape>")
            .map(|at| start + at + "</v:shape>".len());
        let end = end.ok_or_else(|| unsuited("a shape without an end"))?;
        let number = |tag: &str| {
            let shape = &text[start..end];
            let at = shape.find(tag)? + tag.len();
            shape[at..].split('<').next()?.trim().parse::<u32>().ok()
        };
        if let (Some(row), Some(column)) = (number("<x:Row>"), number("<x:Column>")) {
            let at = Address::new(row, column);
            if gone.contains(&at) {
                splice.replace(start, end, "");
            } else if let Some(lines) = kept.get(&at).filter(|lines| **lines > 0)
                && let Some((from, to, anchor)) = taller(&text[start..end], *lines)
            {
                splice.replace(start + from, start + to, &anchor);
            }
        }
        from = end;
    }
    let end = text
        .rfind("</xml>")
        .filter(|end| *end >= from)
        .ok_or_else(|| unsuited("shapes without an end"))?;
    if !added.is_empty() && !text.contains("id=\"_x0000_t202\"") {
        return Err(unsuited("shapes without the type of notes"));
    }
    // Far from the numbers that programs give.
    splice.insert(end, &shapes(added, 60_000));
    Ok(splice.finish())
}

/// A shape's anchor such that so many lines fit, and where it stands: the rows and columns of its corners, each with an offset.
fn taller(shape: &str, lines: usize) -> Option<(usize, usize, String)> {
    const TAG: &str = "<x:Anchor>";
    let from = shape.find(TAG)? + TAG.len();
    let to = from + shape[from..].find('<')?;
    let corners: Vec<usize> = shape[from..to]
        .split(',')
        .map_while(|number| number.trim().parse().ok())
        .collect();
    let [left, _, top, _, right, _, bottom, _] = corners[..] else {
        return None;
    };
    let (wide, high) = (right.max(left + 4), bottom.max(top + rows(lines)));
    if (wide, high) == (right, bottom) {
        return None;
    }
    let mut corners = corners;
    (corners[4], corners[6]) = (wide, high);
    let corners: Vec<String> = corners.iter().map(ToString::to_string).collect();
    Some((from, to, corners.join(", ")))
}
