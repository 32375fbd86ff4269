//! Who may use what: the roles, and for what a token must be.

use crate::registry::people::Role::{self, Administrator, Auditor, Lead, Reporter, Secretariat};
use crate::registry::tokens::Scope;

pub(super) const ALL: &[Role] = &[Reporter, Lead, Secretariat, Auditor, Administrator];
pub(super) const DATA: &[Role] = &[Reporter, Lead, Secretariat, Auditor];
pub(super) const OVERSEERS: &[Role] = &[Secretariat, Auditor];
pub(super) const KEEPERS: &[Role] = &[Secretariat, Auditor, Administrator];
pub(super) const ACCOUNTS: &[Role] = &[Auditor, Administrator];
pub(super) const SECRETARIAT: &[Role] = &[Secretariat];

/// Sends for departments.
pub(super) const SEND: (&[Role], Scope) = (&[Reporter, Lead, Secretariat], Scope::Send);
/// Decides on what waits.
pub(super) const DECIDE: (&[Role], Scope) = (&[Lead, Secretariat], Scope::Review);
/// Keeps the secretariat's ledgers.
pub(super) const KEEP: (&[Role], Scope) = (SECRETARIAT, Scope::Review);
/// Keeps people, settings and jobs.
pub(super) const ADMINISTER: (&[Role], Scope) = (&[Administrator], Scope::Administer);
