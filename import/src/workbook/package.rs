//! Zip packages: guards on the directory before anything is unpacked, and their parts.

use std::collections::HashMap;
use std::io::{Cursor, Read};

use zip::ZipArchive;
use zip::result::ZipError;

use super::limits::Limits;
use super::wire::Refused;
use super::xml;

/// Parts smaller than this may unpack to any multiple: a small part of blanks harms nobody.
const RATIO_FROM: u64 = 10 << 20;

/// A package whose directory keeps to the limits. A clone reads the same bytes on a thread of its own.
#[derive(Clone)]
pub(super) struct Package<'a> {
    archive: ZipArchive<Cursor<&'a [u8]>>,
    /// Lower-case path with slashes to entry: producers differ in both.
    entries: HashMap<String, usize>,
}

impl<'a> Package<'a> {
    /// Reads the directory and holds it to the limits.
    pub(super) fn open(bytes: &'a [u8], limits: &Limits) -> Result<Self, Refused> {
        let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| {
            Refused::unreadable(
                "文件不完整或已损坏，可能没有传完。请重新保存或重新下载后再报送。",
                error,
            )
        })?;
        if archive.len() > limits.zip_entries {
            return Err(Refused::over(format!(
                "文件里的部件超过{}个，不像工作簿。",
                limits.zip_entries
            )));
        }
        if archive.has_duplicate_names() {
            return Err(damaged("duplicate names"));
        }
        let mut entries = HashMap::new();
        let mut unpacked = 0_u64;
        for index in 0..archive.len() {
            let entry = archive.by_index_raw(index).map_err(damaged)?;
            unpacked = unpacked.saturating_add(entry.size());
            let times = entry.size() / entry.compressed_size().max(1);
            if unpacked > limits.unpacked_bytes || (entry.size() > RATIO_FROM && times > limits.unpacked_ratio) {
                return Err(Refused::over(format!(
                    "文件解压后太大（超过{} MB，或单个部件超过{}倍）。请拆成几个文件报送。",
                    limits.unpacked_bytes >> 20,
                    limits.unpacked_ratio
                )));
            }
            let name = entry.name().map_err(damaged)?;
            // Paths that differ in case or slashes only would be one part to some readers and two to others.
            if entries.insert(normal(&name), index).is_some() {
                return Err(damaged("duplicate names"));
            }
        }
        Ok(Self { archive, entries })
    }

    /// Whether there is a part.
    pub(super) fn has(&self, path: &str) -> bool {
        self.entries.contains_key(&normal(path))
    }

    /// Whether a part holds a VBA project.
    pub(super) fn has_macros(&self) -> bool {
        self.paths().any(|path| path.ends_with("vbaproject.bin"))
    }

    /// The paths of all parts, lower-case.
    pub(super) fn paths(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(String::as_str)
    }

    /// A part, unpacked as it is read; the reader fails at the end of the declared size.
    pub(super) fn part(&mut self, path: &str) -> Result<Option<impl Read + use<'_, 'a>>, Refused> {
        let Some(&index) = self.entries.get(&normal(path)) else {
            return Ok(None);
        };
        match self.archive.by_index(index) {
            Ok(file) => Ok(Some(file)),
            Err(ZipError::InvalidPassword | ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED)) => {
                Err(super::sniff::protected("encrypted entry"))
            }
            Err(error) => Err(damaged(error)),
        }
    }

    /// The declared unpacked size of a part.
    pub(super) fn size(&mut self, path: &str) -> Option<u64> {
        let index = *self.entries.get(&normal(path))?;
        self.archive.by_index_raw(index).ok().map(|entry| entry.size())
    }

    /// The relationships of a part (`""`: of the package): type's last word, id and target path.
    pub(super) fn relationships(&mut self, of: &str) -> Result<Vec<Relationship>, Refused> {
        let (folder, name) = of.rsplit_once('/').map_or(("", of), |(folder, name)| (folder, name));
        let path = [folder, "_rels", &format!("{name}.rels")].join("/");
        let Some(part) = self.part(path.trim_start_matches('/'))? else {
            return Ok(Vec::new());
        };
        let mut found = Vec::new();
        xml::each_element(xml::reader(part), |element| {
            if element.local_name().as_ref() == "Relationship" {
                let text = |name| xml::attribute(element, name).unwrap_or_default();
                let (target, kind) = (text("Target"), text("Type"));
                let path = match target.strip_prefix('/') {
                    Some(absolute) => absolute.to_owned(),
                    None if folder.is_empty() => target,
                    None => format!("{folder}/{target}"),
                };
                let kind = kind.rsplit('/').next().unwrap_or_default().to_owned();
                found.push(Relationship {
                    id: text("Id"),
                    kind,
                    path,
                });
            }
            true
        })?;
        Ok(found)
    }
}

/// A relationship of a part.
pub(super) struct Relationship {
    /// Its id within the part.
    pub(super) id: String,
    /// The last word of its type: `officeDocument`, `worksheet`.
    pub(super) kind: String,
    /// The part that it points to.
    pub(super) path: String,
}

fn normal(path: &str) -> String {
    path.replace('\\', "/").to_ascii_lowercase()
}

fn damaged(detail: impl ToString) -> Refused {
    Refused::unreadable("文件已损坏。请用 Excel 或 WPS 打开，另存为 .xlsx 后再报送。", detail)
}
