//! The figures that approvals keep are those that the history gives, now and at the end of every month.

use retrofit_import::catalogue::Field;
use retrofit_registry::db::figures::Figures;
use retrofit_registry::registry::month::Month;
use retrofit_registry::registry::review::{Filter, Ruling, Selection};
use retrofit_registry::registry::{projects, snapshots};

use crate::support::rosters::{Line, code, school};
use crate::support::{MORNING, World, secretariat};

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

impl World {
    fn holds_together(&self) {
        let now = self.clock.now();
        for month in snapshots::months(&self.registry).unwrap() {
            let kept = standing(self, month).unwrap();
            let until = month.end().min(now + 1);
            assert_eq!(kept, snapshots::recount(&self.registry, until).unwrap(), "{month}");
        }
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
                        let _ = projects::propose_withdrawal(&world.registry, &secretariat(), &[code(id)], "误报");
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
        let months = snapshots::months(&world.registry).unwrap();
        assert!(months.len() > 4, "{months:?}");
        assert!(!standing(&world, months[0]).unwrap().is_empty());
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
