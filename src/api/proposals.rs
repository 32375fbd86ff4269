//! What a department proposes without a roster: a returned project again, or a project's removal.

use axum::http::Method;
use schemars::JsonSchema;
use serde::Deserialize;

use super::body::Json;
use super::endpoint::{Call, Endpoint, In, change, post};
use super::problem::{Code, Problem};
use super::projects::{ProjectCode, find, whole};
use super::reply::Done;
use super::roles::SEND;
use super::types::{Nothing, Text};
use super::uploads::may_send;
use crate::registry::{RegistryCode, projects, requests};

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        change(
            Method::POST,
            "/projects/{code}/resubmission",
            SEND,
            "Sends a returned project again as it is, with a note that says why",
            resubmit,
        ),
        change(
            Method::POST,
            "/projects/{code}/withdrawal",
            SEND,
            "Proposes to remove a project that was entered in error; the secretariat decides",
            withdraw,
        ),
        post(
            "/withdrawals",
            SEND,
            "Proposes to remove several projects that were entered in error, all or none; the secretariat decides",
            withdraw_several,
        )
        .of_what_was_shown(),
    ]
}

/// Why.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Note {
    /// For the reviewer to read.
    note: String,
}

fn resubmit(call: &Call<'_>, input: In<ProjectCode, Nothing, Json<Note>>) -> Result<Done, Problem> {
    let code = shown(call, input.path.code)?;
    projects::resubmit(call.registry, call.operator, code, &input.body.0.note)?;
    Ok(Done)
}

fn withdraw(call: &Call<'_>, input: In<ProjectCode, Nothing, Json<Note>>) -> Result<Done, Problem> {
    let code = shown(call, input.path.code)?;
    projects::propose_withdrawal(call.registry, call.operator, &[code], &input.body.0.note)?;
    Ok(Done)
}

/// The project, where the caller may send for it and saw it as it is.
fn shown(call: &Call<'_>, code: Text<RegistryCode>) -> Result<RegistryCode, Problem> {
    let record = find(call, code)?;
    may_send(call.operator, &record.project.department)?;
    call.must_match(Some(&whole(&record)?))?;
    Ok(code.0)
}

/// Several projects that were entered in error.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Withdrawals {
    /// Each with the revision that was seen.
    #[schemars(length(min = 1, max = 5000))]
    projects: Vec<SeenProject>,
    /// Why, for the reviewer to read.
    note: String,
}

/// A project as it was seen.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SeenProject {
    /// The project.
    code: Text<RegistryCode>,
    /// The revision.
    revision: i64,
}

fn withdraw_several(call: &Call<'_>, input: In<Nothing, Nothing, Json<Withdrawals>>) -> Result<Done, Problem> {
    let Withdrawals { projects, note } = input.body.0;
    if projects.is_empty() {
        return Err(Problem::refused("没有写明哪些工程。"));
    }
    requests::hold_still(call.registry)?;
    for SeenProject { code, revision } in &projects {
        let record = find(call, *code)?;
        may_send(call.operator, &record.project.department)?;
        if record.project.revision != *revision {
            return Err(Problem::new(
                Code::SelectionMoved,
                format!(
                    "工程 {} 已不是第 {revision} 版，没有申请撤销任何工程。请重新查看后再申请。",
                    code.0
                ),
            ));
        }
    }
    let codes: Vec<RegistryCode> = projects.iter().map(|seen| seen.code.0).collect();
    projects::propose_withdrawal(call.registry, call.operator, &codes, &note)?;
    Ok(Done)
}
