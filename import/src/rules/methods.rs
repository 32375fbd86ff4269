//! S015, S018: retrofit methods that do not suit the structure, or are not given.

use super::scope::STARTED;
use super::standards::{METHODS, PLATFORM_FIELD};
use super::{Case, FIRST, Fault, Help, Judge, Rule};
use crate::catalogue::{CodeList, Field};
use crate::finding::Severity;

pub(super) static S015: Rule = Rule {
    code: "S015",
    title: "加固方式不适合结构类型",
    severity: Severity::Confirm,
    fields: &[Field::RetrofitMethods],
    basis: &[METHODS],
    help: Help {
        when: "增大截面、外包型钢、粘贴钢板、粘贴纤维复合材、消能减震用于木结构、砖木结构、土木结构；\
               钢筋网水泥砂浆面层、板墙加固、外加圈梁构造柱用于钢结构；\
               桥梁支座更换与防落梁、桥墩加固用于公路桥梁、城市桥梁、隧道、铁路设施以外的用途；\
               坝体防渗与压坡用于水库大坝、水闸泵站、堤防以外的用途。",
        why: "每种加固方式针对一类结构，如钢筋网水泥砂浆面层加在砖墙上，粘贴钢板用于混凝土构件。配不上的多半是选错了方式或者结构类型。",
        how: "核对结构类型、用途和加固方式；确实这样做的，说明做法。",
        right: "结构类型 砌体结构，加固方式 钢筋网水泥砂浆面层、外加圈梁构造柱",
        wrong: "结构类型 钢结构，加固方式 钢筋网水泥砂浆面层",
    },
    judge: Judge::Record(unsuitable),
    ..FIRST
};

fn unsuitable(case: &Case<'_>) -> Option<Fault> {
    let field = Field::RetrofitMethods;
    let methods = case.record.codes(field)?;
    let misfits = |of: &dyn Fn(&str) -> bool, to: Field| {
        let labels: Vec<_> = methods
            .iter()
            .filter(|method| of(method))
            .map(|method| case.code_label(CodeList::RetrofitMethod, method))
            .collect();
        (!labels.is_empty()).then(|| format!("“{}”不适合{}", labels.join("、"), case.shown(to)))
    };
    let structure = case.record.code(Field::StructureType).unwrap_or_default();
    let usage = case.record.code(Field::Use);
    let used_otherwise = |uses: &[&str]| usage.is_some_and(|usage| !uses.contains(&usage));
    let misfits: Vec<_> = [
        misfits(&|method| suits_not_structure(method, structure), Field::StructureType),
        misfits(
            &|method| match method {
                "21" | "22" => used_otherwise(&["501", "502", "503", "504"]),
                "31" => used_otherwise(&["801", "802", "803"]),
                _ => false,
            },
            Field::Use,
        ),
    ]
    .into_iter()
    .flatten()
    .collect();
    (!misfits.is_empty()).then(|| {
        Fault::new(
            field,
            format!("加固方式{}。", misfits.join("，")),
            "核对加固方式、结构类型和用途；确实这样做的，说明做法。",
        )
    })
}

/// Methods for concrete on timber and earth, and methods for masonry on steel.
fn suits_not_structure(method: &str, structure: &str) -> bool {
    match method {
        "05" | "06" | "07" | "08" | "09" => matches!(structure, "08" | "09" | "10"),
        "01" | "02" | "03" => structure == "07",
        _ => false,
    }
}

pub(super) static S018: Rule = Rule {
    code: "S018",
    title: "已开工加固而没有加固方式",
    severity: Severity::Error,
    fields: &[Field::RetrofitMethods],
    basis: &[PLATFORM_FIELD],
    help: Help {
        when: "工程性质为加固，工程进度为正在加固及以后，加固方式空着。",
        why: "全国平台采集加固方式；开工了，方式也就定了。",
        how: "按加固设计补填，可以填几种，用顿号隔开。",
        right: "工程性质 加固，工程进度 正在加固，加固方式 板墙加固",
        wrong: "工程性质 加固，工程进度 正在加固，加固方式空着",
    },
    judge: Judge::Record(|case| {
        let field = Field::RetrofitMethods;
        (case.is_retrofit() && case.stage_in(STARTED) && case.is_blank(field)).then(|| {
            Fault::new(
                field,
                format!("加固工程的进度是{}，加固方式却空着。", case.shown(Field::Stage)),
                "按加固设计补填加固方式；没有开工的，改工程进度。",
            )
        })
    }),
    ..FIRST
};
