//! The example row of an empty template: a finished project of the department's own kind, in which no rule finds anything.

use super::Values;
use crate::catalogue::{Field, FieldType};
use crate::layout::EXAMPLE;
use crate::values::Canonical;

/// What the examples have in common.
const COMMON: &[(Field, &str)] = &[
    (Field::ProjectNo, "2023-001"),
    (Field::RecordKind, "1"),
    (Field::OwnerUscc, "12371500MB00000018"),
    (Field::County, "371502"),
    (Field::Township, "371502001"),
    (Field::Address, "花园路1号"),
    (Field::Longitude, "115.985"),
    (Field::Latitude, "36.456"),
    (Field::BuiltDate, "1998-06"),
    (Field::Intensity, "7"),
    (Field::AccelerationG, "0.15"),
    (Field::DesignGroup, "2"),
    (Field::SiteClass, "III"),
    (Field::CharacteristicPeriodS, "0.55"),
    (Field::FortificationClass, "B"),
    (Field::OriginalIntensity, "6"),
    (Field::AppraisalUnit, "某某工程质量检测有限公司"),
    (Field::AppraisalReportNo, "JD-2023-015"),
    (Field::AppraisalDate, "2023-03-10"),
    (Field::SevereHazard, "0"),
    (Field::NeedsRetrofit, "1"),
    (Field::Isolation, "0"),
    (Field::Stage, "50"),
    (Field::ProgressPercent, "100"),
    (Field::StartDate, "2023-07-01"),
    (Field::PlannedCompletionDate, "2023-11"),
    (Field::CompletionDate, "2023-11-20"),
    (Field::AcceptanceDate, "2024-01-15"),
    (Field::InvestmentPlanned, "128"),
    (Field::FundCentral, "40"),
    (Field::FundProvincial, "20"),
    (Field::FundMunicipal, "30"),
    (Field::FundCounty, "30"),
    (Field::FundOther, "8"),
    (Field::InvestmentDone, "120.5"),
    (Field::DesignUnit, "某某建筑设计院有限公司"),
    (Field::ConstructionUnit, "某某建设工程有限公司"),
    (Field::SupervisionUnit, "某某工程监理有限公司"),
    (Field::Reporter, "张某某"),
    (Field::Phone, "0635-8200000"),
];

/// What makes a building of several storeys.
const BUILDING: &[(Field, &str)] = &[
    (Field::FloorsAbove, "4"),
    (Field::FloorsBelow, "0"),
    (Field::HeightM, "14.4"),
    (Field::FloorAreaM2, "3200.25"),
    (Field::ScaleValue, "1"),
    (Field::ScaleUnit, "building"),
    (Field::ServiceLifeYears, "40"),
];

/// The example for a category: a school where the category is none that has one of its own.
pub(super) fn values(category: &str) -> Values {
    let (category, name, usage, owner, structure, methods) = match category {
        "01" => ("01", "某某小区3号楼", "101", "某某小区业主委员会", "01", "01、03"),
        "03" => ("03", "某某医院住院楼", "303", "某某医院", "03", "05、08"),
        "04" => ("04", "某某村农房（30户）", "102", "某某村村民委员会", "09", "01、12"),
        "05" => ("05", "某某河大桥", "501", "某某公路事业发展中心", "21", "21、22"),
        "06" => ("06", "110kV某某变电站主控楼", "601", "某某供电公司", "03", "05、41"),
        "07" => ("07", "某某通信机房", "701", "某某通信公司", "03", "05、41"),
        "08" => ("08", "某某水库大坝", "801", "某某水库管理处", "31", "31"),
        "09" => ("09", "某某公司危化品仓库", "901", "某某化工有限公司", "03", "05"),
        "10" => ("10", "某某公园应急避难场所", "951", "某某公园管理处", "99", "11"),
        "99" => ("99", "某某办公楼", "990", "某某单位", "03", "05"),
        _ => ("02", "某某中学教学楼", "201", "某某中学", "01", "01、03"),
    };
    let name = format!("{EXAMPLE}：{name}");
    let own = [
        (Field::Name, name.as_str()),
        (Field::Category, category),
        (Field::Use, usage),
        (Field::OwnerUnit, owner),
        (Field::StructureType, structure),
        (Field::RetrofitMethods, methods),
    ];
    let size: &[(Field, &str)] = match category {
        "05" => &[(Field::ScaleValue, "120.5"), (Field::ScaleUnit, "m")],
        "08" => &[(Field::ScaleValue, "1"), (Field::ScaleUnit, "seat")],
        "10" => &[(Field::ScaleValue, "12000"), (Field::ScaleUnit, "m2")],
        _ => BUILDING,
    };
    let special: &[(Field, &str)] = match category {
        "01" | "99" => &[(Field::FortificationClass, "C")],
        "04" => &[
            (Field::FortificationClass, "C"),
            (Field::FloorsAbove, "1"),
            (Field::HeightM, "3.6"),
            (Field::FloorAreaM2, "3600"),
            (Field::ScaleValue, "30"),
            (Field::ScaleUnit, "household"),
        ],
        "06" => &[(Field::ScaleUnit, "seat")],
        "07" => &[(Field::ScaleUnit, "site")],
        _ => &[],
    };
    let all = COMMON.iter().chain(&own).chain(size).chain(special);
    all.map(|(field, text)| (*field, canonical(*field, text))).collect()
}

fn canonical(field: Field, text: &str) -> Canonical {
    match field.field_type() {
        FieldType::Codes(_) => Canonical::Many(text.split('、').map(str::to_owned).collect()),
        _ => Canonical::One(text.to_owned()),
    }
}
