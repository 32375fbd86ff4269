//! The binary `retrofit`: parses and dispatches.

use std::process::ExitCode;

/// Rosters and deliveries are hundreds of thousands of short texts, made on one thread and let go on another: an import is a sixth quicker with it than
/// with the system's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // The child that opens foreign bytes needs nothing else of this program, and gets nothing else.
    if std::env::args_os().nth(1).is_some_and(|command| command == "worker") {
        return retrofit_import::workbook::worker_main();
    }
    retrofit_registry::cli::main()
}
