//! Rosters compared with what the registry holds: D003, D004 and C001 to C006.

use retrofit_import::catalogue::Field;
use retrofit_registry::registry::intake::{self, Outcome, Preview};
use retrofit_registry::registry::{projects, review};

use crate::support::rosters::{JTJ, Line, code, fates, roster, school};
use crate::support::{World, reporter, secretariat};

const USCC: &str = "11371500MB28359259";

/// The rules found in a preview: file first, then each row.
fn found(preview: &Preview) -> Vec<Vec<&'static str>> {
    let of_rows = preview.roster.rows.iter().map(|row| &row.findings);
    let all = std::iter::once(&preview.roster.summary.findings).chain(of_rows);
    all.map(|findings| findings.iter().map(|finding| finding.code).collect())
        .collect()
}

/// What another department's lines would change.
fn preview_of(world: &World, department: &str, lines: Vec<Line>, explain: Option<&str>) -> Preview {
    let upload = world
        .receive_as(&reporter(department), department, "2026-11", department)
        .unwrap();
    intake::preview(&world.registry, &upload, roster(lines), explain).unwrap()
}

fn import_of(world: &World, department: &str, lines: Vec<Line>) {
    let preview = preview_of(world, department, lines, Some("已核实"));
    let outcome = intake::commit(&world.registry, &reporter(department), &preview).unwrap();
    assert!(
        matches!(outcome, Outcome::Committed(counts) if counts.held == 0),
        "{:?}",
        fates(&preview)
    );
}

#[test]
fn what_goes_back_waits_for_an_explanation_and_goes_in_with_it() {
    for world in World::both() {
        let done = |percent: &str, money: &str| {
            school(1)
                .with(Field::ProgressPercent, percent)
                .with(Field::InvestmentDone, money)
        };
        world.import([done("60", "80").with(Field::Stage, "30"), school(2)]);
        world.approve_all();
        let back = || {
            [
                done("50", "70")
                    .with(Field::Stage, "20")
                    .with(Field::StructureType, "02"),
                school(2),
            ]
        };
        let preview = world.preview(back());
        assert_eq!(fates(&preview), ["unexplained", "unchanged 2"]);
        assert_eq!(found(&preview), [vec![], vec!["C001", "C002", "C003", "C004"], vec![]]);
        let finding = &preview.roster.rows[0].findings[1];
        assert_eq!((finding.sheet.as_deref(), finding.row), (Some("台账"), Some(1)));
        assert_eq!(finding.value.as_deref(), Some("50"));
        assert_eq!(finding.message, "形象进度填的是50，登记库里已是60。");

        let explained = world.preview_explained(back(), Some("上月填多了"));
        assert_eq!(fates(&explained), ["changed 1", "unchanged 2"]);
        world.commit(&explained);
        let record = projects::record(&world.registry, &secretariat(), code(1)).unwrap();
        let answers: Vec<_> = record
            .findings
            .iter()
            .map(|(finding, answer)| (finding.code.as_str(), answer.as_ref().unwrap().explanation.as_str()))
            .collect();
        let told = ["C001", "C002", "C003", "C004"].map(|rule| (rule, "上月填多了"));
        assert_eq!((answers, record.project.explained), (told.to_vec(), 4));
        // The same again is unchanged, and asks nothing.
        let again = world.preview(back());
        assert_eq!(
            (fates(&again), found(&again)),
            (vec!["unchanged 1".into(), "unchanged 2".into()], vec![vec![]; 3])
        );
    }
}

#[test]
fn the_approved_values_count_for_design_and_the_current_ones_for_progress() {
    for world in World::both() {
        world.import([school(1)]);
        world.approve_all();
        // Sent and not yet approved.
        world.import([school(1).with(Field::ProgressPercent, "40")]);
        let preview = world.preview([school(1).with(Field::ProgressPercent, "30").with(Field::Intensity, "8")]);
        assert_eq!(found(&preview)[1], ["C002", "C004"]);
        let forth = world.preview([school(1).with(Field::ProgressPercent, "50")]);
        assert_eq!(
            (found(&forth)[1].len(), fates(&forth)),
            (0, vec!["changed 1".to_owned()])
        );
    }
}

#[test]
fn a_code_of_nobody_or_of_another_department_is_said_so() {
    for world in World::both() {
        world.import([school(1)]);
        let with = |text: &str| school(7).with(Field::RegistryCode, text);
        let preview = preview_of(
            &world,
            "WJW",
            vec![with("LC-2026-000001"), with("LC-2026-000777")],
            None,
        );
        assert_eq!(fates(&preview), ["foreign-code", "foreign-code"]);
        let messages: Vec<&str> = preview
            .roster
            .rows
            .iter()
            .map(|row| row.findings[0].message.as_str())
            .collect();
        assert_eq!(
            messages,
            [
                "登记编号LC-2026-000001属于别的部门的工程。",
                "登记编号LC-2026-000777在登记库里没有。"
            ]
        );
        let own = world.preview([school(1).with(Field::RegistryCode, "LC-2026-000001")]);
        assert_eq!(found(&own), [vec![], vec![]] as [Vec<&str>; 2]);
    }
}

#[test]
fn the_same_building_of_another_department_is_asked_about_once() {
    for world in World::both() {
        let at = |line: Line, longitude: &str, latitude: &str| {
            line.with(Field::Longitude, longitude).with(Field::Latitude, latitude)
        };
        // 1 by the owner's code, 2 by its place beside the edge of a cell.
        let theirs = vec![
            school(1).with(Field::OwnerUscc, USCC),
            at(school(2), "115.999900", "36.449900"),
        ];
        import_of(&world, "WJW", theirs);
        let ours = || {
            [
                school(1).with(Field::OwnerUscc, USCC),
                at(school(2), "116.000200", "36.450100"),
                // Another building of the same owner; too far away; no likeness at all.
                school(3).with(Field::OwnerUscc, USCC),
                at(school(2).with(Field::ProjectNo, "JTJ-9"), "116.001500", "36.450100")
                    .with(Field::Address, "兴华路99号"),
                school(4),
            ]
        };
        let preview = world.preview(ours());
        assert_eq!(fates(&preview), ["unexplained", "unexplained", "new", "new", "new"]);
        assert_eq!(
            found(&preview)[1..],
            [vec!["D004"], vec!["D004"], vec![], vec![], vec![]]
        );
        let message = &preview.roster.rows[0].findings[0].message;
        assert!(message.contains("报有名称相近") && !message.contains(USCC), "{message}");
        world.commit(&world.preview_explained(ours(), Some("不是同一栋")));
        // Another change of the project does not ask again; a change of its place does.
        let stage = |line: Line| line.with(Field::ProgressPercent, "10");
        let later = world.preview(ours().map(stage));
        assert!(found(&later).concat().is_empty(), "{:?}", found(&later));
        let moved = world.preview([at(school(2), "116.000100", "36.450100")]);
        assert_eq!(found(&moved)[1], ["D004"]);
        // What was withdrawn is nobody's building.
        for id in 1..=2 {
            projects::propose_withdrawal(&world.registry, &reporter("WJW"), &[code(id)], "重复").unwrap();
        }
        world.decide(
            &review::Selection::Matching(review::Filter::default()),
            review::Ruling::Approve,
        );
        let moved = world.preview([at(school(2), "116.000100", "36.450100")]);
        assert!(found(&moved)[1].is_empty());
    }
}

#[test]
fn a_column_sorted_alone_holds_the_rows_that_it_renames() {
    for world in World::both() {
        world.import((1..=20).map(school));
        let renamed = |upto: u32| {
            (1..=20).map(move |row| match row {
                row if row <= upto => school(row).with(Field::Name, &format!("换名的第{row}教学楼")),
                20 => school(20).with(Field::ProgressPercent, "10"),
                row => school(row),
            })
        };
        let some = world.preview(renamed(10));
        assert!(found(&some).concat().is_empty());
        let most = world.preview(renamed(11));
        assert_eq!(found(&most)[0], ["C005"]);
        let counts = most.counts();
        assert_eq!((counts.held, counts.to_confirm, counts.changed), (11, 11, 1));
        let explained = world.preview_explained(renamed(11), Some("统一改名"));
        assert_eq!(world.commit(&explained).changed, 12);
        let record = projects::record(&world.registry, &secretariat(), code(1)).unwrap();
        let (finding, answer) = &record.findings[0];
        assert_eq!(
            (finding.code.as_str(), answer.as_ref().unwrap().explanation.as_str()),
            ("C005", "统一改名")
        );
    }
}

#[test]
fn what_the_roster_leaves_out_is_a_hint_on_the_file() {
    for world in World::both() {
        world.import((1..=3).map(school));
        let preview = world.preview([school(1)]);
        assert_eq!(found(&preview), [vec!["C006"], vec![]]);
        assert_eq!(preview.counts().held, 0);
        world.commit(&preview);
        let (_, findings) = intake::held(&world.registry, &reporter(JTJ), preview.upload.id).unwrap();
        let codes: Vec<&str> = findings.iter().map(|finding| finding.code.as_str()).collect();
        assert_eq!(codes, ["C006"]);
    }
}

#[test]
fn a_preview_of_before_another_departments_import_is_void() {
    for world in World::both() {
        let preview = world.preview_explained([school(1).with(Field::OwnerUscc, USCC)], Some("已核实"));
        import_of(&world, "WJW", vec![school(1).with(Field::OwnerUscc, USCC)]);
        let outcome = intake::commit(&world.registry, &reporter(JTJ), &preview).unwrap();
        let Outcome::Moved(now) = outcome else {
            panic!("{outcome:?}")
        };
        assert_eq!(found(&now)[1], ["D004"]);
    }
}
