//! Projects that a row resembles without meeting them: offered to the officer, never taken for the same.

use std::collections::{BTreeSet, HashMap};

use retrofit_import::catalogue::Field;
use retrofit_import::values::fold;

use super::Row;
use crate::db::keys::{self, Near, parts};
use crate::db::projects::Resembled;
use crate::db::{Conn, DbError};
use crate::registry::values::Fields as _;

/// Projects of the department by what they resemble others by.
#[derive(Default)]
pub(super) struct Likenesses {
    by_name: HashMap<String, Vec<Resembled>>,
    by_address: HashMap<String, Vec<Resembled>>,
}

impl Likenesses {
    /// Loads what these rows may resemble.
    pub(super) fn load<'a>(
        conn: &mut Conn<'_>,
        department: &str,
        rows: impl Iterator<Item = &'a Row>,
    ) -> Result<Self, DbError> {
        if keys::has_none(conn, department)? {
            return Ok(Self::default());
        }
        let (mut names, mut addresses) = (BTreeSet::new(), BTreeSet::new());
        for (name, address) in rows.filter_map(|row| parts(row.place.as_deref()?)) {
            names.insert(name);
            addresses.insert(address);
        }
        let mut load = |kind, sought: &BTreeSet<String>| {
            let sought: Vec<&str> = sought.iter().map(String::as_str).collect();
            let mut found: HashMap<String, Vec<Resembled>> = HashMap::new();
            keys::near_by(conn, department, (kind, &sought), &mut |key, near| {
                found.entry(key).or_default().push(near);
            })?;
            Ok::<_, DbError>(found)
        };
        Ok(Self {
            by_name: load(Near::Name, &names)?,
            by_address: load(Near::Address, &addresses)?,
        })
    }

    /// The projects that a row resembles, each once, by id.
    pub(super) fn of(&self, row: &Row) -> Vec<&Resembled> {
        if self.by_name.is_empty() && self.by_address.is_empty() {
            return Vec::new();
        }
        let Some((name, address)) = row.place.as_deref().and_then(parts) else {
            return Vec::new();
        };
        let named = self.by_name.get(&name).into_iter().flatten();
        // Two numbers of the department's own say that these are two.
        let named = named.filter(|met| row.number.is_none() || met.project_no.is_none());
        let view = row.values.view();
        let own = view.one(Field::Name).unwrap_or_default();
        let placed = self.by_address.get(&address).into_iter().flatten();
        let placed = placed.filter(|met| is_alike(own, &met.name));
        let mut found: Vec<&Resembled> = named.chain(placed).collect();
        found.sort_by_key(|met| met.id);
        found.dedup_by_key(|met| met.id);
        found
    }
}

/// Whether two names may be one: most of their pairs of letters agree, and all of their figures.
fn is_alike(one: &str, other: &str) -> bool {
    let (one, other) = (fold(one), fold(other));
    let figures = |name: &str| -> Vec<char> { name.chars().filter(|letter| is_figure(*letter)).collect() };
    if figures(&one) != figures(&other) {
        return false;
    }
    let pairs = |name: &str| -> Vec<(char, char)> {
        let mut pairs: Vec<_> = name.chars().zip(name.chars().skip(1)).collect();
        pairs.sort_unstable();
        pairs
    };
    let (one, other) = (pairs(&one), pairs(&other));
    let all = one.len() + other.len();
    // At least three of five pairs.
    all > 0 && 2 * common(&one, &other) * 5 >= all * 3
}

fn is_figure(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || "一二三四五六七八九十东西南北".contains(letter)
}

/// How many entries two sorted lists share.
fn common<T: Ord>(one: &[T], other: &[T]) -> usize {
    let (mut at, mut there, mut shared) = (0, 0, 0);
    while let (Some(left), Some(right)) = (one.get(at), other.get(there)) {
        match left.cmp(right) {
            std::cmp::Ordering::Less => at += 1,
            std::cmp::Ordering::Greater => there += 1,
            std::cmp::Ordering::Equal => (at, there, shared) = (at + 1, there + 1, shared + 1),
        }
    }
    shared
}

#[cfg(test)]
mod tests {
    use super::is_alike;

    #[test]
    fn names_are_alike_where_most_of_them_agrees_and_every_figure() {
        let alike = [
            ("聊城第一中学教学楼", "聊城市第一中学教学楼"),
            ("第3小学教学楼", "第3小学教学楼（加固）"),
            ("人民医院门诊楼", "县人民医院门诊楼"),
        ];
        for (one, other) in alike {
            assert!(is_alike(one, other), "{one} {other}");
        }
        let apart = [
            ("第1小学教学楼", "第2小学教学楼"),
            ("一中教学楼", "二中教学楼"),
            ("东教学楼", "西教学楼"),
            ("聊城一中教学楼", "聊城一中食堂"),
            ("A座", "B座"),
            ("", ""),
        ];
        for (one, other) in apart {
            assert!(!is_alike(one, other), "{one} {other}");
        }
    }
}
