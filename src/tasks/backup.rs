//! `backup`: a copy of an `SQLite` database into a dated file, and the oldest copies away.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::registry::{Error, Registry, business_day, file_failure};

pub(super) const NAME: &str = "backup";
/// So many copies are kept.
const KEPT: usize = 14;

/// Copies the database once a day; a second run on the same day does nothing.
pub(super) fn run(registry: &Registry) -> Result<String, Error> {
    if !registry.db.is_file() {
        return Ok("数据库是 PostgreSQL：由本单位的数据库备份（pg_dump）负责，本任务不另做".into());
    }
    let folder = registry.folder("backups")?;
    let day = business_day(registry.clock.now());
    let copy = folder.join(format!("registry-{day}.db"));
    if copy.exists() {
        return Ok(format!("今天已经备份过：{}", copy.display()));
    }
    // a copy that was broken off is not taken for one
    let part = folder.join("registry.part");
    ours(&part, remove_if_there(&part))?;
    registry.db.copy_to(&part)?;
    // it holds password hashes
    ours(&part, fs::set_permissions(&part, fs::Permissions::from_mode(0o600)))?;
    ours(&part, fs::File::open(&part).and_then(|file| file.sync_all()))?;
    ours(&copy, fs::rename(&part, &copy))?;
    let bytes = ours(&copy, fs::metadata(&copy))?.len();
    let removed = ours(&folder, prune(&folder))?;
    let removed = if removed > 0 {
        format!("，清理旧备份 {removed} 份")
    } else {
        String::new()
    };
    Ok(format!(
        "已备份到 {}（{} KB）{removed}；上传的清单原件在数据目录的 uploads 中，请另行备份",
        copy.display(),
        bytes.div_ceil(1024)
    ))
}

/// Removes all copies but the latest.
fn prune(folder: &Path) -> io::Result<usize> {
    let mut copies = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if name.starts_with("registry-") && path.extension().is_some_and(|kind| kind == "db") {
            copies.push(path);
        }
    }
    copies.sort();
    let old = copies.len().saturating_sub(KEPT);
    for path in &copies[..old] {
        fs::remove_file(path)?;
    }
    Ok(old)
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn ours<T>(path: &Path, result: io::Result<T>) -> Result<T, Error> {
    Ok(result.map_err(|source| file_failure(path, source))?)
}
