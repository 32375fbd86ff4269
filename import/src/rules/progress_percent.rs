//! T010, T011: a percentage of progress that contradicts the stage.

use rust_decimal::Decimal;

use super::scope::{COMPLETED, PREPARING};
use super::{Case, FIRST, Fault, Help, Judge, Rule};
use crate::catalogue::Field;
use crate::finding::Severity;

pub(super) static T010: Rule = Rule {
    code: "T010",
    title: "已完工而形象进度不是100%",
    severity: Severity::Error,
    fields: &[Field::ProgressPercent],
    help: Help {
        when: "工程进度为已加固或已竣工验收，形象进度填了100以外的数。形象进度空着的不提出。",
        why: "完工就是100%。两处说法不一，统计进度时不知以哪个为准。",
        how: "确已完工的改为100；没有完工的，改工程进度。",
        right: "工程进度 已加固，形象进度 100",
        wrong: "工程进度 已加固，形象进度 95",
    },
    judge: Judge::Record(|case| {
        let percent = case.record.decimal(Field::ProgressPercent)?;
        (case.stage_in(COMPLETED) && percent != Decimal::ONE_HUNDRED)
            .then(|| contradiction(case, "确已完工的，形象进度改为100；没有完工的，改工程进度。"))
    }),
    ..FIRST
};

pub(super) static T011: Rule = Rule {
    code: "T011",
    title: "形象进度与工程进度不符",
    severity: Severity::Confirm,
    fields: &[Field::ProgressPercent],
    help: Help {
        when: "工程进度为计划加固或鉴定设计而形象进度大于0；或者工程进度为正在加固而形象进度已是100。",
        why: "没有开工就没有形象进度；到了100就应当是已加固。",
        how: "核对后改其中一处；两处都对的，说明原因。",
        right: "工程进度 正在加固，形象进度 60",
        wrong: "工程进度 正在加固，形象进度 100",
    },
    judge: Judge::Record(|case| {
        let percent = case.record.decimal(Field::ProgressPercent)?;
        if case.stage_in(PREPARING) && percent > Decimal::ZERO {
            Some(contradiction(
                case,
                "没有开工的，形象进度填0或留空；已开工的，改工程进度。",
            ))
        } else if case.stage_in(&["30"]) && percent == Decimal::ONE_HUNDRED {
            Some(contradiction(
                case,
                "已完工的，工程进度改为已加固；没有完工的，改形象进度。",
            ))
        } else {
            None
        }
    }),
    ..FIRST
};

fn contradiction(case: &Case<'_>, suggestion: &str) -> Fault {
    let field = Field::ProgressPercent;
    let (stage, percent) = (case.shown(Field::Stage), case.shown(field));
    Fault::new(
        field,
        format!("工程进度是{stage}，形象进度却是{percent}%。"),
        suggestion,
    )
}
