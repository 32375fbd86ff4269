//! The Markdown examples of `import/tests/rules`: each table is a roster, judged from the top; its last column says what the rule of the
//! heading finds in the row. The rules on files have their examples in [`files`](super::files).

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use retrofit_import::catalogue::Catalogue;
use retrofit_import::finding::{Finding, Severity};
use retrofit_import::rules::{self, Judge, RULES, RosterJudge, Rule};

use super::example::Example;
use super::{files, values};

/// The business day of the examples.
pub(super) const TODAY: &str = "2026-11-23";

/// What the last column says where the rule finds nothing.
const SILENT: &str = "不触发";

/// One table of a file.
pub(super) struct Table {
    rule: &'static Rule,
    file: String,
    /// The labels of its columns, but for the last.
    pub(super) header: Vec<String>,
    pub(super) rows: Vec<Row>,
}

/// One row of a table.
pub(super) struct Row {
    line: u32,
    pub(super) cells: Vec<String>,
    expected: String,
}

#[test]
fn the_examples_say_what_the_rules_find() {
    let catalogue = Catalogue::load(None).unwrap();
    let mut failures = Vec::new();
    for table in tables() {
        let found = if matches!(table.rule.judge, Judge::WhileReading) {
            values::findings(&table)
        } else {
            judged(&catalogue, &table)
        };
        assert_eq!(found.len(), table.rows.len(), "{}:{}", table.file, table.rule.code);
        for (row, findings) in table.rows.iter().zip(found) {
            let found = shown(&catalogue, table.rule, &findings);
            if row.expected != found {
                let (file, line, code) = (&table.file, row.line, table.rule.code);
                failures.push(format!(
                    "{file}:{line} {code}: expected {}, found {found}",
                    row.expected
                ));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn every_rule_has_two_examples_that_fire_and_two_that_stay_silent() {
    let mut counts: BTreeMap<&str, [usize; 2]> = BTreeMap::new();
    let mut count = |code, fires: bool| counts.entry(code).or_default()[usize::from(fires)] += 1;
    for table in tables() {
        for row in &table.rows {
            count(table.rule.code, row.expected != SILENT);
        }
    }
    for file in files::examples() {
        count(file.code, file.fires);
    }
    let few = |rule: &&&Rule| {
        counts
            .get(rule.code)
            .is_none_or(|[silent, firing]| *firing < 2 || *silent < 2)
    };
    let lacking: Vec<_> = RULES.iter().filter(few).map(|rule| rule.code).collect();
    assert!(lacking.is_empty(), "rules without examples: {lacking:?}");
}

#[test]
fn rules_that_ask_for_less_in_some_cases_say_so() {
    let shown = |row: &Row| {
        row.expected.ends_with('）')
            && !row.expected.ends_with("乡镇（街道）")
            && !row.expected.ends_with("县（市、区）")
    };
    let eased: BTreeSet<&str> = tables()
        .iter()
        .filter(|table| table.rows.iter().any(shown))
        .map(|table| table.rule.code)
        .collect();
    let said: BTreeSet<&str> = RULES
        .iter()
        .filter(|rule| rule.eased.is_some())
        .map(|rule| rule.code)
        .collect();
    assert_eq!(eased, said);
}

/// Every table of every file.
fn tables() -> Vec<Table> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rules");
    let mut tables: Vec<Table> = Vec::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let file = path.file_name().unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        let mut rule: Option<&'static Rule> = None;
        let mut within = false;
        for (line, number) in text.lines().zip(1u32..) {
            if let Some(heading) = line.strip_prefix("## ") {
                let (code, title) = heading.split_once(' ').unwrap();
                let found = rules::find(code).unwrap_or_else(|| panic!("{file}:{number}: no rule {code}"));
                assert_eq!(title, found.title, "{file}:{number}");
                rule = Some(found);
            }
            let Some(cells) = line.strip_prefix('|').and_then(|line| line.strip_suffix('|')) else {
                within = false;
                continue;
            };
            let mut cells: Vec<String> = cells.split('|').map(|cell| cell.trim().to_owned()).collect();
            if cells.iter().all(|cell| cell.starts_with("---")) {
                continue;
            }
            let expected = cells.pop().unwrap();
            if !std::mem::replace(&mut within, true) {
                tables.push(Table {
                    rule: rule.unwrap(),
                    file: file.clone(),
                    header: cells,
                    rows: Vec::new(),
                });
                continue;
            }
            let table = tables.last_mut().unwrap();
            assert_eq!(cells.len(), table.header.len(), "{file}:{number}");
            table.rows.push(Row {
                line: number,
                cells,
                expected,
            });
        }
    }
    tables
}

/// The findings on each row, judged as if it had been read.
fn judged(catalogue: &Catalogue, table: &Table) -> Vec<Vec<Finding>> {
    let mut judge = RosterJudge::new(catalogue, TODAY.parse().unwrap());
    let rows = table.rows.iter().map(|row| {
        let mut example = Example::new(row.line);
        let header = table.header.iter().map(String::as_str);
        example.write(catalogue, header.zip(row.cells.iter().map(String::as_str)));
        findings(&mut judge, &example)
    });
    let found = rows.collect();
    assert!(judge.incidents().is_empty(), "{}: {:?}", table.file, judge.incidents());
    found
}

/// Everything that all rules find.
pub(super) fn findings(judge: &mut RosterJudge<'_>, example: &Example) -> Vec<Finding> {
    let mut findings = judge.judge_record(&example.record);
    findings.extend(judge.judge_known(&example.record, &example.known));
    findings.extend(judge.judge_roster(&example.roster));
    findings
}

/// What one rule found, as the examples write it: `触发 建筑高度`, with the severity where that is not the rule's.
fn shown(catalogue: &Catalogue, rule: &Rule, findings: &[Finding]) -> String {
    let found: Vec<&Finding> = findings.iter().filter(|finding| finding.code == rule.code).collect();
    if found.is_empty() {
        return SILENT.to_owned();
    }
    let labels: Vec<&str> = found
        .iter()
        .filter_map(|finding| Some(catalogue.label(finding.field?)))
        .collect();
    let gravest: Severity = found.iter().map(|finding| finding.severity).max().unwrap();
    let severity = if gravest == rule.severity() {
        String::new()
    } else {
        format!("（{}）", gravest.label())
    };
    format!("触发 {}{severity}", labels.join("、")).trim_end().to_owned()
}
