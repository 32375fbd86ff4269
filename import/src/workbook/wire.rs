//! What parent and child say to each other over the pipes: frames of a length and a body.
//!
//! The parent writes one frame, the limits, and then the file to its end. The child answers with frames that each hold some answers, the
//! last of them `Done` or `Refused`. A child that ends without either has crashed.

use std::io::{self, Read, Write};

use serde::{Deserialize, Serialize};

use super::cells::Event;

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

/// One thing that the child says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Answer {
    /// A part of the workbook.
    Event(Event),
    /// The workbook was read to its end.
    Done,
    /// The file is refused.
    Refused(Refused),
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
    if from.read(&mut length[..1])? == 0 {
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
