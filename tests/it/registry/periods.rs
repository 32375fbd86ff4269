//! Monthly reports: due days, what came in, reminders.

use retrofit_registry::registry::month::Month;
use retrofit_registry::registry::people::Operator;
use retrofit_registry::registry::periods::{self, Status, tally};
use retrofit_registry::registry::reminders;

use crate::support::rosters::school;
use crate::support::{World, reporter, secretariat};

const DAY: i64 = 86_400_000;

fn november() -> Month {
    "2026-11".parse().unwrap()
}

impl World {
    fn status(&self, department: &str, month: Month) -> Status {
        let standings = periods::standings(&self.registry, &secretariat(), &[month]).unwrap();
        standings
            .iter()
            .find(|line| line.department == department)
            .unwrap()
            .status()
    }
}

#[test]
fn a_report_is_expected_then_overdue_and_counts_by_its_first_confirmation() {
    for world in World::both() {
        // The 23rd.
        assert_eq!(world.status("JTJ", november()), Status::Expected);
        assert_eq!(world.status("CZJ", november()), Status::NotAsked, "leads no category");
        world.receive("looked at, not confirmed");
        assert_eq!(world.status("JTJ", november()), Status::Expected);
        world.clock.shift(2 * DAY);
        assert_eq!(
            world.status("JTJ", november()),
            Status::Expected,
            "the 25th is the last day"
        );
        world.import([school(1)]);
        assert_eq!(world.status("JTJ", november()), Status::OnTime);
        world.clock.shift(DAY);
        assert_eq!(world.status("WJW", november()), Status::Overdue);
        world.import([school(1), school(2)]);
        assert_eq!(world.status("JTJ", november()), Status::OnTime, "the first one counts");

        let all = periods::standings(&world.registry, &secretariat(), &[november()]).unwrap();
        let sums = tally(&all);
        assert_eq!((sums.received, sums.on_time), (1, 1));
        assert_eq!(sums.expected, sums.received + sums.overdue);
        let own = periods::standings(&world.registry, &reporter("WJW"), &[november()]).unwrap();
        assert!(own.len() == 1 && own[0].department == "WJW" && own[0].days_left == -1);
    }
}

#[test]
fn a_due_day_of_its_own_holds_from_its_month_on() {
    for world in World::both() {
        let registry = &world.registry;
        let set = |operator: Operator, since: Month, day| periods::set_due_day(registry, &operator, "JTJ", since, day);
        assert!(set(reporter("JTJ"), november(), Some(10)).is_err());
        assert!(set(secretariat(), november(), Some(31)).is_err());
        assert!(set(secretariat(), november().previous(), Some(10)).is_err(), "gone by");
        set(secretariat(), november().next(), Some(10)).unwrap();
        set(secretariat(), november().next().next(), None).unwrap();
        let mut months = vec![november(), november().next(), november().next().next()];
        let due = |months: &[Month]| {
            let lines = periods::standings(registry, &reporter("JTJ"), months).unwrap();
            lines
                .iter()
                .map(|line| line.due.map(|day| day.to_string()))
                .collect::<Vec<_>>()
        };
        assert_eq!(
            due(&months),
            [Some("2026-11-25".into()), Some("2026-12-10".into()), None]
        );
        set(secretariat(), november().next(), Some(12)).unwrap();
        months.truncate(2);
        assert_eq!(due(&months)[1], Some("2026-12-12".into()));
    }
}

#[test]
fn reminders_are_made_once_for_each_kind() {
    for world in World::both() {
        let registry = &world.registry;
        let remind = || reminders::run(registry, world.clock.now()).unwrap();
        let owed = || reminders::owed(registry, &reporter("JTJ")).unwrap();
        let first = remind();
        assert!(first > 5, "two days left: every department that leads a category");
        assert_eq!(remind(), 0);
        assert_eq!(owed().len(), 1);
        world.import([school(1)]);
        assert_eq!(owed(), []);
        world.clock.shift(2 * DAY);
        assert_eq!(remind(), first - 1, "today, to all but the one that reported");
        world.clock.shift(DAY);
        assert_eq!((remind(), remind()), (first - 1, 0));
        // In December November is still owed, and December not yet.
        world.clock.shift(10 * DAY);
        assert_eq!(owed(), []);
        let late = reminders::owed(registry, &reporter("WJW")).unwrap();
        assert_eq!((late.len(), late[0].days_left), (1, -11));
        assert_eq!(reminders::latest(registry, &reporter("WJW"), 10).unwrap().len(), 3);
        assert_eq!(
            reminders::latest(registry, &secretariat(), 1).unwrap()[0].kind,
            "overdue"
        );
    }
}
