//! Bytes to sheets of addressed cells. Knows nothing of rosters.
//!
//! [`Worker::read`] is the parent's side; [`worker_main`] the child's, which alone opens foreign bytes.

mod cells;
mod child;
mod csv;
mod edit;
mod format_code;
#[cfg(fuzzing)]
pub(crate) mod fuzzing;
mod html;
mod limits;
pub(crate) mod marks;
mod numbers;
mod ods;
mod package;
mod sheet_part;
mod sniff;
mod spanned;
pub(crate) mod value;
mod wire;
mod worker;
mod xls;
mod xls_part;
mod xlsb;
mod xlsb_part;
mod xlsx;
mod xml;
mod xml2003;

pub(crate) use cells::NO_RESULT;
pub use cells::{Address, Area, Cell, Content, Event, Format, Row, SheetHead, column_name};
pub use child::worker_main;
pub use limits::Limits;
pub use worker::{Refusal, Worker};
