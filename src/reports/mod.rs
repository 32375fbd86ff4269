//! What the registry knows, told as figures and as documents for the joint meeting.

pub mod book;
pub mod bulletin;
pub mod document;
mod followed;
pub mod progress;
pub mod quality;
pub mod targets;
pub mod timeliness;
pub mod word;
