//! `/metrics`: how the deliveries and jobs stand, in the text form of Prometheus. Counts and times alone, of no project.
//!
//! Who may read it: who brings the token of `RETROFIT_METRICS_TOKEN` (`Authorization: Bearer …`). Where none is set, a reader on this machine
//! that asks it directly; what a proxy hands on is refused.

use std::fmt::Write as _;
use std::net::SocketAddr;

use axum::extract::{ConnectInfo, Extension, State};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, FORWARDED, HOST, VIA};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use sha2::{Digest as _, Sha256};

use super::error::WebError;
use super::frame::blocking;
use crate::config;
use crate::registry::Registry;
use crate::registry::measures::{self, Measures};

/// `GET /metrics`.
pub(super) async fn page(
    State(registry): State<Registry>,
    peer: Option<Extension<ConnectInfo<SocketAddr>>>,
    headers: HeaderMap,
) -> Result<Response, WebError> {
    let token = config::metrics_token().map_err(|error| WebError::Failed(error.into()))?;
    if !may_read(
        token.as_deref(),
        peer.map(|Extension(ConnectInfo(peer))| peer),
        &headers,
    ) {
        return Ok((
            StatusCode::FORBIDDEN,
            "set RETROFIT_METRICS_TOKEN and send it, or ask on this machine\n",
        )
            .into_response());
    }
    let text = blocking(&registry, |registry| Ok(text(&measures::measures(registry)?))).await?;
    Ok(([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response())
}

fn may_read(token: Option<&str>, peer: Option<SocketAddr>, headers: &HeaderMap) -> bool {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(token) = token {
        let given = header(AUTHORIZATION.as_str()).and_then(|value| value.strip_prefix("Bearer "));
        // digests, so that the time taken tells nothing of the token
        return given.is_some_and(|given| Sha256::digest(given) == Sha256::digest(token));
    }
    let proxied = [FORWARDED.as_str(), VIA.as_str(), "x-forwarded-for", "x-real-ip"];
    let here = header(HOST.as_str()).is_some_and(|host| {
        let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
        ["127.0.0.1", "localhost", "[::1]"].contains(&name)
    });
    peer.is_some_and(|peer| peer.ip().is_loopback()) && here && !proxied.iter().any(|name| headers.contains_key(*name))
}

fn text(measures: &Measures) -> String {
    let mut out = String::new();
    family(
        &mut out,
        "retrofit_deliveries",
        "gauge",
        "Approved revisions by the state of their delivery.",
    );
    for (state, count) in &measures.deliveries {
        line(&mut out, "retrofit_deliveries", &[("state", state)], *count);
    }
    family(
        &mut out,
        "retrofit_requests_total",
        "counter",
        "Requests to the platform by kind and answer.",
    );
    for (kind, status, count) in &measures.attempts {
        let status = status.map_or_else(|| "none".to_owned(), |status| status.to_string());
        line(
            &mut out,
            "retrofit_requests_total",
            &[("kind", kind), ("status", &status)],
            *count,
        );
    }
    if let Some(run) = &measures.last_run {
        family(
            &mut out,
            "retrofit_last_delivery_started_seconds",
            "gauge",
            "When the latest delivery began.",
        );
        line(
            &mut out,
            "retrofit_last_delivery_started_seconds",
            &[("state", &run.state)],
            run.started_at / 1_000,
        );
        family(
            &mut out,
            "retrofit_last_delivery_records",
            "gauge",
            "How the records of the latest delivery ended.",
        );
        let counts = &run.counts;
        for (state, count) in [
            ("accepted", counts.accepted),
            ("rejected", counts.rejected),
            ("unchanged", counts.unchanged),
            ("stale", counts.stale),
            ("pending", counts.pending),
            ("unknown", counts.unknown),
            ("not_sent", counts.not_sent),
        ] {
            line(&mut out, "retrofit_last_delivery_records", &[("state", state)], count);
        }
    }
    family(
        &mut out,
        "retrofit_job_last_run_seconds",
        "gauge",
        "When the latest run of a job was due, by how it ended.",
    );
    for run in &measures.jobs {
        let labels = [("job", &*run.job), ("state", &*run.state)];
        line(&mut out, "retrofit_job_last_run_seconds", &labels, run.due_at / 1_000);
    }
    family(&mut out, "retrofit_job_paused", "gauge", "Jobs that are paused.");
    for job in &measures.paused {
        line(&mut out, "retrofit_job_paused", &[("job", job)], 1);
    }
    out
}

fn family(out: &mut String, name: &str, kind: &str, help: &str) {
    // writing to a string does not fail
    let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}");
}

/// Label values are words of ours and names of jobs: nothing in them is to be escaped but what a deployment's schedule might hold.
fn line(out: &mut String, name: &str, labels: &[(&str, &str)], value: i64) {
    let escaped = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    let labels: Vec<String> = labels
        .iter()
        .map(|(label, text)| format!("{label}=\"{}\"", escaped(text)))
        .collect();
    let _ = writeln!(out, "{name}{{{}}} {value}", labels.join(","));
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect()
    }

    #[test]
    fn the_token_opens_and_without_one_only_this_machine_does() {
        let local = "127.0.0.1:5000".parse().ok();
        let far = "10.0.0.9:5000".parse().ok();
        let host = ("host", "127.0.0.1:8080");
        for (token, peer, pairs, expected) in [
            (None, local, vec![host], true),
            (None, far, vec![host], false),
            (None, local, vec![("host", "registry.city")], false),
            (None, local, vec![host, ("x-forwarded-for", "10.0.0.9")], false),
            (None, None, vec![host], false),
            (Some("t0ken"), far, vec![("authorization", "Bearer t0ken")], true),
            (Some("t0ken"), local, vec![host], false),
            (
                Some("t0ken"),
                local,
                vec![host, ("authorization", "Bearer other")],
                false,
            ),
        ] {
            assert_eq!(
                may_read(token, peer, &headers(&pairs)),
                expected,
                "{token:?} {peer:?} {pairs:?}"
            );
        }
    }
}
