//! What officers explain: of a rule, a group, one finding, in the file, and before.

use retrofit_import::catalogue::Field;
use retrofit_import::finding::Severity;
use retrofit_registry::registry::intake::{self, Outcome, Preview, Source, finding_scope, group_scope, rule_scope};
use retrofit_registry::registry::projects;

use crate::support::rosters::{JTJ, Line, code, fates, school};
use crate::support::{World, reporter, secretariat};

/// A row with a finding to confirm.
fn asks(row: u32) -> Line {
    school(row).found(Severity::Confirm)
}

fn explain(world: &World, preview: &Preview, scope: &str, text: &str) {
    let texts = [(scope.to_owned(), text.to_owned())];
    intake::explain(&world.registry, &reporter(JTJ), &preview.upload, &texts).unwrap();
}

/// The answers to the first finding of each row.
fn answers(preview: &Preview) -> Vec<Option<String>> {
    let rows = 0..preview.roster.rows.len();
    rows.map(|row| preview.answer(row, 0).map(|answer| answer.text.clone()))
        .collect()
}

#[test]
fn the_nearest_word_counts() {
    for world in World::both() {
        let lines = || {
            [
                asks(1),
                asks(2),
                asks(3).explained("表里写的"),
                asks(4).found_by("S004", Severity::Confirm),
            ]
        };
        let shown = world.preview(lines());
        assert_eq!(fates(&shown), ["unexplained", "unexplained", "new", "unexplained"]);
        let finding = |row: usize| &shown.roster.rows[row].findings[0];

        explain(&world, &shown, &rule_scope("S002"), "  本规则的  ");
        let by_rule = world.preview(lines());
        assert_eq!(fates(&by_rule), ["new", "new", "new", "unexplained"], "S004 is open");
        explain(&world, &shown, &group_scope(finding(0)), "本组的");
        explain(&world, &shown, &finding_scope(finding(1)), "这一处的");
        let all = world.preview(lines());
        let said = |text: &str| Some(text.to_owned());
        assert_eq!(
            answers(&all),
            [said("本组的"), said("这一处的"), said("表里写的"), said("本组的")]
        );
        explain(&world, &shown, &group_scope(finding(0)), " ");
        explain(&world, &shown, &rule_scope("S002"), "");
        assert_eq!(
            answers(&world.preview(lines())),
            [None, said("这一处的"), said("表里写的"), None]
        );

        let long = [(rule_scope("S002"), "长".repeat(501))];
        assert!(intake::explain(&world.registry, &reporter(JTJ), &shown.upload, &long).is_err());
        let others = [(rule_scope("S002"), "别人".to_owned())];
        assert!(intake::explain(&world.registry, &reporter("WJW"), &shown.upload, &others).is_err());
    }
}

#[test]
fn an_explanation_is_part_of_what_was_shown() {
    for world in World::both() {
        let shown = world.preview([asks(1), school(2)]);
        explain(&world, &shown, &rule_scope("S002"), "已核实");
        let one = world.preview([asks(1), school(2)]);
        explain(&world, &shown, &rule_scope("S002"), "改了说法");
        let outcome = intake::commit(&world.registry, &reporter(JTJ), &one).unwrap();
        let Outcome::Moved(now) = outcome else {
            panic!("{outcome:?}")
        };
        assert_eq!(answers(&now)[0].as_deref(), Some("改了说法"));
        world.commit(&now);
        let record = projects::record(&world.registry, &secretariat(), code(1)).unwrap();
        let given = record.findings[0].1.as_ref().unwrap();
        assert_eq!((given.explanation.as_str(), given.carried_from), ("改了说法", None));
    }
}

#[test]
fn what_was_explained_before_is_carried_over_and_shown_as_such() {
    for world in World::both() {
        let first = world.preview([asks(1), asks(2)]);
        explain(&world, &first, &rule_scope("S002"), "按旧区划图");
        world.commit(&world.preview([asks(1), asks(2)]));
        world.approve_all();

        let changed = |line: Line| line.with(Field::ProgressPercent, "30");
        // A later upload, where nothing is explained: the same rule, field and value.
        let later = world.receive("later");
        let preview = |lines: Vec<Line>| {
            intake::preview(&world.registry, &later, crate::support::rosters::roster(lines), None).unwrap()
        };
        let other = asks(2).with_written("0.20g");
        let shown = preview(vec![changed(asks(1)), changed(other)]);
        assert_eq!(fates(&shown), ["changed 1", "unexplained"], "another value asks anew");
        let answer = shown.answer(0, 0).unwrap();
        let Source::Carried { revision, by, .. } = &answer.source else {
            panic!("{answer:?}")
        };
        assert_eq!(
            (answer.text.as_str(), *revision, by.as_str()),
            ("按旧区划图", 1, "console-jtj")
        );
        world.commit(&shown);

        // From revision to revision it stays the first one's.
        let third = preview(vec![asks(1).with(Field::ProgressPercent, "60")]);
        world.commit(&third);
        let record = projects::record(&world.registry, &secretariat(), code(1)).unwrap();
        let given = record.findings[0].1.as_ref().unwrap();
        assert_eq!((record.project.revision, given.carried_from), (3, Some(1)));
        // Sent again on purpose, a revision keeps its findings and what was said of them.
        world.give_back(1, "请再核实");
        projects::resubmit(&world.registry, &reporter(JTJ), code(1), "已再核实").unwrap();
        let record = projects::record(&world.registry, &secretariat(), code(1)).unwrap();
        let given = record.findings[0].1.as_ref().unwrap();
        assert_eq!((record.project.revision, given.carried_from), (4, Some(1)));
    }
}

#[test]
fn what_was_read_is_kept_as_it_was_and_made_again_on_another_day() {
    for world in World::both() {
        let csv = "工程名称,工程类别,工程性质,用途,产权单位,县（市、区）,乡镇（街道）,详细地址,结构类型,建筑面积,抗震设防烈度,设计基本地震加速度,\
                   抗震设防类别,工程进度\n\
                   第一小学教学楼,学校,加固,教学楼,第一小学,东昌府区,古楼街道,兴华路1号,砌体结构,3124.6,7度,0.10g,乙类,计划加固\n\
                   第二小学教学楼,学校,加固,教学楼,,东昌府区,古楼街道,兴华路2号,砌体结构,3124.6,7度,0.15g,乙类,计划加固\n";
        let upload = world.receive(csv);
        let read = intake::check(&world.registry, &upload).unwrap();
        assert!(read.rows.len() == 2 && !read.rows[0].findings.is_empty());
        let file = world.folder().join("uploads").join(&upload.stored);
        let hidden = file.with_extension("hidden");
        std::fs::rename(&file, &hidden).unwrap();
        let kept = intake::open(&world.registry, &upload).unwrap();
        assert_eq!(format!("{:?}", kept.rows), format!("{:?}", read.rows));
        assert_eq!(kept.summary.findings, read.summary.findings);

        world.clock.shift(24 * 60 * 60 * 1000);
        assert!(
            intake::open(&world.registry, &upload).is_err(),
            "rules may depend on the day"
        );
        std::fs::rename(&hidden, &file).unwrap();
        assert_eq!(intake::open(&world.registry, &upload).unwrap().rows.len(), 2);
    }
}
