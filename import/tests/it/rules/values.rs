//! The examples of rules on values, as rosters that are read.

use retrofit_import::finding::Finding;

use super::examples::Table;
use crate::layout::check_csv;

/// What a row says in the columns that its table leaves out.
const SOUND: &[(&str, &str)] = &[
    ("工程名称", "第一中学教学楼"),
    ("工程类别", "学校"),
    ("工程性质", "加固"),
    ("用途", "教学楼"),
    ("产权单位", "第一中学"),
    ("县（市、区）", "东昌府区"),
    ("乡镇（街道）", "古楼街道"),
    ("详细地址", "花园路1号"),
    ("结构类型", "框架"),
    ("抗震设防烈度", "7度"),
    ("设计基本地震加速度", "0.15g"),
    ("抗震设防类别", "乙类"),
    ("工程进度", "计划加固"),
];

/// The findings on each row of a table, in the order of their fields.
pub(super) fn findings(table: &Table) -> Vec<Vec<Finding>> {
    let fixed: Vec<_> = SOUND
        .iter()
        .filter(|(label, _)| !table.header.iter().any(|header| header == label))
        .collect();
    let mut csv = csv::Writer::from_writer(Vec::new());
    let mut write = |cells: &mut dyn Iterator<Item = String>| csv.write_record(cells).unwrap();
    let headers = fixed.iter().map(|(label, _)| (*label).to_owned());
    write(&mut headers.chain(table.header.iter().cloned()));
    for row in &table.rows {
        let values = fixed.iter().map(|(_, value)| (*value).to_owned());
        write(&mut values.chain(row.cells.iter().map(|cell| spelt(cell))));
    }
    let text = String::from_utf8(csv.into_inner().unwrap()).unwrap();
    let (summary, rows) = check_csv(&text);
    assert!(summary.is_readable(), "{:?}", summary.findings);
    let by_field = |mut findings: Vec<Finding>| {
        findings.sort_by_key(|finding| finding.field.map(retrofit_import::catalogue::Field::index));
        findings
    };
    rows.into_iter().map(|row| by_field(row.findings)).collect()
}

/// A cell as it is written: `甲×121` is a text of 121 letters, and `␇` a control character.
fn spelt(cell: &str) -> String {
    let repeated = cell
        .split_once('×')
        .and_then(|(text, times)| Some(text.repeat(times.parse().ok()?)));
    repeated.unwrap_or_else(|| cell.replace('␇', "\u{7}"))
}
