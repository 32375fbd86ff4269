//! Figures and documents for the joint meeting.

mod boards;
mod bulletin;
mod word;
