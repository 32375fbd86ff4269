//! The records of an Excel 97-2003 workbook that calamine passes over: hidden rows and columns, percentages, and encryption.
//!
//! Record numbers and layouts: [MS-XLS] 2.3 and 2.4; those of Excel 5 differ only in the strings.

use std::collections::HashSet;

use super::sniff;
use super::value;
use super::wire::Refused;

const EOF: u16 = 0x000a;
const FORMULA: u16 = 0x0006;
const FILE_PASS: u16 = 0x002f;
const COL_INFO: u16 = 0x007d;
const BOUND_SHEET: u16 = 0x0085;
const MUL_RK: u16 = 0x00bd;
const XF: u16 = 0x00e0;
const NUMBER: u16 = 0x0203;
const ROW: u16 = 0x0208;
const RK: u16 = 0x027e;
const FORMAT: u16 = 0x041e;
const BOF: u16 = 0x0809;

/// The password of a workbook that is protected against changes without one of its own: [MS-XLS] 2.2.10. Excel and WPS open it unasked.
const DEFAULT_PASSWORD: &[u8] = b"VelvetSweatshop";

/// What the records of a sheet say besides its values.
#[derive(Default)]
pub(super) struct Part {
    pub(super) hidden_rows: Vec<u32>,
    pub(super) hidden_columns: Vec<u32>,
    /// Row and column of numbers that are shown as percentages.
    pub(super) percents: HashSet<(u32, u32)>,
}

/// The parts of all sheets, in the order of the workbook.
pub(super) fn parts(stream: &[u8]) -> Result<Vec<Part>, Refused> {
    let mut sheets = Vec::new();
    // The built-in formats 0% and 0.00%.
    let mut percent_formats = HashSet::from([9, 10]);
    let mut styles = Vec::new();
    // The version stands in the first record; Excel 97 and later write longer lengths of strings, and flags.
    let text_at = if u16_at(stream, 4) == 0x0600 { 5 } else { 3 };
    for (kind, data) in records(stream, 0) {
        match kind {
            FILE_PASS => return Err(file_pass(data)),
            FORMAT => {
                let (format, shows_percent) = (u16_at(data, 0), value::is_percent_format(&ascii(data.get(text_at..))));
                // A workbook may define the built-in formats once more.
                if shows_percent {
                    percent_formats.insert(format);
                } else {
                    percent_formats.remove(&format);
                }
            }
            XF => styles.push(u16_at(data, 2)),
            BOUND_SHEET => sheets.push(u32::from(u16_at(data, 0)) | u32::from(u16_at(data, 2)) << 16),
            _ => {}
        }
    }
    let percents: Vec<bool> = styles.iter().map(|format| percent_formats.contains(format)).collect();
    Ok(sheets
        .into_iter()
        .map(|start| part(stream, start as usize, &percents))
        .collect())
}

/// What a record FilePass says of the encryption: by XOR, with a verifier of the password, or by RC4.
fn file_pass(data: &[u8]) -> Refused {
    match (u16_at(data, 0), u16_at(data, 4)) {
        (0, verifier) if verifier == xor_verifier(DEFAULT_PASSWORD) => sniff::protected_by_default(),
        (0, _) => sniff::protected("FilePass, XOR"),
        _ => sniff::protected("FilePass, RC4"),
    }
}

/// What a password is known by in a file obfuscated by XOR: [MS-OFFCRYPTO] 2.3.7.1.
fn xor_verifier(password: &[u8]) -> u16 {
    let length = u8::try_from(password.len()).unwrap_or_default();
    let bytes = password.iter().rev().chain(std::iter::once(&length));
    let sum = bytes.fold(0_u16, |sum, byte| {
        ((sum >> 14 & 1) | (sum << 1 & 0x7fff)) ^ u16::from(*byte)
    });
    sum ^ 0xce4b
}

fn part(stream: &[u8], start: usize, percents: &[bool]) -> Part {
    let mut part = Part::default();
    let shows_percent = |style: u16| percents.get(usize::from(style)) == Some(&true);
    for (kind, data) in records(stream, start) {
        let (first, second, third) = (u32::from(u16_at(data, 0)), u32::from(u16_at(data, 2)), u16_at(data, 4));
        match kind {
            // fDyZero
            ROW if data.get(12).is_some_and(|flags| flags & 0x20 != 0) => part.hidden_rows.push(first),
            // fHidden
            COL_INFO if u16_at(data, 8) & 1 != 0 => part.hidden_columns.extend(first..=second.min(255)),
            NUMBER | RK | FORMULA if shows_percent(third) => {
                part.percents.insert((first, second));
            }
            MUL_RK => {
                let styles = data
                    .get(4..)
                    .unwrap_or_default()
                    .chunks_exact(6)
                    .map(|cell| u16_at(cell, 0));
                part.percents.extend(
                    (second..)
                        .zip(styles)
                        .filter(|(_, style)| shows_percent(*style))
                        .map(|(column, _)| (first, column)),
                );
            }
            _ => {}
        }
    }
    part
}

/// The records of the substream at `start`, without those of substreams in it (charts).
fn records(stream: &[u8], start: usize) -> impl Iterator<Item = (u16, &[u8])> {
    let mut rest = stream.get(start..).unwrap_or_default();
    let mut depth = 0_usize;
    std::iter::from_fn(move || {
        loop {
            let header = rest.get(..4)?;
            let (kind, length) = (u16_at(header, 0), usize::from(u16_at(header, 2)));
            let data = rest.get(4..4 + length)?;
            rest = &rest[4 + length..];
            match kind {
                BOF => depth += 1,
                EOF if depth <= 1 => return None,
                EOF => depth -= 1,
                _ if depth == 1 => return Some((kind, data)),
                _ => {}
            }
        }
    })
}

fn u16_at(data: &[u8], at: usize) -> u16 {
    match data.get(at..at + 2) {
        Some(&[low, high]) => u16::from_le_bytes([low, high]),
        _ => 0,
    }
}

/// A format's text as far as ASCII goes, whatever the width of its characters: the rest plays no part in it.
fn ascii(data: Option<&[u8]>) -> String {
    data.unwrap_or_default()
        .iter()
        .filter(|byte| byte.is_ascii_graphic())
        .map(|byte| char::from(*byte))
        .collect()
}
