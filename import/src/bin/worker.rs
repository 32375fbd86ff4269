//! The child process that opens foreign bytes, as a program of its own.

fn main() -> std::process::ExitCode {
    retrofit_import::workbook::worker_main()
}
