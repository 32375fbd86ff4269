//! Pictures and archives, made byte by byte.

use std::io::{Cursor, Write as _};

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

fn segment(marker: u8, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(body.len() + 2).unwrap().to_be_bytes();
    [&[0xff, marker], &length[..], body].concat()
}

/// A JPEG of this size, as far as its headers say; `seed` makes it another picture. With the place where it was taken.
pub fn jpeg(width: u16, height: u16, seed: u32) -> Vec<u8> {
    let mut frame = vec![8];
    frame.extend(height.to_be_bytes());
    frame.extend(width.to_be_bytes());
    frame.extend([1, 1, 0x11, 0]);
    let mut bytes = vec![0xff, 0xd8];
    bytes.extend(segment(0xe1, b"Exif\0\0II*\0\x08\0\0\0\0\0GPS 36.45N 115.98E"));
    bytes.extend(segment(0xc0, &frame));
    bytes.extend(segment(0xda, &[1, 1, 0, 0, 63, 0]));
    bytes.extend([21, 14, 7, 0].map(|shift| u8::try_from(seed >> shift & 0x7f).unwrap()));
    bytes.extend([0xff, 0xd9]);
    bytes
}

/// A ZIP with these entries.
pub fn archive<'a>(entries: impl IntoIterator<Item = (&'a str, Vec<u8>)>) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        archive.start_file(name, SimpleFileOptions::default()).unwrap();
        archive.write_all(&bytes).unwrap();
    }
    archive.finish().unwrap().into_inner()
}
