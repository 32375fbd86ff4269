//! `month-snapshot`: keeps the figures of the month that is over.

use crate::registry::month::Month;
use crate::registry::{Error, Registry, snapshots};

pub(super) const NAME: &str = "month-snapshot";

pub(super) fn run(registry: &Registry) -> Result<String, Error> {
    let now = registry.clock.now();
    let month = Month::at(now).previous();
    let closed = snapshots::take(registry, month, now)?;
    Ok(format!("{month} 为止，新留存 {closed} 个月的数据"))
}
