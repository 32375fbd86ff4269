//! T006 to T009, T012: the dates that a stage asks for, and those that it rules out.

use super::scope::{COMPLETED, PREPARING, STARTED};
use super::{Case, FIRST, Fault, Help, Judge, Rule};
use crate::catalogue::Field;
use crate::finding::Severity;

pub(super) static T006: Rule = Rule {
    code: "T006",
    title: "已完工而没有加固完成时间",
    severity: Severity::Error,
    fields: &[Field::CompletionDate],
    help: Help {
        when: "工程进度为已加固或已竣工验收，加固完成时间空着。",
        why: "完成时间决定工程计入哪个月的进度，也要报送全国平台。",
        how: "补填加固完成时间；还没完工的，改工程进度。",
        right: "工程进度 已加固，加固完成时间 2023-10-20",
        wrong: "工程进度 已加固，加固完成时间空着",
    },
    judge: Judge::Record(|case| missing(case, COMPLETED, Field::CompletionDate)),
    ..FIRST
};

pub(super) static T007: Rule = Rule {
    code: "T007",
    title: "已竣工验收而没有验收日期",
    severity: Severity::Error,
    fields: &[Field::AcceptanceDate],
    help: Help {
        when: "工程进度为已竣工验收，竣工验收日期空着。",
        why: "说已验收，就要有验收日期可查。",
        how: "按竣工验收记录补填日期；还没验收的，工程进度改为已加固。",
        right: "工程进度 已竣工验收，竣工验收日期 2023-11-15",
        wrong: "工程进度 已竣工验收，竣工验收日期空着",
    },
    judge: Judge::Record(|case| missing(case, &["50"], Field::AcceptanceDate)),
    ..FIRST
};

pub(super) static T008: Rule = Rule {
    code: "T008",
    title: "已开工而没有开工日期",
    severity: Severity::Error,
    fields: &[Field::StartDate],
    help: Help {
        when: "工程进度为正在加固、已加固或已竣工验收，开工日期空着。",
        why: "开工日期用来核对进度是否按期，也要报送全国平台。",
        how: "补填开工日期；还没开工的，工程进度改为计划加固或鉴定设计。",
        right: "工程进度 正在加固，开工日期 2026-03-01",
        wrong: "工程进度 正在加固，开工日期空着",
    },
    judge: Judge::Record(|case| missing(case, STARTED, Field::StartDate)),
    ..FIRST
};

/// A fault on a date that is blank although the stage asks for it.
fn missing(case: &Case<'_>, stages: &[&str], field: Field) -> Option<Fault> {
    (case.stage_in(stages) && case.is_blank(field)).then(|| {
        let (label, stage) = (case.label(field), case.shown(Field::Stage));
        Fault::new(
            field,
            format!("工程进度是{stage}，{label}却空着。"),
            format!("补填{label}；进度填错的，改工程进度。"),
        )
    })
}

pub(super) static T009: Rule = Rule {
    code: "T009",
    title: "未开工而已有开工或完成日期",
    severity: Severity::Confirm,
    fields: &[Field::Stage],
    help: Help {
        when: "工程进度为计划加固或鉴定设计，却填有能读出的开工日期或加固完成时间。",
        why: "有了开工日期，进度就不该还停在开工以前；常见的是日期更新了，进度忘了改。",
        how: "已开工的改工程进度；日期是打算的，填到计划完工日期或者删去。",
        right: "工程进度 鉴定设计，开工日期空着",
        wrong: "工程进度 鉴定设计，开工日期 2026-03-01",
    },
    judge: Judge::Record(dated_too_early),
    ..FIRST
};

fn dated_too_early(case: &Case<'_>) -> Option<Fault> {
    if !case.stage_in(PREPARING) {
        return None;
    }
    let shown = |&field: &Field| Some(format!("{}{}", case.label(field), case.record.date(field)?));
    let dates: Vec<_> = [Field::StartDate, Field::CompletionDate]
        .iter()
        .filter_map(shown)
        .collect();
    (!dates.is_empty()).then(|| {
        Fault::new(
            Field::Stage,
            format!("工程进度是{}，却填有{}。", case.shown(Field::Stage), dates.join("、")),
            "已开工的改工程进度；还没开工的删去这些日期，或说明原因。",
        )
    })
}

pub(super) static T012: Rule = Rule {
    code: "T012",
    title: "计划完工日期已过而未完工",
    severity: Severity::Hint,
    fields: &[Field::PlannedCompletionDate],
    help: Help {
        when: "计划完工日期早于检查当天，工程进度还在已加固以前。只填到月或年的，整月、整年都过去才提出。",
        why: "提醒可能延期，或者进度没有更新。",
        how: "已完工的更新工程进度和加固完成时间；延期的改计划完工日期。",
        right: "（今天 2026-11-23）工程进度 正在加固，计划完工日期 2026-12",
        wrong: "（今天 2026-11-23）工程进度 正在加固，计划完工日期 2026-10",
    },
    judge: Judge::Record(|case| {
        let field = Field::PlannedCompletionDate;
        let date = case.record.date(field)?;
        (case.stage_in(&["10", "20", "30"]) && date.last() < case.today).then(|| {
            Fault::new(
                field,
                // Without the date, which stands beside it in every list: delays of many months are one line and not hundreds.
                format!("{}已过，工程进度还是{}。", case.label(field), case.shown(Field::Stage)),
                "已完工的更新工程进度；延期的改计划完工日期。",
            )
        })
    }),
    ..FIRST
};
