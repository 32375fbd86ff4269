//! Findings: what a rule says of a cell, a row, a sheet or a file.

use serde::{Deserialize, Serialize};

use crate::catalogue::Field;
use crate::workbook::Address;

/// What a finding asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// 提示: shown, asks for nothing.
    Hint,
    /// 核实性: the row goes in only with a written explanation.
    Confirm,
    /// 强制性: the row is held back until it is mended.
    Error,
}

impl Severity {
    /// The officers' word for it.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Hint => "提示",
            Self::Confirm => "核实性",
            Self::Error => "强制性",
        }
    }
}

/// One finding. A finding without a sheet is about the file, one without an address about the sheet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule's code, `S005`.
    pub code: &'static str,
    /// What it asks for.
    pub severity: Severity,
    /// The sheet's name.
    pub sheet: Option<String>,
    /// The flagged cell.
    pub address: Option<Address>,
    /// Whether the finding belongs to a data row (a header's finding has an address but no row).
    pub row: Option<u32>,
    /// The field it is about.
    pub field: Option<Field>,
    /// The value as it was written.
    pub value: Option<String>,
    /// What is wrong, in one or two plain Chinese sentences.
    pub message: String,
    /// What to write instead.
    pub suggestion: Option<String>,
    /// The standard or source that it rests on.
    pub basis: Option<String>,
}
