//! Spoiled in one respect, a record that violates nothing has the finding of the rule that it then violates: for every rule one such fault.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::test_runner::Config;
use retrofit_import::catalogue::Catalogue;
use retrofit_import::check::{CheckedRow, Summary};
use retrofit_import::finding::Finding;
use retrofit_import::rules::{RULES, RosterJudge};
use retrofit_import::workbook::Limits;
use rust_xlsxwriter::{Workbook, Worksheet};

use super::example::Example;
use super::examples::{TODAY, findings};
use super::sound::{Cell, records};
use crate::layout::check_bytes;
use crate::workbook_hostile::{compound, with_macros};

/// For each rule that judges records, cells that make any sound record violate it.
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

/// For each rule on values, a cell that it refuses or remarks on.
const UNREADABLE: &[(&str, (&str, &str))] = &[
    ("V001", ("产权单位", "")),
    ("V002", ("建筑面积", "约3200")),
    ("V003", ("鉴定日期", "今年上半年")),
    ("V004", ("结构类型", "砖房子")),
    ("V005", ("地上层数", "0")),
    ("V006", ("产权单位", "第一\u{7}单位")),
    ("V007", ("建筑高度", "#REF!")),
    ("V008", ("统一社会信用代码", "11371500MB28359258")),
    ("V009", ("联系电话", "822")),
    ("V010", ("建筑面积", "3200.256")),
];

/// Makes a file of a sound record.
type Spoil = fn(&[Cell]) -> Vec<u8>;

/// For each rule on files, sheets and headers, what makes a sound roster violate it.
const SPOILED_FILES: &[(&str, Spoil)] = &[
    ("F001", |cells| [b"%PDF-1.7\n".to_vec(), csv(&[cells])].concat()),
    ("F002", |cells| {
        compound(&[("EncryptedPackage", &csv(&[cells])), ("EncryptionInfo", b"")])
    }),
    ("F003", |cells| {
        let far = ",".repeat(usize::try_from(Limits::default().columns).unwrap()) + "1\n";
        [csv(&[cells]), far.into_bytes()].concat()
    }),
    ("F004", |cells| {
        csv(&[cells])
            .split_inclusive(|byte| *byte == b'\n')
            .next()
            .unwrap()
            .to_vec()
    }),
    ("F005", |cells| {
        let others = cells.iter().filter(|(label, _)| *label != "工程进度");
        csv(&[&others.cloned().collect::<Vec<_>>()])
    }),
    ("F006", |cells| csv(&[&with(cells, "占地情况", "有证")])),
    ("F007", |cells| {
        workbook(cells, |book| {
            book.add_worksheet().write(0, 0, "封面").unwrap();
        })
    }),
    ("F008", |cells| csv(&[&with(cells, "项目名称", "又名")])),
    ("F009", |cells| {
        workbook(cells, |book| {
            let sheet = book.add_worksheet().set_name("_retrofit").unwrap();
            sheet.set_hidden(true).write(0, 0, "retrofit-template 0").unwrap();
        })
    }),
    ("F010", |cells| {
        workbook(cells, |book| {
            let sheet: &mut Worksheet = book.worksheet_from_index(0).unwrap();
            sheet.set_row_hidden(1).unwrap();
        })
    }),
    ("F011", |cells| with_macros(workbook(cells, |_| {}))),
];

fn with(cells: &[Cell], label: &'static str, text: &str) -> Vec<Cell> {
    cells.iter().cloned().chain([(label, text.to_owned())]).collect()
}

/// Records of the same fields as a csv roster.
fn csv(records: &[&[Cell]]) -> Vec<u8> {
    let mut csv = csv::Writer::from_writer(Vec::new());
    csv.write_record(records[0].iter().map(|(label, _)| label)).unwrap();
    for cells in records {
        csv.write_record(cells.iter().map(|(_, text)| text)).unwrap();
    }
    csv.into_inner().unwrap()
}

/// A record as a workbook.
fn workbook(cells: &[Cell], change: impl FnOnce(&mut Workbook)) -> Vec<u8> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.write_row(0, 0, cells.iter().map(|(label, _)| *label)).unwrap();
    sheet.write_row(1, 0, cells.iter().map(|(_, text)| text)).unwrap();
    change(&mut book);
    book.save_to_buffer().unwrap()
}

fn codes<'a>(findings: impl IntoIterator<Item = &'a Finding>) -> Vec<&'static str> {
    findings.into_iter().map(|finding| finding.code).collect()
}

fn all_codes((summary, rows): &(Summary, Vec<CheckedRow>)) -> Vec<&'static str> {
    codes(summary.findings.iter().chain(rows.iter().flat_map(|row| &row.findings)))
}

proptest! {
    #[test]
    fn a_sound_record_has_no_findings_and_each_rule_finds_its_fault(cells in records()) {
        let catalogue = Catalogue::load(None).unwrap();
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
            prop_assert!(codes(&found).contains(code), "{code}: {found:?}");
        }
        prop_assert!(judge.incidents().is_empty());
    }
}

proptest! {
    // Each file is read by a process of its own.
    #![proptest_config(Config { cases: 8, ..Config::default() })]

    #[test]
    fn a_sound_roster_has_no_findings_and_each_rule_finds_its_fault(cells in records()) {
        let spoiled = UNREADABLE.iter().map(|(_, (spoiled, text))| {
            let change = |(label, sound): &Cell| {
                let text = if label == spoiled { (*text).to_owned() } else { sound.clone() };
                (*label, text)
            };
            cells.iter().map(change).collect::<Vec<Cell>>()
        });
        let spoiled: Vec<Vec<Cell>> = spoiled.collect();
        let records: Vec<&[Cell]> = std::iter::once(&*cells).chain(spoiled.iter().map(Vec::as_slice)).collect();
        let (summary, rows) = check_bytes(&csv(&records));
        prop_assert!(summary.findings.is_empty() && rows[0].findings.is_empty(), "{:?} {:?}", summary.findings, rows[0]);
        prop_assert_eq!(rows.len(), records.len());
        for ((code, _), row) in UNREADABLE.iter().zip(&rows[1..]) {
            prop_assert!(codes(&row.findings).contains(code), "{code}: {:?}", row.findings);
        }
        let found = all_codes(&check_bytes(&workbook(&cells, |_| {})));
        prop_assert!(found.is_empty(), "{found:?}");
        for (code, spoil) in SPOILED_FILES {
            let found = all_codes(&check_bytes(&spoil(&cells)));
            prop_assert!(found.contains(code), "{code}: {found:?}");
        }
    }
}

#[test]
fn every_rule_is_spoiled_once() {
    let spoiled = SPOILED.iter().map(|(code, _)| *code);
    let spoiled = spoiled.chain(UNREADABLE.iter().map(|(code, _)| *code));
    let spoiled: Vec<_> = spoiled.chain(SPOILED_FILES.iter().map(|(code, _)| *code)).collect();
    let once: BTreeSet<_> = spoiled.iter().copied().collect();
    let all: BTreeSet<_> = RULES.iter().map(|rule| rule.code).collect();
    assert_eq!((&once, once.len()), (&all, spoiled.len()));
}
