//! Figures and documents for the joint meeting.

mod bulletin;
mod word;
