//! What a file may be at most, each limit with its reason.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Limits on foreign files. The defaults take a roster of 500,000 rows and 40 columns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Bytes of the file: an upload is kept whole on disk, and whole in the child's memory.
    pub file_bytes: u64,
    /// Address space of the child, bytes: what a hostile file can make a parser ask for ends here.
    pub memory_bytes: u64,
    /// Processor time of the child, in whole seconds: a file that loops ends here.
    pub cpu: Duration,
    /// Time by the wall: an officer waits no longer.
    pub wall: Duration,
    /// Entries of a zip package: a workbook has a few dozen, an archive made to exhaust its reader has millions.
    pub zip_entries: usize,
    /// Bytes that a zip package unpacks to by its own account; the unpacking stops at that account, so that the sum is a true bound.
    /// A roster of 500,000 rows unpacks to about 700 MB.
    pub unpacked_bytes: u64,
    /// How many times its packed size a large part may unpack to: rosters come to 30, the densest bombs to 1,000.
    pub unpacked_ratio: u64,
    /// Shared strings that a workbook may announce beyond what their part has room for: a reader reserves memory by this number.
    pub announced_strings: u64,
    /// Sheets of a workbook: a roster per township makes some 150.
    pub sheets: usize,
    /// Rows of a sheet: those of Excel.
    pub rows: u32,
    /// Columns of a sheet that hold something: a roster has some sixty, and a row is held in memory whole.
    pub columns: u32,
    /// Cells that hold something, of all sheets.
    pub cells: u64,
    /// Characters of a cell: those of Excel.
    pub cell_chars: usize,
    /// Bytes of text of a row: a row is held in memory whole, several of them at a time; a long one of a roster has some thousands.
    pub row_bytes: usize,
    /// Merged areas, and hidden rows, of a sheet: they are held in memory before the first row.
    pub areas: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            file_bytes: 200 << 20,
            memory_bytes: 2 << 30,
            cpu: Duration::from_mins(2),
            wall: Duration::from_mins(3),
            zip_entries: 2_000,
            unpacked_bytes: 1 << 30,
            unpacked_ratio: 200,
            announced_strings: 1_000_000,
            sheets: 256,
            rows: 1 << 20,
            columns: 512,
            cells: 40_000_000,
            cell_chars: 32_767,
            row_bytes: 1 << 20,
            areas: 1 << 20,
        }
    }
}
