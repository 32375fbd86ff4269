//! What the administrator settles for a department.

use super::people::Operator;
use super::{Error, Registry, audit};
use crate::db::counters::{self, Counter};
use crate::db::queue;

/// The departments whose own lead looks before the secretariat does, by code.
///
/// # Errors
/// Only our own faults.
pub fn lead_departments(registry: &Registry) -> Result<Vec<String>, Error> {
    Ok(registry.db.read(queue::lead_departments)?)
}

/// Settles whether a department's own lead looks before the secretariat does. Switched off, what waits for the lead goes on to the
/// secretariat.
///
/// # Errors
/// Refused to all but administrators, and for a department that the catalogue does not know.
pub fn set_lead_review(registry: &Registry, operator: &Operator, department: &str, on: bool) -> Result<(), Error> {
    if !operator.may_keep_people() {
        return Err(Error::refused("只有管理员可以改变部门的审核步骤。"));
    }
    let department = registry.department(department)?;
    let now = registry.clock.now();
    registry.db.write(|conn| {
        counters::lock(conn, Counter::Project)?;
        queue::set_lead_review(conn, department, on, &operator.name, now)?;
        let passed_on = if on { 0 } else { queue::release(conn, department, now)? };
        let action = ("department.lead-review", audit::Outcome::Done);
        let detail = serde_json::json!({ "on": on, "passed_on": passed_on });
        Ok(audit::note(conn, operator, now, action, department, &detail)?)
    })
}
