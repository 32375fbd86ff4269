//! Errors that the secretariat waives for a project.

use chrono::{Days, NaiveDate};
use retrofit_import::catalogue::Field;
use retrofit_import::finding::Severity;
use retrofit_registry::registry::people::Operator;
use retrofit_registry::registry::recheck::recheck;
use retrofit_registry::registry::waivers::{self, Grant, Subject, waive};
use retrofit_registry::registry::{Error, business_day, projects};

use crate::support::rosters::{JTJ, Line, code, fates, school};
use crate::support::{MORNING, World, reporter, secretariat};

fn today() -> NaiveDate {
    business_day(MORNING)
}

fn grant(world: &World, rule: &str, until: NaiveDate) -> Result<String, Error> {
    grant_to(world, &Subject::Project(code(1)), rule, until)
}

fn grant_to(world: &World, subject: &Subject, rule: &str, until: NaiveDate) -> Result<String, Error> {
    let reason = " 文物建筑 ";
    waive(&world.registry, &secretariat(), subject, &Grant { rule, until, reason })
}

/// The row of project 1 with an error of S001; the second has one of another rule besides.
fn wrong(percent: &str) -> Line {
    let line = school(1)
        .with(Field::Intensity, "6")
        .with(Field::ProgressPercent, percent);
    line.found_by("S001", Severity::Error)
}

#[test]
fn a_waived_error_does_not_hold_the_row_until_its_day_has_gone() {
    for world in World::both() {
        world.import([school(1), school(2)]);
        let both = || {
            [
                wrong("10"),
                school(2)
                    .found_by("S001", Severity::Error)
                    .with(Field::ProgressPercent, "10"),
            ]
        };
        assert_eq!(fates(&world.preview(both())), ["errors", "errors"]);
        grant(&world, "S001", today() + Days::new(1)).unwrap();

        let preview = world.preview(both());
        assert_eq!(fates(&preview), ["changed 1", "errors"], "only for that project");
        let other = wrong("10").found_by("S005", Severity::Error);
        assert_eq!(fates(&world.preview([other])), ["errors"], "only that rule");
        let asked = wrong("10").found_by("S002", Severity::Confirm);
        assert_eq!(fates(&world.preview([asked])), ["unexplained"]);

        world.commit(&preview);
        let record = projects::record(&world.registry, &reporter(JTJ), code(1)).unwrap();
        let (finding, answer) = &record.findings[0];
        let answer = answer.as_ref().unwrap();
        assert_eq!((finding.code.as_str(), finding.severity.as_str()), ("S001", "confirm"));
        assert_eq!(answer.explanation, "秘书处豁免至2026-11-24：文物建筑");
        assert_eq!(answer.given_by, "console-secretariat");
        assert_eq!((record.project.explained, record.waivers.len()), (1, 1));

        world.clock.shift(24 * 3_600_000);
        assert_eq!(
            fates(&world.preview([wrong("20")])),
            ["changed 1"],
            "the last day counts"
        );
        world.clock.shift(24 * 3_600_000);
        assert_eq!(fates(&world.preview([wrong("20")])), ["errors"]);
    }
}

#[test]
fn a_recheck_lists_what_is_waived_and_the_audit_log_who_did_it() {
    for world in World::both() {
        world.import([school(1).with(Field::Stage, "20").with(Field::Intensity, "6")]);
        world.approve_all();
        let failing = || {
            let found = recheck(&world.registry, &secretariat(), today()).unwrap();
            (found.failing.len(), found.waived.len())
        };
        assert_eq!(failing(), (1, 0));
        grant(&world, "S001", today() + Days::new(30)).unwrap();
        assert_eq!(failing(), (0, 1));
        // The latest counts, even where it is the shorter one.
        grant(&world, "S001", today()).unwrap();
        let found = recheck(&world.registry, &secretariat(), today()).unwrap();
        assert_eq!(found.waived[0].waiver.until, today().to_string());
        let tomorrow = recheck(&world.registry, &secretariat(), today() + Days::new(1)).unwrap();
        assert_eq!((tomorrow.failing.len(), tomorrow.waived.len()), (1, 0));

        let log = world.log(1);
        let entry = (log[0].action.as_str(), log[0].object.as_str(), log[0].actor.as_str());
        assert_eq!(entry, ("project.waive", "LC-2026-000001", "console-secretariat"));
        assert!(log[0].detail.contains("文物建筑") && log[0].detail.contains("S001"));
    }
}

#[test]
fn what_cannot_be_waived_is_refused() {
    for world in World::both() {
        world.import([school(1)]);
        let later = today() + Days::new(9);
        let refused = |outcome: Result<String, Error>| match outcome {
            Err(Error::Refused(message)) => message,
            other => panic!("{other:?}"),
        };
        let yesterday = today() - Days::new(1);
        for (rule, until, said) in [
            ("S999", later, "没有代码为"),
            ("V004", later, "不能豁免"),
            ("D001", later, "不能豁免"),
            ("S002", later, "不是强制性"),
            ("S001", yesterday, "已过"),
        ] {
            let message = refused(grant(&world, rule, until));
            assert!(message.contains(said), "{message}");
        }
        let by = |operator: Operator, code, reason| {
            let grant = Grant {
                rule: "S001",
                until: later,
                reason,
            };
            refused(waive(&world.registry, &operator, &Subject::Project(code), &grant))
        };
        assert!(by(reporter(JTJ), code(1), "x").contains("不是秘书处"));
        assert!(by(secretariat(), code(9), "x").contains("没有登记编号"));
        assert!(by(secretariat(), code(1), " ").contains("理由"));
        let record = projects::record(&world.registry, &secretariat(), code(1)).unwrap();
        assert!(record.waivers.is_empty());
    }
}

#[test]
fn a_new_projects_first_row_goes_in_with_a_waiver_and_keeps_it() {
    for world in World::both() {
        let number = Subject::Number {
            department: JTJ.into(),
            number: " jtj-0001 ".into(),
        };
        let row = || school(1).found_by("S001", Severity::Error);
        assert_eq!(fates(&world.preview([row()])), ["errors"]);
        let later = today() + Days::new(9);
        let shown = grant_to(&world, &number, "S001", later).unwrap();
        assert!(shown.starts_with("JTJ "), "{shown}");
        let other = school(2).found_by("S001", Severity::Error);
        let preview = world.preview([row(), other]);
        assert_eq!(fates(&preview), ["new", "errors"], "only that project");
        let both = row().found_by("S005", Severity::Error);
        assert_eq!(fates(&world.preview([both])), ["errors"], "only that rule");

        world.commit(&preview);
        let record = projects::record(&world.registry, &reporter(JTJ), code(1)).unwrap();
        assert_eq!(record.waivers.len(), 1);
        assert_eq!(record.waivers[0].granted_by, "console-secretariat");
        let answer = record.findings[0].1.as_ref().unwrap();
        assert_eq!(answer.explanation, format!("秘书处豁免至{later}：文物建筑"));
        // It is the project's own now.
        let next = row().with(Field::ProgressPercent, "10");
        assert_eq!(fates(&world.preview([next])), ["changed 1"]);
        let all = waivers::granted_until(&world.registry, &secretariat(), (i64::MAX, 0), 9).unwrap();
        assert_eq!(all.len(), 2);
        assert!(waivers::granted_until(&world.registry, &reporter(JTJ), (i64::MAX, 0), 9).is_err());

        // A number that a project has already names that project.
        assert_eq!(grant_to(&world, &number, "S005", later).unwrap(), "LC-2026-000001");
    }
}

#[test]
fn a_held_row_is_waived_where_it_stands_and_a_place_by_its_words() {
    for world in World::both() {
        let wrong = |n| school(n).found_by("S001", Severity::Error);
        let preview = world.preview([wrong(1), wrong(2)]);
        world.commit(&preview);
        let row = |row| Subject::Row {
            upload: preview.upload.id,
            sheet: String::new(),
            row,
        };
        let places: Vec<i64> = preview
            .rows()
            .unwrap()
            .iter()
            .map(|(row, _)| i64::from(row.row))
            .collect();
        let later = today() + Days::new(9);
        grant_to(&world, &row(places[1]), "S001", later).unwrap();
        assert_eq!(fates(&world.preview([wrong(1), wrong(2)])), ["errors", "new"]);
        assert!(matches!(
            grant_to(&world, &row(999), "S001", later),
            Err(Error::Refused(_))
        ));

        let values = serde_json::to_value(&preview.rows().unwrap()[0].0.values).unwrap();
        let text = |field: &str| values[field].as_str().unwrap().to_owned();
        let place = wrong(1).without(Field::ProjectNo);
        let subject = Subject::Place {
            department: JTJ.into(),
            name: text("name"),
            township: text("township"),
            address: text("address"),
        };
        assert_eq!(fates(&world.preview([place.clone()])), ["errors"]);
        grant_to(&world, &subject, "S001", later).unwrap();
        assert_eq!(fates(&world.preview([place])), ["new"]);
        let unknown = Subject::Place {
            department: JTJ.into(),
            name: "x".into(),
            township: "没有这个镇".into(),
            address: "y".into(),
        };
        assert!(matches!(
            grant_to(&world, &unknown, "S001", later),
            Err(Error::Refused(_))
        ));
        world.clock.shift(10 * 24 * 3_600_000);
        assert_eq!(fates(&world.preview([wrong(2)])), ["errors"], "it has run out");
    }
}
