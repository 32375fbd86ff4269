//! Figures put together for boards and bulletins. They are taken from what approvals keep, never by counting projects.

pub mod targets;
