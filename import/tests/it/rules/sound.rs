//! Records that violate nothing have no findings; spoiled in one respect, each of the rules finds it.

use std::collections::BTreeSet;

use chrono::{Days, NaiveDate};
use proptest::prelude::*;
use retrofit_import::catalogue::{Catalogue, Level};
use retrofit_import::rules::{Judge, RULES, RosterJudge, standards};
use rust_decimal::Decimal;

use super::example::Example;
use super::examples::{TODAY, findings};

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

/// Choices drawn by the property test, taken one after another.
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
fn sound(catalogue: &Catalogue, draws: &mut Draws<'_>) -> Vec<(&'static str, String)> {
    let mut cells = Vec::new();
    let mut put = |label, text: &str| cells.push((label, text.to_owned()));
    let [category, usage, structure, unit, class] = draws.pick(&WORKS);
    put("工程编号", "工程-1");
    put("工程名称", "第一工程");
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
    let central = planned * draws.pick(&[Decimal::ZERO, Decimal::new(5, 1), Decimal::ONE]);
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

/// For each rule, cells that make any sound record violate it.
const SPOILED: &[(&str, &[(&str, &str)])] = &[
    ("P001", &[("县（市、区）", "茌平区"), ("乡镇（街道）", "古楼街道")]),
    ("P002", &[("经度", "36.45"), ("纬度", "115.98")]),
    (
        "P003",
        &[("县（市、区）", "高唐县"), ("经度", "115.3"), ("纬度", "35.8")],
    ),
    ("P004", &[("纬度", "")]),
    ("P005", &[("县（市、区）", "茌平县")]),
    ("S001", &[("抗震设防烈度", "6度")]),
    ("S002", &[("设计基本地震加速度", "0.05"), ("加固完成时间", "")]),
    ("S003", &[("设计地震分组", "第三组")]),
    ("S004", &[("特征周期", "0.10")]),
    ("S005", &[("用途", "教学楼"), ("抗震设防类别", "适度设防类")]),
    ("S006", &[("用途", "办公楼"), ("后续使用年限", "45")]),
    ("S007", &[("用途", "办公楼"), ("后续使用年限", "29")]),
    (
        "S008",
        &[("工程类别", "城镇住宅"), ("结构类型", "砌体结构"), ("地上层数", "8")],
    ),
    (
        "S009",
        &[
            ("工程类别", "学校"),
            ("结构类型", "钢筋混凝土框架结构"),
            ("建筑高度", "60.5"),
        ],
    ),
    (
        "S010",
        &[("工程性质", "加固"), ("工程进度", "正在加固"), ("鉴定报告编号", "")],
    ),
    (
        "S011",
        &[
            ("工程性质", "加固"),
            ("工程进度", "正在加固"),
            ("是否需要抗震加固", "否"),
        ],
    ),
    (
        "S012",
        &[
            ("工程类别", "学校"),
            ("工程性质", "加固"),
            ("工程进度", "已加固"),
            ("后续使用年限", ""),
        ],
    ),
    (
        "S013",
        &[
            ("工程性质", "新建"),
            ("用途", "教学楼"),
            ("抗震设防烈度", "8度"),
            ("是否采用隔震减震", "否"),
        ],
    ),
    ("S014", &[("工程性质", "新建"), ("抗震设防烈度", "6度")]),
    ("S015", &[("结构类型", "钢结构"), ("加固方式", "板墙加固")]),
    (
        "S016",
        &[
            ("工程类别", "学校"),
            ("结构类型", "底部框架-抗震墙砌体结构"),
            ("抗震设防类别", "重点设防类"),
        ],
    ),
    ("S017", &[("抗震设防烈度", "7度"), ("原抗震设防烈度", "8度")]),
    (
        "S018",
        &[("工程性质", "加固"), ("工程进度", "正在加固"), ("加固方式", "")],
    ),
    ("T001", &[("鉴定日期", "2027")]),
    ("T002", &[("开工日期", "2023-05-01"), ("加固完成时间", "2023-04")]),
    ("T003", &[("加固完成时间", "2023-05"), ("竣工验收日期", "2023-04-30")]),
    ("T004", &[("鉴定日期", "2023-05-02"), ("开工日期", "2023-05-01")]),
    (
        "T005",
        &[
            ("工程性质", "加固"),
            ("始建竣工时间", "2023"),
            ("开工日期", "2022-12-31"),
        ],
    ),
    ("T006", &[("工程进度", "已加固"), ("加固完成时间", "")]),
    ("T007", &[("工程进度", "已竣工验收"), ("竣工验收日期", "")]),
    ("T008", &[("工程进度", "正在加固"), ("开工日期", "")]),
    ("T009", &[("工程进度", "鉴定设计"), ("开工日期", "2023-05-01")]),
    ("T010", &[("工程进度", "已加固"), ("形象进度", "99")]),
    ("T011", &[("工程进度", "正在加固"), ("形象进度", "100")]),
    ("T012", &[("工程进度", "正在加固"), ("计划完工日期", "2026-10")]),
    ("T013", &[("加固完成时间", "2018-09")]),
    ("T014", &[("始建竣工时间", "1899")]),
    ("M001", &[("计划总投资", "10"), ("累计完成投资", "12.1")]),
    ("M002", &[("县级资金", "1000000")]),
    (
        "M003",
        &[("工程类别", "学校"), ("建筑面积", "100"), ("计划总投资", "0.4")],
    ),
    ("M004", &[("工程类别", "学校"), ("建筑面积", "9"), ("地上层数", "1")]),
    ("M005", &[("工程类别", "学校"), ("规模单位", "座")]),
    ("M006", &[("规模单位", "")]),
    ("D001", &[("工程名称", "第二工程")]),
    ("D002", &[("工程编号", "工程-2")]),
    ("D003", &[("登记编号", "LC-2026-000001"), ("编号属于", "别的部门")]),
    (
        "D004",
        &[
            ("统一社会信用代码", "11371500MB28359259"),
            ("邻近 部门", "住建局"),
            ("邻近 工程名称", "第一工程"),
            ("邻近 统一社会信用代码", "11371500MB28359259"),
        ],
    ),
    ("C001", &[("已登记 工程进度", "已取消")]),
    ("C002", &[("已登记 形象进度", "60"), ("形象进度", "50")]),
    ("C003", &[("已登记 累计完成投资", "1000000")]),
    ("C004", &[("审核通过 结构类型", "钢结构")]),
    ("C005", &[("对上的行", "10"), ("改名的行", "10")]),
    ("C006", &[("没有列出", "1")]),
];

proptest! {
    #[test]
    fn a_sound_record_has_no_findings_and_each_rule_finds_its_fault(draws in prop::collection::vec(any::<u32>(), 40)) {
        let catalogue = Catalogue::load(None).unwrap();
        let cells = sound(&catalogue, &mut Draws(draws.iter()));
        let cells = || cells.iter().map(|(label, text)| (*label, text.as_str()));
        let mut judge = RosterJudge::new(&catalogue, TODAY.parse().unwrap());
        let mut judged = |row, spoiled: &[(&'static str, &'static str)]| {
            let mut example = Example::new(row);
            example.write(&catalogue, cells().chain(spoiled.iter().copied()));
            findings(&mut judge, &example)
        };
        let found = judged(1, &[]);
        prop_assert!(found.is_empty(), "{found:?}");
        for ((code, spoiled), row) in SPOILED.iter().zip(2..) {
            let found = judged(row, spoiled);
            prop_assert!(found.iter().any(|finding| finding.code == *code), "{code}: {found:?}");
        }
        prop_assert!(judge.incidents().is_empty());
    }
}

#[test]
fn every_rule_is_spoiled_once() {
    let judged = RULES.iter().filter(|rule| !matches!(rule.judge, Judge::WhileReading));
    let judged: BTreeSet<_> = judged.map(|rule| rule.code).collect();
    let spoiled: BTreeSet<_> = SPOILED.iter().map(|(code, _)| *code).collect();
    assert_eq!(spoiled, judged);
}
