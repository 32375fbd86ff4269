//! The first sheet as a part of its own.

use std::fmt::Write as _;

use quick_xml::events::Event;

use super::sheet::text_cell;
use super::styles::{Own, Styles};
use super::{escaped, parts};
use crate::workbook::cells::Address;
use crate::workbook::marks::Draft;
use crate::workbook::sheet_part::parse_area;
use crate::workbook::xml;

/// A draft as a worksheet that is shown first.
pub(super) fn front(draft: &Draft, styles: &mut Styles<'_>) -> String {
    let mut out = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n\
                   <worksheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\">\
                   <sheetPr><pageSetUpPr fitToPage=\"1\"/></sheetPr>\
                   <sheetViews><sheetView tabSelected=\"1\" workbookViewId=\"0\"/></sheetViews><cols>"
        .to_owned();
    // Writing to a String cannot fail.
    for (at, width) in (1..).zip(&draft.widths) {
        let _ = write!(
            out,
            "<col min=\"{at}\" max=\"{at}\" width=\"{width}\" customWidth=\"1\"/>"
        );
    }
    out.push_str("</cols><sheetData>");
    let mut links = String::new();
    for (row, drafted) in (0..).zip(&draft.rows) {
        let height = drafted
            .height
            .map(|height| format!(" ht=\"{height}\" customHeight=\"1\""));
        let _ = write!(out, "<row r=\"{}\"{}>", row + 1, height.unwrap_or_default());
        for cell in &drafted.cells {
            let at = Address::new(row, u32::from(cell.column));
            out.push_str(&text_cell(at, &cell.text, styles.own(Own::Draft(cell.look))));
            if let Some((sheet, target)) = &cell.link {
                let target = format!("'{}'!{target}", sheet.replace('\'', "''"));
                let _ = write!(links, "<hyperlink ref=\"{at}\" location=\"{}\"/>", escaped(&target));
            }
        }
        out.push_str("</row>");
    }
    out.push_str("</sheetData>");
    if !links.is_empty() {
        let _ = write!(out, "<hyperlinks>{links}</hyperlinks>");
    }
    out.push_str("<pageMargins left=\"0.4\" right=\"0.4\" top=\"0.5\" bottom=\"0.5\" header=\"0.3\" footer=\"0.3\"/>");
    out.push_str("<pageSetup paperSize=\"9\" orientation=\"landscape\" fitToHeight=\"0\"/></worksheet>");
    out
}

/// Whether a table reaches to a column, from 0.
pub(super) fn reaches(table: &str, column: u32) -> bool {
    let root = parts(table).flatten().find_map(|part| match part {
        (Event::Start(element) | Event::Empty(element), ..) => xml::attribute(&element, "ref"),
        _ => None,
    });
    root.and_then(|area| parse_area(&area))
        .is_none_or(|area| area.last_column >= column)
}
