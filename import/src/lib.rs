//! Rosters in, rosters out.
