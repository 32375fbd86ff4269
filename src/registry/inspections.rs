//! Joint inspections (联合监督检查): what was found at projects, and its rectification, followed to closure.
//!
//! The secretariat enters an inspection and its findings, verifies and closes; the responsible department, and nobody else, says what it did,
//! with photos. A department sees the findings that are its own, and of an inspection no more than those.

use chrono::NaiveDate;
use retrofit_jobs::store::{UtcMillis, Word as _};

use super::code::RegistryCode;
use super::followup::{self, Matter, Stage, Step};
use super::people::{Operator, Sight};
use super::photos::files::{self, Kept};
use super::photos::image::{self, Picture};
use super::{Error, Registry, audit, business_day};
use crate::db::counters::{self, Counter};
use crate::db::inspections::{self, EvidenceRow, FindingRow, InspectionRow, MoveRow, NewInspection, Which};
use crate::db::{Conn, DbError, projects};

/// Photos that come with an answer at most.
pub const MOST_PHOTOS: usize = 20;
/// Characters of a text at most.
const LONGEST: usize = 1000;

/// A finding of an inspection, as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What is stored of it.
    pub row: FindingRow,
    /// The code of its project.
    pub code: RegistryCode,
    /// The name of its project.
    pub name: String,
    /// How far it is.
    pub stage: Stage,
    /// Days since the deadline, where the department has yet to act.
    pub overdue: Option<i64>,
}

/// A finding with everything that was done about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// The finding.
    pub finding: Finding,
    /// The inspection that found it.
    pub inspection: InspectionRow,
    /// The moves, the first one first.
    pub moves: Vec<MoveRow>,
    /// The photos.
    pub evidence: Vec<EvidenceRow>,
}

/// An inspection about to be entered.
#[derive(Clone, Copy, Debug)]
pub struct NewVisit<'a> {
    /// The day.
    pub held_on: NaiveDate,
    /// Where.
    pub place: &'a str,
    /// Who took part.
    pub inspectors: &'a str,
    /// What else is to be said; may be blank.
    pub note: &'a str,
}

/// A finding about to be entered.
#[derive(Clone, Copy, Debug)]
pub struct NewFinding<'a> {
    /// The project that it is about.
    pub code: RegistryCode,
    /// Who is to put it right; the project's own department where it is not named.
    pub department: Option<&'a str>,
    /// What is wrong.
    pub problem: &'a str,
    /// The last day for putting it right.
    pub deadline: NaiveDate,
}

/// Enters an inspection; its id.
///
/// # Errors
/// Refused to all but the secretariat, for a day to come, and without place or people.
pub fn create(registry: &Registry, operator: &Operator, visit: &NewVisit<'_>) -> Result<i64, Error> {
    may_enter(operator)?;
    let now = registry.clock.now();
    if visit.held_on > business_day(now) {
        return Err(Error::refused(format!("检查日期 {} 还没有到。", visit.held_on)));
    }
    let held_on = visit.held_on.to_string();
    let place = followup::text("检查地点", visit.place, 100)?;
    let inspectors = followup::text("检查人员", visit.inspectors, 200)?;
    let row = NewInspection {
        held_on: &held_on,
        place: &place,
        inspectors: &inspectors,
        note: visit.note.trim(),
        created_by: &operator.name,
        created_at: now,
    };
    registry.db.write(|conn| {
        let id = inspections::insert(conn, &row)?;
        let detail = serde_json::json!({ "held_on": held_on, "place": place });
        let what = ("inspection.create", audit::Outcome::Done);
        audit::note(conn, operator, now, what, &id.to_string(), &detail)?;
        Ok(id)
    })
}

fn may_enter(operator: &Operator) -> Result<(), Error> {
    if operator.may_review() {
        Ok(())
    } else {
        Err(Error::refused("只有秘书处可以登记联合检查。"))
    }
}

/// Enters a finding of an inspection; its id.
///
/// # Errors
/// Refused to all but the secretariat; where there is no such inspection, project or department; without a text; for a deadline gone by.
pub fn add_finding(
    registry: &Registry,
    operator: &Operator,
    inspection: i64,
    new: &NewFinding<'_>,
) -> Result<i64, Error> {
    may_enter(operator)?;
    let problem = followup::text("发现的问题", new.problem, LONGEST)?;
    let deadline = followup::deadline(registry, new.deadline)?;
    let named = new.department.map(|code| registry.department(code)).transpose()?;
    let now = registry.clock.now();
    registry.db.write(|conn| {
        counters::lock(conn, Counter::Project)?;
        if inspections::find(conn, inspection)?.is_none() {
            return Err(Error::refused(format!("没有编号为 {inspection} 的联合检查。")));
        }
        let project = projects::with_ids(conn, &[new.code.id])?.pop();
        let Some(project) = project.filter(|row| row.code() == new.code) else {
            return Err(Error::refused(format!("没有登记编号为 {} 的工程。", new.code)));
        };
        let id = counters::take(conn, Counter::Finding, 1)?;
        let row = FindingRow {
            project_id: project.id,
            id,
            inspection_id: inspection,
            department: named.map_or(project.department, Into::into),
            problem,
            deadline,
            state: Stage::Open.word().into(),
            version: 0,
            created_by: operator.name.clone(),
            created_at: now,
        };
        inspections::insert_finding(conn, &row)?;
        let detail = serde_json::json!({
            "inspection": inspection, "project": new.code, "department": row.department, "deadline": row.deadline,
        });
        let what = ("inspection.finding", audit::Outcome::Done);
        audit::note(conn, operator, now, what, &id.to_string(), &detail)?;
        Ok(id)
    })
}

/// The department whose findings an operator is confined to; nothing at all: `Err`.
fn confined(operator: &Operator) -> Result<Option<&str>, ()> {
    match operator.sees() {
        Sight::All => Ok(None),
        Sight::Department(own) => Ok(Some(own)),
        Sight::Nothing => Err(()),
    }
}

/// The inspections before `before` that the operator sees, newest first.
///
/// # Errors
/// Only our own faults.
pub fn list(registry: &Registry, operator: &Operator, before: i64, limit: i64) -> Result<Vec<InspectionRow>, Error> {
    match confined(operator) {
        Ok(department) => Ok(registry
            .db
            .read(|conn| inspections::latest(conn, department, before, limit))?),
        Err(()) => Ok(Vec::new()),
    }
}

/// The findings that are not closed and that the operator sees: those overdue first, and among them the longest.
///
/// # Errors
/// Only our own faults.
pub fn unsettled(registry: &Registry, operator: &Operator) -> Result<Vec<Finding>, Error> {
    let which = Which {
        unsettled: true,
        ..Which::default()
    };
    findings(registry, operator, which)
}

/// The findings about a project that the operator sees.
///
/// # Errors
/// Only our own faults.
pub fn of_project(registry: &Registry, operator: &Operator, code: RegistryCode) -> Result<Vec<Finding>, Error> {
    let which = Which {
        project: Some(code.id),
        ..Which::default()
    };
    findings(registry, operator, which)
}

/// An inspection with those of its findings that the operator sees.
///
/// # Errors
/// Refused where there is none, or none of its findings is the operator's to see.
pub fn one(registry: &Registry, operator: &Operator, id: i64) -> Result<(InspectionRow, Vec<Finding>), Error> {
    let none = || Error::refused(format!("没有编号为 {id} 的联合检查。"));
    let which = Which {
        inspection: Some(id),
        ..Which::default()
    };
    let found = findings(registry, operator, which)?;
    let inspection = registry.db.read(|conn| inspections::find(conn, id))?.ok_or_else(none)?;
    if found.is_empty() && operator.sees() != Sight::All {
        return Err(none());
    }
    Ok((inspection, found))
}

fn findings(registry: &Registry, operator: &Operator, which: Which<'_>) -> Result<Vec<Finding>, Error> {
    let Ok(department) = confined(operator) else {
        return Ok(Vec::new());
    };
    let now = registry.clock.now();
    let mut found = registry
        .db
        .read(|conn| findings_in(conn, &Which { department, ..which }, now))?;
    found.sort_by_key(|finding| (finding.overdue.is_none(), finding.stage == Stage::Closed));
    Ok(found)
}

/// Findings by deadline.
pub(super) fn findings_in(conn: &mut Conn<'_>, which: &Which<'_>, now: UtcMillis) -> Result<Vec<Finding>, DbError> {
    let rows = inspections::findings(conn, which)?;
    rows.into_iter()
        .map(|(row, name, year)| {
            let stage = Stage::from_word(&row.state)
                .ok_or_else(|| DbError::Unreadable(format!("the state `{}` of a finding", row.state)))?;
            Ok(Finding {
                code: RegistryCode {
                    year,
                    id: row.project_id,
                },
                overdue: followup::days_overdue(stage, &row.deadline, now),
                name,
                stage,
                row,
            })
        })
        .collect()
}

/// A finding with what was done about it.
///
/// # Errors
/// Refused where there is none, or it is another department's.
pub fn case(registry: &Registry, operator: &Operator, id: i64) -> Result<Case, Error> {
    let now = registry.clock.now();
    registry.db.read(|conn| case_in(conn, operator, id, now))
}

fn case_in(conn: &mut Conn<'_>, operator: &Operator, id: i64, now: UtcMillis) -> Result<Case, Error> {
    let none = || Error::refused(format!("没有编号为 {id} 的检查问题。"));
    let which = Which {
        id: Some(id),
        ..Which::default()
    };
    let finding = findings_in(conn, &which, now)?
        .pop()
        .filter(|finding| operator.may_see(&finding.row.department))
        .ok_or_else(none)?;
    let project = finding.row.project_id;
    Ok(Case {
        inspection: inspections::find(conn, finding.row.inspection_id)?.ok_or_else(none)?,
        moves: inspections::moves(conn, id, project)?,
        evidence: inspections::evidence(conn, id, project)?,
        finding,
    })
}

/// A photo as it was sent: its name and its bytes.
pub type Sent = (String, Vec<u8>);

/// The department says what it did about a finding, with photos. `seen` is the version that it was shown.
///
/// # Errors
/// Refused to other departments, where the finding does not wait for that, without a text, and where a photo is none or there are too many:
/// then nothing is kept.
pub fn answer(
    registry: &Registry,
    operator: &Operator,
    id: i64,
    seen: Option<i64>,
    text: &str,
    photos: &[Sent],
) -> Result<(), Error> {
    if photos.len() > MOST_PHOTOS {
        return Err(Error::refused(format!("一次最多附 {MOST_PHOTOS} 张照片。")));
    }
    let mut kept: Vec<(String, Picture)> = Vec::new();
    for (name, bytes) in photos {
        let picture = image::read(bytes).map_err(|unfit| Error::refused(format!("“{name}”：{}", unfit.words())))?;
        kept.push((name.clone(), picture));
    }
    step(registry, operator, id, (Step::Answer, seen), text, &kept)
}

/// The secretariat closes a finding that it has verified, or gives it back.
///
/// # Errors
/// Refused to others, where the finding does not wait for that, without a text, and to the one who answered it.
pub fn decide(
    registry: &Registry,
    operator: &Operator,
    id: i64,
    seen: Option<i64>,
    close: bool,
    text: &str,
) -> Result<(), Error> {
    let how = if close { Step::Close } else { Step::Return };
    step(registry, operator, id, (how, seen), text, &[])
}

fn step(
    registry: &Registry,
    operator: &Operator,
    id: i64,
    (how, seen): (Step, Option<i64>),
    text: &str,
    photos: &[(String, Picture)],
) -> Result<(), Error> {
    let text = text.trim();
    if text.chars().count() > LONGEST {
        return Err(Error::refused(format!("说明不能超过 {LONGEST} 字。")));
    }
    let now = registry.clock.now();
    registry.db.write(|conn| {
        counters::lock(conn, Counter::Project)?;
        let case = case_in(conn, operator, id, now)?;
        let finding = &case.finding;
        let matter = Matter {
            department: &finding.row.department,
            stage: finding.stage,
            label: finding.stage.of_finding(),
            version: finding.row.version,
            answered_by: case
                .moves
                .iter()
                .rfind(|row| row.to_state == Stage::Answered.word())
                .map(|row| row.made_by.as_str()),
        };
        let to = followup::check(operator, &matter, how, seen, text)?;
        let row = MoveRow {
            project_id: finding.row.project_id,
            finding_id: id,
            seq: finding.row.version + 1,
            from_state: finding.stage.word().into(),
            to_state: to.word().into(),
            note: text.into(),
            made_by: operator.name.clone(),
            made_at: now,
        };
        inspections::make_move(conn, &row)?;
        let mut evidence = Vec::with_capacity(photos.len());
        for (name, picture) in photos {
            let Kept { sha256, bytes } = files::keep(registry, picture)?;
            evidence.push(EvidenceRow {
                project_id: row.project_id,
                finding_id: id,
                sha256,
                seq: row.seq,
                file_name: name.clone(),
                format: picture.format.word().into(),
                bytes,
                width: picture.width.into(),
                height: picture.height.into(),
            });
        }
        inspections::add_evidence(conn, &evidence)?;
        let detail = serde_json::json!({ "to": row.to_state, "note": row.note, "photos": evidence.len() });
        let what = ("inspection.move", audit::Outcome::Done);
        Ok(audit::note(conn, operator, now, what, &id.to_string(), &detail)?)
    })
}

/// The bytes of a photo of a finding, and its media type.
///
/// # Errors
/// Refused where the finding is another department's, or has no such photo.
pub fn photo(
    registry: &Registry,
    operator: &Operator,
    id: i64,
    sha256: &str,
) -> Result<(&'static str, Vec<u8>), Error> {
    let case = case(registry, operator, id)?;
    let row = case.evidence.iter().find(|row| row.sha256 == sha256);
    let row = row.ok_or_else(|| Error::refused("没有这张照片。"))?;
    Ok((files::media_type(&row.format), files::read(registry, &row.sha256)?))
}
