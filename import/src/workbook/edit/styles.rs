//! The styles part: the officer's formats with a fill of ours, and formats of our own.

use std::collections::HashMap;

use quick_xml::events::Event;

use super::{Splice, parts, unsuited, with_attributes};
use crate::finding::Severity;
use crate::workbook::marks::Look;
use crate::workbook::wire::Refused;

/// Fills by which our marks are known again: near the usual ones, and nobody else's.
const FILLS: [(Severity, &str); 3] = [
    (Severity::Error, "FFFFC7CD"),
    (Severity::Confirm, "FFFFEB9B"),
    (Severity::Hint, "FFDDEBF6"),
];
const HEADER_FILL: &str = "FFE7ECF2";

const FONTS: [&str; 5] = [
    "<font><sz val=\"10.5\"/><name val=\"宋体\"/></font>",
    "<font><b/><sz val=\"10.5\"/><name val=\"宋体\"/></font>",
    "<font><b/><sz val=\"16\"/><name val=\"宋体\"/></font>",
    "<font><b/><sz val=\"12\"/><name val=\"宋体\"/></font>",
    "<font><u/><sz val=\"10.5\"/><color rgb=\"FF0563C1\"/><name val=\"宋体\"/></font>",
];

/// A format of our own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Own {
    /// Of a draft's cell, or one that looks like it.
    Draft(Look),
    /// Room for the officer's words, open in a protected sheet too.
    Room(Option<Severity>),
}

pub(super) struct Styles<'t> {
    text: &'t str,
    /// How many fonts, fills and borders there are.
    counts: [usize; 3],
    /// The formats of cells as they stand, and their fills.
    formats: Vec<(&'t str, usize)>,
    /// The fills that are marks of ours, from an earlier time.
    marks: Vec<usize>,
    added: Vec<String>,
    tinted: HashMap<(usize, Option<Severity>), usize>,
    own: HashMap<Own, usize>,
}

const SECTIONS: [&str; 4] = ["fonts", "fills", "borders", "cellXfs"];

impl<'t> Styles<'t> {
    pub(super) fn read(text: &'t str) -> Result<Self, Refused> {
        let mut styles = Self {
            text,
            counts: [0; 3],
            formats: Vec::new(),
            marks: Vec::new(),
            added: Vec::new(),
            tinted: HashMap::new(),
            own: HashMap::new(),
        };
        let (mut depth, mut section, mut begun, mut fill) = (0, None, 0, 0);
        let mut seen = 0;
        for part in parts(text) {
            let (event, start, end) = part?;
            let opens = match &event {
                Event::Start(element) | Event::Empty(element) => Some(element),
                _ => None,
            };
            if let Some(element) = opens {
                if depth == 0 && element.name().as_ref() != "styleSheet" {
                    return Err(unsuited("styles with a prefix"));
                }
                if depth == 1 {
                    section = SECTIONS.iter().position(|name| *name == element.name().as_ref());
                    seen += usize::from(section.is_some());
                }
                if depth == 2 {
                    begun = start;
                    if section == Some(3) {
                        fill = crate::workbook::xml::count(element, "fillId").unwrap_or_default() as usize;
                    }
                }
            }
            match &event {
                Event::Start(_) => depth += 1,
                Event::End(_) => depth -= 1,
                _ => {}
            }
            let closes = depth == 2 && matches!(event, Event::Empty(_) | Event::End(_));
            match section.filter(|_| closes) {
                Some(3) => styles.formats.push((&text[begun..end], fill)),
                Some(of) => {
                    let raw = text[begun..end].to_ascii_uppercase();
                    if of == 1
                        && FILLS
                            .iter()
                            .any(|(_, colour)| raw.contains(&format!("FGCOLOR RGB=\"{colour}\"")))
                    {
                        styles.marks.push(styles.counts[1]);
                    }
                    styles.counts[of] += 1;
                }
                None => {}
            }
        }
        if seen == SECTIONS.len() && !styles.formats.is_empty() {
            Ok(styles)
        } else {
            Err(unsuited("styles without a section"))
        }
    }

    /// Whether a format carries a mark of an earlier time.
    pub(super) fn is_marked(&self, format: usize) -> bool {
        self.formats
            .get(format)
            .is_some_and(|(_, fill)| self.marks.contains(fill))
    }

    /// A format of the officer's with our fill, or without the one of an earlier time.
    pub(super) fn tinted(&mut self, format: usize, severity: Option<Severity>) -> Result<usize, Refused> {
        let format = if format < self.formats.len() { format } else { 0 };
        if let Some(made) = self.tinted.get(&(format, severity)) {
            return Ok(*made);
        }
        let fill = severity.map_or(0, |severity| self.fill(severity));
        let mut raw = Splice::new(self.formats[format].0);
        for part in parts(self.formats[format].0) {
            let (event, start, end) = part?;
            if let Event::Start(element) | Event::Empty(element) = &event
                && start == 0
            {
                let set = [("fillId", Some(fill.to_string())), ("applyFill", Some("1".to_owned()))];
                raw.replace(
                    start,
                    end,
                    &with_attributes(element, matches!(event, Event::Empty(_)), &set),
                );
            }
        }
        let made = self.add(raw.finish());
        self.tinted.insert((format, severity), made);
        Ok(made)
    }

    fn fill(&self, severity: Severity) -> usize {
        let at = FILLS.iter().position(|(of, _)| *of == severity).unwrap_or_default();
        self.counts[1] + at
    }

    fn add(&mut self, format: String) -> usize {
        self.added.push(format);
        self.formats.len() + self.added.len() - 1
    }

    /// A format of our own.
    pub(super) fn own(&mut self, own: Own) -> usize {
        if let Some(made) = self.own.get(&own) {
            return *made;
        }
        let (font, fill, grid) = match own {
            Own::Draft(Look::Title) => (2, 0, false),
            Own::Draft(Look::Lead) => (3, 0, false),
            Own::Draft(Look::Plain) => (0, 0, false),
            Own::Draft(Look::Header) => (1, self.counts[1] + FILLS.len(), true),
            Own::Draft(Look::Link) => (4, 0, true),
            Own::Draft(Look::Body) | Own::Room(None) => (0, 0, true),
            Own::Draft(Look::Coloured(severity)) | Own::Room(Some(severity)) => (0, self.fill(severity), true),
        };
        let (font, border) = (self.counts[0] + font, if grid { self.counts[2] } else { 0 });
        let align = match own {
            Own::Draft(Look::Header) => "<alignment horizontal=\"center\" vertical=\"center\" wrapText=\"1\"/>",
            _ if grid => "<alignment vertical=\"center\" wrapText=\"1\"/>",
            _ => "<alignment vertical=\"center\"/>",
        };
        let (protects, locked) = match own {
            Own::Room(_) => (" applyProtection=\"1\"", "<protection locked=\"0\"/>"),
            Own::Draft(_) => ("", ""),
        };
        let made = self.add(format!(
            "<xf numFmtId=\"0\" fontId=\"{font}\" fillId=\"{fill}\" borderId=\"{border}\" xfId=\"0\" applyFont=\"1\" applyFill=\"1\" \
             applyBorder=\"1\" applyAlignment=\"1\"{protects}>{align}{locked}</xf>"
        ));
        self.own.insert(own, made);
        made
    }

    /// The part with what was added.
    pub(super) fn write(&self) -> Result<String, Refused> {
        let solid = |colour: &str| {
            format!(
                "<fill><patternFill patternType=\"solid\"><fgColor rgb=\"{colour}\"/><bgColor indexed=\"64\"/></patternFill></fill>"
            )
        };
        let fills: String = FILLS.iter().map(|(_, colour)| solid(colour)).collect();
        let side = |name: &str| format!("<{name} style=\"thin\"><color rgb=\"FFD0D0D0\"/></{name}>");
        let sides: String = ["left", "right", "top", "bottom"].map(side).concat();
        let added = [
            FONTS.concat(),
            fills + &solid(HEADER_FILL),
            format!("<border>{sides}<diagonal/></border>"),
            self.added.concat(),
        ];
        let mut splice = Splice::new(self.text);
        let mut depth = 0;
        for part in parts(self.text) {
            let (event, start, end) = part?;
            match &event {
                Event::Start(element) => {
                    if depth == 1 && SECTIONS.contains(&element.name().as_ref()) {
                        splice.replace(start, end, &with_attributes(element, false, &[("count", None)]));
                    }
                    depth += 1;
                }
                Event::End(element) => {
                    depth -= 1;
                    let section = SECTIONS.iter().position(|name| *name == element.name().as_ref());
                    if let Some(section) = section.filter(|_| depth == 1) {
                        splice.insert(start, &added[section]);
                    }
                }
                _ => {}
            }
        }
        Ok(splice.finish())
    }
}
