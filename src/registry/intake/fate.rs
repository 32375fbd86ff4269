//! What becomes of a row, in words.

use std::sync::Arc;

use serde::Serialize;

use crate::registry::code::RegistryCode;
use crate::registry::values::Change;

/// What would become of a row.
#[derive(Clone, Debug)]
pub enum Fate {
    /// It founds a new project.
    New,
    /// It becomes the project's next revision.
    Changed {
        /// The project, and its current revision.
        code: RegistryCode,
        /// Field by field.
        changes: Vec<Change>,
    },
    /// The project's current revision says the same.
    Unchanged {
        /// The project.
        code: RegistryCode,
        /// Why that revision was returned, where it was.
        returned: Option<String>,
    },
    /// It stays with the upload.
    Held {
        /// Why.
        why: Hold,
        /// The project it is about, where that is known.
        code: Option<RegistryCode>,
    },
}

/// What would become of a row, in short.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It founds a new project.
    New,
    /// It becomes the project's next revision.
    Changed,
    /// The project's current revision says the same.
    Unchanged {
        /// That revision was returned.
        returned: bool,
    },
    /// It stays with the upload.
    Held,
}

/// Why a row is held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hold {
    /// It has a finding of severity `error`.
    Errors,
    /// It has a finding to confirm, and no explanation.
    Unexplained,
    /// Another row of the file is about the same project.
    MetTwice {
        /// That row's sheet.
        sheet: Arc<str>,
        /// That row.
        row: u32,
    },
    /// Several projects fit, or some resemble it.
    Ambiguous(Vec<RegistryCode>),
    /// Its code is unknown, or another department's.
    ForeignCode,
    /// Its number is that of another project than the one that its code names.
    NumberTaken(RegistryCode),
    /// The project was withdrawn.
    Withdrawn,
}

impl Hold {
    /// The word in the database and in JSON.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Errors => "errors",
            Self::Unexplained => "unexplained",
            Self::MetTwice { .. } => "met-twice",
            Self::Ambiguous(_) => "ambiguous",
            Self::ForeignCode => "foreign-code",
            Self::NumberTaken(_) => "number-taken",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// What is wrong and what to do, for the officer.
    pub fn message(&self) -> String {
        match self {
            Self::Errors => "有强制性问题，请按提示修改后重新报送。".into(),
            Self::Unexplained => "有需要核实的问题，请修改，或写明情况说明后再提交。".into(),
            Self::MetTwice { sheet, row } => {
                let sheet = if sheet.is_empty() {
                    String::new()
                } else {
                    format!("工作表“{sheet}”")
                };
                format!("与{sheet}第 {row} 行是同一工程。请删去重复的行；确为两个工程的，请分别填写不同的工程编号。")
            }
            Self::Ambiguous(codes) => {
                let codes: Vec<String> = codes.iter().map(ToString::to_string).collect();
                format!(
                    "登记库中有与本行同名同址或相近的工程（{}），系统不会自行合并。请选定是同一工程还是新工程，或者填写登记编号。",
                    codes.join("、")
                )
            }
            Self::ForeignCode => "登记编号不属于本部门的任何工程。请核对登记编号；新工程请将该格留空。".into(),
            Self::NumberTaken(code) => {
                format!("工程编号已属于工程 {code}，与本行登记编号所指的工程不同。请核对两个编号。")
            }
            Self::Withdrawn => "该工程已撤销。确需恢复的，请与秘书处联系；新工程请填写新的工程编号。".into(),
        }
    }
}

/// Something about a roster as a whole that looks wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alarm {
    /// Most of the projects change their names (C005).
    Renamed,
    /// More than a fifth of the rows are new, though the registry has projects to compare with.
    ManyNew,
    /// More than a fifth as many projects as there are rows are not listed.
    ManyNotListed,
}

/// The counts of a preview: `rows` is always `new + changed + unchanged + held`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Data rows.
    pub rows: usize,
    /// Rows that found new projects.
    pub new: usize,
    /// Rows that change projects.
    pub changed: usize,
    /// Rows that say what the registry says.
    pub unchanged: usize,
    /// Rows that stay with the upload.
    pub held: usize,
    /// Of the held ones, those that only want an explanation.
    pub to_confirm: usize,
    /// Projects of the department, among the file's categories and counties, that the file does not list.
    pub not_listed: usize,
}
