//! T001 to T005, T013, T014: dates in the order that works have. A date of month or year precision is its whole span: a rule
//! fires only where no day of it would do.

use chrono::NaiveDate;

use super::{Case, FIRST, Fault, Help, Judge, Rule};
use crate::catalogue::Field;
use crate::finding::Severity;
use crate::values::PartialDate;

const PAST: &[Field] = &[
    Field::BuiltDate,
    Field::AppraisalDate,
    Field::StartDate,
    Field::CompletionDate,
    Field::AcceptanceDate,
];

pub(super) static T001: Rule = Rule {
    code: "T001",
    title: "已发生的日期在今天之后",
    severity: Severity::Error,
    fields: PAST,
    help: Help {
        when: "始建竣工时间、鉴定日期、开工日期、加固完成时间、竣工验收日期中有晚于检查当天的。只填到月或年的，整月、整年都在今天之后才提出。",
        why: "这几项记的是已经发生的事。还没到的日子填在这里，会把没完工的工程算成完工。",
        how: "填错年份的改年份；打算完成的日期填到“计划完工日期”，实际日期先空着。",
        right: "（今天 2026-11-23）加固完成时间 2026-11-20",
        wrong: "（今天 2026-11-23）加固完成时间 2027-06-30",
    },
    judge: Judge::Cells(in_the_future),
    ..FIRST
};

fn in_the_future(case: &Case<'_>) -> Vec<Fault> {
    let fault = |&field: &Field| {
        let date = case.record.date(field)?;
        let label = case.label(field);
        (date.first() > case.today).then(|| {
            Fault::new(
                field,
                format!("{label}{date}在今天（{}）之后，还没有发生。", case.today),
                "填实际发生的日期；尚未发生的先留空，打算完成的日期填入计划完工日期。",
            )
        })
    };
    PAST.iter().filter_map(fault).collect()
}

pub(super) static T002: Rule = Rule {
    code: "T002",
    title: "加固完成时间早于开工日期",
    severity: Severity::Error,
    fields: &[Field::CompletionDate],
    help: Help {
        when: "加固完成时间早于开工日期。只填到月或年的按整月、整年算，其中没有一天说得通才提出。",
        why: "工程不可能在开工之前完成，两个日期必有一个填错。",
        how: "对照开工报告和完工资料，改正填错的一个。",
        right: "开工日期 2023-03-01，加固完成时间 2023-10-20",
        wrong: "开工日期 2023-03-01，加固完成时间 2022-10-20",
    },
    judge: Judge::Record(|case| precedes(case, Field::CompletionDate, Field::StartDate)),
    ..FIRST
};

pub(super) static T003: Rule = Rule {
    code: "T003",
    title: "竣工验收日期早于加固完成时间",
    severity: Severity::Error,
    fields: &[Field::AcceptanceDate],
    help: Help {
        when: "竣工验收日期早于加固完成时间。只填到月或年的按整月、整年算，其中没有一天说得通才提出。",
        why: "先完工、后验收。顺序反了，两个日期必有一个填错，或者两栏填颠倒了。",
        how: "对照验收记录，改正填错的一个；填颠倒的换过来。",
        right: "加固完成时间 2023-10-20，竣工验收日期 2023-11-15",
        wrong: "加固完成时间 2023-11-15，竣工验收日期 2023-10-20",
    },
    judge: Judge::Record(|case| precedes(case, Field::AcceptanceDate, Field::CompletionDate)),
    ..FIRST
};

/// A fault on `later` where it lies wholly before `earlier`.
fn precedes(case: &Case<'_>, later: Field, earlier: Field) -> Option<Fault> {
    let (late, early) = (case.record.date(later)?, case.record.date(earlier)?);
    (late.last() < early.first()).then(|| {
        let (late_label, early_label) = (case.label(later), case.label(earlier));
        Fault::new(
            later,
            format!("{late_label}{late}早于{early_label}{early}。"),
            format!("核对两个日期，{late_label}应不早于{early_label}。"),
        )
    })
}

pub(super) static T004: Rule = Rule {
    code: "T004",
    title: "鉴定日期晚于开工日期",
    severity: Severity::Confirm,
    fields: &[Field::AppraisalDate],
    help: Help {
        when: "鉴定日期晚于开工日期。只填到月或年的按整月、整年算，其中没有一天说得通才提出。",
        why: "加固以鉴定结论为依据，通常先鉴定、后开工。开工后补做鉴定的，要说明情况。",
        how: "日期填错的改正；确是开工后鉴定或者重新鉴定的，写明原因。",
        right: "鉴定日期 2022-11-08，开工日期 2023-03-01",
        wrong: "鉴定日期 2023-06-08，开工日期 2023-03-01",
    },
    judge: Judge::Record(|case| follows_start(case, Field::AppraisalDate)),
    ..FIRST
};

pub(super) static T005: Rule = Rule {
    code: "T005",
    title: "加固工程的始建竣工时间晚于开工日期",
    severity: Severity::Error,
    fields: &[Field::BuiltDate],
    help: Help {
        when: "工程性质为加固，始建竣工时间晚于（加固）开工日期。只填到月或年的按整月、整年算，其中没有一天说得通才提出。",
        why: "房屋设施要先建成，才谈得上加固。常见的错法是把加固的竣工时间填进了始建竣工时间。",
        how: "始建竣工时间填原房屋设施建成的年月，加固完工的日期填到加固完成时间。",
        right: "工程性质 加固，始建竣工时间 1998-09，开工日期 2023-03-01",
        wrong: "工程性质 加固，始建竣工时间 2023-10，开工日期 2023-03-01",
    },
    judge: Judge::Record(|case| {
        if case.is_retrofit() {
            follows_start(case, Field::BuiltDate)
        } else {
            None
        }
    }),
    ..FIRST
};

/// A fault on a date that lies wholly after the start of the works.
fn follows_start(case: &Case<'_>, field: Field) -> Option<Fault> {
    let (date, start) = (case.record.date(field)?, case.record.date(Field::StartDate)?);
    (date.first() > start.last()).then(|| {
        let (label, start_label) = (case.label(field), case.label(Field::StartDate));
        Fault::new(
            field,
            format!("{label}{date}晚于{start_label}{start}。"),
            format!("核对两个日期，{label}应不晚于{start_label}。"),
        )
    })
}

/// The first day of the national platform.
const PLATFORM_START: NaiveDate = day(2018, 10, 1);
/// Nothing older is expected to stand.
const OLDEST: NaiveDate = day(1900, 1, 1);

const fn day(year: i32, month: u32, day: u32) -> NaiveDate {
    match NaiveDate::from_ymd_opt(year, month, day) {
        Some(day) => day,
        None => NaiveDate::MIN,
    }
}

pub(super) static T013: Rule = Rule {
    code: "T013",
    title: "加固完成时间早于平台采集起始日",
    severity: Severity::Hint,
    fields: &[Field::CompletionDate],
    help: Help {
        when: "加固完成时间早于2018年10月1日。只填到月或年的按整月、整年算。",
        why: "全国平台从2018年10月1日起采集，此前完成的工程一般不在采集范围内。",
        how: "年份填错的改正；确在此前完成的，向秘书处问清是否需要填报。",
        right: "加固完成时间 2018-10-01",
        wrong: "加固完成时间 2018-09-30",
    },
    judge: Judge::Record(|case| {
        let field = Field::CompletionDate;
        before(case, field, PLATFORM_START).map(|_| {
            // Without the date, as T012.
            Fault::new(
                field,
                format!("{}早于平台采集起始日2018年10月1日。", case.label(field)),
                "年份填错的改正；确在此前完成的，向秘书处问清是否需要填报。",
            )
        })
    }),
    ..FIRST
};

pub(super) static T014: Rule = Rule {
    code: "T014",
    title: "始建竣工时间早于1900年",
    severity: Severity::Confirm,
    fields: &[Field::BuiltDate],
    help: Help {
        when: "始建竣工时间在1900年以前。",
        why: "极少有这样老的房屋设施列入加固，多半是年份少写、多写了数字。",
        how: "核对年份；确是老建筑的，写明依据。",
        right: "始建竣工时间 1987",
        wrong: "始建竣工时间 1887",
    },
    judge: Judge::Record(|case| {
        let field = Field::BuiltDate;
        before(case, field, OLDEST).map(|date| {
            Fault::new(
                field,
                format!("{}{date}早于1900年。", case.label(field)),
                "核对年份；确是1900年以前建成的，写明依据。",
            )
        })
    }),
    ..FIRST
};

/// A date that lies wholly before a day.
fn before(case: &Case<'_>, field: Field, limit: NaiveDate) -> Option<PartialDate> {
    case.record.date(field).filter(|date| date.last() < limit)
}
