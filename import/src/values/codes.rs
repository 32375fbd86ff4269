//! Codes as they are written in cells: the code, its label, a synonym, or code and label together.

use std::collections::HashMap;
use std::sync::Arc;

use rust_decimal::Decimal;

use super::fold::fold;
use super::number;
use crate::catalogue::{Catalogue, CodeList, Division, Level};

/// How alike two texts must be for one to be offered in place of the other.
const ALIKE: f64 = 0.3;

/// The marks that part several codes in one cell, besides white space and circled numbers.
const SEPARATORS: &[char] = &['、', ',', ';', '+', '/', '|', '&', '，', '；', '＋', '／', '｜', '＆'];

/// Words that part two codes where no label holds them.
const AND: &[&str] = &["以及", "和", "及", "与", "并"];

/// Marks around a code or between a code and its label.
const MARKS: &[char] = &[
    '(', ')', '[', ']', '【', '】', '"', '“', '”', '。', '、', ',', ';', ':', '.', '_', '|', '/',
];

/// Every way of writing a code or a division, folded.
#[derive(Clone, Debug)]
pub(crate) struct CodeIndex {
    /// By list.
    codes: Vec<HashMap<String, Arc<str>>>,
    /// Acceleration codes by their number: `0.1`, `0.10` and `0.100` are one.
    accelerations: Vec<(Decimal, Arc<str>)>,
    /// Townships of several counties may share a name.
    divisions: HashMap<String, Vec<Arc<str>>>,
}

impl CodeIndex {
    pub(crate) fn new(catalogue: &Catalogue) -> Self {
        let mut codes = vec![HashMap::new(); CodeList::ALL.len()];
        for (list, names) in CodeList::ALL.iter().zip(&mut codes) {
            let entries = catalogue.codes(*list);
            // A code or label wins over another entry's synonym that folds to the same text.
            for entry in entries {
                for text in [&*entry.code, &entry.label] {
                    names.entry(fold(text)).or_insert_with(|| entry.code.clone());
                }
            }
            for entry in entries {
                for text in &entry.synonyms {
                    names.entry(fold(text)).or_insert_with(|| entry.code.clone());
                }
            }
        }
        let accelerations = catalogue.codes(CodeList::Acceleration).iter();
        let accelerations = accelerations.filter_map(|entry| Some((entry.code.parse().ok()?, entry.code.clone())));
        let mut divisions: HashMap<String, Vec<Arc<str>>> = HashMap::new();
        for division in catalogue.divisions().all() {
            let names = [&*division.code, &division.name].into_iter();
            for text in names.chain(division.aliases.iter().map(String::as_str)) {
                divisions.entry(fold(text)).or_default().push(division.code.clone());
            }
        }
        Self {
            codes,
            accelerations: accelerations.collect(),
            divisions,
        }
    }

    /// The code that a folded text stands for: `02`, `2`, `学校`, `02 学校`, `学校（02）`, `学校（中小学）`.
    pub(crate) fn code(&self, list: CodeList, folded: &str) -> Option<Arc<str>> {
        loosely(folded, |text| self.exact(list, text))
    }

    /// The code that a folded text is a name of, as it stands.
    pub(crate) fn exact(&self, list: CodeList, folded: &str) -> Option<Arc<str>> {
        let names = self.codes.get(list as usize)?;
        if let Some(code) = names.get(folded) {
            return Some(code.clone());
        }
        if list == CodeList::Acceleration {
            let found = number::written(folded).filter(|found| matches!(found.rest, "" | "g" | "(g)"))?;
            let same = self.accelerations.iter().find(|(value, _)| *value == found.number);
            return same.map(|(_, code)| code.clone());
        }
        // A spreadsheet drops the leading zero of a code that it takes for a number.
        let digit = folded.len() == 1 && folded.bytes().all(|byte| byte.is_ascii_digit());
        digit.then(|| names.get(&format!("0{folded}")).cloned()).flatten()
    }

    /// The codes that a text names, in the order written, each once; the first part that is none otherwise.
    pub(crate) fn codes(&self, list: CodeList, text: &str) -> Result<Vec<Arc<str>>, String> {
        // Two numbers with a space between them are two codes.
        let folded = fold(text);
        let whole = !is_number(&folded) || !text.trim().contains(char::is_whitespace);
        if let Some(code) = self.code(list, &folded).filter(|_| whole) {
            return Ok(vec![code]);
        }
        self.parted(list, text)
            .or_else(|part| self.parted(list, &without_brackets(text)).map_err(|_| part))
    }

    /// The codes of a text's parts. A label that a separator cuts (`圈梁、构造柱`) is put together again.
    fn parted(&self, list: CodeList, text: &str) -> Result<Vec<Arc<str>>, String> {
        let parts: Vec<String> = text
            .split(|c: char| c.is_whitespace() || SEPARATORS.contains(&c) || matches!(c, '①'..='⑳'))
            .map(|part| fold(without_mark(part)))
            .filter(|part| !part.is_empty())
            .collect();
        let parts = without_count(parts);
        let mut found: Vec<Arc<str>> = Vec::new();
        let mut at = 0;
        while let Some(part) = parts.get(at) {
            // Two numbers side by side are two codes: 1、2 is not 12.
            let joins = |end: usize| end == at + 1 || !parts[at..end].iter().any(|part| is_number(part));
            let joined = |end: usize| Some((self.code(list, &parts[at..end].concat()).filter(|_| joins(end))?, end));
            if let Some((code, end)) = (at + 1..=parts.len().min(at + 3)).rev().find_map(joined) {
                found.push(code);
                at = end;
                continue;
            }
            let halves = AND.iter().find_map(|and| {
                let (first, second) = part.split_once(and)?;
                Some([self.code(list, first)?, self.code(list, second)?])
            });
            found.extend(halves.ok_or_else(|| part.clone())?);
            at += 1;
        }
        if found.is_empty() {
            return Err(text.to_owned());
        }
        let mut once = Vec::with_capacity(found.len());
        for code in found {
            if !once.contains(&code) {
                once.push(code);
            }
        }
        Ok(once)
    }

    /// The county or zone that a folded text names, with or without the city and the province before it.
    pub(crate) fn county(&self, catalogue: &Catalogue, folded: &str) -> Option<Arc<str>> {
        let is_county = |code: &&Arc<str>| {
            let level = catalogue.divisions().get(code).map(|found| found.level);
            matches!(level, Some(Level::County | Level::Zone))
        };
        loosely(folded, |text| {
            let mut named = within_city(text)
                .into_iter()
                .filter_map(|text| self.divisions.get(text));
            named.find_map(|codes| codes.iter().find(is_county).cloned())
        })
    }

    /// The township that a folded text names, with or without the places above it, 办事处 behind it, or its kind (街道, 镇, 乡) where the
    /// county is known. Of several with one name the one in the county.
    pub(crate) fn township<'a>(
        &self,
        catalogue: &'a Catalogue,
        folded: &str,
        county: Option<&str>,
    ) -> Option<&'a Division> {
        let divisions = catalogue.divisions();
        let parent = county.map(|county| divisions.base_county(county));
        let find = |text: &str| {
            let named = self.divisions.get(text).into_iter().flatten();
            let mut towns = named
                .filter_map(|code| divisions.get(code))
                .filter(|found| found.level == Level::Township);
            let first = towns.clone().next();
            towns.find(|town| Some(town.parent.as_str()) == parent).or(first)
        };
        if let Some(town) = find(folded) {
            return Some(town);
        }
        let above: Vec<String> = [parent, county]
            .into_iter()
            .flatten()
            .flat_map(|code| self.names_of(code))
            .collect();
        let in_county = |text: &str| {
            let bare = text
                .strip_suffix("办事处")
                .or_else(|| text.strip_suffix('办'))
                .unwrap_or(text);
            // The statistical code of a township has three zeros more.
            let code = text.strip_suffix("000").filter(|code| code.len() == 9);
            let full = |kind: &str| find(&format!("{bare}{kind}")).filter(|town| Some(town.parent.as_str()) == parent);
            let kinds = || ["街道", "镇", "乡"].into_iter().find_map(full);
            find(text)
                .or_else(|| find(bare))
                .or_else(|| code.and_then(find))
                .or_else(kinds)
        };
        loosely(folded, |text| {
            let places = within_city(text).into_iter().flat_map(|text| {
                let below = above.iter().filter_map(move |name| text.strip_prefix(name.as_str()));
                std::iter::once(text).chain(below.filter(|rest| !rest.is_empty()))
            });
            places.into_iter().find_map(in_county)
        })
    }

    /// The names of a division, folded.
    fn names_of(&self, code: &str) -> Vec<String> {
        let own =
            |(name, codes): (&String, &Vec<Arc<str>>)| codes.iter().any(|one| &**one == code).then(|| name.clone());
        self.divisions.iter().filter_map(own).collect()
    }
}

/// A text as it stands, and without the province and the city before it: 聊城市莘县, 聊城莘县.
fn within_city(text: &str) -> [&str; 3] {
    let below = text.strip_prefix("山东省").unwrap_or(text);
    let bare = below.strip_prefix("聊城").unwrap_or(below);
    [text, below.strip_prefix("聊城市").unwrap_or(below), bare]
}

/// Finds what a text names: as it stands, without marks around it, as a code and a label that mean the same, or with a remark in brackets.
fn loosely<T: PartialEq>(text: &str, exact: impl Fn(&str) -> Option<T>) -> Option<T> {
    exact(text).or_else(|| {
        let bare = text.trim_matches(MARKS);
        exact(bare).or_else(|| {
            let code = |c: char| c.is_ascii_alphanumeric();
            let first = bare.len() - bare.trim_start_matches(code).len();
            let last = bare.trim_end_matches(code).len();
            let both = [first, last].into_iter().find_map(|at| {
                let (one, other) = bare.split_at(at);
                let marks = |c: char| c == '-' || MARKS.contains(&c);
                let one = exact(one.trim_matches(marks))?;
                exact(other.trim_matches(marks)).filter(|other| *other == one)
            });
            both.or_else(|| {
                let (name, remark) = text.strip_suffix(')')?.rsplit_once('(')?;
                let found = exact(name)?;
                let agrees = match exact(remark) {
                    Some(other) => other == found,
                    None => !qualifies(remark, &found, &exact),
                };
                agrees.then_some(found)
            })
        })
    })
}

/// Whether a remark behind a name takes something of it back: 在建（停工）, 是（待鉴定）, 砖混（局部框架）.
fn qualifies<T: PartialEq>(remark: &str, found: &T, exact: impl Fn(&str) -> Option<T>) -> bool {
    const WORDS: [&str; 9] = ["停工", "缓建", "主体", "部分", "局部", "待", "未", "拟", "暂"];
    let short = remark.chars().count() <= 6;
    let mut ends = remark.char_indices().skip(1).map(|(at, _)| &remark[at..]);
    WORDS.iter().any(|word| remark.contains(word))
        || (short && ends.any(|end| exact(end).is_some_and(|other| other != *found)))
}

/// A part of a list without the number before it: `1.粘钢`, `（2）粘钢`.
fn without_mark(part: &str) -> &str {
    let bare = part.trim_start_matches(['(', '（']);
    let after = bare.trim_start_matches(|c: char| c.is_ascii_digit());
    let rest = after
        .strip_prefix(['.', ')', '）', '．'])
        .filter(|rest| !rest.is_empty());
    rest.filter(|_| after.len() < bare.len()).unwrap_or(part)
}

/// The parts of a list without the numbers that count them: in `1、面层加固 2、圈梁构造柱` the 2 is no code. They run from 1, and a text
/// follows each.
fn without_count(parts: Vec<String>) -> Vec<String> {
    let numbers: Vec<usize> = parts.iter().filter_map(|part| part.parse().ok()).collect();
    let in_order = (1..=numbers.len()).eq(numbers);
    let text_at = |at: usize| parts.get(at).is_some_and(|part| !is_number(part));
    let before_texts = (0..parts.len()).all(|at| text_at(at) || text_at(at + 1));
    if text_at(0) || !in_order || !before_texts {
        return parts;
    }
    parts.into_iter().filter(|part| !is_number(part)).collect()
}

fn is_number(part: &str) -> bool {
    part.bytes().all(|byte| byte.is_ascii_digit())
}

/// A text without what stands in brackets.
fn without_brackets(text: &str) -> String {
    let mut depth = 0_u32;
    text.chars()
        .filter(|c| {
            let inside = depth > 0;
            match c {
                '(' | '（' => depth += 1,
                ')' | '）' => depth = depth.saturating_sub(1),
                _ => return !inside,
            }
            false
        })
        .collect()
}

/// The candidates most like a text, best first, at most three.
pub(crate) fn nearest<'a>(text: &str, candidates: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    nearest_named(
        text,
        candidates.map(|candidate| (candidate, std::iter::once(candidate))),
    )
}

/// The things of which some name is most like a text, best first, at most three.
pub(crate) fn nearest_named<'a, T>(
    text: &str,
    candidates: impl Iterator<Item = (T, impl Iterator<Item = &'a str>)>,
) -> Vec<T> {
    let likeness = |name: &str| {
        let within = !text.is_empty() && (name.contains(text) || text.contains(name));
        let score = strsim::normalized_damerau_levenshtein(text, name);
        if within { score.max(0.5) } else { score }
    };
    let mut scored: Vec<(f64, T)> = candidates
        .map(|(candidate, names)| (names.map(likeness).fold(0.0, f64::max), candidate))
        .filter(|(score, _)| *score >= ALIKE)
        .collect();
    scored.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    scored.into_iter().take(3).map(|(_, candidate)| candidate).collect()
}
