//! What the registry knows, told as figures and as documents for the joint meeting.

pub mod document;
pub mod word;
