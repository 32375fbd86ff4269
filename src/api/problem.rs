//! What the interface answers when something cannot be done: RFC 9457, with a code that programs may rely on.

use axum::http::header::{CONTENT_TYPE, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Serialize;

use crate::db::DbError;
use crate::registry::{Error, Failure};

/// The media type of a problem.
pub(super) const PROBLEM: &str = "application/problem+json";

/// What went wrong, for programs. Never renamed; one is added where a new case needs telling apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Code {
    /// A parameter, a header or the address is not of the form that the document gives.
    InvalidRequest,
    /// The body is no JSON of the form that the document gives.
    InvalidBody,
    /// No token, or one that is unknown, expired or revoked, or whose person's account has ended.
    Unauthenticated,
    /// The person's role may not do this.
    Forbidden,
    /// The token's scopes do not cover this.
    InsufficientScope,
    /// There is nothing here that the person may see.
    NotFound,
    /// Of this month no figures were kept, or it is to come: `/figures/months` lists those that can be asked for.
    NoFigures,
    /// The address does not know this method.
    MethodNotAllowed,
    /// What was shown is no longer so: see the new preview.
    PreviewMoved,
    /// The roster as a whole looks wrong: look at the alarms, and send `checked`.
    AlarmsUnchecked,
    /// Of what is to be decided, something has come in or changed since it was counted: look again.
    SelectionMoved,
    /// The resource is not as the `If-Match` of the request says: read it again.
    Stale,
    /// The body is larger than is taken.
    TooLarge,
    /// The body's media type is none that this address takes.
    UnsupportedMediaType,
    /// Understood, and refused: `detail` says why and what to do.
    Refused,
    /// The idempotency key was used for another request.
    KeyReused,
    /// A change of this resource wants an `If-Match`.
    PreconditionRequired,
    /// A fault of the registry's. Nothing was changed; `incident` names it in the log.
    Internal,
}

impl Code {
    pub(super) const ALL: [Self; 18] = [
        Self::InvalidRequest,
        Self::InvalidBody,
        Self::Unauthenticated,
        Self::Forbidden,
        Self::InsufficientScope,
        Self::NotFound,
        Self::NoFigures,
        Self::MethodNotAllowed,
        Self::PreviewMoved,
        Self::AlarmsUnchecked,
        Self::SelectionMoved,
        Self::Stale,
        Self::TooLarge,
        Self::UnsupportedMediaType,
        Self::Refused,
        Self::KeyReused,
        Self::PreconditionRequired,
        Self::Internal,
    ];

    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::InvalidBody => "invalid_body",
            Self::Unauthenticated => "unauthenticated",
            Self::Forbidden => "forbidden",
            Self::InsufficientScope => "insufficient_scope",
            Self::NotFound => "not_found",
            Self::NoFigures => "no_figures",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::PreviewMoved => "preview_moved",
            Self::AlarmsUnchecked => "alarms_unchecked",
            Self::SelectionMoved => "selection_moved",
            Self::Stale => "stale",
            Self::TooLarge => "too_large",
            Self::UnsupportedMediaType => "unsupported_media_type",
            Self::Refused => "refused",
            Self::KeyReused => "key_reused",
            Self::PreconditionRequired => "precondition_required",
            Self::Internal => "internal",
        }
    }

    pub(super) const fn status(self) -> StatusCode {
        match self {
            Self::InvalidRequest | Self::InvalidBody => StatusCode::BAD_REQUEST,
            Self::Unauthenticated => StatusCode::UNAUTHORIZED,
            Self::Forbidden | Self::InsufficientScope => StatusCode::FORBIDDEN,
            Self::NotFound | Self::NoFigures => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::PreviewMoved | Self::AlarmsUnchecked | Self::SelectionMoved => StatusCode::CONFLICT,
            Self::Stale => StatusCode::PRECONDITION_FAILED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Refused | Self::KeyReused => StatusCode::UNPROCESSABLE_ENTITY,
            Self::PreconditionRequired => StatusCode::PRECONDITION_REQUIRED,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::InvalidRequest => "请求有误",
            Self::InvalidBody => "请求的内容有误",
            Self::Unauthenticated => "没有有效的令牌",
            Self::Forbidden => "账号的角色不能这样做",
            Self::InsufficientScope => "令牌的权限不够",
            Self::NotFound => "没有找到",
            Self::NoFigures => "没有这个月的数据",
            Self::MethodNotAllowed => "这个地址不支持这种方法",
            Self::PreviewMoved => "登记库已有变化",
            Self::AlarmsUnchecked => "整份清单的提醒还没有核对",
            Self::SelectionMoved => "所选的工程有了变化",
            Self::Stale => "内容已被改动",
            Self::TooLarge => "内容太大",
            Self::UnsupportedMediaType => "不支持这种内容类型",
            Self::Refused => "没有办成",
            Self::KeyReused => "重复键已用于另一个请求",
            Self::PreconditionRequired => "缺少 If-Match",
            Self::Internal => "系统出了问题",
        }
    }
}

/// Why a request was not answered as asked (RFC 9457).
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct Problem {
    /// Names the kind of problem: `/api/v1/problems#` and the code.
    #[serde(rename = "type")]
    kind: String,
    /// In a few words, in Chinese.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// The stable code.
    pub(super) code: Code,
    /// What is wrong and what to do, in Chinese.
    pub(super) detail: String,
    /// Names a fault of ours in the log.
    #[serde(skip_serializing_if = "Option::is_none")]
    incident: Option<String>,
    /// Of `preview_moved`: the fingerprint of the preview as it is now, at `/uploads/{id}/preview`. Look at it before you confirm it.
    #[serde(skip_serializing_if = "Option::is_none")]
    fingerprint: Option<String>,
}

impl Problem {
    pub(super) fn new(code: Code, detail: impl Into<String>) -> Self {
        Self {
            kind: format!("/api/v1/problems#{}", code.word()),
            title: code.title(),
            status: code.status().as_u16(),
            code,
            detail: detail.into(),
            incident: None,
            fingerprint: None,
        }
    }

    /// What was confirmed is not what would be done now.
    pub(super) fn moved(fingerprint: &str) -> Self {
        Self {
            fingerprint: Some(fingerprint.into()),
            ..Self::new(
                Code::PreviewMoved,
                "登记库在您查看之后有了变化，什么都没有提交。请重新读取预览，核对后用新的 fingerprint 提交。",
            )
        }
    }

    pub(super) fn not_found() -> Self {
        Self::new(Code::NotFound, "没有这项内容，或者您没有查看它的权限。")
    }

    pub(super) fn invalid(detail: impl Into<String>) -> Self {
        Self::new(Code::InvalidRequest, detail)
    }

    pub(super) fn refused(detail: impl Into<String>) -> Self {
        Self::new(Code::Refused, detail)
    }

    pub(super) fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(Code::Forbidden, detail)
    }

    /// Our own fault: its words go to the log, a number to both.
    pub(super) fn internal(error: &anyhow::Error) -> Self {
        let id = uuid::Uuid::now_v7().simple().to_string().to_uppercase();
        let incident = format!("E-{}", &id[24..]);
        tracing::error!(incident, "{error:#}");
        Self {
            incident: Some(incident),
            ..Self::new(
                Code::Internal,
                "这不是您的请求造成的，没有办完的操作已全部撤回。请稍后再试；仍不行，请把编号告诉系统管理员。",
            )
        }
    }

    pub(super) fn body(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Refused(words) => Self::refused(words),
            Error::Failed(failure) => failure.into(),
        }
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        Self::internal(&failure.into())
    }
}

impl From<DbError> for Problem {
    fn from(error: DbError) -> Self {
        Failure::from(error).into()
    }
}

impl From<std::io::Error> for Problem {
    fn from(error: std::io::Error) -> Self {
        Self::internal(&error.into())
    }
}

/// What an address names, where the person may see it; of another department's, not even that it exists.
pub(super) fn seen<T>(found: Result<T, Error>) -> Result<T, Problem> {
    found.map_err(|error| match error {
        Error::Refused(_) => Problem::not_found(),
        Error::Failed(failure) => failure.into(),
    })
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = self.code.status();
        let mut response = (status, [(CONTENT_TYPE, PROBLEM)], self.body()).into_response();
        let challenge = match self.code {
            Code::Unauthenticated => Some("Bearer realm=\"retrofit\""),
            Code::InsufficientScope => Some("Bearer realm=\"retrofit\", error=\"insufficient_scope\""),
            _ => None,
        };
        if let Some(challenge) = challenge {
            response
                .headers_mut()
                .insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        response
    }
}
