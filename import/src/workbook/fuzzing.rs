//! The door of the fuzz target `guards`: what looks at foreign bytes in this process, and the readers of our own that the child has.

use std::io;

use super::child::{Sink, Stop};
use super::limits::Limits;
use super::package::Package;
use super::sniff::{self, Kind};
use super::{csv, html, ods, sheet_part, wire, xls_part, xml2003};

/// The first byte says which guard or reader takes the rest.
pub fn guards(data: &[u8]) {
    let Some((which, bytes)) = data.split_first() else { return };
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
    let mut void = io::sink();
    let mut sink = Sink::new(&mut void, limits.clone());
    let read = match kind {
        Kind::Text(text) => csv::read(&text, &mut sink),
        Kind::Html(text) => html::read(&text, &mut sink),
        Kind::Xml2003(text) => xml2003::read(&text, &mut sink),
        Kind::Zip => package(bytes, &limits, &mut sink),
        Kind::Compound => return,
    };
    if let Err(Stop::Refused(refused)) = read {
        assert!(!refused.message.is_empty());
    }
}

fn package(bytes: &[u8], limits: &Limits, sink: &mut Sink) -> Result<(), Stop> {
    let mut package = Package::open(bytes, limits)?;
    let mut paths: Vec<String> = package.relationships("")?.into_iter().map(|found| found.path).collect();
    paths.extend(package.paths().map(str::to_owned));
    for path in paths {
        package.relationships(&path)?;
        if let Some(part) = package.part(&path)? {
            sheet_part::read(part, limits.areas)?;
        }
    }
    super::xlsx::check_strings(&mut package, limits)?;
    ods::read(&mut package, sink)
}

/// What a child gone mad might say.
fn frames(bytes: &[u8]) {
    let mut rest = bytes;
    while let Ok(Some(frame)) = wire::read_frame(&mut rest) {
        let mut answers = frame.as_slice();
        while let Ok((_, more)) = postcard::take_from_bytes::<wire::Answer>(answers) {
            answers = more;
        }
    }
}
