//! Rosters of 10,000, 100,000 and 500,000 rows and 40 columns through the product, beside the floor of reading them:
//! `cargo bench --bench rosters [-- ROWS...]`. What is timed and how stands in `benches/README.md`.

#![allow(missing_docs, clippy::unwrap_used, reason = "a tool for developers")]

mod process;
mod roster;

use std::env;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use calamine::{Reader as _, Xlsx};
use chrono::NaiveDate;
use retrofit_import::catalogue::Catalogue;
use retrofit_import::check::{CheckedRow, Checker, Corrections};
use retrofit_import::rules::RosterJudge;
use retrofit_import::workbook::{Limits, Worker};

use self::process::Cost;

const RETROFIT: &str = env!("CARGO_BIN_EXE_retrofit");
/// The business day of all checks.
const TODAY: &str = "2026-11-23";
/// Names the roster to a copy of this program that only reads its cells.
const FLOOR: &str = "FLOOR_OF";

/// What is timed, the floor first.
const STEPS: [&str; 5] = ["floor", "check", "check --annotated", "import", "import again"];

fn main() {
    if let Some(file) = env::var_os(FLOOR) {
        return read_cells(Path::new(&file));
    }
    let mut sizes: Vec<u32> = env::args().filter_map(|arg| arg.parse().ok()).collect();
    if sizes.is_empty() {
        sizes = vec![10_000, 100_000, 500_000];
    }
    for rows in sizes {
        measure(rows);
    }
}

/// All steps over one roster, several times in turn, so that what else the machine does meets them alike.
fn measure(rows: u32) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("roster.xlsx");
    roster::write(&file, rows).unwrap();
    let rounds = (400_000 / rows).clamp(1, 5);
    let mut best = [Cost::MAX; STEPS.len()];
    let (mut once, mut twice) = (f64::MAX, f64::MAX);
    for round in 0..rounds {
        let steps = [
            process::run(Command::new(env::current_exe().unwrap()).env(FLOOR, &file)).0,
            check(&file, rows, None),
            check(&file, rows, Some(&folder.path().join("annotated.xlsx"))),
            import(
                &file,
                rows,
                &folder.path().join(format!("data-{round}")),
                "2026-11",
                "new",
            ),
            import(
                &file,
                rows,
                &folder.path().join(format!("data-{round}")),
                "2026-12",
                "unchanged",
            ),
        ];
        for (best, cost) in best.iter_mut().zip(steps) {
            *best = best.least(cost);
        }
        once = once.min(judged(&file, false));
        twice = twice.min(judged(&file, true));
    }
    println!(
        "\n{rows} rows, {} MB, the least of {rounds}",
        file.metadata().unwrap().len() >> 20
    );
    println!("| | seconds | / floor | processor seconds | / floor | rows/s | peak MB |");
    println!("|---|---|---|---|---|---|---|");
    let floor = best[0];
    for (step, cost) in STEPS.iter().zip(best) {
        println!(
            "| {step} | {:.2} | {:.2} | {:.2} | {:.2} | {:.0} | {} |",
            cost.wall,
            cost.wall / floor.wall,
            cost.processor,
            cost.processor / floor.processor,
            f64::from(rows) / cost.wall,
            cost.peak_kb >> 10,
        );
    }
    let rules = twice - once;
    let reading = once - rules;
    println!(
        "processor seconds: rules {rules:.2}, reading {reading:.2}; rules / reading {:.2}",
        rules / reading
    );
}

/// The floor: every cell of the first sheet, streamed.
fn read_cells(file: &Path) {
    let mut book: Xlsx<_> = Xlsx::new(BufReader::new(File::open(file).unwrap())).unwrap();
    let name = book.sheet_names().first().unwrap().clone();
    let mut cells = book.worksheet_cells_reader(&name).unwrap();
    let mut count = 0_u64;
    while let Some(cell) = cells.next_cell().unwrap() {
        count += u64::from(cell.get_position().0 > 0);
    }
    assert!(count > 0);
}

fn check(file: &Path, rows: u32, annotated: Option<&Path>) -> Cost {
    let mut command = Command::new(RETROFIT);
    command.arg("check").arg(file).args(["--today", TODAY]);
    if let Some(out) = annotated {
        command.arg("--annotated").arg(out);
    }
    let (cost, said) = process::run(&mut command);
    assert!(said.contains(&format!("共 {rows} 行：合格 {rows}，")), "{said}");
    cost
}

/// Imports into the SQLite registry of a data folder; all rows have the one fate.
fn import(file: &Path, rows: u32, data: &Path, period: &str, fate: &str) -> Cost {
    let mut command = Command::new(RETROFIT);
    command
        .env("RETROFIT_DATA_DIR", data)
        .env_remove("RETROFIT_DATABASE_URL");
    command
        .arg("import")
        .arg(file)
        .args(["--department", "JTJ", "--period", period]);
    let (cost, said) = process::run(command.args(["--today", TODAY, "--yes", "--format", "json"]));
    let all = [r#""committed":true"#.to_owned(), format!(r#""{fate}":{rows},"#)];
    assert!(all.iter().all(|part| said.contains(part)), "{said}");
    cost
}

/// Processor seconds of a check, each row judged once more where `twice`: by how much that is longer, the rules cost.
fn judged(file: &Path, twice: bool) -> f64 {
    let checker = Checker {
        catalogue: Arc::new(Catalogue::load(None).unwrap()),
        worker: Worker {
            program: RETROFIT.into(),
            args: vec!["worker".into()],
        },
        limits: Limits::default(),
        corrections: Corrections::default(),
    };
    let today: NaiveDate = TODAY.parse().unwrap();
    let mut judge = RosterJudge::new(&checker.catalogue, today);
    let before = process::processor_seconds();
    let mut sink = |row: CheckedRow| {
        if twice {
            std::hint::black_box(judge.judge_record(&row.record));
        }
    };
    checker.check(file, today, &mut sink).unwrap();
    assert!(judge.incidents().is_empty());
    process::processor_seconds() - before
}
