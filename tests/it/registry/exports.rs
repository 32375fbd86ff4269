//! Lists of projects out as rosters, and in again.

use std::io::Cursor;
use std::path::Path;

use retrofit_import::catalogue::Field;
use retrofit_registry::registry::annotated::{Part, annotated};
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
                let code = row.values.values().contains_key(&Field::RegistryCode);
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
        projects::propose_withdrawal(&world.registry, &reporter("JTJ"), &[code(2)], "重复登记").unwrap();
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

/// Three schools, the third without its owner.
const SCHOOLS: &str = "\
工程编号,工程名称,工程类别,工程性质,用途,产权单位,县（市、区）,乡镇（街道）,详细地址,结构类型,抗震设防烈度,设计基本地震加速度,抗震设防类别,工程进度,加固方式,鉴定报告编号,后续使用年限,开工日期
J-1,第一小学教学楼,学校,加固,教学楼,第一小学,东昌府区,古楼街道,兴华路1号,砌体结构,7度,0.15g,乙类,正在加固,板墙加固,JD-1,50,2026-03-01
J-2,第二小学教学楼,学校,加固,教学楼,第二小学,东昌府区,古楼街道,兴华路2号,砌体结构,7度,0.15g,乙类,正在加固,板墙加固,JD-2,50,2026-03-01
J-3,第三小学教学楼,学校,加固,教学楼,,东昌府区,古楼街道,兴华路3号,砌体结构,7度,0.15g,乙类,正在加固,板墙加固,JD-3,50,2026-03-01
";

#[test]
fn what_a_supplement_does_not_list_is_not_missing_and_codes_come_with_the_whole() {
    for world in World::both() {
        let first = preview(&world, "JTJ", &world.file(SCHOOLS));
        let counts = commit(&world, "JTJ", &first);
        assert_eq!((counts.new, counts.held), (2, 1));

        let marked = |part| annotated(&world.registry, &reporter("JTJ"), first.upload.id, part).unwrap();
        let held = marked(Part::OnlyHeld);
        let part = preview(&world, "JTJ", held.path());
        let codes: Vec<_> = part
            .roster
            .summary
            .findings
            .iter()
            .map(|finding| finding.code)
            .collect();
        assert_eq!((part.counts().rows, part.counts().not_listed, codes), (1, 0, vec![]));

        let whole = marked(Part::Whole);
        let again = preview(&world, "JTJ", whole.path());
        let fates: Vec<bool> = again
            .rows()
            .unwrap()
            .iter()
            .map(|(_, fate)| matches!(fate, Fate::Unchanged { .. }))
            .collect();
        assert_eq!(fates, [true, true, false]);
        // The codes are known now, and met by.
        let report = again.report().unwrap();
        assert!(
            report.rows.iter().all(|row| row.registry_code.is_none()),
            "{:?}",
            report.rows
        );
    }
}
