//! S013, S014: what new works owe: isolation or energy dissipation, and an intensity of at least 7.

use super::standards::{ORDER_744_16, PROVINCIAL_INTENSITY};
use super::{FIRST, Fault, Help, Judge, Rule};
use crate::catalogue::Field;
use crate::finding::Severity;

/// Uses that the order asks to be isolated: schools, kindergartens, hospitals, homes for the aged, shelters and command centres.
const ISOLATED_USES: &[&str] = &[
    "201", "202", "203", "204", "205", "301", "302", "303", "304", "401", "951", "952",
];

pub(super) static S013: Rule = Rule {
    code: "S013",
    title: "高烈度区新建学校、医院等未采用隔震减震",
    severity: Severity::Confirm,
    fields: &[Field::Isolation],
    basis: &[ORDER_744_16],
    help: Help {
        when: "工程性质为新建或拆除重建，抗震设防烈度8度及以上，用途为教学楼、学生宿舍、食堂、实验图书楼、幼儿园用房、门诊楼、医技楼、住院楼、\
               急救指挥用房、养老机构用房、应急避难场所（填了地上层数或建筑面积的）、应急指挥中心，是否采用隔震减震不是“是”（空着也算）。",
        why: "隔震是在房屋底部装隔震支座，减震是在结构里装阻尼器，都能减轻地震时的晃动。条例要求高烈度设防地区新建的这类建筑采用，保证震后仍能使用。",
        how: "采用了的填是；没有采用的，说明原因和批准情况。",
        right: "工程性质 新建，用途 教学楼，8度，是否采用隔震减震 是",
        wrong: "工程性质 新建，用途 教学楼，8度，是否采用隔震减震 否",
    },
    judge: Judge::Record(|case| {
        let field = Field::Isolation;
        let due = case.code_in(Field::RecordKind, &["2", "5"])
            && case.code_in(Field::Intensity, &["8", "9"])
            && case.code_in(Field::Use, ISOLATED_USES)
            && (!case.code_in(Field::Use, &["951"]) || case.has_building());
        let isolated = case.is_unread(field) || case.code_in(field, &["1"]);
        (due && !isolated).then(|| {
            Fault::new(
                field,
                format!(
                    "{}{}位于{}区，应当采用隔震减震，填的却不是“是”。",
                    case.shown(Field::RecordKind),
                    case.shown(Field::Use),
                    case.shown(Field::Intensity)
                ),
                "采用了的填“是”；没有采用的，说明原因和批准情况。",
            )
        })
    }),
    ..FIRST
};

pub(super) static S014: Rule = Rule {
    code: "S014",
    title: "新建、改建、扩建工程的设防烈度低于7度",
    severity: Severity::Confirm,
    fields: &[Field::Intensity],
    basis: &[PROVINCIAL_INTENSITY],
    help: Help {
        when: "工程性质为新建、改建、扩建或拆除重建，抗震设防烈度为6度或未设防。",
        why: "省里规定新建、改建、扩建工程的抗震设防烈度不低于7度。",
        how: "按设计文件改正烈度或工程性质；确实低于7度的，说明原因。",
        right: "工程性质 新建，抗震设防烈度 7度",
        wrong: "工程性质 新建，抗震设防烈度 6度",
    },
    judge: Judge::Record(|case| {
        let field = Field::Intensity;
        let low = case.code_in(field, &["0", "6"]);
        (low && case.code_in(Field::RecordKind, &["2", "3", "4", "5"])).then(|| {
            let (kind, intensity) = (case.shown(Field::RecordKind), case.shown(field));
            Fault::new(
                field,
                format!("工程性质是{kind}，设防烈度填了{intensity}，低于7度。"),
                "设防烈度应不低于7度；填写无误的，说明原因。",
            )
        })
    }),
    ..FIRST
};
