//! The catalogue's overrides: what is taken, and what is refused with file, line and reason.

use std::fs;
use std::path::Path;

use retrofit_import::catalogue::{Catalogue, CatalogueError, CodeList};

/// A shipped file, with LF line ends.
fn shipped(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("catalogue").join(name);
    fs::read_to_string(path).unwrap().replace("\r\n", "\n")
}

/// Loads a catalogue with one file of the deployment's own.
fn load(name: &str, content: &[u8]) -> Result<Catalogue, CatalogueError> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(name), content).unwrap();
    Catalogue::load(Some(folder.path()))
}

/// The line and the reason of a refusal.
fn refusal(name: &str, content: &[u8]) -> (u64, String) {
    match load(name, content) {
        Err(CatalogueError::Broken { file, line, reason }) => {
            assert!(file.ends_with(name), "{file} is not {name}");
            (line, reason)
        }
        other => panic!("{name}: {other:?}"),
    }
}

fn without_line(text: &str, begin: &str) -> String {
    let kept: Vec<&str> = text.lines().filter(|line| !line.starts_with(begin)).collect();
    kept.join("\n")
}

#[test]
fn a_deployment_may_rename_and_add() {
    let codes = shipped("codes.csv").replace("category,02,学校,", "category,02,中小学校舍,学校|")
        + "category,11,文物建筑,古建筑\n";
    let catalogue = load(
        "codes.csv",
        codes
            .replace("学校|大中小学校|中小学校|", "学校|大中小学校|")
            .as_bytes(),
    )
    .unwrap();
    assert_eq!(catalogue.code_label(CodeList::Category, "02"), "中小学校舍");
    assert_eq!(catalogue.code_label(CodeList::Category, "11"), "文物建筑");
    let departments = shipped("departments.csv").replace("confirm-with-user", "confirmed");
    let catalogue = load("departments.csv", departments.as_bytes()).unwrap();
    let open = catalogue
        .departments()
        .iter()
        .filter(|department| !department.is_confirmed())
        .count();
    assert_eq!(open, 1);
}

#[test]
fn a_broken_override_is_refused_with_its_line_and_reason() {
    let departments = shipped("departments.csv");
    let typo = departments.replacen("confirm-with-user", "confirm-with-users", 1);
    let line = typo.lines().position(|line| line.ends_with("users")).unwrap() as u64 + 1;
    let missing_code = without_line(&shipped("codes.csv"), "structure_type,01,");
    let same_label = shipped("codes.csv").replace("category,03,医院", "category,03,学校");
    let codes = |from: &str, to: &str| {
        let text = shipped("codes.csv");
        assert!(text.contains(from), "{from}");
        text.replace(from, to)
    };
    let same_synonym = codes("农房|农村危房", "农房|危房").replace("老旧小区|", "老旧小区|危房|");
    let synonym_of_label = codes("医疗机构|医疗设施", "医疗机构|学校");
    let label_of_synonym = codes("category,03,医院", "category,03,校舍");
    let full_width = codes("scale_unit,site,处,个点", "scale_unit,site,处,个点|ｋｍ");
    let header_only = departments.lines().next().unwrap().to_owned() + "\n";
    let zonation = shipped("zonation.csv");
    let twice = format!("{zonation}{}\n", zonation.lines().nth(1).unwrap());
    let cases: Vec<(&str, String, Option<u64>, &str)> = vec![
        ("departments.csv", typo.clone(), Some(line), "confirm-with-users"),
        (
            "departments.csv",
            typo.replace('\n', "\r\n"),
            Some(line),
            "confirm-with-users",
        ),
        (
            "departments.csv",
            departments.replacen("status", "state", 1),
            Some(1),
            "`status`",
        ),
        ("codes.csv", missing_code, None, "`structure_type` 缺少代码 `01`"),
        (
            "codes.csv",
            without_line(&shipped("codes.csv"), "category,02,"),
            None,
            "`category` 缺少代码 `02`",
        ),
        ("codes.csv", same_label, None, "“学校”已经是代码 `02` 的名称"),
        ("codes.csv", same_synonym, None, "“危房”已经是代码 `01`"),
        ("codes.csv", synonym_of_label, None, "“学校”已经是代码 `02` 的名称"),
        ("codes.csv", label_of_synonym, None, "“校舍”已经是代码 `02` 的名称"),
        ("codes.csv", full_width, None, "“ｋｍ”已经是代码 `km`"),
        ("departments.csv", header_only, Some(1), "没有部门"),
        ("zonation.csv", without_line(&zonation, "371525,"), None, "`371525`"),
        ("zonation.csv", twice, Some(10), "出现了两次"),
        (
            "county_bounds.csv",
            without_line(&shipped("county_bounds.csv"), "371525,"),
            None,
            "`371525`",
        ),
        (
            "fields.csv",
            shipped("fields.csv").replace("decimal(6)", "decimal(4)"),
            None,
            "`longitude` 的类型",
        ),
        ("feilds.csv", shipped("fields.csv"), Some(1), "没有叫这个名字的文件"),
    ];
    for (name, content, line, told) in cases {
        let (at, reason) = refusal(name, content.as_bytes());
        assert!(reason.contains(told), "{name}: {reason}");
        assert!(line.is_none_or(|line| line == at), "{name}: line {at}, {reason}");
    }
    let mut bytes = departments.into_bytes();
    let second = bytes.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    bytes[second] = 0xff;
    let (line, reason) = refusal("departments.csv", &bytes);
    assert_eq!((line, reason.contains("UTF-8")), (2, true));
}
