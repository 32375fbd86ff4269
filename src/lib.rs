//! The registry of seismic-retrofit projects: what the crates for rosters and for deliveries do not know.

pub mod api;
pub mod cli;
pub mod config;
pub mod db;
pub mod process;
pub mod registry;
pub mod reports;
pub mod sync;
pub mod tasks;
pub mod web;
