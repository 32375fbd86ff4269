//! The sample rosters, checked as departments send them, against their exact expected results.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::NaiveDate;
use retrofit_import::catalogue::Catalogue;
use retrofit_import::check::{CheckedRow, Checker, Corrections, Summary};
use retrofit_import::finding::{Finding, Severity};
use retrofit_import::workbook::Limits;
use serde_json::Value;

use crate::workbook::worker;

/// A finding as the expected results name it.
type Flag = (String, String, String, String);

struct Checked {
    summary: Summary,
    rows: Vec<CheckedRow>,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rosters")
}

fn check(file: &Path, today: NaiveDate) -> Checked {
    let catalogue = Arc::new(Catalogue::load(None).unwrap());
    let checker = Checker {
        catalogue,
        worker: worker(),
        limits: Limits::default(),
        corrections: Corrections::default(),
    };
    let mut rows = Vec::new();
    let summary = checker.check(file, today, &mut |row| rows.push(row)).unwrap();
    Checked { summary, rows }
}

fn flags<'a>(findings: impl Iterator<Item = &'a Finding>) -> BTreeSet<Flag> {
    let flag = |finding: &Finding| {
        let severity = match finding.severity {
            Severity::Error => "error",
            Severity::Confirm => "confirm",
            Severity::Hint => return None,
        };
        Some((
            finding.sheet.clone().unwrap_or_default(),
            finding.address.map(|address| address.to_string()).unwrap_or_default(),
            finding.code.to_owned(),
            severity.to_owned(),
        ))
    };
    findings.filter_map(flag).collect()
}

fn expected_flags(expected: &Value) -> BTreeSet<Flag> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let flag = |it: &Value| {
        (
            text(&it["sheet"]),
            text(&it["cell"]),
            text(&it["code"]),
            text(&it["severity"]),
        )
    };
    expected["findings"].as_array().unwrap().iter().map(flag).collect()
}

/// A sample's key.
fn expected(name: &str) -> Value {
    let key = folder().join(format!("{name}.expected.json"));
    serde_json::from_str(&std::fs::read_to_string(key).unwrap()).unwrap()
}

fn file(name: &str) -> PathBuf {
    let mut files = ["xlsx", "xls", "ods", "csv"]
        .iter()
        .map(|kind| folder().join(format!("{name}.{kind}")));
    files.find(|file| file.exists()).unwrap()
}

/// The names of all samples.
fn samples() -> Vec<String> {
    let files = std::fs::read_dir(folder()).unwrap();
    let name = |file: std::io::Result<std::fs::DirEntry>| {
        let file = file.unwrap().file_name();
        file.to_str()?.strip_suffix(".expected.json").map(str::to_owned)
    };
    let mut names: Vec<String> = files.filter_map(name).collect();
    names.sort();
    names
}

/// Compares one sample with its key; the differences, each in a line.
fn differences(name: &str) -> Vec<String> {
    let expected = expected(name);
    let checked = check(&file(name), expected["today"].as_str().unwrap().parse().unwrap());
    let mut wrong = Vec::new();

    if let Some(code) = expected.get("file_code") {
        let codes: Vec<&str> = checked
            .summary
            .findings
            .iter()
            .filter(|finding| finding.severity == Severity::Error)
            .map(|finding| finding.code)
            .collect();
        if codes != [code.as_str().unwrap()] || !checked.rows.is_empty() {
            wrong.push(format!(
                "{name}: wanted {code}, got {codes:?} and {} rows",
                checked.rows.len()
            ));
        }
        return wrong;
    }

    let sheets: Vec<Value> = checked
        .summary
        .sheets
        .iter()
        .map(|sheet| {
            serde_json::json!({ "name": sheet.name, "header_row": sheet.header_row, "data_rows": sheet.data_rows })
        })
        .collect();
    if Value::from(sheets.clone()) != expected["sheets"] {
        wrong.push(format!(
            "{name}: sheets {} wanted {}",
            Value::from(sheets),
            expected["sheets"]
        ));
    }

    let found = flags(
        checked
            .rows
            .iter()
            .flat_map(|row| &row.findings)
            .chain(&checked.summary.findings),
    );
    let wanted = expected_flags(&expected);
    wrong.extend(
        found
            .difference(&wanted)
            .map(|flag| format!("{name}: too much {flag:?}")),
    );
    wrong.extend(
        wanted
            .difference(&found)
            .map(|flag| format!("{name}: missing {flag:?}")),
    );

    let records: BTreeMap<(String, u64), Value> = checked
        .rows
        .iter()
        .map(|row| {
            let values = serde_json::to_value(row.record.values()).unwrap();
            ((row.record.sheet.to_string(), u64::from(row.record.row)), values)
        })
        .collect();
    for record in expected["records"].as_array().unwrap() {
        let place = (
            record["sheet"].as_str().unwrap().to_owned(),
            record["row"].as_u64().unwrap(),
        );
        let wanted = without_trailing_zeros(&record["values"]);
        match records.get(&place) {
            Some(values) if *values == wanted => {}
            Some(values) => wrong.push(format!("{name}: record {place:?} {}", diff(values, &wanted))),
            None => wrong.push(format!("{name}: no record {place:?}")),
        }
    }
    wrong
}

/// Two records of the keys write a height of seven metres as `7.0`, against their own convention of no trailing zeros.
fn without_trailing_zeros(values: &Value) -> Value {
    let mut values = values.clone();
    if let Some(height) = values.get_mut("height_m")
        && let Some(whole) = height.as_str().and_then(|text| text.strip_suffix(".0"))
    {
        *height = whole.into();
    }
    values
}

fn diff(found: &Value, wanted: &Value) -> String {
    let (found, wanted) = (found.as_object().unwrap(), wanted.as_object().unwrap());
    let fields: BTreeSet<&String> = found.keys().chain(wanted.keys()).collect();
    let changed = fields
        .into_iter()
        .filter(|field| found.get(*field) != wanted.get(*field));
    changed
        .map(|field| format!("{field}: {:?} wanted {:?}", found.get(field), wanted.get(field)))
        .collect::<Vec<_>>()
        .join("; ")
}

/// The data rows of all samples, each sample checked on its own day.
pub(crate) fn rows() -> impl Iterator<Item = CheckedRow> {
    samples().into_iter().flat_map(|name| {
        let expected = expected(&name);
        check(&file(&name), expected["today"].as_str().unwrap().parse().unwrap()).rows
    })
}

#[test]
fn every_sample_reads_and_judges_as_expected() {
    let names = samples();
    assert_eq!(names.len(), 17, "{names:?}");
    let wrong: Vec<String> = names.iter().flat_map(|name| differences(name)).collect();
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
}
