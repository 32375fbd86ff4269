//! What an upload would change, before it does: counts, row by row, and the rows of which it is unclear what they are about.

use axum::http::Method;
use retrofit_import::values::Canonical;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::body::Json;
use super::endpoint::{Call, Endpoint, In, change, get};
use super::problem::{Problem, seen};
use super::reply::{Plain, Tagged};
use super::roles::{DATA, SEND};
use super::types::{Cursor, Nothing, Page, Text};
use super::uploads::{Asked, CountsLine, UploadId, find, may_send, plan};
use crate::registry::intake::{self, Alarm, Fate, Row};
use crate::registry::{Change, Registry, RegistryCode, Values, read_values};

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        get(
            "/uploads/{id}/preview",
            DATA,
            "What a commit would do now, in counts, with the fingerprint to commit by",
            preview,
        ),
        get("/uploads/{id}/rows", DATA, "What would become of each row", rows),
        get(
            "/uploads/{id}/held-rows",
            DATA,
            "The rows that stayed behind with a committed upload",
            held_rows,
        ),
        get(
            "/uploads/{id}/likenesses",
            DATA,
            "Rows of which it is unclear which project they are about, each beside the projects",
            likenesses,
        ),
        get("/uploads/{id}/matches", DATA, "What was said of such rows", matches),
        change(
            Method::PUT,
            "/uploads/{id}/matches",
            SEND,
            "Says which project such rows are about, in the place of what was said before",
            choose,
        ),
    ]
}

/// What a commit would do.
#[derive(Serialize, JsonSchema)]
struct PreviewLine {
    /// The upload.
    upload: i64,
    /// Names everything that a commit would do.
    fingerprint: String,
    /// Whether anything could be read of the file.
    readable: bool,
    /// Whether it lists only some of the department's projects.
    supplement: bool,
    /// Rows by what would become of them.
    counts: CountsLine,
    /// What looks wrong about the roster as a whole: `renamed`, `many_new`, `many_not_listed`. Look, then commit with `checked`.
    alarms: Vec<&'static str>,
    /// Rows of which it is unclear which project they are about.
    unclear: u64,
    /// The department's projects, among the roster's categories and counties, that it does not list. Nothing happens to them.
    not_listed: Vec<Text<RegistryCode>>,
}

fn preview(call: &Call<'_>, input: In<UploadId>) -> Result<Plain<PreviewLine>, Problem> {
    let upload = find(call, input.path.id)?;
    let preview = plan(call.registry, &upload)?;
    let alarms = preview.alarms().into_iter().map(|alarm| match alarm {
        Alarm::Renamed => "renamed",
        Alarm::ManyNew => "many_new",
        Alarm::ManyNotListed => "many_not_listed",
    });
    Ok(Plain(PreviewLine {
        upload: upload.id,
        fingerprint: preview.fingerprint(),
        readable: preview.roster.is_readable(),
        supplement: preview.is_supplement(),
        counts: preview.counts().into(),
        alarms: alarms.collect(),
        unclear: preview.unclear().try_into().unwrap_or(u64::MAX),
        not_listed: preview.not_listed().iter().copied().map(Text).collect(),
    }))
}

/// A value: one text, or several codes.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "the form of values in the document")]
pub(super) enum Value {
    One(String),
    Many(Vec<String>),
}

/// What one field changes from and to; null where it was or is blank.
#[derive(Serialize, JsonSchema)]
pub(super) struct ChangeLine {
    /// The field.
    field: &'static str,
    /// Its value before.
    #[schemars(with = "Option<Value>")]
    before: Option<Canonical>,
    /// Its value after.
    #[schemars(with = "Option<Value>")]
    after: Option<Canonical>,
}

impl From<Change> for ChangeLine {
    fn from(change: Change) -> Self {
        Self {
            field: change.field.id(),
            before: change.before,
            after: change.after,
        }
    }
}

/// The values of a record by field, as canonical text; blanks are absent.
#[derive(Serialize, JsonSchema)]
#[serde(transparent)]
pub(super) struct ValuesLine(#[schemars(with = "std::collections::BTreeMap<String, Value>")] pub(super) Values);

/// A row, and what would become of it.
#[derive(Serialize, JsonSchema)]
struct RowLine {
    /// The sheet; of a csv the empty text.
    sheet: String,
    /// The row, as the spreadsheet shows it.
    row: u32,
    /// What it says.
    values: ValuesLine,
    /// `new`, `changed`, `unchanged` or `held`.
    fate: &'static str,
    /// The project that it is about.
    code: Option<Text<RegistryCode>>,
    /// What it would change.
    changes: Vec<ChangeLine>,
    /// Why it is held: `errors`, `unexplained`, `met-twice`, `ambiguous`, `foreign-code`, `number-taken`, `withdrawn`.
    why: Option<&'static str>,
    /// That in words; of an unchanged row, why its project was returned.
    message: Option<String>,
}

fn row_line(row: &Row, fate: Fate) -> Result<RowLine, Problem> {
    let (word, code, changes, why, message) = match fate {
        Fate::New => ("new", None, Vec::new(), None, None),
        Fate::Changed { code, changes } => ("changed", Some(code), changes, None, None),
        Fate::Unchanged { code, returned } => ("unchanged", Some(code), Vec::new(), None, returned),
        Fate::Held { why, code } => ("held", code, Vec::new(), Some(why.word()), Some(why.message())),
    };
    Ok(RowLine {
        sheet: row.sheet.to_string(),
        row: row.row,
        values: ValuesLine(row.values.values()),
        fate: word,
        code: code.map(Text),
        changes: changes.into_iter().map(Into::into).collect(),
        why,
        message,
    })
}

fn rows(call: &Call<'_>, input: In<UploadId, Asked>) -> Result<Page<RowLine>, Problem> {
    let window = input.query.window()?;
    let upload = find(call, input.path.id)?;
    let preview = plan(call.registry, &upload)?;
    let begin = usize::try_from(window.after_or(-1) + 1).unwrap_or_default();
    let mut lines = Vec::new();
    for at in begin..preview.roster.rows.len().min(begin.saturating_add(window.limit + 1)) {
        if let Some((row, fate)) = preview.row(at)? {
            let key = i64::try_from(at).unwrap_or(i64::MAX);
            lines.push((key, row_line(row, fate)?));
        }
    }
    Ok(Page::of(lines, window, |(key, _)| Cursor(*key, 0), |(_, line)| line))
}

/// A row that stayed behind.
#[derive(Serialize, JsonSchema)]
struct HeldLine {
    /// The sheet; of a csv the empty text.
    sheet: String,
    /// The row, as the spreadsheet shows it.
    row: i64,
    /// What it says.
    values: ValuesLine,
    /// Why it is held, as in `rows`.
    why: String,
    /// The later upload that brought it again.
    superseded_by: Option<i64>,
}

fn held_rows(call: &Call<'_>, input: In<UploadId, Asked>) -> Result<Page<HeldLine>, Problem> {
    let window = input.query.window()?;
    let (rows, _) = seen(intake::held(call.registry, call.operator, input.path.id))?;
    let after = window.after_or(-1);
    let rows = rows.into_iter().filter(|row| row.seq > after).take(window.limit + 1);
    let mut lines = Vec::new();
    for row in rows {
        lines.push((
            row.seq,
            HeldLine {
                values: ValuesLine(read_values(&row.values_json)?),
                sheet: row.sheet,
                row: row.row_no,
                why: row.reason,
                superseded_by: row.superseded_by,
            },
        ));
    }
    Ok(Page::of(lines, window, |(seq, _)| Cursor(*seq, 0), |(_, line)| line))
}

/// A row beside the projects that it may be about.
#[derive(Serialize, JsonSchema)]
struct LikenessLine {
    /// The row's sheet.
    sheet: String,
    /// The row.
    row: u32,
    /// What it says.
    values: ValuesLine,
    /// The projects.
    projects: Vec<SideLine>,
}

/// A project that a row may be about.
#[derive(Serialize, JsonSchema)]
struct SideLine {
    /// Its code.
    code: Text<RegistryCode>,
    /// What its current revision says.
    values: ValuesLine,
}

fn likenesses(call: &Call<'_>, input: In<UploadId>) -> Result<Page<LikenessLine>, Problem> {
    let upload = find(call, input.path.id)?;
    let preview = plan(call.registry, &upload)?;
    let all = intake::likenesses(call.registry, &preview, usize::MAX)?;
    let lines = all.into_iter().map(|one| LikenessLine {
        sheet: one.sheet.to_string(),
        row: one.row,
        values: ValuesLine(one.values),
        projects: one
            .sides
            .into_iter()
            .map(|side| SideLine {
                code: Text(side.code),
                values: ValuesLine(side.values),
            })
            .collect(),
    });
    Ok(Page::whole(lines.collect()))
}

/// What was said of unclear rows.
#[derive(Serialize, JsonSchema)]
struct MatchLines {
    /// Each row with its project.
    matches: Vec<MatchLine>,
}

/// Which project a row is about.
#[derive(Serialize, JsonSchema)]
struct MatchLine {
    /// The row's sheet; of a csv the empty text.
    sheet: String,
    /// The row, as the spreadsheet shows it.
    row: u32,
    /// The project; null for a new one.
    same_as: Option<Text<RegistryCode>>,
}

/// What is said of unclear rows.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Matches {
    /// Each row with its project.
    #[schemars(length(max = 5000))]
    matches: Vec<Match>,
}

/// Which project a row is about.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Match {
    /// The row's sheet; of a csv the empty text.
    sheet: String,
    /// The row, as the spreadsheet shows it.
    row: u32,
    /// The project; left out for a new one.
    same_as: Option<Text<RegistryCode>>,
}

fn said(registry: &Registry, upload: &intake::Upload) -> Result<MatchLines, Problem> {
    let mut matches: Vec<MatchLine> = intake::chosen(registry, upload)?
        .into_iter()
        .map(|(sheet, row, same_as)| MatchLine {
            sheet,
            row,
            same_as: same_as.map(Text),
        })
        .collect();
    matches.sort_unstable_by(|one, other| (&one.sheet, one.row).cmp(&(&other.sheet, other.row)));
    Ok(MatchLines { matches })
}

fn matches(call: &Call<'_>, input: In<UploadId>) -> Result<Tagged<MatchLines>, Problem> {
    let upload = find(call, input.path.id)?;
    Ok(Tagged(said(call.registry, &upload)?))
}

fn choose(call: &Call<'_>, input: In<UploadId, Nothing, Json<Matches>>) -> Result<Tagged<MatchLines>, Problem> {
    let upload = find(call, input.path.id)?;
    may_send(call.operator, &upload.department)?;
    let before = said(call.registry, &upload)?;
    call.must_match(Some(&before))?;
    let given = input.body.0.matches;
    let named = |one: &MatchLine| {
        given
            .iter()
            .any(|other| (&other.sheet, other.row) == (&one.sheet, one.row))
    };
    let gone: Vec<(String, u32)> = before
        .matches
        .into_iter()
        .filter(|one| !named(one))
        .map(|one| (one.sheet, one.row))
        .collect();
    let chosen: Vec<(String, u32, Option<RegistryCode>)> = given
        .iter()
        .map(|one| (one.sheet.clone(), one.row, one.same_as.map(|Text(code)| code)))
        .collect();
    intake::choose(call.registry, call.operator, &upload, &chosen)?;
    intake::unchoose(call.registry, call.operator, &upload, &gone)?;
    Ok(Tagged(said(call.registry, &upload)?))
}
