//! Times a check against its floor, calamine's cell reader alone over the same file: `cargo bench -p retrofit-import -- [ROWS]`.

#![allow(missing_docs, clippy::unwrap_used, reason = "a tool for developers")]

mod roster;

use std::fs;
use std::io::BufReader;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use calamine::{Reader as _, Xlsx};
use chrono::NaiveDate;
use retrofit_import::catalogue::Catalogue;
use retrofit_import::check::Checker;
use retrofit_import::workbook::{Limits, Worker};

fn main() {
    let rows = std::env::args().find_map(|arg| arg.parse().ok()).unwrap_or(100_000);
    // In a process of its own, lest its memory counts as the check's.
    if let Some(file) = std::env::var_os("ROSTER") {
        return roster::write(Path::new(&file), rows).unwrap();
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("roster.xlsx");
    let own = std::env::current_exe().unwrap();
    let mut writer = Command::new(own);
    let written = writer.arg(rows.to_string()).env("ROSTER", &file).status().unwrap();
    assert!(written.success());

    for _ in 0..3 {
        let start = cpu();
        let floor = timed(|| read_cells(&file));
        let between = cpu();
        let (check, child) = with_child_peak(|| timed(|| check(&file, rows)));
        let end = cpu();
        println!(
            "{rows} rows: cells {:.2} s, check {:.2} s, ratio {:.2}, {:.0} rows/s; processor time: cells {:.2} s, parent {:.2} s, \
             child {:.2} s; peak parent {} MB, child {} MB",
            floor.as_secs_f64(),
            check.as_secs_f64(),
            check.as_secs_f64() / floor.as_secs_f64(),
            f64::from(rows) / check.as_secs_f64(),
            between.0 - start.0,
            end.0 - between.0,
            end.1 - between.1,
            peak("/proc/self/status") / 1024,
            child / 1024,
        );
    }
}

/// Processor time of this process and of the children that have ended, seconds; on a busy machine truer than the wall's.
fn cpu() -> (f64, f64) {
    const TICKS: f64 = 100.0;
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let numbers = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    let times: Vec<f64> = numbers
        .skip(11)
        .take(4)
        .filter_map(|ticks| ticks.parse().ok())
        .collect();
    match times.as_slice() {
        [user, system, child_user, child_system] => ((user + system) / TICKS, (child_user + child_system) / TICKS),
        _ => (0.0, 0.0),
    }
}

fn timed(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

/// The floor: every cell of the first sheet, streamed.
fn read_cells(file: &Path) {
    let mut book: Xlsx<_> = Xlsx::new(BufReader::new(fs::File::open(file).unwrap())).unwrap();
    let name = book.sheet_names().first().unwrap().clone();
    let mut cells = book.worksheet_cells_reader(&name).unwrap();
    let mut count = 0_u64;
    while let Some(cell) = cells.next_cell().unwrap() {
        count += u64::from(cell.get_position().0 > 0);
    }
    assert!(count > 0);
}

fn check(file: &Path, rows: u32) {
    let checker = Checker {
        catalogue: Arc::new(Catalogue::load(None).unwrap()),
        worker: Worker {
            program: env!("CARGO_BIN_EXE_retrofit-import-worker").into(),
            args: Vec::new(),
        },
        limits: Limits::default(),
    };
    let today = NaiveDate::from_ymd_opt(2026, 11, 23).unwrap();
    let mut wrong = None;
    let summary = checker
        .check(file, today, &mut |row| {
            wrong = wrong.take().or_else(|| row.findings.into_iter().next());
        })
        .unwrap();
    if summary.rows != rows as usize || summary.sound != summary.rows {
        println!(
            "{} of {rows} rows are sound; the first finding: {wrong:?}",
            summary.sound
        );
    }
}

/// Runs `work` and watches the memory of the child that it starts: its peak in kB, as of the last look.
fn with_child_peak<T>(work: impl FnOnce() -> T) -> (T, u64) {
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let watch = scope.spawn(|| {
            let mut most = 0;
            while !done.load(Ordering::Relaxed) {
                most = most.max(children().map(|child| peak(&format!("/proc/{child}/status"))).sum());
                thread::sleep(Duration::from_millis(20));
            }
            most
        });
        let result = work();
        done.store(true, Ordering::Relaxed);
        (result, watch.join().unwrap())
    })
}

fn children() -> impl Iterator<Item = u32> {
    let tasks = fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let lists = tasks.filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
    let ids: Vec<u32> = lists
        .flat_map(|list| {
            list.split_whitespace()
                .filter_map(|id| id.parse().ok())
                .collect::<Vec<_>>()
        })
        .collect();
    ids.into_iter()
}

/// The most memory that a process has held, kB.
fn peak(status: &str) -> u64 {
    let text = fs::read_to_string(status).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|rest| rest.split_whitespace().next()?.parse().ok())
        .unwrap_or(0)
}
