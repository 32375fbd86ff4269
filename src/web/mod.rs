//! The pages: what officers see. Server-rendered Chinese HTML that works without JavaScript.
//!
//! - `router` lists every route with who may use it; `guard` lets nobody else through and refuses posts from other sites.
//! - One file per page, its HTML in `templates/`. A handler reads, makes a template's struct, and renders it; nothing here writes SQL.
//! - `frame` is what surrounds a page, `words` how values are said, `error` what a page says when it cannot be shown.
//! - `assets` are the stylesheet and the script, embedded.

mod account;
mod assets;
mod audit;
mod audit_words;
mod bulletin;
mod charts;
mod columns;
mod committed;
mod departments;
mod downloads;
mod duplicates;
mod error;
mod explain;
mod findings;
mod frame;
mod guard;
mod home;
mod inspections;
mod jobs;
mod kept;
mod live;
mod login;
mod map;
mod meetings;
mod metrics;
mod packages;
mod people;
mod periods;
mod photos;
mod preview;
mod progress;
mod project;
mod projects;
mod quality;
mod reconciliation;
mod review;
mod review_filters;
mod router;
mod rules;
mod runs;
mod targets;
mod timeliness;
mod tokens;
mod upload;
mod waivers;
mod words;

use std::future::Future;
use std::io;
use std::net::SocketAddr;

use axum::Extension;
pub(crate) use downloads::encoded;
pub(crate) use guard::{Origin, area, asked};
pub use router::{Access, Route, router, routes};
use tokio::net::TcpListener;
use tokio::sync::watch;
pub(crate) use upload::plain_name;

use crate::registry::Registry;

/// Serves the pages on `listener` until `shutdown` comes true; requests under way are finished.
///
/// # Errors
/// Those of the listener.
pub async fn serve(
    listener: TcpListener,
    registry: Registry,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let (closing, closes) = watch::channel(false);
    let shutdown = async move {
        shutdown.await;
        // nobody listens where no stream is open
        let _ = closing.send(true);
    };
    let service = router(&registry)
        .layer(Extension(live::Closing(closes)))
        .into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service).with_graceful_shutdown(shutdown).await
}
