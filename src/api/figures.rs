//! How far the works are, as of any month, and the bulletin.

use retrofit_jobs::store::Word;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::endpoint::{Call, Endpoint, In, get};
use super::problem::{Code, Problem};
use super::reply::Plain;
use super::roles::OVERSEERS;
use super::types::{Document, File, Nothing, Number, OneOf, Page, Text};
use crate::registry::month::Month;
use crate::registry::snapshots;
use crate::reports::book::book;
use crate::reports::bulletin::{Span, bulletin};
use crate::reports::progress::{self, Count};
use crate::reports::word::word;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        get(
            "/figures",
            OVERSEERS,
            "How far the works are, as of the end of a month",
            figures,
        ),
        get(
            "/figures/months",
            OVERSEERS,
            "The months of a year that can be asked for, the first one first, each with the works at its end",
            months,
        ),
        get("/bulletin", OVERSEERS, "The bulletin of a month or a quarter", file),
    ]
}

/// As of which month.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AsOf {
    /// The month; that of now where none is named.
    pub(super) month: Option<Text<Month>>,
}

/// The month that is asked for.
pub(super) fn month(call: &Call<'_>, asked: Option<Text<Month>>) -> Month {
    asked.map_or_else(|| Month::at(call.registry.clock.now()), |Text(month)| month)
}

/// The month whose end is asked for; none where it is not over.
pub(super) fn as_of(call: &Call<'_>, asked: Option<Text<Month>>) -> Result<Option<Month>, Problem> {
    let month = month(call, asked);
    if !snapshots::months(call.registry)?.contains(&month) {
        return Err(no_figures(month));
    }
    Ok(Some(month).filter(|month| *month != Month::at(call.registry.clock.now())))
}

/// Nothing can be told of a month.
pub(super) fn no_figures(month: Month) -> Problem {
    Problem::new(
        Code::NoFigures,
        format!(
            "{month} 没有留存的数据（可能在开始登记之前，或者还没有到）。可查的月份见 /api/v1/figures/months?year={}。",
            month.year()
        ),
    )
}

/// Projects that are not cancelled, by how far they are, with their investment.
#[derive(Serialize, JsonSchema)]
struct CountLine {
    /// The category, county or department; blank for all.
    of: String,
    /// Not started.
    planned: i64,
    /// Being retrofitted.
    started: i64,
    /// Finished.
    finished: i64,
    /// Of the finished ones, accepted.
    accepted: i64,
    /// Cancelled: in no other figure.
    cancelled: i64,
    /// Planned investment, yuan.
    planned_yuan: Number,
    /// Investment done, yuan.
    done_yuan: Number,
}

fn count_line(of: &str, count: Count) -> CountLine {
    CountLine {
        of: of.into(),
        planned: count.planned,
        started: count.started,
        finished: count.finished,
        accepted: count.accepted,
        cancelled: count.cancelled,
        planned_yuan: Number::whole(count.planned_yuan),
        done_yuan: Number::whole(count.done_yuan),
    }
}

/// The works as of a month.
#[derive(Serialize, JsonSchema)]
struct Figures {
    /// The month; one that is not over is told as it stands.
    month: Text<Month>,
    /// Of all.
    total: CountLine,
    /// By category.
    categories: Vec<CountLine>,
    /// By county or zone.
    counties: Vec<CountLine>,
    /// By department.
    departments: Vec<CountLine>,
}

fn figures(call: &Call<'_>, input: In<Nothing, AsOf>) -> Result<Plain<Figures>, Problem> {
    let month = month(call, input.query.month);
    let progress = progress::progress(call.registry, month, None)?.ok_or_else(|| no_figures(month))?;
    let lines = |of: std::collections::BTreeMap<String, Count>| {
        of.into_iter().map(|(of, count)| count_line(&of, count)).collect()
    };
    Ok(Plain(Figures {
        month: Text(month),
        total: count_line("", progress.total),
        categories: lines(progress.categories),
        counties: lines(progress.counties),
        departments: lines(progress.departments),
    }))
}

/// A month with the works at its end.
#[derive(Serialize, JsonSchema)]
struct MonthLine {
    /// The month; that of now as it stands.
    month: Text<Month>,
    /// Of all.
    total: CountLine,
}

/// Of which year.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct OfYear {
    /// The year; that of now where none is named.
    #[schemars(range(min = 1, max = 9999))]
    year: Option<i64>,
}

fn months(call: &Call<'_>, input: In<Nothing, OfYear>) -> Result<Page<MonthLine>, Problem> {
    let year = input.query.year.unwrap_or_else(|| month(call, None).year());
    if !(1..=9999).contains(&year) {
        return Err(Problem::invalid("year 须为 1 到 9999。"));
    }
    let lines = progress::curve(call.registry, year)?
        .into_iter()
        .map(|(month, total)| MonthLine {
            month: Text(month),
            total: count_line("", total),
        });
    Ok(Page::whole(lines.collect()))
}

/// In which form.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Word,
    Workbook,
}

impl Word for Kind {
    const ALL: &'static [Self] = &[Self::Word, Self::Workbook];

    fn word(self) -> &'static str {
        match self {
            Self::Word => "docx",
            Self::Workbook => "xlsx",
        }
    }
}

/// Of what span, and in which form.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct AskedBulletin {
    /// The month; that of now where none is named.
    month: Option<Text<Month>>,
    /// The quarter that the month lies in, rather than the month.
    #[serde(default)]
    quarter: bool,
    /// A Word file, or a workbook.
    kind: OneOf<Kind>,
}

fn file(call: &Call<'_>, input: In<Nothing, AskedBulletin>) -> Result<File<Document>, Problem> {
    let month = month(call, input.query.month);
    let span = if input.query.quarter {
        Span::quarter_of(month)
    } else {
        Span::Month(month)
    };
    let document = bulletin(call.registry, call.operator, span)?.ok_or_else(|| no_figures(month))?;
    let [docx, xlsx] = [0, 1].map(|at| <Document as super::types::Media>::TYPES[at]);
    let name = format!("{}工作通报", span.label());
    Ok(match input.query.kind.0 {
        Kind::Word => {
            let bytes = word(&document).map_err(|error| Problem::internal(&error))?;
            File::of(format!("{name}.docx"), docx, bytes)
        }
        Kind::Workbook => {
            let bytes = book(&document).map_err(|error| Problem::internal(&error.into()))?;
            File::of(format!("{name}.xlsx"), xlsx, bytes)
        }
    })
}
