//! The registry's own functions, each on both databases.

mod all_or_nothing;
mod delivery;
mod identity;
mod intake;
mod people;
mod review;
mod schema;
