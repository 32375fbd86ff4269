//! What the bulletin says of joint inspections and of the joint meeting's items: what was found and settled in its span, and what is still open.

use chrono::NaiveDate;

use super::bulletin::{Span, day, names};
use super::document::{Part, Table};
use crate::registry::followup::Stage;
use crate::registry::people::Operator;
use crate::registry::{Error, Registry, inspections, meetings};

/// Inspections that are looked through for those of the span.
const INSPECTIONS: i64 = 1000;
/// Lines of a table; what is more is told.
const LINES: usize = 40;

/// Whether a stored day lies in a span.
fn lies_in(span: Span, held_on: &str) -> bool {
    let first = span.before().last_day().to_string();
    let last = span.last().last_day().to_string();
    first.as_str() < held_on && held_on <= last.as_str()
}

/// When it is due, and whether that is over.
fn due(deadline: &str, overdue: Option<i64>) -> String {
    match overdue {
        Some(days) => format!("{deadline}（逾期{days}天）"),
        None => deadline.into(),
    }
}

fn table(caption: &str, heads: [&str; 5], mut rows: Vec<Vec<String>>) -> Vec<Part> {
    let more = rows.len().saturating_sub(LINES);
    rows.truncate(LINES);
    let mut parts = vec![Part::Table(Table {
        caption: caption.into(),
        heads: heads.map(str::to_owned).to_vec(),
        words: heads.len(),
        rows,
    })];
    if more > 0 {
        parts.push(Part::Text(format!("另有{more}项，见登记系统。")));
    }
    parts
}

/// The section on inspections.
pub(super) fn inspections(
    registry: &Registry,
    operator: &Operator,
    span: Span,
    today: NaiveDate,
) -> Result<Vec<Part>, Error> {
    let held = inspections::list(registry, operator, i64::MAX, INSPECTIONS)?;
    let held: Vec<i64> = held
        .into_iter()
        .filter(|inspection| lies_in(span, &inspection.held_on))
        .map(|inspection| inspection.id)
        .collect();
    let mut found = 0;
    for &id in &held {
        found += inspections::one(registry, operator, id)?.1.len();
    }
    let open = inspections::unsettled(registry, operator)?;
    let overdue = open.iter().filter(|finding| finding.overdue.is_some()).count();
    let answered = open.iter().filter(|finding| finding.stage == Stage::Answered).count();
    let mut parts = vec![
        Part::Heading("六、联合检查和整改情况".into()),
        Part::Text(format!(
            "本期开展联合检查{}次，发现问题{found}个。截至{}，尚未销号的问题{}个，其中已整改待核{answered}个、逾期未整改{overdue}个。",
            held.len(),
            day(today),
            open.len(),
        )),
    ];
    if !open.is_empty() {
        let row = |finding: &inspections::Finding| {
            vec![
                names(registry, std::iter::once(&*finding.row.department)),
                finding.name.clone(),
                finding.row.problem.clone(),
                due(&finding.row.deadline, finding.overdue),
                finding.stage.of_finding().into(),
            ]
        };
        let heads = ["责任部门", "工程", "问题", "整改期限", "情况"];
        parts.extend(table("表3 尚未销号的问题", heads, open.iter().map(row).collect()));
    }
    Ok(parts)
}

/// The section on the meeting's items.
pub(super) fn meetings(
    registry: &Registry,
    operator: &Operator,
    span: Span,
    today: NaiveDate,
) -> Result<Vec<Part>, Error> {
    let items = meetings::list(registry, operator, true)?;
    let settled = items.iter().filter(|item| lies_in(span, &item.row.meeting_on)).count();
    let open: Vec<&meetings::Item> = items.iter().filter(|item| item.stage != Stage::Closed).collect();
    let overdue = open.iter().filter(|item| item.overdue.is_some()).count();
    let mut parts = vec![
        Part::Heading("七、联席会议议定事项".into()),
        Part::Text(format!(
            "本期议定事项{settled}项。截至{}，尚未办结的{}项，其中逾期{overdue}项。",
            day(today),
            open.len(),
        )),
    ];
    if !open.is_empty() {
        let row = |item: &&meetings::Item| {
            vec![
                names(registry, std::iter::once(&*item.row.department)),
                item.row.meeting.clone(),
                item.row.matter.clone(),
                due(&item.row.deadline, item.overdue),
                item.stage.of_item().into(),
            ]
        };
        let heads = ["承办部门", "会议", "事项", "办理期限", "情况"];
        parts.extend(table("表4 尚未办结的议定事项", heads, open.iter().map(row).collect()));
    }
    Ok(parts)
}
