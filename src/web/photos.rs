//! `/photos`: photos of many projects at once, in a ZIP; and those of one project, on its record page.

use std::collections::HashMap;

use askama::Template;
use axum::extract::multipart::MultipartRejection;
use axum::extract::{Extension, Multipart, Path, Query, State};
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Redirect, Response};
use retrofit_jobs::store::{PhotoKind, Word as _};
use serde::Deserialize;

use super::error::{WebError, refusing, seen};
use super::frame::{Frame, blocking, page as render};
use super::guard::Officer;
use super::inspections::departments;
use super::upload::{keep, plain_name, sender};
use super::words;
use crate::registry::people::{Operator, Role, Session};
use crate::registry::photos::{self, Fate, Limits, MOST_BYTES_SENT, MOST_OF_A_KIND, Outcome};
use crate::registry::{Registry, RegistryCode};

/// Refused photos that the audit log names.
const TOLD: usize = 10;
/// Photos that are listed.
const SHOWN: i64 = 50;
/// The states of a photo: the word, and what the page calls it.
const STATES: [(&str, &str); 3] = [("ready", "待上报"), ("sent", "已上报国家平台"), ("refused", "平台退回")];
/// Bytes of a text in a form with files.
const TEXT_BYTES: usize = 20_000;
/// Bytes of all the photos of one form.
const FORM_BYTES: usize = 120_000_000;

#[derive(Template)]
#[template(path = "photos.html")]
struct PhotosPage {
    frame: Frame,
    /// The states: word, label, photos in it.
    tally: Vec<(&'static str, &'static str, i64)>,
    /// The one whose photos are asked for.
    chosen: Option<Chosen>,
    refused: Vec<Line>,
    latest: Vec<Line>,
    may_send: bool,
    /// Whom the secretariat may send for. Empty for a department's own people.
    departments: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "photos_result.html")]
struct ResultPage {
    frame: Frame,
    taken: usize,
    same: usize,
    refused: Vec<(String, String)>,
    /// Where to go on.
    back: String,
}

impl PhotosPage {
    fn is_chosen(&self, state: &str) -> bool {
        self.chosen.as_ref().is_some_and(|chosen| chosen.state == state)
    }
}

/// The photos in one state.
struct Chosen {
    state: &'static str,
    label: &'static str,
    count: i64,
    lines: Vec<Line>,
    /// The address of the next page.
    next: Option<String>,
}

/// Which of the photos.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    state: String,
    before: Option<i64>,
}

struct Line {
    code: String,
    name: String,
    department: String,
    kind: &'static str,
    file_name: String,
    state: &'static str,
    class: &'static str,
    problem: String,
    at: String,
}

/// A photo on the record page.
pub(super) struct Shown {
    pub(super) address: String,
    pub(super) file_name: String,
    pub(super) state: &'static str,
    pub(super) class: &'static str,
    pub(super) problem: String,
    pub(super) at: String,
    pub(super) may_go: bool,
}

/// The photos of a project, by kind.
pub(super) fn shown(
    registry: &Registry,
    session: &Session,
    code: RegistryCode,
    may_send: bool,
) -> Result<Vec<(&'static str, Vec<Shown>)>, WebError> {
    let rows = photos::of_project(registry, &session.operator, code)?;
    let of_kind = |kind: PhotoKind| {
        let theirs = rows.iter().filter(|row| row.kind == kind.word());
        let shown = theirs.map(|row| {
            let (state, class) = state_words(&row.state);
            Shown {
                address: format!("/projects/{code}/photos/{}/{}", row.kind, row.sha256),
                file_name: row.file_name.clone(),
                state,
                class,
                problem: row.problem.clone().unwrap_or_default(),
                at: words::moment(row.added_at),
                may_go: may_send && row.state != "sent",
            }
        });
        (photos::label(kind), shown.collect())
    };
    Ok(PhotoKind::ALL.iter().copied().map(of_kind).collect())
}

fn state_words(state: &str) -> (&'static str, &'static str) {
    match state {
        "sent" => ("已上报", "good"),
        "refused" => ("平台退回", "error"),
        _ => ("待上报", "pending"),
    }
}

/// `GET /photos`.
pub(super) async fn page(
    State(registry): State<Registry>,
    Extension(session): Officer,
    Query(asked): Query<Asked>,
) -> Result<Response, WebError> {
    blocking(&registry, move |registry| {
        let operator = &session.operator;
        let lines = |state| {
            let listed = photos::latest(registry, operator, state, (i64::MAX, SHOWN))?;
            Ok::<_, WebError>(listed.into_iter().map(|photo| line(registry, photo)).collect())
        };
        let counts = photos::count_by_state(registry, operator)?;
        let count = |state: &str| counts.get(state).copied().unwrap_or_default();
        let secretariat = operator.role == Role::Secretariat;
        let tally = STATES.map(|(state, label)| (state, label, count(state)));
        let chosen = tally.into_iter().find(|(state, ..)| *state == asked.state);
        let before = asked.before.unwrap_or(i64::MAX);
        let chosen = chosen.map(|of| in_state(registry, operator, of, before)).transpose()?;
        render(&PhotosPage {
            frame: Frame::new(registry, &session, "照片", "/photos"),
            tally: tally.into(),
            refused: if chosen.is_none() {
                lines(Some("refused"))?
            } else {
                Vec::new()
            },
            latest: if chosen.is_none() { lines(None)? } else { Vec::new() },
            chosen,
            may_send: operator.role != Role::Auditor,
            departments: if secretariat { departments(registry) } else { Vec::new() },
        })
    })
    .await
}

/// The photos in a state, those before the one with this number.
fn in_state(
    registry: &Registry,
    operator: &Operator,
    (state, label, count): (&'static str, &'static str, i64),
    before: i64,
) -> Result<Chosen, WebError> {
    let mut listed = photos::latest(registry, operator, Some(state), (before, SHOWN + 1))?;
    let shown = usize::try_from(SHOWN).unwrap_or(usize::MAX);
    let more = listed.len() > shown;
    listed.truncate(shown);
    let last = listed.last().filter(|_| more);
    Ok(Chosen {
        next: last.map(|last| format!("/photos?state={state}&before={}", last.photo.id)),
        lines: listed.into_iter().map(|photo| line(registry, photo)).collect(),
        state,
        label,
        count,
    })
}

fn line(registry: &Registry, listed: photos::Listed) -> Line {
    let (state, class) = state_words(&listed.photo.state);
    Line {
        code: listed.code.to_string(),
        department: words::department(&registry.catalogue, &listed.department).to_owned(),
        kind: PhotoKind::from_word(&listed.photo.kind).map_or("", photos::label),
        file_name: listed.photo.file_name,
        state,
        class,
        problem: listed.photo.problem.unwrap_or_default(),
        at: words::moment(listed.photo.added_at),
        name: listed.name,
    }
}

/// A form with photos, in memory.
#[derive(Default)]
pub(super) struct Sent {
    texts: HashMap<String, String>,
    pub(super) files: Vec<(String, Vec<u8>)>,
}

impl Sent {
    /// What was written in a field; blank where it was not sent.
    pub(super) fn text(&self, name: &str) -> &str {
        self.texts.get(name).map_or("", String::as_str)
    }
}

/// Reads a form with at most so many photos, each field within its limit.
pub(super) async fn receive(mut multipart: Multipart, most: usize) -> Result<Sent, WebError> {
    let mut sent = Sent::default();
    let mut total = 0;
    while let Some(mut field) = multipart.next_field().await? {
        let name = field.name().unwrap_or_default().to_owned();
        let is_file = name == "file";
        let file_name = plain_name(field.file_name().unwrap_or_default());
        let limit = if is_file { MOST_BYTES_SENT } else { TEXT_BYTES };
        let mut bytes = Vec::new();
        while let Some(chunk) = field.chunk().await? {
            bytes.extend_from_slice(&chunk);
            total += chunk.len();
            if bytes.len() > limit || total > FORM_BYTES {
                return Err(WebError::Refused(format!(
                    "照片太大：每张不超过 {} MB，一次合计不超过 {} MB。请缩小或分几次上传。",
                    MOST_BYTES_SENT / 1_000_000,
                    FORM_BYTES / 1_000_000
                )));
            }
        }
        if !is_file {
            sent.texts.insert(name, String::from_utf8_lossy(&bytes).into_owned());
        } else if !(bytes.is_empty() && file_name.is_empty()) {
            sent.files.push((file_name, bytes));
        }
        if sent.files.len() > most || sent.texts.len() > 20 {
            return Err(WebError::Refused(format!("一次最多上传 {most} 张照片。")));
        }
    }
    Ok(sent)
}

/// `POST /photos`: a ZIP.
pub(super) async fn add_zip(
    State(registry): State<Registry>,
    Extension(session): Officer,
    multipart: Result<Multipart, MultipartRejection>,
) -> Result<Response, WebError> {
    let mut multipart = multipart?;
    let limits = Limits::default();
    let (mut department, mut kind, mut file) = (String::new(), String::new(), None);
    while let Some(field) = multipart.next_field().await? {
        match field.name() {
            Some("department") => department = field.text().await?,
            Some("kind") => kind = field.text().await?,
            Some("file") => {
                file = keep(field, limits.archive_bytes).await.map_err(|error| match error {
                    WebError::TooLarge(_) => WebError::Refused(format!(
                        "压缩包超过了 {} MB。请分成几个压缩包，分别上传。",
                        limits.archive_bytes / 1_000_000
                    )),
                    other => other,
                })?;
            }
            _ => {}
        }
    }
    let kind = kind_of(&kind)?;
    let department = sender(&session.operator, department);
    let Some((_, file)) = file else {
        return Err(WebError::Refused("没有选择压缩包。".into()));
    };
    blocking(&registry, move |registry| {
        let open = file.reopen().map_err(|error| WebError::Failed(error.into()))?;
        let fates = photos::add_zip(registry, &session.operator, &department, kind, open, &limits)?;
        result(registry, &session, fates, "/photos".into())
    })
    .await
}

fn kind_of(word: &str) -> Result<PhotoKind, WebError> {
    PhotoKind::from_word(word).ok_or_else(|| WebError::Refused("请选择是施工照片还是验收照片。".into()))
}

fn result(registry: &Registry, session: &Session, fates: Vec<Fate>, back: String) -> Result<Response, WebError> {
    let (mut taken, mut same, mut refused) = (0, 0, Vec::new());
    for fate in fates {
        match fate.outcome {
            Outcome::Taken(_) => taken += 1,
            Outcome::Same(_) => same += 1,
            Outcome::Refused(words) => refused.push((fate.name, words)),
        }
    }
    let told: Vec<String> = refused
        .iter()
        .take(TOLD)
        .map(|(name, words)| format!("{name}：{words}"))
        .collect();
    let page = ResultPage {
        frame: Frame::new(registry, session, "照片", "/photos"),
        taken,
        same,
        refused,
        back,
    };
    if told.is_empty() {
        return render(&page);
    }
    refusing(StatusCode::OK, &page, &told.join("；"))
}

/// `POST /projects/{code}/photos`: photos of one project.
pub(super) async fn add(
    State(registry): State<Registry>,
    Extension(session): Officer,
    Path(code): Path<String>,
    multipart: Result<Multipart, MultipartRejection>,
) -> Result<Response, WebError> {
    let code: RegistryCode = code.parse().map_err(|_| WebError::NotFound)?;
    let sent = receive(multipart?, MOST_OF_A_KIND).await?;
    blocking(&registry, move |registry| {
        seen(photos::of_project(registry, &session.operator, code))?;
        let kind = kind_of(sent.text("kind"))?;
        if sent.files.is_empty() {
            return Err(WebError::Refused("没有选择照片。".into()));
        }
        let fates = photos::add(registry, &session.operator, code, kind, sent.files)?;
        let back = format!("/projects/{code}#photos");
        if fates.iter().all(|fate| matches!(fate.outcome, Outcome::Taken(_))) {
            return Ok(Redirect::to(&back).into_response());
        }
        result(registry, &session, fates, back)
    })
    .await
}

/// `GET /projects/{code}/photos/{kind}/{sha256}`.
pub(super) async fn photo(
    State(registry): State<Registry>,
    Extension(session): Officer,
    Path((code, kind, sha256)): Path<(String, String, String)>,
) -> Result<Response, WebError> {
    blocking(&registry, move |registry| {
        let code = code.parse().map_err(|_| WebError::NotFound)?;
        let kind = PhotoKind::from_word(&kind).ok_or(WebError::NotFound)?;
        let found = photos::bytes(registry, &session.operator, code, kind, &sha256);
        Ok(picture(seen(found)?))
    })
    .await
}

/// `POST /projects/{code}/photos/{kind}/{sha256}/remove`.
pub(super) async fn remove(
    State(registry): State<Registry>,
    Extension(session): Officer,
    Path((code, kind, sha256)): Path<(String, String, String)>,
) -> Result<Redirect, WebError> {
    blocking(&registry, move |registry| {
        let code: RegistryCode = code.parse().map_err(|_| WebError::NotFound)?;
        let kind = PhotoKind::from_word(&kind).ok_or(WebError::NotFound)?;
        seen(photos::of_project(registry, &session.operator, code))?;
        photos::remove(registry, &session.operator, code, kind, &sha256)?;
        Ok(Redirect::to(&format!("/projects/{code}#photos")))
    })
    .await
}

/// A picture as an answer. Its address names its content, so that the officer's own browser may keep it.
pub(super) fn picture((media_type, bytes): (&'static str, Vec<u8>)) -> Response {
    let headers = [(CONTENT_TYPE, media_type), (CACHE_CONTROL, "private, max-age=3600")];
    (headers, bytes).into_response()
}
