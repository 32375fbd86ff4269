//! `nightly-sync`: delivers every approved project to the national platform.

use std::sync::Arc;
use std::time::Duration;

use retrofit_jobs::delivery::{SyncOptions, deliver};
use retrofit_jobs::schedule::{Job, JobContext};

use crate::registry::Registry;
use crate::{process, sync};

const NAME: &str = "nightly-sync";
/// Whatever is still unanswered after so long is the next run's to ask about.
const WAIT: Duration = Duration::from_hours(1);

/// The job.
pub(super) fn job(registry: Registry) -> Job {
    Job::new(NAME, move |context| run(registry.clone(), context))
}

async fn run(registry: Registry, context: JobContext) -> Result<String, String> {
    let platform = sync::platform(&registry).map_err(|error| error.to_string())?;
    let options = SyncOptions {
        wait: WAIT,
        window_end: context.window_end,
        ..SyncOptions::new(process::holder(), NAME)
    };
    let outcome = deliver(Arc::new(registry), &platform, options)
        .await
        .map_err(|error| error.to_string())?;
    Ok(format!("{}：{}", sync::label(outcome.state), sync::balance(&outcome)))
}
