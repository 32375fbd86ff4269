//! The door of the fuzz target `guards`: what looks at foreign bytes in this process, and the readers of our own that the child has.

use std::io;

use memchr::memmem;

use super::child::{self, Sink, Stop};
use super::limits::Limits;
use super::package::Package;
use super::sniff::{self, Kind};
use super::{sheet_part, wire, xls_part, xlsb_part};

/// The first byte says which guard or reader takes the rest.
pub fn guards(data: &[u8]) {
    let Some((which, bytes)) = data.split_first() else {
        return;
    };
    match which % 4 {
        0 => whole(bytes),
        1 => drop(xls_part::parts(bytes)),
        2 => drop(sheet_part::read(bytes, 100)),
        _ => frames(bytes),
    }
}

/// A file from its first byte on, as far as calamine.
fn whole(bytes: &[u8]) {
    let limits = Limits {
        unpacked_bytes: 8 << 20,
        cells: 100_000,
        rows: 10_000,
        areas: 1_000,
        ..Limits::default()
    };
    let size = bytes.len() as u64;
    let _ = sniff::lock_file(bytes, size, size.is_multiple_of(2));
    let Ok(kind) = sniff::kind(bytes) else { return };
    if matches!(kind, Kind::Zip) && memmem::find(bytes, b"workbook.bin").is_some() {
        return binary(bytes, &limits);
    }
    if matches!(kind, Kind::Compound) {
        return;
    }
    let mut void = io::sink();
    if let Err(Stop::Refused(refused)) = child::read(bytes, &mut Sink::new(&mut void, limits)) {
        assert!(!refused.message.is_empty());
    }
}

/// A binary workbook's records, each part read as each kind that we look at.
fn binary(bytes: &[u8], limits: &Limits) {
    let Ok(mut package) = Package::open(bytes, limits) else {
        return;
    };
    let paths: Vec<String> = package.paths().map(str::to_owned).collect();
    for path in paths.iter().filter(|path| path.ends_with(".bin")) {
        let sheets = xlsb_part::sheets(&mut package, path).unwrap_or_default();
        let styles = xlsb_part::styles(&mut package, path).unwrap_or_default();
        for path in sheets.iter().chain([path]) {
            if let Ok(part) = xlsb_part::part(&mut package, path, &styles, limits.areas) {
                assert!(part.hidden_columns.len() <= limits.areas + 1 && part.merged.len() <= limits.areas + 1);
            }
        }
    }
}

/// What a child gone mad might say.
fn frames(bytes: &[u8]) {
    let mut rest = bytes;
    while let Ok(Some(frame)) = wire::read_frame(&mut rest) {
        let mut answers = frame.as_slice();
        while wire::take_answer(&mut answers).is_some() {}
    }
}
