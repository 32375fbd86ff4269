//! Figures and documents for the joint meeting.

mod word;
