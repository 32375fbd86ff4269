//! S005: a fortification class below the least for the use.

use super::standards::{CLASS_TABLES, LeastClass, least_class};
use super::{Case, FIRST, Fault, Help, Judge, Rule};
use crate::catalogue::{CodeList, Field};
use crate::finding::Severity;

pub(super) static S005: Rule = Rule {
    code: "S005",
    title: "抗震设防类别低于用途的最低要求",
    severity: Severity::Error,
    eased: Some(Severity::Confirm),
    fields: &[Field::FortificationClass],
    basis: CLASS_TABLES,
    help: Help {
        when: "抗震设防类别低于用途的最低类别。最低为重点设防类（乙类）的用途：教学楼、学生宿舍、食堂、实验图书楼、幼儿园用房；\
               门诊楼、医技楼、住院楼、急救指挥用房；应急避难场所（填了地上层数或建筑面积的）、应急指挥中心、消防站；危化品仓库。\
               最低为标准设防类（丙类）的用途：住宅、农房。\
               医疗四项、应急避难场所、应急指挥中心、消防站和危化品仓库为核实性；工程名称或产权单位含“大学”“学院”的也为核实性，\
               但幼儿园用房以及名称含“附属”“幼儿园”“小学”“中学”的除外。",
        why: "学校、医院等人员密集或救灾要用的建筑，震时不能倒、震后要能用，国家标准规定了它们最低的设防类别。\
               类别由高到低是特殊（甲类）、重点（乙类）、标准（丙类）、适度（丁类），越高抗震措施越严。",
        how: "按设计文件改正类别或者用途；核实性的，确实不在标准所列范围内时（如规模小的医院、高等学校）说明原因。",
        right: "用途 教学楼，抗震设防类别 重点设防类",
        wrong: "用途 教学楼，抗震设防类别 标准设防类",
    },
    judge: Judge::Record(judge),
    ..FIRST
};

fn judge(case: &Case<'_>) -> Option<Fault> {
    let usage = case.record.code(Field::Use)?;
    let class = case.record.code(Field::FortificationClass)?;
    let row = least_class(usage)?;
    // A is the strictest, so that a lower class is a later letter.
    if class <= row.least || (usage == "951" && !case.has_building()) {
        return None;
    }
    let least = case.code_label(CodeList::FortificationClass, row.least);
    let fault = Fault::new(
        Field::FortificationClass,
        format!(
            "用途是{}，抗震设防类别填了{}，低于最低要求{least}。",
            case.shown(Field::Use),
            case.shown(Field::FortificationClass)
        ),
        format!("抗震设防类别改为{least}或更高；用途填错的改用途。"),
    )
    .resting_on(row.basis);
    Some(if is_arguable(case, usage, row) {
        fault.to_confirm()
    } else {
        fault
    })
}

/// Whether the standard leaves cases in which the lower class is right, so that an explanation will do.
fn is_arguable(case: &Case<'_>, usage: &str, row: &LeastClass) -> bool {
    let says = |field, words: &[&str]| {
        let text = case.record.text(field).unwrap_or_default();
        words.iter().any(|word| text.contains(word))
    };
    let higher_education = ["大学", "学院"];
    row.arguable
        || (usage != "205"
            && (says(Field::Name, &higher_education) || says(Field::OwnerUnit, &higher_education))
            && !says(Field::Name, &["附属", "幼儿园", "小学", "中学"]))
}
