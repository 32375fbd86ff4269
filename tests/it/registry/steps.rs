//! The department's own lead before the secretariat, the queue's filters, comments, and withdrawals.

use retrofit_import::catalogue::Field;
use retrofit_import::finding::Severity;
use retrofit_registry::registry::people::{Operator, Role};
use retrofit_registry::registry::review::{self, Decided, Filter, Ruling, Selection};
use retrofit_registry::registry::{State, Step, business_day, intake, projects, settings};

use crate::support::rosters::{JTJ, Line, code, fates, school};
use crate::support::{MORNING, World, administrator, reporter, secretariat};

fn lead(department: &str) -> Operator {
    Operator {
        name: format!("lead-{department}"),
        role: Role::Lead,
        department: Some(department.into()),
        origin: "console".into(),
    }
}

fn decide_as(world: &World, operator: &Operator, ids: &[i64], ruling: Ruling<'_>) -> Decided {
    let these = ids.iter().map(|&id| (code(id), None)).collect();
    review::decide(&world.registry, operator, &Selection::These(these), ruling).unwrap()
}

fn waiting(world: &World, operator: &Operator, narrow: impl FnOnce(&mut Filter)) -> Vec<i64> {
    let mut filter = Filter {
        state: Some(State::Pending),
        ..Filter::default()
    };
    narrow(&mut filter);
    let rows = review::list(&world.registry, operator, &filter, 0, 100).unwrap();
    let count = review::count(&world.registry, operator, &filter).unwrap();
    assert_eq!(usize::try_from(count).unwrap(), rows.len());
    rows.iter().map(|row| row.id).collect()
}

#[test]
fn a_departments_own_lead_looks_first_where_it_has_that_step() {
    for world in World::both() {
        settings::set_lead_review(&world.registry, &administrator(), JTJ, true).unwrap();
        world.import([school(1), school(2), school(3)]);
        let at = |step| waiting(&world, &secretariat(), |filter| filter.step = Some(step));
        assert_eq!((at(Step::Lead), at(Step::Secretariat)), (vec![1, 2, 3], vec![]));

        let early = decide_as(&world, &secretariat(), &[1], Ruling::Approve);
        assert!(
            early.decided == 0 && early.refused[0].reason.contains("部门负责人"),
            "{early:?}"
        );
        let theirs = decide_as(&world, &lead("WJW"), &[1], Ruling::Approve);
        assert!(
            theirs.decided == 0 && theirs.refused[0].reason.contains("没有这个工程"),
            "{theirs:?}"
        );

        assert_eq!(decide_as(&world, &lead(JTJ), &[1, 2], Ruling::Approve).decided, 2);
        assert_eq!(
            decide_as(&world, &lead(JTJ), &[3], Ruling::Return("面积不对")).decided,
            1
        );
        assert_eq!((at(Step::Lead), at(Step::Secretariat)), (vec![], vec![1, 2]));
        let twice = decide_as(&world, &lead(JTJ), &[1], Ruling::Approve);
        assert!(twice.refused[0].reason.contains("已在秘书处"), "{twice:?}");

        assert_eq!(world.approve_all(), 2);
        let record = projects::record(&world.registry, &reporter(JTJ), code(1)).unwrap();
        assert_eq!(record.project.state, "approved");
        assert_eq!(record.endorsements[0].endorsed_by, "lead-JTJ");
        let returned = projects::record(&world.registry, &reporter(JTJ), code(3)).unwrap();
        assert_eq!(returned.revisions[0].reason.as_deref(), Some("面积不对"));

        // What a lead sends is not looked at by a lead again.
        let upload = world.receive_as(&lead(JTJ), JTJ, "2026-11", "the lead's").unwrap();
        let roster = crate::support::rosters::roster([school(4)]);
        let preview = intake::preview(&world.registry, &upload, roster, None).unwrap();
        intake::commit(&world.registry, &lead(JTJ), &preview).unwrap();
        assert_eq!(at(Step::Secretariat), [4]);
    }
}

#[test]
fn switched_off_the_step_lets_go_what_waits_there() {
    for world in World::both() {
        for operator in [lead(JTJ), secretariat(), reporter(JTJ)] {
            assert!(settings::set_lead_review(&world.registry, &operator, JTJ, true).is_err());
        }
        assert!(settings::set_lead_review(&world.registry, &administrator(), "XXX", true).is_err());
        settings::set_lead_review(&world.registry, &administrator(), JTJ, true).unwrap();
        assert_eq!(settings::lead_departments(&world.registry).unwrap(), [JTJ]);
        world.import([school(1)]);
        assert_eq!(world.approve_all(), 0);
        settings::set_lead_review(&world.registry, &administrator(), JTJ, false).unwrap();
        assert_eq!(world.approve_all(), 1);
    }
}

#[test]
fn what_waits_is_chosen_by_findings_changed_fields_and_time() {
    for world in World::both() {
        let stage = |line: Line| line.with(Field::Stage, "20");
        world.import([stage(school(1)), school(2), school(3)]);
        world.approve_all();
        let lines = [
            school(1).with(Field::PlannedCompletionDate, "2026-10"),
            school(2)
                .with(Field::Remarks, "备注")
                .with(Field::PlannedCompletionDate, "2026-12-31")
                .found(Severity::Hint),
            school(3).with(Field::Remarks, "备注").found(Severity::Confirm),
        ];
        world.commit(&world.preview_explained(lines, Some("已核实")));
        let of = |narrow: &dyn Fn(&mut Filter)| waiting(&world, &secretariat(), narrow);
        assert_eq!(of(&|filter| filter.changed = Some(Field::Stage)), [1]);
        assert_eq!(of(&|filter| filter.changed = Some(Field::Remarks)), [2, 3]);
        assert_eq!(of(&|filter| filter.changed = Some(Field::Name)), [0; 0]);
        assert_eq!(of(&|filter| filter.severity = Some("none".into())), [1]);
        assert_eq!(of(&|filter| filter.severity = Some("hint".into())), [2]);
        assert_eq!(of(&|filter| filter.severity = Some("confirm".into())), [3]);
        assert_eq!(of(&|filter| filter.explained = Some(true)), [3]);
        let today = business_day(MORNING);
        assert_eq!(of(&|filter| filter.due_before = Some(today)), [1]);
        assert_eq!(of(&|filter| filter.waiting_before = Some(MORNING)), [0; 0]);
        assert_eq!(of(&|filter| filter.waiting_before = Some(MORNING + 1)), [1, 2, 3]);
        let chosen = Filter {
            changed: Some(Field::Stage),
            ..Filter::default()
        };
        assert_eq!(world.decide(&Selection::Matching(chosen), Ruling::Approve).decided, 1);
    }
}

#[test]
fn one_entered_in_error_is_proposed_decided_and_stays_where_it_is_refused() {
    for world in World::both() {
        world.import([school(1), school(2), school(3)]);
        world.approve_all();
        let preview = world.preview([school(1)]);
        assert_eq!(preview.not_listed(), [code(2), code(3)]);
        let both = [code(2), code(3)];
        assert!(projects::propose_withdrawal(&world.registry, &reporter("WJW"), &both, "误报").is_err());
        assert!(projects::propose_withdrawal(&world.registry, &reporter(JTJ), &both, " ").is_err());
        projects::propose_withdrawal(&world.registry, &reporter(JTJ), &both, "误报").unwrap();
        let proposed = world.preview([school(1)]);
        assert!(
            proposed.not_listed().is_empty(),
            "what is proposed is not asked about again"
        );

        assert_eq!(decide_as(&world, &secretariat(), &[2], Ruling::Approve).decided, 1);
        assert_eq!(
            decide_as(&world, &secretariat(), &[3], Ruling::Return("确有其事")).decided,
            1
        );
        let state = |id| {
            let record = projects::record(&world.registry, &secretariat(), code(id)).unwrap();
            (record.project.state, record.project.op)
        };
        assert_eq!(state(2), ("withdrawn".into(), "withdraw".into()));
        assert_eq!(state(3), ("returned".into(), "withdraw".into()));
        // The roster that lists it says that it stays.
        assert_eq!(fates(&world.preview([school(3)])), ["changed 3"]);
        world.import([school(3)]);
        assert_eq!(state(3), ("pending".into(), "upsert".into()));
        assert_eq!(world.approve_all(), 1);
        assert_eq!(fates(&world.preview([school(3)])), ["unchanged 3"]);
    }
}

#[test]
fn comments_are_for_the_department_and_the_secretariat() {
    for world in World::both() {
        world.import([school(1)]);
        let say = |operator: &Operator, body: &str| projects::comment(&world.registry, operator, code(1), body);
        say(&secretariat(), " 请补照片 ").unwrap();
        say(&reporter(JTJ), "已补").unwrap();
        for (operator, body) in [
            (reporter("WJW"), "x"),
            (administrator(), "x"),
            (
                Operator {
                    role: Role::Auditor,
                    ..secretariat()
                },
                "x",
            ),
            (reporter(JTJ), "  "),
            (reporter(JTJ), &*"长".repeat(501)),
        ] {
            assert!(say(&operator, body).is_err(), "{operator:?}");
        }
        let record = projects::record(&world.registry, &reporter(JTJ), code(1)).unwrap();
        let said: Vec<_> = record
            .comments
            .iter()
            .map(|comment| (comment.body.as_str(), comment.written_by.as_str()))
            .collect();
        assert_eq!(said, [("请补照片", "console-secretariat"), ("已补", "console-jtj")]);
    }
}
