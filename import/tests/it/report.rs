//! Findings that are equal down a column, told as one.

use retrofit_import::check::Summary;
use retrofit_import::finding::{Finding, Severity};
use retrofit_import::report::{Group, Report, groups};
use retrofit_import::rules::Incident;
use retrofit_import::workbook::Address;

/// V001 on a cell of column U; the row is 1-based.
fn blank(row: u32) -> Finding {
    Finding {
        code: "V001",
        severity: Severity::Error,
        sheet: Some("学校".to_owned()),
        address: Some(Address::new(row - 1, 20)),
        row: Some(row),
        field: None,
        value: None,
        message: "用途是必填项。".to_owned(),
        suggestion: Some("补填。".to_owned()),
        basis: None,
    }
}

fn places(findings: &[Finding]) -> Vec<String> {
    groups(findings).iter().map(Group::place).collect()
}

#[test]
fn equal_findings_down_a_column_are_one_group_with_its_cells_in_short() {
    let at = |rows: &[u32]| places(&rows.iter().copied().map(blank).collect::<Vec<_>>());
    assert_eq!(at(&[15]), ["U15"]);
    assert_eq!(at(&[15, 16]), ["U15–U16"]);
    assert_eq!(at(&(5..=48).collect::<Vec<_>>()), ["U5–U48，44 处"]);
    assert_eq!(at(&[5, 9, 10, 11]), ["U5、U9–U11，4 处"]);
    // Out of order, and a merged cell that several rows share.
    assert_eq!(at(&[11, 9, 9, 10]), ["U9–U11，3 处"]);
    let scattered: Vec<_> = [5, 7, 9, 11, 13].map(blank).into();
    let all = groups(&scattered);
    assert_eq!(all[0].place(), "U5、U7、U9 等 5 处");
    assert_eq!(all[0].whole_place().unwrap(), "U5、U7、U9、U11、U13，5 处");
    assert_eq!(groups(&scattered[..3])[0].whole_place(), None);
}

#[test]
fn a_finding_that_differs_in_anything_told_stands_apart() {
    type Change = (&'static str, fn(&mut Finding));
    let changes: &[Change] = &[
        ("code", |finding| finding.code = "V004"),
        ("severity", |finding| finding.severity = Severity::Confirm),
        ("sheet", |finding| finding.sheet = None),
        ("column", |finding| finding.address = Some(Address::new(5, 21))),
        ("no cell", |finding| finding.address = None),
        ("field", |finding| {
            finding.field = Some(retrofit_import::catalogue::Field::Use);
        }),
        ("value", |finding| finding.value = Some("教学楼。".to_owned())),
        ("message", |finding| finding.message.push_str("另有一处。")),
        ("suggestion", |finding| finding.suggestion = Some("改填。".to_owned())),
        ("no suggestion", |finding| finding.suggestion = None),
        ("basis", |finding| finding.basis = Some("GB 50223-2008".to_owned())),
    ];
    for (what, change) in changes {
        let mut other = blank(6);
        change(&mut other);
        let findings = [blank(5), other, blank(7)];
        let groups = groups(&findings);
        assert_eq!(groups.len(), 2, "{what}");
        assert_eq!(groups.iter().map(|group| group.count).sum::<usize>(), 3, "{what}");
    }
}

#[test]
fn a_hint_that_does_not_quote_its_cell_is_one_group_that_names_what_is_written() {
    let late = |row, value: &str| Finding {
        code: "T012",
        severity: Severity::Hint,
        value: Some(value.to_owned()),
        message: "计划完工日期已过，工程进度还是正在加固。".to_owned(),
        ..blank(row)
    };
    let mut findings = vec![late(5, "2024-06"), late(6, "2024-06"), late(7, "2025")];
    let all = groups(&findings);
    assert_eq!((all.len(), all[0].place()), (1, "U5–U7，3 处".to_owned()));
    assert_eq!(all[0].unsaid_value().as_deref(), Some("2024-06、2025"));
    findings.extend([late(8, "2023"), late(9, "2022")]);
    assert_eq!(groups(&findings)[0].value(), "2024-06、2025、2023 等 4 种");
    // One that is to be explained stands for itself, and so does one that quotes its cell.
    for finding in &mut findings {
        finding.severity = Severity::Confirm;
    }
    assert_eq!(groups(&findings).len(), 4);
    for finding in &mut findings {
        finding.severity = Severity::Hint;
        finding.message = format!("计划完工日期{}已过。", finding.value.as_deref().unwrap());
    }
    assert_eq!(groups(&findings).len(), 4);
    assert_eq!(groups(&findings)[0].unsaid_value(), None);
}

#[test]
fn the_gravest_groups_come_first_and_the_others_keep_their_order() {
    let of = |row, code, severity| Finding {
        code,
        severity,
        ..blank(row)
    };
    let findings = [
        of(5, "V009", Severity::Hint),
        of(6, "S006", Severity::Confirm),
        of(7, "V001", Severity::Error),
        of(8, "S007", Severity::Confirm),
    ];
    let codes: Vec<_> = groups(&findings).iter().map(|group| group.first.code).collect();
    assert_eq!(codes, ["V001", "S006", "S007", "V009"]);
}

#[test]
fn what_a_rule_broke_down_on_is_in_the_json() {
    let of = |incidents: Vec<Incident>| {
        let report = Report {
            summary: Summary {
                incidents,
                ..Summary::default()
            },
            findings: vec![blank(5)],
            rows: Vec::new(),
            records: None,
        };
        serde_json::to_value(report.json("a.xlsx", None)).unwrap()
    };
    let json = of(vec![Incident {
        code: "S005",
        record: Some(("学校".into(), 7)),
    }]);
    assert_eq!(
        json["incidents"],
        serde_json::json!([{ "rule": "S005", "sheet": "学校", "row": 7 }])
    );
    assert_eq!(json["findings"].as_array().unwrap().len(), 1);
    assert_eq!(of(Vec::new()).get("incidents"), None);
}
