//! The interface for programs: everything of the registry as JSON under `/api/v1`, thin over the functions that pages and commands use.
//!
//! - `routes` lists every route, the nouns' files their handlers. A handler is a plain function that blocks: it is given who asks and what was
//!   sent, and gives what is answered, all by types.
//! - `endpoint` reads a request by these types (`body`, `reply`), checks token, role and scope, and answers; `openapi` writes the document by the
//!   same types. A change is one transaction with the comparison of its `If-Match` and with the answer that is kept under its `Idempotency-Key`
//!   (`once`). What takes long, or reaches beyond the registry, is done before that (`post_apart`), and is the same however often it is done.
//! - `problem` is what is answered when something cannot be done, `types` how values are written, `docs` the viewer.
//!
//! There are no cookies here, so that no other site can make a browser act.
//!
//! Every page has its operations, or a reason for none, in `tests/it/api/whole.rs`. Of the commands, `template`, `columns`, `import`, `export`, `review`,
//! `user`, `jobs`, `sync`, `rule`, `rules`, `recheck`, `waive`, `audit list` and `audit verify` have theirs. `check` has none, because an upload tells
//! the same of a file and keeps it until it is confirmed; `token issue`, because a token that could issue another would never end; `audit seal`, because
//! the service seals by itself; `serve`, `migrate`, `zonation` and `demo`, because they are about the machine that they run on.

#![expect(
    clippy::needless_pass_by_value,
    clippy::unnecessary_wraps,
    reason = "handlers share one signature, whether or not they keep what they are given or can fail"
)]

mod approved;
mod audit;
mod boards;
mod body;
mod catalogue;
mod columns;
mod delivery;
mod docs;
mod endpoint;
mod figures;
mod findings;
mod inspections;
mod jobs;
mod meetings;
mod once;
mod openapi;
mod packages;
mod people;
mod periods;
mod photos;
mod preview;
mod problem;
mod projects;
mod proposals;
mod recheck;
mod record;
mod reply;
mod review;
mod roles;
mod routes;
mod targets;
mod types;
mod uploads;
mod waivers;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::response::{IntoResponse, Response};
use axum::routing;
use tower_http::catch_panic::CatchPanicLayer;

pub use endpoint::Endpoint;
pub use openapi::document;
pub use routes::endpoints;

use crate::registry::Registry;
use problem::{Code, Problem};

/// The interface of a registry, to be nested at `/api`.
pub(crate) fn router(registry: &Registry) -> Router {
    let mut v1 = Router::new();
    for endpoint in endpoints() {
        v1 = v1.route(endpoint.path, endpoint.handler);
    }
    Router::new()
        .nest("/v1", v1)
        .route("/docs", routing::get(docs::page))
        .route("/docs/{file}", routing::get(docs::file))
        .fallback(nothing_here)
        .method_not_allowed_fallback(no_such_method)
        // Each body has its own limit.
        .layer(DefaultBodyLimit::disable())
        .layer(CatchPanicLayer::custom(panicked))
        .with_state(registry.clone())
}

async fn nothing_here() -> Problem {
    Problem::new(Code::NotFound, "没有这个地址。接口的地址见 /api/docs。")
}

async fn no_such_method() -> Problem {
    Problem::new(
        Code::MethodNotAllowed,
        "这个地址不支持这种方法。接口的说明见 /api/docs。",
    )
}

#[expect(clippy::needless_pass_by_value, reason = "the layer's signature")]
fn panicked(panic: Box<dyn std::any::Any + Send>) -> Response {
    let words = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("a panic without words");
    Problem::internal(&anyhow::anyhow!("panicked: {words}")).into_response()
}
