//! The figures that approvals keep are those that the history gives, now and at the end of every month.

use retrofit_import::catalogue::Field;
use retrofit_registry::db::figures::Figures;
use retrofit_registry::db::revisions;
use retrofit_registry::registry::month::Month;
use retrofit_registry::registry::projects::{Approved, ApprovedFilter};
use retrofit_registry::registry::review::{Filter, Ruling, Selection};
use retrofit_registry::registry::{projects, snapshots};

use crate::support::rosters::{Line, code, school};
use crate::support::{MORNING, World, reporter, secretariat};

const DAY: i64 = 86_400_000;

/// Numbers that look random and are the same each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[usize::try_from(self.roll(from.len() as u64)).unwrap()]
    }

    fn line(&mut self, row: u32) -> Line {
        let line = school(row)
            .with(Field::Stage, self.pick(&["10", "20", "30", "40", "50", "90"]))
            .with(Field::County, self.pick(&["371502", "371571"]))
            .with(Field::Category, self.pick(&["02", "99"]))
            .with(Field::InvestmentDone, self.pick(&["0", "12.3456", "675.18"]))
            .with(
                Field::CompletionDate,
                self.pick(&["2025-12-31", "2026-03", "2026-11-02"]),
            );
        match self.roll(4) {
            0 => line,
            1 => line.with(Field::ScaleUnit, "m2"),
            _ => line
                .with(Field::ScaleValue, self.pick(&["1", "20.5", "300"]))
                .with(Field::ScaleUnit, self.pick(&["building", "m2"])),
        }
    }
}

fn standing(world: &World, month: Month) -> Option<Figures> {
    snapshots::figures(&world.registry, month, None).unwrap()
}

/// What lists of approved projects are narrowed to.
fn narrowings() -> Vec<ApprovedFilter> {
    let (all, one) = (ApprovedFilter::default(), |text: &str| Some(text.to_owned()));
    let finished = ["40", "50"].map(str::to_owned).to_vec();
    vec![
        ApprovedFilter {
            department: one("JTJ"),
            category: one("02"),
            ..all.clone()
        },
        ApprovedFilter {
            county: one("371571"),
            stages: vec!["30".into()],
            ..all.clone()
        },
        ApprovedFilter {
            stages: finished,
            year: one("2026"),
            ..all.clone()
        },
        ApprovedFilter {
            unit: one("building"),
            year: one("2025"),
            ..all.clone()
        },
        ApprovedFilter {
            not_in: one("building"),
            ..all.clone()
        },
        all,
    ]
}

impl World {
    fn holds_together(&self) {
        let now = self.clock.now();
        for month in snapshots::months(&self.registry).unwrap() {
            let kept = standing(self, month).unwrap();
            let until = month.end().min(now + 1);
            assert_eq!(kept, snapshots::recount(&self.registry, until).unwrap(), "{month}");
            for filter in narrowings() {
                let sums = projects::approved_sums(&self.registry, &secretariat(), filter.clone(), Some(month));
                let counted = sums.unwrap().unwrap().projects;
                let listed = self.listed(Some(month), filter.clone()).len();
                assert_eq!(i64::try_from(listed).unwrap(), counted, "{month} {filter:?}");
            }
        }
        let current = self.listed(Some(Month::at(now)), ApprovedFilter::default());
        assert_eq!(self.listed(None, ApprovedFilter::default()), current);
    }

    /// The approved projects as they are, or as they were at the end of a month.
    fn listed(&self, as_of: Option<Month>, filter: ApprovedFilter) -> Vec<Approved> {
        projects::approved(&self.registry, &secretariat(), filter, as_of, (0, 1000)).unwrap()
    }

    /// All of them at the end of each month.
    fn all_listed(&self) -> Vec<(Month, Vec<Approved>)> {
        let months = snapshots::months(&self.registry).unwrap().into_iter();
        months
            .map(|month| (month, self.listed(Some(month), ApprovedFilter::default())))
            .collect()
    }
}

#[test]
fn kept_figures_are_those_of_a_recount_after_any_history() {
    for (world, seed) in World::both().zip([7, 11]) {
        let mut dice = Dice(seed);
        for step in 0..60 {
            match dice.roll(5) {
                0 | 1 => {
                    let rows: Vec<u32> = (1..=12).filter(|_| dice.roll(3) == 0).collect();
                    let lines: Vec<Line> = rows.into_iter().map(|row| dice.line(row)).collect();
                    world.import(lines);
                }
                2 => {
                    world.decide(&Selection::Matching(Filter::default()), Ruling::Approve);
                }
                3 => {
                    let id = i64::try_from(dice.roll(8)).unwrap() + 1;
                    let one = Selection::These(vec![(code(id), None)]);
                    if dice.roll(3) == 0 {
                        // Refused where there is no such project, or nothing to withdraw.
                        let _ = projects::propose_withdrawal(&world.registry, &reporter("JTJ"), &[code(id)], "误报");
                    }
                    let reviewer = if dice.roll(2) == 0 {
                        Ruling::Approve
                    } else {
                        Ruling::Return("核实")
                    };
                    world.decide(&one, reviewer);
                }
                _ => world.clock.shift(i64::try_from(dice.roll(25)).unwrap() * DAY),
            }
            if step % 15 == 14 {
                world.holds_together();
            }
        }
        // In any history one is withdrawn in the end, a month after it was approved.
        world.decide(&Selection::Matching(Filter::default()), Ruling::Approve);
        world.clock.shift(31 * DAY);
        let standing_last = world.listed(None, ApprovedFilter::default());
        let proposed = standing_last.iter().find(|project| {
            projects::propose_withdrawal(&world.registry, &reporter("JTJ"), &[project.code], "误报").is_ok()
        });
        assert!(proposed.is_some());
        world.decide(&Selection::Matching(Filter::default()), Ruling::Approve);
        world.clock.shift(31 * DAY);
        world.holds_together();
        let months = snapshots::months(&world.registry).unwrap();
        assert!(months.len() > 4, "{months:?}");
        assert!(!standing(&world, months[0]).unwrap().is_empty());

        // What was decided before these lists were kept is brought in by the migration.
        let kept = world.all_listed();
        world.execute("DELETE FROM former_projects; UPDATE approved_projects SET since = 0;");
        assert_ne!(world.all_listed(), kept);
        let migration = if world.is_sqlite() {
            include_str!("../../../migrations/sqlite/2026-11-26-223000_former_projects/up.sql")
        } else {
            include_str!("../../../migrations/postgres/2026-11-26-223000_former_projects/up.sql")
        };
        world.execute(
            migration
                .split_once("-- What was approved before")
                .unwrap()
                .1
                .split_once('\n')
                .unwrap()
                .1,
        );
        assert_eq!(world.all_listed(), kept);
        world.holds_together();

        // The decisions that are counted are those of the history.
        let months: Vec<String> = months.iter().map(Month::to_string).collect();
        let counted = || {
            world
                .registry
                .db
                .read(|conn| revisions::count_decisions(conn, &months))
                .unwrap()
        };
        let kept = counted();
        for to_state in ["approved", "returned", "withdrawn"] {
            assert!(kept.iter().any(|count| count.to_state == to_state), "{kept:?}");
        }
        let migration = if world.is_sqlite() {
            include_str!("../../../migrations/sqlite/2026-11-26-230000_decision_counts/up.sql")
        } else {
            include_str!("../../../migrations/postgres/2026-11-26-230000_decision_counts/up.sql")
        };
        let recount = migration.split_once("INSERT INTO").unwrap().1;
        world.execute(&format!("DELETE FROM decision_counts; INSERT INTO {recount}"));
        assert_eq!(counted(), kept);
    }
}

#[test]
fn a_list_of_a_months_end_goes_on_page_by_page() {
    for world in World::both() {
        world.import((1..=7).map(school));
        world.approve_all();
        world.clock.shift(20 * DAY);
        world.import([1, 4, 5].map(|row| school(row).with(Field::Stage, "40")));
        world.approve_all();
        let (november, all) = (Month::at(MORNING), ApprovedFilter::default());
        let whole = world.listed(Some(november), all.clone());
        assert_eq!(whole.len(), 7);
        let mut parts = Vec::new();
        while let Some(part) = Some(parts.last().map_or(0, |last: &Approved| last.code.id))
            .map(|after| projects::approved(&world.registry, &secretariat(), all.clone(), Some(november), (after, 2)))
            .map(Result::unwrap)
            .filter(|part| !part.is_empty())
        {
            parts.extend(part);
        }
        assert_eq!(parts, whole);
    }
}

#[test]
fn a_snapshot_is_of_the_months_end_however_late_it_is_taken_and_taken_once() {
    let november: Month = "2026-11".parse().unwrap();
    for world in World::both() {
        assert_eq!(Month::at(MORNING), november);
        world.import([school(1), school(2)]);
        world.approve_all();
        let at_end = standing(&world, november);
        assert_eq!(
            snapshots::take(&world.registry, november, world.clock.now()).unwrap(),
            0,
            "not over yet"
        );

        world.clock.shift(20 * DAY);
        let now = world.clock.now();
        assert_eq!(snapshots::take(&world.registry, november, now).unwrap(), 1);
        assert_eq!(snapshots::take(&world.registry, november, now).unwrap(), 0, "once");
        world.import([school(1).with(Field::Stage, "40"), school(3)]);
        world.approve_all();
        assert_eq!(standing(&world, november), at_end);
        assert_ne!(standing(&world, november.next()), at_end);
        world.holds_together();
        assert_eq!(standing(&world, "2020-01".parse().unwrap()), None);
    }
}
