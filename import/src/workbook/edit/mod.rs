//! Marks put into the original package: its parts are spliced where a mark stands, and copied byte for byte where none does.
//!
//! What does not look as expected is refused, and the caller rebuilds the workbook instead.

mod notes;
mod own;
mod sheet;
mod styles;

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::{Cursor, Read, Write as _};

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

use self::styles::Styles;
use super::limits::Limits;
use super::marks::Marks;
use super::package::{Package, Relationship};
use super::wire::Refused;
use super::xml;

/// Relationship ids of ours.
const FRONT_ID: &str = "rIdRetrofitFront";
const RELATIONSHIPS: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const CONTENT_TYPES: &str = "[Content_Types].xml";
const MAIN: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml";

/// The original with the marks.
pub(super) fn mark(bytes: &[u8], limits: &Limits, marks: &Marks) -> Result<Vec<u8>, Refused> {
    let mut edit = Edit {
        package: Package::open(bytes, limits)?,
        changed: HashMap::new(),
        types: Vec::new(),
    };
    if edit.package.paths().any(|path| path.starts_with("_xmlsignatures")) {
        return Err(unsuited("signed"));
    }
    let roots = edit.package.relationships("")?;
    let workbook = roots.iter().find(|found| found.kind == "officeDocument");
    let workbook = workbook.ok_or_else(|| unsuited("no workbook"))?.path.clone();
    edit.workbook(&workbook, marks)?;
    edit.content_types(&workbook)?;
    edit.write(bytes)
}

/// A package being edited.
struct Edit<'a> {
    package: Package<'a>,
    /// Parts by lower-case path, with the path as written and the new content; none for those that go.
    changed: HashMap<String, (String, Option<String>)>,
    /// The content types of new parts.
    types: Vec<(String, &'static str)>,
}

impl Edit<'_> {
    fn text(&mut self, path: &str) -> Result<Option<String>, Refused> {
        if let Some((_, text)) = self.changed.get(&path.to_ascii_lowercase()) {
            return Ok(text.clone());
        }
        let Some(mut part) = self.package.part(path)? else {
            return Ok(None);
        };
        let mut text = String::new();
        part.read_to_string(&mut text).map_err(unsuited)?;
        Ok(Some(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text)))
    }

    fn needed(&mut self, path: &str) -> Result<String, Refused> {
        self.text(path)?.ok_or_else(|| unsuited(format!("no part {path}")))
    }

    fn set(&mut self, path: &str, text: Option<String>) {
        self.changed.insert(path.to_ascii_lowercase(), (path.to_owned(), text));
    }

    fn relationships(&mut self, of: &str) -> Result<Vec<Relationship>, Refused> {
        let mut found = self.package.relationships(of)?;
        for relationship in &mut found {
            relationship.path = resolved(&relationship.path);
        }
        Ok(found)
    }

    /// Adds a relationship to a part.
    fn relate(&mut self, of: &str, id: &str, kind: &str, target: &str) -> Result<(), Refused> {
        let path = relationships_path(of);
        let text = self.text(&path)?.unwrap_or_else(|| {
            "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"></Relationships>".to_owned()
        });
        let end = text
            .rfind("</Relationships>")
            .ok_or_else(|| unsuited("relationships"))?;
        let added = format!("<Relationship Id=\"{id}\" Type=\"{RELATIONSHIPS}/{kind}\" Target=\"/{target}\"/>");
        self.set(&path, Some([&text[..end], &added, &text[end..]].concat()));
        Ok(())
    }

    fn workbook(&mut self, path: &str, marks: &Marks) -> Result<(), Refused> {
        let text = self.needed(path)?;
        let relationships = self.relationships(path)?;
        let target = |id: &str| {
            relationships
                .iter()
                .find(|found| found.id == id)
                .map(|found| found.path.clone())
        };
        let mut sheets: Vec<(String, String)> = Vec::new();
        let mut last_id = 0;
        for part in parts(&text) {
            if let (Event::Start(element) | Event::Empty(element), ..) = part?
                && element.name().as_ref() == "sheet"
            {
                let id = xml::attribute(&element, "id").and_then(|id| target(&id));
                let name = xml::attribute(&element, "name").unwrap_or_default();
                last_id = last_id.max(xml::count(&element, "sheetId").unwrap_or_default());
                sheets.push((name, id.ok_or_else(|| unsuited("sheet without part"))?));
            }
        }
        let styles_path = relationships.iter().find(|found| found.kind == "styles");
        let styles_path = styles_path.ok_or_else(|| unsuited("no styles"))?.path.clone();
        let styles_text = self.needed(&styles_path)?;
        let mut styles = Styles::read(&styles_text)?;

        let replaced = sheets
            .iter()
            .position(|(name, _)| Some(name) == marks.replaces.as_ref());
        for (number, (name, part)) in sheets.iter().enumerate() {
            if Some(number) != replaced {
                let marks = marks.sheets.iter().find(|marks| marks.name == *name);
                self.sheet(number, part, marks, &mut styles)?;
            }
        }
        let front = own::front(&marks.front, &mut styles);
        if let Some(at) = replaced {
            self.set(&sheets[at].1, Some(front));
        } else {
            let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
            let part = format!("{folder}/worksheets/retrofit_front.xml");
            self.relate(path, FRONT_ID, "worksheet", &part)?;
            let kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml";
            self.types.push((part.clone(), kind));
            self.set(&part, Some(front));
        }
        self.set(&styles_path, Some(styles.write()?));
        let front = (replaced.is_none()).then(|| {
            format!(
                "<sheet xmlns:r=\"{RELATIONSHIPS}\" name=\"{}\" sheetId=\"{}\" r:id=\"{FRONT_ID}\"/>",
                escaped(&marks.front_name),
                last_id + 1
            )
        });
        self.set(
            path,
            Some(workbook_text(&text, front.as_deref(), replaced.unwrap_or(0))?),
        );
        self.without_macros(path, &relationships)
    }

    fn sheet(
        &mut self,
        number: usize,
        path: &str,
        marks: Option<&super::marks::SheetMarks>,
        styles: &mut Styles<'_>,
    ) -> Result<(), Refused> {
        let text = self.needed(path)?;
        if marks.is_none() && !text.contains("tabSelected") {
            return Ok(());
        }
        let relationships = self.relationships(path)?;
        for table in relationships.iter().filter(|found| found.kind == "table") {
            let table = self.needed(&table.path)?;
            let beyond = marks.is_some_and(|marks| own::reaches(&table, marks.first));
            if beyond {
                return Err(unsuited("a table reaches into the added columns"));
            }
        }
        let notes: Vec<_> = marks
            .map(|marks| {
                marks
                    .cells
                    .iter()
                    .filter_map(|mark| Some((mark.at, mark.note.as_deref()?)))
                    .collect()
            })
            .unwrap_or_default();
        let of_kind = |kind: &str| {
            relationships
                .iter()
                .find(|found| found.kind == kind)
                .map(|found| found.path.clone())
        };
        let (comments, drawing) = (of_kind("comments"), of_kind("vmlDrawing"));
        let mut legacy = None;
        match (comments, drawing) {
            (Some(comments), Some(drawing)) => {
                let (old, shapes) = (self.needed(&comments)?, self.needed(&drawing)?);
                let (old, shapes) = notes::merged(&old, &shapes, &notes)?;
                self.set(&comments, Some(old));
                self.set(&drawing, Some(shapes));
            }
            (None, None) if !notes.is_empty() => {
                let (comments, drawing) = (
                    format!("xl/retrofit_comments{number}.xml"),
                    format!("xl/drawings/retrofit{number}.vml"),
                );
                self.set(&comments, Some(notes::comments(&notes)));
                self.set(&drawing, Some(notes::drawing(&notes)));
                self.relate(path, "rIdRetrofitNotes", "comments", &comments)?;
                self.relate(path, "rIdRetrofitShapes", "vmlDrawing", &drawing)?;
                self.types.push((
                    comments,
                    "application/vnd.openxmlformats-officedocument.spreadsheetml.comments+xml",
                ));
                legacy = Some("rIdRetrofitShapes");
            }
            (None, None) => {}
            _ => return Err(unsuited("notes without shapes, or shapes without notes")),
        }
        let edited = sheet::edited(&text, marks, styles, legacy)?;
        self.set(path, Some(edited));
        Ok(())
    }

    /// Macros do not come along: a workbook with them would have to go by another name, and be trusted.
    fn without_macros(&mut self, workbook: &str, relationships: &[Relationship]) -> Result<(), Refused> {
        for macros in relationships.iter().filter(|found| found.kind == "vbaProject") {
            let path = relationships_path(workbook);
            let text = self.needed(&path)?;
            let mut splice = Splice::new(&text);
            for part in parts(&text) {
                if let (Event::Start(element) | Event::Empty(element), start, end) = part?
                    && xml::attribute(&element, "Id").as_deref() == Some(&*macros.id)
                {
                    splice.replace(start, end, "");
                }
            }
            let text = splice.finish();
            self.set(&path, Some(text));
            for signature in self.relationships(&macros.path)? {
                self.set(&signature.path, None);
            }
            let of_macros = relationships_path(&macros.path);
            if self.package.has(&of_macros) {
                self.set(&of_macros, None);
            }
            self.set(&macros.path, None);
        }
        Ok(())
    }

    fn content_types(&mut self, workbook: &str) -> Result<(), Refused> {
        let text = self.needed(CONTENT_TYPES)?;
        let mut splice = Splice::new(&text);
        let mut drawings = false;
        for part in parts(&text) {
            match part? {
                (Event::Start(element) | Event::Empty(element), start, end) => {
                    let name = xml::attribute(&element, "PartName").unwrap_or_default();
                    let gone = self.changed.get(&name.trim_start_matches('/').to_ascii_lowercase());
                    if gone.is_some_and(|(_, text)| text.is_none()) {
                        splice.replace(start, end, "");
                    } else if name.trim_start_matches('/').eq_ignore_ascii_case(workbook) {
                        splice.replace(
                            start,
                            end,
                            &format!("<Override PartName=\"/{workbook}\" ContentType=\"{MAIN}\"/>"),
                        );
                    }
                    drawings |=
                        xml::attribute(&element, "Extension").is_some_and(|found| found.eq_ignore_ascii_case("vml"));
                }
                (Event::End(element), start, _) if element.name().as_ref() == "Types" => {
                    if !drawings {
                        splice.insert(start, "<Default Extension=\"vml\" ContentType=\"application/vnd.openxmlformats-officedocument.vmlDrawing\"/>");
                    }
                    for (part, kind) in &self.types {
                        splice.insert(
                            start,
                            &format!("<Override PartName=\"/{part}\" ContentType=\"{kind}\"/>"),
                        );
                    }
                }
                _ => {}
            }
        }
        let text = splice.finish();
        self.set(CONTENT_TYPES, Some(text));
        Ok(())
    }

    fn write(mut self, bytes: &[u8]) -> Result<Vec<u8>, Refused> {
        let mut original = ZipArchive::new(Cursor::new(bytes)).map_err(unsuited)?;
        let mut out = ZipWriter::new(Cursor::new(Vec::with_capacity(bytes.len())));
        let options = SimpleFileOptions::default();
        for index in 0..original.len() {
            let entry = original.by_index_raw(index).map_err(unsuited)?;
            let name = entry.name().map_err(unsuited)?.replace('\\', "/");
            match self.changed.remove(&name.to_ascii_lowercase()) {
                None => out.raw_copy_file(entry).map_err(unsuited)?,
                Some((_, None)) => {}
                Some((_, Some(text))) => {
                    out.start_file(name, options).map_err(unsuited)?;
                    out.write_all(text.as_bytes()).map_err(unsuited)?;
                }
            }
        }
        let mut added: Vec<(String, Option<String>)> = self.changed.into_values().collect();
        added.sort_unstable();
        for (name, text) in added {
            if let Some(text) = text {
                out.start_file(name, options).map_err(unsuited)?;
                out.write_all(text.as_bytes()).map_err(unsuited)?;
            }
        }
        Ok(out.finish().map_err(unsuited)?.into_inner())
    }
}

/// The workbook's part with the new sheet first, and that shown.
fn workbook_text(text: &str, front: Option<&str>, shown: usize) -> Result<String, Refused> {
    let mut splice = Splice::new(text);
    for part in parts(text) {
        let (event, start, end) = part?;
        match &event {
            Event::Start(element) if element.name().as_ref() == "sheets" => {
                splice.insert(end, front.unwrap_or_default());
            }
            Event::Start(element) | Event::Empty(element) => match element.name().as_ref() {
                "workbookView" => {
                    let set = [("activeTab", Some(shown.to_string())), ("firstSheet", None)];
                    splice.replace(
                        start,
                        end,
                        &with_attributes(element, matches!(event, Event::Empty(_)), &set),
                    );
                }
                "definedName" if front.is_some() => {
                    if let Some(of) = xml::count(element, "localSheetId") {
                        let set = [("localSheetId", Some((of + 1).to_string()))];
                        splice.replace(
                            start,
                            end,
                            &with_attributes(element, matches!(event, Event::Empty(_)), &set),
                        );
                    }
                }
                _ => {}
            },
            _ => {}
        }
    }
    Ok(splice.finish())
}

/// The events of a text, each with its first byte and the byte behind it. Names with a prefix are not what Excel and WPS write.
fn parts(text: &str) -> impl Iterator<Item = Result<(Event<'_>, usize, usize), Refused>> {
    let mut reader = Reader::from_str(text);
    reader.config_mut().trim_text(false);
    let mut ended = false;
    std::iter::from_fn(move || {
        if ended {
            return None;
        }
        let start = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
        match reader.read_event() {
            Ok(Event::Eof) => None,
            Ok(event) => Some(Ok((
                event,
                start,
                usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX),
            ))),
            Err(error) => {
                ended = true;
                Some(Err(unsuited(error)))
            }
        }
    })
}

/// A tag with some attributes set or taken away.
fn with_attributes(element: &BytesStart<'_>, empty: bool, set: &[(&str, Option<String>)]) -> String {
    // Writing to a String cannot fail.
    let mut tag = format!("<{}", element.name().as_ref());
    for attribute in element.attributes().with_checks(false).flatten() {
        let name = attribute.key.as_ref();
        if set.iter().all(|(changed, _)| *changed != name) {
            let _ = write!(tag, " {name}=\"{}\"", attribute.value.replace('"', "&quot;"));
        }
    }
    for (name, value) in set {
        if let Some(value) = value {
            let _ = write!(tag, " {name}=\"{value}\"");
        }
    }
    tag.push_str(if empty { "/>" } else { ">" });
    tag
}

/// A text copied from the top, with some of it replaced.
struct Splice<'t> {
    text: &'t str,
    at: usize,
    out: String,
}

impl<'t> Splice<'t> {
    fn new(text: &'t str) -> Self {
        Self {
            text,
            at: 0,
            out: String::with_capacity(text.len() + text.len() / 8),
        }
    }

    /// Puts a text in front of a place; places come in order.
    fn insert(&mut self, place: usize, added: &str) {
        self.replace(place, place, added);
    }

    fn replace(&mut self, start: usize, end: usize, by: &str) {
        self.out.push_str(&self.text[self.at..start]);
        self.out.push_str(by);
        self.at = end;
    }

    fn finish(mut self) -> String {
        self.out.push_str(&self.text[self.at..]);
        self.out
    }
}

/// A text as XML takes it: without what it forbids, and such that a spreadsheet does not take `_x0041_` for a letter.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (at, char) in text.char_indices() {
        match char {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '_' if text[at..].starts_with("_x") => out.push_str("_x005F_"),
            '\n' | '\t' => out.push(char),
            char if char.is_control() || matches!(char, '\u{fffe}' | '\u{ffff}') => {}
            char => out.push(char),
        }
    }
    out
}

fn relationships_path(of: &str) -> String {
    match of.rsplit_once('/') {
        Some((folder, name)) => format!("{folder}/_rels/{name}.rels"),
        None => format!("_rels/{of}.rels"),
    }
}

/// A path without `..`.
fn resolved(path: &str) -> String {
    let mut steps: Vec<&str> = Vec::new();
    for step in path.split('/') {
        match step {
            ".." => {
                steps.pop();
            }
            "." | "" => {}
            step => steps.push(step),
        }
    }
    steps.join("/")
}

/// Not a package that is edited.
fn unsuited(why: impl ToString) -> Refused {
    Refused::unreadable("", why)
}
