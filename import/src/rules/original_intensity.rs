//! S017: an original intensity above the present one.

use super::{FIRST, Fault, Help, Judge, Rule};
use crate::catalogue::Field;
use crate::finding::Severity;

pub(super) static S017: Rule = Rule {
    code: "S017",
    title: "原设防烈度高于现行设防烈度",
    severity: Severity::Confirm,
    fields: &[Field::OriginalIntensity],
    help: Help {
        when: "原抗震设防烈度高于（现行）抗震设防烈度。",
        why: "区划多年来只升不降，加固也不会降低设防标准；多半是两栏填颠倒了。",
        how: "核对两栏；确实降低的，说明依据。",
        right: "原抗震设防烈度 6度，抗震设防烈度 7度",
        wrong: "原抗震设防烈度 8度，抗震设防烈度 7度",
    },
    judge: Judge::Record(|case| {
        let field = Field::OriginalIntensity;
        // The codes are single digits, so that their order is that of the numbers.
        (case.record.code(field)? > case.record.code(Field::Intensity)?).then(|| {
            let (original, present) = (case.shown(field), case.shown(Field::Intensity));
            Fault::new(
                field,
                format!("原设防烈度{original}高于现行设防烈度{present}。"),
                "核对两栏是否填颠倒；确实降低的，说明依据。",
            )
        })
    }),
    ..FIRST
};
