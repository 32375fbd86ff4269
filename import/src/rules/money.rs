//! M001 to M003: sums of money that cannot be, or hardly.

use rust_decimal::Decimal;

use super::scope::HOUSES;
use super::{Case, FIRST, Fault, Help, Judge, Rule};
use crate::catalogue::Field;
use crate::finding::Severity;

pub(super) static M001: Rule = Rule {
    code: "M001",
    title: "累计完成投资超过计划总投资的1.2倍",
    severity: Severity::Confirm,
    fields: &[Field::InvestmentDone],
    help: Help {
        when: "累计完成投资大于计划总投资的1.2倍。",
        why: "超支这么多的不多见，多半是其中一个把元当成了万元，或者计划调整了没有更新。",
        how: "核对两个数的单位（万元）；计划调整过的更新计划总投资；确实超支的说明原因。",
        right: "计划总投资 100，累计完成投资 118",
        wrong: "计划总投资 100，累计完成投资 180",
    },
    judge: Judge::Record(|case| {
        let planned = case.record.decimal(Field::InvestmentPlanned)?;
        let done = case.record.decimal(Field::InvestmentDone)?;
        (done > planned.checked_mul(Decimal::new(12, 1))?).then(|| {
            Fault::new(
                Field::InvestmentDone,
                format!(
                    "累计完成投资{}万元，超过计划总投资{}万元的1.2倍。",
                    done.normalize(),
                    planned.normalize()
                ),
                "核对两个数的单位（万元）；确实超支的，说明原因。",
            )
        })
    }),
    ..FIRST
};

/// The parts of the planned total.
const FUNDS: [Field; 5] = [
    Field::FundCentral,
    Field::FundProvincial,
    Field::FundMunicipal,
    Field::FundCounty,
    Field::FundOther,
];

pub(super) static M002: Rule = Rule {
    code: "M002",
    title: "各项资金之和与计划总投资不符",
    severity: Severity::Error,
    fields: &[Field::InvestmentPlanned],
    help: Help {
        when: "中央、省级、市级、县级资金和自筹及其他五项中至少填了一项，其和与计划总投资之差大于0.01万元加总投资的0.5%。\
               空着的按0算；有一项读不出来的不判断。",
        why: "资金来源分项要与总额对得上，否则不知道缺了哪一笔，也无法汇总各级资金。",
        how: "补上漏填的资金来源，或改正总额；注意单位是万元。",
        right: "计划总投资 100，中央 30，省级 20，自筹及其他 50",
        wrong: "计划总投资 100，中央 30，省级 20",
    },
    judge: Judge::Record(parts_differ),
    ..FIRST
};

fn parts_differ(case: &Case<'_>) -> Option<Fault> {
    let total = case.record.decimal(Field::InvestmentPlanned)?;
    if FUNDS.iter().any(|&fund| case.is_unread(fund)) || FUNDS.iter().all(|&fund| case.is_blank(fund)) {
        return None;
    }
    let mut sum = Decimal::ZERO;
    for part in FUNDS.iter().filter_map(|&fund| case.record.decimal(fund)) {
        sum = sum.checked_add(part)?;
    }
    let difference = total.checked_sub(sum)?;
    let tolerance = total.checked_mul(Decimal::new(5, 3))?.checked_add(Decimal::new(1, 2))?;
    (difference.abs() > tolerance).then(|| {
        let way = if difference.is_sign_positive() { "少" } else { "多" };
        Fault::new(
            Field::InvestmentPlanned,
            format!(
                "各项资金之和是{}万元，比计划总投资{}万元{way}{}万元。",
                sum.normalize(),
                total.normalize(),
                difference.abs().normalize()
            ),
            "补上漏填的资金来源，或改正计划总投资，使两者相等。",
        )
    })
}

pub(super) static M003: Rule = Rule {
    code: "M003",
    title: "每平方米造价不合常情",
    severity: Severity::Confirm,
    fields: &[Field::InvestmentPlanned],
    help: Help {
        when: "工程类别为城镇住宅、学校、医院或农村民居，计划总投资除以建筑面积不在每平方米50元至10000元之间。",
        why: "加固造价一般不出这个范围，出了多半是元和万元填混了，或者面积单位不对。",
        how: "计划总投资以万元填，建筑面积以平方米填；数都对的，说明原因。",
        right: "建筑面积 2000 平方米，计划总投资 160 万元（每平方米800元）",
        wrong: "建筑面积 2000 平方米，计划总投资 1600000（把元当成了万元）",
    },
    judge: Judge::Record(|case| {
        let planned = case.record.decimal(Field::InvestmentPlanned)?;
        let area = case.record.decimal(Field::FloorAreaM2)?;
        let cost = planned.checked_mul(Decimal::new(10_000, 0))?.checked_div(area)?;
        let usual = Decimal::new(50, 0)..=Decimal::new(10_000, 0);
        (case.code_in(Field::Category, HOUSES) && !usual.contains(&cost)).then(|| {
            Fault::new(
                Field::InvestmentPlanned,
                format!(
                    "计划总投资{}万元、建筑面积{}平方米，每平方米约{}元，不在50至10000元之间。",
                    planned.normalize(),
                    area.normalize(),
                    cost.round_dp(2).normalize()
                ),
                "核对单位：投资填万元，面积填平方米；数都对的，说明原因。",
            )
        })
    }),
    ..FIRST
};
