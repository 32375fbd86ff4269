//! The records of an Excel binary workbook that calamine passes over: merged areas, hidden rows and columns, how numbers are shown, and
//! formulas that come to an error.
//!
//! Record numbers and layouts: [MS-XLSB] 2.3 and 2.4.

use std::collections::{HashMap, VecDeque};
use std::io::{self, BufReader, Read};

use super::cells::Area;
use super::numbers::{self, u16_at, u32_at};
use super::package::Package;
use super::value::Shown;
use super::wire::Refused;

const ROW_HDR: u16 = 0;
const CELL_RK: u16 = 2;
const CELL_REAL: u16 = 5;
const FMLA_NUM: u16 = 9;
const FMLA_ERROR: u16 = 11;
const FMT: u16 = 44;
const XF: u16 = 47;
const COL_INFO: u16 = 60;
const BUNDLE_SH: u16 = 156;
const MERGE_CELL: u16 = 176;
const BEGIN_CELL_XFS: u16 = 617;
const END_CELL_XFS: u16 = 618;

/// No record that is looked at is longer.
const LONGEST: usize = 4 << 10;

/// Row and column of cells, and the Excel error that each holds.
pub(super) type Errors = VecDeque<((u32, u32), &'static str)>;

/// What the records of a sheet say besides its values.
#[derive(Default)]
pub(super) struct Part {
    pub(super) merged: Vec<Area>,
    pub(super) hidden_rows: Vec<u32>,
    pub(super) hidden_columns: Vec<u32>,
    /// Row and column of numbers that their format shows otherwise than they stand there.
    pub(super) shown: HashMap<(u32, u32), Shown>,
    /// Formulas that come to an error, in the order of the sheet.
    pub(super) errors: Errors,
}

/// The parts of all sheets that have one, in the order of the workbook: their paths.
pub(super) fn sheets(package: &mut Package<'_>, workbook: &str) -> Result<Vec<String>, Refused> {
    let relationships = package.relationships(workbook)?;
    let mut paths = Vec::new();
    each_record(package, workbook, &mut |kind, data| {
        if kind == BUNDLE_SH
            && let Some(id) = wide_text(data, 8).filter(|id| !id.is_empty())
        {
            let target = relationships.iter().find(|relationship| relationship.id == id);
            paths.push(target.map_or_else(String::new, |target| target.path.clone()));
        }
    })?;
    Ok(paths)
}

/// How each cell format shows a number, by its own.
pub(super) fn styles(package: &mut Package<'_>, styles: &str) -> Result<Vec<Shown>, Refused> {
    // A workbook may define the built-in formats once more.
    let mut formats = HashMap::new();
    let mut shown = Vec::new();
    let mut of_cells = false;
    each_record(package, styles, &mut |kind, data| match kind {
        FMT => {
            let code = wide_text(data, 2).unwrap_or_default();
            formats.insert(u16_at(data, 0), Shown::of_code(&code));
        }
        BEGIN_CELL_XFS => of_cells = true,
        END_CELL_XFS => of_cells = false,
        XF if of_cells => {
            let format = u16_at(data, 2);
            let own = formats.get(&format).cloned();
            shown.push(own.unwrap_or(Shown::built_in(format.into())));
        }
        _ => {}
    })?;
    Ok(shown)
}

/// What a sheet's part says; lists end one past `areas`: enough to be refused.
pub(super) fn part(package: &mut Package<'_>, sheet: &str, styles: &[Shown], areas: usize) -> Result<Part, Refused> {
    let mut part = Part::default();
    let mut row = 0;
    each_record(package, sheet, &mut |kind, data| match kind {
        ROW_HDR => {
            row = u32_at(data, 0);
            // fDyZero
            if data.get(11).is_some_and(|flags| flags & 0x10 != 0) && part.hidden_rows.len() <= areas {
                part.hidden_rows.push(row);
            }
        }
        // fHidden
        COL_INFO if u16_at(data, 16) & 1 != 0 => {
            let columns = u32_at(data, 0)..=u32_at(data, 4).min(16_383);
            let room = (areas + 1).saturating_sub(part.hidden_columns.len());
            part.hidden_columns.extend(columns.take(room));
        }
        CELL_RK | CELL_REAL | FMLA_NUM => {
            // The format's number has 24 bits.
            let style = u32_at(data, 4) & 0xff_ffff;
            let shown = styles.get(style as usize).unwrap_or(&Shown::Plain);
            let number = || match kind {
                CELL_RK => numbers::rk(u32_at(data, 8)),
                _ => numbers::real(data, 8),
            };
            if numbers::is_shown_otherwise(shown, number) {
                part.shown.insert((row, u32_at(data, 0)), shown.clone());
            }
        }
        FMLA_ERROR => part
            .errors
            .push_back(((row, u32_at(data, 0)), error(data.get(8).copied()))),
        MERGE_CELL if part.merged.len() <= areas => part.merged.push(Area {
            first_row: u32_at(data, 0),
            last_row: u32_at(data, 4),
            first_column: u32_at(data, 8),
            last_column: u32_at(data, 12),
        }),
        _ => {}
    })?;
    Ok(part)
}

/// [MS-XLSB] 2.5.97.2.
const fn error(code: Option<u8>) -> &'static str {
    match code {
        Some(0x00) => "#NULL!",
        Some(0x07) => "#DIV/0!",
        Some(0x0f) => "#VALUE!",
        Some(0x17) => "#REF!",
        Some(0x1d) => "#NAME?",
        Some(0x24) => "#NUM!",
        Some(0x2b) => "#GETTING_DATA",
        _ => "#N/A",
    }
}

/// Hands over the records of a part, each with the beginning of its data, and stops where it breaks off: calamine says what is wrong.
fn each_record(package: &mut Package<'_>, path: &str, heard: &mut dyn FnMut(u16, &[u8])) -> Result<(), Refused> {
    let Some(part) = package.part(path)? else { return Ok(()) };
    let mut from = BufReader::new(part);
    let mut data = Vec::with_capacity(LONGEST);
    while let Some((kind, length)) = header(&mut from) {
        data.clear();
        let kept = length.min(LONGEST);
        let rest = (length - kept) as u64;
        let read = from.by_ref().take(kept as u64).read_to_end(&mut data).unwrap_or(0);
        if read < kept || io::copy(&mut from.by_ref().take(rest), &mut io::sink()).unwrap_or(0) < rest {
            break;
        }
        heard(kind, &data);
    }
    Ok(())
}

/// A record's number and the length of its data, seven bits a byte.
fn header(from: &mut impl Read) -> Option<(u16, usize)> {
    let mut byte = || {
        let mut byte = [0];
        from.read_exact(&mut byte).is_ok().then_some(byte[0])
    };
    let mut kind = u16::from(byte()?);
    if kind & 0x80 != 0 {
        kind = (kind & 0x7f) | (u16::from(byte()? & 0x7f) << 7);
    }
    let mut length = 0;
    for shift in [0, 7, 14, 21] {
        let next = byte()?;
        length |= usize::from(next & 0x7f) << shift;
        if next & 0x80 == 0 {
            break;
        }
    }
    Some((kind, length))
}

/// A text with its length in characters before it; none where it is announced as missing, or goes beyond the data.
fn wide_text(data: &[u8], at: usize) -> Option<String> {
    let length = usize::try_from(u32_at(data, at)).ok()?;
    let bytes = data.get(at + 4..)?.get(..length.checked_mul(2)?)?;
    let units: Vec<u16> = bytes
        .chunks_exact(2)
        .map(|unit| u16::from_le_bytes([unit[0], unit[1]]))
        .collect();
    Some(String::from_utf16_lossy(&units))
}
