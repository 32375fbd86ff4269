//! The routes, and what every request passes: the log, faults, maintenance, the signature.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, DefaultBodyLimit, Query, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use serde_json::json;

use crate::fault::{Endpoint, FaultKind, Point};
use crate::line::Line;
use crate::platform::{Arrival, Platform, lock};
use crate::problem::Problem;
use crate::signing::Claim;
use crate::{admin, batches, body, records};

/// The `source_id`s of the batch that a response is about; faults ask for them.
#[derive(Clone, Debug, Default)]
pub(crate) struct About(pub(crate) Vec<String>);

/// The contract's routes; with `by_hand` also the route for trying faults, which is no part of the contract.
pub(crate) fn router(platform: &Arc<Platform>, by_hand: bool) -> Router {
    let signed = Router::new()
        .route("/api/v1/batches", post(batches::submit).get(batches::find))
        .route("/api/v1/batches/{batch_id}", get(batches::status))
        .route("/api/v1/records", get(records::list))
        .route(
            "/api/v1/records/{source_id}/photos/{kind}/{sha256}",
            put(records::put_photo),
        )
        .route_layer(middleware::from_fn_with_state(Arc::clone(platform), check_signature))
        // The signature check has read the body and kept the contract's own limit.
        .layer(DefaultBodyLimit::disable());
    let contract = signed
        .route("/api/v1/health", get(health))
        .fallback(async || Problem::not_found("page"))
        .method_not_allowed_fallback(async || {
            Problem::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "method_not_allowed",
                "not a method of this address",
            )
        })
        .layer(middleware::from_fn_with_state(Arc::clone(platform), observe));
    let router = if by_hand {
        contract.merge(admin::router())
    } else {
        contract
    };
    router.with_state(Arc::clone(platform))
}

/// Logs a request, lets faults strike before and after it, and puts the platform's own clock into `Date`.
async fn observe(
    State(platform): State<Arc<Platform>>,
    ConnectInfo(line): ConnectInfo<Line>,
    request: Request,
    next: Next,
) -> Response {
    let endpoint = Endpoint::of(request.method(), request.uri().path());
    let number = {
        let header = |name: &str| {
            let value = request.headers().get(name)?;
            Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
        };
        let mut arrivals = lock(&platform.arrivals);
        arrivals.push(Arrival {
            method: request.method().to_string(),
            path: request
                .uri()
                .path_and_query()
                .map(ToString::to_string)
                .unwrap_or_default(),
            status: None,
            idempotency_key: header("idempotency-key"),
            content_encoding: header("content-encoding"),
        });
        arrivals.len() - 1
    };
    let mut response = match strike_around(&platform, endpoint, &line, request, next).await {
        Ok(response) => response,
        Err(problem) => problem.into_response(),
    };
    if !line.is_cut() {
        lock(&platform.arrivals)[number].status = Some(response.status().as_u16());
    }
    let date = platform.now().format("%a, %d %b %Y %H:%M:%S GMT").to_string();
    if let Ok(date) = HeaderValue::from_str(&date) {
        response.headers_mut().insert(header::DATE, date);
    }
    response
}

/// Faults before a batch is processed strike in its handler, where its key is marked and its records are known.
async fn strike_around(
    platform: &Arc<Platform>,
    endpoint: Option<Endpoint>,
    line: &Line,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let Some(endpoint) = endpoint else {
        return Ok(next.run(request).await);
    };
    if endpoint != Endpoint::SubmitBatch {
        platform.suffer(Point::Before, endpoint, &[], line).await?;
    }
    let response = next.run(request).await;
    if !response.status().is_success() {
        return Ok(response);
    }
    let about = response.extensions().get::<About>().cloned().unwrap_or_default();
    match platform.faults.strike(Point::After, endpoint, &about.0) {
        None => Ok(response),
        Some(strike) if matches!(strike.kind, FaultKind::NotJson) => Ok((
            response.status(),
            [(header::CONTENT_TYPE, "application/json")],
            "<html>502</html>",
        )
            .into_response()),
        Some(strike) if matches!(strike.kind, FaultKind::Torn) => {
            let (mut parts, body) = response.into_parts();
            let whole = body::read(body).await?;
            parts.headers.remove(header::CONTENT_LENGTH);
            Ok(Response::from_parts(parts, Body::from(whole.slice(..whole.len() / 2))))
        }
        Some(strike) => strike.act(line, platform.closing.clone()).await.map(|()| response),
    }
}

/// Refuses what is not signed, after 503 during maintenance; the body goes on as it was sent.
async fn check_signature(
    State(platform): State<Arc<Platform>>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let until = lock(&platform.conditions).maintenance_until;
    if let Some(wait) = until.map(|until| (until - platform.now()).num_seconds().max(1)) {
        let problem = Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "maintenance",
            "the platform is under maintenance",
        );
        return Err(Problem {
            retry_after: Some(wait.unsigned_abs()),
            ..problem
        });
    }
    let (parts, body) = request.into_parts();
    let body: Bytes = body::read(body).await?;
    let claim = Claim::read(&parts.headers, !body.is_empty())?;
    claim.check_key(&platform.app_key)?;
    let now = platform.now_ms();
    let nonce = claim.nonce.clone();
    if !platform
        .with_store(move |_, store| Ok(store.spend_nonce(&nonce, now)?))
        .await?
    {
        return Err(Problem::unsigned("nonce_reused", "X-Nonce was seen in the last 600 s"));
    }
    claim.check(&platform.secret, &parts.method, &parts.uri, &body, now)?;
    Ok(next.run(Request::from_parts(parts, Body::from(body))).await)
}

/// `GET /api/v1/health`, unsigned.
async fn health(State(platform): State<Arc<Platform>>) -> Response {
    let until = lock(&platform.conditions).maintenance_until;
    let status = if until.is_some() { "maintenance" } else { "up" };
    Json(json!({ "status": status, "until": until })).into_response()
}

/// The query's parameters; one that is unknown or repeated is a 400.
pub(crate) fn query(uri: &Uri, allowed: &[&str]) -> Result<Vec<(String, String)>, Problem> {
    let malformed = |detail: String| Problem::malformed("bad_query", detail);
    let Query(pairs): Query<Vec<(String, String)>> =
        Query::try_from_uri(uri).map_err(|error| malformed(error.to_string()))?;
    for (at, (name, _)) in pairs.iter().enumerate() {
        if !allowed.contains(&name.as_str()) || pairs[..at].iter().any(|(earlier, _)| earlier == name) {
            return Err(malformed(format!("unknown or repeated parameter {name:?}")));
        }
    }
    Ok(pairs)
}

/// Refuses a body of another media type than the endpoint takes; saying none is allowed.
pub(crate) fn check_media_type(headers: &HeaderMap, allowed: &[&str]) -> Result<(), Problem> {
    let Some(sent) = headers.get(header::CONTENT_TYPE) else {
        return Ok(());
    };
    let sent = sent
        .to_str()
        .unwrap_or_default()
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    if allowed.contains(&sent.as_str()) {
        Ok(())
    } else {
        Err(Problem::malformed(
            "bad_media_type",
            format!("Content-Type must be {}", allowed.join(" or ")),
        ))
    }
}
