//! Projects: what is registered, and its history.

use retrofit_jobs::store::Word as _;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::catalogue::exported;
use super::endpoint::{Call, Endpoint, In, get};
use super::preview::{ChangeLine, ValuesLine};
use super::problem::{Problem, seen};
use super::record::{ErrorLine, error_lines};
use super::reply::{Plain, Tagged};
use super::roles::{DATA, OVERSEERS};
use super::types::{Cursor, File, Instant, Nothing, Number, OneOf, Page, Text, Window, Workbook};
use crate::db::projects::ProjectRow;
use crate::db::revisions::RevisionRow;
use crate::registry::projects::{self, Record};
use crate::registry::review::{self, Filter};
use crate::registry::{RegistryCode, State, Step};
use crate::sync;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        get("/projects", DATA, "The projects, by code", list),
        get("/projects/{code}", DATA, "One project by its current revision", one),
        get(
            "/projects/{code}/revisions",
            DATA,
            "Its revisions, oldest first",
            revisions,
        ),
        get("/projects/{code}/revisions/{revision}", DATA, "One revision", revision),
        get(
            "/projects/{code}/changes",
            DATA,
            "What differs between two revisions, field by field",
            changes,
        ),
        get("/projects/export", DATA, "Projects as a roster, by code", export),
        get(
            "/projects/{code}/platform-record",
            OVERSEERS,
            "The latest approved revision as it goes to the platform",
            as_sent,
        ),
    ]
}

/// A project by its current revision.
#[derive(Serialize, JsonSchema)]
pub(super) struct ProjectLine {
    /// Its code.
    code: Text<RegistryCode>,
    /// The department that reports it.
    department: String,
    /// The current revision.
    revision: i64,
    /// The latest approved one.
    approved_revision: Option<i64>,
    /// The state of the current revision.
    state: String,
    /// What it asks for: `upsert` or `withdraw`.
    op: String,
    /// Who sent it.
    submitted_by: String,
    /// When it was sent or last decided.
    updated_at: Instant,
    /// The department's number.
    project_no: Option<String>,
    /// Its name.
    name: String,
    /// Category code.
    category: String,
    /// County or zone code.
    county: String,
    /// Township code.
    township: String,
    /// Stage code.
    stage: String,
    /// Unit of scale.
    scale_unit: Option<String>,
    /// How much of that.
    scale: Option<Number>,
    /// Planned investment, yuan.
    planned_yuan: Option<Number>,
    /// Investment done, yuan.
    done_yuan: Option<Number>,
}

pub(super) fn line(row: &ProjectRow) -> ProjectLine {
    ProjectLine {
        code: Text(row.code()),
        department: row.department.clone(),
        revision: row.revision,
        approved_revision: row.approved_revision,
        state: row.state.clone(),
        op: row.op.clone(),
        submitted_by: row.submitted_by.clone(),
        updated_at: Instant(row.updated_at),
        project_no: row.project_no.clone(),
        name: row.name.clone(),
        category: row.category.clone(),
        county: row.county.clone(),
        township: row.township.clone(),
        stage: row.stage.clone(),
        scale_unit: row.scale_unit.clone(),
        scale: row.scale_e2.map(Number::e2),
        planned_yuan: row.planned_yuan.map(Number::whole),
        done_yuan: row.done_yuan.map(Number::whole),
    }
}

/// Which projects: each part that is given narrows the choice.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Asked {
    /// Where the list goes on.
    cursor: Option<Text<Cursor>>,
    /// Lines at most: 1 to 200, usually 50.
    #[schemars(range(min = 1, max = 200))]
    limit: Option<u16>,
    /// The state of the current revision.
    state: Option<OneOf<State>>,
    /// Department code.
    department: Option<String>,
    /// Category code.
    category: Option<String>,
    /// County or zone code.
    county: Option<String>,
    /// Stage code.
    stage: Option<String>,
}

fn list(call: &Call<'_>, input: In<Nothing, Asked>) -> Result<Page<ProjectLine>, Problem> {
    let Asked {
        cursor,
        limit,
        state,
        department,
        category,
        county,
        stage,
    } = input.query;
    let window = Window::new(cursor, limit)?;
    let filter = Filter {
        state: state.map(|OneOf(state)| state),
        department,
        category,
        county,
        stage,
        ..Filter::default()
    };
    let rows = review::list(
        call.registry,
        call.operator,
        &filter,
        window.after_or(0),
        window.probe(),
    )?;
    Ok(Page::of(rows, window, |row| Cursor(row.id, 0), |row| line(&row)))
}

/// A project's code.
#[derive(Deserialize, JsonSchema)]
pub(super) struct ProjectCode {
    pub(super) code: Text<RegistryCode>,
}

pub(super) fn find(call: &Call<'_>, code: Text<RegistryCode>) -> Result<Record, Problem> {
    seen(projects::record(call.registry, call.operator, code.0))
}

/// A project with its values.
#[derive(Serialize, JsonSchema)]
pub(super) struct ProjectRecord {
    /// In short.
    project: ProjectLine,
    /// Who decides on the current revision, where it waits: `lead` or `secretariat`.
    step: Option<&'static str>,
    /// Why the current revision was returned.
    reason: Option<String>,
    /// What it says.
    values: ValuesLine,
}

pub(super) fn whole(record: &Record) -> Result<ProjectRecord, Problem> {
    Ok(ProjectRecord {
        project: line(&record.project),
        step: record.step.map(Step::word),
        reason: record.revisions.last().and_then(|row| row.reason.clone()),
        values: ValuesLine(record.values(record.project.revision)?),
    })
}

fn one(call: &Call<'_>, input: In<ProjectCode>) -> Result<Tagged<ProjectRecord>, Problem> {
    Ok(Tagged(whole(&find(call, input.path.code)?)?))
}

/// A revision.
#[derive(Serialize, JsonSchema)]
struct RevisionLine {
    /// Its number, from 1.
    revision: i64,
    /// Its state.
    state: String,
    /// What it asks for: `upsert` or `withdraw`.
    op: String,
    /// The version of the rules that judged it.
    rules: String,
    /// The upload that brought it.
    upload: Option<i64>,
    /// The sheet there.
    sheet: Option<String>,
    /// The row there.
    row: Option<i64>,
    /// Why it was made, where no roster brought it.
    note: Option<String>,
    /// Who sent it.
    submitted_by: String,
    /// When.
    submitted_at: Instant,
    /// Who decided on it.
    decided_by: Option<String>,
    /// When.
    decided_at: Option<Instant>,
    /// Why it was returned.
    reason: Option<String>,
}

fn revision_line(row: &RevisionRow) -> RevisionLine {
    RevisionLine {
        revision: row.revision,
        state: row.state.clone(),
        op: row.op.clone(),
        rules: row.rules.clone(),
        upload: row.upload_id,
        sheet: row.sheet.clone(),
        row: row.row_no,
        note: row.note.clone(),
        submitted_by: row.submitted_by.clone(),
        submitted_at: Instant(row.submitted_at),
        decided_by: row.decided_by.clone(),
        decided_at: row.decided_at.map(Instant),
        reason: row.reason.clone(),
    }
}

fn revisions(call: &Call<'_>, input: In<ProjectCode>) -> Result<Page<RevisionLine>, Problem> {
    let record = find(call, input.path.code)?;
    Ok(Page::whole(record.revisions.iter().map(revision_line).collect()))
}

/// A revision of a project.
#[derive(Deserialize, JsonSchema)]
struct RevisionPath {
    code: Text<RegistryCode>,
    #[schemars(range(min = 1))]
    revision: i64,
}

/// A revision with its values.
#[derive(Serialize, JsonSchema)]
struct WholeRevision {
    /// About it.
    about: RevisionLine,
    /// What it says.
    values: ValuesLine,
}

fn revision(call: &Call<'_>, input: In<RevisionPath>) -> Result<Tagged<WholeRevision>, Problem> {
    let record = find(call, input.path.code)?;
    let row = record.revisions.iter().find(|row| row.revision == input.path.revision);
    let row = row.ok_or_else(Problem::not_found)?;
    Ok(Tagged(WholeRevision {
        about: revision_line(row),
        values: ValuesLine(record.values(row.revision)?),
    }))
}

/// Which two revisions are compared.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Compared {
    /// The one before; 0: the project before it was entered.
    #[schemars(range(min = 0))]
    from: i64,
    /// The one after.
    #[schemars(range(min = 0))]
    to: i64,
}

fn changes(call: &Call<'_>, input: In<ProjectCode, Compared>) -> Result<Page<ChangeLine>, Problem> {
    let record = find(call, input.path.code)?;
    let Compared { from, to } = input.query;
    let known = |revision: i64| revision == 0 || record.revisions.iter().any(|row| row.revision == revision);
    if !known(from) || !known(to) {
        return Err(Problem::not_found());
    }
    let changes = record.changes(from, to)?;
    Ok(Page::whole(changes.into_iter().map(Into::into).collect()))
}

/// Which projects: each part that is given narrows the choice.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct AskedExport {
    /// The state of the current revision; withdrawn ones are left out unless they are asked for.
    state: Option<OneOf<State>>,
    /// Department code.
    department: Option<String>,
    /// Category code.
    category: Option<String>,
    /// County or zone code.
    county: Option<String>,
    /// Stage code.
    stage: Option<String>,
}

fn export(call: &Call<'_>, input: In<Nothing, AskedExport>) -> Result<File<Workbook>, Problem> {
    let AskedExport {
        state,
        department,
        category,
        county,
        stage,
    } = input.query;
    if department.as_deref().is_some_and(|code| !call.operator.may_see(code)) {
        return Err(Problem::not_found());
    }
    let filter = Filter {
        state: state.map(|OneOf(state)| state),
        department,
        category,
        county,
        stage,
        ..Filter::default()
    };
    Ok(File::new(
        "工程清单.xlsx",
        exported(call.registry, call.operator, &filter)?,
    ))
}

/// A record as it goes to the platform.
#[derive(Serialize, JsonSchema)]
struct PlatformRecord {
    /// The JSON text, exactly; null where it cannot be made.
    record: Option<String>,
    /// Whether it waits, because its project is in no stage that this platform takes.
    held_back: bool,
    /// Why it cannot be made.
    errors: Vec<ErrorLine>,
}

fn as_sent(call: &Call<'_>, input: In<ProjectCode>) -> Result<Plain<PlatformRecord>, Problem> {
    let profile = sync::profile(&call.registry.catalogue).map_err(|error| Problem::refused(format!("{error:#}")))?;
    let record = seen(call.registry.to_deliver(call.operator, input.path.code.0))?;
    let (text, errors) = match profile.record(&record) {
        Ok(text) => (Some(text), Vec::new()),
        Err(errors) => (None, errors),
    };
    let errors = errors.into_iter().map(|error| (error.member, error.message));
    Ok(Plain(PlatformRecord {
        held_back: text.is_some() && profile.holds_back(&record),
        record: text,
        errors: error_lines(errors.collect()),
    }))
}
