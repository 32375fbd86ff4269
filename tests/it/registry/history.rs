//! The history is a fact: past the registry, too, nothing of it is overwritten or deleted.

use retrofit_import::catalogue::Field;
use retrofit_import::finding::Severity;
use retrofit_registry::registry::people::{Operator, Role};
use retrofit_registry::registry::review::{self, Filter, Ruling, Selection};
use retrofit_registry::registry::waivers::{Grant, Subject, waive};
use retrofit_registry::registry::{business_day, projects, settings};

use super::audit_chain::tamper;
use crate::support::rosters::{JTJ, code, school};
use crate::support::{MORNING, World, administrator, reporter, secretariat};

/// A project with something in every part of its history, and others that are approved, returned, withdrawn.
fn lived(world: &World) {
    let registry = &world.registry;
    let lead = Operator {
        name: "lead".into(),
        role: Role::Lead,
        department: Some(JTJ.into()),
        origin: "console".into(),
    };
    settings::set_lead_review(registry, &administrator(), JTJ, true).unwrap();
    let lines = [
        school(1).found(Severity::Confirm),
        school(2),
        school(3),
        school(4).with(Field::Remarks, "待审"),
    ];
    let preview = world.preview_explained(lines, Some("已核实"));
    world.commit(&preview);
    let all = Selection::Matching(Filter::default());
    assert_eq!(
        review::decide(registry, &lead, &all, Ruling::Approve).unwrap().decided,
        4
    );
    world.give_back(2, "面积不符");
    let approved = Selection::These([1, 3].map(|id| (code(id), None)).to_vec());
    world.decide(&approved, Ruling::Approve);
    settings::set_lead_review(registry, &administrator(), JTJ, false).unwrap();
    projects::propose_withdrawal(registry, &reporter(JTJ), &[code(3)], "重复").unwrap();
    world.decide(&Selection::These(vec![(code(3), None)]), Ruling::Approve);
    projects::comment(registry, &reporter(JTJ), code(1), "已补图纸").unwrap();
    let grant = Grant {
        rule: "S001",
        until: business_day(MORNING),
        reason: "场地资料后补",
    };
    waive(registry, &secretariat(), &Subject::Project(code(1)), &grant).unwrap();
}

#[test]
fn no_statement_overwrites_or_deletes_what_has_happened() {
    for world in World::both() {
        lived(&world);
        let before = projects::record(&world.registry, &secretariat(), code(1)).unwrap();
        for table in [
            "decisions",
            "findings",
            "explanations",
            "endorsements",
            "comments",
            "waivers",
        ] {
            for sql in [
                format!("DELETE FROM {table}"),
                format!("UPDATE {table} SET project_id = project_id"),
            ] {
                let error = tamper(&world, &sql).expect_err(&sql).to_string();
                assert!(error.contains("append-only"), "{sql}: {error}");
            }
        }
        for column in ["values_json", "digest", "rules", "sheet", "note", "submitted_by", "op"] {
            let sql = format!("UPDATE revisions SET {column} = 'x'");
            let error = tamper(&world, &sql).unwrap_err().to_string();
            assert!(error.contains("append-only"), "{sql}: {error}");
        }
        let error = tamper(&world, "DELETE FROM revisions").unwrap_err().to_string();
        assert!(error.contains("append-only"), "{error}");
        // What was approved, returned or withdrawn does not wait again.
        for (project, revision) in [(1, 1), (2, 1), (3, 2)] {
            let sql = format!(
                "UPDATE revisions SET state = 'pending', decided_by = NULL, decided_at = NULL
                 WHERE project_id = {project} AND revision = {revision}"
            );
            let error = tamper(&world, &sql).unwrap_err().to_string();
            assert!(error.contains("does not move so"), "{sql}: {error}");
        }
        let after = projects::record(&world.registry, &secretariat(), code(1)).unwrap();
        assert_eq!(format!("{after:?}"), format!("{before:?}"));
    }
}
