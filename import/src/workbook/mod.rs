//! Bytes to sheets of addressed cells. Knows nothing of rosters.

mod cells;
mod limits;
mod worker;

pub use cells::{Address, Area, Cell, Content, Event, Format, Row, SheetHead, column_name};
pub use limits::Limits;
pub use worker::Worker;
