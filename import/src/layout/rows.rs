//! What a row under a header is: a project, or something that only stands between them.

use std::sync::Arc;

use super::block::{Block, LEAST_FIELDS, cell_text};
use super::header::{HeaderIndex, without_numbering};
use super::headings::{headed_county, heading_name, is_section, is_title};
use super::levels::is_numbering;
use super::merged::Line;
use super::units;
use crate::catalogue::Field;
use crate::values::{Reader, fold, written};
use crate::workbook::{Area, Cell, Content};

/// A project's row without a name has at least so many known cells of its own.
const LEAST_CELLS: usize = 3;

/// Names that are shorter, in bytes, are looked at more closely: they may number a column.
const SHORTEST_PLAIN: usize = 10;

/// Bytes that no other field's header has, but for its decorations.
const LONGEST_HEADER: usize = 40;

/// Words that begin a note or a signature line.
const NOTES: &[&str] = &[
    "注",
    "备注",
    "附注",
    "说明",
    "填表说明",
    "填报说明",
    "填写说明",
    "填报要求",
    "编制说明",
    "审核",
    "审核人",
    "复核",
    "复核人",
    "审批",
    "填报人",
    "填表人",
    "制表人",
    "制表",
    "经办人",
    "联系人",
    "联系电话",
    "电话",
    "传真",
    "负责人",
    "单位负责人",
    "填报单位负责人",
    "主要负责人",
    "主管领导",
    "分管领导",
    "分管负责人",
    "统计负责人",
    "填报日期",
    "填表日期",
    "制表日期",
    "报出日期",
    "报送日期",
    "填报时间",
    "填报单位",
    "填表单位",
    "制表单位",
    "报送单位",
    "单位",
    "日期",
    "盖章",
    "签字",
    "签章",
    "数据来源",
    "资料来源",
];

/// Words that a row of sums is known by.
const TOTALS: &[&str] = &[
    "合计",
    "小计",
    "总计",
    "共计",
    "累计",
    "汇总",
    "合计数",
    "总计数",
    "总数",
    "平均",
    "平均值",
    "结转",
    "本页计",
    "承前页",
    "过次页",
    "total",
];

/// Rows that say there is nothing: between pages, or under the last project.
const NOTHING: &[&str] = &[
    "以下空白",
    "以下无正文",
    "接上页",
    "接下页",
    "接上表",
    "续上页",
    "续下页",
    "转下页",
    "见下页",
    "下页续",
    "空白",
    "此行不填",
    "此表完",
];

/// What is counted in headings and sums: 12项, 3个.
const COUNTERS: &[char] = &['项', '个', '处', '所', '座', '栋', '户', '宗', '条', '家', '幢', '基'];

/// What a template's example row has for a number, and what its name begins with.
pub(crate) const EXAMPLE: &str = "示例";

/// What a row is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A project.
    Data,
    /// A project, or the title of a header that follows: a few cells only.
    Sparse,
    /// A county heading, or the city's own: its projects are in some county, which the heading does not say.
    County {
        /// The code of the county of the rows beneath.
        county: Option<Arc<str>>,
        /// The county as written, folded.
        written: Arc<str>,
    },
    /// A further line of the project above, whose name is merged over it.
    Continued,
    /// Cells without a project's name: a further line of the project above, or a sum or a signature where figures, a date or an office stand alone and
    /// no project follows at once.
    Further,
    /// The header, repeated.
    Header,
    /// An example row, of a template of ours or of another.
    Example,
    /// Another header, or a part of one.
    OtherHeader,
    /// A sum, a note, a signature line, or a row with next to nothing in it.
    Other {
        /// Whether it begins the notes under the table.
        footer: bool,
    },
}

/// Says what a row under `header` is; `apart` when notes or several empty rows part it from the table.
pub(crate) fn kind(line: &Line, header: &Block, reader: &Reader, index: &HeaderIndex, apart: bool) -> Kind {
    if !apart && is_plainly_data(line, header, index) {
        return Kind::Data;
    }
    let texts: Vec<(u32, String)> = line.own_cells().filter_map(cell_text).collect();
    if header.is_repeated_by(&line.row, index) || is_numbering(&line.row) {
        return Kind::Header;
    }
    if heads_columns(&texts, index) {
        return Kind::OtherHeader;
    }
    let texts: Vec<(u32, String)> = texts.into_iter().map(|(column, text)| (column, fold(&text))).collect();
    let other = Kind::Other { footer: false };
    let Some(first) = texts.first() else { return other };
    let name_at = header.column(Field::Name).map(|name| name.at);
    let is_name = |column: u32| Some(column) == name_at;
    let name = texts.iter().find(|(column, _)| is_name(*column));
    // Where our template's mark stands, the name has to say so too: whoever overwrites the example with a project changes at least its name.
    let says_so = |text: &str| text.starts_with(EXAMPLE) || is_placeholder(text);
    if is_example(&first.1) && (first.1 != EXAMPLE || name.is_none_or(|(_, text)| says_so(text))) {
        return Kind::Example;
    }
    if name.is_some_and(|(_, text)| names_example(text)) {
        return Kind::Example;
    }
    // A sum may have strokes for its words.
    let nameless = name.is_some_and(|(_, text)| is_nothing(text));
    let says_nothing = |text: &str| is_nothing(text) || (nameless && is_figure(text));
    if texts.iter().all(|(_, text)| says_nothing(text)) {
        return other;
    }
    let any_total = texts.iter().any(|(_, text)| is_total(text));
    if is_total(&first.1) || (any_total && name.is_none_or(|(_, text)| is_total(text) || is_figure(text))) {
        return other;
    }
    if is_signature(&texts, name.is_some()) {
        return Kind::Other { footer: true };
    }
    // A heading's number may stand in a cell of its own: 一 | 东昌府区.
    let numbered = texts.len() > 1 && (is_ordinal(&first.1) || is_nothing(&first.1));
    let [first, others @ ..] = &texts[usize::from(numbered)..] else {
        return other;
    };
    let is_no_word = |text: &str| is_figure(text) || is_nothing(text);
    let only_figures = others.iter().all(|(_, text)| is_no_word(text));
    let known = texts.iter().filter(|(column, _)| header.knows(*column)).count();
    let under = |area: &Area| Some(area.first_column) == name_at && area.first_row < line.row.index;
    let known_words = texts
        .iter()
        .filter(|(column, text)| header.knows(*column) && !is_figure(text));
    // With values of its own for most of its cells, it is another project of the same name.
    let has_own = known >= LEAST_CELLS && known_words.count() >= 2;
    if name.is_none() && known > 0 && !has_own && line.areas.iter().any(under) {
        return Kind::Continued;
    }
    // A word alone in a column behind the names is no heading.
    let wide = |area: &Area| area.first_column == first.0 && area.last_column > first.0 + 1;
    let county_at = header.column(Field::County).map(|column| column.at);
    let heads = !header.knows(first.0)
        || name_at.is_none_or(|name| first.0 <= name)
        || Some(first.0) == county_at
        || line.areas.iter().any(wide);
    if only_figures
        && (heads || !others.is_empty())
        && name.is_none_or(|(column, text)| *column == first.0 || is_no_word(text))
    {
        if !others.is_empty() && begins_sum(&first.1) {
            return other;
        }
        let written = heading_name(&first.1);
        let chinese = |text: &str| text.starts_with(|c: char| "一二三四五六七八九十".contains(c));
        let heading = (numbered && chinese(texts[0].1.trim_start_matches('('))) || begins_chapter(&first.1);
        if let Some((county, written)) = headed_county(written, heading, reader) {
            let written = written.into();
            return Kind::County { county, written };
        }
        // 2 | 柳园街道 | 300 behind 1 is a project without a name.
        let nameless = numbered && name.is_none() && header.knows(first.0) && !others.is_empty();
        if heading || (is_section(written, reader) && !nameless) {
            return other;
        }
    }
    if others.is_empty() && is_title(&first.1) {
        return other;
    }
    if others.is_empty() && (apart || first.1.ends_with(['。', '；', ';', ':'])) {
        return Kind::Other { footer: apart };
    }
    // A title with the units of the table that follows.
    if texts.len() < LEAST_FIELDS && !units::in_line(texts.iter().map(|(_, text)| text.clone())).is_empty() {
        return other;
    }
    let is_project = match name {
        Some(_) => !apart || known >= LEAST_FIELDS,
        // Figures alone are a sum.
        None => has_own && !apart,
    };
    if !is_project {
        let label = |text: &str| text.contains(':') || text.ends_with(['。', ';']);
        if name.is_none() && !apart && known > 0 && !texts.iter().any(|(_, text)| label(text)) {
            Kind::Further
        } else {
            other
        }
    } else if known * 4 <= header.columns.len() {
        Kind::Sparse
    } else {
        Kind::Data
    }
}

/// Whether a row is a project's at first sight, as nearly all rows are: a name, most cells filled, and nothing that another kind has.
fn is_plainly_data(line: &Line, header: &Block, index: &HeaderIndex) -> bool {
    let cells = &line.row.cells;
    let Some(column) = header.column(Field::Name) else {
        return false;
    };
    let (Some(Content::Text(name)), Some(first)) = (line.row.content(column.at), cells.first()) else {
        return false;
    };
    let filled = cells.len() * 3 >= header.columns.len() && cells.len() >= LEAST_FIELDS;
    if !line.areas.is_empty() || !filled || name.len() < SHORTEST_PLAIN || **name == *column.header {
        return false;
    }
    // Strokes for most of its cells have headings and sums too.
    let is_stroke =
        |cell: &&Cell| matches!(&cell.content, Content::Text(text) if !text.contains(char::is_alphanumeric));
    if cells.iter().filter(is_stroke).count() * 2 > cells.len() {
        return false;
    }
    let (first, folded) = (fold(&written(&first.content)), fold(name));
    if is_total(&first)
        || is_note(&first)
        || is_example(&first)
        || names_example(&folded)
        || is_total(&folded)
        || index.is_name(&folded)
    {
        return false;
    }
    // Headers are words alone, but for a row that numbers the columns.
    let figures = |content: &Content| matches!(content, Content::Number(_) | Content::Date(_) | Content::Percent(_));
    name.len() >= LONGEST_HEADER || cells.iter().any(|cell| figures(&cell.content)) || !index.heads(name)
}

/// Whether a row without a project's name says something besides figures, and is no date nor an office that signs the table.
pub(super) fn says_words(line: &Line) -> bool {
    let texts: Vec<String> = line
        .own_cells()
        .filter_map(cell_text)
        .map(|(_, text)| fold(&text))
        .collect();
    let signs = |text: &String| {
        (text.contains('年') && text.contains('月'))
            || ["局", "委", "委员会", "公司", "中心", "政府", "章"]
                .iter()
                .any(|end| text.ends_with(end))
    };
    texts.iter().any(|text| !is_figure(text) && !is_nothing(text)) && !texts.iter().any(signs)
}

/// Whether a row's texts head columns: names of fields, and hardly anything else.
fn heads_columns(texts: &[(u32, String)], index: &HeaderIndex) -> bool {
    let heads = texts.iter().filter(|(_, text)| index.heads(text)).count();
    heads >= 2 && heads * 2 > texts.len()
}

/// `合计`, `东昌府区小计`, `东昌府区(小计)`, `小计(12项)`, `合计12项`, `共12项`.
fn is_total(folded: &str) -> bool {
    if folded.len() > 80 {
        return false;
    }
    // 东昌府区（小计）
    let inside = folded.strip_suffix(')').and_then(|open| open.rsplit_once('('));
    if inside.is_some_and(|(_, inside)| TOTALS.contains(&inside)) {
        return true;
    }
    let bare = without_count(folded);
    let named = |word: &str| {
        let rest = bare.strip_prefix(word);
        bare.ends_with(word) || rest.is_some_and(|rest| rest.starts_with([':', '(', '=', ',']))
    };
    bare.chars().count() <= 20 && (TOTALS.iter().any(|word| named(word)) || (bare == "共" && bare != folded))
}

/// `合计4个项目`, `其中:中学`: what figures alone stand behind is a sum or a part of one.
fn begins_sum(folded: &str) -> bool {
    let words = TOTALS.iter().chain(&["其中"]);
    let counted = folded
        .strip_prefix('共')
        .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    counted || ["计", "全市", "聊城市"].contains(&folded) || words.into_iter().any(|word| folded.starts_with(word))
}

fn is_note(folded: &str) -> bool {
    if folded.starts_with(|c: char| c.is_ascii_digit()) {
        return false;
    }
    let first = |c: char| c.is_ascii_digit() || c == ':' || c == '(';
    let mut rests = NOTES.iter().filter_map(|word| folded.strip_prefix(word));
    rests.any(|rest| rest.is_empty() || rest.starts_with(first)) || is_page(folded)
}

/// `第1页`, `第1页共3页`, `第 1 页/共 3 页`.
fn is_page(folded: &str) -> bool {
    folded.ends_with('页') && folded.starts_with(['第', '共', '-']) && folded.chars().count() <= 12
}

/// Whether a row is a note, or a line of labels such as 审核人: with or without what they ask for.
fn is_signature(texts: &[(u32, String)], named: bool) -> bool {
    let Some((_, first)) = texts.first().filter(|(_, first)| is_note(first)) else {
        return false;
    };
    let labels = texts.iter().filter(|(_, text)| is_note(text)).count();
    texts.len() == 1 || labels * 2 >= texts.len() || (texts.len() <= 4 && (!named || first.contains(':')))
}

fn is_nothing(folded: &str) -> bool {
    let bare = folded.trim_matches(|c: char| !c.is_alphanumeric());
    // 续上表, 续表2
    let goes_on = bare.starts_with('续') && bare.contains('表') && bare.chars().count() <= 5;
    bare.is_empty() || goes_on || NOTHING.contains(&bare)
}

/// An example that a template shows: 示例, 【示例】, 示例1, 例：, （例）; a project may be called 示例小学.
fn is_example(folded: &str) -> bool {
    let bare = without_marks(folded);
    let is_mark = |rest: &str| {
        let mark = rest.chars().next().is_none_or(|next| !next.is_alphabetic());
        mark || ["行", "数据", "项目", "工程"].iter().any(|word| rest.starts_with(word))
    };
    let marks = ["样", "参考", "格式", "eg", "e.g."];
    bare.chars().count() <= 8 && (marks.contains(&bare) || examples_in(bare).any(is_mark))
}

/// Whether a name says that it is an example's: 示例：某某小学教学楼, （例）某某小学, 某某小学（示例）, ××小学.
fn names_example(folded: &str) -> bool {
    let behind = folded.strip_suffix(')').and_then(|open| open.rsplit_once('('));
    let is_behind = behind.is_some_and(|(_, inside)| examples_in(inside).any(str::is_empty));
    if is_behind || PLACEHOLDERS.iter().any(|mark| folded.starts_with(mark)) {
        return true;
    }
    examples_in(without_marks(folded)).any(|rest| rest.starts_with([':', ')', ']', '】', '〕', '”']))
}

/// Whether a name stands for any name: 某某小学, ××中学.
fn is_placeholder(folded: &str) -> bool {
    folded.contains('某') || PLACEHOLDERS.iter().any(|mark| folded.contains(mark))
}

/// Letters for a name that is nobody's.
const PLACEHOLDERS: &[&str] = &["××", "xx", "**"];

/// A text without brackets and other marks before it.
fn without_marks(folded: &str) -> &str {
    folded.trim_start_matches(|c: char| !c.is_alphanumeric())
}

/// What follows the word for an example that a text begins with.
fn examples_in(bare: &str) -> impl Iterator<Item = &str> {
    let words = [
        "示例",
        "样例",
        "范例",
        "填写示例",
        "填报示例",
        "填表示例",
        "参考样例",
        "参考样式",
        "示范",
        "填写说明",
        "例如",
        "例子",
        "举例",
        "样表",
        "例",
    ];
    words.into_iter().filter_map(move |word| bare.strip_prefix(word))
}

/// `一`, `（二）`, `3`, `4.`: a heading's number.
fn is_ordinal(folded: &str) -> bool {
    let bare = folded.trim_matches(['(', ')', '、', '.']);
    let number = |c: char| c.is_ascii_digit() || "一二三四五六七八九十".contains(c);
    !bare.is_empty() && bare.chars().count() <= 4 && bare.chars().all(number)
}

/// `一、`, `（二）`: the beginning of a heading; not of 一、二号教学楼 and （一）号楼.
fn begins_chapter(folded: &str) -> bool {
    let numeral = |c: char| "一二三四五六七八九十".contains(c);
    let rest = without_numbering(folded);
    let number = &folded[..folded.len() - rest.len()];
    number.contains(numeral) && !rest.starts_with(|c: char| numeral(c) || c == '号')
}

/// A number or a count, as sums and headings carry.
pub(super) fn is_figure(folded: &str) -> bool {
    let digits = |c: char| c.is_ascii_digit() || ".,-%()共万亿元m".contains(c) || COUNTERS.contains(&c);
    folded.chars().all(digits)
}

/// A text without a bracket or a count at its end.
pub(super) fn without_count(folded: &str) -> &str {
    let bare = folded
        .strip_suffix(')')
        .and_then(|open| open.rfind('(').map(|at| &folded[..at]))
        .filter(|bare| !bare.is_empty())
        .unwrap_or(folded)
        .trim_end_matches(':');
    let counted = bare
        .trim_end_matches(COUNTERS)
        .trim_end_matches(|c: char| c.is_ascii_digit());
    let shorter = counted.len() < bare.len() && bare[counted.len()..].starts_with(|c: char| c.is_ascii_digit());
    let name = if shorter {
        counted.trim_end_matches([':', ','])
    } else {
        bare
    };
    name.strip_suffix('共')
        .filter(|rest| shorter && !rest.is_empty())
        .unwrap_or(name)
}
