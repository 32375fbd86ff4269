//! The registry's own functions, each on both databases.

mod all_or_nothing;
mod delivery;
mod exports;
mod figures;
mod identity;
mod intake;
mod jobs;
mod killed;
mod known;
mod people;
mod periods;
mod recheck;
mod review;
mod schema;
mod waivers;
