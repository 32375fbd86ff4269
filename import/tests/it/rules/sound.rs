//! Records that violate nothing, drawn at random.

use chrono::{Days, NaiveDate};
use proptest::prelude::*;
use retrofit_import::catalogue::{Catalogue, Level};
use retrofit_import::rules::standards;
use rust_decimal::Decimal;

/// How many choices a record takes, and some to spare.
const CHOICES: usize = 40;

/// A cell: the label of its field, and what is written in it.
pub(super) type Cell = (&'static str, String);

/// The cells of records that violate nothing.
pub(super) fn records() -> impl Strategy<Value = Vec<Cell>> {
    let catalogue = Catalogue::load(None).unwrap();
    prop::collection::vec(any::<u32>(), CHOICES).prop_map(move |draws| sound(&catalogue, &mut Draws(draws.iter())))
}

/// Works that go together: category, use, structure, unit of scale, class.
const WORKS: [[&str; 5]; 13] = [
    ["城镇住宅", "住宅", "砌体结构", "户", "标准设防类"],
    ["城镇住宅", "住宅", "抗震墙结构", "栋", "标准设防类"],
    ["学校", "教学楼", "钢筋混凝土框架结构", "栋", "重点设防类"],
    ["学校", "学校其他用房", "砌体结构", "平方米", "标准设防类"],
    ["学校", "学生宿舍", "砌体结构", "所", "重点设防类"],
    ["医院", "住院楼", "框架-抗震墙结构", "栋", "重点设防类"],
    ["农村民居", "农房", "砖木结构", "户", "标准设防类"],
    ["交通生命线", "公路桥梁", "梁桥", "座", "重点设防类"],
    ["电力设施", "输电线路", "铁塔或杆塔结构", "基", "标准设防类"],
    ["电信设施", "通信机房", "钢筋混凝土框架结构", "处", "重点设防类"],
    ["水库大坝", "水库大坝", "土石坝", "座", "标准设防类"],
    [
        "危险化学品厂库",
        "危化品仓库",
        "单层钢筋混凝土柱厂房",
        "栋",
        "重点设防类",
    ],
    ["其他", "办公楼", "钢筋混凝土框架结构", "公里", "标准设防类"],
];

/// Choices drawn, taken one after another.
struct Draws<'a>(std::slice::Iter<'a, u32>);

impl Draws<'_> {
    fn below(&mut self, limit: u32) -> u32 {
        self.0.next().unwrap() % limit
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(u32::try_from(from.len()).unwrap()) as usize]
    }

    /// A day as written to the day, the month or the year.
    fn written(&mut self, day: NaiveDate) -> String {
        day.format(self.pick(&["%Y-%m-%d", "%Y-%m", "%Y"])).to_string()
    }
}

/// The cells of a record that violates nothing.
fn sound(catalogue: &Catalogue, draws: &mut Draws<'_>) -> Vec<Cell> {
    let mut cells = Vec::new();
    let mut put = |label, text: &str| cells.push((label, text.to_owned()));
    let [category, usage, structure, unit, class] = draws.pick(&WORKS);
    put("工程编号", "工程-1");
    put("工程名称", "第一工程");
    put("产权单位", "第一单位");
    put("统一社会信用代码", draws.pick(&["11371500MB28359259", ""]));
    put("联系电话", draws.pick(&["13912345678", "0635-8220000", ""]));
    put("工程类别", category);
    put("用途", usage);
    put("结构类型", structure);
    put("规模单位", unit);
    put("工程规模", "3");
    put("抗震设防类别", class);
    put("详细地址", "东关街1号");
    put("工程性质", draws.pick(&["加固", "新建", "改建", "扩建", "拆除重建"]));

    let counties: Vec<_> = catalogue.divisions().counties().collect();
    let county = draws.pick(&counties);
    let townships: Vec<_> = catalogue.divisions().townships(&county.code).collect();
    assert!(townships.iter().all(|township| township.level == Level::Township));
    put("县（市、区）", &county.name);
    put("乡镇（街道）", &draws.pick(&townships).code);
    let bounds = catalogue.bounds(&county.code).unwrap();
    let mut between =
        |from: Decimal, to: Decimal| (from + (to - from) * Decimal::new(draws.below(101).into(), 2)).to_string();
    put("经度", &between(bounds.min_longitude, bounds.max_longitude));
    put("纬度", &between(bounds.min_latitude, bounds.max_latitude));

    let zone = catalogue.zonation(&county.code, None).unwrap();
    let enough = |(_, value): &&(&str, &str)| *value >= zone.acceleration.as_str();
    let conditions: Vec<_> = standards::CONDITIONS.iter().filter(enough).collect();
    let (intensity, acceleration) = draws.pick(&conditions);
    put("抗震设防烈度", intensity);
    put("设计基本地震加速度", acceleration);
    put("原抗震设防烈度", draws.pick(&["", "未设防", "6度", intensity]));
    put("设计地震分组", &zone.design_group);
    let site = draws.pick(&["I0", "I1", "II", "III", "IV"]);
    let period = standards::characteristic_period(&zone.design_group, site).unwrap();
    put("场地类别", site);
    put(
        "特征周期",
        &draws.pick(&[period, period + standards::RARE_PERIOD_RISE]).to_string(),
    );
    put("是否采用隔震减震", "是");

    let floors = 1 + draws.below(3);
    let area = floors * (10 + draws.below(3000));
    let planned = Decimal::from(area * (50 + draws.below(9951))) / Decimal::from(10_000);
    let central = (planned * draws.pick(&[Decimal::ZERO, Decimal::new(5, 1), Decimal::ONE])).round_dp(4);
    put("地上层数", &floors.to_string());
    put("建筑高度", &(floors * 3).to_string());
    put("建筑面积", &area.to_string());
    put("计划总投资", &planned.to_string());
    put("累计完成投资", &planned.to_string());
    put("中央资金", &central.to_string());
    put("自筹及其他", &(planned - central).to_string());

    let built = 1950 + i32::try_from(draws.below(65)).unwrap();
    put("始建竣工时间", &built.to_string());
    let least = standards::least_service_life(built);
    put("后续使用年限", &draws.pick(&[least, 50]).to_string());
    put("鉴定报告编号", "LCJD-2019-001");
    put("是否需要抗震加固", draws.pick(&["是", ""]));
    put("加固方式", draws.pick(&["地基基础加固", "地基基础加固、其他"]));

    let stage = draws.pick(&["计划加固", "鉴定设计", "正在加固", "已加固", "已竣工验收"]);
    put("工程进度", stage);
    let mut day = NaiveDate::from_ymd_opt(2019, 1, 1).unwrap();
    let mut later = |draws: &mut Draws<'_>| {
        day = day + Days::new(draws.below(700).into());
        draws.written(day)
    };
    put("鉴定日期", &later(draws));
    let started = !matches!(stage, "计划加固" | "鉴定设计");
    let completed = matches!(stage, "已加固" | "已竣工验收");
    if started {
        put("开工日期", &later(draws));
    }
    if completed {
        put("加固完成时间", &later(draws));
    } else {
        put(
            "计划完工日期",
            draws.pick(&["2026-11-23", "2026-11", "2026", "2027-05"]),
        );
    }
    if stage == "已竣工验收" {
        put("竣工验收日期", &later(draws));
    }
    let progress: &[&str] = match (started, completed) {
        (_, true) => &["100", ""],
        (true, _) => &["0", "99.5", ""],
        _ => &["0", ""],
    };
    put("形象进度", draws.pick(progress));
    cells
}
