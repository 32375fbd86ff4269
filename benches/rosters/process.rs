//! A process and those that it starts: their time and memory.

use std::fs;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// What a command took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost {
    /// Seconds by the wall.
    pub(crate) wall: f64,
    /// Processor seconds, of the system's work too.
    pub(crate) processor: f64,
    /// The most memory that the process held and the most that its child held, together, kB.
    pub(crate) peak_kb: u64,
}

impl Cost {
    pub(crate) const MAX: Self = Self {
        wall: f64::MAX,
        processor: f64::MAX,
        peak_kb: u64::MAX,
    };

    /// The least of each.
    pub(crate) fn least(self, other: Self) -> Self {
        Self {
            wall: self.wall.min(other.wall),
            processor: self.processor.min(other.processor),
            peak_kb: self.peak_kb.min(other.peak_kb),
        }
    }
}

/// Runs a command to its end: its cost, and what it wrote. What was left to be written to the disk before is written first.
pub(crate) fn run(command: &mut Command) -> (Cost, String) {
    assert!(Command::new("sync").status().unwrap().success());
    let before = processor_seconds();
    let start = Instant::now();
    let child = command.stdout(Stdio::piped()).spawn().unwrap();
    let id = child.id();
    let done = AtomicBool::new(false);
    let (output, wall, peak_kb) = thread::scope(|scope| {
        let watch = scope.spawn(|| {
            let (mut own, mut started) = (0, 0);
            while !done.load(Ordering::Relaxed) {
                own = own.max(peak_kb(id));
                started = started.max(children(id).into_iter().map(peak_kb).sum());
                thread::sleep(Duration::from_millis(10));
            }
            own + started
        });
        let output = child.wait_with_output().unwrap();
        let wall = start.elapsed().as_secs_f64();
        done.store(true, Ordering::Relaxed);
        (output, wall, watch.join().unwrap())
    });
    assert!(output.status.success(), "{command:?}: {}", output.status);
    let cost = Cost {
        wall,
        processor: processor_seconds() - before,
        peak_kb,
    };
    (cost, String::from_utf8(output.stdout).unwrap())
}

/// Processor seconds of this process and of all that have ended under it.
pub(crate) fn processor_seconds() -> f64 {
    /// Of Linux.
    const TICKS: f64 = 100.0;
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let numbers = stat.rsplit(')').next().unwrap().split_whitespace();
    let ticks = numbers.skip(11).take(4).map(|ticks| ticks.parse::<f64>().unwrap());
    ticks.sum::<f64>() / TICKS
}

fn children(id: u32) -> Vec<u32> {
    let tasks = fs::read_dir(format!("/proc/{id}/task")).into_iter().flatten().flatten();
    let lists = tasks.filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
    lists
        .flat_map(|list| {
            list.split_whitespace()
                .filter_map(|id| id.parse().ok())
                .collect::<Vec<_>>()
        })
        .collect()
}

/// The most memory that a process has held, kB; nothing once it has ended.
fn peak_kb(id: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|rest| rest.split_whitespace().next()?.parse().ok())
        .unwrap_or(0)
}
