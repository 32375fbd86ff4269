//! Joint inspections and their findings, followed to closure.

use axum::http::Method;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::NaiveDate;
use retrofit_jobs::store::Word;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::body::Json;
use super::endpoint::{Call, Endpoint, In, change, get, post};
use super::photos::picture;
use super::problem::{Problem, seen};
use super::projects::ProjectCode;
use super::reply::{Made, Tagged};
use super::roles::{DATA, KEEP, SEND};
use super::types::{Cursor, File, Instant, Nothing, OneOf, Page, Photo, Text};
use super::uploads::{Asked, may_send};
use crate::db::inspections::InspectionRow;
use crate::registry::RegistryCode;
use crate::registry::inspections::{self, Case, Finding, NewFinding, NewVisit};
use crate::web::plain_name;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        get("/inspections", DATA, "The joint inspections, newest first", list),
        post("/inspections", KEEP, "Enters an inspection", create),
        get("/inspections/{id}", DATA, "One inspection", one),
        get("/inspections/{id}/findings", DATA, "What it found", findings_of),
        post("/inspections/{id}/findings", KEEP, "Enters a finding", add_finding),
        get(
            "/inspection-findings",
            DATA,
            "The findings that are not closed, those overdue first",
            unsettled,
        ),
        get(
            "/projects/{code}/inspection-findings",
            DATA,
            "What inspections found at a project",
            of_project,
        ),
        get(
            "/inspection-findings/{id}",
            DATA,
            "One finding, with everything that was done about it",
            case,
        ),
        change(
            Method::POST,
            "/inspection-findings/{id}/answers",
            SEND,
            "The department says what it did, with photos",
            answer,
        ),
        change(
            Method::POST,
            "/inspection-findings/{id}/verdicts",
            KEEP,
            "The secretariat closes what it has verified, or gives it back",
            decide,
        ),
        get("/inspection-findings/{id}/photos/{sha256}", DATA, "One photo", photo),
    ]
}

/// An inspection.
#[derive(Serialize, JsonSchema)]
struct InspectionLine {
    /// Its number.
    id: i64,
    /// The day.
    held_on: String,
    /// Where.
    place: String,
    /// Who took part.
    inspectors: String,
    /// What else is to be said.
    note: String,
    /// Who entered it.
    created_by: String,
    /// When.
    created_at: Instant,
}

fn line(row: InspectionRow) -> InspectionLine {
    InspectionLine {
        id: row.id,
        held_on: row.held_on,
        place: row.place,
        inspectors: row.inspectors,
        note: row.note,
        created_by: row.created_by,
        created_at: Instant(row.created_at),
    }
}

fn list(call: &Call<'_>, input: In<Nothing, Asked>) -> Result<Page<InspectionLine>, Problem> {
    let window = input.query.window()?;
    let rows = inspections::list(call.registry, call.operator, window.after_or(i64::MAX), window.probe())?;
    Ok(Page::of(rows, window, |row| Cursor(row.id, 0), line))
}

/// An inspection about to be entered.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NewInspection {
    /// The day.
    #[schemars(with = "String", extend("format" = "date"))]
    held_on: NaiveDate,
    /// Where.
    place: String,
    /// Who took part.
    inspectors: String,
    /// What else is to be said.
    #[serde(default)]
    note: String,
}

fn create(call: &Call<'_>, input: In<Nothing, Nothing, Json<NewInspection>>) -> Result<Made<InspectionLine>, Problem> {
    let new = input.body.0;
    let visit = NewVisit {
        held_on: new.held_on,
        place: &new.place,
        inspectors: &new.inspectors,
        note: &new.note,
    };
    let id = inspections::create(call.registry, call.operator, &visit)?;
    let (row, _) = inspections::one(call.registry, call.operator, id)?;
    Ok(Made(format!("/inspections/{id}"), line(row)))
}

/// A number.
#[derive(Deserialize, JsonSchema)]
pub(super) struct Id {
    #[schemars(range(min = 1))]
    pub(super) id: i64,
}

fn one(call: &Call<'_>, input: In<Id>) -> Result<Tagged<InspectionLine>, Problem> {
    let (row, _) = seen(inspections::one(call.registry, call.operator, input.path.id))?;
    Ok(Tagged(line(row)))
}

/// A finding of an inspection.
#[derive(Serialize, JsonSchema)]
struct InspectionFinding {
    /// Its number.
    id: i64,
    /// The inspection.
    inspection: i64,
    /// The project.
    code: Text<RegistryCode>,
    /// The project's name.
    name: String,
    /// Who is to put it right.
    department: String,
    /// What is wrong.
    problem: String,
    /// The last day for putting it right.
    deadline: String,
    /// `open`, `answered`, `returned` or `closed`.
    state: String,
    /// Days since the deadline, where the department has yet to act.
    overdue: Option<i64>,
    /// Who entered it.
    created_by: String,
    /// When.
    created_at: Instant,
}

fn finding_line(finding: Finding) -> InspectionFinding {
    let row = finding.row;
    InspectionFinding {
        id: row.id,
        inspection: row.inspection_id,
        code: Text(finding.code),
        name: finding.name,
        department: row.department,
        problem: row.problem,
        deadline: row.deadline,
        state: row.state,
        overdue: finding.overdue,
        created_by: row.created_by,
        created_at: Instant(row.created_at),
    }
}

fn finding_lines(findings: Vec<Finding>) -> Page<InspectionFinding> {
    Page::whole(findings.into_iter().map(finding_line).collect())
}

fn findings_of(call: &Call<'_>, input: In<Id>) -> Result<Page<InspectionFinding>, Problem> {
    let (_, findings) = seen(inspections::one(call.registry, call.operator, input.path.id))?;
    Ok(finding_lines(findings))
}

fn unsettled(call: &Call<'_>, _: In) -> Result<Page<InspectionFinding>, Problem> {
    Ok(finding_lines(inspections::unsettled(call.registry, call.operator)?))
}

fn of_project(call: &Call<'_>, input: In<ProjectCode>) -> Result<Page<InspectionFinding>, Problem> {
    super::projects::find(call, input.path.code)?;
    let found = inspections::of_project(call.registry, call.operator, input.path.code.0)?;
    Ok(finding_lines(found))
}

/// A finding about to be entered.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NewFindingLine {
    /// The project.
    code: Text<RegistryCode>,
    /// Who is to put it right; the project's own department where it is not named.
    department: Option<String>,
    /// What is wrong.
    problem: String,
    /// The last day for putting it right.
    #[schemars(with = "String", extend("format" = "date"))]
    deadline: NaiveDate,
}

fn add_finding(call: &Call<'_>, input: In<Id, Nothing, Json<NewFindingLine>>) -> Result<Made<FindingCase>, Problem> {
    let new = input.body.0;
    seen(inspections::one(call.registry, call.operator, input.path.id))?;
    let finding = NewFinding {
        code: new.code.0,
        department: new.department.as_deref(),
        problem: &new.problem,
        deadline: new.deadline,
    };
    let id = inspections::add_finding(call.registry, call.operator, input.path.id, &finding)?;
    let case = inspections::case(call.registry, call.operator, id)?;
    Ok(Made(format!("/inspection-findings/{id}"), case_line(case)))
}

/// A finding with everything that was done about it.
#[derive(Serialize, JsonSchema)]
struct FindingCase {
    /// It.
    finding: InspectionFinding,
    /// The moves, the first one first.
    moves: Vec<MoveLine>,
    /// The photos.
    photos: Vec<EvidenceLine>,
}

/// A move.
#[derive(Serialize, JsonSchema)]
pub(super) struct MoveLine {
    /// Its number, from 1.
    pub(super) seq: i64,
    /// The state before.
    pub(super) from: String,
    /// The state after.
    pub(super) to: String,
    /// What was said.
    pub(super) note: String,
    /// Who made it.
    pub(super) made_by: String,
    /// When.
    pub(super) made_at: Instant,
}

/// A photo that came with an answer.
#[derive(Serialize, JsonSchema)]
struct EvidenceLine {
    /// The move that it came with.
    seq: i64,
    /// SHA-256 of what is kept, hex.
    sha256: String,
    /// Its name.
    file_name: String,
    /// Its size.
    bytes: i64,
}

fn case_line(case: Case) -> FindingCase {
    let moves = case.moves.into_iter().map(|row| MoveLine {
        seq: row.seq,
        from: row.from_state,
        to: row.to_state,
        note: row.note,
        made_by: row.made_by,
        made_at: Instant(row.made_at),
    });
    let photos = case.evidence.into_iter().map(|row| EvidenceLine {
        seq: row.seq,
        sha256: row.sha256,
        file_name: row.file_name,
        bytes: row.bytes,
    });
    FindingCase {
        moves: moves.collect(),
        photos: photos.collect(),
        finding: finding_line(case.finding),
    }
}

fn find(call: &Call<'_>, id: i64) -> Result<Case, Problem> {
    seen(inspections::case(call.registry, call.operator, id))
}

fn case(call: &Call<'_>, input: In<Id>) -> Result<Tagged<FindingCase>, Problem> {
    Ok(Tagged(case_line(find(call, input.path.id)?)))
}

/// What a department did.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct AnswerLine {
    /// In words.
    note: String,
    /// Photos that show it, at most 20.
    #[serde(default)]
    #[schemars(length(max = 20))]
    photos: Vec<NewPhoto>,
}

/// A photo, JPEG or PNG.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NewPhoto {
    /// Its name.
    file_name: String,
    /// Its bytes, in Base64.
    #[schemars(extend("contentEncoding" = "base64"))]
    content: String,
}

fn answer(call: &Call<'_>, input: In<Id, Nothing, Json<AnswerLine>>) -> Result<Tagged<FindingCase>, Problem> {
    let id = input.path.id;
    let before = find(call, id)?;
    may_send(call.operator, &before.finding.row.department)?;
    let version = before.finding.row.version;
    call.must_match(Some(&case_line(before)))?;
    let AnswerLine { note, photos } = input.body.0;
    let mut sent = Vec::with_capacity(photos.len());
    for photo in photos {
        let name = plain_name(&photo.file_name);
        let bytes = STANDARD
            .decode(&photo.content)
            .map_err(|_| Problem::refused(format!("“{name}”的内容不是 Base64。")))?;
        sent.push((name, bytes));
    }
    inspections::answer(call.registry, call.operator, id, Some(version), &note, &sent)?;
    Ok(Tagged(case_line(find(call, id)?)))
}

/// What the secretariat decides.
#[derive(Clone, Copy, Debug)]
enum Verdict {
    Close,
    Return,
}

impl Word for Verdict {
    const ALL: &'static [Self] = &[Self::Close, Self::Return];

    fn word(self) -> &'static str {
        match self {
            Self::Close => "close",
            Self::Return => "return",
        }
    }
}

/// A verdict.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct VerdictLine {
    /// What is decided.
    verdict: OneOf<Verdict>,
    /// How it was verified, or what is missing.
    pub(super) note: String,
}

impl VerdictLine {
    pub(super) fn closes(&self) -> bool {
        matches!(self.verdict, OneOf(Verdict::Close))
    }
}

fn decide(call: &Call<'_>, input: In<Id, Nothing, Json<VerdictLine>>) -> Result<Tagged<FindingCase>, Problem> {
    let id = input.path.id;
    let before = find(call, id)?;
    let version = before.finding.row.version;
    call.must_match(Some(&case_line(before)))?;
    let verdict = input.body.0;
    let note = &verdict.note;
    inspections::decide(call.registry, call.operator, id, Some(version), verdict.closes(), note)?;
    Ok(Tagged(case_line(find(call, id)?)))
}

/// A photo of a finding.
#[derive(Deserialize, JsonSchema)]
struct PhotoPath {
    #[schemars(range(min = 1))]
    id: i64,
    #[schemars(regex(pattern = r"^[0-9a-f]{64}$"))]
    sha256: String,
}

fn photo(call: &Call<'_>, input: In<PhotoPath>) -> Result<File<Photo>, Problem> {
    let PhotoPath { id, sha256 } = input.path;
    let found = inspections::photo(call.registry, call.operator, id, &sha256);
    Ok(picture(&sha256, seen(found)?))
}
