//! S001: intensity and acceleration that do not belong together.

use super::standards::{CONDITIONS, INTENSITY_TABLE, condition};
use super::{Case, FIRST, Fault, Help, Judge, Rule};
use crate::catalogue::{CodeList, Field};
use crate::finding::Severity;

pub(super) static S001: Rule = Rule {
    code: "S001",
    title: "设防烈度与地震加速度不对应",
    severity: Severity::Error,
    fields: &[Field::AccelerationG],
    basis: &[INTENSITY_TABLE],
    help: Help {
        when: "抗震设防烈度与设计基本地震加速度不是下列之一：6度0.05g，7度0.10g或0.15g，8度0.20g或0.30g，9度0.40g；未设防（0）时加速度不空。\
               已取消的工程也查。",
        why: "烈度和加速度是同一个设防要求的两种说法，规范逐一对应。对不上，说明其中一个填错，后面凡按烈度查表的判断都不可靠。",
        how: "按设计图纸或鉴定报告改烈度或加速度；未设防的，加速度留空。",
        right: "抗震设防烈度 7度，设计基本地震加速度 0.15g",
        wrong: "抗震设防烈度 7度，设计基本地震加速度 0.20g",
    },
    judge: Judge::Record(judge),
    ..FIRST
};

fn judge(case: &Case<'_>) -> Option<Fault> {
    let intensity = case.record.code(Field::Intensity)?;
    let acceleration = case.record.code(Field::AccelerationG)?;
    if condition(intensity, acceleration).is_some() {
        return None;
    }
    let found = case.shown(Field::AccelerationG);
    Some(if intensity == "0" {
        Fault::new(
            Field::AccelerationG,
            format!("设防烈度填的是未设防，加速度却填了{found}，两者不对应。"),
            "未设防的，加速度留空；有设防的，烈度改填6至9度。",
        )
    } else {
        let shown = case.shown(Field::Intensity);
        let fitting = CONDITIONS.iter().filter(|(degree, _)| *degree == intensity);
        let fitting: Vec<_> = fitting
            .map(|(_, value)| case.code_label(CodeList::Acceleration, value))
            .collect();
        Fault::new(
            Field::AccelerationG,
            format!("设防烈度{shown}与加速度{found}不对应。"),
            format!("{shown}对应的加速度是{}；烈度填错的改烈度。", fitting.join("或")),
        )
    })
}
