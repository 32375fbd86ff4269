//! `receipt-follow-up`: takes on what earlier deliveries left open, and sends nothing new.

use std::sync::Arc;
use std::time::Duration;

use retrofit_jobs::delivery::{SyncOptions, deliver};
use retrofit_jobs::schedule::{Job, JobContext};
use retrofit_jobs::store::RunState;
use tokio::task::spawn_blocking;

use crate::registry::{Registry, delivery};
use crate::{process, sync};

pub(super) const NAME: &str = "receipt-follow-up";
/// Whatever is still unanswered after so long is the next follow-up's.
const WAIT: Duration = Duration::from_mins(10);

/// The job.
pub(super) fn job(registry: Registry) -> Job {
    Job::new(NAME, move |context| run(registry.clone(), context))
}

async fn run(registry: Registry, context: JobContext) -> Result<String, String> {
    let asked = registry.clone();
    let open = spawn_blocking(move || delivery::open_batches(&asked))
        .await
        .map_err(|error| error.to_string())?
        .map_err(|error| error.to_string())?;
    if open == 0 {
        return Ok("没有等待回执的批次".into());
    }
    let platform = sync::platform(&registry).map_err(|error| error.to_string())?;
    let options = SyncOptions {
        wait: WAIT,
        window_end: context.window_end,
        only_follow_up: true,
        ..SyncOptions::new(process::holder(), NAME)
    };
    let outcome = deliver(Arc::new(registry), &platform, options)
        .await
        .map_err(|error| error.to_string())?;
    let line = format!("{}：{}", sync::label(outcome.state), sync::balance(&outcome));
    if matches!(outcome.state, RunState::Done | RunState::Pending) {
        Ok(line)
    } else {
        Err(line)
    }
}
