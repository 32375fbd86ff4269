//! The catalogue's files as tables whose lines know their numbers.

use std::fmt::Display;
use std::path::Path;
use std::str::FromStr;
use std::{fs, io};

use thiserror::Error;

use super::{CodeEntry, CodeList};

/// A file of the catalogue that cannot be used.
#[derive(Debug, Error)]
pub enum CatalogueError {
    /// The file is there but cannot be read.
    #[error("{file}: {source}")]
    Unreadable {
        /// The file's path.
        file: String,
        /// Why.
        source: io::Error,
    },
    /// A line of the file breaks a rule.
    #[error("{file}:{line}: {reason}")]
    Broken {
        /// The file's path.
        file: String,
        /// The line, from 1.
        line: u64,
        /// What is wrong with it.
        reason: String,
    },
}

/// A deployment's own file of this name, where it has one: its path and text.
pub(crate) fn read_override(folder: Option<&Path>, name: &str) -> Result<Option<(String, String)>, CatalogueError> {
    let Some(path) = folder.map(|folder| folder.join(name)) else {
        return Ok(None);
    };
    let file = path.display().to_string();
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(CatalogueError::Unreadable { file, source }),
    };
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Some((file, text.trim_start_matches('\u{feff}').to_owned()))),
        Err(error) => {
            let sound = &error.as_bytes()[..error.utf8_error().valid_up_to()];
            let line = memchr::memchr_iter(b'\n', sound).count() as u64 + 1;
            let reason = "文件不是 UTF-8 编码；请另存为“CSV UTF-8”".to_owned();
            Err(CatalogueError::Broken { file, line, reason })
        }
    }
}

/// A misspelt file name would leave the embedded file in force without a word.
pub(super) fn refuse_unknown_files(folder: Option<&Path>, known: &[&str]) -> Result<(), CatalogueError> {
    let Some(Ok(entries)) = folder.map(fs::read_dir) else {
        return Ok(());
    };
    for entry in entries.flatten() {
        let path = entry.path();
        let is_ours = path.extension().is_some_and(|kind| kind == "csv" || kind == "toml");
        let is_known = known
            .iter()
            .any(|known| path.file_name().is_some_and(|name| name == *known));
        if is_ours && !is_known {
            let reason = format!("目录中没有叫这个名字的文件；可用的名字是 {}", known.join("、"));
            return Err(CatalogueError::Broken {
                file: path.display().to_string(),
                line: 1,
                reason,
            });
        }
    }
    Ok(())
}

/// A csv file with its header, each line knowing its number.
pub(super) struct Table {
    file: String,
    header: csv::StringRecord,
    lines: Vec<csv::StringRecord>,
}

impl Table {
    pub(super) fn read(folder: Option<&Path>, (name, embedded): (&str, &str)) -> Result<Self, CatalogueError> {
        match read_override(folder, name)? {
            Some((file, text)) => Self::parse(&file, &text),
            None => Self::parse(name, embedded),
        }
    }

    pub(super) fn parse(file: &str, text: &str) -> Result<Self, CatalogueError> {
        let broken = |error: csv::Error| CatalogueError::Broken {
            file: file.to_owned(),
            line: error.position().map_or(1, csv::Position::line),
            reason: error.to_string(),
        };
        // With one kind of line end the reader's line numbers are those that an editor shows.
        let text = text.replace("\r\n", "\n");
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let header = reader.headers().map_err(broken)?.clone();
        let lines = reader.records().collect::<Result<Vec<_>, _>>().map_err(broken)?;
        Ok(Self {
            file: file.to_owned(),
            header,
            lines,
        })
    }

    pub(super) fn lines(&self) -> impl Iterator<Item = Line<'_>> {
        self.lines.iter().map(|record| Line { table: self, record })
    }

    /// The file as a whole is wrong; said at its last line.
    pub(super) fn broken(&self, reason: impl Into<String>) -> CatalogueError {
        let line = self
            .lines
            .last()
            .and_then(csv::StringRecord::position)
            .map_or(1, csv::Position::line);
        CatalogueError::Broken {
            file: self.file.clone(),
            line,
            reason: reason.into(),
        }
    }
}

#[derive(Clone, Copy)]
pub(super) struct Line<'a> {
    table: &'a Table,
    record: &'a csv::StringRecord,
}

impl<'a> Line<'a> {
    pub(super) fn broken(self, reason: impl Into<String>) -> CatalogueError {
        CatalogueError::Broken {
            file: self.table.file.clone(),
            line: self.record.position().map_or(1, csv::Position::line),
            reason: reason.into(),
        }
    }

    pub(super) fn get(self, column: &str) -> Result<&'a str, CatalogueError> {
        let at = self.table.header.iter().position(|name| name.trim() == column);
        let at = at.ok_or_else(|| CatalogueError::Broken {
            file: self.table.file.clone(),
            line: 1,
            reason: format!("表头没有 `{column}` 一栏"),
        })?;
        Ok(self.record.get(at).unwrap_or_default().trim())
    }

    pub(super) fn required(self, column: &str) -> Result<&'a str, CatalogueError> {
        let text = self.get(column)?;
        if text.is_empty() {
            Err(self.broken(format!("`{column}` 空着")))
        } else {
            Ok(text)
        }
    }

    pub(super) fn list(self, column: &str) -> Result<Vec<String>, CatalogueError> {
        Ok(self
            .get(column)?
            .split('|')
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .map(str::to_owned)
            .collect())
    }

    pub(super) fn parsed<T: FromStr<Err: Display>>(self, column: &str) -> Result<T, CatalogueError> {
        let text = self.required(column)?;
        text.parse()
            .map_err(|error| self.broken(format!("`{column}`：`{text}` 无法识别（{error}）")))
    }

    pub(super) fn known<T>(self, column: &str, find: impl Fn(&str) -> Option<T>) -> Result<T, CatalogueError> {
        let text = self.required(column)?;
        find(text).ok_or_else(|| self.broken(format!("`{column}`：没有 `{text}` 这一项")))
    }

    pub(super) fn code(self, column: &str, list: CodeList, codes: &[Vec<CodeEntry>]) -> Result<String, CatalogueError> {
        self.known(column, |text| {
            codes[list as usize]
                .iter()
                .any(|entry| &*entry.code == text)
                .then(|| text.to_owned())
        })
    }
}
