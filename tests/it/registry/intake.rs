//! Preview and commit.

use std::collections::BTreeSet;
use std::sync::{Arc, Barrier};
use std::thread;

use retrofit_import::catalogue::Field;
use retrofit_import::finding::Severity;
use retrofit_import::values::Canonical;
use retrofit_registry::registry::intake::{self, Fate, Outcome};
use retrofit_registry::registry::people::{Operator, Role};
use retrofit_registry::registry::review::Filter;
use retrofit_registry::registry::{business_day, projects, review};

use crate::support::rosters::{JTJ, code, counts, fates, roster, school};
use crate::support::{MORNING, World, reporter, secretariat};

#[test]
fn a_roster_goes_in_once_and_is_unchanged_then() {
    for world in World::both() {
        let lines = || (1..=3).map(school);
        let preview = world.preview(lines());
        assert_eq!(fates(&preview), ["new", "new", "new"]);
        let none = review::count(&world.registry, &secretariat(), &Filter::default()).unwrap();
        assert_eq!(none, 0, "a preview reads only");

        let new = world.commit(&preview);
        assert_eq!(new, counts(|counts| (counts.rows, counts.new) = (3, 3)));
        let again = world.preview(lines());
        assert_eq!(fates(&again), ["unchanged 1", "unchanged 2", "unchanged 3"]);
        let unchanged = world.commit(&again);
        assert_eq!(unchanged, counts(|counts| (counts.rows, counts.unchanged) = (3, 3)));

        let record = projects::record(&world.registry, &reporter(JTJ), code(1)).unwrap();
        assert_eq!(record.revisions.len(), 1);
        let first = &record.revisions[0];
        assert_eq!((first.sheet.as_deref(), first.row_no), (Some("台账"), Some(1)));
        assert_eq!(
            (first.submitted_by.as_str(), first.state.as_str()),
            ("console-jtj", "pending")
        );
        assert_eq!(record.project.floor_area_e2, Some(312_460));
        assert_eq!(record.project.planned_yuan, Some(6_751_800));
        assert_eq!(record.project.code().to_string(), "LC-2026-000001");
    }
}

#[test]
fn a_change_is_shown_field_by_field_and_becomes_a_revision() {
    for world in World::both() {
        world.import([school(1), school(2)]);
        world.approve_all();
        let lines = || {
            let done = school(1)
                .with(Field::Stage, "40")
                .with(Field::CompletionDate, "2026-10");
            [done.without(Field::StructureType), school(2)]
        };
        let preview = world.preview(lines());
        let rows = preview.rows().unwrap();
        let Fate::Changed { code: changed, changes } = &rows[0].1 else {
            panic!("{:?}", rows[0].1)
        };
        let one = |text: &str| Some(Canonical::One(text.into()));
        let told: Vec<_> = changes
            .iter()
            .map(|change| (change.field, change.before.clone(), change.after.clone()))
            .collect();
        assert_eq!(*changed, code(1));
        assert_eq!(
            told,
            [
                (Field::StructureType, one("01"), None),
                (Field::Stage, one("30"), one("40")),
                (Field::CompletionDate, None, one("2026-10")),
            ]
        );
        world.commit(&preview);

        let record = projects::record(&world.registry, &secretariat(), code(1)).unwrap();
        let project = &record.project;
        assert_eq!((project.revision, project.approved_revision), (2, Some(1)));
        assert_eq!((project.state.as_str(), project.stage.as_str()), ("pending", "40"));
        let span = (project.completion_first.as_deref(), project.completion_last.as_deref());
        assert_eq!(span, (Some("2026-10-01"), Some("2026-10-31")));
        assert_eq!(record.changes(1, 2).unwrap().len(), 3);
        assert_eq!(
            record.revisions[0].state, "approved",
            "what was approved stays as it was"
        );
    }
}

#[test]
fn rows_that_are_not_sound_stay_with_the_upload() {
    for world in World::both() {
        let lines = || {
            [
                school(1),
                school(2).found(Severity::Error),
                school(3).found(Severity::Confirm),
                school(4).found(Severity::Hint),
            ]
        };
        let preview = world.preview(lines());
        assert_eq!(fates(&preview), ["new", "errors", "unexplained", "new"]);
        let held = counts(|counts| (counts.rows, counts.new, counts.held, counts.to_confirm) = (4, 2, 2, 1));
        assert_eq!(world.commit(&preview), held);
        let (rows, findings) = intake::held(&world.registry, &reporter(JTJ), preview.upload.id).unwrap();
        let rows: Vec<_> = rows.iter().map(|row| (row.row_no, row.reason.as_str())).collect();
        assert_eq!(rows, [(2, "errors"), (3, "unexplained")]);
        assert_eq!(
            findings.len(),
            2,
            "hints of rows that went in are kept with their revisions"
        );

        let explained = world.preview_explained(lines(), Some("  已现场核实  "));
        assert_eq!(fates(&explained), ["unchanged 1", "errors", "new", "unchanged 2"]);
        world.commit(&explained);
        let (rows, _) = intake::held(&world.registry, &reporter(JTJ), explained.upload.id).unwrap();
        assert_eq!(rows.len(), 1, "what was mended is held no more");

        let record = projects::record(&world.registry, &secretariat(), code(3)).unwrap();
        let (finding, explanation) = &record.findings[0];
        assert_eq!((finding.code.as_str(), finding.severity.as_str()), ("S002", "confirm"));
        assert_eq!(explanation.as_ref().unwrap().explanation, "已现场核实");
        assert_eq!(record.project.explained, 1);
        // What was explained when it went in needs no explanation again.
        assert_eq!(fates(&world.preview(lines()))[2], "unchanged 3");
        assert_eq!(fates(&world.preview_explained(lines(), Some("   ")))[1], "errors");
    }
}

#[test]
fn what_a_roster_does_not_list_is_named_and_left_alone() {
    for world in World::both() {
        let lines = [
            school(1),
            school(2),
            school(3).with(Field::Category, "04"),
            school(4).with(Field::County, "371521"),
        ];
        world.import(lines);
        let preview = world.preview([school(1)]);
        assert_eq!(
            preview.not_listed(),
            [code(2)],
            "only those of the file's categories and counties"
        );
        assert_eq!(world.commit(&preview).not_listed, 1);
        let all = review::count(&world.registry, &secretariat(), &Filter::default()).unwrap();
        assert_eq!(all, 4);
    }
}

#[test]
fn a_returned_row_stays_returned_until_it_is_changed_or_sent_again() {
    for world in World::both() {
        world.import([school(1), school(2)]);
        world.give_back(1, "面积与图纸不符");
        world.give_back(2, "缺少鉴定报告");
        let same = world.preview([school(1), school(2)]);
        let rows = same.rows().unwrap();
        let Fate::Unchanged { returned, .. } = &rows[0].1 else {
            panic!("{:?}", rows[0].1)
        };
        assert_eq!(returned.as_deref(), Some("面积与图纸不符"));
        world.commit(&same);
        let state = |id| {
            projects::record(&world.registry, &secretariat(), code(id))
                .unwrap()
                .project
                .state
        };
        assert_eq!(state(1), "returned");

        world.import([school(1).with(Field::FloorAreaM2, "3000"), school(2)]);
        assert_eq!((state(1).as_str(), state(2).as_str()), ("pending", "returned"));
        projects::resubmit(&world.registry, &reporter(JTJ), code(2), "报告已于上月补交").unwrap();
        let record = projects::record(&world.registry, &secretariat(), code(2)).unwrap();
        assert_eq!((record.project.revision, record.project.state.as_str()), (2, "pending"));
        assert_eq!(record.changes(1, 2).unwrap(), []);
        assert_eq!(
            record.revisions[0].reason.as_deref(),
            Some("缺少鉴定报告"),
            "the history keeps why"
        );
        let twice = projects::resubmit(&world.registry, &reporter(JTJ), code(2), "再报").unwrap_err();
        assert!(twice.to_string().contains("待审核"), "{twice}");
    }
}

#[test]
fn a_commit_after_the_registry_moved_shows_the_new_preview() {
    for world in World::both() {
        world.import([school(1)]);
        let lines = || [school(1).with(Field::Stage, "40"), school(2)];
        let first = world.preview(lines());
        let second = world.preview(lines());
        assert_eq!(first.fingerprint(), second.fingerprint());
        world.commit(&first);
        let Outcome::Moved(fresh) = intake::commit(&world.registry, &reporter(JTJ), &second).unwrap() else {
            panic!("the second was committed too");
        };
        assert_eq!(fates(&fresh), ["unchanged 1", "unchanged 2"]);
        assert_ne!(fresh.fingerprint(), second.fingerprint());
        assert_eq!(world.commit(&fresh).unchanged, 2);
    }
}

#[test]
fn the_same_file_sent_twice_at_once_goes_in_once() {
    for world in World::both() {
        let lines = || (1..=20).map(school);
        let barrier = Arc::new(Barrier::new(2));
        let officers: Vec<_> = (0..2)
            .map(|_| {
                let (registry, barrier) = (world.another(), barrier.clone());
                let file = world.file("the same file");
                thread::spawn(move || {
                    let operator = reporter(JTJ);
                    let upload = intake::receive(&registry, &operator, JTJ, "2026-11", "清单.csv", &file).unwrap();
                    let preview = intake::preview(&registry, &upload, roster(lines()), None).unwrap();
                    barrier.wait();
                    (upload.id, intake::commit(&registry, &operator, &preview).unwrap())
                })
            })
            .collect();
        let outcomes: Vec<_> = officers.into_iter().map(|officer| officer.join().unwrap()).collect();
        assert_eq!(outcomes[0].0, outcomes[1].0, "one upload");
        let committed = outcomes
            .iter()
            .filter(|(_, outcome)| matches!(outcome, Outcome::Committed(_)))
            .count();
        assert_eq!(committed, 1, "the other is shown that nothing is left to do");
        let all = review::count(&world.registry, &secretariat(), &Filter::default()).unwrap();
        assert_eq!(all, 20);
    }
}

#[test]
fn the_same_file_received_by_many_at_once_is_one_upload() {
    for world in World::both() {
        for round in 0..8 {
            let file = world.file(&format!("file {round}"));
            let barrier = Barrier::new(6);
            let ids: BTreeSet<i64> = thread::scope(|scope| {
                let officers: Vec<_> = (0..6)
                    .map(|_| {
                        scope.spawn(|| {
                            barrier.wait();
                            let operator = reporter(JTJ);
                            intake::receive(&world.registry, &operator, JTJ, "2026-11", "清单.csv", &file)
                        })
                    })
                    .collect();
                let uploads = officers.into_iter().map(|officer| officer.join().unwrap());
                uploads.map(|upload| upload.unwrap().id).collect()
            });
            assert_eq!(ids.len(), 1, "{ids:?}");
        }
        let received = world.log(100);
        assert_eq!(received.len(), 8, "each is noted once");
    }
}

#[test]
fn an_unreadable_file_is_settled_once_however_many_read_it() {
    for world in World::both() {
        let upload = world.receive("no table at all");
        let roster = intake::read(&world.registry, &upload, business_day(MORNING)).unwrap();
        assert!(!roster.is_readable());
        let barrier = Barrier::new(6);
        thread::scope(|scope| {
            for _ in 0..6 {
                scope.spawn(|| {
                    barrier.wait();
                    intake::note_unreadable(&world.registry, &reporter("JTJ"), &upload, &roster).unwrap();
                });
            }
        });
        let settled = intake::upload(&world.registry, &reporter(JTJ), upload.id).unwrap();
        assert_eq!(settled.state, "unreadable");
        let (rows, findings) = intake::held(&world.registry, &reporter(JTJ), upload.id).unwrap();
        assert_eq!((rows.len(), findings.len()), (0, 1), "{findings:?}");
    }
}

#[test]
fn what_was_committed_meanwhile_is_not_made_unreadable() {
    for world in World::both() {
        let preview = world.preview([school(1), school(2).found(Severity::Error)]);
        world.commit(&preview);
        let before = preview.upload;
        assert_eq!(before.state, "received", "as it was read before the commit");
        let roster = intake::read(&world.registry, &before, business_day(MORNING)).unwrap();
        intake::note_unreadable(&world.registry, &reporter("JTJ"), &before, &roster).unwrap();
        let now = intake::upload(&world.registry, &reporter(JTJ), before.id).unwrap();
        assert_eq!(now.state, "committed");
        let (rows, _) = intake::held(&world.registry, &reporter(JTJ), before.id).unwrap();
        assert_eq!(rows.len(), 1);
    }
}

#[test]
fn thousands_of_rows_go_in_and_are_met_again() {
    for world in World::both() {
        let lines = || {
            (1..=2500).map(|row| {
                if row % 2 == 0 {
                    school(row)
                } else {
                    school(row).without(Field::ProjectNo)
                }
            })
        };
        assert_eq!(world.import(lines()).new, 2500);
        assert_eq!(world.import(lines()).unchanged, 2500);
        assert_eq!(world.approve_all(), 2500);
    }
}

#[test]
fn the_same_bytes_department_and_period_are_the_same_upload() {
    for world in World::both() {
        let send = |department: &str, period, bytes| {
            world
                .receive_as(&reporter(department), department, period, bytes)
                .unwrap()
                .id
        };
        let first = send(JTJ, "2026-11", "one");
        assert_eq!(send(JTJ, "2026-11", "one"), first);
        let others = [
            send(JTJ, "2026-12", "one"),
            send("WJW", "2026-11", "one"),
            send(JTJ, "2026-11", "two"),
        ];
        assert!(!others.contains(&first));
        let own = intake::uploads(&world.registry, &reporter(JTJ), 10).unwrap();
        assert_eq!(own.len(), 3, "a department sees its own");
        assert!(intake::upload(&world.registry, &reporter(JTJ), others[1]).is_err());
    }
}

#[test]
fn who_may_not_send_is_refused() {
    for world in World::both() {
        let as_role = |role, department: Option<&str>| Operator {
            name: "someone".into(),
            role,
            department: department.map(Into::into),
            origin: "console".into(),
        };
        for (operator, allowed) in [
            (as_role(Role::Reporter, Some(JTJ)), true),
            (as_role(Role::Reporter, Some("WJW")), false),
            (as_role(Role::Lead, Some(JTJ)), true),
            (as_role(Role::Secretariat, None), true),
            (as_role(Role::Auditor, None), false),
            (as_role(Role::Administrator, None), false),
        ] {
            let sent = world.receive_as(&operator, JTJ, "2026-11", "bytes");
            assert_eq!(sent.is_ok(), allowed, "{operator:?}");
            let preview = world.preview([school(1)]);
            let committed = intake::commit(&world.registry, &operator, &preview);
            assert_eq!(committed.is_ok(), allowed, "{operator:?}");
        }
        for (department, period) in [("XXX", "2026-11"), (JTJ, "2026-13"), (JTJ, "2026-1"), (JTJ, "")] {
            assert!(
                world.receive_as(&secretariat(), department, period, "bytes").is_err(),
                "{department} {period}"
            );
        }
    }
}
