//! Imports of many projects into a registry that has few: what they leave out meanwhile is as it was in the end, whatever happens.

use std::cell::RefCell;
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use diesel::{SqliteConnection, sql_query};
use retrofit_import::catalogue::Field;
use retrofit_registry::config::Config;
use retrofit_registry::registry::intake;
use retrofit_registry::registry::intake::Preview;

use crate::support::rosters::{JTJ, school};
use crate::support::statements::{listen, looking_before_each};
use crate::support::{World, open, reporter};

#[derive(Debug, PartialEq, Eq, QueryableByName)]
struct Made {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    sql: String,
}

fn indexes_of_keys(file: &str) -> Vec<Made> {
    let mut conn = SqliteConnection::establish(file).unwrap();
    sql_query("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'project_keys' AND sql <> '' ORDER BY name")
        .load(&mut conn)
        .unwrap()
}

#[derive(QueryableByName)]
struct State {
    #[diesel(sql_type = Text)]
    integrity: String,
    #[diesel(sql_type = Text)]
    journal: String,
    #[diesel(sql_type = BigInt)]
    projects: i64,
}

/// How many projects a database has that is sound, and logs as it should.
fn projects(file: &str) -> i64 {
    let mut conn = SqliteConnection::establish(file).unwrap();
    let state: State = sql_query(
        "SELECT integrity_check AS integrity, journal_mode AS journal, (SELECT count(*) FROM projects) AS projects
        FROM pragma_integrity_check, pragma_journal_mode",
    )
    .get_result(&mut conn)
    .unwrap();
    assert_eq!((&*state.integrity, &*state.journal), ("ok", "wal"));
    state.projects
}

fn many(world: &World) -> Preview {
    world.preview((1..=1100).map(school))
}

#[test]
fn a_bulk_leaves_the_indexes_of_the_keys_as_they_were_whether_it_goes_in_or_not() {
    let world = World::sqlite();
    let file = &world.config.database_url;
    let before = indexes_of_keys(file);
    assert_eq!(before.len(), 5);
    world.execute(
        "CREATE TRIGGER fault BEFORE INSERT ON project_keys WHEN NEW.project_id = 1050 BEGIN SELECT RAISE(ABORT, 'injected'); END",
    );
    intake::commit(&world.registry, &reporter(JTJ), &many(&world)).unwrap_err();
    assert_eq!(indexes_of_keys(file), before, "taken back");
    assert_eq!(projects(file), 0);
    world.execute("DROP TRIGGER fault");
    assert_eq!(world.commit(&many(&world)).new, 1100);
    assert_eq!(indexes_of_keys(file), before, "made anew");
    assert_eq!(many(&world).counts().unchanged, 1100);
    assert_eq!(projects(file), 1100);
}

/// The file beside a database from which it is mended after a crash.
fn journal(file: &Path) -> PathBuf {
    let mut name = file.to_owned().into_os_string();
    name.push("-journal");
    name.into()
}

#[test]
fn a_bulk_beside_another_connection_goes_through_the_log() {
    listen();
    let world = World::sqlite();
    // Another process has the file open from when it first reads in it.
    let mut another = SqliteConnection::establish(&world.config.database_url).unwrap();
    sql_query("SELECT * FROM projects").execute(&mut another).unwrap();
    let preview = many(&world);
    let journal = journal(Path::new(&world.config.database_url));
    let counts = looking_before_each(move |_| assert!(!journal.exists()), || world.commit(&preview));
    assert_eq!(counts.new, 1100);
    drop(another);
    assert_eq!(projects(&world.config.database_url), 1100);
}

#[test]
fn what_a_killed_bulk_leaves_is_mended_by_whoever_opens_it_next() {
    listen();
    let world = World::sqlite();
    let file = PathBuf::from(&world.config.database_url);
    // More than the connection keeps in memory, so that a part is in the file before the end.
    let remarks = "与校舍安全工程同步实施。".repeat(1000);
    let lines = || (1..=1100).map(|row| school(row).with(Field::Remarks, &remarks));
    let preview = world.preview(lines());
    let before = fs::metadata(&file).unwrap().len();
    let folder = tempfile::tempdir().unwrap();
    let copies = Rc::new(RefCell::new(Vec::new()));
    let look = {
        let (copies, folder) = (copies.clone(), folder.path().to_owned());
        let mut grown = before;
        move |statement: &str| {
            let size = fs::metadata(&file).unwrap().len();
            if !journal(&file).exists() || (size < 2 * grown && statement != "COMMIT") {
                return;
            }
            grown = size;
            let copy = folder.join(format!("killed-{}.db", copies.borrow().len()));
            fs::copy(&file, &copy).unwrap();
            fs::copy(journal(&file), journal(&copy)).unwrap();
            copies.borrow_mut().push(copy);
        }
    };
    assert_eq!(looking_before_each(look, || world.commit(&preview)).new, 1100);
    assert_eq!(projects(&world.config.database_url), 1100);

    let copies = copies.take();
    assert!(copies.len() > 2, "{copies:?}");
    for copy in copies {
        assert!(
            fs::metadata(&copy).unwrap().len() > before,
            "{copy:?}: nothing is in the file yet"
        );
        let database_url = copy.display().to_string();
        let config = Config {
            database_url: database_url.clone(),
            ..world.config.clone()
        };
        let registry = open(&config, &world.clock);
        assert_eq!(projects(&database_url), 0, "{copy:?}");
        let upload = intake::uploads(&registry, &reporter(JTJ), 1).unwrap().remove(0);
        assert_eq!(upload.state, "received");
        intake::commit(&registry, &reporter(JTJ), &preview).unwrap();
        assert_eq!(projects(&database_url), 1100, "{copy:?}");
    }
}
