//! Uploads: a roster sent, and the commit.

use axum::http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::body::{Json, Sent, Sheet};
use super::endpoint::{Call, Endpoint, In, change, get, post_apart};
use super::problem::{Code, Problem, seen};
use super::reply::{Done, Made, Plain, Settled, Tagged};
use super::roles::{DATA, SEND};
use super::types::{Cursor, File, Instant, Nothing, Page, Text, Window, Workbook};
use crate::registry::annotated::{Part, annotated};
use crate::registry::intake::{self, Counts, Outcome, Preview};
use crate::registry::month::Month;
use crate::registry::people::Operator;
use crate::registry::{Error, Registry};
use crate::web::plain_name;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        post_apart(
            "/uploads",
            SEND,
            "Sends a roster; the same bytes for the same department and month are the same upload",
            receive,
        ),
        get("/uploads", DATA, "The uploads, newest first", list),
        get("/uploads/{id}", DATA, "One upload", one),
        get(
            "/uploads/{id}/annotated",
            DATA,
            "What was sent, with each finding at its cell",
            whole,
        ),
        get(
            "/uploads/{id}/held",
            DATA,
            "The rows that wait for the officer, to be mended and sent as a supplement",
            only_held,
        ),
        post_apart(
            "/uploads/{id}/commit",
            SEND,
            "Does exactly what the preview with this fingerprint showed, or nothing",
            commit,
        )
        .of_what_was_shown(),
        change(
            Method::PUT,
            "/uploads/{id}/supplement",
            SEND,
            "Says whether the roster lists only some of the department's projects",
            set_supplement,
        ),
    ]
}

/// An upload.
#[derive(Serialize, JsonSchema)]
struct UploadLine {
    /// Its number.
    id: i64,
    /// The department whose roster it is.
    department: String,
    /// The month.
    period: String,
    /// The file's name.
    file_name: String,
    /// The file's size.
    bytes: i64,
    /// SHA-256 of the file, hex.
    sha256: String,
    /// `received`, `unreadable` or `committed`.
    state: String,
    /// Whether it lists only some of the department's projects.
    supplement: bool,
    /// Who sent it.
    received_by: String,
    /// When.
    received_at: Instant,
    /// When it last went in.
    committed_at: Option<Instant>,
    /// What became of its rows then.
    counts: Option<CountsLine>,
}

/// Rows by what becomes of them: `rows` is always `new + changed + unchanged + held`.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(super) struct CountsLine {
    /// Data rows.
    rows: u64,
    /// Rows that found new projects.
    new: u64,
    /// Rows that change projects.
    changed: u64,
    /// Rows that say what the registry says.
    unchanged: u64,
    /// Rows that stay with the upload.
    held: u64,
    /// Of the held ones, those that only want an explanation.
    to_confirm: u64,
    /// Projects of the department that the roster does not list.
    not_listed: u64,
}

impl From<Counts> for CountsLine {
    fn from(counts: Counts) -> Self {
        let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        Self {
            rows: number(counts.rows),
            new: number(counts.new),
            changed: number(counts.changed),
            unchanged: number(counts.unchanged),
            held: number(counts.held),
            to_confirm: number(counts.to_confirm),
            not_listed: number(counts.not_listed),
        }
    }
}

fn line(upload: &intake::Upload) -> UploadLine {
    let summary: Option<serde_json::Value> = upload
        .summary
        .as_deref()
        .and_then(|summary| serde_json::from_str(summary).ok());
    UploadLine {
        id: upload.id,
        department: upload.department.clone(),
        period: upload.period.clone(),
        file_name: upload.file_name.clone(),
        bytes: upload.bytes,
        sha256: upload.sha256.clone(),
        state: upload.state.clone(),
        supplement: upload.supplement == 1,
        received_by: upload.received_by.clone(),
        received_at: Instant(upload.received_at),
        committed_at: upload.committed_at.map(Instant),
        counts: summary.and_then(|summary| serde_json::from_value(summary["counts"].clone()).ok()),
    }
}

/// What a roster is sent with.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct About {
    /// The department whose roster it is; for those who belong to one, that one where it is not named.
    #[serde(default)]
    department: String,
    /// The month.
    period: Text<Month>,
    /// The file's name; its ending says what kind of file it is where the bytes do not.
    file_name: String,
    /// Whether it lists only some of the department's projects: what it does not list is then not missing.
    #[serde(default)]
    supplement: bool,
}

fn receive(call: &Call<'_>, input: In<Nothing, About, Sent<Sheet>>) -> Result<Settled<Made<UploadLine>>, Problem> {
    let (registry, operator) = (call.registry, call.operator);
    let About {
        department,
        period: Text(period),
        file_name,
        supplement,
    } = input.query;
    let department = whose(operator, department);
    may_send(operator, &department)?;
    let name = plain_name(&file_name);
    if name.is_empty() {
        return Err(Problem::invalid("file_name 没有写文件的名称。"));
    }
    let file = input.body.0;
    let mut upload = intake::receive(registry, operator, &department, &period.to_string(), &name, file.path())?;
    intake::declare_supplement(registry, operator, &mut upload, supplement)?;
    let roster = intake::check(registry, &upload)?;
    intake::note_unreadable(registry, operator, &upload, &roster)?;
    let upload = intake::upload(registry, operator, upload.id)?;
    // The same file sent again is the same upload: only the answer is still to be kept.
    call.at_once(|_| Ok(Made(format!("/uploads/{}", upload.id), line(&upload))))
}

/// Whose roster or photos are sent: those of the department that is named, else of the sender's own.
pub(super) fn whose(operator: &Operator, named: String) -> String {
    if named.is_empty() {
        operator.department.clone().unwrap_or_default()
    } else {
        named
    }
}

/// Another department's matters are not the caller's to send.
pub(super) fn may_send(operator: &Operator, department: &str) -> Result<(), Problem> {
    if operator.may_send(department) {
        Ok(())
    } else {
        Err(Problem::forbidden(format!("不能代部门“{department}”报送。")))
    }
}

/// Which uploads.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    /// Where the list goes on.
    pub(super) cursor: Option<Text<Cursor>>,
    /// Lines at most: 1 to 200, usually 50.
    #[schemars(range(min = 1, max = 200))]
    pub(super) limit: Option<u16>,
}

impl Asked {
    pub(super) fn window(&self) -> Result<Window, Problem> {
        Window::new(self.cursor, self.limit)
    }
}

fn list(call: &Call<'_>, input: In<Nothing, Asked>) -> Result<Page<UploadLine>, Problem> {
    let window = input.query.window()?;
    let rows = intake::uploads_before(call.registry, call.operator, window.after_or(i64::MAX), window.probe())?;
    Ok(Page::of(rows, window, |row| Cursor(row.id, 0), |row| line(&row)))
}

/// An upload's number.
#[derive(Deserialize, JsonSchema)]
pub(super) struct UploadId {
    #[schemars(range(min = 1))]
    pub(super) id: i64,
}

pub(super) fn find(call: &Call<'_>, id: i64) -> Result<intake::Upload, Problem> {
    seen(intake::upload(call.registry, call.operator, id))
}

fn one(call: &Call<'_>, input: In<UploadId>) -> Result<Tagged<UploadLine>, Problem> {
    Ok(Tagged(line(&find(call, input.path.id)?)))
}

/// Plans what was read of an upload against the registry as it is.
pub(super) fn plan(registry: &Registry, upload: &intake::Upload) -> Result<Preview, Error> {
    let roster = intake::open(registry, upload)?;
    intake::preview(registry, upload, roster, None)
}

fn whole(call: &Call<'_>, input: In<UploadId>) -> Result<File<Workbook>, Problem> {
    marked(call, input.path.id, Part::Whole, "检查结果")
}

fn only_held(call: &Call<'_>, input: In<UploadId>) -> Result<File<Workbook>, Problem> {
    marked(call, input.path.id, Part::OnlyHeld, "待处理的行")
}

fn marked(call: &Call<'_>, id: i64, part: Part, what: &str) -> Result<File<Workbook>, Problem> {
    let upload = find(call, id)?;
    let workbook = annotated(call.registry, call.operator, id, part)?;
    let bytes = std::fs::read(workbook.path())?;
    let name = &*upload.file_name;
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    Ok(File::new(format!("{stem}（{what}）.xlsx"), bytes))
}

/// What is confirmed.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Confirmed {
    /// That of the preview that was shown.
    fingerprint: String,
    /// Whether the preview's alarms were looked at; needed where there are any.
    #[serde(default)]
    checked: bool,
}

/// What went in.
#[derive(Serialize, JsonSchema)]
struct Committed {
    /// The upload.
    upload: i64,
    /// What became of its rows.
    counts: CountsLine,
}

fn commit(
    call: &Call<'_>,
    input: In<UploadId, Nothing, Json<Confirmed>>,
) -> Result<Settled<Plain<Committed>>, Problem> {
    let upload = find(call, input.path.id)?;
    may_send(call.operator, &upload.department)?;
    let preview = plan(call.registry, &upload)?;
    if !preview.roster.is_readable() {
        return Err(Problem::refused(
            "这份清单没有读出任何一行，不能提交。请按检查结果修改后重新报送。",
        ));
    }
    if preview.fingerprint() != input.body.0.fingerprint {
        return Err(Problem::moved(&preview.fingerprint()));
    }
    if !preview.alarms().is_empty() && !input.body.0.checked {
        return Err(Problem::new(
            Code::AlarmsUnchecked,
            "整份清单有需要核对的提醒（见预览的 alarms）。核对无误后，提交时写 \"checked\": true。",
        ));
    }
    call.at_once(|call| match intake::commit(call.registry, call.operator, &preview)? {
        Outcome::Committed(counts) => Ok(Plain(Committed {
            upload: upload.id,
            counts: counts.into(),
        })),
        Outcome::Moved(now) => Err(Problem::moved(&now.fingerprint())),
    })
}

/// Whether a roster lists only some of the department's projects.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Supplement {
    supplement: bool,
}

fn set_supplement(call: &Call<'_>, input: In<UploadId, Nothing, Json<Supplement>>) -> Result<Done, Problem> {
    let mut upload = find(call, input.path.id)?;
    may_send(call.operator, &upload.department)?;
    call.must_match(Some(&line(&upload)))?;
    intake::declare_supplement(call.registry, call.operator, &mut upload, input.body.0.supplement)?;
    Ok(Done)
}
