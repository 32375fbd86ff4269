//! The stamp by which a template of ours is known again: the first cell of its hidden sheet, `retrofit-template 1`.

use crate::values::written;
use crate::workbook::{Row, SheetHead};

/// The hidden sheet that carries the stamp and the lists behind the dropdowns.
pub(crate) const SHEET: &str = "_retrofit";

/// The version of the templates that are written now; raised when columns or lists change their meaning.
pub(crate) const VERSION: u32 = 1;

const MARK: &str = "retrofit-template";

/// What the stamp's cell says.
pub(crate) fn text() -> String {
    format!("{MARK} {VERSION}")
}

/// The version of the template that a workbook was made from, as the first row of its stamped sheet says.
pub(crate) fn version(head: &SheetHead, first_row: &Row) -> Option<u32> {
    let content = first_row.content(0).filter(|_| head.name == SHEET)?;
    written(content).strip_prefix(MARK)?.trim().parse().ok()
}
