//! The approved projects: the lists behind the figures.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::endpoint::{Call, Endpoint, In, get};
use super::figures::{as_of, month, no_figures};
use super::preview::ValuesLine;
use super::problem::Problem;
use super::reply::Plain;
use super::roles::DATA;
use super::types::{Cursor, Nothing, Number, Page, Text, Window};
use crate::registry::RegistryCode;
use crate::registry::month::Month;
use crate::registry::projects::{self, ApprovedFilter};

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        get(
            "/approved-projects",
            DATA,
            "The projects by their latest approved revision, now or at the end of a month, with all values, by code",
            list,
        ),
        get(
            "/approved-projects/sums",
            DATA,
            "How many match, and what they come to",
            sums,
        ),
    ]
}

/// A project by its latest approved revision.
#[derive(Serialize, JsonSchema)]
struct ApprovedLine {
    /// Its code.
    code: Text<RegistryCode>,
    /// The department that reports it.
    department: String,
    /// What the approved revision says.
    values: ValuesLine,
}

/// Which approved projects, and which part of that.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct AskedPart {
    /// Where the list goes on.
    cursor: Option<Text<Cursor>>,
    /// Lines at most: 1 to 200, usually 50.
    #[schemars(range(min = 1, max = 200))]
    limit: Option<u16>,
    /// Department code.
    department: Option<String>,
    /// Category code.
    category: Option<String>,
    /// County or zone code.
    county: Option<String>,
    /// Stage codes between commas.
    stage: Option<String>,
    /// Unit of scale: those that name an amount in it.
    unit: Option<String>,
    /// A year: those that are not finished, and those finished in it.
    year: Option<String>,
    /// As of the end of this month; as of now where none is named.
    month: Option<Text<Month>>,
}

/// Which approved projects: each part that is given narrows the choice.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Asked {
    /// Department code.
    department: Option<String>,
    /// Category code.
    category: Option<String>,
    /// County or zone code.
    county: Option<String>,
    /// Stage codes between commas.
    stage: Option<String>,
    /// Unit of scale: those that name an amount in it.
    unit: Option<String>,
    /// A year: those that are not finished, and those finished in it.
    year: Option<String>,
    /// As of the end of this month; as of now where none is named.
    month: Option<Text<Month>>,
}

impl Asked {
    fn filter(self) -> ApprovedFilter {
        let stages = self.stage.as_deref().unwrap_or_default().split(',');
        ApprovedFilter {
            department: self.department,
            category: self.category,
            county: self.county,
            stages: stages.filter(|stage| !stage.is_empty()).map(Into::into).collect(),
            unit: self.unit,
            year: self.year,
            not_in: None,
        }
    }
}

fn list(call: &Call<'_>, input: In<Nothing, AskedPart>) -> Result<Page<ApprovedLine>, Problem> {
    let asked = input.query;
    let window = Window::new(asked.cursor, asked.limit)?;
    let filter = Asked {
        department: asked.department,
        category: asked.category,
        county: asked.county,
        stage: asked.stage,
        unit: asked.unit,
        year: asked.year,
        month: None,
    }
    .filter();
    let as_of = as_of(call, asked.month)?;
    let part = (window.after_or(0), window.probe());
    let rows = projects::approved(call.registry, call.operator, filter, as_of, part)?;
    let key = |row: &projects::Approved| Cursor(row.code.id, 0);
    Ok(Page::of(rows, window, key, |row| ApprovedLine {
        code: Text(row.code),
        department: row.department,
        values: ValuesLine(row.values),
    }))
}

/// What projects come to.
#[derive(Serialize, JsonSchema)]
struct ApprovedSums {
    /// How many.
    projects: i64,
    /// Their scale; null where no unit is asked for: amounts of different units are never added.
    scale: Option<Number>,
    /// Planned investment, yuan.
    planned_yuan: Number,
    /// Investment done, yuan.
    done_yuan: Number,
}

fn sums(call: &Call<'_>, input: In<Nothing, Asked>) -> Result<Plain<ApprovedSums>, Problem> {
    let in_one_unit = input.query.unit.is_some();
    let month = month(call, input.query.month);
    let sums = projects::approved_sums(call.registry, call.operator, input.query.filter(), Some(month))?;
    let sums = sums.ok_or_else(|| no_figures(month))?;
    Ok(Plain(ApprovedSums {
        projects: sums.projects,
        scale: in_one_unit.then(|| Number::e2(sums.scale_e2)),
        planned_yuan: Number::whole(sums.planned_yuan),
        done_yuan: Number::whole(sums.done_yuan),
    }))
}
