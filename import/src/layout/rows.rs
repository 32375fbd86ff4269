//! What a row under a header is: a project, or something that only stands between them.

use std::sync::Arc;

use super::block::{Block, cell_texts};
use super::header::without_numbering;
use crate::catalogue::Field;
use crate::values::{Reader, fold};
use crate::workbook::Row;

/// A project's row has at least so many known cells, or its name.
const LEAST_CELLS: usize = 3;

/// Words before a colon that begin a note or a signature line.
const NOTES: &[&str] = &[
    "注",
    "备注",
    "说明",
    "填表说明",
    "填报说明",
    "编制说明",
    "审核人",
    "复核人",
    "填报人",
    "填表人",
    "制表人",
    "制表",
    "经办人",
    "联系人",
    "联系电话",
    "负责人",
    "单位负责人",
    "主管领导",
    "分管领导",
    "统计负责人",
    "填报日期",
    "报出日期",
    "填报时间",
    "填报单位",
    "日期",
];

/// Words that a row of sums is known by.
const TOTALS: &[&str] = &["合计", "小计", "总计", "共计", "累计", "总合计"];

/// What a template's example row has for a number, and what its name begins with.
pub(crate) const EXAMPLE: &str = "示例";

/// What a row is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A project.
    Data,
    /// A county heading: the county of the rows beneath.
    County(Arc<str>),
    /// The header, repeated.
    Header,
    /// The example row of a template of ours.
    Example,
    /// A sum, a note, a signature line, or a row with next to nothing in it.
    Other {
        /// Whether it begins the notes under the table.
        footer: bool,
    },
}

/// Says what a row under `header` is; `after_footer` when notes have begun above it.
pub(crate) fn kind(row: &Row, header: &Block, reader: &Reader, after_footer: bool) -> Kind {
    let texts: Vec<(u32, String)> = cell_texts(row).map(|(column, text)| (column, fold(&text))).collect();
    let [first, others @ ..] = texts.as_slice() else {
        return Kind::Other { footer: false };
    };
    if header.is_repeated_by(row) {
        return Kind::Header;
    }
    let name = header
        .column(Field::Name)
        .and_then(|name| texts.iter().find(|(column, _)| *column == name.at));
    // Both marks have to stand: whoever overwrites the example with a project of his own changes at least its name.
    if first.1 == EXAMPLE && name.is_some_and(|(_, text)| text.starts_with(EXAMPLE)) {
        return Kind::Example;
    }
    if name.is_none_or(|(_, text)| is_total(text)) && texts.iter().any(|(_, text)| is_total(text)) {
        return Kind::Other { footer: false };
    }
    let alone = others.is_empty();
    let signature = texts.len() <= 4 && (name.is_none() || first.1.contains(':'));
    if (alone || signature) && is_note(&first.1) {
        return Kind::Other { footer: true };
    }
    if alone && let Some(county) = reader.county(heading_name(&first.1)) {
        return Kind::County(county);
    }
    if alone && after_footer {
        return Kind::Other { footer: true };
    }
    let known = texts
        .iter()
        .filter(|(column, _)| header.columns.iter().any(|known| known.at == *column))
        .count();
    if name.is_some() || known >= LEAST_CELLS {
        Kind::Data
    } else {
        Kind::Other { footer: false }
    }
}

/// `合计`, `东昌府区小计`, `小计(12项)`.
fn is_total(folded: &str) -> bool {
    let bare = without_bracket(folded).trim_end_matches(':');
    bare.chars().count() <= 20 && TOTALS.iter().any(|word| bare.ends_with(word))
}

fn is_note(folded: &str) -> bool {
    let rests = NOTES.iter().filter_map(|word| folded.strip_prefix(word));
    rests
        .into_iter()
        .any(|rest| rest.is_empty() || rest.starts_with([':', '(']) || rest.starts_with("1."))
}

/// The name in a heading such as `一、东昌府区(共5项)`.
fn heading_name(folded: &str) -> &str {
    without_bracket(without_numbering(folded)).trim_end_matches(':')
}

fn without_bracket(folded: &str) -> &str {
    folded
        .strip_suffix(')')
        .and_then(|open| open.rfind('(').map(|at| &folded[..at]))
        .unwrap_or(folded)
}
