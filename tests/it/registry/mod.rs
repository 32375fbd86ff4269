//! The registry's own functions, each on both databases.

mod all_or_nothing;
mod cycle;
mod delivery;
mod explanations;
mod exports;
mod figures;
mod identity;
mod intake;
mod known;
mod likeness;
mod packages;
mod people;
mod periods;
mod photos;
mod plans;
mod quarter;
mod recheck;
mod reconcile;
mod review;
mod schema;
mod secrets;
mod steps;
mod supplements;
mod waivers;
