//! S008, S016: masonry that is taller than allowed, and bottom-frame masonry where the class rules it out.

use rust_decimal::Decimal;

use super::standards::{BOTTOM_FRAME, BOTTOM_FRAME_CLASS, COMMON_BRICK, MASONRY_CLASS, MASONRY_TABLE, condition};
use super::{Case, FIRST, Fault, Help, Judge, Rule};
use crate::catalogue::Field;
use crate::finding::Severity;

/// Structure types, as codes.
const MASONRY: &str = "01";
const BOTTOM_FRAME_MASONRY: &str = "02";

pub(super) static S008: Rule = Rule {
    code: "S008",
    title: "砌体房屋的层数或高度超过限值",
    severity: Severity::Confirm,
    fields: &[Field::FloorsAbove, Field::HeightM],
    basis: &[MASONRY_TABLE, MASONRY_CLASS],
    help: Help {
        when: "工程类别为城镇住宅、学校、医院、农村民居或其他，结构类型为砌体结构或底部框架-抗震墙砌体结构，地上层数超过限值；\
               层数不超而建筑高度超过的，标在高度上。限值（高度米/层数）按6度、7度0.10g、7度0.15g、8度0.20g、8度0.30g、9度：\
               砌体（按最宽的普通砖）21/7、21/7、21/7、18/6、15/5、12/4，甲、乙类各减3米和1层；\
               底部框架22/7、22/7、19/6、16/5，8度0.30g和9度不允许，甲、乙类只提S016。烈度与加速度不对应的不查。",
        why: "砌体房屋靠砖墙承重，越高，地震时倒塌的危险越大，规范对层数和高度设了上限。",
        how: "核对结构类型、层数、高度；确实超限的既有房屋，说明加固中采取的措施。",
        right: "结构类型 砌体结构，7度0.15g，标准设防类，地上层数 6，建筑高度 18.6",
        wrong: "结构类型 砌体结构，8度0.20g，重点设防类，地上层数 6",
    },
    judge: Judge::Record(too_tall),
    ..FIRST
};

fn too_tall(case: &Case<'_>) -> Option<Fault> {
    let structure = case.record.code(Field::StructureType)?;
    let class = case.record.code(Field::FortificationClass)?;
    let floors = case.record.integer(Field::FloorsAbove)?;
    let column = condition(
        case.record.code(Field::Intensity)?,
        case.record.code(Field::AccelerationG)?,
    )?;
    let strict = matches!(class, "A" | "B");
    let limit = match structure {
        _ if !case.is_building() => return None,
        MASONRY if strict => Some(COMMON_BRICK[column].for_class_b()),
        MASONRY => Some(COMMON_BRICK[column]),
        BOTTOM_FRAME_MASONRY if !strict => BOTTOM_FRAME[column],
        _ => return None,
    };
    let place = format!(
        "{}（{}、{}、{}）",
        case.shown(Field::StructureType),
        case.shown(Field::Intensity),
        case.shown(Field::AccelerationG),
        case.shown(Field::FortificationClass)
    );
    let basis = if strict { MASONRY_CLASS } else { MASONRY_TABLE };
    let fault = |field, message, suggestion| Some(Fault::new(field, message, suggestion).resting_on(basis));
    let Some(limit) = limit else {
        return fault(
            Field::FloorsAbove,
            format!("{place}不允许采用，却有地上{floors}层。"),
            "核对结构类型、烈度和加速度；确是这种结构的，说明加固中采取的措施。",
        );
    };
    if floors > limit.storeys {
        return fault(
            Field::FloorsAbove,
            format!("{place}最多{}层，填了{floors}层。", limit.storeys),
            "核对结构类型和地上层数；确实超限的，说明加固中采取的措施。",
        );
    }
    let height = case.record.decimal(Field::HeightM)?;
    if height <= Decimal::from(limit.height_m) {
        return None;
    }
    fault(
        Field::HeightM,
        format!("{place}最高{}米，填了{}米。", limit.height_m, height.normalize()),
        "核对结构类型和建筑高度（室外地面到主要屋面板顶）；确实超限的，说明加固中采取的措施。",
    )
}

pub(super) static S016: Rule = Rule {
    code: "S016",
    title: "甲、乙类建筑采用底部框架砌体结构",
    severity: Severity::Confirm,
    fields: &[Field::StructureType],
    basis: &[BOTTOM_FRAME_CLASS],
    help: Help {
        when: "工程类别为城镇住宅、学校、医院、农村民居或其他，结构类型为底部框架-抗震墙砌体结构，抗震设防类别为特殊设防类或重点设防类。",
        why: "底部框架砌体房屋底层是框架（常作门面）、上面是砖墙，上刚下柔，地震时底层容易垮，重要的建筑不允许采用。",
        how: "核对结构类型和设防类别；确是这种既有房屋的，说明加固方案如何处理。",
        right: "结构类型 钢筋混凝土框架结构，抗震设防类别 重点设防类",
        wrong: "结构类型 底部框架-抗震墙砌体结构，抗震设防类别 重点设防类",
    },
    judge: Judge::Record(|case| {
        let bottom_frame = case.code_in(Field::StructureType, &[BOTTOM_FRAME_MASONRY]);
        (case.is_building() && bottom_frame && case.code_in(Field::FortificationClass, &["A", "B"])).then(|| {
            Fault::new(
                Field::StructureType,
                format!(
                    "{}的建筑不允许采用{}。",
                    case.shown(Field::FortificationClass),
                    case.shown(Field::StructureType)
                ),
                "核对结构类型和设防类别；确是这种既有房屋的，说明加固方案如何处理。",
            )
        })
    }),
    ..FIRST
};
