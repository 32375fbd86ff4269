//! Lists of projects out as rosters, and in again.

use std::io::Cursor;
use std::path::Path;

use retrofit_registry::registry::intake::{self, Counts, Fate, Outcome, Preview};
use retrofit_registry::registry::people::Operator;
use retrofit_registry::registry::review::Filter;
use retrofit_registry::registry::{Error, State, business_day, exports, projects};

use crate::support::rosters::{code, school};
use crate::support::{World, reporter, secretariat};

const SAMPLES: &[(&str, &str)] = &[
    ("JTJ", "01-jtj-schools.xlsx"),
    ("WJW", "02-wjw-per-county.xlsx"),
    ("ZJJ", "03-zjj-housing-gbk.csv"),
    ("SLJ", "06-slj-reservoirs.xls"),
    ("YJJ", "07-yjj-depots-shelters.ods"),
    ("TXB", "10-txb-telecom.xlsx"),
];

fn preview(world: &World, department: &str, file: &Path) -> Preview {
    let registry = &world.registry;
    let upload = intake::receive(registry, &reporter(department), department, "2026-11", "a.xlsx", file).unwrap();
    let today = business_day(registry.clock.now());
    let roster = intake::read(registry, &upload, today).unwrap();
    intake::preview(registry, &upload, roster, Some("情况属实")).unwrap()
}

fn commit(world: &World, department: &str, preview: &Preview) -> Counts {
    match intake::commit(&world.registry, &reporter(department), preview).unwrap() {
        Outcome::Committed(counts) => counts,
        Outcome::Moved(_) => panic!("the registry has moved"),
    }
}

fn exported(world: &World, operator: &Operator, filter: &Filter) -> (usize, Vec<u8>) {
    let mut bytes = Cursor::new(Vec::new());
    let written = exports::roster(&world.registry, operator, filter, &mut bytes).unwrap();
    (written, bytes.into_inner())
}

fn of(department: &str) -> Filter {
    Filter {
        department: Some(department.into()),
        ..Filter::default()
    }
}

#[test]
fn what_is_exported_and_sent_again_is_unchanged_row_by_row() {
    for world in World::both() {
        for (department, sample) in SAMPLES {
            let file = Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("import/tests/rosters")
                .join(sample);
            let new = commit(&world, department, &preview(&world, department, &file)).new;
            assert!(new > 0, "{sample}");

            let (written, bytes) = exported(&world, &reporter(department), &of(department));
            assert_eq!(written, new, "{sample}");
            let back = world.folder().join("back.xlsx");
            std::fs::write(&back, bytes).unwrap();
            let again = preview(&world, department, &back);
            for (row, fate) in again.rows().unwrap() {
                let code = row.json.contains("registry_code");
                assert!(
                    matches!(fate, Fate::Unchanged { .. }) && !code,
                    "{sample} {}: {fate:?}",
                    row.row
                );
            }
            let counts = commit(&world, department, &again);
            assert_eq!(
                (counts.rows, counts.unchanged, counts.not_listed),
                (new, new, 0),
                "{sample}"
            );
            let hints: Vec<_> = again
                .roster
                .summary
                .findings
                .iter()
                .map(|finding| finding.code)
                .collect();
            assert_eq!(hints, Vec::<&str>::new(), "{sample}");
        }
    }
}

#[test]
fn an_export_shows_what_its_reader_may_see_and_leaves_out_what_was_withdrawn() {
    for world in World::both() {
        world.import((1..=3).map(school));
        world.approve_all();
        projects::propose_withdrawal(&world.registry, &reporter("JTJ"), code(2), "重复登记").unwrap();
        world.approve_all();

        assert_eq!(exported(&world, &secretariat(), &Filter::default()).0, 2);
        assert_eq!(exported(&world, &reporter("JTJ"), &Filter::default()).0, 2);
        assert_eq!(exported(&world, &reporter("WJW"), &Filter::default()).0, 0);
        let withdrawn = Filter {
            state: Some(State::Withdrawn),
            ..Filter::default()
        };
        assert_eq!(exported(&world, &secretariat(), &withdrawn).0, 1);
        let refused = exports::roster(&world.registry, &reporter("WJW"), &of("JTJ"), Cursor::new(Vec::new()));
        assert!(matches!(refused, Err(Error::Refused(_))), "{refused:?}");
    }
}
