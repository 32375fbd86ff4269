//! Decisions, and what follows from them.

use retrofit_import::catalogue::Field;
use retrofit_import::finding::Severity;
use retrofit_registry::registry::people::{Operator, Role};
use retrofit_registry::registry::review::{self, Filter, Ruling, Selection};
use retrofit_registry::registry::{State, delivery, intake, projects, snapshots};

use crate::support::rosters::{JTJ, code, roster, school};
use crate::support::{World, reporter, secretariat};

fn these(ids: &[i64]) -> Selection {
    Selection::These(ids.iter().map(|&id| (code(id), None)).collect())
}

/// How many approved projects stand in each category and stage, as the boards count them.
fn counted(world: &World) -> Vec<(String, String, i64)> {
    let figures = snapshots::figures(&world.registry, "2026-11".parse().unwrap(), None).unwrap();
    let figures = figures.unwrap().into_iter();
    figures
        .map(|(kind, sums)| (kind.category, kind.stage, sums.projects))
        .collect()
}

#[test]
fn an_approval_puts_the_revision_into_the_outbox() {
    for world in World::both() {
        world.import([school(1), school(2)]);
        let decided = world.decide(&these(&[1]), Ruling::Approve);
        assert_eq!((decided.decided, decided.refused.len()), (1, 0));
        let record = projects::record(&world.registry, &secretariat(), code(1)).unwrap();
        assert_eq!(record.project.state, "approved");
        let decision = &record.decisions[0];
        assert_eq!(
            (decision.decided_by.as_str(), decision.to_state.as_str()),
            ("console-secretariat", "approved")
        );
        let delivery = &record.deliveries[0];
        assert_eq!(
            (delivery.revision, delivery.state.as_str(), delivery.stage.as_str()),
            (1, "ready", "30")
        );
        assert_eq!(
            delivery::outbox(&world.registry, &secretariat()).unwrap(),
            [("ready".to_owned(), 1)]
        );
        assert_eq!(counted(&world), [("02".to_owned(), "30".to_owned(), 1)]);

        let again = world.decide(&these(&[1]), Ruling::Approve);
        assert!(again.refused[0].reason.contains("已审核"), "{again:?}");
    }
}

#[test]
fn a_later_approval_overtakes_what_was_not_sent() {
    for world in World::both() {
        world.import([school(1)]);
        world.approve_all();
        world.import([school(1).with(Field::Stage, "40")]);
        assert_eq!(
            counted(&world),
            [("02".to_owned(), "30".to_owned(), 1)],
            "the approved one counts"
        );
        world.approve_all();
        let record = projects::record(&world.registry, &secretariat(), code(1)).unwrap();
        let states: Vec<_> = record
            .deliveries
            .iter()
            .map(|row| (row.revision, row.state.as_str()))
            .collect();
        assert_eq!(states, [(1, "superseded"), (2, "ready")]);
        assert_eq!(counted(&world), [("02".to_owned(), "40".to_owned(), 1)]);
    }
}

#[test]
fn a_decision_on_a_revision_that_is_not_current_is_refused_and_says_so() {
    for world in World::both() {
        world.import([school(1), school(2)]);
        world.import([school(1).with(Field::Stage, "40")]);
        let shown = Selection::These(vec![(code(1), Some(1)), (code(2), Some(1)), (code(9), None)]);
        let decided = world.decide(&shown, Ruling::Approve);
        assert_eq!(decided.decided, 1, "the rest of the selection goes through");
        let reasons: Vec<_> = decided
            .refused
            .iter()
            .map(|refused| (refused.code.id, refused.reason.as_str()))
            .collect();
        assert!(reasons[0].1.contains("第 1 版已不是最新版，现为第 2 版"), "{reasons:?}");
        assert_eq!(reasons[1].0, 9);
        let record = projects::record(&world.registry, &secretariat(), code(1)).unwrap();
        assert_eq!(record.project.state, "pending");
    }
}

#[test]
fn nobody_approves_what_he_or_she_sent() {
    for world in World::both() {
        let own = Operator {
            name: "someone".into(),
            role: Role::Secretariat,
            department: Some("YJJ".into()),
            origin: "console".into(),
        };
        let upload = world.receive_as(&own, "YJJ", "2026-11", "theirs").unwrap();
        let preview = intake::preview(&world.registry, &upload, roster([school(1)]), None).unwrap();
        intake::commit(&world.registry, &own, &preview).unwrap();
        for selection in [Selection::Matching(Filter::default()), these(&[1])] {
            let decided = review::decide(&world.registry, &own, &selection, Ruling::Approve).unwrap();
            assert_eq!(decided.decided, 0);
            assert!(decided.refused[0].reason.contains("他人审核"), "{decided:?}");
        }
        assert_eq!(world.approve_all(), 1, "another member of the secretariat may");
    }
}

#[test]
fn only_the_secretariat_decides_and_a_return_needs_a_reason() {
    for world in World::both() {
        world.import([school(1)]);
        let refused = review::decide(&world.registry, &reporter(JTJ), &these(&[1]), Ruling::Approve);
        assert!(refused.is_err());
        let silent = review::decide(&world.registry, &secretariat(), &these(&[1]), Ruling::Return("  "));
        assert!(silent.is_err());
        world.give_back(1, " 面积不符 ");
        let record = projects::record(&world.registry, &reporter(JTJ), code(1)).unwrap();
        assert_eq!(record.revisions[0].reason.as_deref(), Some("面积不符"));
        assert_eq!(record.deliveries, []);
    }
}

#[test]
fn the_queue_is_narrowed_by_filters_and_by_sight() {
    for world in World::both() {
        let lines = [
            school(1),
            school(2).with(Field::County, "371521"),
            school(3).with(Field::Stage, "40"),
            school(4).with(Field::Category, "04"),
            school(5).found(Severity::Confirm),
        ];
        world.commit(&world.preview_explained(lines, Some("已核实")));
        world.give_back(4, "类别有误");
        let ids = |operator: &Operator, change: &dyn Fn(&mut Filter)| {
            let mut filter = Filter::default();
            change(&mut filter);
            let rows = review::list(&world.registry, operator, &filter, 0, 100).unwrap();
            assert_eq!(
                review::count(&world.registry, operator, &filter).unwrap(),
                i64::try_from(rows.len()).unwrap()
            );
            rows.iter().map(|row| row.id).collect::<Vec<_>>()
        };
        let secretariat = secretariat();
        assert_eq!(ids(&secretariat, &|_| {}), [1, 2, 3, 4, 5]);
        assert_eq!(ids(&secretariat, &|filter| filter.state = Some(State::Returned)), [4]);
        assert_eq!(ids(&secretariat, &|filter| filter.county = Some("371521".into())), [2]);
        assert_eq!(ids(&secretariat, &|filter| filter.stage = Some("40".into())), [3]);
        assert_eq!(ids(&secretariat, &|filter| filter.category = Some("04".into())), [4]);
        assert_eq!(ids(&secretariat, &|filter| filter.explained = Some(true)), [5]);
        assert_eq!(
            ids(&secretariat, &|filter| filter.department = Some("WJW".into())),
            [0; 0]
        );
        assert_eq!(ids(&reporter("WJW"), &|_| {}), [0; 0]);
        assert_eq!(
            ids(&reporter("WJW"), &|filter| filter.department = Some(JTJ.into())),
            [0; 0]
        );
        let page = review::list(&world.registry, &secretariat, &Filter::default(), 3, 1).unwrap();
        assert_eq!(page[0].id, 4);

        let county = Filter {
            county: Some("371521".into()),
            ..Filter::default()
        };
        assert_eq!(world.decide(&Selection::Matching(county), Ruling::Approve).decided, 1);
        assert_eq!(world.approve_all(), 3, "what was returned does not wait");
    }
}
