//! The standards' tables as data, each with its source and how sure our figures are.

use crate::catalogue::SourceStatus;

/// A standard, clause or table that a rule rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Basis {
    /// The standard with its clause.
    pub text: &'static str,
    /// How sure our figures of it are.
    pub status: SourceStatus,
}

impl Basis {
    /// A source that was read.
    pub const fn read(text: &'static str) -> Self {
        Self {
            text,
            status: SourceStatus::Read,
        }
    }

    /// A source written from memory, to be confirmed against the printed text.
    pub const fn memory(text: &'static str) -> Self {
        Self {
            text,
            status: SourceStatus::Memory,
        }
    }
}

/// The pairs of fortification intensity and design basic acceleration.
pub const INTENSITY_TABLE: Basis = Basis::read("GB 50011-2010（2016年版）表3.2.2");

/// Intensity (degrees) and design basic acceleration (g) that belong together, as codes. The columns of the tables below.
pub static CONDITIONS: [(&str, &str); 6] = [
    ("6", "0.05"),
    ("7", "0.10"),
    ("7", "0.15"),
    ("8", "0.20"),
    ("8", "0.30"),
    ("9", "0.40"),
];

/// The column of a pair of intensity and acceleration; none where they do not belong together.
pub fn condition(intensity: &str, acceleration: &str) -> Option<usize> {
    CONDITIONS.iter().position(|pair| *pair == (intensity, acceleration))
}
