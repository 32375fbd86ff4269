//! Units that may stand behind a number, in a header or in a line above the table.

use rust_decimal::Decimal;

use crate::catalogue::Field;

/// What a unit does to a number of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    /// The number times this is the canonical value.
    Factor(Decimal),
    /// The unit is known and cannot be taken; why, for the officer.
    Refused(&'static str),
}

/// The quantity that a field measures, which decides the units it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Quantity {
    /// Money, canonical in 10,000 CNY.
    Money,
    /// A floor area, canonical in m².
    Area,
    /// A height, canonical in m.
    Length,
    /// Storeys.
    Storeys,
    /// Years.
    Years,
    /// Seconds.
    Seconds,
    /// Percent.
    Percent,
    /// A scale, whose unit stands in a field of its own.
    Scale,
    /// Degrees of longitude or latitude.
    Degrees,
}

/// The quantity of a number field.
pub(crate) fn quantity(field: Field) -> Option<Quantity> {
    Some(match field {
        Field::InvestmentPlanned
        | Field::InvestmentDone
        | Field::FundCentral
        | Field::FundProvincial
        | Field::FundMunicipal
        | Field::FundCounty
        | Field::FundOther => Quantity::Money,
        Field::FloorAreaM2 => Quantity::Area,
        Field::HeightM => Quantity::Length,
        Field::FloorsAbove | Field::FloorsBelow => Quantity::Storeys,
        Field::ServiceLifeYears => Quantity::Years,
        Field::CharacteristicPeriodS => Quantity::Seconds,
        Field::ProgressPercent => Quantity::Percent,
        Field::ScaleValue => Quantity::Scale,
        Field::Longitude | Field::Latitude => Quantity::Degrees,
        _ => return None,
    })
}

/// What a folded unit does to a number of this quantity; none where it is no unit of it.
pub(crate) fn unit(quantity: Quantity, folded: &str) -> Option<Unit> {
    let unit = folded.trim_end_matches('整');
    let table: &[(&[&str], Unit)] = match quantity {
        Quantity::Money => &[
            (
                &["万元", "万", "萬元", "万圆", "万元人民币", "人民币万元", "w", "w元"],
                factor(1, 0),
            ),
            (
                &[
                    "元",
                    "圆",
                    "块",
                    "块钱",
                    "人民币",
                    "元人民币",
                    "人民币元",
                    "rmb",
                    "¥",
                    "¥元",
                ],
                factor(1, 4),
            ),
            (&["千元"], factor(1, 1)),
            (&["百万元"], factor(100, 0)),
            (&["千万元"], factor(1000, 0)),
            (&["亿元", "亿", "亿元人民币", "人民币亿元"], factor(10_000, 0)),
        ],
        Quantity::Area => &[
            (&["m2", "平方米", "平米", "平方", "平", "平方公尺"], factor(1, 0)),
            (
                &["万m2", "万平方米", "万平米", "万平方", "万平", "万方", "万"],
                factor(10_000, 0),
            ),
            (&["千m2", "千平方米", "千平米"], factor(1000, 0)),
            (&["亩"], Unit::Refused("亩是土地面积单位，建筑面积请按平方米填写")),
            (
                &["公顷", "ha", "km2", "平方公里"],
                Unit::Refused("这是土地面积单位，建筑面积请按平方米填写"),
            ),
        ],
        Quantity::Length => &[
            (&["m", "米"], factor(1, 0)),
            (&["cm", "厘米"], factor(1, 2)),
            (&["mm", "毫米"], factor(1, 3)),
        ],
        Quantity::Storeys => &[(&["层", "f", "层楼", "楼"], factor(1, 0))],
        Quantity::Years => &[(&["年", "a"], factor(1, 0))],
        Quantity::Seconds => &[(&["s", "秒"], factor(1, 0))],
        Quantity::Percent => &[(&["%"], factor(1, 0))],
        Quantity::Scale => &[(&["万"], factor(10_000, 0))],
        Quantity::Degrees => &[(&["°", "度", "°e", "°n", "e", "n"], factor(1, 0))],
    };
    table
        .iter()
        .find(|(names, _)| names.contains(&unit))
        .map(|(_, unit)| *unit)
}

/// The unit that a header's brackets or a line above the table name: `万元`, `单位：万元`, `㎡，保留两位`, `以万元计`, `以元为单位`.
pub(crate) fn named_unit<'a>(text: &'a str, is_unit: impl Fn(&str) -> bool) -> Option<&'a str> {
    let parts = text.split([',', '、', ';', ':', '(', ')', '/', '。']);
    let bare = |part: &'a str| {
        let part = part.strip_prefix("单位").unwrap_or(part);
        let part = part.trim_start_matches(['以', '按', '为']);
        part.trim_end_matches("为单位").trim_end_matches(['计', '填'])
    };
    std::iter::once(text)
        .chain(parts.map(bare))
        .find(|part| !part.is_empty() && is_unit(part))
}

/// `number` divided by ten to the power of `scale`.
const fn factor(number: u32, scale: u32) -> Unit {
    Unit::Factor(Decimal::from_parts(number, 0, 0, false, scale))
}
