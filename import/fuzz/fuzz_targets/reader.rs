//! A file through the child: whatever becomes of the child, the parent has an answer. The child is the program that
//! `RETROFIT_IMPORT_WORKER` names, built as the product is; deaths of the child are contained, and told once for each cause.

#![no_main]

use std::collections::HashSet;
use std::sync::{LazyLock, Mutex};
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use retrofit_import::workbook::{Limits, Worker};

#[path = "../package.rs"]
mod package;

static TOLD: LazyLock<Mutex<HashSet<String>>> = LazyLock::new(Mutex::default);

fuzz_target!(|data: &[u8]| {
    let worker = Worker {
        program: std::env::var_os("RETROFIT_IMPORT_WORKER").expect("the worker's path").into(),
        args: Vec::new(),
    };
    let limits = Limits {
        cpu: Duration::from_secs(10),
        ..Limits::default()
    };
    let mut file = tempfile::NamedTempFile::new_in("/dev/shm").expect("a file");
    std::io::Write::write_all(&mut file, &package::whole(data)).expect("written");
    if let Err(refusal) = worker.read(file.path(), &limits, &mut |_| {}).expect("a child") {
        assert!(["F001", "F002", "F003"].contains(&refusal.code) && !refusal.message.is_empty());
        if refusal.incident.is_some() {
            let cause: String = refusal.detail.chars().filter(|c| !c.is_ascii_digit()).take(300).collect();
            if TOLD.lock().expect("one thread").insert(cause) {
                eprintln!("THE CHILD DIED ({}): {}", refusal.code, refusal.detail);
            }
        }
    }
});
