//! What of an upload asks for an explanation, by rule and by what is said, each with the answer that it has.

use std::collections::{BTreeMap, HashMap};

use retrofit_import::finding::{Finding, Severity};
use retrofit_import::report::{Group, groups};

use super::findings::{FindingLine, SHOWN, title};
use super::words;
use crate::registry::intake::{Answer, Kind, Preview, Source, finding_scope, group_scope, rule_scope};

/// Findings of a group that are explained one by one at most on one page.
const EACH: usize = 300;

/// All that asks for an explanation.
#[derive(Default)]
pub(super) struct Explain {
    pub(super) rules: Vec<RuleLine>,
    /// Findings, and how many of them are answered.
    pub(super) count: usize,
    pub(super) answered: usize,
    /// Groups that stand on other pages.
    pub(super) page: usize,
    pub(super) pages: usize,
}

/// A rule's findings.
pub(super) struct RuleLine {
    pub(super) code: &'static str,
    pub(super) title: &'static str,
    pub(super) count: usize,
    pub(super) answered: usize,
    /// What is written for all of them, where they are several groups.
    pub(super) all: Option<TextBox>,
    pub(super) groups: Vec<GroupLine>,
}

/// A place to write an explanation.
pub(super) struct TextBox {
    pub(super) scope: String,
    pub(super) text: String,
    pub(super) label: String,
}

/// Findings that say the same.
pub(super) struct GroupLine {
    pub(super) finding: FindingLine,
    pub(super) scope: String,
    pub(super) text: String,
    pub(super) count: usize,
    pub(super) answered: usize,
    /// Answers from elsewhere than this box: the words, and where they come from.
    pub(super) answers: Vec<(String, String)>,
    /// One by one, where that was asked for.
    pub(super) each: Vec<TextBox>,
}

/// A finding with its answer.
type Answered<'a> = (&'a Finding, Option<&'a Answer>);

impl Explain {
    /// What is to be explained of a preview: the groups of one page, and of the rule `each` every finding.
    pub(super) fn new(preview: &Preview, drafts: &HashMap<String, String>, page: usize, each: Option<&str>) -> Self {
        let mut asked: Vec<Answered<'_>> = Vec::new();
        for (at, row) in preview.roster.rows.iter().enumerate() {
            if matches!(preview.kind(at), Some(Kind::Unchanged { .. }) | None) {
                continue;
            }
            let confirm = row.findings.iter().enumerate();
            let confirm = confirm.filter(|(_, finding)| finding.severity == Severity::Confirm);
            asked.extend(confirm.map(|(of, finding)| (finding, preview.answer(at, of))));
        }
        let mut by_group: HashMap<String, Vec<Answered<'_>>> = HashMap::new();
        for &(finding, answer) in &asked {
            by_group
                .entry(group_scope(finding))
                .or_default()
                .push((finding, answer));
        }
        let mut by_rule: BTreeMap<&'static str, Vec<Group<'_>>> = BTreeMap::new();
        for group in groups(asked.iter().map(|(finding, _)| *finding)) {
            by_rule.entry(group.first.code).or_default().push(group);
        }
        let all: Vec<(&'static str, Group<'_>)> = by_rule
            .iter()
            .flat_map(|(code, groups)| groups.iter().map(move |group| (*code, group.clone())))
            .collect();
        let page = page.max(1);
        let mut explain = Self {
            count: asked.len(),
            answered: asked.iter().filter(|(_, answer)| answer.is_some()).count(),
            page,
            pages: all.len().div_ceil(SHOWN),
            rules: Vec::new(),
        };
        for (code, group) in all.iter().skip((page - 1) * SHOWN).take(SHOWN) {
            if explain.rules.last().is_none_or(|rule| rule.code != *code) {
                let several = by_rule.get(code).is_some_and(|groups| groups.len() > 1);
                explain.rules.push(RuleLine::new(code, several, &asked, drafts));
            }
            let members = by_group.get(&group_scope(group.first)).map_or(&[][..], Vec::as_slice);
            if let Some(rule) = explain.rules.last_mut() {
                rule.groups
                    .push(GroupLine::new(group, members, drafts, each == Some(*code)));
            }
        }
        explain
    }
}

impl RuleLine {
    fn new(code: &'static str, several: bool, asked: &[Answered<'_>], drafts: &HashMap<String, String>) -> Self {
        let of = || asked.iter().filter(|(finding, _)| finding.code == code);
        let count = of().count();
        let scope = rule_scope(code);
        let text = drafts.get(&scope).cloned().unwrap_or_default();
        Self {
            code,
            title: title(code),
            count,
            answered: of().filter(|(_, answer)| answer.is_some()).count(),
            all: (several || !text.is_empty()).then(|| TextBox {
                label: format!("对这 {count} 处都适用的情况说明"),
                scope,
                text,
            }),
            groups: Vec::new(),
        }
    }
}

impl GroupLine {
    fn new(group: &Group<'_>, members: &[Answered<'_>], drafts: &HashMap<String, String>, each: bool) -> Self {
        let draft = |scope: &str| drafts.get(scope).cloned().unwrap_or_default();
        let scope = group_scope(group.first);
        let text = draft(&scope);
        let mut answers: Vec<(String, String)> = Vec::new();
        for answer in members.iter().filter_map(|(_, answer)| *answer) {
            let told = (answer.text.clone(), source(answer));
            // What stands in the box need not be said again.
            if answer.text != text && !answers.contains(&told) && answers.len() < 3 {
                answers.push(told);
            }
        }
        let boxes = members.iter().take(EACH).map(|(finding, _)| {
            let scope = finding_scope(finding);
            TextBox {
                text: draft(&scope),
                scope,
                label: finding.address.map_or_else(
                    || format!("第 {} 行", finding.row.unwrap_or_default()),
                    |address| address.to_string(),
                ),
            }
        });
        Self {
            finding: FindingLine::new(group),
            scope,
            text,
            count: members.len(),
            answered: members.iter().filter(|(_, answer)| answer.is_some()).count(),
            answers,
            each: if each && members.len() > 1 {
                boxes.collect()
            } else {
                Vec::new()
            },
        }
    }
}

/// Where an answer comes from, in the officers' words.
fn source(answer: &Answer) -> String {
    match &answer.source {
        Source::Page { by, at } => format!("{by} {} 写", words::moment(*at)),
        Source::File => "清单里的“情况说明”一栏".into(),
        Source::Carried { revision, by, at } => {
            format!("沿用第 {revision} 版的说明，{by} {} 写", words::moment(*at))
        }
        Source::All => "统一说明".into(),
    }
}
