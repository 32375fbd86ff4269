//! `reconciliation`: compares the platform's list with what was delivered. It reports, and what the platform's inspection returned goes back to
//! its department; nothing is delivered again.

use std::sync::Arc;

use retrofit_jobs::delivery::{Patience, reconcile};
use retrofit_jobs::schedule::{Job, JobContext};
use tokio::task::spawn_blocking;

use crate::registry::{Registry, reconcile as reports};
use crate::sync;

pub(super) const NAME: &str = "reconciliation";

/// The job.
pub(super) fn job(registry: Registry) -> Job {
    Job::new(NAME, move |context| run(registry.clone(), context))
}

async fn run(registry: Registry, context: JobContext) -> Result<String, String> {
    let platform = sync::platform(&registry).map_err(|error| error.to_string())?;
    let store = Arc::new(registry.clone());
    let compared = reconcile(store, &platform, NAME, false, Patience::default(), context.window_end)
        .await
        .map_err(|error| error.to_string())?;
    let counts = spawn_blocking(move || reports::counts(&registry, compared.id))
        .await
        .map_err(|error| error.to_string())?
        .map_err(|error| error.to_string())?;
    let line = reports::line(compared.listed, &counts);
    match compared.trouble {
        None => Ok(line),
        Some(trouble) => Err(format!("{line}。核对没有完成：{trouble}")),
    }
}
