//! The child process that opens foreign bytes.

use std::ffi::OsString;
use std::path::PathBuf;

/// How the child is started: a program of ours and the arguments that make it read.
#[derive(Clone, Debug)]
pub struct Worker {
    /// The program, usually the running binary itself.
    pub program: PathBuf,
    /// Its arguments, usually `worker`.
    pub args: Vec<OsString>,
}
