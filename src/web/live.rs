//! `/runs/live`: how the delivery at work goes on, as server-sent events for the page's script. What is told is what the run has stored, so it
//! does not matter which process delivers.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::{Extension, State};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream::unfold;
use retrofit_jobs::store::{RunState, Word as _};
use serde_json::json;
use tokio::sync::watch;

use super::error::WebError;
use super::frame::blocking;
use super::guard::Officer;
use crate::registry::people::{self, Session};
use crate::registry::{Registry, delivery};
use crate::sync;

/// How often the run's row is read: a run stores its counts as often.
const BEAT: Duration = Duration::from_secs(2);

/// Comes true when the service stops: a stream would keep it waiting.
#[derive(Clone)]
pub(super) struct Closing(pub(super) watch::Receiver<bool>);

/// `GET /runs/live`: an event `run` for each change, and `end` when no delivery is at work.
pub(super) async fn stream(
    State(registry): State<Registry>,
    Extension(session): Officer,
    closing: Option<Extension<Closing>>,
) -> Result<Response, WebError> {
    let closing = closing.map(|Extension(Closing(closing))| closing);
    let events = unfold(
        (registry, session, closing, String::new(), false),
        async |(registry, session, closing, mut told, ended)| {
            if ended {
                return None;
            }
            loop {
                if closing.as_ref().is_some_and(|closing| *closing.borrow()) {
                    return None;
                }
                let (of, asked) = (registry.clone(), session.clone());
                let now = blocking(&of, move |registry| latest(registry, &asked)).await;
                let Ok(Some((state, text))) = now else {
                    // an error is in the log already; the page's reload will show it
                    let end = Event::default().event("end").data("{}");
                    return Some((Ok::<_, Infallible>(end), (registry, session, closing, told, true)));
                };
                if state != RunState::Running {
                    let end = Event::default().event("end").data(text);
                    return Some((Ok(end), (registry, session, closing, told, true)));
                }
                if text != told {
                    told.clone_from(&text);
                    let event = Event::default().event("run").data(text);
                    return Some((Ok(event), (registry, session, closing, told, false)));
                }
                tokio::time::sleep(BEAT).await;
            }
        },
    );
    Ok(Sse::new(events).keep_alive(KeepAlive::default()).into_response())
}

/// The latest delivery: its state, and what the page shows of it.
fn latest(registry: &Registry, session: &Session) -> Result<Option<(RunState, String)>, WebError> {
    // An account that was disabled meanwhile watches no further.
    if !people::is_alive(registry, session)? {
        return Ok(None);
    }
    let Some(row) = delivery::runs(registry, &session.operator, 1)?.pop() else {
        return Ok(None);
    };
    let outcome = delivery::outcome(&row)?;
    let text = json!({
        "run": row.id,
        "state": outcome.state.word(),
        "selected": outcome.selected,
        "settled": outcome.counts.settled(),
        "words": sync::balance(&outcome),
    });
    Ok(Some((outcome.state, text.to_string())))
}
