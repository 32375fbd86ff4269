//! Judging what is approved again.

use std::sync::Arc;

use retrofit_import::catalogue::{Catalogue, Field};
use retrofit_import::finding::Severity;
use retrofit_import::rules::RULE_SET_VERSION;
use retrofit_registry::registry::business_day;
use retrofit_registry::registry::projects;
use retrofit_registry::registry::recheck::{Rechecked, recheck};

use crate::support::rosters::{JTJ, code, school};
use crate::support::{MORNING, World, reporter, secretariat};

fn rechecked(world: &World) -> Rechecked {
    recheck(&world.registry, &secretariat(), business_day(MORNING)).unwrap()
}

/// The codes of what each failing record fails by.
fn failing(world: &World) -> Vec<(i64, Vec<&'static str>)> {
    let failing = rechecked(world).failing.into_iter();
    let codes = |findings: Vec<retrofit_import::finding::Finding>| findings.iter().map(|found| found.code).collect();
    failing.map(|one| (one.code.id, codes(one.findings))).collect()
}

/// A row that violates nothing.
fn sound(row: u32) -> crate::support::rosters::Line {
    school(row).with(Field::Stage, "20")
}

#[test]
fn what_was_approved_is_judged_by_the_rules_of_today() {
    for world in World::both() {
        let wrong = || sound(2).with(Field::Intensity, "6");
        world.import([sound(1), wrong(), sound(3)]);
        assert_eq!(rechecked(&world).judged, 0, "nothing is approved yet");
        world.approve_all();
        let before = projects::record(&world.registry, &secretariat(), code(2)).unwrap();

        let found = rechecked(&world);
        assert_eq!((found.judged, found.rules.as_str()), (3, RULE_SET_VERSION));
        assert_eq!(failing(&world), [(2, vec!["S001"])]);
        let one = &found.failing[0];
        assert_eq!(
            (one.department.as_str(), one.revision, one.rules.as_str()),
            (JTJ, 1, RULE_SET_VERSION)
        );
        assert_eq!(one.name, "第2小学教学楼");

        let after = projects::record(&world.registry, &secretariat(), code(2)).unwrap();
        assert_eq!((before.project, before.revisions), (after.project, after.revisions));
        // What was approved is judged, not what was sent since.
        world.import([sound(1).with(Field::Intensity, "6")]);
        assert_eq!(failing(&world), [(2, vec!["S001"])]);
    }
}

#[test]
fn what_was_explained_when_it_went_in_does_not_fail() {
    for world in World::both() {
        // Below the zonation of the county; the check found it in one of the two rows alone.
        let low = |row| sound(row).with(Field::AccelerationG, "0.10");
        let preview = world.preview_explained([low(1).found(Severity::Confirm), low(2)], Some("已核实"));
        world.commit(&preview);
        world.approve_all();
        assert_eq!(failing(&world), [(2, vec!["S002"])]);
    }
}

#[test]
fn a_department_sees_its_own_and_settings_count() {
    for mut world in World::both() {
        world.import([sound(1).with(Field::Intensity, "6")]);
        world.approve_all();
        let of = |world: &World, department| {
            recheck(&world.registry, &reporter(department), business_day(MORNING))
                .unwrap()
                .judged
        };
        assert_eq!((of(&world, JTJ), of(&world, "SLJ")), (1, 0));

        std::fs::create_dir_all(&world.config.catalogue_dir).unwrap();
        let settings = "[S001]\nseverity = \"hint\"\nreason = \"先试行\"\n";
        std::fs::write(world.config.catalogue_dir.join("rules.toml"), settings).unwrap();
        world.registry.catalogue = Arc::new(Catalogue::load(Some(&world.config.catalogue_dir)).unwrap());
        let found = rechecked(&world);
        assert!(found.failing.is_empty() && found.rules.starts_with(&format!("{RULE_SET_VERSION}+")));
        // A new revision keeps the version of the settings that it was checked by; the old one its own.
        let later = sound(1).with(Field::Intensity, "6").with(Field::ProgressPercent, "0");
        world.import([later]);
        let record = projects::record(&world.registry, &secretariat(), code(1)).unwrap();
        let versions: Vec<&str> = record
            .revisions
            .iter()
            .map(|revision| revision.rules.as_str())
            .collect();
        assert_eq!(versions, [RULE_SET_VERSION, found.rules.as_str()]);
    }
}

#[test]
fn what_the_catalogue_does_not_take_any_more_fails() {
    for mut world in World::both() {
        world.import([sound(1), sound(2).with(Field::FloorAreaM2, "2900")]);
        world.approve_all();
        assert_eq!(failing(&world), []);
        let fields = include_str!("../../../import/catalogue/fields.csv");
        let narrower = fields.replace("0.01..500000,", "0.01..3000,");
        assert_ne!(narrower, fields);
        std::fs::create_dir_all(&world.config.catalogue_dir).unwrap();
        std::fs::write(world.config.catalogue_dir.join("fields.csv"), narrower).unwrap();
        world.registry.catalogue = Arc::new(Catalogue::load(Some(&world.config.catalogue_dir)).unwrap());
        assert_eq!(failing(&world), [(1, vec!["V005"])]);
        let finding = &rechecked(&world).failing[0].findings[0];
        assert_eq!((finding.value.as_deref(), finding.address), (Some("3124.6"), None));
    }
}
