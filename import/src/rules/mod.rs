//! The rules: what is wrong with a record, each one explained to an officer who has never read the standards.
//!
//! Every rule is a value of [`Rule`] with a pure function; [`RULES`] lists them all, and a rule that is not listed does not exist.
//! To add one: write it in a file of its own (or beside the family that shares its table), list it here, add its examples under
//! `import/tests/rules`, and regenerate `docs/rules.md` (see `import/tests/it/rules_docs.rs`). Codes are never reused.

mod case;
mod dates;
mod intensity_pair;
mod judge;
pub mod standards;

pub use case::{Case, Fault};
pub use judge::{Incident, RosterJudge};
pub use standards::Basis;

use crate::catalogue::Field;
use crate::finding::Severity;

/// The version of the rule set, kept with every record that it judged. Raised by every change of what a rule says of some record.
pub const RULE_SET_VERSION: &str = "0.1.0";

/// One rule.
#[derive(Debug)]
pub struct Rule {
    /// Its code, `S005`; never reused.
    pub code: &'static str,
    /// The fault, in a few Chinese words.
    pub title: &'static str,
    /// What its findings ask for; the gravest where that depends on the case.
    pub severity: Severity,
    /// The fields whose cells it flags; none where it flags a file, a sheet or a header.
    pub fields: &'static [Field],
    /// The standards that it rests on; none where it is a matter of plain sense.
    pub basis: &'static [Basis],
    /// The version of the product that brought it.
    pub since: &'static str,
    /// Whether it counts.
    pub status: Status,
    /// Its help page.
    pub help: Help,
    /// How it judges.
    pub judge: Judge,
}

impl Rule {
    /// What its findings ask for: a rule on trial only hints.
    pub fn severity(&self) -> Severity {
        match self.status {
            Status::Trial => Severity::Hint,
            Status::InForce | Status::Retired => self.severity,
        }
    }

    /// Whether it judges a cancelled project (stage 90): V, P and D rules and S001 do.
    pub fn judges_cancelled(&self) -> bool {
        self.code.starts_with(['V', 'P', 'D']) || self.code == "S001"
    }
}

/// Whether a rule counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Tried out: its findings are hints, whatever its severity.
    Trial,
    /// In force.
    InForce,
    /// No longer judged; its code stays taken.
    Retired,
}

/// What an officer is told of a rule, in Chinese.
#[derive(Debug)]
pub struct Help {
    /// 判定: exactly when it fires, with its exceptions.
    pub when: &'static str,
    /// 为什么: what the matter is about.
    pub why: &'static str,
    /// 怎么改: what to do.
    pub how: &'static str,
    /// 正例: a row as it should be.
    pub right: &'static str,
    /// 反例: a row that it flags.
    pub wrong: &'static str,
}

/// How a rule judges.
#[derive(Clone, Copy, Debug)]
pub enum Judge {
    /// It is found while the file is read, by `workbook`, `layout` or `values`.
    WhileReading,
    /// Of a record alone: one fault at most.
    Record(fn(&Case<'_>) -> Option<Fault>),
    /// Of a record alone: several cells may be at fault.
    Cells(fn(&Case<'_>) -> Vec<Fault>),
}

/// Every rule, in the order of their codes within each kind.
pub static RULES: &[&Rule] = &[&intensity_pair::S001, &dates::T002];

/// The rule with this code.
pub fn find(code: &str) -> Option<&'static Rule> {
    RULES.iter().copied().find(|rule| rule.code == code)
}

/// What the findings of a rule ask for; of an unknown code, the gravest, so that a slip of ours holds a row rather than letting it pass.
pub fn severity(code: &str) -> Severity {
    find(code).map_or(Severity::Error, Rule::severity)
}
