//! The schedule.
