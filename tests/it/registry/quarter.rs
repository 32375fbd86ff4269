//! A quarter's work of the secretariat, from targets set to a closed inspection.

use chrono::NaiveDate;
use retrofit_import::catalogue::Field;
use retrofit_registry::registry::followup::Stage;
use retrofit_registry::registry::inspections::{self, NewFinding, NewVisit};
use retrofit_registry::registry::meetings::{self, NewMatter};
use retrofit_registry::registry::month::Month;
use retrofit_registry::registry::people::Operator;
use retrofit_registry::registry::targets::{self, Scope};
use retrofit_registry::registry::{Error, reminders, snapshots};
use retrofit_registry::reports;

use crate::support::pictures::jpeg;
use crate::support::rosters::{JTJ, Line, code, school};
use crate::support::{World, administrator, reporter, secretariat};

const DAY: i64 = 86_400_000;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn month(text: &str) -> Month {
    text.parse().unwrap()
}

/// The department's schools are of a zone.
const COUNTY: &str = "371571";

fn scope() -> Scope<'static> {
    Scope {
        year: 2026,
        department: JTJ,
        category: "02",
        county: COUNTY,
    }
}

fn building(row: u32, stage: &str) -> Line {
    school(row)
        .with(Field::Stage, stage)
        .with(Field::ScaleValue, "1")
        .with(Field::ScaleUnit, "building")
        .with(Field::InvestmentDone, "100")
}

fn refused<T: std::fmt::Debug>(result: Result<T, Error>) -> String {
    match result {
        Err(Error::Refused(words)) => words,
        other => panic!("{other:?}"),
    }
}

/// Somebody of the secretariat with a name.
fn colleague() -> Operator {
    Operator {
        name: "mishu-2".into(),
        ..secretariat()
    }
}

impl World {
    fn line(&self, at: &str) -> reports::targets::Line {
        let lines = reports::targets::lines(&self.registry, &reporter(JTJ), month(at)).unwrap();
        lines.unwrap().remove(0)
    }

    fn stage(&self, finding: i64) -> Stage {
        inspections::case(&self.registry, &secretariat(), finding)
            .unwrap()
            .finding
            .stage
    }
}

#[test]
fn a_quarter_from_targets_to_closure() {
    for world in World::both() {
        let registry = &world.registry;
        let office = secretariat();
        // October: the target, and the first report.
        world.clock.shift(-44 * DAY);
        assert_eq!(Month::at(world.clock.now()), month("2026-10"));
        assert!(targets::set(registry, &reporter(JTJ), scope(), ("building", 400), None).is_err());
        targets::set(registry, &office, scope(), ("building", 400), Some(0)).unwrap();
        assert!(refused(targets::set(registry, &office, scope(), ("building", 500), Some(0))).contains("已被改动"));
        assert!(refused(targets::set(registry, &office, scope(), ("furlong", 500), None)).contains("单位"));
        world.import([
            building(1, "10"),
            building(2, "30"),
            building(3, "30"),
            school(4).with(Field::ScaleValue, "900").with(Field::ScaleUnit, "m2"),
            school(5),
        ]);
        world.approve_all();

        // November: one is finished, the month before is closed.
        world.clock.shift(30 * DAY);
        let now = world.clock.now();
        assert_eq!(snapshots::take(registry, month("2026-10"), now).unwrap(), 1);
        world.import([
            building(2, "40").with(Field::CompletionDate, "2026-11-05"),
            building(1, "30"),
        ]);
        world.approve_all();

        let findings = inspected(&world);
        let item = met(&world);
        // The first is overdue, and rises.
        world.clock.shift(14 * DAY);
        let list = inspections::unsettled(registry, &reporter(JTJ)).unwrap();
        let order: Vec<_> = list.iter().map(|finding| (finding.row.id, finding.overdue)).collect();
        assert_eq!(
            order,
            [(findings[0], Some(3)), (findings[1], None), (findings[2], None)]
        );
        assert!(reminders::run(registry, world.clock.now()).unwrap() > 0);
        assert_eq!(reminders::run(registry, world.clock.now()).unwrap(), 0);

        rectified(&world, findings[0], findings[1]);
        // The item of the meeting is done.
        assert!(meetings::answer(registry, &reporter("WJW"), item, None, "已核对").is_err());
        meetings::answer(registry, &reporter(JTJ), item, Some(0), "已核对").unwrap();
        meetings::decide(registry, &office, item, Some(1), true, "属实").unwrap();
        assert!(meetings::list(registry, &office, false).unwrap().is_empty());
        assert_eq!(meetings::list(registry, &office, true).unwrap()[0].stage, Stage::Closed);

        // December: another is accepted. The figures as of each month are those of then.
        world.clock.shift(20 * DAY);
        world.import([
            building(2, "50").with(Field::CompletionDate, "2026-11-05"),
            building(3, "40").with(Field::CompletionDate, "2026-12-01"),
        ]);
        world.approve_all();
        figures_are_of_their_month(&world);
    }
}

/// An inspection with three findings.
fn inspected(world: &World) -> [i64; 3] {
    let (registry, office) = (&world.registry, secretariat());
    let visit = NewVisit {
        held_on: day("2026-11-08"),
        place: "东昌府区",
        inspectors: "秘书处、住建局",
        note: "",
    };
    assert!(inspections::create(registry, &reporter(JTJ), &visit).is_err());
    let inspection = inspections::create(registry, &office, &visit).unwrap();
    let find = |project, deadline: &str| {
        let new = NewFinding {
            code: code(project),
            department: None,
            problem: "圈梁钢筋外露",
            deadline: day(deadline),
        };
        inspections::add_finding(registry, &office, inspection, &new)
    };
    assert!(refused(find(99, "2026-11-20")).contains("没有登记编号"));
    assert!(refused(find(1, "2026-11-01")).contains("已过"));
    let found = [
        find(1, "2026-11-20").unwrap(),
        find(2, "2026-11-30").unwrap(),
        find(3, "2026-12-20").unwrap(),
    ];
    assert!(refused(inspections::one(registry, &reporter("WJW"), inspection)).contains("没有"));
    assert!(inspections::case(registry, &reporter("WJW"), found[0]).is_err());
    assert!(inspections::unsettled(registry, &administrator()).unwrap().is_empty());
    found
}

/// An item of a meeting.
fn met(world: &World) -> i64 {
    let (registry, office) = (&world.registry, secretariat());
    let matter = NewMatter {
        meeting_on: day("2026-11-09"),
        meeting: "第四季度联席会议",
        matter: "核对学校加固台账",
        department: JTJ,
        deadline: day("2026-11-30"),
    };
    meetings::create(registry, &office, &matter).unwrap()
}

/// Evidence, verified, closed; the first is returned once and answered again.
fn rectified(world: &World, first: i64, second: i64) {
    let (registry, office) = (&world.registry, secretariat());
    let photo = |bytes| vec![("现场.jpg".to_owned(), bytes)];
    let answer = |who: &Operator, id, seen, photos: &[(String, Vec<u8>)]| {
        inspections::answer(registry, who, id, seen, "已除锈补浇", photos)
    };
    assert!(answer(&reporter("WJW"), first, None, &[]).is_err());
    assert!(refused(answer(&reporter(JTJ), first, None, &photo(b"%PDF".to_vec()))).contains("PDF"));
    assert_eq!(world.stage(first), Stage::Open, "nothing half done");
    answer(&reporter(JTJ), first, Some(0), &photo(jpeg(640, 480, 5))).unwrap();
    assert!(refused(answer(&reporter(JTJ), first, Some(0), &[])).contains("新的进展"));
    assert!(refused(inspections::decide(registry, &reporter(JTJ), first, None, true, "好")).contains("秘书处"));
    assert!(refused(inspections::decide(registry, &office, first, None, false, " ")).contains("原因"));
    inspections::decide(registry, &office, first, Some(1), false, "照片看不清").unwrap();
    answer(&reporter(JTJ), first, Some(2), &photo(jpeg(640, 480, 6))).unwrap();
    inspections::decide(registry, &office, first, Some(3), true, "现场复核合格").unwrap();
    assert!(refused(inspections::decide(registry, &office, first, None, true, "再销")).contains("已销号"));
    let case = inspections::case(registry, &reporter(JTJ), first).unwrap();
    assert_eq!(
        (case.finding.stage, case.moves.len(), case.evidence.len()),
        (Stage::Closed, 4, 2)
    );
    let sha256 = &case.evidence[0].sha256;
    let (_, bytes) = inspections::photo(registry, &reporter(JTJ), first, sha256).unwrap();
    assert!(!bytes.is_empty() && inspections::photo(registry, &reporter("WJW"), first, sha256).is_err());
    // The secretariat answers for a department, and somebody else closes.
    answer(&office, second, None, &[]).unwrap();
    assert!(refused(inspections::decide(registry, &office, second, None, true, "合格")).contains("其他人"));
    inspections::decide(registry, &colleague(), second, None, true, "合格").unwrap();
}

/// The figures as of each month are those of then, and those of the history.
fn figures_are_of_their_month(world: &World) {
    let (registry, office) = (&world.registry, secretariat());
    let reached = |at: &str| {
        let line = world.line(at);
        let reached = line.reached;
        let amounts = [reached.planned, reached.started, reached.finished, reached.accepted];
        (
            amounts.map(|amount| amount.scale_e2),
            reached.done_yuan,
            line.left_out(),
        )
    };
    assert_eq!(reached("2026-10"), ([300, 200, 0, 0], 3_000_000, 2));
    assert_eq!(reached("2026-11"), ([300, 300, 100, 0], 3_000_000, 2));
    assert_eq!(reached("2026-12"), ([300, 300, 200, 100], 3_000_000, 2));
    assert_eq!(world.line("2026-12").percent(), 50);
    for at in ["2026-10", "2026-11", "2026-12"] {
        let kept = snapshots::figures(registry, month(at), None).unwrap().unwrap();
        let until = month(at).end().min(world.clock.now() + 1);
        assert_eq!(kept, snapshots::recount(registry, until).unwrap(), "{at}");
    }
    let (_, left_out) = targets::not_counted(registry, &reporter(JTJ), scope(), None, (0, 10)).unwrap();
    let codes: Vec<_> = left_out.iter().map(|row| row.code).collect();
    assert_eq!(codes, [code(4), code(5)]);
    assert!(targets::not_counted(registry, &reporter("WJW"), scope(), None, (0, 10)).is_err());
    targets::remove(registry, &office, scope(), Some(1)).unwrap();
    assert!(
        reports::targets::lines(registry, &office, month("2026-12"))
            .unwrap()
            .unwrap()
            .is_empty()
    );
}
