//! Administrative divisions: counties, city-run zones and townships.

use std::collections::HashMap;
use std::sync::Arc;

/// The level of a division.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// The city.
    City,
    /// A county, district or county-level city (GB/T 2260).
    County,
    /// A city-run management area; no GB/T 2260 code, it counts as its parent county.
    Zone,
    /// A town or subdistrict.
    Township,
}

impl Level {
    /// The level with the name that `divisions.csv` uses.
    pub fn from_id(id: &str) -> Option<Self> {
        Some(match id {
            "city" => Self::City,
            "county" => Self::County,
            "zone" => Self::Zone,
            "township" => Self::Township,
            _ => return None,
        })
    }
}

/// One division.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Division {
    /// Six digits, nine for a township.
    pub code: Arc<str>,
    /// The name in use.
    pub name: String,
    /// Its level.
    pub level: Level,
    /// The division above it.
    pub parent: String,
    /// Other names and codes it goes by, old ones among them.
    pub aliases: Vec<String>,
}

impl Division {
    /// Whether `written` is an old name or code of a county (茌平县, 371523), not merely a short form of its name.
    pub fn is_old_name(&self, written: &str) -> bool {
        self.level == Level::County
            && written != &*self.code
            && !self.name.contains(written)
            && self.aliases.iter().any(|alias| alias == written)
    }
}

/// All divisions, found by code or by name.
#[derive(Clone, Debug, Default)]
pub struct Divisions {
    all: Vec<Division>,
    by_code: HashMap<Arc<str>, usize>,
    by_name: HashMap<String, Vec<usize>>,
}

impl Divisions {
    /// Indexes the divisions.
    pub fn new(all: Vec<Division>) -> Self {
        let mut by_name: HashMap<String, Vec<usize>> = HashMap::new();
        let mut by_code = HashMap::new();
        for (at, division) in all.iter().enumerate() {
            by_code.insert(division.code.clone(), at);
            let names = [&*division.code, &division.name]
                .into_iter()
                .chain(division.aliases.iter().map(String::as_str));
            for name in names {
                let places = by_name.entry(name.to_owned()).or_default();
                if !places.contains(&at) {
                    places.push(at);
                }
            }
        }
        Self { all, by_code, by_name }
    }

    /// Every division, in the order of the file.
    pub fn all(&self) -> &[Division] {
        &self.all
    }

    /// The division with this code.
    pub fn get(&self, code: &str) -> Option<&Division> {
        self.by_code.get(code).map(|&at| &self.all[at])
    }

    /// The name of the division with this code, or the code itself.
    pub fn name<'a>(&'a self, code: &'a str) -> &'a str {
        self.get(code).map_or(code, |division| &division.name)
    }

    /// The divisions that go by this name, alias or code.
    pub fn named<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a Division> {
        self.by_name.get(name).into_iter().flatten().map(|&at| &self.all[at])
    }

    /// Counties and zones, in the order of the file.
    pub fn counties(&self) -> impl Iterator<Item = &Division> {
        self.all
            .iter()
            .filter(|division| matches!(division.level, Level::County | Level::Zone))
    }

    /// The townships of a county; of a zone those of its county.
    pub fn townships<'a>(&'a self, county: &str) -> impl Iterator<Item = &'a Division> {
        let base = self.base_county(county).to_owned();
        self.all
            .iter()
            .filter(move |division| division.level == Level::Township && division.parent == base)
    }

    /// The county that a county or zone counts as for townships, bounds, zonation and uploads.
    pub fn base_county<'a>(&'a self, code: &'a str) -> &'a str {
        match self.get(code) {
            Some(division) if division.level == Level::Zone => &division.parent,
            _ => code,
        }
    }
}
