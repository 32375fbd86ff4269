//! Codes as they are written in cells: the code, its label, a synonym, or code and label together.

use std::collections::HashMap;
use std::sync::Arc;

use super::fold::fold;
use crate::catalogue::{Catalogue, CodeList, Division, Level};

/// How alike two texts must be for one to be offered in place of the other.
const ALIKE: f64 = 0.3;

/// The marks that part several codes in one cell.
const SEPARATORS: &[char] = &['、', ',', ';', '+', '/', '|', '，', '；', '\n'];

/// Every way of writing a code or a division, folded.
#[derive(Clone, Debug)]
pub(crate) struct CodeIndex {
    codes: HashMap<(CodeList, String), Arc<str>>,
    divisions: HashMap<String, Arc<str>>,
}

impl CodeIndex {
    pub(crate) fn new(catalogue: &Catalogue) -> Self {
        let mut codes = HashMap::new();
        for list in CodeList::ALL {
            let entries = catalogue.codes(*list);
            // A code or label wins over another entry's synonym that folds to the same text.
            for entry in entries {
                for text in [&*entry.code, &entry.label] {
                    codes.entry((*list, fold(text))).or_insert_with(|| entry.code.clone());
                }
            }
            for entry in entries {
                for text in &entry.synonyms {
                    codes.entry((*list, fold(text))).or_insert_with(|| entry.code.clone());
                }
            }
        }
        let mut divisions = HashMap::new();
        for division in catalogue.divisions().all() {
            for text in [&*division.code, &division.name]
                .into_iter()
                .chain(division.aliases.iter().map(String::as_str))
            {
                divisions.entry(fold(text)).or_insert_with(|| division.code.clone());
            }
        }
        Self { codes, divisions }
    }

    /// The code that a folded text stands for.
    pub(crate) fn code(&self, list: CodeList, folded: &str) -> Option<Arc<str>> {
        let exact = |text: &str| self.codes.get(&(list, text.to_owned())).cloned();
        exact(folded).or_else(|| {
            let marks = [':', '-', '.', '_', '、', '(', ')'];
            let code_end = folded.find(|c: char| !c.is_ascii_alphanumeric())?;
            let (code, label) = folded.split_at(code_end);
            let code = exact(code)?;
            exact(label.trim_matches(marks)).filter(|same| *same == code)
        })
    }

    /// The code that a number cell stands for, whose leading zero the spreadsheet dropped (`2` for `02`).
    pub(crate) fn code_of_number(&self, list: CodeList, digits: &str) -> Option<Arc<str>> {
        self.code(list, digits).or_else(|| {
            (digits.len() == 1)
                .then(|| self.code(list, &format!("0{digits}")))
                .flatten()
        })
    }

    /// The codes that a folded text names, in the order written, each once; the first part that is none otherwise.
    pub(crate) fn codes(&self, list: CodeList, folded: &str) -> Result<Vec<Arc<str>>, String> {
        if let Some(code) = self.code(list, folded) {
            return Ok(vec![code]);
        }
        let mut found: Vec<Arc<str>> = Vec::new();
        for part in folded.split(SEPARATORS).filter(|part| !part.is_empty()) {
            let code = self.code(list, part).ok_or_else(|| part.to_owned())?;
            if !found.contains(&code) {
                found.push(code);
            }
        }
        if found.is_empty() {
            Err(folded.to_owned())
        } else {
            Ok(found)
        }
    }

    /// The county or zone that a folded text names, with or without the city and the province before it.
    pub(crate) fn county(&self, catalogue: &Catalogue, folded: &str) -> Option<Arc<str>> {
        let is_county = |code: &Arc<str>| {
            catalogue
                .divisions()
                .get(code)
                .is_some_and(|found| matches!(found.level, Level::County | Level::Zone))
        };
        let mut text = folded;
        for prefix in ["", "山东省", "聊城市"] {
            text = text.strip_prefix(prefix).unwrap_or(text);
            if let Some(code) = self.divisions.get(text).filter(|code| is_county(code)) {
                return Some(code.clone());
            }
        }
        None
    }

    /// The township that a folded text names, with or without its county before it or 办事处 behind it.
    pub(crate) fn township<'a>(
        &self,
        catalogue: &'a Catalogue,
        folded: &str,
        county: Option<&str>,
    ) -> Option<&'a Division> {
        let divisions = catalogue.divisions();
        let find = |text: &str| {
            self.divisions
                .get(text)
                .and_then(|code| divisions.get(code))
                .filter(|found| found.level == Level::Township)
        };
        let text = folded.strip_suffix("办事处").unwrap_or(folded);
        let within = |text: &str| {
            let county = divisions.get(county?)?;
            text.strip_prefix(&fold(&county.name)).and_then(find)
        };
        find(folded).or_else(|| find(text)).or_else(|| within(text))
    }
}

/// The candidates most like a text, best first, at most three.
pub(crate) fn nearest<'a>(text: &str, candidates: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut scored: Vec<(f64, &str)> = candidates
        .map(|candidate| {
            let within = !text.is_empty() && (candidate.contains(text) || text.contains(candidate));
            let score = strsim::normalized_damerau_levenshtein(text, candidate);
            (if within { score.max(0.5) } else { score }, candidate)
        })
        .filter(|(score, _)| *score >= ALIKE)
        .collect();
    scored.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    scored.dedup_by(|(_, a), (_, b)| a == b);
    scored.into_iter().take(3).map(|(_, candidate)| candidate).collect()
}
