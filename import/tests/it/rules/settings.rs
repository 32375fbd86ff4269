//! `rules.toml`: what a deployment sets, where it shows, and what is refused.

use std::sync::Arc;

use retrofit_import::catalogue::{Catalogue, CatalogueError};
use retrofit_import::finding::{Finding, Severity};
use retrofit_import::rules::{self, RULE_SET_VERSION, RosterJudge, rule_set_version};

use super::example::Example;
use super::examples::{TODAY, findings};
use crate::layout::check_csv_by;

/// The catalogue of a deployment with this `rules.toml`.
fn load(rules: &str) -> Result<Catalogue, CatalogueError> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("rules.toml"), rules).unwrap();
    Catalogue::load(Some(folder.path()))
}

fn set(code: &str, severity: &str) -> Catalogue {
    load(&format!("[{code}]\nseverity = \"{severity}\"\nreason = \"先试行\"\n")).unwrap()
}

/// What one rule finds in a record.
fn judged(catalogue: &Catalogue, code: &str, cells: &[(&str, &str)]) -> Option<Finding> {
    let mut judge = RosterJudge::new(catalogue, TODAY.parse().unwrap());
    let mut example = Example::new(1);
    example.write(catalogue, cells.iter().copied());
    let found = findings(&mut judge, &example);
    found.into_iter().find(|finding| finding.code == code)
}

fn severity(catalogue: &Catalogue, code: &str, cells: &[(&str, &str)]) -> Option<Severity> {
    judged(catalogue, code, cells).map(|finding| finding.severity)
}

#[test]
fn a_judged_rule_asks_for_what_is_set_and_says_why() {
    let cells = [("用途", "住宅"), ("抗震设防类别", "适度设防类")];
    for (word, wanted) in [
        ("error", Some(Severity::Error)),
        ("confirm", Some(Severity::Confirm)),
        ("hint", Some(Severity::Hint)),
        ("off", None),
    ] {
        assert_eq!(severity(&set("S005", word), "S005", &cells), wanted);
    }
    let finding = judged(&set("S005", "hint"), "S005", &cells).unwrap();
    let basis = "GB 50223-2008 第6章（居住建筑）；本地设为提示，原因：先试行";
    assert_eq!(finding.basis.as_deref(), Some(basis));
    let finding = judged(&set("T014", "error"), "T014", &[("始建竣工时间", "1899")]).unwrap();
    let said = (finding.severity, finding.basis.as_deref());
    assert_eq!(said, (Severity::Error, Some("本地设为强制性，原因：先试行")));
}

#[test]
fn a_case_that_asks_for_less_than_its_rule_goes_on_doing_so() {
    // 301 to 304: S005 asks for an explanation only.
    let cells = [("用途", "301"), ("抗震设防类别", "适度设防类")];
    let plain = Catalogue::load(None).unwrap();
    assert_eq!(severity(&plain, "S005", &cells), Some(Severity::Confirm));
    assert_eq!(severity(&set("S005", "error"), "S005", &cells), Some(Severity::Confirm));
    assert_eq!(severity(&set("S005", "hint"), "S005", &cells), Some(Severity::Hint));
}

#[test]
fn rules_about_the_roster_as_a_whole_are_set_too() {
    let cells = [("没有列出", "3")];
    assert_eq!(
        severity(&set("C006", "confirm"), "C006", &cells),
        Some(Severity::Confirm)
    );
    assert_eq!(severity(&set("C006", "off"), "C006", &cells), None);
}

#[test]
fn what_is_found_while_reading_is_set_too() {
    let roster = "工程名称,工程类别,工程性质,用途,产权单位,县（市、区）,乡镇（街道）,详细地址,结构类型,抗震设防烈度,\
                  设计基本地震加速度,抗震设防类别,工程进度,联系电话,分管领导\n\
                  第一中学教学楼,学校,加固,教学楼,第一中学,东昌府区,古楼街道,花园路1号,框架,7度,0.15g,乙类,计划加固,822,某某\n";
    let found = |catalogue: Catalogue, code: &str| {
        let (summary, rows) = check_csv_by(Arc::new(catalogue), roster);
        let held = summary.held;
        let mut all = summary.findings.iter().chain(&rows[0].findings);
        (
            held,
            all.find(|finding| finding.code == code).map(|finding| finding.severity),
        )
    };
    let plain = || Catalogue::load(None).unwrap();
    assert_eq!(found(plain(), "V009"), (0, Some(Severity::Hint)));
    assert_eq!(found(set("V009", "error"), "V009"), (1, Some(Severity::Error)));
    assert_eq!(found(set("V009", "off"), "V009"), (0, None));
    assert_eq!(found(plain(), "F006").1, Some(Severity::Hint));
    assert_eq!(found(set("F006", "confirm"), "F006").1, Some(Severity::Confirm));
    assert_eq!(found(set("F006", "off"), "F006").1, None);
}

#[test]
fn pages_show_the_setting_and_its_reason() {
    let catalogue = set("S004", "off");
    let page = |code| rules::text(rules::find(code).unwrap(), &catalogue);
    assert!(page("S004").contains("核实性（本地设为停用，原因：先试行）"));
    assert!(!page("S005").contains("本地"));
    assert!(rules::markdown(&catalogue).contains("本地设为停用，原因：先试行"));
    let json = rules::json(&catalogue);
    let of = |code: &str| {
        let rules = json.as_array().unwrap();
        rules.iter().find(|rule| rule["code"] == code).unwrap()["setting"].clone()
    };
    assert_eq!(of("S004"), serde_json::json!({ "severity": "off", "reason": "先试行" }));
    assert_eq!(of("S005"), serde_json::Value::Null);
}

#[test]
fn a_records_version_names_the_settings() {
    let version = |catalogue: &Catalogue| rule_set_version(catalogue.rule_settings());
    assert_eq!(version(&Catalogue::load(None).unwrap()), RULE_SET_VERSION);
    let (one, other) = (version(&set("S004", "off")), version(&set("S004", "hint")));
    assert_eq!(one, version(&set("S004", "off")));
    assert_ne!(one, other);
    let digest = one
        .strip_prefix(RULE_SET_VERSION)
        .and_then(|rest| rest.strip_prefix('+'))
        .unwrap();
    assert!(digest.len() == 8 && digest.bytes().all(|digit| digit.is_ascii_hexdigit()));
}

#[test]
fn a_broken_file_is_refused_with_its_line_and_the_reason() {
    let good = "[S004]\nseverity = \"hint\"\nreason = \"先试行\"\n\n";
    for (text, line, said) in [
        (
            "[S999]\nseverity = \"hint\"\nreason = \"x\"\n",
            5,
            "没有代码为 `S999` 的规则",
        ),
        ("[S005]\nseverity = \"hint\"\n", 5, "`S005` 没有写 `reason`"),
        (
            "[S005]\nseverity = \"hint\"\nreason = \" \"\n",
            5,
            "`S005` 没有写 `reason`",
        ),
        ("[S005]\nreason = \"x\"\n", 5, "`S005` 没有写 `severity`"),
        (
            "[S005]\nreason = \"x\"\nseverity = \"severe\"\n",
            7,
            "\"error\"、\"confirm\"、\"hint\" 或 \"off\"",
        ),
        ("[S005]\nreason = \"x\"\nseverity = 1\n", 7, "\"error\""),
        (
            "[S005]\nseverity = \"off\"\nreason = \"x\"\nuntil = 2027\n",
            8,
            "不能写 `until`",
        ),
        ("[F001]\nseverity = \"off\"\nreason = \"x\"\n", 6, "只能是强制性"),
        ("[F004]\nseverity = \"hint\"\nreason = \"x\"\n", 6, "只能是强制性"),
        ("[V001]\nseverity = \"off\"\nreason = \"x\"\n", 6, "不能停用"),
        ("[S004]\nseverity = \"off\"\nreason = \"x\"\n", 5, ""),
        ("S005 = \"off\"\n", 5, ""),
        ("[S005\n", 5, ""),
    ] {
        let text = format!("{good}{text}");
        let error = load(&text).unwrap_err();
        let CatalogueError::Broken {
            file,
            line: found,
            reason,
        } = &error
        else {
            panic!("{error}");
        };
        assert!(
            file.ends_with("rules.toml") && *found == line && reason.contains(said),
            "{text}: {error}"
        );
        assert!(error.to_string().starts_with(&format!("{file}:{line}: ")), "{error}");
    }
}
