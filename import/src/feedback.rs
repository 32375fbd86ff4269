//! What an annotated workbook adds to a roster, known again when it is mended and sent as it is: its sheet 检查结果 by the title in its
//! first cell, its columns by their headings.

use std::sync::Arc;

use crate::values::{clean, written};
use crate::workbook::{Content, Row};

/// The name of the first sheet.
pub(crate) const SHEET: &str = "检查结果";

/// The headings of the three columns at the right of a roster.
pub(crate) const RESULT: &str = "结果";
pub(crate) const PROBLEMS: &str = "问题";
pub(crate) const EXPLANATION: &str = "情况说明";

const TITLE: &str = "抗震加固工程清单检查结果";
const ONLY_HELD: &str = "抗震加固工程清单检查结果（补报：只含待处理的行）";

/// The title in the first cell of the first sheet. That of a copy with only some rows marks it as a supplement.
pub(crate) const fn title(supplement: bool) -> &'static str {
    if supplement { ONLY_HELD } else { TITLE }
}

/// Whether a sheet that begins with this row is an annotated workbook's 检查结果, and if so, whether of a supplement.
pub(crate) fn supplement(first_row: &Row) -> Option<bool> {
    let text = written(first_row.content(0)?);
    let text = clean(&text);
    [false, true].into_iter().find(|supplement| title(*supplement) == text)
}

/// The places, from 0, of an annotated workbook's columns in a roster that came back. The officer may have deleted all but the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Feedback {
    /// 结果, where it is still there.
    pub result: Option<u32>,
    /// 问题, where it is still there.
    pub problems: Option<u32>,
    /// 情况说明, where officers explain the findings to confirm of their rows.
    pub explanation: u32,
}

impl Feedback {
    /// The columns among a header's; `heading` gives the lowest text over a column, and `is_field` says whether a field is known for it. All three side by side are ours whatever stands above them; 情况说明 without them, where no field is known for it.
    pub(crate) fn find<'a>(
        columns: impl IntoIterator<Item = u32>,
        heading: impl Fn(u32) -> Option<&'a str>,
        is_field: impl Fn(u32) -> bool,
    ) -> Option<Self> {
        let explanations = columns.into_iter().filter(|at| heading(*at) == Some(EXPLANATION));
        let found = explanations.map(|explanation| {
            let left = |steps: u32, wanted| {
                let at = explanation.checked_sub(steps)?;
                (heading(at) == Some(wanted)).then_some(at)
            };
            Self {
                problems: left(1, PROBLEMS),
                result: left(2, RESULT).or_else(|| left(1, RESULT)),
                explanation,
            }
        });
        let mut found: Vec<Self> = found.collect();
        // The workbook's own stand at the right.
        found.reverse();
        let complete = found
            .iter()
            .find(|found| found.problems.is_some() && found.result.is_some());
        complete
            .or_else(|| found.iter().find(|found| !is_field(found.explanation)))
            .copied()
    }

    /// Whether a column is one of them.
    pub(crate) fn has(&self, column: u32) -> bool {
        column == self.explanation || self.result == Some(column) || self.problems == Some(column)
    }

    /// Takes the cells of these columns out of a row and gives the explanation; a row that repeats the headings stays as it is.
    pub(crate) fn take(&self, row: &mut Row) -> Option<Arc<str>> {
        let text = |at: u32| match row.content(at)? {
            Content::Error(_) => None,
            content => Some(clean(&written(content)).into_owned()),
        };
        let explanation = text(self.explanation);
        let heads = explanation.as_deref() == Some(EXPLANATION)
            || self.result.and_then(text).is_some_and(|text| text == RESULT);
        if heads {
            return None;
        }
        row.cells.retain(|cell| !self.has(cell.column));
        explanation.filter(|text| !text.is_empty()).map(Arc::from)
    }
}
