//! The rows of a header, each by itself: names of columns, groups over them, numbers, and words on how to fill them.

use std::collections::BTreeMap;

use super::block::{LEAST_FIELDS, cell_text, cell_texts, says_something};
use super::merged::Line;
use super::units;
use crate::values::{fold, written};
use crate::workbook::Row;

/// What a row under the names of the columns says of how to fill them.
const HINTS: &[&str] = &[
    "必填",
    "选填",
    "非必填",
    "可选",
    "必填项",
    "选填项",
    "是",
    "否",
    "文本",
    "文字",
    "字符",
    "数字",
    "数值",
    "整数",
    "小数",
    "日期",
    "下拉",
    "下拉选择",
    "单选",
    "多选",
    "字典",
    "自动",
    "自动生成",
    "手工填写",
    "手动填写",
];

/// A header text over a column.
#[derive(Clone, Debug)]
pub(super) struct Over {
    pub(super) text: String,
    /// The column that it was written in: another one where a merged area or a group spreads it.
    pub(super) from: u32,
}

/// The texts of one header row by column.
pub(super) type Level = BTreeMap<u32, Over>;

/// The texts of a header row, those of merged areas at every column they span.
pub(super) fn level(line: &Line) -> Level {
    let mut level: Level = cell_texts(&line.row)
        .filter(says_something)
        .map(|(from, text)| (from, Over { text, from }))
        .collect();
    for area in &line.areas {
        if let Some(over) = level.get(&area.first_column).cloned() {
            for column in area.first_column + 1..=area.last_column {
                level.entry(column).or_insert_with(|| over.clone());
            }
        }
    }
    level
}

/// A group's name without a merged area stands over its first column only: it is given to the columns on the right that have names of their
/// own below it and nothing beside it.
pub(super) fn spread_groups(levels: &mut [Level]) {
    for at in 0..levels.len().saturating_sub(1) {
        let (uppers, lowers) = levels.split_at_mut(at + 1);
        let Some(upper) = uppers.last_mut() else { continue };
        let below = |column: u32| {
            let mut lowers = lowers.iter().filter_map(|level: &Level| level.get(&column));
            lowers.any(|over| over.from == column && upper.get(&column).is_none_or(|above| above.text != over.text))
        };
        let last = lowers
            .iter()
            .filter_map(|level| level.last_key_value())
            .map(|(column, _)| *column)
            .max();
        let mut group: Option<Over> = None;
        let mut spread = Vec::new();
        for column in 0..=last.unwrap_or(0) {
            match upper.get(&column) {
                Some(over) => group = Some(over.clone()).filter(|over| over.from == column && below(column)),
                None if below(column) => spread.extend(group.clone().map(|over| (column, over))),
                // A column without any name, which the group goes on behind.
                None => {}
            }
        }
        upper.extend(spread);
    }
}

/// Whether a row only numbers or letters the columns: 甲, 乙, 1, 2 …, 9=7+8.
pub(super) fn is_numbering(row: &Row) -> bool {
    let is_number = |text: &str| {
        let bare = text
            .split_once('=')
            .map_or(text, |(own, _)| own)
            .trim_matches(['(', ')', '[', ']']);
        !bare.is_empty()
            && ("甲乙丙丁戊己庚辛壬癸".contains(bare)
                || bare.chars().all(|c| "一二三四五六七八九十".contains(c))
                || (bare.len() <= 2 && bare.bytes().all(|byte| byte.is_ascii_lowercase()))
                || bare.parse::<u16>().is_ok_and(|number| (1..=300).contains(&number)))
    };
    if row.cells.len() < LEAST_FIELDS {
        return false;
    }
    let mut texts = Vec::with_capacity(row.cells.len());
    for cell in &row.cells {
        let text = fold(&written(&cell.content));
        let heads = texts.is_empty() && matches!(text.as_str(), "栏次" | "列次" | "列号" | "栏号" | "序号" | "编号");
        if !heads && !is_number(&text) {
            return false;
        }
        texts.push(text);
    }
    let count = texts.len();
    texts.sort_unstable();
    texts.dedup();
    texts.len() == count && count > LEAST_FIELDS - 1
}

/// Whether a row says of every column how to fill it: 必填, 选填, 文本 …
pub(super) fn is_hint(line: &Line) -> bool {
    let hint = |text: &str| HINTS.contains(&fold(text).trim_matches(['(', ')', '*']));
    let mut cells = 0;
    let all = line.own_cells().filter_map(cell_text).all(|(_, text)| {
        cells += 1;
        hint(&text)
    });
    all && cells >= LEAST_FIELDS
}

/// The groups of a column without a name: what stands over it, or what the columns beside it share.
pub(super) fn groups_over<'o>(paths: &BTreeMap<u32, Vec<&'o Over>>, column: u32) -> Vec<&'o Over> {
    if let Some(path) = paths.get(&column) {
        return path.clone();
    }
    let (left, right) = (paths.range(..column).next_back(), paths.range(column..).next());
    let (Some((_, left)), Some((_, right))) = (left, right) else {
        return Vec::new();
    };
    let shared = left
        .iter()
        .zip(right)
        .take_while(|(one, other)| (one.from, &one.text) == (other.from, &other.text));
    shared.map(|(over, _)| *over).collect()
}

/// Whether a row above a header groups its columns: not a title, nor lines such as 填报单位：….
pub(super) fn is_group_row(line: &Line) -> bool {
    let mut texts = line.row.cells.iter().filter_map(cell_text);
    let first = texts.next().map(|(column, _)| column);
    let alone = texts.next().is_none();
    // One group alone stands over some of the columns; a title over all of them, or over the first.
    let begins = |column: u32| {
        line.areas
            .iter()
            .any(|area| area.first_column == column && area.last_column < column + 8)
    };
    if alone && !first.is_some_and(|column| column > 1 && begins(column)) {
        return false;
    }
    let label = |text: &str| {
        ["单位:", "日期:", "时间:", "人:", "电话:"]
            .iter()
            .any(|end| text.contains(end))
    };
    // A unit in the brackets behind a group's name is the group's.
    let bare = |(_, text): (u32, String)| {
        let folded = fold(&text);
        let end = folded.find('(').filter(|at| *at > 0);
        folded[..end.unwrap_or(folded.len())].to_owned()
    };
    let texts: Vec<String> = cell_texts(&line.row).map(bare).collect();
    !texts.iter().any(|text| label(text)) && units::in_line(texts.into_iter()).is_empty()
}
