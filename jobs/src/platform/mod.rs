//! The national platform as the contract has it: what is sent, how it is signed, what the answers mean.
//!
//! All that is peculiar to a platform (names of members, paths, signing, limits) stands in a [`Profile`].

mod canonical;
mod client;
mod member;
mod profile;
mod settings;
mod signing;
mod wire;

pub use client::Platform;
pub(crate) use client::{Answer, Exchange};
pub use profile::{Data, KnownField, Profile, ProfileError};
pub use settings::{PlatformSettings, SettingsError};
pub use signing::SignAlgorithm;
pub(crate) use signing::sha256_hex;
pub(crate) use wire::{BatchStatus, Listed, Problem, Progress, batch_body, cut, record_json};
