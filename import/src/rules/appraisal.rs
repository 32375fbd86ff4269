//! S010, S011: retrofit follows an appraisal that asks for it.

use super::scope::STARTED;
use super::standards::{ORDER_744_19, ORDER_744_20};
use super::{FIRST, Fault, Help, Judge, Rule};
use crate::catalogue::Field;
use crate::finding::Severity;

pub(super) static S010: Rule = Rule {
    code: "S010",
    title: "已开工加固而没有鉴定报告编号",
    severity: Severity::Error,
    eased: Some(Severity::Confirm),
    fields: &[Field::AppraisalReportNo],
    basis: &[ORDER_744_19],
    help: Help {
        when: "工程性质为加固，工程进度为正在加固及以后，鉴定报告编号空着。\
               工程类别为城镇住宅、学校、医院、农村民居或其他的为强制性，别的类别（或类别读不出）为核实性。",
        why: "条例要求先做抗震鉴定，再按鉴定结论加固。没有鉴定报告，加固就没有依据。",
        how: "补填抗震鉴定报告的编号；按行业规定不出鉴定报告的，说明依据的文件。",
        right: "工程性质 加固，工程进度 正在加固，鉴定报告编号 LCJD-2022-031",
        wrong: "工程性质 加固，工程进度 正在加固，鉴定报告编号空着",
    },
    judge: Judge::Record(|case| {
        let field = Field::AppraisalReportNo;
        if !case.is_retrofit() || !case.stage_in(STARTED) || !case.is_blank(field) {
            return None;
        }
        let fault = Fault::new(
            field,
            format!("加固工程的进度是{}，鉴定报告编号却空着。", case.shown(Field::Stage)),
            "补填抗震鉴定报告编号；没有开工的，改工程进度。",
        );
        Some(if case.is_building() { fault } else { fault.to_confirm() })
    }),
    ..FIRST
};

pub(super) static S011: Rule = Rule {
    code: "S011",
    title: "鉴定结论不需加固而已开工加固",
    severity: Severity::Confirm,
    fields: &[Field::NeedsRetrofit],
    basis: &[ORDER_744_20],
    help: Help {
        when: "工程性质为加固，工程进度为正在加固及以后，是否需要抗震加固填了否。",
        why: "鉴定说不需要加固却在加固，不是结论填错，就是工程不该列入。",
        how: "按鉴定报告的结论改正；提高设防标准等另有原因的，说明原因。",
        right: "工程性质 加固，工程进度 正在加固，是否需要抗震加固 是",
        wrong: "工程性质 加固，工程进度 正在加固，是否需要抗震加固 否",
    },
    judge: Judge::Record(|case| {
        let field = Field::NeedsRetrofit;
        (case.is_retrofit() && case.stage_in(STARTED) && case.code_in(field, &["0"])).then(|| {
            Fault::new(
                field,
                format!("鉴定结论是不需要加固，加固工程的进度却是{}。", case.shown(Field::Stage)),
                "按鉴定报告核对结论；另有原因的，说明原因。",
            )
        })
    }),
    ..FIRST
};
