//! A request that may be repeated as it is: until there is an answer, or the platform is not to be had.

use std::time::Duration;

use super::Patience;
use super::tally::Stop;
use crate::clock::{Clock, millis};
use crate::platform::{Answer, Exchange, Problem};
use crate::store::{RunState, UtcMillis};

/// What a repeated request came to.
pub(super) enum Settled<T> {
    Sound(T),
    NotFound(Problem),
    Refused(Problem),
}

/// Makes a request until it is answered. What has no effect (a question), or the same effect however often it is made (a
/// photo), may be repeated at will.
pub(super) async fn repeat<T, F: Future<Output = Exchange<T>>>(
    clock: &Clock,
    patience: &Patience,
    window_end: Option<UtcMillis>,
    request: impl Fn() -> F,
) -> Result<Settled<T>, Stop> {
    let mut failures = 0;
    loop {
        let over = |pause| window_end.is_some_and(|end| clock.now().saturating_add(millis(pause)) >= end);
        if over(Duration::ZERO) {
            return Err(Stop::window_closed());
        }
        let (stop, asked) = match request().await.answer {
            Answer::Sound(sound) => return Ok(Settled::Sound(sound)),
            Answer::NotFound(problem) => return Ok(Settled::NotFound(problem)),
            Answer::Refused(problem) => return Ok(Settled::Refused(problem)),
            Answer::Denied(problem, skew) => return Err(Stop::denied(&problem, skew)),
            Answer::Busy(asked) => (Stop::new(RunState::PlatformBusy, "平台一直要求稍后再试（429）"), asked),
            Answer::Lost(asked) => (Stop::new(RunState::PlatformDown, "平台连续无应答或报错"), asked),
            Answer::Unreachable(reason) => (
                Stop::new(RunState::PlatformDown, format!("无法连接平台（{reason}）")),
                None,
            ),
        };
        failures += 1;
        match patience.pause(failures, asked) {
            None => return Err(stop),
            Some(pause) if over(pause) => return Err(Stop::window_closed()),
            Some(pause) => clock.sleep(pause).await,
        }
    }
}

impl Patience {
    /// How long to wait after so many failures in a row, where the platform asked for so much; `None`: no longer.
    pub(super) fn pause(&self, failures: u32, asked: Option<Duration>) -> Option<Duration> {
        let doubled = self.base.saturating_mul(1 << failures.saturating_sub(1).min(16));
        let pause = asked.unwrap_or_else(|| jitter(doubled.min(self.cap)));
        (failures < self.attempts && pause <= self.longest_pause).then_some(pause)
    }
}

/// Full jitter: anything from nothing to the whole span, so that many clients do not come back at one moment.
fn jitter(span: Duration) -> Duration {
    const STEPS: u32 = 1_000;
    getrandom::u32().map_or(span, |random| span / STEPS * (random % (STEPS + 1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_are_drawn_from_doubling_spans_up_to_the_cap_and_end() {
        let patience = Patience {
            attempts: 40,
            ..Patience::default()
        };
        let mut longest = Duration::ZERO;
        for failures in 1..40 {
            let most = (patience.base * 2_u32.pow((failures - 1).min(6))).min(patience.cap);
            for _ in 0..200 {
                let pause = patience.pause(failures, None);
                assert!(pause.is_some_and(|pause| pause <= most), "{failures}: {pause:?}");
                longest = longest.max(pause.unwrap_or_default());
            }
        }
        assert!(longest > patience.cap / 2, "{longest:?}");
        assert_eq!(patience.pause(40, None), None);
        let asked = Duration::from_secs(90);
        assert_eq!(
            patience.pause(3, Some(asked)),
            Some(asked),
            "what the platform asks for is not drawn"
        );
        assert_eq!(patience.pause(1, Some(patience.longest_pause + asked)), None);
    }
}
