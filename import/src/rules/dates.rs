//! T001 to T005: dates in the order that works have. A date of month or year precision is its whole span: a rule fires only
//! where no day of it would do.

use super::{Case, Fault, Help, Judge, Rule, Status};
use crate::catalogue::Field;
use crate::finding::Severity;

pub(super) static T002: Rule = Rule {
    code: "T002",
    title: "完成时间早于开工日期",
    severity: Severity::Error,
    fields: &[Field::CompletionDate],
    basis: &[],
    since: "0.1.0",
    status: Status::InForce,
    help: Help {
        when: "加固完成时间早于开工日期。只填到月或年的，按整月、整年算，其中任何一天都说不通才提出。",
        why: "工程不可能在开工之前完成，两个日期必有一个填错。",
        how: "对照开工报告和完工资料，改正填错的一个。",
        right: "开工日期 2023-03-01，加固完成时间 2023-10-20",
        wrong: "开工日期 2023-03-01，加固完成时间 2022-10-20",
    },
    judge: Judge::Record(completed_before_start),
};

fn completed_before_start(case: &Case<'_>) -> Option<Fault> {
    precedes(case, Field::CompletionDate, Field::StartDate)
}

/// A fault on `later` where it lies wholly before `earlier`.
fn precedes(case: &Case<'_>, later: Field, earlier: Field) -> Option<Fault> {
    let (late, early) = (case.record.date(later)?, case.record.date(earlier)?);
    (late.last() < early.first()).then(|| {
        let (late_label, early_label) = (case.label(later), case.label(earlier));
        Fault::new(
            later,
            format!("{late_label}{late}早于{early_label}{early}。"),
            format!("核对两个日期，{late_label}应不早于{early_label}。"),
        )
    })
}
