//! Photos of projects: of the works and of their acceptance.
//!
//! A photo is taken by its content (JPEG or PNG), without its metadata, and kept under its hash; what is sent to the platform is what is kept.
//! It is sent once the platform has taken in the record of its project.

mod delivery;
pub(in crate::registry) mod files;
pub mod image;
mod zip;

use std::collections::{HashMap, HashSet};

use retrofit_jobs::store::{PhotoKind, UtcMillis, Word as _};

use super::code::RegistryCode;
use super::people::{Operator, Sight};
use super::{Error, Registry, audit};
use crate::db::counters::{self, Counter};
use crate::db::keys::{self, Own};
use crate::db::photos::{self, PhotoRow};
use crate::db::projects::{self, ProjectRow};
use crate::db::{Conn, DbError};
use image::Picture;
pub use zip::{Limits, add_zip};

/// The largest photo that the platform takes, in bytes.
pub const MOST_BYTES: usize = 5_000_000;
/// The largest file that is looked at: without its metadata it may be small enough.
pub const MOST_BYTES_SENT: usize = 20_000_000;
/// Photos of one kind for one project.
pub const MOST_OF_A_KIND: usize = 20;

/// The officers' word for what a photo shows.
pub const fn label(kind: PhotoKind) -> &'static str {
    match kind {
        PhotoKind::Construction => "施工",
        PhotoKind::Acceptance => "验收",
    }
}

/// What became of one file.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Fate {
    /// Its name, as it came.
    pub name: String,
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of a file.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub enum Outcome {
    /// Taken, for this project.
    Taken(RegistryCode),
    /// The project has this very picture already.
    Same(RegistryCode),
    /// Not taken; says why and what to do.
    Refused(String),
}

/// A picture with the project that it is of, not yet in the registry.
struct Candidate {
    name: String,
    project: i64,
    code: RegistryCode,
    kind: PhotoKind,
    picture: Picture,
}

/// Reads a picture and looks at its size as it would be sent.
fn read(bytes: &[u8]) -> Result<Picture, String> {
    let picture = image::read(bytes).map_err(|unfit| unfit.words())?;
    if picture.bytes.len() > MOST_BYTES {
        return Err(format!(
            "照片有 {}.{} MB，超过了国家平台 5 MB 的上限。请缩小后再传。",
            picture.bytes.len() / 1_000_000,
            picture.bytes.len() % 1_000_000 / 100_000
        ));
    }
    Ok(picture)
}

/// Takes photos of one project: what became of each, in the order in which they came. One that cannot be taken keeps none of the others out.
///
/// # Errors
/// Refused where there is no such project that the operator may send for.
pub fn add(
    registry: &Registry,
    operator: &Operator,
    code: RegistryCode,
    kind: PhotoKind,
    files: Vec<(String, Vec<u8>)>,
) -> Result<Vec<Fate>, Error> {
    let project = registry.db.read(|conn| sendable(conn, operator, code))?;
    let mut fates: Vec<Fate> = Vec::with_capacity(files.len());
    let mut candidates = Vec::new();
    for (name, bytes) in files {
        let outcome = match read(&bytes) {
            Ok(picture) => {
                candidates.push(Candidate {
                    name: name.clone(),
                    project: project.id,
                    code,
                    kind,
                    picture,
                });
                Outcome::Taken(code)
            }
            Err(words) => Outcome::Refused(words),
        };
        fates.push(Fate { name, outcome });
    }
    let settled = put_in(registry, operator, &candidates)?;
    let mut settled = settled.into_iter();
    for fate in fates
        .iter_mut()
        .filter(|fate| matches!(fate.outcome, Outcome::Taken(_)))
    {
        if let Some(outcome) = settled.next() {
            fate.outcome = outcome;
        }
    }
    Ok(fates)
}

/// The project, where the operator may send for it.
fn sendable(conn: &mut Conn<'_>, operator: &Operator, code: RegistryCode) -> Result<ProjectRow, Error> {
    let project = projects::with_ids(conn, &[code.id])?
        .pop()
        .filter(|row| row.code() == code && operator.may_see(&row.department))
        .ok_or_else(|| Error::refused(format!("没有登记编号为 {code} 的工程。")))?;
    if operator.may_send(&project.department) {
        Ok(project)
    } else {
        Err(Error::refused(format!("用户“{}”不能代该部门上传照片。", operator.name)))
    }
}

/// Puts pictures into the registry, in one transaction: what became of each, in their order.
fn put_in(registry: &Registry, operator: &Operator, candidates: &[Candidate]) -> Result<Vec<Outcome>, Error> {
    if candidates.is_empty() {
        return Ok(Vec::new());
    }
    // The files first: should the rows fail, they lie there and harm nobody.
    let mut kept = Vec::with_capacity(candidates.len());
    for candidate in candidates {
        kept.push(files::keep(registry, &candidate.picture)?);
    }
    let now = registry.clock.now();
    registry.db.write(|conn| {
        counters::lock(conn, Counter::Project)?;
        let ids: Vec<i64> = candidates.iter().map(|candidate| candidate.project).collect();
        let mut there = HashSet::new();
        let mut counts: HashMap<(i64, &'static str), usize> = HashMap::new();
        for row in photos::of_projects(conn, &ids.iter().copied().collect::<HashSet<_>>().into_iter().collect::<Vec<_>>())? {
            let Some(kind) = PhotoKind::from_word(&row.kind) else { continue };
            *counts.entry((row.project_id, kind.word())).or_default() += 1;
            there.insert((row.project_id, kind.word(), row.sha256));
        }
        let mut rows = Vec::new();
        let mut outcomes = Vec::with_capacity(candidates.len());
        for (candidate, kept) in candidates.iter().zip(&kept) {
            let kind = candidate.kind.word();
            if !there.insert((candidate.project, kind, kept.sha256.clone())) {
                outcomes.push(Outcome::Same(candidate.code));
                continue;
            }
            let count = counts.entry((candidate.project, kind)).or_default();
            if *count >= MOST_OF_A_KIND {
                outcomes.push(Outcome::Refused(format!(
                    "工程 {} 已有 {MOST_OF_A_KIND} 张{}照片，到了上限。请先删去不用的，再传。",
                    candidate.code,
                    label(candidate.kind)
                )));
                continue;
            }
            *count += 1;
            rows.push(row(candidate, kept, operator, now));
            outcomes.push(Outcome::Taken(candidate.code));
        }
        let first = counters::take(conn, Counter::Photo, rows.len())?;
        for (row, id) in rows.iter_mut().zip(first..) {
            row.id = id;
        }
        photos::insert(conn, &rows)?;
        let detail = serde_json::json!({
            "taken": rows.len(),
            "photos": rows.iter().map(|row| format!("{}/{}/{}", row.project_id, row.kind, row.sha256)).collect::<Vec<_>>(),
        });
        audit::note(conn, operator, now, ("photo.add", audit::Outcome::Done), "photos", &detail)?;
        Ok(outcomes)
    })
}

fn row(candidate: &Candidate, kept: &files::Kept, operator: &Operator, now: UtcMillis) -> PhotoRow {
    PhotoRow {
        project_id: candidate.project,
        kind: candidate.kind.word().into(),
        sha256: kept.sha256.clone(),
        id: 0,
        file_name: candidate.name.clone(),
        format: candidate.picture.format.word().into(),
        bytes: kept.bytes,
        width: candidate.picture.width.into(),
        height: candidate.picture.height.into(),
        state: "ready".into(),
        problem: None,
        added_by: operator.name.clone(),
        added_at: now,
        sent_at: None,
    }
}

/// The photos of a project, in the order in which they came.
///
/// # Errors
/// Refused where there is no such project that the operator sees.
pub fn of_project(registry: &Registry, operator: &Operator, code: RegistryCode) -> Result<Vec<PhotoRow>, Error> {
    registry.db.read(|conn| {
        let project = projects::with_ids(conn, &[code.id])?.pop();
        project
            .filter(|row| row.code() == code && operator.may_see(&row.department))
            .ok_or_else(|| Error::refused(format!("没有登记编号为 {code} 的工程。")))?;
        Ok(photos::of_projects(conn, &[code.id])?)
    })
}

/// The bytes of a photo, and its media type.
///
/// # Errors
/// Refused where there is no such photo of a project that the operator sees.
pub fn bytes(
    registry: &Registry,
    operator: &Operator,
    code: RegistryCode,
    kind: PhotoKind,
    sha256: &str,
) -> Result<(&'static str, Vec<u8>), Error> {
    let photo = of_project(registry, operator, code)?
        .into_iter()
        .find(|row| row.kind == kind.word() && row.sha256 == sha256)
        .ok_or_else(|| Error::refused("没有这张照片。"))?;
    Ok((files::media_type(&photo.format), files::read(registry, &photo.sha256)?))
}

/// Removes a photo that the platform does not have yet.
///
/// # Errors
/// Refused where the operator may not send for the project, and where there is no such photo or the platform has it.
pub fn remove(
    registry: &Registry,
    operator: &Operator,
    code: RegistryCode,
    kind: PhotoKind,
    sha256: &str,
) -> Result<(), Error> {
    let now = registry.clock.now();
    registry.db.write(|conn| {
        counters::lock(conn, Counter::Project)?;
        let project = sendable(conn, operator, code)?;
        if !photos::remove(conn, project.id, kind.word(), sha256)? {
            return Err(Error::refused("没有这张照片，或者它已经上报国家平台，不能再删除。"));
        }
        let detail = serde_json::json!({ "kind": kind.word(), "sha256": sha256 });
        let what = ("photo.remove", audit::Outcome::Done);
        Ok(audit::note(conn, operator, now, what, &code.to_string(), &detail)?)
    })
}

/// A photo in a list, with its project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The photo.
    pub photo: PhotoRow,
    /// The code of its project.
    pub code: RegistryCode,
    /// The name of its project.
    pub name: String,
    /// The department of its project.
    pub department: String,
}

/// The photos of the projects that the operator sees, newest first, those before the one with this number: those in this
/// state, or all.
///
/// # Errors
/// Only our own faults.
pub fn latest(
    registry: &Registry,
    operator: &Operator,
    state: Option<&str>,
    (before, limit): (i64, i64),
) -> Result<Vec<Listed>, Error> {
    let department = match operator.sees() {
        Sight::All => None,
        Sight::Department(own) => Some(own),
        Sight::Nothing => return Ok(Vec::new()),
    };
    let rows = registry
        .db
        .read(|conn| photos::latest(conn, department, state, (before, limit)))?;
    let listed = rows.into_iter().map(|(photo, name, department, year)| Listed {
        code: RegistryCode {
            year,
            id: photo.project_id,
        },
        photo,
        name,
        department,
    });
    Ok(listed.collect())
}

/// How many photos of the projects that the operator sees are in each state: `ready`, `sent`, `refused`.
///
/// # Errors
/// Only our own faults.
pub fn count_by_state(registry: &Registry, operator: &Operator) -> Result<HashMap<String, i64>, Error> {
    let department = match operator.sees() {
        Sight::All => None,
        Sight::Department(own) => Some(own),
        Sight::Nothing => return Ok(HashMap::new()),
    };
    Ok(registry.db.read(|conn| photos::count_by_state(conn, department))?)
}

/// The projects that names may stand for: by the registry's code, or by the number of a department.
fn named(conn: &mut Conn<'_>, department: &str, names: &[String]) -> Result<HashMap<String, RegistryCode>, DbError> {
    let mut found = HashMap::new();
    let folded: Vec<String> = names.iter().map(|name| retrofit_import::values::fold(name)).collect();
    let keys: Vec<&str> = folded.iter().map(String::as_str).collect();
    keys::met_by(conn, department, (Own::Number, &keys), &mut |key, met| {
        let code = RegistryCode {
            year: met.entry_year,
            id: met.id,
        };
        found.insert(key, code);
    })?;
    let codes: Vec<RegistryCode> = names.iter().filter_map(|name| name.parse().ok()).collect();
    let ids: Vec<i64> = codes.iter().map(|code: &RegistryCode| code.id).collect();
    for row in projects::with_ids(conn, &ids)? {
        if row.department == department && codes.contains(&row.code()) {
            found.insert(retrofit_import::values::fold(&row.code().to_string()), row.code());
        }
    }
    Ok(found)
}
