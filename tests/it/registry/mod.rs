//! The registry's own functions, each on both databases.

mod all_or_nothing;
mod delivery;
mod identity;
mod intake;
mod known;
mod packages;
mod people;
mod recheck;
mod review;
mod schema;
mod waivers;
