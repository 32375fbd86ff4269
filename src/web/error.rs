//! What a page says when it cannot be shown: what happened, what to do, and for our own faults a number to quote.

use askama::Template;
use axum::Extension;
use axum::extract::multipart::{MultipartError, MultipartRejection};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{Html, IntoResponse, Response};

use super::frame::Frame;
use crate::registry::people::Session;
use crate::registry::{Error, Failure, Registry};

/// Why a page is not shown.
#[derive(Debug)]
pub(super) enum WebError {
    /// There is no such page, or this officer must not know of it.
    NotFound,
    /// The officer's role may not do this; the words say who may.
    Forbidden(&'static str),
    /// The request does not come from a page of ours.
    Foreign,
    /// The address is not used in this way: opened where something is to be sent, or the other way round.
    WrongMethod,
    /// What was sent is not what our forms send.
    WrongKind,
    /// The officer asked for something that cannot be; the words say what to do.
    Refused(String),
    /// The form is larger than is taken.
    TooMuch,
    /// The file is larger than is taken; its greatest size in MiB.
    TooLarge(u64),
    /// Our own fault.
    Failed(anyhow::Error),
}

impl From<Error> for WebError {
    fn from(error: Error) -> Self {
        match error {
            Error::Refused(words) => Self::Refused(words),
            Error::Failed(failure) => failure.into(),
        }
    }
}

impl From<Failure> for WebError {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure.into())
    }
}

impl From<crate::db::DbError> for WebError {
    fn from(error: crate::db::DbError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<askama::Error> for WebError {
    fn from(error: askama::Error) -> Self {
        Self::Failed(error.into())
    }
}

impl From<MultipartError> for WebError {
    fn from(error: MultipartError) -> Self {
        Self::Refused(format!("文件没有传完整（{}）。请返回上一页重新上传。", error.status()))
    }
}

impl From<MultipartRejection> for WebError {
    fn from(_: MultipartRejection) -> Self {
        Self::Refused("没有收到文件。请返回上一页，选择文件后重新上传。".into())
    }
}

/// What an address names, where the officer may see it; of another department's, not even that it exists.
pub(super) fn seen<T>(found: Result<T, Error>) -> Result<T, WebError> {
    found.map_err(|error| match error {
        Error::Refused(_) => WebError::NotFound,
        failed @ Error::Failed(_) => failed.into(),
    })
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'a> {
    frame: Frame,
    told: &'a Told,
}

/// What an error page says, on the answer, for the page that is put into the frame of who is logged in.
#[derive(Clone, Debug)]
struct Told {
    title: &'static str,
    happened: String,
    to_do: String,
    incident: Option<String>,
}

impl Told {
    fn page(&self, frame: Frame) -> String {
        let page = ErrorPage { frame, told: self };
        // A template that cannot be rendered must not end without an answer.
        page.render().unwrap_or_else(|_| self.title.into())
    }
}

/// An answer, with the way to the other pages where it is an error page.
pub(super) fn framed(registry: &Registry, session: &Session, answer: Response) -> Response {
    let Some(told) = answer.extensions().get::<Told>() else {
        return answer;
    };
    let page = told.page(Frame::new(registry, session, told.title, ""));
    Response::from_parts(answer.into_parts().0, page.into())
}

/// Why something was refused, on the answer: the guard notes it in the audit log.
#[derive(Clone, Debug)]
pub(super) struct Reason(pub(super) String);

/// The words of a refusal, where it is one: for a page that says them itself.
pub(super) fn refused(answer: Result<(), Error>) -> Result<Option<String>, WebError> {
    match answer {
        Ok(()) => Ok(None),
        Err(Error::Refused(words)) => Ok(Some(words)),
        Err(failed) => Err(failed.into()),
    }
}

/// A page that says itself what was refused, and why.
pub(super) fn refusing(status: StatusCode, page: &impl Template, reason: &str) -> Result<Response, WebError> {
    let html = Html(page.render()?);
    Ok((status, Extension(Reason(reason.to_owned())), html).into_response())
}

impl IntoResponse for WebError {
    fn into_response(self) -> Response {
        let mut incident = None;
        let reason = match &self {
            Self::Refused(words) => Some(Extension(Reason(words.clone()))),
            _ => None,
        };
        let (status, title, happened, to_do) = match self {
            Self::NotFound => (
                StatusCode::NOT_FOUND,
                "没有这个页面",
                "网址不对，或者您没有查看它的权限。".into(),
                "请从首页重新进入；如果是收藏或别人发来的链接，请核对是否完整。".into(),
            ),
            Self::Forbidden(who) => (
                StatusCode::FORBIDDEN,
                "您的账号不能使用这个功能",
                who.into(),
                "如果工作需要，请联系管理员调整账号的角色。".into(),
            ),
            Self::Foreign => (
                StatusCode::FORBIDDEN,
                "请求被拦下",
                "这个请求不是从本系统的页面发出的，为了安全没有办理。数据没有任何改动。".into(),
                "请从首页进入，在本系统的页面上再做一次。如果您就是在本系统的页面上操作的，请把所用的网址和浏览器告诉系统管理员。"
                    .into(),
            ),
            Self::WrongMethod => (
                StatusCode::METHOD_NOT_ALLOWED,
                "这个网址不能直接打开",
                "它是页面上的按钮用的，不是一个页面。数据没有任何改动。".into(),
                "请从首页进入相应的页面，点页面上的按钮。".into(),
            ),
            Self::WrongKind => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "发来的内容认不出来",
                "收到的不是本系统的表单，没有办理。数据没有任何改动。".into(),
                "请刷新页面，重新填写后再提交；上传文件请用页面上的“选择文件”。".into(),
            ),
            Self::Refused(words) => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "没有办成",
                words,
                "数据没有任何改动。请返回上一页，改正后重试。".into(),
            ),
            Self::TooMuch => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "一次提交的内容太多",
                "这个表单的内容超过了系统一次能收的量。数据没有任何改动。".into(),
                "请返回上一页，少填几处先提交，再填其余的；文字很多的，请写得短一些。".into(),
            ),
            Self::TooLarge(most) => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "文件太大",
                format!("上传的文件超过了 {most} MB。"),
                "请删去文件里的图片和无关的工作表，或者按县（市、区）分成几个文件，分别上传。".into(),
            ),
            Self::Failed(error) => {
                let number = incident_number();
                tracing::error!(incident = %number, "{error:#}");
                incident = Some(number);
                (
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "系统出了问题",
                    "这不是您的操作造成的。没有办完的操作已全部撤回，数据没有损坏。".into(),
                    "请稍后再试一次；如果仍不行，请把下面的编号告诉系统管理员。".into(),
                )
            }
        };
        let told = Told {
            title,
            happened,
            to_do,
            incident,
        };
        let body = Html(told.page(Frame::open(title)));
        match reason {
            Some(reason) => (status, reason, Extension(told), body).into_response(),
            None => (status, Extension(told), body).into_response(),
        }
    }
}

/// A number that names one fault in the log and on the officer's screen.
fn incident_number() -> String {
    let id = uuid::Uuid::now_v7().simple().to_string().to_uppercase();
    format!("E-{}", &id[24..])
}

/// Gives a page to what the framework refuses in a few bare words: an address or a form that cannot be read.
pub(super) async fn dress(response: Response) -> Response {
    let status = response.status();
    let html = HeaderValue::from_static("text/html; charset=utf-8");
    if !status.is_client_error() || response.headers().get(CONTENT_TYPE) == Some(&html) {
        return response;
    }
    let dressed = match status {
        StatusCode::BAD_REQUEST => WebError::NotFound,
        StatusCode::METHOD_NOT_ALLOWED => WebError::WrongMethod,
        StatusCode::UNSUPPORTED_MEDIA_TYPE => WebError::WrongKind,
        StatusCode::PAYLOAD_TOO_LARGE => WebError::TooMuch,
        _ => WebError::Refused("页面发来的内容不完整，或者太多。请刷新页面后再试一次。".into()),
    };
    dressed.into_response()
}

/// The page for a request that panicked.
#[expect(clippy::needless_pass_by_value, reason = "the layer's signature")]
pub(super) fn panicked(panic: Box<dyn std::any::Any + Send>) -> Response {
    let words = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("a panic without words");
    WebError::Failed(anyhow::anyhow!("panicked: {words}")).into_response()
}
