//! The clock and the delivery.
