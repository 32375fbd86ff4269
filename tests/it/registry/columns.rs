//! Corrections of columns, on both databases: remembered, replaced, taken back, audited, and part of what a reading depends on.

use retrofit_import::catalogue::Field;
use retrofit_registry::db::audit::Filter;
use retrofit_registry::registry::intake::{self, Choice, Upload};
use retrofit_registry::registry::{Error, audit};

use crate::support::rosters::JTJ;
use crate::support::{World, reporter, secretariat};

const ROSTER: &str = "改造内容,工程类别,工程性质,用途,产权单位,县区,所属乡镇,详细地址,结构类型,烈度,加速度,设防类别,工程进度\n\
                      第一小学教学楼,学校,加固,教学楼,某某中学,东昌府区,古楼街道,花园路1号,框架,7度,0.15g,乙类,计划加固\n";

fn rows(world: &World, upload: &Upload) -> usize {
    intake::open(&world.registry, upload).unwrap().rows.len()
}

fn say(world: &World, header: &str, choice: Choice) {
    intake::correct_columns(&world.registry, &reporter(JTJ), JTJ, vec![(header.into(), choice)]).unwrap();
}

fn kept(world: &World) -> Vec<(String, Option<String>)> {
    let rows = intake::corrections(&world.registry, JTJ).unwrap();
    rows.into_iter().map(|row| (row.header, row.field)).collect()
}

#[test]
fn what_is_said_of_a_column_counts_for_the_next_reading_and_until_it_is_taken_back() {
    for world in World::both() {
        let upload = world.receive(ROSTER);
        let roster = intake::check(&world.registry, &upload).unwrap();
        intake::note_unreadable(&world.registry, &upload, &roster).unwrap();
        assert_eq!(rows(&world, &upload), 0);

        say(&world, "改造内容", Choice::Field(Field::Remarks));
        say(&world, "改造内容", Choice::Field(Field::Name));
        assert_eq!(kept(&world), [("改造内容".into(), Some("name".into()))]);
        let unreadable = intake::upload(&world.registry, &reporter(JTJ), upload.id).unwrap();
        assert_eq!((&*unreadable.state, rows(&world, &unreadable)), ("unreadable", 1));
        let readable = intake::upload(&world.registry, &reporter(JTJ), upload.id).unwrap();
        assert_eq!(readable.state, "received");
        // As it was kept, and read anew.
        let header = &intake::open(&world.registry, &upload).unwrap().summary.headers[0];
        assert!(header.columns[0].corrected && header.columns[0].examples == ["第一小学教学楼"]);
        assert_eq!(
            intake::read(&world.registry, &upload, "2026-11-23".parse().unwrap())
                .unwrap()
                .rows
                .len(),
            1
        );

        say(&world, "改造内容", Choice::Nothing);
        assert_eq!(
            (kept(&world), rows(&world, &upload)),
            (vec![("改造内容".into(), None)], 0)
        );
        say(&world, "改造内容", Choice::AsHeaded);
        say(&world, "改造内容", Choice::AsHeaded);
        assert_eq!((kept(&world), rows(&world, &upload)), (vec![], 0));
        assert_eq!(audited(&world), 4, "what changes nothing is not noted");
    }
}

fn audited(world: &World) -> usize {
    let entries = audit::entries(&world.registry, &secretariat(), &Filter::default(), 100).unwrap();
    entries
        .iter()
        .filter(|(_, entry)| entry.action == "upload.columns")
        .count()
}

#[test]
fn a_department_corrects_its_own_columns_alone() {
    for world in World::both() {
        let said = vec![("改造内容".to_owned(), Choice::Field(Field::Name))];
        let refused = intake::correct_columns(&world.registry, &reporter("WJW"), JTJ, said.clone());
        assert!(matches!(refused, Err(Error::Refused(_))));
        let many = (0..1_001)
            .map(|number| (format!("栏目{number}"), Choice::Nothing))
            .collect();
        let refused = intake::correct_columns(&world.registry, &reporter(JTJ), JTJ, many);
        assert!(matches!(refused, Err(Error::Refused(_))));
        assert_eq!(kept(&world), []);
        intake::correct_columns(&world.registry, &secretariat(), JTJ, said).unwrap();
        assert_eq!(kept(&world).len(), 1);
    }
}
