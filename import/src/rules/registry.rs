//! D003 and C001 to C006: the roster against what the registry holds of the department's projects.

use rust_decimal::Decimal;

use super::known::{CodeOwner, Known, KnownRoster};
use super::{Case, FIRST, Fault, Help, Judge, RosterFault, Rule};
use crate::catalogue::{Field, FieldType};
use crate::finding::Severity;
use crate::values::Value;

pub(super) static D003: Rule = Rule {
    code: "D003",
    title: "登记编号不是本部门的工程",
    severity: Severity::Error,
    fields: &[Field::RegistryCode],
    help: Help {
        when: "登记编号属于别的部门的工程，或者登记库里没有。已取消的工程也查。",
        why: "登记编号由系统给出，用来认定是哪个工程。编号不对，会改到别的工程上去。",
        how: "对照系统导出的表改正；新工程的登记编号留空，由系统给号。",
        right: "登记编号照系统导出的填，新工程留空",
        wrong: "登记编号抄了别的部门的，或者自编了一个",
    },
    judge: Judge::Known(|case, known| {
        let field = Field::RegistryCode;
        let Some(code) = case.record.text(field) else {
            return Vec::new();
        };
        let what = match known.code_owner {
            Some(CodeOwner::Other) => "属于别的部门的工程",
            Some(CodeOwner::Nobody) => "在登记库里没有",
            Some(CodeOwner::Own) | None => return Vec::new(),
        };
        vec![Fault::new(
            field,
            format!("登记编号{code}{what}。"),
            "对照系统导出的表改正；新工程的登记编号留空，由系统给号。",
        )]
    }),
    ..FIRST
};

pub(super) static C001: Rule = Rule {
    code: "C001",
    title: "工程进度比已登记的倒退",
    severity: Severity::Confirm,
    fields: &[Field::Stage],
    help: Help {
        when: "工程进度排在登记库里现有的进度之前，如已加固变为正在加固。",
        why: "工程进度一般只往前走，倒退的多半是填错，或者用了旧表。",
        how: "核对是否用了旧表；原来填早了的，说明原因。",
        right: "已登记 正在加固，本次 已加固",
        wrong: "已登记 已加固，本次 正在加固",
    },
    judge: Judge::Known(|case, known| going_back(case, known, Field::Stage)),
    ..FIRST
};

pub(super) static C002: Rule = Rule {
    code: "C002",
    title: "形象进度比已登记的减少",
    severity: Severity::Confirm,
    fields: &[Field::ProgressPercent],
    help: Help {
        when: "形象进度小于登记库里现有的数。",
        why: "形象进度一般只增不减，减少的多半是填错，或者用了旧表。",
        how: "核对是否用了旧表；原来填多了的，说明原因。",
        right: "已登记 40，本次 60",
        wrong: "已登记 60，本次 40",
    },
    judge: Judge::Known(|case, known| going_back(case, known, Field::ProgressPercent)),
    ..FIRST
};

pub(super) static C003: Rule = Rule {
    code: "C003",
    title: "累计完成投资比已登记的减少",
    severity: Severity::Confirm,
    fields: &[Field::InvestmentDone],
    help: Help {
        when: "累计完成投资小于登记库里现有的数。",
        why: "累计数只增不减，减少的多半是填成了当月数，或者用了旧表。",
        how: "填开工以来的累计数，单位万元；原来填多了的，说明原因。",
        right: "已登记 60，本次 80",
        wrong: "已登记 60，本次 20（只填了当月数）",
    },
    judge: Judge::Known(|case, known| going_back(case, known, Field::InvestmentDone)),
    ..FIRST
};

/// A fault on a number (or a stage's code) that is less than in the current revision.
fn going_back(case: &Case<'_>, known: &Known, field: Field) -> Vec<Fault> {
    let number = |text: &str| text.parse::<Decimal>().ok();
    let current = known.current.as_ref().and_then(|values| values.get(&field)?.as_one());
    let present = case.record.value(field).map(Value::canonical);
    let (Some(before), Some(now)) = (
        current.and_then(number),
        present.as_ref().and_then(|value| number(value.as_one()?)),
    ) else {
        return Vec::new();
    };
    if now >= before {
        return Vec::new();
    }
    let (label, before) = (case.label(field), shown_code(case, field, current.unwrap_or_default()));
    vec![Fault::new(
        field,
        format!("{label}填的是{}，登记库里已是{before}。", case.shown(field)),
        "核对是否用了旧表；原来登记有误的，说明原因。",
    )]
}

/// A canonical value as officers read it.
fn shown_code<'a>(case: &'a Case<'_>, field: Field, value: &'a str) -> &'a str {
    match field.field_type() {
        FieldType::Code(list) => case.code_label(list, value),
        _ => value,
    }
}

const DESIGN: &[Field] = &[
    Field::StructureType,
    Field::Intensity,
    Field::AccelerationG,
    Field::FortificationClass,
];

pub(super) static C004: Rule = Rule {
    code: "C004",
    title: "设防参数或结构与审核通过的不同",
    severity: Severity::Confirm,
    fields: DESIGN,
    help: Help {
        when: "结构类型、抗震设防烈度、设计基本地震加速度、抗震设防类别中有与审核通过的登记值不同的。",
        why: "这几项是工程的根本，审核后一般不变；变了的要说得出依据。",
        how: "填错的改回；确有设计变更或原来登记有误的，说明原因。",
        right: "审核通过 7度0.15g，本次 7度0.15g",
        wrong: "审核通过 7度0.15g，本次 7度0.10g",
    },
    judge: Judge::Known(|case, known| {
        let fault = |&field: &Field| {
            let approved = known.approved.as_ref()?.get(&field)?.as_one()?;
            (case.record.code(field)? != approved).then(|| {
                let (label, approved) = (case.label(field), shown_code(case, field, approved));
                Fault::new(
                    field,
                    format!("{label}填的是{}，审核通过的是{approved}。", case.shown(field)),
                    "填错的改回；有设计变更或原来登记有误的，说明原因。",
                )
            })
        };
        DESIGN.iter().filter_map(fault).collect()
    }),
    ..FIRST
};

/// The fewest renamed rows that look like a column sorted alone.
const MANY_RENAMED: usize = 10;

pub(super) static C005: Rule = Rule {
    code: "C005",
    title: "半数以上的工程改了名称",
    severity: Severity::Confirm,
    help: Help {
        when: "与登记库对上的行中，改了工程名称的超过一半，并且不少于10行。",
        why: "这么多工程一齐改名不合常理，多半是表里有一列单独排过序，行与行串了。",
        how: "检查各列是否错行，从没有排序的底稿重新整理；确实统一改名的，说明原因。",
        right: "40行中2行改了名称",
        wrong: "40行中38行改了名称",
    },
    judge: Judge::WholeRoster(|known| {
        let KnownRoster { matched, renamed, .. } = *known;
        (renamed >= MANY_RENAMED && renamed > matched / 2).then(|| RosterFault {
            message: format!("与登记库对上的{matched}行中，有{renamed}行改了工程名称，可能有一列单独排过序。"),
            suggestion: "检查各列是否错行；确实统一改名的，说明原因。".to_owned(),
        })
    }),
    ..FIRST
};

pub(super) static C006: Rule = Rule {
    code: "C006",
    title: "登记库里有本表没有列出的工程",
    severity: Severity::Hint,
    help: Help {
        when: "本部门已登记的工程，类别和县（市、区）都在本表出现过，而本表没有列出。",
        why: "提醒是否漏报。没有列出的工程照旧保留，不会因此删除。",
        how: "漏报的补上；取消的把工程进度填为已取消；不必报的可以不管。",
        right: "本表列出了登记库里的全部工程",
        wrong: "登记库里有120个工程，本表只列出118个",
    },
    judge: Judge::WholeRoster(not_listed),
    ..FIRST
};

fn not_listed(known: &KnownRoster) -> Option<RosterFault> {
    (known.not_listed > 0).then(|| RosterFault {
        message: format!("登记库里有{}个本部门的工程，本表没有列出。", known.not_listed),
        suggestion: "漏报的补上；取消的把工程进度填为已取消。没有列出的工程照旧保留。".to_owned(),
    })
}
