//! Photos of projects.

use retrofit_jobs::store::{PhotoKind, Word as _};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::body::{Picture, Pictures, Sent};
use super::endpoint::{Call, Endpoint, In, delete, get, post_apart};
use super::problem::{Problem, seen};
use super::projects::{ProjectCode, find};
use super::reply::{Done, Plain, Settled};
use super::roles::{DATA, SEND};
use super::types::{Cursor, File, Instant, Nothing, OneOf, Page, Photo, Text, Window};
use super::uploads::{may_send, whose};
use crate::db::photos::PhotoRow;
use crate::registry::RegistryCode;
use crate::registry::photos::{self, Fate, Limits, Listed, Outcome};
use crate::web::plain_name;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        get(
            "/projects/{code}/photos",
            DATA,
            "Its photos, in the order in which they came",
            list,
        ),
        post_apart("/projects/{code}/photos", SEND, "Adds a photo, JPEG or PNG", add),
        get("/projects/{code}/photos/{kind}/{sha256}", DATA, "One photo", one),
        delete(
            "/projects/{code}/photos/{kind}/{sha256}",
            SEND,
            "Removes a photo that the platform does not have yet",
            remove,
        ),
        get(
            "/photos",
            DATA,
            "The photos of all projects, newest first, or those that the platform refused",
            of_all,
        ),
        get("/photos/count", DATA, "How many photos are in each state", count),
        post_apart(
            "/photos",
            SEND,
            "Adds photos of many projects: a ZIP, its entries named by project number or code",
            add_zip,
        ),
    ]
}

/// A photo.
#[derive(Serialize, JsonSchema)]
struct PhotoLine {
    /// What it shows: `construction` or `acceptance`.
    kind: String,
    /// SHA-256 of what is kept, hex: the file without its metadata.
    sha256: String,
    /// The name that it came with.
    file_name: String,
    /// `jpeg` or `png`.
    format: String,
    /// Its size.
    bytes: i64,
    /// Pixels.
    width: i64,
    /// Pixels.
    height: i64,
    /// `ready`: to be sent to the platform; `sent`; `refused`.
    state: String,
    /// Why the platform refused it.
    problem: Option<String>,
    /// Who added it.
    added_by: String,
    /// When.
    added_at: Instant,
}

fn line(row: PhotoRow) -> PhotoLine {
    PhotoLine {
        kind: row.kind,
        sha256: row.sha256,
        file_name: row.file_name,
        format: row.format,
        bytes: row.bytes,
        width: row.width,
        height: row.height,
        state: row.state,
        problem: row.problem,
        added_by: row.added_by,
        added_at: Instant(row.added_at),
    }
}

fn list(call: &Call<'_>, input: In<ProjectCode>) -> Result<Page<PhotoLine>, Problem> {
    let rows = seen(photos::of_project(call.registry, call.operator, input.path.code.0))?;
    Ok(Page::whole(rows.into_iter().map(line).collect()))
}

/// Which photos.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct AskedPhotos {
    /// Where the list goes on.
    cursor: Option<Text<Cursor>>,
    /// Lines at most: 1 to 200, usually 50.
    #[schemars(range(min = 1, max = 200))]
    limit: Option<u16>,
    /// Only those that the platform refused.
    #[serde(default)]
    refused: bool,
}

/// A photo with its project.
#[derive(Serialize, JsonSchema)]
struct ListedPhoto {
    /// The project.
    code: Text<RegistryCode>,
    /// Its name.
    name: String,
    /// Its department.
    department: String,
    /// The photo.
    photo: PhotoLine,
}

fn of_all(call: &Call<'_>, input: In<Nothing, AskedPhotos>) -> Result<Page<ListedPhoto>, Problem> {
    let window = Window::new(input.query.cursor, input.query.limit)?;
    let part = (window.after_or(i64::MAX), window.probe());
    let state = input.query.refused.then_some("refused");
    let rows = photos::latest(call.registry, call.operator, state, part)?;
    let key = |listed: &Listed| Cursor(listed.photo.id, 0);
    Ok(Page::of(rows, window, key, |listed| ListedPhoto {
        code: Text(listed.code),
        name: listed.name,
        department: listed.department,
        photo: line(listed.photo),
    }))
}

/// Photos by how far they are.
#[derive(Serialize, JsonSchema)]
struct PhotoCounts {
    /// To be sent to the platform.
    ready: i64,
    /// Sent.
    sent: i64,
    /// Refused by the platform.
    refused: i64,
}

fn count(call: &Call<'_>, _: In) -> Result<Plain<PhotoCounts>, Problem> {
    let counts = photos::count_by_state(call.registry, call.operator)?;
    let of = |state: &str| counts.get(state).copied().unwrap_or_default();
    Ok(Plain(PhotoCounts {
        ready: of("ready"),
        sent: of("sent"),
        refused: of("refused"),
    }))
}

/// What a photo is sent with.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct About {
    /// What it shows.
    kind: OneOf<PhotoKind>,
    /// Its name.
    file_name: String,
}

/// What became of a file.
#[derive(Serialize, JsonSchema)]
struct FateLine {
    /// Its name, as it came.
    file_name: String,
    /// `taken`, `same` (the project has this very picture already) or `refused`.
    outcome: &'static str,
    /// The project.
    code: Option<Text<RegistryCode>>,
    /// Why it was refused, and what to do.
    reason: Option<String>,
}

fn fate_line(fate: Fate) -> FateLine {
    let (outcome, code, reason) = match fate.outcome {
        Outcome::Taken(code) => ("taken", Some(Text(code)), None),
        Outcome::Same(code) => ("same", Some(Text(code)), None),
        Outcome::Refused(words) => ("refused", None, Some(words)),
    };
    FateLine {
        file_name: fate.name,
        outcome,
        code,
        reason,
    }
}

type Fates = Plain<Page<FateLine>>;

/// A picture that is sent again is there already: only the answer is still to be kept.
fn settled(call: &Call<'_>, fates: Vec<Fate>) -> Result<Settled<Fates>, Problem> {
    call.at_once(|_| Ok(Plain(Page::whole(fates.into_iter().map(fate_line).collect()))))
}

fn add(call: &Call<'_>, input: In<ProjectCode, About, Sent<Picture>>) -> Result<Settled<Fates>, Problem> {
    let code = input.path.code;
    let record = find(call, code)?;
    may_send(call.operator, &record.project.department)?;
    let bytes = std::fs::read(input.body.0.path())?;
    let About {
        kind: OneOf(kind),
        file_name,
    } = input.query;
    let files = vec![(plain_name(&file_name), bytes)];
    settled(call, photos::add(call.registry, call.operator, code.0, kind, files)?)
}

/// A photo of a project.
#[derive(Deserialize, JsonSchema)]
struct PhotoPath {
    code: Text<RegistryCode>,
    kind: OneOf<PhotoKind>,
    #[schemars(regex(pattern = r"^[0-9a-f]{64}$"))]
    sha256: String,
}

fn one(call: &Call<'_>, input: In<PhotoPath>) -> Result<File<Photo>, Problem> {
    let PhotoPath { code, kind, sha256 } = input.path;
    let found = photos::bytes(call.registry, call.operator, code.0, kind.0, &sha256);
    Ok(picture(&sha256, seen(found)?))
}

/// A photo as it is kept.
pub(super) fn picture(sha256: &str, (media_type, bytes): (&'static str, Vec<u8>)) -> File<Photo> {
    let ending = media_type.rsplit('/').next().unwrap_or_default();
    File::of(format!("{sha256}.{ending}"), media_type, bytes)
}

fn remove(call: &Call<'_>, input: In<PhotoPath>) -> Result<Done, Problem> {
    let PhotoPath { code, kind, sha256 } = input.path;
    let rows = seen(photos::of_project(call.registry, call.operator, code.0))?;
    let named = |row: &PhotoRow| row.kind == kind.0.word() && row.sha256 == sha256;
    if !rows.iter().any(named) {
        return Err(Problem::not_found());
    }
    photos::remove(call.registry, call.operator, code.0, kind.0, &sha256)?;
    Ok(Done)
}

/// What an archive is sent with.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct AboutArchive {
    /// The department whose projects they are of; for those who belong to one, that one where it is not named.
    #[serde(default)]
    department: String,
    /// What they show.
    kind: OneOf<PhotoKind>,
}

fn add_zip(call: &Call<'_>, input: In<Nothing, AboutArchive, Sent<Pictures>>) -> Result<Settled<Fates>, Problem> {
    let AboutArchive {
        department,
        kind: OneOf(kind),
    } = input.query;
    let department = whose(call.operator, department);
    may_send(call.operator, &department)?;
    let file = input.body.0.reopen()?;
    settled(
        call,
        photos::add_zip(
            call.registry,
            call.operator,
            &department,
            kind,
            file,
            &Limits::default(),
        )?,
    )
}
