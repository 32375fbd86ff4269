//! The seal on the audit log: a hash chain that shows whether a sealed entry was changed, removed, added or moved.
//!
//! An entry is sealed by its own digest and its place in the chain, whose digest covers the place before. Who can write to the database past
//! this program could make the whole chain anew: the head that [`verify`] gives, noted elsewhere, shows that as well.

use std::collections::HashMap;

use retrofit_jobs::store::UtcMillis;

use super::values::sha256;
use super::{Error, Registry};
use crate::db::audit::{self, Entry, LinkRow};
use crate::db::{Conn, DbError};

/// What is wrong with the log.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Damage {
    /// The entry is not what was sealed.
    Changed(i64),
    /// The entry is gone.
    Missing(i64),
    /// The entry stands among sealed ones, and was not there when they were sealed.
    Inserted(i64),
    /// The entry stands where another stood: the first is where it was sealed, the second where it is.
    Moved(i64, i64),
    /// The place in the chain itself was changed, removed or added.
    Broken(i64),
}

impl Damage {
    /// It in the words of who has to look.
    pub fn label(&self) -> String {
        match self {
            Self::Changed(id) => format!("第 {id} 条记录的内容被改过"),
            Self::Missing(id) => format!("第 {id} 条记录被删去"),
            Self::Inserted(id) => format!("第 {id} 条记录是封存后插入的"),
            Self::Moved(from, to) => format!("第 {from} 条记录被挪到了第 {to} 条的位置"),
            Self::Broken(position) => format!("封存链在第 {position} 位断开"),
        }
    }
}

/// What a check of the log found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Sealed entries that were checked.
    pub sealed: i64,
    /// Entries that are not sealed yet.
    pub unsealed: i64,
    /// The digest of the last place in the chain; blank where nothing is sealed.
    pub head: String,
    /// What is wrong, by entry.
    pub damage: Vec<Damage>,
}

/// Seals what is not sealed yet, as one batch, and says how many entries that were.
///
/// # Errors
/// Only our own faults.
pub fn seal(registry: &Registry) -> Result<usize, Error> {
    let now = registry.clock.now();
    registry.db.write(|conn| {
        audit::lock(conn)?;
        let mut last = audit::last_link(conn)?;
        let mut sealed = 0;
        loop {
            let after = last.as_ref().map_or(0, |link| link.entry_id);
            let mut links: Vec<LinkRow> = Vec::new();
            for (id, entry) in audit::after(conn, after)? {
                let link = link(links.last().or(last.as_ref()), id, &entry, now);
                links.push(link);
            }
            audit::append_links(conn, &links)?;
            sealed += links.len();
            match links.pop() {
                Some(link) => last = Some(link),
                None => return Ok(sealed),
            }
        }
    })
}

/// Checks the log against its seal.
///
/// # Errors
/// Only our own faults.
pub fn verify(registry: &Registry) -> Result<Verdict, Error> {
    registry.db.read(|conn| Ok(check(conn)?))
}

fn check(conn: &mut Conn<'_>) -> Result<Verdict, DbError> {
    let mut found = Found::default();
    let mut last: Option<LinkRow> = None;
    loop {
        let position = last.as_ref().map_or(0, |link| link.position);
        let links = audit::links_after(conn, position)?;
        let Some(end) = links.last().cloned() else {
            break;
        };
        // Before the first place, an id of any kind is one too many.
        let before = last.as_ref().map_or(i64::MIN, |link| link.entry_id);
        let highest = links.iter().map(|link| link.entry_id).max().unwrap_or_default();
        let mut entries: HashMap<i64, Entry> = audit::between(conn, before, highest)?.into_iter().collect();
        for link in links {
            found.take(last.as_ref(), &link, entries.remove(&link.entry_id).as_ref());
            last = Some(link);
        }
        found
            .inserted
            .extend(entries.into_iter().map(|(id, entry)| (digest(&entry), id)));
        last = Some(end);
    }
    let highest = last.as_ref().map_or(0, |link| link.entry_id);
    Ok(Verdict {
        sealed: last.as_ref().map_or(0, |link| link.position),
        unsealed: audit::count_after(conn, highest)?,
        head: last.map(|link| link.chain_hash).unwrap_or_default(),
        damage: found.damage(),
    })
}

/// What does not fit, gathered so that what was moved is told from what was changed.
#[derive(Default)]
struct Found {
    broken: Vec<i64>,
    /// The digest that was sealed, of entries that are gone.
    missing: Vec<(String, i64)>,
    /// The digest that was sealed, and the one found.
    changed: Vec<(String, String, i64)>,
    /// The digest found of entries that were not sealed.
    inserted: Vec<(String, i64)>,
}

impl Found {
    fn take(&mut self, before: Option<&LinkRow>, link: &LinkRow, entry: Option<&Entry>) {
        let next = before.map_or(1, |before| before.position + 1);
        let chained = chain_hash(before, link.position, link.entry_id, &link.entry_hash, link.sealed_at);
        if link.position != next || link.chain_hash != chained {
            self.broken.push(link.position);
        }
        match entry.map(digest) {
            None => self.missing.push((link.entry_hash.clone(), link.entry_id)),
            Some(found) if found != link.entry_hash => {
                self.changed.push((link.entry_hash.clone(), found, link.entry_id));
            }
            Some(_) => {}
        }
    }

    fn damage(mut self) -> Vec<Damage> {
        let mut damage: Vec<Damage> = self.broken.iter().copied().map(Damage::Broken).collect();
        // Where what was sealed at one place is found at another, it was moved there.
        let mut found: HashMap<String, i64> = self.inserted.iter().cloned().collect();
        found.extend(self.changed.iter().map(|(_, found, id)| (found.clone(), *id)));
        let mut taken = Vec::new();
        let sealed = self
            .missing
            .drain(..)
            .map(|(sealed, id)| (sealed, id, Damage::Missing(id)));
        let changed = self
            .changed
            .drain(..)
            .map(|(sealed, _, id)| (sealed, id, Damage::Changed(id)));
        for (sealed, id, otherwise) in sealed.chain(changed) {
            damage.push(match found.get(&sealed) {
                Some(&at) => {
                    taken.push(at);
                    Damage::Moved(id, at)
                }
                None => otherwise,
            });
        }
        let inserted = self.inserted.into_iter().map(|(_, id)| id);
        damage.extend(inserted.filter(|id| !taken.contains(id)).map(Damage::Inserted));
        damage.sort();
        damage
    }
}

fn link(before: Option<&LinkRow>, entry_id: i64, entry: &Entry, sealed_at: UtcMillis) -> LinkRow {
    let position = before.map_or(1, |before| before.position + 1);
    let entry_hash = digest(entry);
    LinkRow {
        chain_hash: chain_hash(before, position, entry_id, &entry_hash, sealed_at),
        position,
        entry_id,
        entry_hash,
        sealed_at,
    }
}

fn chain_hash(
    before: Option<&LinkRow>,
    position: i64,
    entry_id: i64,
    entry_hash: &str,
    sealed_at: UtcMillis,
) -> String {
    let before = before.map_or("", |before| &before.chain_hash);
    sha256(format!("{before}\n{position}\n{entry_id}\n{entry_hash}\n{sealed_at}").as_bytes())
}

/// The digest of an entry's content, without its id: as a JSON list, in which no two contents look the same.
fn digest(entry: &Entry) -> String {
    let Entry {
        at,
        actor,
        action,
        object,
        detail,
        origin,
        outcome,
    } = entry;
    let list = serde_json::json!([at, actor, action, object, detail, origin, outcome]);
    sha256(list.to_string().as_bytes())
}
