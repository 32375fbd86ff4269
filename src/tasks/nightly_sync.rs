//! `nightly-sync`: delivers every approved project to the national platform, and then the photos of those that it has.

use std::time::Duration;

use retrofit_jobs::delivery::{PhotosOutcome, SyncOptions, SyncOutcome};
use retrofit_jobs::schedule::{Job, JobContext};
use retrofit_jobs::store::RunState;

use crate::registry::Registry;
use crate::{process, sync};

pub(super) const NAME: &str = "nightly-sync";
/// Whatever is still unanswered after so long is the next run's to ask about.
const WAIT: Duration = Duration::from_hours(1);

/// The job.
pub(super) fn job(registry: Registry) -> Job {
    Job::new(NAME, move |context| run(registry.clone(), context))
}

async fn run(registry: Registry, context: JobContext) -> Result<String, String> {
    let platform = sync::platform(&registry).map_err(|error| error.to_string())?;
    let options = SyncOptions {
        concurrency: platform.profile.limits.connections,
        wait: WAIT,
        window_end: context.window_end,
        ..SyncOptions::new(process::holder(), NAME)
    };
    let ran = sync::run(&registry, &platform, options).await;
    let (outcome, photos) = ran.map_err(|error| error.to_string())?;
    told(&outcome, &photos.unwrap_or_default())
}

/// The line for the job's history: of success where everything has reached the platform. A failed job is not repeated before it is due again;
/// the next run goes on where this one ended.
fn told(outcome: &SyncOutcome, photos: &PhotosOutcome) -> Result<String, String> {
    let mut line = format!("{}：{}", sync::label(outcome.state), sync::balance(outcome));
    let of_photos = sync::photos_line(photos);
    if !of_photos.is_empty() {
        line = format!("{line}。{of_photos}");
    }
    let all_sent = outcome.counts.not_sent == 0 && photos.stopped.is_none() && photos.unreadable == 0;
    if matches!(outcome.state, RunState::Done | RunState::Pending) && all_sent {
        Ok(line)
    } else {
        Err(line)
    }
}

#[cfg(test)]
mod tests {
    use retrofit_jobs::store::{Counts, RunId, Word as _};

    use super::*;

    #[test]
    fn only_a_run_that_sent_everything_is_a_success() {
        for (state, not_sent, success) in [
            (RunState::Done, 0, true),
            (RunState::Pending, 0, true),
            (RunState::Pending, 1, false),
            (RunState::Partial, 0, false),
            (RunState::PlatformDown, 2, false),
            (RunState::Refused, 2, false),
            (RunState::WindowClosed, 2, false),
        ] {
            let counts = Counts {
                not_sent,
                ..Counts::default()
            };
            let outcome = SyncOutcome {
                run_id: RunId(1),
                state,
                selected: counts.selected(),
                counts,
                batches: 0,
                detail: None,
            };
            let told = told(&outcome, &PhotosOutcome::default());
            assert_eq!(told.is_ok(), success, "{} {not_sent}", state.word());
            let (Ok(line) | Err(line)) = told;
            assert!(line.contains(sync::label(state)) && line.contains("应报"), "{line}");
            assert!(!line.contains("照片"), "none waited: {line}");
        }
    }

    #[test]
    fn the_line_tells_of_photos_and_those_not_sent_are_no_success() {
        let outcome = SyncOutcome {
            run_id: RunId(1),
            state: RunState::Done,
            selected: 0,
            counts: Counts::default(),
            batches: 0,
            detail: None,
        };
        let photos = PhotosOutcome {
            delivered: 3,
            refused: 1,
            ..PhotosOutcome::default()
        };
        let line = told(&outcome, &photos);
        let told_of = "照片：上报 3 张，平台退回 1 张";
        assert!(line.as_ref().is_ok_and(|line| line.ends_with(told_of)), "{line:?}");
        for unsent in [
            PhotosOutcome {
                stopped: Some("平台连续无应答或报错".into()),
                ..photos.clone()
            },
            PhotosOutcome {
                unreadable: 1,
                ..photos
            },
        ] {
            assert!(told(&outcome, &unsent).is_err(), "{unsent:?}");
        }
    }
}
