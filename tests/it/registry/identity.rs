//! Which project a row meets.

use retrofit_import::catalogue::Field;
use retrofit_import::finding::Severity;
use retrofit_registry::registry::intake::Fate;

use crate::support::World;
use crate::support::rosters::{JTJ, Line, code, fates, roster, school};
use crate::support::{reporter, secretariat};
use retrofit_registry::registry::{intake, projects};

const CODE: Field = Field::RegistryCode;
const NO: Field = Field::ProjectNo;

/// Two projects: 1 with a number, 2 without.
fn registry(world: &World) {
    world.import([school(1), school(2).without(NO)]);
}

#[test]
fn a_row_meets_its_project_by_code_then_number_then_place() {
    let moved = |line: Line| {
        line.with(Field::Address, "另一条路9号")
            .with(Field::Name, "改名后的教学楼")
    };
    let cases: Vec<(&str, Vec<Line>, &[&str])> = vec![
        (
            "by code, all else changed",
            vec![moved(school(7)).with(CODE, "LC-2026-000002")],
            &["changed 2"],
        ),
        (
            "the code alone is no change",
            vec![school(1).with(CODE, "LC-2026-000001")],
            &["unchanged 1"],
        ),
        ("by number, place changed", vec![moved(school(1))], &["changed 1"]),
        (
            "the number in another width and case",
            vec![school(1).with(NO, "ｊｔｊ-0001")],
            &["changed 1"],
        ),
        (
            "by place, with spaces and widths",
            vec![school(2).without(NO).with(Field::Address, "兴华路 ２ 号")],
            &["changed 2"],
        ),
        ("by place, the number is new", vec![school(2)], &["changed 2"]),
        (
            "by place, the number has changed",
            vec![school(1).with(NO, "JTJ-0099")],
            &["changed 1"],
        ),
        ("no likeness", vec![school(9)], &["new"]),
        (
            "an unknown code",
            vec![school(1).with(CODE, "LC-2026-000777")],
            &["foreign-code"],
        ),
        (
            "a code of the wrong year",
            vec![school(1).with(CODE, "LC-2025-000001")],
            &["foreign-code"],
        ),
        ("no code at all", vec![school(1).with(CODE, "待定")], &["foreign-code"]),
        (
            "code and number of two projects",
            vec![school(1).with(CODE, "LC-2026-000002")],
            &["number-taken"],
        ),
    ];
    for world in World::both() {
        registry(&world);
        for (case, lines, expected) in &cases {
            assert_eq!(fates(&world.preview(lines.clone())), *expected, "{case}");
        }
    }
}

#[test]
fn two_rows_of_one_file_never_share_a_project() {
    let twin = |row| school(row).with(Field::Name, "宿舍楼").with(Field::Address, "校内");
    let cases: Vec<(&str, Vec<Line>, &[&str])> = vec![
        (
            "the same number, new",
            vec![school(5), school(6).with(NO, "JTJ-0005")],
            &["new", "met-twice"],
        ),
        (
            "the same number, met",
            vec![school(1), school(6).with(NO, "jtj-0001")],
            &["unchanged 1", "met-twice"],
        ),
        (
            "a stronger likeness below",
            vec![school(1).without(NO), school(1)],
            &["met-twice", "unchanged 1"],
        ),
        (
            "the code is the strongest",
            vec![school(1), school(8).with(CODE, "LC-2026-000001")],
            &["met-twice", "changed 1"],
        ),
        (
            "the same place without numbers, new",
            vec![twin(5).without(NO), twin(6).without(NO)],
            &["new", "met-twice"],
        ),
        (
            "the same place, one with a number",
            vec![twin(5), twin(6).without(NO)],
            &["new", "met-twice"],
        ),
        ("the same place, two numbers", vec![twin(5), twin(6)], &["new", "new"]),
        (
            "a held row keeps its place in the queue",
            vec![school(1).found(Severity::Error), school(6).with(NO, "JTJ-0001")],
            &["errors", "met-twice"],
        ),
    ];
    for world in World::both() {
        registry(&world);
        for (case, lines, expected) in &cases {
            assert_eq!(fates(&world.preview(lines.clone())), *expected, "{case}");
        }
        let preview = world.preview([school(5), school(6).with(NO, "JTJ-0005")]);
        let rows = preview.rows().unwrap();
        let Fate::Held { why, .. } = &rows[1].1 else {
            panic!("{:?}", rows[1].1)
        };
        assert!(why.message().contains("第 5 行"), "{}", why.message());
    }
}

#[test]
fn several_that_fit_are_left_to_the_officer() {
    let twin = |row| school(row).with(Field::Name, "宿舍楼").with(Field::Address, "校内");
    for world in World::both() {
        world.import([twin(1), twin(2)]);
        let preview = world.preview([twin(3).without(NO)]);
        assert_eq!(fates(&preview), ["ambiguous"]);
        let rows = preview.rows().unwrap();
        let Fate::Held { why, .. } = &rows[0].1 else {
            panic!("{:?}", rows[0].1)
        };
        assert!(
            why.message().contains("LC-2026-000001、LC-2026-000002"),
            "{}",
            why.message()
        );
        // Even where one of the two is named by its number: the other row might be a copy of that one.
        assert_eq!(
            fates(&world.preview([twin(1), twin(3).without(NO)])),
            ["unchanged 1", "met-twice"]
        );
    }
}

#[test]
fn keys_follow_the_current_revision() {
    for world in World::both() {
        registry(&world);
        world.import([school(1).with(NO, "JTJ-0099")]);
        assert_eq!(fates(&world.preview([school(6).with(NO, "JTJ-0099")])), ["changed 1"]);
        assert_eq!(
            fates(&world.preview([school(6).with(NO, "JTJ-0001")])),
            ["new"],
            "the old number is free"
        );
    }
}

#[test]
fn departments_do_not_meet_each_other() {
    for world in World::both() {
        registry(&world);
        let upload = world.receive_as(&reporter("WJW"), "WJW", "2026-11", "theirs").unwrap();
        let lines = [school(1), school(2).without(NO).with(CODE, "LC-2026-000002")];
        let preview = intake::preview(&world.registry, &upload, roster(lines), None).unwrap();
        assert_eq!(fates(&preview), ["new", "foreign-code"]);
        assert!(projects::record(&world.registry, &reporter("WJW"), code(1)).is_err());
    }
}

#[test]
fn a_withdrawn_project_is_not_brought_back_by_a_roster() {
    for world in World::both() {
        registry(&world);
        projects::propose_withdrawal(&world.registry, &reporter(JTJ), &[code(1)], "重复登记").unwrap();
        assert_eq!(fates(&world.preview([school(1)])), ["unchanged 1"], "proposed only");
        world.approve_all();
        let record = projects::record(&world.registry, &secretariat(), code(1)).unwrap();
        assert_eq!(
            (record.project.state.as_str(), record.project.op.as_str()),
            ("withdrawn", "withdraw")
        );
        assert_eq!(record.deliveries.last().unwrap().op, "withdraw");
        let preview = world.preview([school(1)]);
        assert_eq!(fates(&preview), ["withdrawn"]);
        assert_eq!(preview.not_listed(), [code(2)]);
    }
}
