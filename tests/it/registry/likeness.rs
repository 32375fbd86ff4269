//! Rows that resemble projects: offered, decided by the officer, never taken for the same.

use retrofit_import::catalogue::Field;
use retrofit_import::finding::Severity;
use retrofit_registry::registry::intake::{self, Fate};

use crate::support::rosters::{JTJ, Line, code, counts, fates, school};
use crate::support::{World, reporter};

/// A school whose name is nearly that of another, at the same address.
fn nearly(row: u32) -> Line {
    school(row).with(Field::Name, &format!("聊城市第{row}小学教学楼"))
}

fn without_number(line: Line) -> Line {
    line.without(Field::ProjectNo)
}

#[test]
fn what_resembles_a_project_is_held_and_what_does_not_is_new() {
    let cases: Vec<(&str, Line, &str)> = vec![
        (
            "nearly the same name at the same address",
            without_number(nearly(1)),
            "ambiguous",
        ),
        (
            "so too with a number that is new",
            nearly(1).with(Field::ProjectNo, "JTJ-0099"),
            "ambiguous",
        ),
        (
            "the same name at another address, without a number",
            without_number(school(1)).with(Field::Address, "振兴路9号"),
            "ambiguous",
        ),
        (
            "the same, but two numbers of the department's own",
            school(1)
                .with(Field::ProjectNo, "JTJ-0099")
                .with(Field::Address, "振兴路9号"),
            "new",
        ),
        (
            "another figure in the name",
            without_number(school(1)).with(Field::Name, "第7小学教学楼"),
            "new",
        ),
        (
            "another building at the same address",
            without_number(school(1)).with(Field::Name, "第1小学食堂"),
            "new",
        ),
        (
            "another township",
            without_number(nearly(1)).with(Field::Township, "371502002"),
            "new",
        ),
        (
            "what is wrong besides comes first",
            without_number(nearly(1)).found(Severity::Error),
            "errors",
        ),
    ];
    for world in World::both() {
        world.import([school(1), school(2)]);
        for (case, line, expected) in &cases {
            assert_eq!(fates(&world.preview([line.clone()])), [*expected], "{case}");
        }
        // Its project is another row's: what is left resembles nobody.
        assert_eq!(
            fates(&world.preview([school(1), nearly(1).with(Field::ProjectNo, "JTJ-0099")])),
            ["unchanged 1", "new"]
        );
        let upload = world.receive_as(&reporter("WJW"), "WJW", "2026-11", "theirs").unwrap();
        let roster = crate::support::rosters::roster([without_number(nearly(1))]);
        let theirs = intake::preview(&world.registry, &upload, roster, None).unwrap();
        assert_eq!(fates(&theirs), ["new"], "of its own department's projects only");
    }
}

#[test]
fn the_officer_says_which_it_is_and_may_say_otherwise_until_the_commit() {
    for world in World::both() {
        world.import([school(1), school(2)]);
        let lines = || {
            [
                without_number(nearly(1)),
                without_number(nearly(2)).with(Field::Name, "聊城市第2小学教学楼"),
            ]
        };
        let shown = world.preview(lines());
        assert_eq!(fates(&shown), ["ambiguous", "ambiguous"]);
        let beside = intake::likenesses(&world.registry, &shown, 10).unwrap();
        assert_eq!(beside.len(), 2);
        assert_eq!((beside[0].row, beside[0].sides[0].code), (1, code(1)));
        let name = beside[0].sides[0].values[&Field::Name].as_one();
        assert_eq!(name, Some("第1小学教学楼"));

        let operator = reporter(JTJ);
        let say = |row, same| {
            let choice = ("台账".to_owned(), row, same);
            intake::choose(&world.registry, &operator, &shown.upload, &[choice]).unwrap();
        };
        say(1, Some(code(1)));
        say(2, None);
        let decided = world.preview(lines());
        assert_eq!(fates(&decided), ["changed 1", "new"]);
        let chosen = intake::chosen(&world.registry, &shown.upload).unwrap();
        assert_eq!(chosen.len(), 2);
        let again = [("台账".to_owned(), 2)];
        intake::unchoose(&world.registry, &operator, &shown.upload, &again).unwrap();
        assert_eq!(fates(&world.preview(lines())), ["changed 1", "ambiguous"]);
        say(2, None);

        let went_in = world.commit(&world.preview(lines()));
        assert_eq!(
            went_in,
            counts(|counts| (counts.rows, counts.new, counts.changed, counts.not_listed) = (2, 1, 1, 1))
        );
        // What was said once is met again without asking.
        let next = world.receive_as(&operator, JTJ, "2026-12", "next month").unwrap();
        let roster = crate::support::rosters::roster(lines());
        let next = intake::preview(&world.registry, &next, roster, None).unwrap();
        assert_eq!(fates(&next), ["unchanged 1", "unchanged 3"]);
    }
}

#[test]
fn another_departments_project_cannot_be_chosen_nor_by_another_department() {
    for world in World::both() {
        world.import([school(1)]);
        let shown = world.preview([without_number(nearly(1))]);
        let choice = |id| [("台账".to_owned(), 1, Some(code(id)))];
        let by_others = intake::choose(&world.registry, &reporter("WJW"), &shown.upload, &choice(1));
        assert!(by_others.is_err());
        let theirs = world.receive_as(&reporter("WJW"), "WJW", "2026-11", "theirs").unwrap();
        let refused = intake::choose(&world.registry, &reporter("WJW"), &theirs, &choice(1)).unwrap_err();
        assert!(refused.to_string().contains("没有登记编号为"), "{refused}");
        let unknown = intake::choose(&world.registry, &reporter(JTJ), &shown.upload, &choice(77));
        assert!(unknown.is_err());
    }
}

#[test]
fn two_rows_said_to_be_the_same_project_do_not_both_go_in() {
    for world in World::both() {
        world.import([school(1)]);
        let lines = || {
            [
                without_number(nearly(1)),
                without_number(nearly(1)).with(Field::Name, "聊城第1小学教学楼").at(2),
            ]
        };
        let shown = world.preview(lines());
        assert_eq!(fates(&shown), ["ambiguous", "ambiguous"]);
        let choices = [1, 2].map(|row| ("台账".to_owned(), row, Some(code(1))));
        intake::choose(&world.registry, &reporter(JTJ), &shown.upload, &choices).unwrap();
        let decided = world.preview(lines());
        assert_eq!(fates(&decided), ["changed 1", "met-twice"]);
        let (_, fate) = decided.row(1).unwrap().unwrap();
        assert!(matches!(fate, Fate::Held { .. }));
    }
}
