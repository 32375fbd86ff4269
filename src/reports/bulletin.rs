//! The bulletin (工作通报) of a month or a quarter: what moved, who is late, what was returned, with the figures that the boards show.

use std::collections::BTreeMap;

use chrono::{Datelike as _, NaiveDate};
use retrofit_import::catalogue::CodeList;
use retrofit_jobs::store::Word as _;

use super::document::{Document, Part, Table};
use super::followed;
use super::progress::{Count, Progress, progress};
use super::quality::{Sums, quality};
use crate::db::revisions::{self, DecisionCount};
use crate::registry::month::Month;
use crate::registry::people::Operator;
use crate::registry::periods::{self, Standing, Status};
use crate::registry::{Error, Registry, State, business_day};

/// What a bulletin is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    /// One month.
    Month(Month),
    /// Three months, up to this one, the last of a quarter.
    Quarter(Month),
}

impl Span {
    /// The quarter that a month lies in.
    pub fn quarter_of(month: Month) -> Self {
        let mut last = month;
        while last.number() % 3 != 0 {
            last = last.next();
        }
        Self::Quarter(last)
    }

    /// Its last month.
    pub fn last(self) -> Month {
        match self {
            Self::Month(month) | Self::Quarter(month) => month,
        }
    }

    /// Its months, in order.
    pub fn months(self) -> Vec<Month> {
        match self {
            Self::Month(month) => vec![month],
            Self::Quarter(last) => vec![last.previous().previous(), last.previous(), last],
        }
    }

    /// The month before it.
    pub(super) fn before(self) -> Month {
        match self {
            Self::Month(month) => month.previous(),
            Self::Quarter(last) => last.previous().previous().previous(),
        }
    }

    /// As it is written: `2026年11月`, `2026年第四季度`.
    pub fn label(self) -> String {
        match self {
            Self::Month(month) => format!("{}年{}月", month.year(), month.number()),
            Self::Quarter(last) => {
                let number = ["一", "二", "三", "四"];
                let at = usize::try_from((last.number() - 1) / 3).unwrap_or_default();
                format!("{}年第{}季度", last.year(), number.get(at).unwrap_or(&""))
            }
        }
    }
}

/// Who signs: the joint meeting's office, which the work plan puts at the emergency bureau.
const SENDER: &str = "聊城市房屋设施抗震加固工程联席会议办公室";

/// The bulletin of a span, as the registry knows it now. `None` where no figures were kept of its end.
///
/// # Errors
/// Only our own faults.
pub fn bulletin(registry: &Registry, operator: &Operator, span: Span) -> Result<Option<Document>, Error> {
    // A quarter that is not over is told as it stands; one to come is not.
    let current = Month::at(registry.clock.now());
    let last = if span.before() < current {
        span.last().min(current)
    } else {
        span.last()
    };
    let Some(now) = progress(registry, last, None)? else {
        return Ok(None);
    };
    let before = progress(registry, span.before(), None)?;
    let today = business_day(registry.clock.now());
    let until = span.last().last_day().min(today);
    let standings = periods::standings(registry, operator, &span.months())?;
    let months: Vec<String> = span.months().iter().map(Month::to_string).collect();
    let decisions = registry.db.read(|conn| revisions::count_decisions(conn, &months))?;
    let mut parts = vec![Part::Heading("一、总体进展".into())];
    parts.extend(overall(&now, before.as_ref(), span, until).map(Part::Text));
    parts.push(Part::Heading("二、各类工程进展".into()));
    parts.push(Part::Table(categories(registry, &now)));
    parts.push(Part::Heading("三、各县（市、区）进展".into()));
    parts.push(Part::Table(counties(registry, &now)));
    parts.push(Part::Heading("四、清单报送情况".into()));
    // Of a quarter that is not over, the months that have begun.
    for month in span.months().into_iter().filter(|month| *month <= last) {
        let of_month: Vec<&Standing> = standings.iter().filter(|standing| standing.month == month).collect();
        parts.push(Part::Text(reported(registry, month, &of_month)));
    }
    parts.push(Part::Heading("五、审核和退回情况".into()));
    parts.extend(reviewed(registry, &decisions).into_iter().map(Part::Text));
    parts.push(Part::Text(checked(registry, operator, span)?));
    parts.extend(followed::inspections(registry, operator, span, today)?);
    parts.extend(followed::meetings(registry, operator, span, today)?);
    Ok(Some(Document {
        title: format!("关于{}全市房屋设施抗震加固工程进展情况的通报", span.label()),
        addressee: "联席会议各成员单位".into(),
        parts,
        sender: SENDER.into(),
        date: day(today),
    }))
}

pub(super) fn day(day: NaiveDate) -> String {
    format!("{}年{}月{}日", day.year(), day.month(), day.day())
}

/// Yuan in units of 10,000, two decimals, rounded half up.
pub fn money(yuan: i64) -> String {
    let hundredths = (yuan + 50).div_euclid(100);
    let sign = if hundredths < 0 { "-" } else { "" };
    let hundredths = hundredths.unsigned_abs();
    format!("{sign}{}.{:02}", hundredths / 100, hundredths % 100)
}

fn overall(now: &Progress, before: Option<&Progress>, span: Span, until: NaiveDate) -> impl Iterator<Item = String> {
    let total = now.total;
    let standing = format!(
        "截至{}，全市审核登记的抗震加固工程共{}个，其中已完成{}个（占{}%，其中已竣工验收{}个），正在加固{}个，未开工{}个。\
         计划投资{}万元，完成投资{}万元，占计划的{}%。",
        day(until),
        total.all(),
        total.finished,
        total.percent(),
        total.accepted,
        total.started,
        total.planned,
        money(total.planned_yuan),
        money(total.done_yuan),
        total.percent_invested(),
    );
    let moved = before.map(|before| {
        let then = before.total;
        format!(
            "与{}底相比，登记的工程{}，已完成的{}，完成投资{}万元。",
            Span::Month(span.before()).label(),
            grown(total.all() - then.all(), "个"),
            grown(total.finished - then.finished, "个"),
            grown_money(total.done_yuan - then.done_yuan),
        )
    });
    std::iter::once(standing).chain(moved)
}

fn grown(by: i64, unit: &str) -> String {
    match by {
        0 => "没有变化".into(),
        1.. => format!("增加{by}{unit}"),
        _ => format!("减少{}{unit}", -by),
    }
}

fn grown_money(yuan: i64) -> String {
    let word = if yuan < 0 { "减少" } else { "增加" };
    format!("{word}{}", money(yuan.abs()))
}

const HEADS: [&str; 8] = [
    "已完成",
    "其中已验收",
    "正在加固",
    "未开工",
    "合计",
    "完成率",
    "计划投资（万元）",
    "完成投资（万元）",
];

fn line(label: &str, count: Count) -> Vec<String> {
    vec![
        label.into(),
        count.finished.to_string(),
        count.accepted.to_string(),
        count.started.to_string(),
        count.planned.to_string(),
        count.all().to_string(),
        format!("{}%", count.percent()),
        money(count.planned_yuan),
        money(count.done_yuan),
    ]
}

fn table(caption: &str, head: &str, lines: impl Iterator<Item = (String, Count)>, total: Count) -> Table {
    let shown = lines.filter(|(_, count)| count.all() > 0);
    let mut rows: Vec<Vec<String>> = shown.map(|(label, count)| line(&label, count)).collect();
    rows.push(line("合计", total));
    Table {
        caption: caption.into(),
        heads: std::iter::once(head).chain(HEADS).map(str::to_owned).collect(),
        rows,
        words: 1,
    }
}

fn categories(registry: &Registry, now: &Progress) -> Table {
    let categories = registry.catalogue.codes(CodeList::Category).iter();
    let lines = categories.map(|category| {
        let count = now.categories.get(&*category.code).copied().unwrap_or_default();
        (category.label.clone(), count)
    });
    table("表1 各类工程进展", "类别", lines, now.total)
}

fn counties(registry: &Registry, now: &Progress) -> Table {
    let counties = registry.catalogue.divisions().counties();
    let lines = counties.map(|county| {
        let count = now.counties.get(&*county.code).copied().unwrap_or_default();
        (county.name.clone(), count)
    });
    table("表2 各县（市、区）进展", "县（市、区）", lines, now.total)
}

/// What the checks of the span's rosters found, as the board of data quality has it.
fn checked(registry: &Registry, operator: &Operator, span: Span) -> Result<String, Error> {
    let months = span.months();
    let found = quality(registry, operator, span.last(), &months)?;
    let sum = |of: fn(&Sums) -> i64| -> i64 { found.months.iter().map(|(_, sums)| of(sums)).sum() };
    Ok(format!(
        "本期提交的清单共检查{}行次，查出强制性问题{}处、核实性问题{}处、提示{}处。",
        sum(|of| of.rows),
        sum(|of| of.errors),
        sum(|of| of.confirms),
        sum(|of| of.hints),
    ))
}

/// The departments' short names, one after the other.
pub(super) fn names<'a>(registry: &'a Registry, codes: impl Iterator<Item = &'a str>) -> String {
    let name = |code: &'a str| {
        let department = registry.catalogue.department(code);
        department.map_or(code, |department| &department.short_name)
    };
    codes.map(name).collect::<Vec<_>>().join("、")
}

fn reported(registry: &Registry, month: Month, standings: &[&Standing]) -> String {
    let tally = periods::tally(standings.iter().copied());
    let in_state = |status: Status| {
        let matching = standings.iter().filter(move |standing| standing.status() == status);
        names(registry, matching.map(|standing| standing.department.as_str()))
    };
    let mut text = vec![format!(
        "{}应报清单的部门{}个，已报{}个，其中按时报送{}个；第一次提交就全部入库的{}个。",
        Span::Month(month).label(),
        tally.expected,
        tally.received,
        tally.on_time,
        tally.passed
    )];
    for (status, words) in [
        (Status::Late, "逾期后报送的"),
        (Status::Overdue, "逾期尚未报送的"),
        (Status::Expected, "尚未到期、还没有报送的"),
    ] {
        let names = in_state(status);
        if !names.is_empty() {
            text.push(format!("{words}：{names}。"));
        }
    }
    text.concat()
}

fn reviewed(registry: &Registry, decisions: &[DecisionCount]) -> Vec<String> {
    let approved: i64 = sum(decisions, |of| of.to_state == State::Approved.word());
    let withdrawn: i64 = sum(decisions, |of| of.to_state == State::Withdrawn.word());
    let by_platform = |of: &DecisionCount| of.from_state != State::Pending.word();
    let returned: i64 = sum(decisions, |of| {
        of.to_state == State::Returned.word() && !by_platform(of)
    });
    let refused: i64 = sum(decisions, |of| of.to_state == State::Returned.word() && by_platform(of));
    let mut texts = vec![format!(
        "本期审核通过{approved}条，退回{returned}条，同意撤销{withdrawn}条；国家平台退回{refused}条。"
    )];
    let mut by_department: BTreeMap<&str, i64> = BTreeMap::new();
    for of in decisions.iter().filter(|of| of.to_state == State::Returned.word()) {
        *by_department.entry(&of.department).or_default() += of.decisions;
    }
    if !by_department.is_empty() {
        let mut listed: Vec<(&str, i64)> = by_department.into_iter().collect();
        listed.sort_by_key(|&(department, count)| (std::cmp::Reverse(count), department));
        let told: Vec<String> = listed
            .iter()
            .map(|&(department, count)| format!("{}{count}条", names(registry, std::iter::once(department))))
            .collect();
        texts.push(format!(
            "退回的按部门：{}。请有关部门按退回原因修改后重新报送。",
            told.join("，")
        ));
    }
    texts
}

fn sum(decisions: &[DecisionCount], of: impl Fn(&DecisionCount) -> bool) -> i64 {
    let matching = decisions.iter().filter(|decision| of(decision));
    matching.map(|decision| decision.decisions).sum()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_months_and_quarters() {
        let month = |text: &str| text.parse::<Month>().unwrap();
        let quarter = Span::quarter_of(month("2026-11"));
        assert_eq!(quarter, Span::Quarter(month("2026-12")));
        assert_eq!(quarter.label(), "2026年第四季度");
        assert_eq!(quarter.months(), [month("2026-10"), month("2026-11"), month("2026-12")]);
        assert_eq!(quarter.before(), month("2026-09"));
        assert_eq!(Span::Month(month("2026-01")).before(), month("2025-12"));
        assert_eq!(Span::Month(month("2026-01")).label(), "2026年1月");
    }

    #[test]
    fn money_is_in_ten_thousands_with_two_decimals() {
        assert_eq!([0, 99, 12_345_678, 500].map(money), ["0.00", "0.01", "1234.57", "0.05"]);
    }
}
