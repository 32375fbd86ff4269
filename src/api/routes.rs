//! Every route of the interface: what the nouns' files list, and the interface about itself.

use schemars::JsonSchema;
use serde::Serialize;

use super::endpoint::{Call, Endpoint, In, open};
use super::problem::{Code, Problem};
use super::reply::Plain;
use super::types::Page;
use super::{
    approved, audit, boards, catalogue, columns, delivery, figures, findings, inspections, jobs, meetings, openapi,
    packages, people, periods, photos, preview, projects, proposals, recheck, record, review, targets, uploads,
    waivers,
};

/// Every route.
pub fn endpoints() -> Vec<Endpoint> {
    let about = vec![
        open("/openapi.json", "This document", document),
        open("/problems", "The codes of problems", problems),
    ];
    [
        about,
        people::endpoints(),
        jobs::endpoints(),
        audit::endpoints(),
        waivers::endpoints(),
        recheck::endpoints(),
        catalogue::endpoints(),
        uploads::endpoints(),
        findings::endpoints(),
        columns::endpoints(),
        preview::endpoints(),
        projects::endpoints(),
        approved::endpoints(),
        proposals::endpoints(),
        record::endpoints(),
        photos::endpoints(),
        review::endpoints(),
        targets::endpoints(),
        figures::endpoints(),
        periods::endpoints(),
        boards::endpoints(),
        inspections::endpoints(),
        meetings::endpoints(),
        delivery::endpoints(),
        packages::endpoints(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn document(_: &Call<'_>, _: In) -> Result<Plain<serde_json::Value>, Problem> {
    Ok(Plain(openapi::document()))
}

/// A code of problems.
#[derive(Serialize, JsonSchema)]
struct ProblemCode {
    /// The code.
    code: Code,
    /// The HTTP status.
    status: u16,
    /// In a few words.
    title: &'static str,
}

fn problems(_: &Call<'_>, _: In) -> Result<Plain<Page<ProblemCode>>, Problem> {
    let lines = Code::ALL.iter().map(|&code| ProblemCode {
        code,
        status: code.status().as_u16(),
        title: code.title(),
    });
    Ok(Plain(Page::whole(lines.collect())))
}
