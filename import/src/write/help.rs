//! What an officer is told about a field: in the note on its header, and where a cell does not fit.

use crate::catalogue::{Catalogue, CodeList, FieldInfo, FieldType};

/// Entries of a list that a note names; the dropdown has them all.
const NAMED: usize = 24;

/// How the field's cells are filled, in a sentence.
pub(super) fn how(info: &FieldInfo) -> String {
    match info.field.field_type() {
        FieldType::Text(limit) => format!("文字，不超过{limit}个字。"),
        FieldType::Code(_) | FieldType::YesNo | FieldType::County => "从下拉列表中选择。".to_owned(),
        FieldType::Township => "先选县（市、区），再从下拉列表中选择。".to_owned(),
        FieldType::Codes(_) => "可填多种，用“、”分开。".to_owned(),
        FieldType::Uscc => "18位数字和大写字母。".to_owned(),
        FieldType::Decimal(decimals) => number(info, &format!("，最多{decimals}位小数")),
        FieldType::Percent => number(info, "，如45"),
        FieldType::Integer => number(info, "，整数"),
        FieldType::Month => "写成2023-05；只知道年份写2023。".to_owned(),
        FieldType::Date => "写成2023-05-12；只知道月份写2023-05，只知道年份写2023。".to_owned(),
        FieldType::Phone => "如0635-8200000。".to_owned(),
    }
}

fn number(info: &FieldInfo, precision: &str) -> String {
    let unit = info
        .unit_label()
        .map(|unit| format!("，单位{unit}"))
        .unwrap_or_default();
    let range = info
        .range
        .map(|(low, high)| format!("，在{}到{}之间", low.normalize(), high.normalize()));
    format!("填数字{unit}{precision}{}。", range.unwrap_or_default())
}

/// The note on a header: whether the field has to be filled, how, what it means, which values there are, an example.
pub(super) fn note(catalogue: &Catalogue, info: &FieldInfo, example: Option<&str>) -> String {
    let required = if info.required {
        "必填"
    } else {
        "选填，没有的留空"
    };
    let mut lines = vec![format!("{}：{required}", info.label), how(info)];
    if !info.meaning.is_empty() {
        lines.push(format!("{}。", info.meaning));
    }
    let list = match info.field.field_type() {
        FieldType::Code(list) | FieldType::Codes(list) => Some(list),
        _ => None,
    };
    lines.extend(list.map(|list| choices(catalogue, list)));
    lines.extend(example.map(|example| format!("例：{example}")));
    lines.join("\n")
}

/// The values of a list.
pub(super) fn choices(catalogue: &Catalogue, list: CodeList) -> String {
    let entries = catalogue.codes(list);
    let named: Vec<&str> = entries.iter().map(|entry| entry.label.as_str()).take(NAMED).collect();
    let more = if entries.len() > NAMED { "等" } else { "" };
    format!("可选：{}{more}。", named.join("、"))
}
