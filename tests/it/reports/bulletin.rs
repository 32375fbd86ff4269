//! The bulletin says what the boards show, and what the registry did.

use std::io::Cursor;

use calamine::{Data, Reader as _, Xlsx};
use retrofit_import::catalogue::Field;
use retrofit_registry::registry::inspections::{self, NewFinding, NewVisit};
use retrofit_registry::registry::meetings::{self, NewMatter};
use retrofit_registry::registry::month::Month;
use retrofit_registry::reports::book::book;
use retrofit_registry::reports::bulletin::{Span, bulletin, money};
use retrofit_registry::reports::document::{Document, Part, Table};
use retrofit_registry::reports::progress::progress;
use retrofit_registry::reports::quality::quality;
use retrofit_registry::reports::timeliness::timeliness;
use retrofit_registry::reports::word::word;

use crate::support::rosters::{code, school};
use crate::support::{World, secretariat};

fn november() -> Month {
    "2026-11".parse().unwrap()
}

fn said(document: &Document) -> String {
    let texts = document.parts.iter().filter_map(|part| match part {
        Part::Heading(text) | Part::Text(text) => Some(text.as_str()),
        Part::Table(_) => None,
    });
    texts.collect::<Vec<_>>().join("\n")
}

/// A month in which one department sent twelve schools in time; the secretariat returned one and approved the rest.
fn month(world: &World) {
    let lines = (1..=12).map(|row| match row {
        1..=3 => school(row).with(Field::Stage, "10"),
        4..=5 => school(row)
            .with(Field::Stage, "50")
            .with(Field::InvestmentDone, "675.18"),
        6 => school(row).with(Field::Stage, "40").with(Field::County, "371581"),
        7 => school(row).with(Field::Stage, "90"),
        _ => school(row),
    });
    world.import(lines);
    world.give_back(12, "请核实");
    assert_eq!(world.approve_all(), 11);
}

/// An inspection with a finding, and an item of a meeting.
fn followed(world: &World) {
    let registry = &world.registry;
    let day = |text: &str| text.parse().unwrap();
    let visit = NewVisit {
        held_on: day("2026-11-20"),
        place: "东昌府区",
        inspectors: "秘书处",
        note: "",
    };
    let inspection = inspections::create(registry, &secretariat(), &visit).unwrap();
    let finding = NewFinding {
        code: code(1),
        department: None,
        problem: "圈梁外露",
        deadline: day("2026-11-30"),
    };
    inspections::add_finding(registry, &secretariat(), inspection, &finding).unwrap();
    let matter = NewMatter {
        meeting_on: day("2026-11-20"),
        meeting: "联席会议",
        matter: "核对台账",
        department: "JTJ",
        deadline: day("2026-11-30"),
    };
    meetings::create(registry, &secretariat(), &matter).unwrap();
}

#[test]
fn the_bulletin_tells_the_boards_figures_and_who_is_late() {
    for world in World::both() {
        let registry = &world.registry;
        month(&world);
        followed(&world);
        let board = progress(registry, november(), None).unwrap().unwrap();
        let document = bulletin(registry, &secretariat(), Span::Month(november()))
            .unwrap()
            .unwrap();
        let text = said(&document);
        let total = board.total;
        assert_eq!(
            (
                total.planned,
                total.started,
                total.finished,
                total.accepted,
                total.cancelled
            ),
            (3, 4, 3, 2, 1)
        );
        assert_eq!(total.done_yuan, 13_503_600);
        for told in [
            format!("共{}个", total.all()),
            format!("已完成{}个（占{}%", total.finished, total.percent()),
            "2026年11月应报清单的部门".into(),
            "已报1个，其中按时报送1个".into(),
            "共10个，其中已完成3个（占30%，其中已竣工验收2个），正在加固4个，未开工3个。".into(),
            "计划投资6751.80万元，完成投资1350.36万元，占计划的20%。".into(),
            "本期审核通过11条，退回1条，同意撤销0条；国家平台退回0条。".into(),
            "退回的按部门：教体局1条".into(),
        ] {
            assert!(text.contains(&told), "{told}\n{text}");
        }
        let categories = document.tables().next().unwrap();
        let schools = board.categories["02"];
        let row = categories.rows.iter().find(|row| row[0] == "学校").unwrap();
        assert_eq!(row[1], schools.finished.to_string());
        assert_eq!(row[5], schools.all().to_string());
        let last = categories.rows.last().unwrap();
        assert_eq!(last[5], total.all().to_string(), "the total is the board's");

        // What follows are the boards of timeliness, quality, inspections and items.
        let months = [november()];
        let tally = timeliness(registry, &secretariat(), &months).unwrap().months[0].1;
        let checks = quality(registry, &secretariat(), november(), &months).unwrap().total;
        let findings = inspections::unsettled(registry, &secretariat()).unwrap();
        let items = meetings::list(registry, &secretariat(), false).unwrap();
        assert_eq!((findings.len(), items.len(), checks.rows), (1, 1, 12));
        for told in [
            format!(
                "应报清单的部门{}个，已报{}个，其中按时报送{}个；第一次提交就全部入库的{}个。",
                tally.expected, tally.received, tally.on_time, tally.passed
            ),
            format!(
                "共检查{}行次，查出强制性问题{}处、核实性问题{}处、提示{}处。",
                checks.rows, checks.errors, checks.confirms, checks.hints
            ),
            "本期开展联合检查1次，发现问题1个。".into(),
            format!("尚未销号的问题{}个，其中已整改待核0个、逾期未整改0个。", findings.len()),
            format!(
                "本期议定事项1项。截至2026年11月23日，尚未办结的{}项，其中逾期0项。",
                items.len()
            ),
        ] {
            assert!(text.contains(&told), "{told}\n{text}");
        }
        let tables: Vec<&Table> = document.tables().collect();
        assert_eq!(tables[2].rows[0][2], "圈梁外露");
        assert_eq!(tables[3].rows[0][2], "核对台账");

        // The same figures stand in both files.
        let words = word(&document).unwrap();
        assert!(words.len() > 4000);
        let workbook = book(&document).unwrap();
        let mut workbook: Xlsx<_> = calamine::open_workbook_from_rs(Cursor::new(workbook)).unwrap();
        let sheet = workbook.worksheet_range("各类工程进展").unwrap();
        let whole = i32::try_from(total.all()).unwrap();
        let end = sheet.rows().next_back().unwrap();
        assert_eq!(end[0], Data::String("合计".into()));
        assert_eq!(end[5], Data::Float(whole.into()));
    }
}

#[test]
fn a_quarters_bulletin_tells_the_boards_figures_of_the_months_that_have_begun() {
    for world in World::both() {
        let registry = &world.registry;
        month(&world);
        let total = progress(registry, november(), None).unwrap().unwrap().total;
        let quarter = bulletin(registry, &secretariat(), Span::quarter_of(november()));
        let quarter = quarter.unwrap().unwrap();
        let text = said(&quarter);
        let months = ["2026-10", "2026-11"].map(|month| month.parse().unwrap());
        let checks = quality(registry, &secretariat(), november(), &months).unwrap();
        let rows: i64 = checks.months.iter().map(|(_, sums)| sums.rows).sum();
        for told in [
            format!("共{}个", total.all()),
            "2026年11月应报清单的部门".into(),
            "本期审核通过11条，退回1条".into(),
            format!("共检查{rows}行次"),
        ] {
            assert!(text.contains(&told), "{told}\n{text}");
        }
        assert!(!text.contains("2026年12月应报"), "{text}");
        let end = quarter.tables().next().unwrap().rows.last().unwrap().clone();
        let columns = [
            (1, total.finished),
            (2, total.accepted),
            (3, total.started),
            (4, total.planned),
            (5, total.all()),
        ];
        for (column, figure) in columns {
            assert_eq!(end[column], figure.to_string(), "{column}");
        }
        assert_eq!(end[8], money(total.done_yuan));
    }
}
