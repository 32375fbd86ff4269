//! How the databases carry out what the queue, a record and a preview ask: by their indexes, never through all projects.

use diesel::connection::SimpleConnection as _;
use diesel::sql_types::Text;
use diesel::{Connection as _, PgConnection, QueryableByName, RunQueryDsl as _, SqliteConnection, sql_query};
use retrofit_import::catalogue::Field;
use retrofit_import::finding::Severity;
use retrofit_registry::registry::review::{self, Filter};
use retrofit_registry::registry::{State, Step, intake, lists, projects};

use crate::support::rosters::{code, roster, school};
use crate::support::statements::{asked_by, listen};
use crate::support::{World, reporter, secretariat};

#[derive(QueryableByName)]
struct SqlitePlan {
    #[diesel(sql_type = Text)]
    detail: String,
}

#[derive(QueryableByName)]
struct PostgresPlan {
    #[diesel(sql_type = Text, column_name = "QUERY PLAN")]
    line: String,
}

/// The lines of a statement's plan, whatever its parameters are.
fn plan(world: &World, statement: &str) -> Vec<String> {
    let url = &world.config.database_url;
    if world.is_sqlite() {
        let mut conn = SqliteConnection::establish(url).unwrap();
        let plan: Vec<SqlitePlan> = sql_query(format!("EXPLAIN QUERY PLAN {statement}"))
            .load(&mut conn)
            .unwrap();
        return plan.into_iter().map(|line| line.detail).collect();
    }
    let mut conn = PgConnection::establish(url).unwrap();
    let of_statement = (1..1000).take_while(|number| statement.contains(&format!("${number}")));
    let parameters = of_statement.count();
    let nulls = vec!["NULL"; parameters].join(", ");
    let arguments = if parameters == 0 {
        String::new()
    } else {
        format!("({nulls})")
    };
    conn.batch_execute(&format!(
        "SET plan_cache_mode = force_generic_plan; PREPARE asked AS {statement}"
    ))
    .unwrap();
    let plan: Vec<PostgresPlan> = sql_query(format!("EXPLAIN EXECUTE asked{arguments}"))
        .load(&mut conn)
        .unwrap();
    plan.into_iter().map(|line| line.line).collect()
}

/// Whether a line of a plan goes through a whole table that grows with the projects.
fn goes_through_all(line: &str) -> bool {
    ["projects", "revisions", "project_keys", "findings", "explanations"]
        .iter()
        .any(|table| {
            let words: Vec<&str> = line.split([' ', '(']).filter(|word| !word.is_empty()).collect();
            let scans = line.trim_start().starts_with("SCAN") || line.contains("Seq Scan");
            scans && words.contains(table)
        })
}

/// Twenty departments with as many projects as the one that sends, and what the databases know of that.
fn multiply(world: &World) {
    let columns = "approved_revision, state, op, digest, submitted_by, updated_at, explained, project_no, name, category, record_kind, \
                   use_code, owner_unit, county, township, stage";
    let of_department = |department: i64| {
        let offset = department * 1000;
        format!(
            "INSERT INTO projects (id, entry_year, department, revision, {columns})
                SELECT id + {offset}, entry_year, 'D{department}', revision, {columns} FROM projects WHERE id <= 1000;
            INSERT INTO revisions (project_id, revision, op, values_json, digest, rules, submitted_by, submitted_at, state)
                SELECT project_id + {offset}, revision, op, values_json, digest, rules, submitted_by, submitted_at, 'pending'
                FROM revisions WHERE project_id <= 1000 AND revision = 1;
            INSERT INTO project_keys
                SELECT project_id + {offset}, 'D{department}', number, name, address, owner, cell
                FROM project_keys WHERE project_id <= 1000;
            INSERT INTO project_counts
                SELECT 'D{department}', state, category, county, stage, explained, projects FROM project_counts WHERE department = 'JTJ';
            INSERT INTO findings
                SELECT project_id + {offset}, revision, seq, code, severity, cell, field, written, message, suggestion, basis
                FROM findings WHERE project_id <= 1000;"
        )
    };
    let sql: String = (1..20).map(of_department).collect();
    let url = &world.config.database_url;
    if world.is_sqlite() {
        let mut conn = SqliteConnection::establish(url).unwrap();
        conn.batch_execute(&sql).unwrap();
        conn.batch_execute("ANALYZE").unwrap();
    } else {
        let mut conn = PgConnection::establish(url).unwrap();
        conn.batch_execute(&sql).unwrap();
        // As the server does by itself in time.
        conn.batch_execute("VACUUM ANALYZE").unwrap();
    }
}

/// What the pages of the queue, a record and a preview ask.
fn open_pages(world: &World) {
    let (registry, secretariat) = (&world.registry, secretariat());
    let pending = Filter {
        state: Some(State::Pending),
        step: Some(Step::Secretariat),
        ..Filter::default()
    };
    let filters = [
        pending.clone(),
        Filter {
            department: Some("JTJ".into()),
            category: Some("02".into()),
            changed: Some(Field::Stage),
            severity: Some("confirm".into()),
            ..pending.clone()
        },
        Filter {
            state: Some(State::Approved),
            ..Filter::default()
        },
        Filter {
            state: Some(State::Returned),
            category: Some("02".into()),
            ..Filter::default()
        },
    ];
    for filter in &filters {
        for operator in [&secretariat, &reporter("JTJ")] {
            review::count(registry, operator, filter).unwrap();
            let rows = review::list(registry, operator, filter, 0, 51).unwrap();
            lists::pending_changes(registry, &rows).unwrap();
            lists::reasons(registry, &rows).unwrap();
            lists::comments(registry, &rows).unwrap();
        }
    }
    projects::record(registry, &secretariat, code(1)).unwrap();
    let upload = world.receive("what is planned");
    let near = school(3)
        .without(Field::ProjectNo)
        .with(Field::Name, "聊城市第3小学教学楼");
    let lines = [
        school(1).with(Field::Stage, "40").found(Severity::Confirm),
        school(2),
        near,
        school(2000).with(Field::OwnerUscc, "11371500MB28359259"),
    ];
    let preview = intake::preview(registry, &upload, roster(lines), None).unwrap();
    intake::likenesses(registry, &preview, 10).unwrap();
    intake::listed(registry, preview.not_listed()).unwrap();
    intake::open_held(registry, &[upload]).unwrap();
}

#[test]
fn no_page_goes_through_all_projects() {
    listen();
    for world in World::both() {
        let lines = (1..=1000).map(|row| school(row).found(Severity::Confirm));
        world.commit(&world.preview_explained(lines, Some("已核实")));
        world.give_back(5, "请核实");
        world.approve_all();
        world.commit(&world.preview_explained([school(1).with(Field::Stage, "40")], Some("已核实")));
        multiply(&world);
        let asked = asked_by(|| open_pages(&world));
        assert!(asked.len() > 20, "{asked:#?}");
        let mut through_all = Vec::new();
        for statement in &asked {
            let plan = plan(&world, statement);
            if plan.iter().any(|line| goes_through_all(line)) {
                through_all.push(format!("{statement}\n{}", plan.join("\n")));
            }
        }
        assert!(through_all.is_empty(), "{}", through_all.join("\n\n"));
    }
}
