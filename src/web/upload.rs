//! `/uploads`: taking a roster in, what was found in it, what it would change, and the confirmation.
//!
//! The kept file is the truth: each of these pages reads it again, and a confirmation carries the fingerprint of what was shown.

use std::io::Write as _;

use axum::extract::multipart::{Field, MultipartRejection};
use axum::extract::{Extension, Multipart, Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::Form;
use serde::Deserialize;
use tempfile::NamedTempFile;

use super::error::{WebError, seen};
use super::findings::{CommittedPage, OpenPage};
use super::frame::{blocking, page as render};
use super::guard::Officer;
use super::words;
use crate::registry::Registry;
use crate::registry::intake::{self, Outcome, Preview, Upload};
use crate::registry::people::{Operator, Role, Session};

/// Characters of a file's name that are kept.
const NAME_CHARS: usize = 120;

/// What the upload form sends.
#[derive(Default)]
struct Sent {
    department: String,
    period: String,
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
        let upload = intake::receive(registry, operator, &department, &sent.period, &file_name, file.path())?;
        // Here and not when its page is opened: looking at a page writes nothing.
        let roster = intake::read(registry, &upload, words::today(registry))?;
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
pub(super) fn plain_name(name: &str) -> String {
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
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    /// Plan a committed upload afresh.
    again: Option<String>,
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
        let preview = plan(registry, &upload, "")?;
        render(&OpenPage::new(registry, &session, &preview, None)?)
    })
    .await
}

fn plan(registry: &Registry, upload: &Upload, explain: &str) -> Result<Preview, WebError> {
    let roster = intake::read(registry, upload, words::today(registry))?;
    Ok(intake::preview(registry, upload, roster, Some(explain))?)
}

/// What the confirmation form sends.
#[derive(Deserialize)]
pub(super) struct Confirmation {
    /// Names what was shown.
    fingerprint: String,
    /// The answer to the findings to confirm.
    #[serde(default)]
    explain: String,
}

/// Why a preview is shown again instead of being committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Again {
    /// The explanation lets more rows in.
    Explained,
    /// The registry is not as it was when the preview was shown.
    Moved,
}

/// `POST /uploads/{id}/preview`: the same page, with the explanation taken into account.
pub(super) async fn preview(
    State(registry): State<Registry>,
    Extension(session): Officer,
    Path(id): Path<i64>,
    Form(asked): Form<Confirmation>,
) -> Result<Response, WebError> {
    blocking(&registry, move |registry| {
        let upload = seen(intake::upload(registry, &session.operator, id))?;
        let preview = plan(registry, &upload, &asked.explain)?;
        render(&OpenPage::new(registry, &session, &preview, None)?)
    })
    .await
}

/// `POST /uploads/{id}/commit`: does exactly what was shown, or shows what it would do now.
pub(super) async fn commit(
    State(registry): State<Registry>,
    Extension(session): Officer,
    Path(id): Path<i64>,
    Form(asked): Form<Confirmation>,
) -> Result<Response, WebError> {
    blocking(&registry, move |registry| {
        let upload = seen(intake::upload(registry, &session.operator, id))?;
        let preview = plan(registry, &upload, &asked.explain)?;
        if preview.fingerprint() != asked.fingerprint {
            let unexplained = intake::preview(registry, &upload, (*preview.roster).clone(), None)?;
            let again = if unexplained.fingerprint() == asked.fingerprint {
                Again::Explained
            } else {
                Again::Moved
            };
            return shown_again(registry, &session, &preview, again);
        }
        match intake::commit(registry, &session.operator, &preview)? {
            Outcome::Committed(_) => Ok(Redirect::to(&format!("/uploads/{id}")).into_response()),
            Outcome::Moved(preview) => shown_again(registry, &session, &preview, Again::Moved),
        }
    })
    .await
}

fn shown_again(registry: &Registry, session: &Session, preview: &Preview, again: Again) -> Result<Response, WebError> {
    let answer = render(&OpenPage::new(registry, session, preview, Some(again))?)?;
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
