//! The columns that a header names, and what a column is known by over which it says nothing.

/// So much of a neighbour's key says which it is, in characters.
const NEIGHBOUR_CHARS: usize = 50;

/// The named columns of a header.
#[derive(Clone, Debug, Default)]
pub(super) struct Heads {
    /// Those that an officer's table has, from the left: place and key.
    named: Vec<(u32, String)>,
    /// Those that come and go with our workbooks: the registry's code, and what an annotated workbook adds.
    ours: Vec<u32>,
}

impl Heads {
    /// Notes the next column from the left.
    pub(super) fn add(&mut self, column: u32, key: &str, ours: bool) {
        if ours {
            self.ours.push(column);
        } else {
            self.named.push((column, key.to_owned()));
        }
    }

    /// What a correction knows a column without a header by; none where it has one. A letter alone would be another column in the next
    /// file: it is the place between the two named columns beside it, of so many, and is this column no more when these change.
    pub(super) fn blank_key(&self, column: u32) -> Option<String> {
        if self.ours.contains(&column) {
            return None;
        }
        let next = self.named.partition_point(|(at, _)| *at < column);
        let right = self.named.get(next);
        if right.is_some_and(|(at, _)| *at == column) {
            return None;
        }
        let left = next.checked_sub(1).and_then(|at| self.named.get(at));
        let first = left.map_or(0, |(at, _)| at + 1);
        let place = column - first + 1;
        let of = right.map_or_else(String::new, |(at, _)| format!("/{}", at - first));
        let name = |side: Option<&(u32, String)>| -> String {
            let key = side.map_or("", |(_, key)| key);
            key.chars().take(NEIGHBOUR_CHARS).collect()
        };
        Some(format!("{}|空{place}{of}|{}", name(left), name(right)))
    }

    /// The column right of the last that is named.
    pub(super) fn end(&self) -> u32 {
        self.named.last().map_or(0, |(at, _)| at + 1)
    }
}
