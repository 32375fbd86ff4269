//! The records of an Excel 97-2003 workbook that calamine passes over: hidden rows and columns, how numbers are shown, and encryption.
//!
//! Record numbers and layouts: [MS-XLS] 2.3 and 2.4; those of Excel 5 differ only in the strings.

use std::collections::HashMap;

use super::numbers::{self, u16_at, u32_at};
use super::sniff;
use super::value::Shown;
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
    /// Row and column of numbers that their format shows otherwise than they stand there.
    pub(super) shown: HashMap<(u32, u32), Shown>,
}

/// The parts of all sheets, in the order of the workbook.
pub(super) fn parts(stream: &[u8]) -> Result<Vec<Part>, Refused> {
    let mut sheets = Vec::new();
    // A workbook may define the built-in formats once more.
    let mut formats = HashMap::new();
    let mut styles = Vec::new();
    // The version stands in the first record; Excel 97 and later write longer lengths of strings, and flags.
    let is_of_97 = u16_at(stream, 4) == 0x0600;
    for (kind, data) in records(stream, 0) {
        match kind {
            FILE_PASS => return Err(file_pass(data)),
            FORMAT => {
                let code = format_code(data, is_of_97);
                formats.insert(u16_at(data, 0), Shown::of_code(&code));
            }
            XF => styles.push(u16_at(data, 2)),
            BOUND_SHEET => sheets.push(u32_at(data, 0)),
            _ => {}
        }
    }
    let shown = |format: &u16| {
        formats
            .get(format)
            .cloned()
            .unwrap_or(Shown::built_in((*format).into()))
    };
    let styles: Vec<Shown> = styles.iter().map(shown).collect();
    Ok(sheets
        .into_iter()
        .map(|start| part(stream, start as usize, &styles))
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

fn part(stream: &[u8], start: usize, styles: &[Shown]) -> Part {
    let mut part = Part::default();
    for (kind, data) in records(stream, start) {
        let (first, second) = (u32::from(u16_at(data, 0)), u32::from(u16_at(data, 2)));
        let mut note = |column: u32, style: u16, number: &dyn Fn() -> f64| {
            let shown = styles.get(usize::from(style)).unwrap_or(&Shown::Plain);
            if numbers::is_shown_otherwise(shown, number) {
                part.shown.insert((first, column), shown.clone());
            }
        };
        match kind {
            NUMBER | FORMULA => note(second, u16_at(data, 4), &|| numbers::real(data, 6)),
            RK => note(second, u16_at(data, 4), &|| numbers::rk(u32_at(data, 6))),
            MUL_RK => {
                let cells = data.get(4..).unwrap_or_default().chunks_exact(6);
                for (column, cell) in (second..).zip(cells) {
                    note(column, u16_at(cell, 0), &|| numbers::rk(u32_at(cell, 2)));
                }
            }
            // fDyZero
            ROW if data.get(12).is_some_and(|flags| flags & 0x20 != 0) => part.hidden_rows.push(first),
            // fHidden
            COL_INFO if u16_at(data, 8) & 1 != 0 => part.hidden_columns.extend(first..=second.min(255)),
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

/// The text of a record Format: [MS-XLS] 2.4.126. Excel 5 and 95 wrote it in the code page of the machine; there ASCII has to do.
fn format_code(data: &[u8], is_of_97: bool) -> String {
    let text = |at: usize| data.get(at..).unwrap_or_default();
    let is_wide = is_of_97 && data.get(4).is_some_and(|flags| flags & 1 != 0);
    if is_wide {
        let units: Vec<u16> = text(5).chunks_exact(2).map(|unit| u16_at(unit, 0)).collect();
        return String::from_utf16_lossy(&units);
    }
    let bytes = if is_of_97 { text(5) } else { text(3) };
    let shown = |byte: &&u8| is_of_97 || byte.is_ascii();
    bytes.iter().filter(shown).map(|byte| char::from(*byte)).collect()
}
