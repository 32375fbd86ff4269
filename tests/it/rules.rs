//! The commands about rules and zonation, run as an operator runs them.

use std::path::Path;
use std::process::{Command, Output};

use crate::support::RETROFIT;

/// Runs a command on the deployment in a folder.
fn retrofit(folder: &Path, args: &[&str]) -> Output {
    Command::new(RETROFIT)
        .args(args)
        .env("RETROFIT_DATA_DIR", folder)
        .env_remove("RETROFIT_DATABASE_URL")
        .env_remove("RETROFIT_CATALOGUE_DIR")
        .output()
        .unwrap()
}

/// What a command says, and its exit code.
fn said(folder: &Path, args: &[&str]) -> (i32, String) {
    let output = retrofit(folder, args);
    let text = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8(text).unwrap())
}

fn set(folder: &Path, rules: &str) {
    std::fs::create_dir_all(folder.join("catalogue")).unwrap();
    std::fs::write(folder.join("catalogue/rules.toml"), rules).unwrap();
}

#[test]
fn a_rule_is_explained_and_all_are_listed() {
    let folder = tempfile::tempdir().unwrap();
    let (code, text) = said(folder.path(), &["rule", "s005"]);
    assert!(
        code == 0 && text.starts_with("S005 ") && text.contains("怎么改"),
        "{text}"
    );
    let (code, text) = said(folder.path(), &["rule", "S999"]);
    assert!(code == 2 && text.contains("没有代码为“S999”的规则"), "{text}");

    let (code, text) = said(folder.path(), &["rules"]);
    assert_eq!((code, text.lines().count()), (0, 75));
    let (_, text) = said(folder.path(), &["rules", "--format", "json"]);
    let listed: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(listed.as_array().unwrap().len(), 74);
    let (_, text) = said(folder.path(), &["rules", "--format", "markdown"]);
    assert_eq!(text, include_str!("../../docs/rules.md"));
}

#[test]
fn settings_are_shown_and_a_broken_file_stops_every_command() {
    let folder = tempfile::tempdir().unwrap();
    set(
        folder.path(),
        "[S004]\nseverity = \"hint\"\nreason = \"场地资料待补\"\n",
    );
    let (_, text) = said(folder.path(), &["rule", "S004"]);
    assert!(text.contains("本地设为提示，原因：场地资料待补"), "{text}");
    let (_, text) = said(folder.path(), &["rules"]);
    assert!(text.contains("S004  核实性  "), "{text}");
    assert_eq!(text.matches("本地设为提示").count(), 1);

    set(folder.path(), "[S004]\nseverity = \"off\"\n");
    for command in [&["rules"][..], &["recheck"], &["check", "x.csv"]] {
        let (code, text) = said(folder.path(), command);
        assert!(
            code >= 2 && text.contains("rules.toml:1: `S004` 没有写 `reason`"),
            "{text}"
        );
    }
}

const HEADER: &str =
    "division_code,division_name,intensity,acceleration_g,design_group,since,acceleration_status,group_status,source\n";
const SOUND: &str = "371525209,万善乡,7,0.15,3,2016-06-01,read,read,GB 18306-2015 表C.15\n";

#[test]
fn a_townships_table_is_checked_and_put_in_force() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("townships.csv");
    let path = file.to_str().unwrap();
    let in_force = folder.path().join("catalogue/zonation.csv");
    std::fs::write(&file, format!("{HEADER}{SOUND}")).unwrap();

    assert_eq!(said(folder.path(), &["zonation", "check", path]).0, 0);
    assert!(!in_force.exists(), "a check changes nothing");
    for _ in 0..2 {
        let (code, text) = said(folder.path(), &["zonation", "load", path]);
        assert!(code == 0 && text.contains("1 个乡镇"), "{text}");
        let table = std::fs::read_to_string(&in_force).unwrap();
        let counties = include_str!("../../import/catalogue/zonation.csv").lines().count();
        assert_eq!(
            table.lines().count(),
            counties + 1,
            "counties are kept, townships replaced"
        );
        assert!(table.ends_with(SOUND), "{table}");
    }
    let left: Vec<_> = std::fs::read_dir(folder.path().join("catalogue")).unwrap().collect();
    assert_eq!(left.len(), 1, "nothing but the table is left behind");
}

#[test]
fn everything_wrong_with_a_townships_table_is_told_and_nothing_written() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("townships.csv");
    let rows = [
        ("371525209,万善乡,7,0.15,3,2016-06-01,read,read,\n", "`source` 空着"),
        (
            "371525999,,7,0.15,3,2016-06-01,read,read,x\n",
            "没有 `371525999` 这一项",
        ),
        ("371525,冠县,7,0.15,3,2016-06-01,read,read,x\n", "不是乡镇（街道）"),
        ("371525209,古楼街道,7,0.15,3,2016-06-01,read,read,x\n", "不是“古楼街道”"),
        ("371525209,,7,0.17,3,2016-06-01,read,read,x\n", "没有 `0.17` 这一项"),
        ("371525209,,7,0.15,4,2016-06-01,read,read,x\n", "没有 `4` 这一项"),
        ("371525209,,7,0.15,3,2016,read,read,x\n", "`since`"),
        ("371525209,,7,0.15,3,2016-06-01,sure,read,x\n", "没有 `sure` 这一项"),
        (SOUND, ""),
        (SOUND, "出现了两次"),
    ];
    let text: String = rows.iter().map(|(row, _)| *row).collect();
    std::fs::write(&file, format!("{HEADER}{text}")).unwrap();
    for action in ["check", "load"] {
        let (code, text) = said(folder.path(), &["zonation", action, file.to_str().unwrap()]);
        assert!(code == 2 && text.contains("有 9 处问题"), "{text}");
        for ((_, reason), line) in rows.iter().zip(2..) {
            let told = text
                .lines()
                .find(|told| told.contains(&format!("townships.csv:{line}:")));
            assert_eq!(told.is_some(), !reason.is_empty(), "{line}: {text}");
            assert!(told.unwrap_or_default().contains(reason), "{line}: {text}");
        }
    }
    assert!(!folder.path().join("catalogue/zonation.csv").exists());
    std::fs::write(&file, HEADER).unwrap();
    assert_eq!(said(folder.path(), &["zonation", "check", file.to_str().unwrap()]).0, 2);
}

#[test]
fn a_waiver_names_a_project_a_day_and_a_reason() {
    let folder = tempfile::tempdir().unwrap();
    let waive = |rest: &[&str]| said(folder.path(), &[&["waive"], rest].concat());
    let day = ["--until", "2999-01-01", "--reason", "文物建筑"];
    let (code, text) = waive(&[&["LC-2026-000001", "s001"], &day[..]].concat());
    assert!(
        code == 2 && text.contains("没有登记编号为 LC-2026-000001 的工程"),
        "{text}"
    );
    let (code, text) = waive(&[&["一号楼", "S001"], &day[..]].concat());
    assert!(code == 2 && text.contains("“一号楼”不是登记编号"), "{text}");
    assert_eq!(waive(&["LC-2026-000001", "S001", "--until", "2999-01-01"]).0, 2);
    let (code, text) = said(folder.path(), &["recheck", "--format", "json"]);
    let found: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        (code, &found["judged"], &found["waived"]),
        (0, &0.into(), &serde_json::json!([]))
    );
}
