//! S004: the characteristic period against the table for site class and design group.

use rust_decimal::Decimal;

use super::standards::{PERIOD_TABLE, RARE_PERIOD_RISE, characteristic_period};
use super::{Case, FIRST, Fault, Help, Judge, Rule};
use crate::catalogue::Field;
use crate::finding::Severity;

pub(super) static S004: Rule = Rule {
    code: "S004",
    title: "特征周期与场地类别、设计地震分组不符",
    severity: Severity::Confirm,
    fields: &[Field::CharacteristicPeriodS],
    basis: &[PERIOD_TABLE],
    help: Help {
        when: "特征周期与规范表值相差超过0.005秒，也不是表值加0.05秒（罕遇地震）。\
               表值（秒，场地Ⅰ0、Ⅰ1、Ⅱ、Ⅲ、Ⅳ类）：第一组0.20、0.25、0.35、0.45、0.65；第二组0.25、0.30、0.40、0.55、0.75；\
               第三组0.30、0.35、0.45、0.65、0.90。",
        why: "特征周期是计算地震作用用的数，土越软数越大，由场地类别和设计地震分组查表得出。对不上，三者中有一个填错。",
        how: "场地类别照勘察报告填，分组和特征周期照设计总说明填；场地类别处在分界附近、按插值取用的，说明原因。",
        right: "场地类别 Ⅲ类，设计地震分组 第二组，特征周期 0.55",
        wrong: "场地类别 Ⅲ类，设计地震分组 第二组，特征周期 0.40",
    },
    judge: Judge::Record(judge),
    ..FIRST
};

/// What may be lost in rounding, s.
const TOLERANCE: Decimal = Decimal::from_parts(5, 0, 0, false, 3);

fn judge(case: &Case<'_>) -> Option<Fault> {
    let field = Field::CharacteristicPeriodS;
    let period = case.record.decimal(field)?;
    let due = characteristic_period(
        case.record.code(Field::DesignGroup)?,
        case.record.code(Field::SiteClass)?,
    )?;
    let rare = due + RARE_PERIOD_RISE;
    let near = |value: Decimal| period.checked_sub(value).is_some_and(|by| by.abs() <= TOLERANCE);
    (!near(due) && !near(rare)).then(|| {
        Fault::new(
            field,
            format!(
                "特征周期{}秒与规范表值不符，场地{}、{}应为{due}秒。",
                period.normalize(),
                case.shown(Field::SiteClass),
                case.shown(Field::DesignGroup)
            ),
            format!("改为{due}（罕遇地震为{rare}），或者改正场地类别、设计地震分组；按插值取用的，说明原因。"),
        )
    })
}
