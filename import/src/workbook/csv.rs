//! Comma- or tab-separated text.

use csv::{ByteRecord, ReaderBuilder, Terminator};

use super::cells::{Content, Format, SheetHead};
use super::child::{Sink, Stop};
use super::wire::Refused;

/// Records that the separator is told from.
const SAMPLE: usize = 50;

/// Fields that at least one record of the sample has, lest any text with a comma counts as a table.
const LEAST_FIELDS: usize = 3;

/// Reads text as one sheet without a name. A row's index is its record's number: blank lines count, line breaks in quotes do not.
pub(super) fn read(text: &str, sink: &mut Sink) -> Result<(), Stop> {
    // With one kind of line end, the blank lines that the csv reader skips can be counted from its line numbers.
    let text = text.trim_end_matches('\x1a').replace("\r\n", "\n").replace('\r', "\n") + "\n";
    let delimiter = delimiter(&text).ok_or_else(|| {
        Refused::unreadable(
            "这是普通文本，不是工程清单：没有用逗号或制表符分成至少三列。请报送 Excel、WPS 表格或 .csv 文件。",
            "text without columns",
        )
    })?;
    sink.format(Format::Csv)?;
    sink.sheet(SheetHead::default())?;
    let mut reader = reader(&text, delimiter);
    let mut record = ByteRecord::new();
    let mut index = 0;
    loop {
        let line = reader.position().line();
        let more = reader
            .read_byte_record(&mut record)
            .map_err(|error| Refused::unreadable("文件已损坏。", error))?;
        if !more {
            return Ok(());
        }
        let breaks: usize = record
            .iter()
            .map(|field| memchr::memchr_iter(b'\n', field).count())
            .sum();
        let lines = reader.position().line() - line;
        index += lines.saturating_sub(1 + breaks as u64);
        let row = u32::try_from(index).unwrap_or(u32::MAX);
        for (column, field) in (0..).zip(&record) {
            // Fields of valid text between ASCII delimiters are valid text.
            let text = String::from_utf8_lossy(field);
            sink.cell(row, column, Content::Text(kept_as_text(&text).into()))?;
        }
        index += 1;
    }
}

/// What is meant by `="0635"` and `'0635`, which systems write lest Excel take it for a number.
fn kept_as_text(field: &str) -> &str {
    let quoted = field.strip_prefix("=\"").and_then(|rest| rest.strip_suffix('"'));
    let marked = || {
        field
            .strip_prefix('\'')
            .filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
    };
    quoted
        .filter(|inside| !inside.contains('"'))
        .or_else(marked)
        .unwrap_or(field)
}

fn reader(text: &str, delimiter: u8) -> csv::Reader<&[u8]> {
    ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .flexible(true)
        .terminator(Terminator::Any(b'\n'))
        .from_reader(text.as_bytes())
}

/// The separator that splits the first records into the most fields.
fn delimiter(text: &str) -> Option<u8> {
    let fields = |delimiter: u8| {
        let counts = reader(text, delimiter)
            .into_byte_records()
            .take(SAMPLE)
            .flatten()
            .map(|record| record.len());
        counts.fold((0, 0), |(sum, most), fields| (sum + fields, most.max(fields)))
    };
    b",\t;|"
        .iter()
        .map(|delimiter| (fields(*delimiter), *delimiter))
        .filter(|((_, most), _)| *most >= LEAST_FIELDS)
        // Of equals the first: the comma.
        .rev()
        .max_by_key(|((sum, _), _)| *sum)
        .map(|(_, delimiter)| delimiter)
}
