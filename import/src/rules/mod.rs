//! The rules: what is wrong with a record, each one explained to an officer who has never read the standards.
//!
//! Every rule is a value of [`Rule`] with a pure function; [`RULES`] lists them all, and a rule that is not listed does not exist.
//! To add one: write it in a file of its own (or beside the family that shares its table), list it here, add its examples under
//! `import/tests/rules`, and regenerate `docs/rules.md` (see `import/tests/it/rules_docs.rs`). Codes are never reused.

mod appraisal;
mod case;
mod characteristic_period;
mod concrete_height;
mod coordinates;
mod dates;
mod divisions;
mod duplicates;
mod fortification_class;
mod intensity_pair;
mod judge;
mod known;
mod masonry;
mod methods;
mod money;
mod new_works;
mod original_intensity;
mod pages;
mod progress_percent;
mod quantity;
mod reading_files;
mod reading_values;
mod registry;
mod same_building;
mod scope;
mod service_life;
mod settings;
mod stage_dates;
pub mod standards;
mod zonation;

pub use case::{Case, Fault, RosterFault};
pub use duplicates::Seen;
pub use judge::{Incident, RosterJudge, incident_lines};
pub use known::{CodeOwner, Known, KnownRoster, Neighbour};
pub use pages::{KINDS, json, markdown, page, text};
pub use same_building::is_same_building;
pub use settings::{RuleSettings, Setting, rule_set_version};
pub use standards::Basis;

use crate::catalogue::Field;
use crate::finding::Severity;

/// The version of the rule set. Raised by every change of what a rule says of some record.
pub const RULE_SET_VERSION: &str = "0.1.2";

/// One rule.
#[derive(Debug)]
pub struct Rule {
    /// Its code, `S005`; never reused.
    pub code: &'static str,
    /// The fault, in a few Chinese words.
    pub title: &'static str,
    /// What its findings ask for; the gravest where that depends on the case.
    pub severity: Severity,
    /// What some of its cases ask for instead, as its help says.
    pub eased: Option<Severity>,
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

    /// The same in the officers' words.
    pub fn severity_label(&self) -> String {
        let label = self.severity().label();
        match self.eased.filter(|_| self.status != Status::Trial) {
            Some(eased) => format!("{label}，部分情形为{}", eased.label()),
            None => label.to_owned(),
        }
    }

    /// Whether it judges a cancelled project (stage 90): V, P and D rules and S001 do.
    pub fn judges_cancelled(&self) -> bool {
        self.code.starts_with(['V', 'P', 'D']) || self.code == "S001"
    }
}

/// What the rules of the first version have in common; a rule says for itself what differs, and a later one when it came.
const FIRST: Rule = Rule {
    code: "",
    title: "",
    severity: Severity::Error,
    eased: None,
    fields: &[],
    basis: &[],
    since: "0.1.0",
    status: Status::InForce,
    help: Help {
        when: "",
        why: "",
        how: "",
        right: "",
        wrong: "",
    },
    judge: Judge::WhileReading,
};

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
    /// 什么情况提出: exactly when it fires, with its exceptions.
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
    /// Of a record among the earlier ones of its roster.
    Roster(fn(&Case<'_>, &mut Seen) -> Vec<Fault>),
    /// Of a record against what the registry knows; runs at intake.
    Known(fn(&Case<'_>, &Known) -> Vec<Fault>),
    /// Of a roster as a whole against what the registry knows; runs at intake.
    WholeRoster(fn(&KnownRoster) -> Option<RosterFault>),
}

/// Every rule, in the order of their codes within each kind.
pub static RULES: &[&Rule] = &[
    &reading_files::F001,
    &reading_files::F002,
    &reading_files::F003,
    &reading_files::F004,
    &reading_files::F005,
    &reading_files::F006,
    &reading_files::F007,
    &reading_files::F008,
    &reading_files::F009,
    &reading_files::F010,
    &reading_files::F011,
    &reading_values::V001,
    &reading_values::V002,
    &reading_values::V003,
    &reading_values::V004,
    &reading_values::V005,
    &reading_values::V006,
    &reading_values::V007,
    &reading_values::V008,
    &reading_values::V009,
    &reading_values::V010,
    &divisions::P001,
    &coordinates::P002,
    &coordinates::P003,
    &coordinates::P004,
    &divisions::P005,
    &intensity_pair::S001,
    &zonation::S002,
    &zonation::S003,
    &characteristic_period::S004,
    &fortification_class::S005,
    &service_life::S006,
    &service_life::S007,
    &masonry::S008,
    &concrete_height::S009,
    &appraisal::S010,
    &appraisal::S011,
    &service_life::S012,
    &new_works::S013,
    &new_works::S014,
    &methods::S015,
    &masonry::S016,
    &original_intensity::S017,
    &methods::S018,
    &dates::T001,
    &dates::T002,
    &dates::T003,
    &dates::T004,
    &dates::T005,
    &stage_dates::T006,
    &stage_dates::T007,
    &stage_dates::T008,
    &stage_dates::T009,
    &progress_percent::T010,
    &progress_percent::T011,
    &stage_dates::T012,
    &dates::T013,
    &dates::T014,
    &money::M001,
    &money::M002,
    &money::M003,
    &quantity::M004,
    &quantity::M005,
    &quantity::M006,
    &duplicates::D001,
    &duplicates::D002,
    &registry::D003,
    &same_building::D004,
    &registry::C001,
    &registry::C002,
    &registry::C003,
    &registry::C004,
    &registry::C005,
    &registry::C006,
];

/// The rule with this code.
pub fn find(code: &str) -> Option<&'static Rule> {
    RULES.iter().copied().find(|rule| rule.code == code)
}

/// What the findings of a rule ask for, where the deployment sets nothing else; of an unknown code, the gravest, so that a slip of ours holds a row rather than letting it pass.
pub fn severity(code: &str) -> Severity {
    find(code).map_or(Severity::Error, Rule::severity)
}
