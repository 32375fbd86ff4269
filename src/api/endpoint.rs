//! One route of the interface: who may use it, what it takes and answers, and the handler. What a handler takes and gives are types; the
//! request is read, and the document written, by them.

use std::marker::PhantomData;
use std::sync::Arc;

use axum::body::Body as HttpBody;
use axum::extract::{FromRequestParts as _, OriginalUri, Path, Request, State};
use axum::http::header::{AUTHORIZATION, HeaderName, IF_MATCH, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderValue, Method, request};
use axum::response::IntoResponse;
use axum::routing::{self, MethodFilter, MethodRouter};
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::Sha256;

use super::body::Body;
use super::once::{Key, answered, idempotency_key, once, request_hash};
use super::openapi::{Described, Schemas};
use super::problem::{Code, Problem};
use super::reply::{Answer, Reply, Settled, etag, json};
use super::types::Nothing;
use crate::registry::people::{Operator, Role};
use crate::registry::tokens::{self, Bearer, Scope, Token};
use crate::registry::{Registry, audit, requests};
use crate::web::{Origin, area, asked};

/// A route.
#[derive(Debug)]
pub struct Endpoint {
    /// The method.
    pub method: Method,
    /// The path below `/api/v1`, with its parameters in braces.
    pub path: &'static str,
    /// The roles that may use it; none for everybody, without a token.
    pub roles: Option<&'static [Role]>,
    /// What a token must be for.
    pub scope: Scope,
    /// In a few words.
    pub(super) summary: &'static str,
    /// A change names the form that was seen.
    pub(super) matching: bool,
    /// It may be repeated under a key.
    pub(super) keyed: bool,
    /// It may find that what was shown has moved.
    pub(super) conflicting: bool,
    pub(super) describe: fn(&mut Schemas) -> Described,
    pub(super) handler: MethodRouter<Registry>,
}

impl Endpoint {
    /// One that is about what was shown before, and is refused where that has moved.
    pub(super) fn of_what_was_shown(self) -> Self {
        Self {
            conflicting: true,
            ..self
        }
    }
}

/// What guards a route.
#[derive(Clone, Copy, Debug)]
struct Guard {
    roles: Option<&'static [Role]>,
    scope: Scope,
    matching: bool,
    keyed: bool,
    work: Work,
}

/// What a handler does to the registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Work {
    /// It reads only.
    Reads,
    /// It changes something, all in one transaction.
    Whole,
    /// It does what takes long, or what a transaction cannot take back, before it settles the rest by [`Call::at_once`].
    Apart,
}

/// What a handler is given besides what it takes.
#[derive(Clone, Copy)]
pub(super) struct Call<'a> {
    pub(super) registry: &'a Registry,
    pub(super) operator: &'a Operator,
    /// The token; none on a route for everybody.
    pub(super) token: Option<&'a Token>,
    headers: &'a HeaderMap,
    /// The client's, where there is one.
    key: Option<&'a Key>,
    guard: Guard,
}

impl Call<'_> {
    /// Does what changes something and keeps its answer for a repeated request, in one transaction. Where the request says what it saw, nobody
    /// else changes anything meanwhile.
    ///
    /// # Errors
    /// Those of `work`: then nothing was done.
    pub(super) fn at_once<R: Reply>(
        &self,
        work: impl FnOnce(&Call<'_>) -> Result<R, Problem>,
    ) -> Result<Settled<R>, Problem> {
        let answer = once(self.registry, self.operator, self.key, |registry| {
            if self.guard.matching {
                requests::hold_still(registry)?;
            }
            work(&Call { registry, ..*self })?.answer()
        });
        Ok(Settled(answer?, PhantomData))
    }

    /// Lets a change through only where the resource is as the client saw it: its `If-Match` names the current form, or, where there is no
    /// such resource yet, its `If-None-Match` is `*`.
    ///
    /// # Errors
    /// Stale.
    pub(super) fn must_match<T: Serialize>(&self, current: Option<&T>) -> Result<(), Problem> {
        let stale = || Problem::new(Code::Stale, "您看过之后，这项内容已被改动。请重新读取后再改。");
        let Some(current) = current else {
            let new = header(self.headers, &IF_NONE_MATCH)? == Some("*");
            return if new { Ok(()) } else { Err(stale()) };
        };
        let tag = etag(&json(current)?);
        let asked = header(self.headers, &IF_MATCH)?.unwrap_or_default();
        let named = asked
            .split(',')
            .map(str::trim)
            .any(|named| named == "*" || named == tag);
        if named { Ok(()) } else { Err(stale()) }
    }
}

/// What a handler takes: of the address, of the query, and the body.
pub(super) struct In<P = Nothing, Q = Nothing, B = Nothing> {
    pub(super) path: P,
    pub(super) query: Q,
    pub(super) body: B,
}

/// A handler.
pub(super) type Handle<P, Q, B, R> = fn(&Call<'_>, In<P, Q, B>) -> Result<R, Problem>;

/// What comes in an address or a query.
pub(super) trait Params: DeserializeOwned + JsonSchema + Send + 'static {}
impl<T: DeserializeOwned + JsonSchema + Send + 'static> Params for T {}
/// A route whose answer is read only.
pub(super) fn get<P: Params, Q: Params, R: Reply + 'static>(
    path: &'static str,
    roles: &'static [Role],
    summary: &'static str,
    handle: Handle<P, Q, Nothing, R>,
) -> Endpoint {
    let guard = Guard {
        roles: Some(roles),
        scope: Scope::Read,
        matching: false,
        keyed: false,
        work: Work::Reads,
    };
    endpoint(Method::GET, path, guard, summary, handle)
}

/// A route for everybody, without a token.
pub(super) fn open<P: Params, Q: Params, R: Reply + 'static>(
    path: &'static str,
    summary: &'static str,
    handle: Handle<P, Q, Nothing, R>,
) -> Endpoint {
    let guard = Guard {
        roles: None,
        scope: Scope::Read,
        matching: false,
        keyed: false,
        work: Work::Reads,
    };
    endpoint(Method::GET, path, guard, summary, handle)
}

/// A route that makes something, or does what it names the exact form of itself.
pub(super) fn post<P: Params, Q: Params, B: Body, R: Reply + 'static>(
    path: &'static str,
    (roles, scope): (&'static [Role], Scope),
    summary: &'static str,
    handle: Handle<P, Q, B, R>,
) -> Endpoint {
    let guard = Guard {
        roles: Some(roles),
        scope,
        matching: false,
        keyed: true,
        work: Work::Whole,
    };
    endpoint(Method::POST, path, guard, summary, handle)
}

/// A route that makes something in a time that no transaction should take, or beyond the registry. What it does before it settles is the same
/// however often it is done, because a fault in between leaves it done and the key free.
pub(super) fn post_apart<P: Params, Q: Params, B: Body, R: Reply + 'static>(
    path: &'static str,
    (roles, scope): (&'static [Role], Scope),
    summary: &'static str,
    handle: Handle<P, Q, B, Settled<R>>,
) -> Endpoint {
    let guard = Guard {
        roles: Some(roles),
        scope,
        matching: false,
        keyed: true,
        work: Work::Apart,
    };
    endpoint(Method::POST, path, guard, summary, handle)
}

/// A route that is sent a secret: nothing is kept of what it is sent, so that it cannot be repeated under a key.
pub(super) fn post_secret<P: Params, B: Body, R: Reply + 'static>(
    path: &'static str,
    (roles, scope): (&'static [Role], Scope),
    summary: &'static str,
    handle: Handle<P, Nothing, B, R>,
) -> Endpoint {
    let guard = Guard {
        roles: Some(roles),
        scope,
        matching: false,
        keyed: false,
        // A password is hashed before the transaction: that takes its time, on purpose.
        work: Work::Apart,
    };
    endpoint(Method::POST, path, guard, summary, handle)
}

/// A route that changes one resource, which the client must have seen as it is.
pub(super) fn change<P: Params, Q: Params, B: Body, R: Reply + 'static>(
    method: Method,
    path: &'static str,
    (roles, scope): (&'static [Role], Scope),
    summary: &'static str,
    handle: Handle<P, Q, B, R>,
) -> Endpoint {
    let guard = Guard {
        roles: Some(roles),
        scope,
        matching: true,
        keyed: method == Method::POST,
        work: Work::Whole,
    };
    endpoint(method, path, guard, summary, handle)
}

/// A route that removes what cannot have changed since it was seen.
pub(super) fn delete<P: Params, R: Reply + 'static>(
    path: &'static str,
    (roles, scope): (&'static [Role], Scope),
    summary: &'static str,
    handle: Handle<P, Nothing, Nothing, R>,
) -> Endpoint {
    let guard = Guard {
        roles: Some(roles),
        scope,
        matching: false,
        keyed: false,
        work: Work::Whole,
    };
    endpoint(Method::DELETE, path, guard, summary, handle)
}

fn endpoint<P: Params, Q: Params, B: Body, R: Reply + 'static>(
    method: Method,
    path: &'static str,
    guard: Guard,
    summary: &'static str,
    handle: Handle<P, Q, B, R>,
) -> Endpoint {
    let run = move |State(registry): State<Registry>, request: Request| async move {
        match run(registry, request, guard, handle).await {
            Ok(answer) => answer.into_response(),
            Err(problem) => problem.into_response(),
        }
    };
    // Only the methods that stand in `routes`.
    let filter = match method {
        Method::POST => MethodFilter::POST,
        Method::PUT => MethodFilter::PUT,
        Method::DELETE => MethodFilter::DELETE,
        _ => MethodFilter::GET,
    };
    Endpoint {
        path,
        roles: guard.roles,
        scope: guard.scope,
        summary,
        matching: guard.matching,
        keyed: guard.keyed,
        conflicting: false,
        describe: describe::<P, Q, B, R>,
        handler: routing::on(filter, run),
        method,
    }
}

fn describe<P: Params, Q: Params, B: Body, R: Reply>(schemas: &mut Schemas) -> Described {
    let mut described = Described::new::<P, Q>(schemas);
    B::describe(&mut described, schemas);
    R::describe(&mut described, schemas);
    described
}

/// Runs work that blocks beside the requests.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, Problem> + Send + 'static) -> Result<T, Problem> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| Problem::internal(&error.into()))?
}

async fn run<P: Params, Q: Params, B: Body, R: Reply + 'static>(
    registry: Registry,
    request: Request,
    guard: Guard,
    handle: Handle<P, Q, B, R>,
) -> Result<Answer, Problem> {
    let (mut parts, body) = request.into_parts();
    let asked = {
        let whole = parts.extensions.get::<OriginalUri>().map(|OriginalUri(uri)| uri.path());
        asked(&parts.method, whole.unwrap_or_else(|| parts.uri.path()))
    };
    let Some(roles) = guard.roles else {
        return work(&registry, (parts, body), None, guard, handle).await;
    };
    let bearer = Arc::new(enter(&registry, &mut parts).await?);
    let answer = match may(&bearer, (roles, guard.scope)) {
        Ok(()) => work(&registry, (parts, body), Some(bearer.clone()), guard, handle).await,
        Err(problem) => Err(problem),
    };
    if let Err(problem) = &answer {
        note_refused(&registry, bearer.operator.clone(), asked, problem).await;
    }
    answer
}

async fn work<P: Params, Q: Params, B: Body, R: Reply + 'static>(
    registry: &Registry,
    (mut parts, body): (request::Parts, HttpBody),
    bearer: Option<Arc<Bearer>>,
    guard: Guard,
    handle: Handle<P, Q, B, R>,
) -> Result<Answer, Problem> {
    let (input, digest) = read::<P, Q, B>(registry, &mut parts, body).await?;
    let conditional = [IF_MATCH, IF_NONE_MATCH]
        .iter()
        .any(|name| parts.headers.contains_key(name));
    if guard.matching && !conditional {
        return Err(Problem::new(
            Code::PreconditionRequired,
            "修改前请先读取这项内容，并在 If-Match 中写明读到的 ETag。",
        ));
    }
    let key = if guard.keyed {
        idempotency_key(&parts.headers)?
    } else {
        None
    };
    let key = key.map(|key| Key {
        key,
        identity: request_hash(&parts, digest),
    });
    let registry = registry.clone();
    blocking(move || {
        // A route for everybody names nobody.
        let nobody = nobody();
        let operator = bearer.as_ref().map_or(&nobody, |bearer| &bearer.operator);
        let call = Call {
            registry: &registry,
            operator,
            token: bearer.as_ref().map(|bearer| &bearer.token),
            headers: &parts.headers,
            key: key.as_ref(),
            guard,
        };
        match guard.work {
            Work::Reads => handle(&call, input)?.answer(),
            Work::Whole => call.at_once(|call| handle(call, input))?.answer(),
            Work::Apart => {
                let before = key.as_ref().map(|key| answered(&registry, operator, key)).transpose()?;
                match before.flatten() {
                    Some(answer) => Ok(answer),
                    None => handle(&call, input)?.answer(),
                }
            }
        }
    })
    .await
}

fn nobody() -> Operator {
    Operator {
        name: String::new(),
        role: Role::Auditor,
        department: None,
        origin: String::new(),
    }
}

/// Who asks, where the token is good.
async fn enter(registry: &Registry, parts: &mut request::Parts) -> Result<Bearer, Problem> {
    let Ok(Origin(origin)) = Origin::from_request_parts(parts, &()).await;
    let secret = parts
        .headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, secret)| secret.trim().to_owned());
    let unauthenticated = || {
        Problem::new(
            Code::Unauthenticated,
            "没有令牌，或者令牌不对、已过期、已撤销。请在“接口令牌”页面签发，并写在 Authorization: Bearer 之后。",
        )
    };
    let secret = secret.ok_or_else(unauthenticated)?;
    let bearer = {
        let registry = registry.clone();
        blocking(move || Ok(tokens::bearer(&registry, &secret, &origin)?)).await?
    };
    bearer.ok_or_else(unauthenticated)
}

/// Whether the person's role and the token's scopes cover what is asked for.
fn may(bearer: &Bearer, (roles, scope): (&'static [Role], Scope)) -> Result<(), Problem> {
    if !roles.contains(&bearer.operator.role) {
        let role = bearer.operator.role.label();
        return Err(Problem::forbidden(format!("{role}不能使用这个接口。")));
    }
    if !bearer.token.scopes.contains(&scope) {
        return Err(Problem::new(
            Code::InsufficientScope,
            format!("令牌没有“{}”的权限。请另签发一个。", scope.label()),
        ));
    }
    Ok(())
}

/// Notes in the audit log what a person was refused, as it is noted of pages. It stands whether or not that succeeds.
async fn note_refused(registry: &Registry, operator: Operator, asked: String, problem: &Problem) {
    let action = match problem.code {
        // What is another department's answers like what is not there.
        Code::NotFound | Code::Forbidden | Code::InsufficientScope | Code::TooLarge => "access.page".into(),
        Code::Refused
        | Code::Stale
        | Code::PreviewMoved
        | Code::AlarmsUnchecked
        | Code::SelectionMoved
        | Code::KeyReused => {
            format!("{}.refused", area(&asked))
        }
        _ => return,
    };
    let (registry, reason) = (registry.clone(), problem.detail.clone());
    let noted = blocking(move || {
        Ok(audit::note_refusal(
            &registry,
            &operator,
            &action,
            &asked,
            Some(&reason),
        )?)
    });
    if noted.await.is_err() {
        tracing::error!("a refusal was not noted in the audit log");
    }
}

async fn read<P: Params, Q: Params, B: Body>(
    registry: &Registry,
    parts: &mut request::Parts,
    body: HttpBody,
) -> Result<(In<P, Q, B>, Sha256), Problem> {
    // An address that cannot be read names nothing.
    let Ok(Path(path)) = Path::<P>::from_request_parts(parts, &()).await else {
        return Err(Problem::not_found());
    };
    let query = serde_urlencoded::from_str(parts.uri.query().unwrap_or_default())
        .map_err(|error| Problem::invalid(format!("地址中的参数有误：{error}")))?;
    let (body, digest) = B::read(registry, &parts.headers, body).await?;
    Ok((In { path, query, body }, digest))
}

/// A header's text.
pub(super) fn header<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, Problem> {
    let value = headers.get(name).map(HeaderValue::to_str).transpose();
    value.map_err(|_| Problem::invalid(format!("请求头 {name} 无法识别。")))
}
