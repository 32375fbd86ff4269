//! What parent and child say to each other over the pipes: frames of a length and a body.
//!
//! The parent writes one frame, the limits, and then the file to its end. The child answers with frames that each hold some answers, the
//! last of them `Done` or `Refused`. A child that ends without either has crashed.

use std::io::{self, Read, Write};

use serde::{Deserialize, Serialize};

use super::cells::{Cell, Content, ContentRef, Event, Format, Row, SheetHead};
use super::limits::Limits;
use super::marks::Marks;

/// No frame is longer, bytes: a row of a megabyte and a head of a million areas stay below it. Nothing is allocated by a longer length.
const MAX_FRAME: usize = 32 << 20;

/// Why a file is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Reason {
    /// F001: no spreadsheet that can be read.
    Unreadable,
    /// F002: password-protected.
    Protected,
    /// F003: over a limit.
    OverLimit,
}

impl Reason {
    /// The rule's code.
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::Unreadable => "F001",
            Self::Protected => "F002",
            Self::OverLimit => "F003",
        }
    }
}

/// A file's refusal, for the officer and for the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Refused {
    pub(super) reason: Reason,
    /// For the officer, in Chinese.
    pub(super) message: String,
    /// For the log: what the reader said.
    pub(super) detail: String,
}

impl Refused {
    /// F001 with what the reader said.
    #[expect(clippy::needless_pass_by_value, reason = "errors come by value")]
    pub(super) fn unreadable(message: impl Into<String>, detail: impl ToString) -> Self {
        Self {
            reason: Reason::Unreadable,
            message: message.into(),
            detail: detail.to_string(),
        }
    }

    /// F003.
    pub(super) fn over(message: impl Into<String>) -> Self {
        Self {
            reason: Reason::OverLimit,
            message: message.into(),
            detail: String::new(),
        }
    }
}

/// What the parent asks for, before the file.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Request {
    /// What the file may be at most.
    pub(super) limits: Limits,
    /// How many bytes it has, so that the child makes room for them at once.
    pub(super) bytes: u64,
    /// The marks to put into it; none where it is to be read.
    pub(super) marks: Option<Marks>,
}

/// One thing that the child says.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Answer {
    /// A part of the workbook.
    Event(Event),
    /// A piece of the marked workbook.
    Piece(Vec<u8>),
    /// The workbook was read to its end.
    Done,
    /// The file is refused.
    Refused(Refused),
}

/// What is said once or once a sheet.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Word {
    Format(Format),
    Sheet(SheetHead),
    Piece(Vec<u8>),
    Done,
    Refused(Refused),
}

/// The byte that a word, in postcard's format, follows.
const WORD: u8 = 0;

/// The byte that a row follows: its index, the number of its cells, the length of its text, each four bytes; for each cell the column and
/// the length of its text, each four bytes, and a byte for what it holds; and the text of all cells.
const ROW: u8 = 1;

/// Bytes of a cell besides its text.
const CELL: usize = 9;

/// Adds a word to a frame.
pub(super) fn say(word: &Word, frame: Vec<u8>) -> io::Result<Vec<u8>> {
    let mut frame = frame;
    frame.push(WORD);
    postcard::to_extend(word, frame).map_err(io::Error::other)
}

/// A row on its way into a frame.
#[derive(Debug, Default)]
pub(super) struct RowWriter {
    cells: Vec<u8>,
    text: String,
}

impl RowWriter {
    pub(super) fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// Adds a cell.
    pub(super) fn push(&mut self, column: u32, content: ContentRef) -> io::Result<()> {
        let (kind, text) = match content {
            ContentRef::Text(text) => (0, text),
            ContentRef::Number(text) => (1, text),
            ContentRef::Percent(text) => (2, text),
            ContentRef::Date(text) => (3, text),
            ContentRef::Error(text) => (4, text),
            ContentRef::Bool(false) => (5, ""),
            ContentRef::Bool(true) => (6, ""),
        };
        self.cells.extend(column.to_le_bytes());
        self.cells.extend(length(text.len())?);
        self.cells.push(kind);
        self.text.push_str(text);
        Ok(())
    }

    /// Adds the row to a frame and begins the next one.
    pub(super) fn write(&mut self, index: u32, frame: &mut Vec<u8>) -> io::Result<()> {
        frame.push(ROW);
        frame.extend(index.to_le_bytes());
        frame.extend(length(self.cells.len() / CELL)?);
        frame.extend(length(self.text.len())?);
        frame.extend(&self.cells);
        frame.extend(self.text.as_bytes());
        self.cells.clear();
        self.text.clear();
        Ok(())
    }
}

fn length(length: usize) -> io::Result<[u8; 4]> {
    let length = u32::try_from(length).map_err(|_| io::ErrorKind::InvalidInput)?;
    Ok(length.to_le_bytes())
}

/// Takes the next answer from a frame; none where it is none that a child of ours gives.
pub(super) fn take_answer(frame: &mut &[u8]) -> Option<Answer> {
    match *frame.split_off_first()? {
        WORD => {
            let (word, rest) = postcard::take_from_bytes(frame).ok()?;
            *frame = rest;
            Some(match word {
                Word::Format(format) => Answer::Event(Event::Format(format)),
                Word::Sheet(head) => Answer::Event(Event::Sheet(head)),
                Word::Piece(bytes) => Answer::Piece(bytes),
                Word::Done => Answer::Done,
                Word::Refused(refused) => Answer::Refused(refused),
            })
        }
        ROW => Some(Answer::Event(Event::Row(take_row(frame)?))),
        _ => None,
    }
}

fn take_row(frame: &mut &[u8]) -> Option<Row> {
    let index = take_u32(frame)?;
    let (cells, length) = (take_u32(frame)? as usize, take_u32(frame)? as usize);
    let cells = frame.split_off(..cells.checked_mul(CELL)?)?;
    let text = frame.split_off(..length)?;
    let mut text = std::str::from_utf8(text).ok()?;
    let mut row = Row {
        index,
        cells: Vec::with_capacity(cells.len() / CELL),
    };
    for mut bytes in cells.chunks_exact(CELL) {
        let (column, length) = (take_u32(&mut bytes)?, take_u32(&mut bytes)? as usize);
        let (own, rest) = text.split_at_checked(length)?;
        text = rest;
        let content = match bytes.first()? {
            0 => Content::Text(own.into()),
            1 => Content::Number(own.into()),
            2 => Content::Percent(own.into()),
            3 => Content::Date(own.into()),
            4 => Content::Error(own.into()),
            5 => Content::Bool(false),
            6 => Content::Bool(true),
            _ => return None,
        };
        row.cells.push(Cell { column, content });
    }
    Some(row)
}

fn take_u32(from: &mut &[u8]) -> Option<u32> {
    let (bytes, rest) = from.split_first_chunk()?;
    *from = rest;
    Some(u32::from_le_bytes(*bytes))
}

/// Writes a frame.
pub(super) fn write_frame(out: &mut dyn Write, body: &[u8]) -> io::Result<()> {
    let length = u32::try_from(body.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
    out.write_all(&length.to_le_bytes())?;
    out.write_all(body)?;
    out.flush()
}

/// Reads a frame; none at the end of the stream. A stream that ends inside a frame, or a frame too long, is an error.
pub(super) fn read_frame(from: &mut dyn Read) -> io::Result<Option<Vec<u8>>> {
    let mut length = [0; 4];
    let first = loop {
        match from.read(&mut length[..1]) {
            // A signal says nothing of the stream.
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            read => break read?,
        }
    };
    if first == 0 {
        return Ok(None);
    }
    from.read_exact(&mut length[1..])?;
    let length = u32::from_le_bytes(length) as usize;
    if length > MAX_FRAME {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "frame too long"));
    }
    let mut body = Vec::with_capacity(length.min(1 << 20));
    from.take(length as u64).read_to_end(&mut body)?;
    if body.len() < length {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(Some(body))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// Answers every other question with an interruption, else with a byte.
    struct Interrupted(Vec<u8>, bool);

    impl Read for Interrupted {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            self.1 = !self.1;
            if self.1 {
                return Err(io::ErrorKind::Interrupted.into());
            }
            if self.0.is_empty() || into.is_empty() {
                return Ok(0);
            }
            into[0] = self.0.remove(0);
            Ok(1)
        }
    }

    #[test]
    fn a_signal_does_not_end_a_stream() {
        let mut bytes = Vec::new();
        write_frame(&mut bytes, b"one").unwrap();
        write_frame(&mut bytes, b"").unwrap();
        let mut stream = Interrupted(bytes, false);
        assert_eq!(read_frame(&mut stream).unwrap().as_deref(), Some(&b"one"[..]));
        assert_eq!(read_frame(&mut stream).unwrap().as_deref(), Some(&b""[..]));
        assert_eq!(read_frame(&mut stream).unwrap(), None);
    }
}
