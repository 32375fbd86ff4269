//! Header cells to fields: decorations stripped, aliases known, units set apart.

use std::collections::HashMap;

use super::matter;
use super::understood::Corrections;
use crate::catalogue::{Catalogue, Field};
use crate::values::{fold, nearest};

/// Headers that number the rows; they belong to no field and are no finding.
const SERIAL: &[&str] = &["序号", "顺序号", "顺序", "行号", "no", "no."];

/// Headers that say no more than that the group above them is named.
const NAMES: &[&str] = &["名称", "姓名", "全称", "单位名称"];

/// The ends of groups' names that say no more than that they tell of a matter.
const TELLS_OF: &[&str] = &["情况", "信息", "概况"];

/// Headers are not longer, in bytes; longer texts need no looking at.
pub(super) const LONGEST: usize = 120;

/// Marks of a field that must be filled; they say nothing of which field it is.
const REQUIRED_MARKS: &[&str] = &[
    "(必填)",
    "(必填项)",
    "(选填)",
    "(选填项)",
    "(非必填)",
    "必填,",
    "选填,",
    ",必填",
    ",选填",
    "必填;",
    ";必填",
];

/// Units without brackets at the end of a header: 建筑面积/㎡, 投资:万元, 建筑面积㎡.
const TAILS: &[&str] = &[
    "万m2",
    "m2",
    "万平方米",
    "平方米",
    "万平米",
    "平米",
    "万元",
    "亿元",
    "千元",
    "元",
    "m",
    "米",
    "%",
    "°",
    "度",
    "层",
    "年",
    "g",
    "s",
    "秒",
];

/// What a header cell, with the group headers above it, was understood as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Heading {
    /// A field, and the folded texts that may be its unit, nearest first.
    Field(Field, Vec<String>),
    /// The rows' numbers.
    Serial,
    /// Something that the catalogue does not know.
    Unknown,
}

impl Heading {
    pub(super) const fn field(&self) -> Option<Field> {
        match self {
            Self::Field(field, _) => Some(*field),
            Self::Serial | Self::Unknown => None,
        }
    }

    /// What it is where an officer said which field the column is, or that it is none.
    pub(super) fn corrected(&self, said: Option<Field>, path: &[String]) -> Self {
        let Some(field) = said else { return Self::Unknown };
        if self.field() == said {
            return self.clone();
        }
        let mut units: Vec<String> = path.iter().rev().map(|text| undecorated(text)).collect();
        let tail = units
            .first()
            .and_then(|name| TAILS.iter().find(|tail| name.ends_with(**tail)));
        units.extend(tail.map(|tail| (*tail).to_owned()));
        Self::Field(field, units)
    }
}

/// The names of the fields, and what officers said of columns.
#[derive(Clone, Debug)]
pub(crate) struct HeaderIndex {
    /// The names that make a column a field's in any case.
    firm: Names,
    /// These, and those that count only where no other column is the field's.
    all: Names,
    corrections: Corrections,
}

/// Fields by their names, folded.
#[derive(Clone, Debug)]
struct Names(HashMap<String, Field>);

impl HeaderIndex {
    pub(crate) fn new(catalogue: &Catalogue, corrections: &Corrections) -> Self {
        let firm = catalogue.fields().iter().flat_map(|info| {
            let names = std::iter::once(&info.label).chain(&info.aliases).map(|name| fold(name));
            names.chain([info.field.id().to_owned()]).map(|name| (name, info.field))
        });
        let firm: HashMap<String, Field> = firm.collect();
        let fields = catalogue.fields().iter();
        let loose = fields.flat_map(|info| info.loose.iter().map(|name| (fold(name), info.field)));
        Self {
            all: Names(loose.chain(firm.clone()).collect()),
            firm: Names(firm),
            corrections: corrections.clone(),
        }
    }

    /// Understands a column by its header texts from the top down. What a loose name makes another field's is left to [`Self::loose`].
    pub(super) fn heading(&self, path: &[String]) -> Heading {
        let firm = self.firm.heading(path);
        match self.all.heading(path).field() {
            Some(field) if firm.field().is_some_and(|firm| firm != field) => Heading::Unknown,
            _ => firm,
        }
    }

    /// What a column is by a loose name, or by the group that makes it an amount, where no other column is the field's.
    pub(super) fn loose(&self, path: &[String]) -> Heading {
        let by_groups = || {
            let reversed = || self.all.reversed(path);
            let by_amounts = amount(path).or_else(reversed).or_else(|| self.all.planned_fund(path));
            by_amounts.or_else(|| self.all.under_matters(path))
        };
        match self.all.heading(path) {
            Heading::Unknown => by_groups().map_or(Heading::Unknown, |(field, units)| Heading::Field(field, units)),
            known => known,
        }
    }

    /// Whether a column with these texts, from the top down, is a field's, as far as it alone can tell.
    pub(super) fn is_field(&self, path: &[String]) -> bool {
        self.all.heading(path).field().is_some()
    }

    /// Whether officers said anything of columns.
    pub(super) fn any_correction(&self) -> bool {
        !self.corrections.0.is_empty()
    }

    /// What was said of the column with this key.
    pub(super) fn correction(&self, key: &str) -> Option<&Option<Field>> {
        self.corrections.0.get(key)
    }

    /// The field that one header text names by itself.
    pub(crate) fn single(&self, text: &str) -> Option<Field> {
        let wordless = self.corrections.0.is_empty() && !text.contains(char::is_alphabetic);
        if text.len() > LONGEST || wordless {
            return None;
        }
        let name = undecorated(text);
        match self.correction(&name) {
            Some(said) => *said,
            None => self.all.field(&name).map(|(field, _)| field),
        }
    }

    /// Whether a folded text is a field's name as it stands.
    pub(crate) fn is_name(&self, folded: &str) -> bool {
        self.all.0.contains_key(folded)
    }

    /// Whether a text heads a column: it names a field, or the rows' numbers.
    pub(crate) fn heads(&self, text: &str) -> bool {
        self.single(text).is_some() || is_serial(text)
    }

    /// The header text most like one of a field's names.
    pub(crate) fn nearest<'a>(&self, field: Field, headers: &'a [String]) -> Option<&'a str> {
        let names = self
            .all
            .0
            .iter()
            .filter(|(_, named)| **named == field)
            .map(|(name, _)| name.as_str());
        let names: Vec<&str> = names.collect();
        let like = |header: &&'a String| !nearest(&undecorated(header), names.iter().copied()).is_empty();
        headers.iter().find(like).map(String::as_str)
    }
}

/// An amount by the groups above it, and the folded texts that may be its unit.
fn amount(path: &[String]) -> Option<(Field, Vec<String>)> {
    let mut names = path.iter().rev().map(|text| undecorated(text));
    let apart = |name: String| without_last_bracket(&name).map_or((name, None), |(name, inside)| (name, Some(inside)));
    let (child, unit) = names.next().map(apart)?;
    let (groups, of_groups): (Vec<String>, Vec<Option<String>>) = names.map(apart).unzip();
    let units: Vec<String> = unit.into_iter().chain(of_groups.into_iter().flatten()).collect();
    let field = matter::amount_under(&child, &groups)?;
    Some((matter::with_words(field, &units)?, units))
}

impl Names {
    /// Understands a column by its header texts from the top down; a group header helps (`鉴定` over `日期`), and hinders only
    /// where it is of another matter (`征地` over `面积`).
    fn heading(&self, path: &[String]) -> Heading {
        let Some((child, parents)) = path.split_last() else {
            return Heading::Unknown;
        };
        let child = undecorated(child);
        let parents: Vec<String> = parents.iter().rev().map(|parent| undecorated(parent)).collect();
        let whole: String = parents.iter().rev().map(String::as_str).collect();
        // With one of its groups, where the others do not make it something else.
        let with_one = |at: usize| {
            let known = self.field(&format!("{}{child}", parents[at]))?;
            let others = parents.iter().enumerate().filter(|(other, _)| *other != at);
            let hinders = matter::word_above(known.0, &child, others.map(|(_, group)| group));
            hinders.is_none().then_some(known)
        };
        // 名称 under 设计单位 names the unit, not the project.
        let mut unnamed = parents.iter().filter(|_| NAMES.contains(&child.as_str()));
        let known = (0..parents.len())
            .find_map(with_one)
            .or_else(|| self.field(&format!("{whole}{child}")))
            .or_else(|| unnamed.find_map(|name| self.field(name)));
        match known.or_else(|| self.under(&child, &parents)) {
            Some((field, mut units)) => {
                units.extend(parents.iter().filter_map(|parent| bracketed(parent)));
                Heading::Field(field, units)
            }
            None if SERIAL.contains(&child.as_str()) => Heading::Serial,
            None => Heading::Unknown,
        }
    }

    /// The field that a column's name says before that of its group: 地上 under 层数, 开工 under 时间.
    fn reversed(&self, path: &[String]) -> Option<(Field, Vec<String>)> {
        let mut names = path.iter().rev().map(|text| undecorated(text));
        let (child, group) = (names.next()?, names.next()?);
        let known = self.field(&format!("{child}{group}"))?;
        let above: Vec<String> = names.collect();
        matter::word_above(known.0, &child, &above).is_none().then_some(known)
    }

    /// The field under groups that only say of what matter they tell: 时间 under 鉴定情况.
    fn under_matters(&self, path: &[String]) -> Option<(Field, Vec<String>)> {
        let (child, groups) = path.split_last()?;
        let matter = |group: &String| {
            let name = undecorated(group);
            let bare = TELLS_OF.iter().find_map(|word| name.strip_suffix(word));
            bare.map_or_else(|| name.clone(), str::to_owned)
        };
        let bare: Vec<String> = groups.iter().map(matter).chain([child.clone()]).collect();
        match self.heading(&bare) {
            Heading::Field(field, units) => Some((field, units)),
            Heading::Serial | Heading::Unknown => None,
        }
    }

    /// The fund that a group names, where its column is what was planned of it.
    fn planned_fund(&self, path: &[String]) -> Option<(Field, Vec<String>)> {
        let (child, groups) = path.split_last()?;
        let name = undecorated(child);
        let (name, unit) = without_last_bracket(&name).unwrap_or((name, String::new()));
        match self.heading(groups) {
            Heading::Field(field, units) if matter::is_planned_fund(field, &name) => Some((
                matter::with_words(field, std::slice::from_ref(&unit))?,
                [vec![unit], units].concat(),
            )),
            _ => None,
        }
    }

    /// The field that a column's own name says under groups of which none makes it something else.
    fn under(&self, child: &str, groups: &[String]) -> Option<(Field, Vec<String>)> {
        let known = self.field(child)?;
        let Some(word) = matter::word_above(known.0, child, groups) else {
            return Some(known);
        };
        self.field(&matter::as_planned(word, child).unwrap_or_else(|| format!("{word}{child}")))
    }

    /// The field of an undecorated name, and the folded texts that had to be set apart to know it and may be its unit.
    fn field(&self, name: &str) -> Option<(Field, Vec<String>)> {
        let (field, apart) = self.set_apart(name)?;
        Some((matter::with_words(field, &apart)?, apart))
    }

    /// The field of a name, whatever is said in the texts that are set apart.
    fn set_apart(&self, name: &str) -> Option<(Field, Vec<String>)> {
        let mut rest = name.to_owned();
        let mut apart = Vec::new();
        loop {
            if let Some(field) = self.named(&rest) {
                return Some((field, apart));
            }
            let Some((shorter, inside)) = without_last_bracket(&rest) else {
                break;
            };
            if let Some(field) = self.joined(&shorter, &inside) {
                return Some((field, apart));
            }
            apart.push(inside);
            rest = shorter;
        }
        if let Some(field) = self.named(rest.trim_matches(['(', ')'])) {
            return Some((field, apart));
        }
        let with_tail = |tail: &&str| {
            let short = rest.strip_suffix(*tail)?.trim_end_matches(['/', ':', '-', ',', '_']);
            let short = short.strip_suffix("单位").unwrap_or(short).trim_end_matches([',', ':']);
            Some((self.named(short)?, (*tail).to_owned()))
        };
        let (field, tail) = TAILS.iter().find_map(with_tail)?;
        apart.push(tail);
        Some((field, apart))
    }

    /// The field of a name of which brackets hold a part: 编号（鉴定报告）, 完工时间（预计）, 竣工验收（日期）.
    fn joined(&self, name: &str, inside: &str) -> Option<Field> {
        let planned = || self.named(&matter::as_planned(inside, name)?);
        let behind = || match self.named(name) {
            Some(_) => None,
            None => self.named(&format!("{name}{inside}")),
        };
        // 累计完成投资额 is 累计完成投资.
        let amount = || self.named(&format!("{inside}{}", name.strip_suffix('额')?));
        self.named(&format!("{inside}{name}"))
            .or_else(planned)
            .or_else(amount)
            .or_else(behind)
    }

    /// The field with this name, give or take what numbers it or says that it is a part.
    fn named(&self, name: &str) -> Option<Field> {
        let bare = name
            .strip_prefix("其中")
            .map_or(name, |rest| rest.trim_start_matches(':'));
        let named = |name: &str| self.0.get(name);
        named(name)
            .or_else(|| named(bare))
            .or_else(|| named(&format!("其中:{bare}")))
            .or_else(|| named(without_number(bare)))
            .copied()
    }
}

/// A name without the number before or behind it; a longer one is a year.
fn without_number(name: &str) -> &str {
    let bare = name.trim_matches(|c: char| c.is_ascii_digit());
    if name.len() - bare.len() > 3 { name } else { bare }
}

/// Whether a text heads the rows' numbers.
pub(super) fn is_serial(text: &str) -> bool {
    text.len() <= LONGEST && SERIAL.contains(&undecorated(text).as_str())
}

/// Names the columns of a header for corrections, from the left.
#[derive(Debug, Default)]
pub(super) struct Keys(HashMap<String, usize>);

impl Keys {
    /// The key of the next column, by its header texts from the top down.
    pub(super) fn next(&mut self, path: &[String]) -> String {
        let texts: Vec<String> = path.iter().map(|text| undecorated(text)).collect();
        let key: String = texts.join("/").chars().take(LONGEST).collect();
        let count = self.0.entry(key.clone()).or_default();
        *count += 1;
        if *count == 1 { key } else { format!("{key}#{count}") }
    }
}

/// What a correction knows a column by, for a header as people write it, its groups before it: `资金来源/市财政`.
pub fn column_key(header: &str) -> String {
    undecorated(header).chars().take(LONGEST).collect()
}

const OPENING: [char; 7] = ['【', '〔', '[', '{', '〈', '《', '<'];
const CLOSING: [char; 7] = ['】', '〕', ']', '}', '〉', '》', '>'];

/// The folded header without what decorates it: asterisks, （必填）, numbering, footnote marks.
pub(crate) fn undecorated(text: &str) -> String {
    // Before they are folded to plain digits, which a name could end with.
    let circled = |c: char| matches!(c, '①'..='⑳' | '❶'..='➓' | '⑴'..='⒇' | '⒈'..='⒛');
    let mut name = if text.contains(circled) {
        fold(&text.replace(circled, ""))
    } else {
        fold(text)
    };
    // A sheet without a header is looked through for one as a whole, and most texts have nothing of this.
    if name.contains(OPENING) || name.contains(CLOSING) {
        name = name.replace(OPENING, "(").replace(CLOSING, ")");
    }
    if name.contains('填') {
        for mark in REQUIRED_MARKS {
            name = name.replace(mark, "");
        }
    }
    let marks = |c: char| "*★☆#:;※△▲●◆■□○•·、,。.\"“”'".contains(c);
    without_numbering(name.trim_matches(marks))
        .trim_matches(marks)
        .to_owned()
}

/// Drops `1.`, `(1)`, `一、` and the like before a name.
pub(crate) fn without_numbering(name: &str) -> &str {
    let digits = |c: char| c.is_ascii_digit() || "一二三四五六七八九十".contains(c);
    let bare = name.strip_prefix('(').unwrap_or(name);
    let after = bare.trim_start_matches(digits);
    if after.len() == bare.len() {
        return name;
    }
    match after.strip_prefix(['.', '、', ')', ',', ':', '-']) {
        Some(rest) if !rest.is_empty() => rest,
        _ => name,
    }
}

fn without_last_bracket(name: &str) -> Option<(String, String)> {
    let close = name.rfind(')')?;
    let open = name[..close].rfind('(')?;
    let inside = name[open + 1..close].to_owned();
    Some((format!("{}{}", &name[..open], &name[close + 1..]), inside)).filter(|(rest, _)| !rest.is_empty())
}

fn bracketed(name: &str) -> Option<String> {
    without_last_bracket(name).map(|(_, inside)| inside)
}

#[cfg(test)]
mod tests {
    use super::{Corrections, HeaderIndex, Heading};
    use crate::catalogue::{Catalogue, Field};

    /// A field and its units.
    type Known<'a> = (Field, &'a [&'a str]);

    #[test]
    fn understands_decorated_headers() -> Result<(), Box<dyn std::error::Error>> {
        let index = HeaderIndex::new(&Catalogue::load(None)?, &Corrections::default());
        let cases: &[(&[&str], Option<Known>)] = &[
            (&["*工 程 名 称（必填）"], Some((Field::Name, &[]))),
            (&["3. 工程名称"], Some((Field::Name, &[]))),
            (&["建筑面积\n（万㎡）"], Some((Field::FloorAreaM2, &["万m2"]))),
            (&["建筑面积/㎡"], Some((Field::FloorAreaM2, &["m2"]))),
            (&["县（市、区）"], Some((Field::County, &[]))),
            (&["产权（使用）单位（必填）"], Some((Field::OwnerUnit, &[]))),
            (&["资金来源（万元）", "市财政"], Some((Field::FundMunicipal, &["万元"]))),
            (
                &["资金来源（万元）", "县财政(元)"],
                Some((Field::FundCounty, &["元", "万元"])),
            ),
            (&["鉴定", "日期"], Some((Field::AppraisalDate, &[]))),
            (&["鉴定", "单位"], Some((Field::AppraisalUnit, &[]))),
            (&["坐标", "经度(°)"], Some((Field::Longitude, &["°"]))),
            (&["建筑面积", "（㎡）"], Some((Field::FloorAreaM2, &["m2"]))),
            (&["其中：省级补助"], Some((Field::FundProvincial, &[]))),
            (&["①工程名称"], Some((Field::Name, &[]))),
            (&["工程名称②"], Some((Field::Name, &[]))),
            (&["1工程名称"], Some((Field::Name, &[]))),
            (&["【工程名称】"], Some((Field::Name, &[]))),
            (&["建筑面积（必填，㎡）"], Some((Field::FloorAreaM2, &["m2"]))),
            (&["建筑面积m²"], Some((Field::FloorAreaM2, &["m2"]))),
            (&["计划总投资，单位：元"], Some((Field::InvestmentPlanned, &["元"]))),
            (&["资金来源", "其中：", "中央"], Some((Field::FundCentral, &[]))),
            (&["资金来源", "中央"], Some((Field::FundCentral, &[]))),
            (&["设计单位", "名称"], Some((Field::DesignUnit, &[]))),
            (&["基本情况", "名称"], Some((Field::Name, &[]))),
            (&["联系人", "姓名"], Some((Field::Reporter, &[]))),
            (&["分管领导"], None),
            (&["单位：万元"], None),
        ];
        for (path, wanted) in cases {
            let path: Vec<String> = path.iter().map(ToString::to_string).collect();
            let got = index.heading(&path);
            match wanted {
                Some((field, units)) => {
                    let Heading::Field(found, found_units) = got else {
                        return Err(format!("{path:?}").into());
                    };
                    let found_units: Vec<&str> = found_units.iter().map(String::as_str).collect();
                    assert_eq!((found, found_units.as_slice()), (*field, *units), "{path:?}");
                }
                None => assert_eq!(got, Heading::Unknown, "{path:?}"),
            }
        }
        assert_eq!(index.heading(&["序 号".to_owned()]), Heading::Serial);
        Ok(())
    }
}
