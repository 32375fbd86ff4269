//! `/uploads`: taking a roster in, what was found in it, what it would change, and the confirmation.
//!
//! The pages plan what was read of the file against the registry as it is now; a confirmation carries the fingerprint of what was shown.

use std::io::Write as _;

use axum::extract::multipart::{Field, MultipartRejection};
use axum::extract::{Extension, Multipart, Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::Form;
use serde::Deserialize;
use tempfile::NamedTempFile;

use super::committed::CommittedPage;
use super::error::{WebError, seen};
use super::frame::{blocking, page as render};
use super::guard::Officer;
use super::preview::OpenPage;
use crate::registry::intake::{self, Outcome, Preview, Upload};
use crate::registry::people::{Operator, Role, Session};
use crate::registry::{Registry, RegistryCode, projects};

/// Characters of a file's name that are kept.
const NAME_CHARS: usize = 120;

/// What the upload form sends.
#[derive(Default)]
struct Sent {
    department: String,
    period: String,
    supplement: bool,
    file: Option<(String, NamedTempFile)>,
}

/// `POST /uploads`.
pub(super) async fn receive(
    State(registry): State<Registry>,
    Extension(session): Officer,
    multipart: Result<Multipart, MultipartRejection>,
) -> Result<Response, WebError> {
    let mut multipart = multipart?;
    let most = registry.checker.limits.file_bytes;
    let mut sent = Sent::default();
    while let Some(field) = multipart.next_field().await? {
        match field.name() {
            Some("department") => sent.department = field.text().await?,
            Some("period") => sent.period = field.text().await?,
            Some("extent") => sent.supplement = field.text().await? == "part",
            Some("file") => sent.file = keep(field, most).await?,
            _ => {}
        }
    }
    let Some((file_name, file)) = sent.file else {
        return Err(WebError::Refused("没有选择文件，或者选择的文件是空的。".into()));
    };
    let department = sender(&session.operator, sent.department);
    let upload = blocking(&registry, move |registry| {
        let operator = &session.operator;
        let mut upload = intake::receive(registry, operator, &department, &sent.period, &file_name, file.path())?;
        intake::declare_supplement(registry, operator, &mut upload, sent.supplement)?;
        let roster = intake::check(registry, &upload)?;
        intake::note_unreadable(registry, &upload, &roster)?;
        Ok(upload.id)
    });
    Ok(Redirect::to(&format!("/uploads/{}", upload.await?)).into_response())
}

/// Whose roster it is: the officer's own department's, or, from the secretariat, the one that the form names.
pub(super) fn sender(operator: &Operator, asked: String) -> String {
    match (operator.role, &operator.department) {
        (Role::Reporter | Role::Lead, Some(own)) => own.clone(),
        _ => asked,
    }
}

/// Writes an uploaded file to a temporary one; nothing where none was chosen.
pub(super) async fn keep(mut field: Field<'_>, most: u64) -> Result<Option<(String, NamedTempFile)>, WebError> {
    let name = plain_name(field.file_name().unwrap_or_default());
    let failed = |error: std::io::Error| WebError::Failed(error.into());
    let mut file = NamedTempFile::new().map_err(failed)?;
    let mut bytes = 0;
    while let Some(chunk) = field.chunk().await? {
        bytes += chunk.len() as u64;
        if bytes > most {
            return Err(WebError::TooLarge(most >> 20));
        }
        // Some kilobytes into the system's cache: not worth a thread.
        file.write_all(&chunk).map_err(failed)?;
    }
    Ok((bytes > 0 || !name.is_empty()).then_some((name, file)))
}

/// A file's name without its folders and without what cannot be seen.
pub(crate) fn plain_name(name: &str) -> String {
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let visible = name
        .chars()
        .filter(|letter| !letter.is_control() && !is_invisible(*letter));
    visible.take(NAME_CHARS).collect::<String>().trim().to_owned()
}

/// Marks that turn the direction of writing, with which a name can look like another.
fn is_invisible(letter: char) -> bool {
    matches!(letter, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// What the address of an upload's page says.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    /// Plan a committed upload afresh.
    again: Option<String>,
    /// Which page of what is to be explained.
    pub(super) page: Option<usize>,
    /// The rule whose findings are to be explained one by one.
    pub(super) each: Option<String>,
}

/// `GET /uploads/{id}`.
pub(super) async fn page(
    State(registry): State<Registry>,
    Extension(session): Officer,
    Path(id): Path<i64>,
    Query(asked): Query<Asked>,
) -> Result<Response, WebError> {
    blocking(&registry, move |registry| {
        let upload = seen(intake::upload(registry, &session.operator, id))?;
        if upload.state == "committed" && asked.again.is_none() {
            let (rows, findings) = intake::held(registry, &session.operator, id)?;
            return render(&CommittedPage::new(registry, &session, &upload, &rows, &findings));
        }
        let preview = plan(registry, &upload)?;
        render(&OpenPage::new(registry, &session, &preview, &asked, None)?)
    })
    .await
}

fn plan(registry: &Registry, upload: &Upload) -> Result<Preview, WebError> {
    let roster = intake::open(registry, upload)?;
    Ok(intake::preview(registry, upload, roster, None)?)
}

/// The page of an upload that is not committed, or of one whose held rows are worked on.
pub(super) fn open_page(upload: &Upload, anchor: &str) -> Redirect {
    let again = if upload.state == "committed" { "?again=1" } else { "" };
    Redirect::to(&format!("/uploads/{}{again}{anchor}", upload.id))
}

/// What a form sends: names and values.
pub(super) type Fields = Vec<(String, String)>;

/// The explanations among a form's fields: scopes and texts.
fn explanations(fields: &Fields) -> Vec<(String, String)> {
    let is_scope = |name: &str| {
        ["rule:", "group:", "finding:"]
            .iter()
            .any(|kind| name.starts_with(kind))
    };
    fields.iter().filter(|(name, _)| is_scope(name)).cloned().collect()
}

/// The value of a form's field.
pub(super) fn field<'a>(fields: &'a Fields, name: &str) -> &'a str {
    let found = fields.iter().find(|(of, _)| of == name);
    found.map_or("", |(_, value)| value)
}

/// `POST /uploads/{id}/explain`: keeps what was explained so far.
pub(super) async fn explain(
    State(registry): State<Registry>,
    Extension(session): Officer,
    Path(id): Path<i64>,
    Form(fields): Form<Fields>,
) -> Result<Redirect, WebError> {
    blocking(&registry, move |registry| {
        let upload = seen(intake::upload(registry, &session.operator, id))?;
        intake::explain(registry, &session.operator, &upload, &explanations(&fields))?;
        Ok(open_page(&upload, "#explain"))
    })
    .await
}

/// `POST /uploads/{id}/match`: keeps which project unclear rows are about. A field names its row, `15:台账`, and says the project's code,
/// `new`, or `open` for what was said before to be forgotten.
pub(super) async fn choose(
    State(registry): State<Registry>,
    Extension(session): Officer,
    Path(id): Path<i64>,
    Form(fields): Form<Fields>,
) -> Result<Redirect, WebError> {
    blocking(&registry, move |registry| {
        let upload = seen(intake::upload(registry, &session.operator, id))?;
        let (mut chosen, mut open) = (Vec::new(), Vec::new());
        for (name, value) in &fields {
            let row = name
                .split_once(':')
                .and_then(|(row, sheet)| Some((sheet.to_owned(), row.parse().ok()?)));
            let Some((sheet, row)) = row else { continue };
            match (value.as_str(), value.parse::<RegistryCode>()) {
                ("open", _) => open.push((sheet, row)),
                ("new", _) => chosen.push((sheet, row, None)),
                (_, Ok(code)) => chosen.push((sheet, row, Some(code))),
                _ => {}
            }
        }
        intake::unchoose(registry, &session.operator, &upload, &open)?;
        intake::choose(registry, &session.operator, &upload, &chosen)?;
        Ok(open_page(&upload, "#plan"))
    })
    .await
}

/// `POST /uploads/{id}/withdraw`: proposes to withdraw projects that the file does not list because they were entered in error.
pub(super) async fn withdraw(
    State(registry): State<Registry>,
    Extension(session): Officer,
    Path(id): Path<i64>,
    Form(fields): Form<Fields>,
) -> Result<Redirect, WebError> {
    blocking(&registry, move |registry| {
        let upload = seen(intake::upload(registry, &session.operator, id))?;
        let chosen = fields.iter().filter(|(name, _)| name == "project");
        let codes: Vec<RegistryCode> = chosen.filter_map(|(_, code)| code.parse().ok()).collect();
        if codes.is_empty() {
            return Err(WebError::Refused(
                "还没有勾选误报的工程。请返回上一页勾选后再申请。".into(),
            ));
        }
        projects::propose_withdrawal(registry, &session.operator, &codes, field(&fields, "note"))?;
        Ok(open_page(&upload, "#not-listed"))
    })
    .await
}

/// Why a preview is shown again instead of being committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Again {
    /// The explanations let more rows in, or change what goes in with them.
    Explained,
    /// The registry is not as it was when the preview was shown.
    Moved,
    /// What looks wrong about the roster as a whole was not ticked as looked at.
    Unchecked,
}

/// `POST /uploads/{id}/commit`: keeps the explanations that are sent with it, and does exactly what was shown, or shows what it would do now.
pub(super) async fn commit(
    State(registry): State<Registry>,
    Extension(session): Officer,
    Path(id): Path<i64>,
    Form(fields): Form<Fields>,
) -> Result<Response, WebError> {
    blocking(&registry, move |registry| {
        let upload = seen(intake::upload(registry, &session.operator, id))?;
        let shown = field(&fields, "fingerprint");
        let mut preview = plan(registry, &upload)?;
        if preview.fingerprint() != shown {
            intake::explain(registry, &session.operator, &upload, &explanations(&fields))?;
            return shown_again(registry, &session, &plan(registry, &upload)?, Again::Moved);
        }
        let explained = explanations(&fields);
        if !explained.is_empty() {
            intake::explain(registry, &session.operator, &upload, &explained)?;
            preview = plan(registry, &upload)?;
        }
        if preview.fingerprint() != shown {
            return shown_again(registry, &session, &preview, Again::Explained);
        }
        if !preview.alarms().is_empty() && field(&fields, "checked") != "yes" {
            return shown_again(registry, &session, &preview, Again::Unchecked);
        }
        match intake::commit(registry, &session.operator, &preview)? {
            Outcome::Committed(_) => Ok(Redirect::to(&format!("/uploads/{id}")).into_response()),
            Outcome::Moved(preview) => shown_again(registry, &session, &preview, Again::Moved),
        }
    })
    .await
}

fn shown_again(registry: &Registry, session: &Session, preview: &Preview, again: Again) -> Result<Response, WebError> {
    let answer = render(&OpenPage::new(
        registry,
        session,
        preview,
        &Asked::default(),
        Some(again),
    )?)?;
    Ok((StatusCode::CONFLICT, answer).into_response())
}

#[cfg(test)]
mod tests {
    use super::plain_name;

    #[test]
    fn names_lose_their_folders_and_tricks() {
        assert_eq!(plain_name("C:\\表\\学校 11月.xlsx"), "学校 11月.xlsx");
        assert_eq!(plain_name("../../etc/passwd"), "passwd");
        assert_eq!(
            plain_name("a\r\nSet-Cookie: b\u{202e}xslx.exe"),
            "aSet-Cookie: bxslx.exe"
        );
        assert_eq!(plain_name("  "), "");
        assert_eq!(plain_name(&"表".repeat(500)).chars().count(), 120);
    }
}
