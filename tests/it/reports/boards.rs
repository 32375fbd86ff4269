//! The boards of timeliness and data quality, and the pairs of projects that two departments report.

use retrofit_import::catalogue::Field;
use retrofit_import::finding::Severity;
use retrofit_registry::db::checks::Which;
use retrofit_registry::registry::intake::{self, Outcome};
use retrofit_registry::registry::month::Month;
use retrofit_registry::registry::periods::Status;
use retrofit_registry::registry::targets::{self, Scope};
use retrofit_registry::registry::{duplicates, projects, snapshots};
use retrofit_registry::reports::quality::{Quality, behind, quality};
use retrofit_registry::reports::targets::{curves, line};
use retrofit_registry::reports::timeliness::{Line as Row, Timeliness, timeliness};

use crate::support::rosters::{JTJ, Line, code, roster, school};
use crate::support::{World, reporter, secretariat};

const DAY: i64 = 86_400_000;

fn months() -> [Month; 2] {
    ["2026-10", "2026-11"].map(|month| month.parse().unwrap())
}

impl World {
    fn import_of(&self, department: &str, period: &str, lines: Vec<Line>) {
        let bytes = format!("{department} {period} {} {}", lines.len(), self.clock.now());
        let officer = reporter(department);
        let upload = self.receive_as(&officer, department, period, &bytes).unwrap();
        let preview = intake::preview(&self.registry, &upload, roster(lines), None).unwrap();
        let outcome = intake::commit(&self.registry, &officer, &preview).unwrap();
        assert!(matches!(outcome, Outcome::Committed(_)));
    }

    fn timeliness(&self) -> Timeliness {
        timeliness(&self.registry, &secretariat(), &months()).unwrap()
    }

    fn quality(&self) -> Quality {
        quality(&self.registry, &secretariat(), months()[1], &months()).unwrap()
    }
}

fn of<'a>(board: &'a Timeliness, department: &str) -> &'a Row {
    board
        .departments
        .iter()
        .find(|line| line.department == department)
        .unwrap()
}

#[test]
fn timeliness_tells_who_was_late_who_passed_at_once_and_what_waits_longest() {
    for world in World::both() {
        let held = || school(2).found(Severity::Error);
        world.import_of(JTJ, "2026-11", vec![school(1), held()]);
        world.clock.shift(DAY);
        world.import_of("WJW", "2026-11", vec![school(7)]);
        // The 27th: the 25th is over.
        world.clock.shift(3 * DAY);
        world.import_of("SLJ", "2026-11", vec![school(8)]);
        // The second try mends what was held; the first one still counts.
        world.import_of(JTJ, "2026-11", vec![school(1), school(2)]);

        let board = world.timeliness();
        let november = |department| &of(&board, department).standings[1];
        assert_eq!(november(JTJ).status(), Status::OnTime);
        assert_eq!(november("SLJ").status(), Status::Late);
        assert_eq!(november("ZJJ").status(), Status::Overdue);
        let first = november(JTJ).received.as_ref().unwrap();
        assert_eq!((first.rows, first.held, first.passed()), (2, 1, false));
        assert!(november("WJW").received.as_ref().unwrap().passed());

        let tally = board.months[1].1;
        let asked = board
            .departments
            .iter()
            .filter(|line| line.standings[1].due.is_some())
            .count();
        assert_eq!(
            (
                tally.expected,
                tally.received,
                tally.on_time,
                tally.passed,
                tally.overdue
            ),
            (asked, 3, 2, 2, asked - 3)
        );
        let waiting = of(&board, JTJ).waiting;
        assert_eq!((waiting.pending, waiting.held, waiting.returned), (2, 0, 0));
        assert_eq!(board.oldest().unwrap().0, code(1), "it has waited since the first day");

        world.give_back(1, "请核实");
        let board = world.timeliness();
        let waiting = of(&board, JTJ).waiting;
        assert_eq!((waiting.pending, waiting.returned), (1, 1));
        assert_eq!(board.oldest().unwrap().0, code(2));
        let own = timeliness(&world.registry, &reporter("WJW"), &months()).unwrap();
        let seen: Vec<&str> = own.departments.iter().map(|line| line.department.as_str()).collect();
        assert_eq!(seen, ["WJW"], "a department sees its own");
    }
}

#[test]
fn quality_adds_up_what_each_roster_was_found_to_have_and_leads_to_the_rows() {
    for world in World::both() {
        let schools = vec![
            school(1),
            school(2).found_by("S001", Severity::Error),
            school(3)
                .found_by("S001", Severity::Error)
                .found_by("V005", Severity::Hint),
            school(4).found_by("V005", Severity::Hint),
        ];
        world.import_of(JTJ, "2026-11", schools);
        world.import_of("WJW", "2026-11", vec![school(7).found_by("V005", Severity::Hint)]);
        world.import_of(
            "WJW",
            "2026-10",
            vec![school(7).found_by("V005", Severity::Hint), school(8)],
        );
        let board = world.quality();
        let total = board.total;
        assert_eq!(
            (total.uploads, total.rows, total.errors, total.confirms, total.hints),
            (2, 5, 2, 0, 3)
        );
        assert_eq!(total.tenths_per_hundred(), Some(1000));
        let schools = board.departments[JTJ];
        assert_eq!((schools.rows, schools.errors, schools.hints), (4, 2, 2));
        assert_eq!((board.rules["S001"][JTJ], board.rules["V005"]["WJW"]), (2, 1));
        let before = board.months[0].1;
        assert_eq!((before.rows, before.all()), (2, 1));

        let which = Which {
            period: "2026-11",
            department: Some(JTJ),
            code: Some("V005"),
            severity: None,
        };
        let found = behind(&world.registry, &secretariat(), &which, 10).unwrap();
        // The row that was held first, then the one that went in.
        let told: Vec<_> = found
            .iter()
            .map(|finding| (finding.row_no, finding.project.is_some()))
            .collect();
        assert_eq!(told, [(Some(3), false), (Some(4), true)]);
        let other = behind(&world.registry, &reporter("WJW"), &which, 10).unwrap();
        assert!(other.is_empty(), "another department's are not shown");

        // The same file committed again is counted once.
        let upload = intake::uploads(&world.registry, &reporter(JTJ), 1).unwrap().remove(0);
        let lines = [school(1), school(2).found_by("S001", Severity::Error)];
        let again = intake::preview(&world.registry, &upload, roster(lines), None).unwrap();
        intake::commit(&world.registry, &reporter(JTJ), &again).unwrap();
        let total = world.quality().departments[JTJ];
        // The hint is on the file: it leaves a project out.
        assert_eq!((total.uploads, total.rows, total.errors, total.hints), (1, 2, 1, 1));
    }
}

#[test]
fn the_secretariat_sees_both_of_a_pair_and_a_department_only_whose_the_other_is() {
    const USCC: &str = "11371500MB28359259";
    for world in World::both() {
        let own = || school(1).with(Field::OwnerUscc, USCC).without(Field::ProjectNo);
        world.import_of(JTJ, "2026-11", vec![own(), school(2).without(Field::ProjectNo)]);
        let near = own()
            .with(Field::Name, "第1小学教学楼（东）")
            .with(Field::Address, "别处9号");
        let explained = near.found_by("D004", Severity::Confirm).explained("是另一栋");
        world.import_of(
            "WJW",
            "2026-11",
            vec![explained, school(2).without(Field::ProjectNo), school(9)],
        );

        let registry = &world.registry;
        let pairs = duplicates::pairs(registry, &secretariat(), 10).unwrap();
        let told = |pair: &duplicates::Pair| {
            let id = |side: &duplicates::Side| side.project.as_ref().map(|(row, _)| row.id);
            (id(&pair.one), id(&pair.other), pair.same_place)
        };
        assert_eq!(
            pairs.iter().map(told).collect::<Vec<_>>(),
            [(Some(1), Some(3), false), (Some(2), Some(4), true)]
        );
        let explanation = pairs[0].other.project.as_ref().unwrap().1.as_deref();
        assert_eq!(explanation, Some("是另一栋"));

        // A database of before pairs were kept finds the same ones, once.
        world.execute("DELETE FROM lookalikes");
        assert!(duplicates::pairs(registry, &secretariat(), 10).unwrap().is_empty());
        assert_eq!(intake::compare_the_old(registry).unwrap(), 2);
        assert_eq!(intake::compare_the_old(registry).unwrap(), 0);
        let again = duplicates::pairs(registry, &secretariat(), 10).unwrap();
        assert_eq!(
            again.iter().map(told).collect::<Vec<_>>(),
            pairs.iter().map(told).collect::<Vec<_>>()
        );

        let theirs = duplicates::pairs(registry, &reporter("WJW"), 10).unwrap();
        assert_eq!(
            theirs.iter().map(told).collect::<Vec<_>>(),
            [(Some(3), None, false), (Some(4), None, true)]
        );
        assert!(theirs.iter().all(|pair| pair.other.department == JTJ));
        assert!(duplicates::pairs(registry, &reporter("ZJJ"), 10).unwrap().is_empty());

        // Renamed, it is no pair any more; withdrawn, neither.
        world.import_of(
            JTJ,
            "2026-11",
            vec![
                own()
                    .with(Field::RegistryCode, "LC-2026-000001")
                    .with(Field::Name, "综合楼"),
            ],
        );
        assert_eq!(duplicates::pairs(registry, &secretariat(), 10).unwrap().len(), 1);
        projects::propose_withdrawal(registry, &reporter("WJW"), &[code(4)], "由教体局填报").unwrap();
        world.approve_all();
        assert!(duplicates::pairs(registry, &secretariat(), 10).unwrap().is_empty());
    }
}

#[test]
fn the_curves_points_are_what_the_history_gives_of_each_target() {
    let building = |row: u32, stage: &str| {
        school(row)
            .with(Field::Stage, stage)
            .with(Field::ScaleValue, "1.25")
            .with(Field::ScaleUnit, "building")
    };
    let done = |row: u32, on: &str| building(row, "40").with(Field::CompletionDate, on);
    for world in World::both() {
        let registry = &world.registry;
        for (category, county, unit, amount) in [
            ("02", "371571", "building", 700),
            ("02", "371502", "building", 300),
            ("99", "371571", "m2", 90_000),
        ] {
            let scope = Scope {
                year: 2026,
                department: JTJ,
                category,
                county,
            };
            targets::set(registry, &secretariat(), scope, (unit, amount), None).unwrap();
        }
        let hall = |stage: &str| {
            done(8, "2026-10")
                .with(Field::Stage, stage)
                .with(Field::Category, "99")
                .with(Field::ScaleUnit, "m2")
        };
        let lines = vec![
            done(1, "2026-03"),
            done(2, "2025-03"),
            building(3, "30"),
            building(4, "30").with(Field::County, "371502"),
            hall("30"),
        ];
        world.import_of(JTJ, "2026-11", lines);
        world.approve_all();
        world.clock.shift(12 * DAY);
        let lines = vec![
            done(3, "2026-12-01"),
            done(4, "2026-12-02").with(Field::County, "371502"),
            hall("50"),
        ];
        world.import_of(JTJ, "2026-12", lines);
        world.approve_all();
        // In December and, all its months over, in January.
        for days in [0, 31] {
            world.clock.shift(days * DAY);
            let now = world.clock.now();
            let of_year = targets::of_year(registry, &secretariat(), 2026).unwrap();
            let curves = curves(registry, &secretariat(), "2026-12".parse().unwrap()).unwrap();
            let mut seen = Vec::new();
            for curve in &curves {
                let own = || {
                    let theirs = of_year.iter();
                    theirs.filter(|target| (&target.category, &target.unit) == (&curve.category, &curve.unit))
                };
                assert_eq!(curve.target_e2, own().map(|target| target.amount_e2).sum::<i64>());
                for (month, reached) in &curve.months {
                    let stood = snapshots::recount(registry, month.end().min(now + 1)).unwrap();
                    let recounted = own().map(|target| line(target.clone(), &stood).reached.finished.scale_e2);
                    assert_eq!(*reached, recounted.sum::<i64>(), "{} {month}", curve.unit);
                    seen.push((curve.unit.clone(), month.to_string(), *reached));
                }
            }
            let of = |unit: &str, month: &str| {
                let found = seen.iter().find(|(of, at, _)| of == unit && at == month);
                found.map(|(.., reached)| *reached)
            };
            assert_eq!(
                (of("building", "2026-11"), of("building", "2026-12")),
                (Some(125), Some(375))
            );
            assert_eq!((of("m2", "2026-11"), of("m2", "2026-12")), (Some(0), Some(125)));
        }
    }
}
