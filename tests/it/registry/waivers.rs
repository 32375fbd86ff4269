//! Errors that the secretariat waives for a project.

use chrono::{Days, NaiveDate};
use retrofit_import::catalogue::Field;
use retrofit_import::finding::Severity;
use retrofit_registry::registry::people::Operator;
use retrofit_registry::registry::recheck::recheck;
use retrofit_registry::registry::waivers::waive;
use retrofit_registry::registry::{Error, audit, business_day, projects};

use crate::support::rosters::{JTJ, Line, code, fates, school};
use crate::support::{MORNING, World, administrator, reporter, secretariat};

fn today() -> NaiveDate {
    business_day(MORNING)
}

fn grant(world: &World, rule: &str, until: NaiveDate) -> Result<(), Error> {
    waive(&world.registry, &secretariat(), code(1), rule, until, " 文物建筑 ")
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

        let log = audit::latest(&world.registry, &administrator(), 1).unwrap();
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
        let refused = |outcome: Result<(), Error>| match outcome {
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
        let by =
            |operator: Operator, code, reason| refused(waive(&world.registry, &operator, code, "S001", later, reason));
        assert!(by(reporter(JTJ), code(1), "x").contains("不是秘书处"));
        assert!(by(secretariat(), code(9), "x").contains("没有登记编号"));
        assert!(by(secretariat(), code(1), " ").contains("理由"));
        let record = projects::record(&world.registry, &secretariat(), code(1)).unwrap();
        assert!(record.waivers.is_empty());
    }
}
