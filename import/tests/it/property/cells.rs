//! Columns and cells as departments write them, with what each is read as.

use proptest::prelude::*;
use proptest::sample::select;
use retrofit_import::catalogue::Field;

/// What a cell says, and what it is read as.
pub(super) type Cell = (String, String);

/// A column: its field, the group that it may stand under, its headers under a group and its headers alone.
pub(super) struct Spec {
    pub(super) field: Field,
    pub(super) group: &'static str,
    pub(super) below: &'static [&'static str],
    pub(super) alone: &'static [&'static str],
}

const fn spec(
    field: Field,
    group: &'static str,
    below: &'static [&'static str],
    alone: &'static [&'static str],
) -> Spec {
    Spec {
        field,
        group,
        below,
        alone,
    }
}

pub(super) const SPECS: &[Spec] = &[
    spec(
        Field::Name,
        "工程",
        &["名称", "工程名称"],
        &[
            "工程名称",
            "项目名称",
            "*工 程 名 称（必填）",
            "1.工程名称",
            "①工程名称",
        ],
    ),
    spec(
        Field::Category,
        "工程",
        &["类别"],
        &["工程类别", "房屋设施类别", "工程\n类别"],
    ),
    spec(Field::RecordKind, "工程", &["性质"], &["工程性质", "建设性质"]),
    spec(Field::Use, "工程", &["用途"], &["用途", "房屋用途"]),
    spec(Field::OwnerUnit, "", &[], &["产权单位", "产权（使用）单位"]),
    spec(
        Field::County,
        "位置",
        &["县区", "县（市、区）"],
        &["县（市、区）", "所属县区", "【县区】"],
    ),
    spec(
        Field::Township,
        "位置",
        &["所属乡镇", "镇街"],
        &["乡镇（街道）", "镇街"],
    ),
    spec(Field::Address, "位置", &["地址"], &["详细地址", "地 址★"]),
    spec(Field::StructureType, "", &[], &["结构类型", "结构形式：", "结　构"]),
    spec(
        Field::FloorAreaM2,
        "",
        &[],
        &["建筑面积（㎡）", "建筑面积\n（平方米）", "面积/㎡", "总建筑面积"],
    ),
    spec(Field::Intensity, "抗震", &["烈度"], &["抗震设防烈度", "设防烈度（度）"]),
    spec(
        Field::AccelerationG,
        "抗震",
        &["加速度"],
        &["设计基本地震加速度", "地震加速度(g)"],
    ),
    spec(Field::FortificationClass, "抗震", &["设防类别"], &["抗震设防类别"]),
    spec(Field::AppraisalUnit, "鉴定", &["单位"], &["鉴定单位"]),
    spec(
        Field::AppraisalDate,
        "鉴定",
        &["日期", "时间"],
        &["鉴定日期", "抗震鉴定日期"],
    ),
    spec(Field::Stage, "", &[], &["工程进度", "实施进度"]),
    spec(
        Field::InvestmentPlanned,
        "资金（元）",
        &["总投资"],
        &["计划总投资（元）", "概算投资/元"],
    ),
    spec(
        Field::FundMunicipal,
        "资金（元）",
        &["市级", "其中：市级补助"],
        &["市级资金(元)"],
    ),
    spec(Field::BuiltDate, "", &[], &["始建竣工时间", "建成年代"]),
];

/// The cells of a field.
pub(super) fn cell(field: Field) -> BoxedStrategy<Cell> {
    let of = |list: &'static [(&'static str, &'static str)]| {
        select(list)
            .prop_map(|(written, read)| (written.to_owned(), read.to_owned()))
            .boxed()
    };
    match field {
        Field::Name => (1..500u32, select(vec!["中学教学楼", "小学1号宿舍楼", "卫生院门诊楼"]))
            .prop_map(|(number, kind)| {
                let name = format!("第{number}{kind}");
                (name.clone(), name)
            })
            .boxed(),
        Field::Category => of(&[
            ("学校", "02"),
            ("02 学校", "02"),
            ("（02）学校", "02"),
            ("2", "02"),
            ("医疗机构", "03"),
        ]),
        Field::RecordKind => of(&[("加固", "1"), ("抗震加固", "1"), ("新建", "2")]),
        Field::Use => of(&[("教学楼", "201"), ("101 住宅", "101"), ("门诊", "301")]),
        Field::OwnerUnit => of(&[
            ("某某中学", "某某中学"),
            (" 某某\u{a0}", "某某"),
            ("鲁西设\n计院", "鲁西设计院"),
        ]),
        Field::County => of(&[
            ("东昌府区", "371502"),
            ("371502", "371502"),
            ("聊城市东昌府区", "371502"),
        ]),
        Field::Township => of(&[
            ("古楼街道", "371502001"),
            ("371502002", "371502002"),
            ("新区街道办事处", "371502003"),
        ]),
        Field::Address => (1..999u32)
            .prop_map(|number| (format!("花园路{number}号"), format!("花园路{number}号")))
            .boxed(),
        Field::StructureType => of(&[("框架", "03"), ("砖混结构", "01"), ("03钢筋混凝土框架结构", "03")]),
        Field::FloorAreaM2 => (1..9_999_999u32, select(vec!["", "㎡", "平方米", " m²"]))
            .prop_map(|(hundredths, unit)| {
                let number = decimal(hundredths.into(), 2);
                (format!("{number}{unit}"), number)
            })
            .boxed(),
        Field::Intensity => of(&[("7度", "7"), ("七度", "7"), ("Ⅶ", "7"), ("7度（0.15g）", "7")]),
        Field::AccelerationG => of(&[("0.15g", "0.15"), ("0.15", "0.15"), ("０．１５Ｇ", "0.15")]),
        Field::FortificationClass => of(&[("乙类", "B"), ("标准设防类", "C"), ("", "")]),
        Field::AppraisalUnit => of(&[("甲检测中心", "甲检测中心"), ("", "")]),
        Field::AppraisalDate | Field::BuiltDate => {
            let month = field == Field::BuiltDate;
            (1950..2026, 1..=12u32, 1..=28u32, 0..7)
                .prop_map(move |(year, month_of, day, form)| date((year, month_of, day), form, month))
                .boxed()
        }
        Field::Stage => of(&[("计划加固", "10"), ("完工", "40"), ("30 正在加固", "30")]),
        _ => (1..9_999_999u32, 0..4)
            .prop_map(|(hundreds, form)| {
                let yuan = u64::from(hundreds) * 100;
                let read = decimal(u64::from(hundreds), 2);
                let written = match form {
                    0 => yuan.to_string(),
                    1 => format!("{read}万元"),
                    2 => format!("{yuan}元"),
                    _ => format!("{read} 万"),
                };
                (written, read)
            })
            .boxed(),
    }
}

/// `number` divided by ten to the power of `places`, without trailing zeros.
fn decimal(number: u64, places: usize) -> String {
    let digits = format!("{number:0width$}", width = places + 1);
    let (whole, fraction) = digits.split_at(digits.len() - places);
    format!("{whole}.{fraction}")
        .trim_end_matches('0')
        .trim_end_matches('.')
        .to_owned()
}

fn date((year, month, day): (i32, u32, u32), form: i32, kept_as_month: bool) -> Cell {
    let whole = format!("{year}-{month:02}-{day:02}");
    let of_month = format!("{year}-{month:02}");
    let (written, read) = match form {
        0 => (whole.clone(), whole),
        1 => (format!("{year}/{month}/{day}"), whole),
        2 => (format!("{year}年{month}月{day}日"), whole),
        3 => (format!("{year}{month:02}{day:02}"), whole),
        4 => (format!("{year}年{month}月"), of_month.clone()),
        5 => (format!("{year}.{month:02}"), of_month.clone()),
        _ => (year.to_string(), year.to_string()),
    };
    (
        written,
        if kept_as_month && read.len() > 7 {
            of_month
        } else {
            read
        },
    )
}
