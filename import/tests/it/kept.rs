//! Values that were kept, read again.

use std::collections::BTreeMap;
use std::sync::Arc;

use retrofit_import::catalogue::{Catalogue, Field};
use retrofit_import::check::KeptReader;
use retrofit_import::finding::Severity;
use retrofit_import::values::Canonical;

use crate::rosters;

#[test]
fn what_the_samples_say_reads_as_itself() {
    let reader = KeptReader::new(Arc::new(Catalogue::load(None).unwrap()));
    let mut count = 0;
    for row in rosters::rows() {
        let unread = |code: &str| code.starts_with('V');
        if row
            .findings
            .iter()
            .any(|finding| finding.severity == Severity::Error && unread(finding.code))
        {
            continue;
        }
        let values = row.record.values();
        let (record, findings) = reader.read(&values);
        assert_eq!(record.values(), values, "row {}", row.record.row);
        let errors = findings.iter().filter(|finding| finding.severity == Severity::Error);
        assert_eq!(errors.count(), 0, "row {}: {findings:?}", row.record.row);
        count += 1;
    }
    assert!(count > 3000, "{count}");
}

#[test]
fn what_a_deployment_has_since_made_narrower_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let change = |text: &str, from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        text.replace(from, to)
    };
    let fields = include_str!("../../catalogue/fields.csv");
    let fields = change(fields, "m,no,0.01..250,", "m,no,0.01..100,");
    let fields = change(&fields, "uscc,,no,", "uscc,,yes,");
    std::fs::write(folder.path().join("fields.csv"), fields).unwrap();
    let divisions = include_str!("../../catalogue/divisions.csv");
    let divisions = change(divisions, "371502001,古楼街道", "371502099,古楼街道");
    std::fs::write(folder.path().join("divisions.csv"), divisions).unwrap();
    let found = |catalogue: Option<&std::path::Path>| {
        let reader = KeptReader::new(Arc::new(Catalogue::load(catalogue).unwrap()));
        let one = |(field, text): (Field, &str)| (field, Canonical::One(text.to_owned()));
        let school = [
            (Field::Name, "第一中学教学楼"),
            (Field::Category, "02"),
            (Field::RecordKind, "1"),
            (Field::Use, "201"),
            (Field::OwnerUnit, "第一中学"),
            (Field::County, "371502"),
            (Field::Township, "371502001"),
            (Field::Address, "花园路1号"),
            (Field::StructureType, "03"),
            (Field::HeightM, "123.5"),
            (Field::Intensity, "7"),
            (Field::AccelerationG, "0.15"),
            (Field::FortificationClass, "B"),
            (Field::Stage, "10"),
        ];
        let values: BTreeMap<Field, Canonical> = school.into_iter().map(one).collect();
        let (_, findings) = reader.read(&values);
        assert!(
            findings
                .iter()
                .all(|finding| finding.address.is_none() && finding.row.is_none())
        );
        findings
            .into_iter()
            .map(|finding| (finding.code, finding.field))
            .collect::<Vec<_>>()
    };
    assert_eq!(found(None), []);
    assert_eq!(
        found(Some(folder.path())),
        [
            ("V004", Some(Field::Township)),
            ("V005", Some(Field::HeightM)),
            ("V001", Some(Field::OwnerUscc)),
        ]
    );
}
