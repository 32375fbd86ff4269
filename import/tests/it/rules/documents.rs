//! `docs/rules.md` says what the rules say.

use std::collections::BTreeMap;
use std::path::Path;

use retrofit_import::catalogue::Catalogue;
use retrofit_import::rules::{self, RULES};

/// Regenerate with `UPDATE=1 cargo test -p retrofit-import rules_page`.
#[test]
fn the_rules_page_is_not_stale() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/rules.md");
    let page = rules::markdown(&Catalogue::load(None).unwrap());
    if std::env::var_os("UPDATE").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &page).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == page,
        "docs/rules.md is stale: UPDATE=1 cargo test -p retrofit-import rules_page"
    );
}

#[test]
fn codes_are_unique_and_rules_are_found_by_them() {
    for (at, rule) in RULES.iter().enumerate() {
        let found = rules::find(rule.code).unwrap();
        assert!(std::ptr::eq(found, *rule), "{} stands twice", RULES[at].code);
        assert_eq!(rules::severity(rule.code), rule.severity());
    }
    assert!(rules::find("S999").is_none());
}

/// A rule that goes is retired and stays in the slice: a gap would be a code to be used again.
#[test]
fn no_code_is_left_out() {
    let mut expected: BTreeMap<&str, usize> = BTreeMap::new();
    for rule in RULES {
        let (kind, number) = rule.code.split_at(1);
        let next = expected.entry(kind).or_insert(1);
        assert_eq!(number, format!("{next:03}"), "{}", rule.code);
        *next += 1;
    }
    let counts: Vec<_> = expected.into_iter().map(|(kind, next)| (kind, next - 1)).collect();
    assert_eq!(
        counts,
        [
            ("C", 6),
            ("D", 4),
            ("F", 11),
            ("M", 6),
            ("P", 5),
            ("S", 18),
            ("T", 14),
            ("V", 10)
        ]
    );
}

#[test]
fn every_rule_explains_itself() {
    let catalogue = Catalogue::load(None).unwrap();
    for rule in RULES {
        for (heading, part) in rules::page(rule, &catalogue) {
            assert!(!part.trim().is_empty(), "{} has no {heading}", rule.code);
        }
        let text = rules::text(rule, &catalogue);
        assert!(text.starts_with(rule.code) && text.contains(rule.help.how));
    }
}

#[test]
fn the_json_lists_every_rule_with_its_page() {
    let json = rules::json(&Catalogue::load(None).unwrap());
    let listed = json.as_array().unwrap();
    assert_eq!(listed.len(), RULES.len());
    let class = listed.iter().find(|rule| rule["code"] == "S005").unwrap();
    assert_eq!(class["severity"], "error");
    assert_eq!(class["fields"], serde_json::json!(["fortification_class"]));
    assert_eq!(class["basis"][0]["status"], "read");
    assert_eq!(class["status"], "in force");
}
