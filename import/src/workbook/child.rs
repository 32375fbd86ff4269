//! The child process: limits on itself, then bytes to answers, and nothing else.

use std::io::{self, Read, Write};
use std::process::ExitCode;

use rlimit::Resource;

use super::cells::{Address, Content, ContentRef, Format, SheetHead};
use super::limits::Limits;
use super::marks::Marks;
use super::package::Package;
use super::sniff::{self, Kind};
use super::wire::{self, Refused, Request, RowWriter, Word};
use super::{csv, edit, html, ods, xls, xlsb, xlsx, xml2003};

/// Answers are written once so many bytes have gathered.
const BATCH: usize = 64 << 10;

/// Why the child stops reading.
#[derive(Debug)]
pub(super) enum Stop {
    /// The file is refused.
    Refused(Refused),
    /// The parent no longer listens.
    Unheard(io::Error),
}

impl From<Refused> for Stop {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

/// The hidden subcommand: reads a request from standard input, and answers on standard output.
pub fn worker_main() -> ExitCode {
    match answer(&mut io::stdin().lock(), &mut io::stdout().lock()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("worker: {error}");
            ExitCode::FAILURE
        }
    }
}

fn answer(input: &mut dyn Read, output: &mut dyn Write) -> io::Result<()> {
    let request = wire::read_frame(input)?.ok_or(io::ErrorKind::UnexpectedEof)?;
    let request: Request = postcard::from_bytes(&request).map_err(io::Error::other)?;
    let Request { limits, marks, .. } = request;
    confine(&limits)?;
    let room = usize::try_from(request.bytes.min(limits.file_bytes)).map_err(io::Error::other)?;
    let mut bytes = Vec::with_capacity(room);
    input
        .take(limits.file_bytes.saturating_add(1))
        .read_to_end(&mut bytes)?;

    let mut sink = Sink::new(output, limits);
    let done = match marks {
        None => read(&bytes, &mut sink),
        Some(marks) => mark(&bytes, &marks, &mut sink),
    };
    let last = match done {
        Ok(()) => Word::Done,
        Err(Stop::Refused(refused)) => Word::Refused(refused),
        Err(Stop::Unheard(error)) => return Err(error),
    };
    sink.end(&last)
}

/// Gives the process its limits. Memory, time and core dumps are as the parent says; it writes no files, and opens few.
fn confine(limits: &Limits) -> io::Result<()> {
    Resource::AS.set(limits.memory_bytes, limits.memory_bytes)?;
    // A second after the signal that ends the process comes the one that nothing withstands.
    let seconds = limits.cpu.as_secs().max(1);
    Resource::CPU.set(seconds, seconds.saturating_add(1))?;
    Resource::CORE.set(0, 0)?;
    Resource::FSIZE.set(0, 0)?;
    Resource::NOFILE.set(16, 16)
}

fn mark(bytes: &[u8], marks: &Marks, sink: &mut Sink) -> Result<(), Stop> {
    let marked = edit::mark(bytes, sink.limits(), marks)?;
    for piece in marked.chunks(BATCH) {
        sink.say(&Word::Piece(piece.to_vec()))?;
    }
    Ok(())
}

pub(super) fn read(bytes: &[u8], sink: &mut Sink) -> Result<(), Stop> {
    match sniff::kind(bytes)? {
        Kind::Zip => read_package(bytes, sink),
        Kind::Compound => xls::read(bytes, sink),
        Kind::Text(text) => csv::read(&text, sink),
        Kind::Html(text) => html::read(&text, sink),
        Kind::Xml2003(text) => xml2003::read(&text, sink),
    }
}

fn read_package(bytes: &[u8], sink: &mut Sink) -> Result<(), Stop> {
    let mut package = Package::open(bytes, sink.limits())?;
    let document = package
        .relationships("")?
        .into_iter()
        .find(|relationship| relationship.kind == "officeDocument");
    match document {
        None if package.has("content.xml") => ods::read(&mut package, sink),
        Some(workbook) if workbook.path.ends_with("workbook.bin") => {
            xlsb::read(&mut package, &workbook.path, bytes, sink)
        }
        Some(workbook) if workbook.path.ends_with("workbook.xml") => xlsx::read(&mut package, &workbook.path, sink),
        _ => Err(sniff::other_package(package.paths()).into()),
    }
}

/// Takes the workbook's parts as a reader finds them, holds them to the limits and answers with them.
pub(super) struct Sink<'a> {
    output: &'a mut dyn Write,
    limits: Limits,
    batch: Vec<u8>,
    row: RowWriter,
    /// The index of the row under way, and the column that its next cell has at least.
    next: (u32, u32),
    row_bytes: usize,
    sheets: usize,
    cells: u64,
}

impl<'a> Sink<'a> {
    pub(super) fn new(output: &'a mut dyn Write, limits: Limits) -> Self {
        Self {
            output,
            limits,
            batch: Vec::new(),
            row: RowWriter::default(),
            next: (0, 0),
            row_bytes: 0,
            sheets: 0,
            cells: 0,
        }
    }

    /// What the file may be at most.
    pub(super) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The kind of file; first of all.
    pub(super) fn format(&mut self, format: Format) -> Result<(), Stop> {
        self.say(&Word::Format(format))
    }

    /// The next sheet.
    pub(super) fn sheet(&mut self, head: SheetHead) -> Result<(), Stop> {
        self.end_row()?;
        self.next = (0, 0);
        self.sheets += 1;
        if self.sheets > self.limits.sheets {
            return Err(Refused::over(format!("工作表超过{}张。请拆成几个文件报送。", self.limits.sheets)).into());
        }
        if head.merged.len().max(head.hidden_rows.len()) > self.limits.areas {
            return Err(Refused::over(format!(
                "合并区域或隐藏行超过{}处。请取消合并后再报送。",
                self.limits.areas
            ))
            .into());
        }
        self.say(&Word::Sheet(head))
    }

    /// The next cell, rows from the top. Blank text is no content.
    #[expect(clippy::needless_pass_by_value, reason = "readers make contents to hand them over")]
    pub(super) fn cell(&mut self, row: u32, column: u32, content: Content) -> Result<(), Stop> {
        self.put(row, column, content.borrowed())
    }

    /// The same of a content that the reader still holds.
    pub(super) fn put(&mut self, row: u32, column: u32, content: ContentRef) -> Result<(), Stop> {
        if let ContentRef::Text(text) = content {
            if text.chars().all(char::is_whitespace) {
                return Ok(());
            }
            // Bytes first: no text has more characters.
            if text.len() > self.limits.cell_chars && text.chars().count() > self.limits.cell_chars {
                let (at, most) = (Address::new(row, column), self.limits.cell_chars);
                return Err(Refused::over(format!("{at}单元格的文字超过{most}个字符。请精简后再报送。")).into());
            }
        }
        if row >= self.limits.rows || column >= self.limits.columns {
            let (at, rows, columns) = (Address::new(row, column), self.limits.rows, self.limits.columns);
            return Err(Refused::over(format!(
                "{at}单元格有内容，超出了{rows}行、{columns}列的范围。请删除表格以外的内容，或拆成几个文件报送。"
            ))
            .into());
        }
        self.cells += 1;
        if self.cells > self.limits.cells {
            return Err(Refused::over(format!(
                "有内容的单元格超过{}个。请拆成几个文件报送。",
                self.limits.cells
            ))
            .into());
        }
        if row > self.next.0 {
            self.end_row()?;
            self.next = (row, 0);
        }
        if (row, column) < self.next {
            return Err(disordered(Address::new(row, column)));
        }
        self.next.1 = column.saturating_add(1);
        if let ContentRef::Text(text) = content {
            self.row_bytes += text.len();
            if self.row_bytes > self.limits.row_bytes {
                let (row, most) = (u64::from(row) + 1, self.limits.row_bytes >> 10);
                return Err(Refused::over(format!("第{row}行的文字超过{most} KB。请精简后再报送。")).into());
            }
        }
        self.row.push(column, content).map_err(Stop::Unheard)
    }

    fn end_row(&mut self) -> Result<(), Stop> {
        self.row_bytes = 0;
        if self.row.is_empty() {
            return Ok(());
        }
        self.row.write(self.next.0, &mut self.batch).map_err(Stop::Unheard)?;
        self.send_if_full()
    }

    /// The last word.
    pub(super) fn end(mut self, last: &Word) -> io::Result<()> {
        let ended = match last {
            Word::Done => self.end_row(),
            _ => Ok(()),
        };
        ended.and_then(|()| self.say(last)).map_err(|stop| match stop {
            Stop::Unheard(error) => error,
            Stop::Refused(refused) => io::Error::other(refused.detail),
        })?;
        wire::write_frame(self.output, &self.batch)
    }

    fn say(&mut self, word: &Word) -> Result<(), Stop> {
        self.batch = wire::say(word, std::mem::take(&mut self.batch)).map_err(Stop::Unheard)?;
        self.send_if_full()
    }

    /// An answer never spans frames, and a frame holds more than its batch by one answer at most.
    fn send_if_full(&mut self) -> Result<(), Stop> {
        if self.batch.len() >= BATCH {
            wire::write_frame(self.output, &self.batch).map_err(Stop::Unheard)?;
            self.batch.clear();
        }
        Ok(())
    }
}

/// No program writes cells in disorder; Excel calls such a file damaged too.
fn disordered(at: Address) -> Stop {
    Refused::unreadable(
        "文件已损坏，单元格的次序不对。请用 Excel 或 WPS 打开，另存为 .xlsx 后再报送。",
        format!("{at} is out of order"),
    )
    .into()
}
