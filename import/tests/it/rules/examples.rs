//! The Markdown examples of `import/tests/rules`: each table is a roster, judged from the top; its last column says what the rule of the
//! heading finds in the row.

use std::collections::BTreeMap;
use std::path::Path;

use retrofit_import::catalogue::Catalogue;
use retrofit_import::finding::{Finding, Severity};
use retrofit_import::rules::{self, Judge, RULES, RosterJudge, Rule};

use super::example::Example;

/// The business day of the examples.
pub(super) const TODAY: &str = "2026-11-23";

/// How often the examples make a rule fire and stay silent.
#[derive(Debug, Default, PartialEq)]
struct Count {
    firing: usize,
    silent: usize,
}

#[test]
fn the_examples_say_what_the_rules_find() {
    let mut failures = Vec::new();
    for_each_row(&mut |place, rule, expected, found| {
        if expected != found {
            failures.push(format!("{place} {}: expected {expected}, found {found}", rule.code));
        }
    });
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn every_rule_has_two_examples_that_fire_and_two_that_stay_silent() {
    let mut counts: BTreeMap<&str, Count> = BTreeMap::new();
    for_each_row(&mut |_, rule, expected, _| {
        let count = counts.entry(rule.code).or_default();
        if expected == SILENT {
            count.silent += 1;
        } else {
            count.firing += 1;
        }
    });
    let judged = RULES.iter().filter(|rule| !matches!(rule.judge, Judge::WhileReading));
    let lacking: Vec<_> = judged
        .filter(|rule| {
            counts
                .get(rule.code)
                .is_none_or(|count| count.firing < 2 || count.silent < 2)
        })
        .map(|rule| rule.code)
        .collect();
    assert!(lacking.is_empty(), "rules without examples: {lacking:?}");
}

/// What the last column says where the rule finds nothing.
const SILENT: &str = "不触发";

/// Judges each row of each table and hands on its place, the rule, what is expected and what was found.
fn for_each_row(check: &mut dyn FnMut(String, &Rule, &str, &str)) {
    let catalogue = Catalogue::load(None).unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rules");
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        let mut rule: Option<&Rule> = None;
        let mut table: Option<(Vec<&str>, RosterJudge<'_>)> = None;
        for (line, number) in text.lines().zip(1u32..) {
            if let Some(heading) = line.strip_prefix("## ") {
                let (code, title) = heading.split_once(' ').unwrap();
                rule = Some(rules::find(code).unwrap_or_else(|| panic!("{name}:{number}: no rule {code}")));
                assert_eq!(title, rule.unwrap().title, "{name}:{number}");
            }
            let Some(cells) = line.strip_prefix('|').and_then(|line| line.strip_suffix('|')) else {
                table = None;
                continue;
            };
            let cells: Vec<&str> = cells.split('|').map(str::trim).collect();
            let Some((header, judge)) = &mut table else {
                table = Some((cells, RosterJudge::new(&catalogue, TODAY.parse().unwrap())));
                continue;
            };
            if cells.iter().all(|cell| cell.starts_with("---")) {
                continue;
            }
            assert_eq!(cells.len(), header.len(), "{name}:{number}");
            let pairs: Vec<_> = header.iter().copied().zip(cells.iter().copied()).collect();
            let ((_, expected), pairs) = pairs.split_last().unwrap();
            let rule = rule.unwrap();
            let mut example = Example::new(number);
            example.write(&catalogue, pairs.iter().copied());
            let found = shown(&catalogue, rule, &findings(judge, &example));
            assert!(judge.incidents().is_empty(), "{name}:{number}: {:?}", judge.incidents());
            check(format!("{name}:{number}"), rule, expected, &found);
        }
    }
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
