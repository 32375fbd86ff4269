//! What the workers of a run know together: counts, what is awaited, and why no more is sent.

use std::collections::VecDeque;

use super::Phase;
use super::exchange::Tracked;
use crate::platform::Problem;
use crate::store::{Counts, Receipt, Rejection, RunState, Verdict};

/// What the workers know together.
#[derive(Default)]
pub(super) struct Tally {
    pub(super) counts: Counts,
    pub(super) batches: u64,
    /// Batches whose receipts are awaited.
    pub(super) pending: Vec<Tracked>,
    /// Batches given up in a row for want of a sound answer.
    pub(super) strikes: u32,
    /// Batches to ask about next.
    pub(super) queue: VecDeque<Tracked>,
    /// Records whose batch was refused although it held nothing else.
    pub(super) suspects: Vec<Rejection>,
    /// Records whose batch the platform closed without their receipt; counted as unknown.
    pub(super) missing: u64,
    /// Something was claimed in this round.
    pub(super) claimed: bool,
    /// A batch of this run was taken in.
    pub(super) taken: bool,
    pub(super) refusals: u32,
    /// Batches sealed, for their numbers.
    pub(super) sealed: u64,
    pub(super) total: u64,
    /// Workers send.
    pub(super) sending: bool,
    pub(super) phase: Option<Phase>,
    pub(super) stop: Option<Stop>,
}

impl Tally {
    /// Counts believed receipts, and members whose receipt did not come.
    pub(super) fn settle(&mut self, receipts: &[Receipt], missing: u64) {
        for receipt in receipts {
            match receipt.verdict {
                Verdict::Accepted => self.counts.accepted += 1,
                Verdict::Rejected => self.counts.rejected += 1,
                Verdict::Unchanged => self.counts.unchanged += 1,
                Verdict::Stale => self.counts.stale += 1,
            }
        }
        self.counts.unknown += missing;
        self.missing += missing;
    }

    /// The oldest batch that was not asked about yet, if so many were taken in after it: by then the platform may be through with it.
    pub(super) fn next_behind(&mut self, lag: usize) -> Option<Tracked> {
        let mut unasked = self.pending.iter().enumerate().filter(|(_, batch)| !batch.asked);
        let (oldest, _) = unasked.next()?;
        unasked.nth(lag.checked_sub(1)?)?;
        let mut batch = self.pending.remove(oldest);
        batch.asked = true;
        Some(batch)
    }

    /// The counts so far, with those whose receipts are awaited.
    pub(super) fn counts(&self) -> Counts {
        let pending = self.pending.iter().map(Tracked::open).sum();
        Counts { pending, ..self.counts }
    }
}

/// Why a run sends no more.
#[derive(Clone, Debug)]
pub(super) struct Stop {
    pub(super) state: RunState,
    pub(super) detail: String,
}

impl Stop {
    pub(super) fn new(state: RunState, detail: impl Into<String>) -> Self {
        Self {
            state,
            detail: detail.into(),
        }
    }

    pub(super) fn window_closed() -> Self {
        Self::new(RunState::WindowClosed, "上传时段已结束；未发送的记录留待下次")
    }

    /// The platform refuses whole batches, whichever records are in them.
    pub(super) fn whole_refusal(code: &str, words: &str) -> Self {
        let words = format!("平台整批拒绝，且不因个别记录（{code}：{words}）；记录未发送，请核对平台配置");
        Self::new(RunState::Refused, words)
    }

    /// The platform refuses us, not a record. `skew`: the seconds that its clock is ahead of ours, where that is why.
    pub(super) fn denied(problem: &Problem, skew: Option<i64>) -> Self {
        match skew {
            Some(ahead) => {
                let way = if ahead > 0 { "慢" } else { "快" };
                let words = format!(
                    "本机时钟比平台{way} {} 秒，超过 300 秒，平台不接受签名（{problem}）；请校准本机时间后重新上传",
                    ahead.abs()
                );
                Self::new(RunState::ClockSkew, words)
            }
            None => Self::new(
                RunState::Refused,
                format!("平台拒绝了本系统的请求（{problem}）；请核对平台地址、应用标识、密钥和行政区划代码"),
            ),
        }
    }
}
