//! M004 to M006: areas and scales that do not fit.

use rust_decimal::Decimal;

use super::scope::HOUSES;
use super::{FIRST, Fault, Help, Judge, Rule};
use crate::catalogue::{CodeList, Field};
use crate::finding::Severity;

pub(super) static M004: Rule = Rule {
    code: "M004",
    title: "每层建筑面积不合常情",
    severity: Severity::Confirm,
    fields: &[Field::FloorAreaM2],
    help: Help {
        when: "工程类别为城镇住宅、学校、医院或农村民居，建筑面积除以地上层数小于10平方米或大于50000平方米。",
        why: "一层不到10平方米或者超过5万平方米的房屋极少，多半是面积单位填错（如万平方米），或者层数填错。",
        how: "建筑面积以平方米填，层数填地上层数；数都对的，说明原因。",
        right: "建筑面积 2400 平方米，地上层数 4",
        wrong: "建筑面积 0.24，地上层数 4",
    },
    judge: Judge::Record(|case| {
        let area = case.record.decimal(Field::FloorAreaM2)?;
        let floors = case.record.decimal(Field::FloorsAbove)?;
        let storey = area.checked_div(floors)?;
        let usual = Decimal::TEN..=Decimal::new(50_000, 0);
        (case.code_in(Field::Category, HOUSES) && !usual.contains(&storey)).then(|| {
            Fault::new(
                Field::FloorAreaM2,
                format!(
                    "建筑面积{}平方米、地上{floors}层，每层约{}平方米，不在10至50000之间。",
                    area.normalize(),
                    storey.round_dp(2).normalize()
                ),
                "核对面积的单位（平方米）和地上层数；数都对的，说明原因。",
            )
        })
    }),
    ..FIRST
};

/// The units of scale that suit a category, as codes; of a category that is not listed any.
const UNITS: &[(&str, &[&str])] = &[
    ("01", &["household", "building", "m2"]),
    ("02", &["building", "school", "m2"]),
    ("03", &["building", "school", "m2"]),
    ("04", &["household", "building", "m2"]),
    ("05", &["seat", "m", "km", "site"]),
    ("06", &["seat", "base", "km", "site"]),
    ("07", &["site", "base", "seat", "building", "m2"]),
    ("08", &["seat", "m", "km", "site"]),
    ("09", &["site", "seat", "tank", "building", "m2"]),
    ("10", &["site", "seat", "m2"]),
];

pub(super) static M005: Rule = Rule {
    code: "M005",
    title: "规模单位与工程类别不配",
    severity: Severity::Confirm,
    fields: &[Field::ScaleUnit],
    help: Help {
        when: "规模单位不在工程类别适用的单位之内：城镇住宅、农村民居用户、栋、平方米；学校、医院用栋、所、平方米；\
               交通生命线、水库大坝用座、延米、公里、处；电力设施用座、基、公里、处；电信设施用处、基、座、栋、平方米；\
               危险化学品厂库用处、座、台、栋、平方米；应急避难场所用处、座、平方米；其他不限。",
        why: "各类工程的规模分单位汇总，单位不配，数量就加到了别处。",
        how: "换成适用的单位并改规模的数；确需用别的单位，说明原因。",
        right: "工程类别 学校，工程规模 2，规模单位 栋",
        wrong: "工程类别 学校，工程规模 2，规模单位 座",
    },
    judge: Judge::Record(|case| {
        let category = case.record.code(Field::Category)?;
        let unit = case.record.code(Field::ScaleUnit)?;
        let (_, units) = UNITS.iter().find(|(of, _)| *of == category)?;
        (!units.contains(&unit)).then(|| {
            let fitting: Vec<_> = units
                .iter()
                .map(|unit| case.code_label(CodeList::ScaleUnit, unit))
                .collect();
            Fault::new(
                Field::ScaleUnit,
                format!(
                    "规模单位“{}”不适合工程类别{}。",
                    case.shown(Field::ScaleUnit),
                    case.shown(Field::Category)
                ),
                format!(
                    "改用{}，并相应改工程规模；确需用这个单位的，说明原因。",
                    fitting.join("、")
                ),
            )
        })
    }),
    ..FIRST
};

pub(super) static M006: Rule = Rule {
    code: "M006",
    title: "工程规模与规模单位缺一",
    severity: Severity::Error,
    fields: &[Field::ScaleValue, Field::ScaleUnit],
    help: Help {
        when: "填了工程规模而规模单位空着，或者填了规模单位而工程规模空着。标在空着的一格上。",
        why: "没有单位的数不知是多少，没有数的单位没有意义。",
        how: "补上空着的一格，或者两格都空着。",
        right: "工程规模 120，规模单位 户",
        wrong: "工程规模 120，规模单位空着",
    },
    judge: Judge::Record(|case| {
        let (given, blank) = case.half_given(Field::ScaleValue, Field::ScaleUnit)?;
        let (given, label) = (case.label(given), case.label(blank));
        Some(Fault::new(
            blank,
            format!("填了{given}，{label}却空着。"),
            format!("补填{label}；不需要的，把{given}也留空。"),
        ))
    }),
    ..FIRST
};
