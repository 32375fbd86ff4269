//! Times the rules against the reading of the same file, in one run: `cargo bench -p retrofit-import --bench rules -- [ROWS]`.

#![allow(missing_docs, clippy::unwrap_used, reason = "a tool for developers")]

mod roster;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::NaiveDate;
use retrofit_import::catalogue::Catalogue;
use retrofit_import::check::Checker;
use retrofit_import::record::Record;
use retrofit_import::rules::RosterJudge;
use retrofit_import::workbook::{Limits, Worker};

fn main() {
    let rows = std::env::args().find_map(|arg| arg.parse().ok()).unwrap_or(100_000);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("roster.xlsx");
    roster::write(&file, rows).unwrap();
    let checker = Checker {
        catalogue: Arc::new(Catalogue::load(None).unwrap()),
        worker: Worker {
            program: env!("CARGO_BIN_EXE_retrofit-import-worker").into(),
            args: Vec::new(),
        },
        limits: Limits::default(),
    };
    let today = NaiveDate::from_ymd_opt(2026, 11, 23).unwrap();
    println!("{rows} rows; seconds");
    println!("cells | cells, layout, values | all with the rules | the rules alone | rules / reading | rules / cells");
    for _ in 0..3 {
        let cells = timed(|| read_cells(&checker, &file));
        let mut records = Vec::new();
        let keep = timed(|| {
            checker
                .check(&file, today, &mut |row| records.push(row.record))
                .unwrap();
        });
        let all = timed(|| {
            checker.check(&file, today, &mut |_| {}).unwrap();
        });
        assert_eq!(records.len(), rows as usize);
        let rules = timed(|| judge(&checker.catalogue, today, &records));
        // The rules run beside the child: what they cost is their own time, and reading is what is left of a whole check.
        let reading = all.saturating_sub(rules);
        println!(
            "{:.2} | {:.2} | {:.2} ({:.2} keeping the records) | {:.2} | {:.2} | {:.2}",
            cells.as_secs_f64(),
            reading.as_secs_f64(),
            all.as_secs_f64(),
            keep.as_secs_f64(),
            rules.as_secs_f64(),
            rules.as_secs_f64() / reading.as_secs_f64(),
            rules.as_secs_f64() / cells.as_secs_f64(),
        );
    }
}

/// The cells alone, through the child.
fn read_cells(checker: &Checker, file: &Path) {
    checker
        .worker
        .read(file, &checker.limits, &mut |_| {})
        .unwrap()
        .unwrap();
}

/// Every rule that needs no registry, on every record.
fn judge(catalogue: &Catalogue, today: NaiveDate, records: &[Record]) {
    let mut judge = RosterJudge::new(catalogue, today);
    let found: usize = records.iter().map(|record| judge.judge_record(record).len()).sum();
    assert!(judge.incidents().is_empty());
    std::hint::black_box(found);
}

fn timed(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}
