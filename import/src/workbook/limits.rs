//! What a file may be at most, each limit with its reason.

use std::time::Duration;

/// Limits on foreign files. The defaults take a roster of 500,000 rows and 40 columns.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Bytes of the file: an upload is kept whole on disk.
    pub file_bytes: u64,
    /// Address space of the child, bytes: what a hostile file can make a parser ask for ends here.
    pub memory_bytes: u64,
    /// Processor time of the child: a file that loops ends here.
    pub cpu: Duration,
    /// Time by the wall: an officer waits no longer.
    pub wall: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            file_bytes: 200 << 20,
            memory_bytes: 2 << 30,
            cpu: Duration::from_mins(2),
            wall: Duration::from_mins(3),
        }
    }
}
