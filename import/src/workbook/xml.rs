//! The XML of packages, read as it comes.

use std::io::{BufRead, BufReader, Read};

use quick_xml::events::BytesStart;
use quick_xml::events::attributes::Attribute;
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
    config.trim_text(false);
    reader
}

/// An attribute by its local name, unescaped.
pub(super) fn attribute(element: &BytesStart, name: &str) -> Option<String> {
    let is_named = |attribute: &Attribute| attribute.key.local_name().as_ref() == name;
    let attribute = element.attributes().with_checks(false).flatten().find(is_named)?;
    attribute
        .normalized_value(XmlVersion::Implicit1_0)
        .ok()
        .map(std::borrow::Cow::into_owned)
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
