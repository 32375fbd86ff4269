//! `retention`: what need not be kept goes. That is little: logins that are long over, answers kept for clients that repeat a request,
//! and the lists of what runs of the delivery left, but for the latest runs.
//!
//! Never removed: projects and their history, decisions, deliveries with their attempts and receipts, the audit log (six months are the
//! least that is asked; all of it is kept), and the rosters as they were sent, which the history points to. The body of a batch goes when
//! the batch is closed, in that transaction.

use crate::db::people;
use crate::registry::delivery::{self, LISTS_KEPT};
use crate::registry::{Error, Registry, requests};

pub(super) const NAME: &str = "retention";
/// A login is forgotten so long after it began; it ended twelve hours after that at the latest.
const SESSIONS: i64 = 30 * 24 * 3_600_000;
/// A client that repeats a request after so long is not the one that missed the answer.
const REQUESTS: i64 = 7 * 24 * 3_600_000;

pub(super) fn run(registry: &Registry) -> Result<String, Error> {
    let before = registry.clock.now() - SESSIONS;
    let gone = registry.db.write(|conn| people::forget_sessions(conn, before))?;
    let answers = requests::forget_before(registry, registry.clock.now() - REQUESTS)?;
    let left = delivery::forget_left(registry)?;
    Ok(format!(
        "清理 30 天前的登录记录 {gone} 条、7 天前的接口应答 {answers} 条、最近 {LISTS_KEPT} 次以前的上报任务留下的清单 {left} 行；历史、操作记录和清单原件一律保留"
    ))
}
