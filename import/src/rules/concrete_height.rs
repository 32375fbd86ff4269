//! S009: reinforced concrete over the greatest height.

use rust_decimal::Decimal;

use super::standards::{CONCRETE_TABLE, concrete_height, condition};
use super::{Case, FIRST, Fault, Help, Judge, Rule};
use crate::catalogue::Field;
use crate::finding::Severity;

pub(super) static S009: Rule = Rule {
    code: "S009",
    title: "钢筋混凝土房屋高度超过最大适用高度",
    severity: Severity::Confirm,
    fields: &[Field::HeightM],
    basis: &[CONCRETE_TABLE],
    help: Help {
        when: "工程类别为城镇住宅、学校、医院、农村民居或其他，建筑高度超过最大适用高度（米，6度、7度、8度0.20g、8度0.30g、9度）：\
               框架60、50、40、35、24；框架-抗震墙130、120、100、80、50；抗震墙140、120、100、80、60。烈度与加速度不对应的不查。",
        why: "各种结构在不同烈度下都有最大适用高度，超过的要专门研究。",
        how: "核对结构类型、建筑高度和设防烈度；确实超高的，说明超限审查情况。",
        right: "结构类型 钢筋混凝土框架结构，7度，建筑高度 23.4",
        wrong: "结构类型 钢筋混凝土框架结构，8度0.20g，建筑高度 45",
    },
    judge: Judge::Record(judge),
    ..FIRST
};

fn judge(case: &Case<'_>) -> Option<Fault> {
    let height = case.record.decimal(Field::HeightM)?;
    let structure = case.record.code(Field::StructureType)?;
    let column = condition(
        case.record.code(Field::Intensity)?,
        case.record.code(Field::AccelerationG)?,
    )?;
    let greatest = concrete_height(structure, column)?;
    (case.is_building() && height > Decimal::from(greatest)).then(|| {
        Fault::new(
            Field::HeightM,
            format!(
                "{}在{}、{}时最大适用高度{greatest}米，填了{}米。",
                case.shown(Field::StructureType),
                case.shown(Field::Intensity),
                case.shown(Field::AccelerationG),
                height.normalize()
            ),
            "核对结构类型和建筑高度；确实超高的，说明超限审查情况。",
        )
    })
}
