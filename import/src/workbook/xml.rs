//! The XML of packages, read as it comes.

use std::borrow::Cow;
use std::io::{BufRead, BufReader, Read};

use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::QName;
use quick_xml::{Reader, XmlVersion};

use super::wire::Refused;

/// A reader that shows `<a/>` as a start and an end, and text as it stands.
pub(super) fn reader<R: Read>(from: R) -> Reader<BufReader<R>> {
    configured(Reader::from_reader(BufReader::new(from)))
}

/// The same over what is already buffered.
pub(super) fn configured<R: BufRead>(mut reader: Reader<R>) -> Reader<R> {
    let config = reader.config_mut();
    config.expand_empty_elements = true;
    config.check_end_names = false;
    config.allow_unmatched_ends = true;
    config.trim_text(false);
    reader
}

/// Shows the elements of a part or of a piece of one, until `on_element` has seen enough.
pub(super) fn each_element<R: BufRead>(
    mut reader: Reader<R>,
    mut on_element: impl FnMut(&BytesStart) -> bool,
) -> Result<(), Refused> {
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        match reader.read_event_into(&mut buffer).map_err(broken)? {
            Event::Start(element) if !on_element(&element) => return Ok(()),
            Event::Eof => return Ok(()),
            _ => {}
        }
    }
}

/// An attribute by its local name, unescaped.
pub(super) fn attribute(element: &BytesStart, name: &str) -> Option<String> {
    attribute_where(element, |key| key.local_name().as_ref() == name)
}

/// The first attribute whose name fits, unescaped.
pub(super) fn attribute_where(element: &BytesStart, fits: impl Fn(QName) -> bool) -> Option<String> {
    let attribute = element
        .attributes()
        .with_checks(false)
        .flatten()
        .find(|attribute| fits(attribute.key))?;
    attribute
        .normalized_value(XmlVersion::Implicit1_0)
        .ok()
        .map(Cow::into_owned)
}

/// Adds the text of an event, if it is one of text.
pub(super) fn push_text(event: &Event, text: &mut String) {
    match event {
        Event::Text(part) => text.push_str(&part.xml10_content()),
        Event::CData(part) => text.push_str(&part.xml10_content()),
        Event::GeneralRef(reference) => match reference.resolve_char_ref() {
            Ok(Some(char)) => text.push(char),
            _ => text.push_str(resolve_predefined_entity(reference).unwrap_or_default()),
        },
        _ => {}
    }
}

/// A number in an attribute.
pub(super) fn count(element: &BytesStart, name: &str) -> Option<u32> {
    attribute(element, name)?.trim().parse().ok()
}

/// Whether an attribute says yes.
pub(super) fn flag(element: &BytesStart, name: &str) -> bool {
    matches!(attribute(element, name).as_deref(), Some("1" | "true"))
}

/// A part that breaks the rules of XML.
pub(super) fn broken(error: impl ToString) -> Refused {
    Refused::unreadable(
        "文件已损坏，读不出来。请用 Excel 或 WPS 打开，另存为 .xlsx 后再报送。",
        error,
    )
}
