//! `reminders`: keeps that departments were reminded of what they owe.

use crate::registry::{Error, Registry, reminders};

pub(super) const NAME: &str = "reminders";

pub(super) fn run(registry: &Registry) -> Result<String, Error> {
    let made = reminders::run(registry, registry.clock.now())?;
    Ok(format!("新增提醒 {made} 条"))
}
