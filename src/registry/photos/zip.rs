//! Photos in a ZIP, each named by its project: `JTJ-0001_施工_1.jpg`, `LC-2026-000123 验收.png`, `JTJ-0001/施工/1.jpg`.
//!
//! Names are only read, never used as paths. The archive is foreign: entries, their sizes and the whole are limited, and what is unpacked
//! is counted as it comes, whatever the archive says of itself.

use std::collections::HashMap;
use std::io::{Read, Seek};

use retrofit_import::values::fold;
use retrofit_jobs::store::{PhotoKind, Word as _};
use zip::ZipArchive;
use zip::read::ZipFile;
use zip::result::ZipError;

use super::{Candidate, Fate, MOST_BYTES_SENT, Outcome, label, named, put_in, read};
use crate::registry::code::RegistryCode;
use crate::registry::people::Operator;
use crate::registry::{Error, Registry};

/// How much an archive may hold.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The archive itself, bytes.
    pub archive_bytes: u64,
    /// Entries, folders too.
    pub entries: usize,
    /// All that is unpacked, bytes.
    pub unpacked_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            archive_bytes: 500_000_000,
            entries: 2000,
            unpacked_bytes: 1_000_000_000,
        }
    }
}

/// Pictures held in memory at a time, bytes.
const BATCH_BYTES: usize = 64_000_000;
/// Characters of a name that are kept.
const NAME_CHARS: usize = 160;

/// Takes the photos of a ZIP for the projects of a department: what became of each entry, in the archive's order. What is wrong with one
/// entry keeps none of the others out. `kind` counts for those whose names say neither 施工 nor 验收.
///
/// # Errors
/// Refused where the operator may not send for the department, the file is no ZIP, or it holds too much.
pub fn add_zip(
    registry: &Registry,
    operator: &Operator,
    department: &str,
    kind: PhotoKind,
    file: impl Read + Seek,
    limits: &Limits,
) -> Result<Vec<Fate>, Error> {
    let department = registry.department(department)?;
    if !operator.may_send(department) {
        return Err(Error::refused(format!(
            "用户“{}”不能代部门“{department}”上传照片。",
            operator.name
        )));
    }
    let mut archive = ZipArchive::new(file)
        .map_err(|_| Error::refused("这个文件不是 ZIP 压缩包，或者已损坏。请重新压缩成 ZIP 格式后再传。"))?;
    if archive.len() > limits.entries {
        return Err(Error::refused(format!(
            "压缩包里有 {} 个文件，超过了 {} 个的上限。请分成几个压缩包，分别上传。",
            archive.len(),
            limits.entries
        )));
    }
    let names = (0..archive.len())
        .map(|at| {
            let entry = archive.by_index_raw(at).map_err(|_| broken())?;
            Ok(Entry::new(&decoded(entry.name_raw()), entry.is_dir()))
        })
        .collect::<Result<Vec<Entry>, Error>>()?;
    let mut meant: Vec<String> = names.iter().flat_map(|entry| entry.projects.clone()).collect();
    meant.sort_unstable();
    meant.dedup();
    let known = registry.db.read(|conn| named(conn, department, &meant))?;

    let mut taking = Taking {
        registry,
        operator,
        fates: Vec::with_capacity(names.len()),
        candidates: Vec::new(),
        held: 0,
        left: limits.unpacked_bytes,
    };
    for (at, entry) in names.into_iter().enumerate().filter(|(_, entry)| !entry.is_left_out) {
        let outcome = match place(&entry, &known) {
            Err(words) => Err(words),
            Ok(code) => match archive.by_index(at) {
                Ok(file) => taking.unpack(file).map(|picture| Candidate {
                    name: entry.name.clone(),
                    project: code.id,
                    code,
                    kind: entry.kind.unwrap_or(kind),
                    picture,
                }),
                Err(ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED)) => {
                    Err("有密码保护，读不出来。请去掉密码重新压缩。".into())
                }
                Err(ZipError::UnsupportedArchive(_)) => {
                    Err("压缩方式不受支持。请用系统自带的“压缩为 ZIP”重新压缩。".into())
                }
                Err(_) => Err("在压缩包里已损坏，读不出来。请重新压缩。".into()),
            },
        };
        taking.take(entry.name, outcome)?;
    }
    taking.settle()?;
    Ok(taking.fates)
}

fn broken() -> Error {
    Error::refused("压缩包已损坏，读不出目录。请重新压缩成 ZIP 格式后再传。")
}

/// What is being taken.
struct Taking<'a> {
    registry: &'a Registry,
    operator: &'a Operator,
    fates: Vec<Fate>,
    /// Pictures that are not in the registry yet; their fates are the last ones that say `Taken`.
    candidates: Vec<Candidate>,
    /// Their bytes.
    held: usize,
    /// Bytes that may yet be unpacked.
    left: u64,
}

impl Taking<'_> {
    /// The picture of an entry.
    fn unpack<R: Read>(&mut self, file: ZipFile<'_, R>) -> Result<super::Picture, String> {
        let most = (MOST_BYTES_SENT as u64).min(self.left);
        let mut bytes = Vec::new();
        let read_all = file.take(most + 1).read_to_end(&mut bytes);
        self.left = self.left.saturating_sub(bytes.len() as u64);
        if bytes.len() as u64 > most {
            return Err(if most < MOST_BYTES_SENT as u64 {
                "压缩包解开后太大，这一张和后面的没有收。请分成几个压缩包，分别上传。".into()
            } else {
                format!("文件超过了 {} MB。请缩小后再传。", MOST_BYTES_SENT / 1_000_000)
            });
        }
        read_all.map_err(|_| "在压缩包里已损坏，读不出来。请重新压缩。".to_owned())?;
        read(&bytes)
    }

    fn take(&mut self, name: String, outcome: Result<Candidate, String>) -> Result<(), Error> {
        let outcome = match outcome {
            Err(words) => Outcome::Refused(words),
            Ok(candidate) => {
                self.held += candidate.picture.bytes.len();
                let code = candidate.code;
                self.candidates.push(candidate);
                Outcome::Taken(code)
            }
        };
        self.fates.push(Fate { name, outcome });
        if self.held > BATCH_BYTES {
            self.settle()?;
        }
        Ok(())
    }

    /// Puts what is held into the registry, and says of each what became of it.
    fn settle(&mut self) -> Result<(), Error> {
        let outcomes = put_in(self.registry, self.operator, &self.candidates)?;
        let open = self
            .fates
            .iter_mut()
            .rev()
            .filter(|fate| matches!(fate.outcome, Outcome::Taken(_)));
        for (fate, outcome) in open.zip(outcomes.into_iter().rev()) {
            fate.outcome = outcome;
        }
        self.candidates.clear();
        self.held = 0;
        Ok(())
    }
}

/// An entry, by its name.
#[derive(Debug, PartialEq, Eq)]
struct Entry {
    name: String,
    /// What in it may be a project's code or number, the likeliest first.
    projects: Vec<String>,
    kind: Option<PhotoKind>,
    /// It climbs out of its folder, or begins at the root.
    climbs: bool,
    /// A folder, or what systems leave in archives: nothing to speak of.
    is_left_out: bool,
}

impl Entry {
    fn new(path: &str, is_folder: bool) -> Self {
        let parts: Vec<&str> = path.split(['/', '\\']).filter(|part| !part.is_empty()).collect();
        let file = parts.last().copied().unwrap_or_default();
        let is_left_out = is_folder
            || path.ends_with(['/', '\\'])
            || parts.contains(&"__MACOSX")
            || [".DS_Store", "Thumbs.db", "desktop.ini"].contains(&file);
        let climbs = path.starts_with(['/', '\\']) || path.contains(':') || parts.contains(&"..");
        let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
        let kind = PhotoKind::ALL
            .iter()
            .copied()
            .find(|kind| parts.iter().any(|part| part.contains(label(*kind))));
        let mut projects = beginnings(stem);
        for folder in parts.iter().rev().skip(1) {
            projects.extend(beginnings(folder));
        }
        Self {
            name: path
                .chars()
                .filter(|letter| !letter.is_control())
                .take(NAME_CHARS)
                .collect(),
            projects,
            kind,
            climbs,
            is_left_out,
        }
    }
}

/// A name, and what is left of it cut back at each separator: the longest first.
fn beginnings(name: &str) -> Vec<String> {
    let mut beginnings = vec![name.trim().to_owned()];
    let cuts = name
        .char_indices()
        .filter(|(_, letter)| " _-.,+()（）＿－　，、".contains(*letter));
    let mut cuts: Vec<usize> = cuts.map(|(at, _)| at).filter(|&at| at > 0).collect();
    // A name of nothing but separators would be cut without end.
    cuts.reverse();
    cuts.truncate(8);
    beginnings.extend(cuts.into_iter().map(|at| name[..at].trim().to_owned()));
    beginnings.retain(|name| !name.is_empty());
    beginnings
}

/// The project that an entry is named by.
fn place(entry: &Entry, known: &HashMap<String, RegistryCode>) -> Result<RegistryCode, String> {
    if entry.climbs {
        return Err(
            "文件名里的路径越出了压缩包（含“..”、盘符或以“/”开头），没有收。请把照片直接放进压缩包再传。".into(),
        );
    }
    let found = entry.projects.iter().find_map(|name| known.get(&fold(name)));
    found
        .copied()
        .ok_or_else(|| "文件名对不上本部门的工程。请用工程编号或登记编号开头命名，例如“JTJ-0001_施工_1.jpg”。".into())
}

/// A name as its bytes say: UTF-8, or else what Windows in Chinese writes.
fn decoded(name: &[u8]) -> String {
    match std::str::from_utf8(name) {
        Ok(name) => name.into(),
        Err(_) => encoding_rs::GB18030.decode_without_bom_handling(name).0.into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_project_and_kind() {
        let of = |path: &str| Entry::new(path, false);
        assert_eq!(
            of("JTJ-0001_施工_1.jpg").projects,
            ["JTJ-0001_施工_1", "JTJ-0001_施工", "JTJ-0001", "JTJ"]
        );
        assert_eq!(of("JTJ-0001_施工_1.jpg").kind, Some(PhotoKind::Construction));
        assert_eq!(of("验收/LC-2026-000123（2）.JPG").kind, Some(PhotoKind::Acceptance));
        assert!(
            of("验收/LC-2026-000123（2）.JPG")
                .projects
                .contains(&"LC-2026-000123".into())
        );
        assert!(of("照片/JTJ-0001/1.jpg").projects.contains(&"JTJ-0001".into()));
        for climbing in [
            "../JTJ-0001.jpg",
            "a/../../b.jpg",
            "/etc/JTJ-0001.jpg",
            "C:\\JTJ-0001.jpg",
            "a\\..\\b.jpg",
        ] {
            assert!(of(climbing).climbs, "{climbing}");
        }
        assert!(!of("a..b/JTJ-0001..jpg").climbs);
        assert!(of("__MACOSX/._JTJ-0001.jpg").is_left_out && of("a/").is_left_out);
        assert!(beginnings(&"-".repeat(5000)).len() < 10);
    }

    #[test]
    fn names_are_read_in_both_encodings() {
        assert_eq!(decoded("施工.jpg".as_bytes()), "施工.jpg");
        assert_eq!(decoded(b"\xca\xa9\xb9\xa4.jpg"), "施工.jpg");
    }
}
