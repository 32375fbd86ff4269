//! Packages in a form that a fuzzer can change without breaking the checksums: `Z`, then for each part a length and its path, a length in
//! four bytes and its content.

use std::io::{Cursor, Read, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

/// The file that an input stands for.
#[allow(dead_code, reason = "of the target alone")]
pub(crate) fn whole(input: &[u8]) -> Vec<u8> {
    match input.split_first() {
        Some((b'Z', parts)) => zipped(parts).unwrap_or_else(|| input.to_vec()),
        _ => input.to_vec(),
    }
}

fn zipped(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    while let Some((length, after)) = rest.split_first() {
        let (path, after) = after.split_at_checked(usize::from(*length))?;
        let (length, after) = after.split_first_chunk()?;
        let length = (u32::from_le_bytes(*length) as usize).min(after.len());
        let (content, after) = after.split_at(length);
        writer.start_file(String::from_utf8_lossy(path), options).ok()?;
        writer.write_all(content).ok()?;
        rest = after;
    }
    Some(writer.finish().ok()?.into_inner())
}

/// A file as an input: a package taken apart, anything else as it is.
#[allow(dead_code, reason = "of the corpus alone")]
pub(crate) fn parted(file: &[u8]) -> Vec<u8> {
    let Ok(mut archive) = ZipArchive::new(Cursor::new(file)) else {
        return file.to_vec();
    };
    let mut input = vec![b'Z'];
    for index in 0..archive.len() {
        let Ok(mut entry) = archive.by_index(index) else { continue };
        let Ok(path) = entry.name().map(|name| name.into_owned()) else { continue };
        let mut content = Vec::new();
        if entry.read_to_end(&mut content).is_err() || path.len() > 255 {
            continue;
        }
        input.push(path.len() as u8);
        input.extend(path.as_bytes());
        input.extend((content.len() as u32).to_le_bytes());
        input.extend(content);
    }
    input
}
