//! D004: very likely the same building as one that another department reports.

use rust_decimal::Decimal;
use strsim::levenshtein;

use super::known::{Known, Neighbour};
use super::{Case, FIRST, Fault, Help, Judge, Rule};
use crate::catalogue::Field;
use crate::finding::Severity;
use crate::record::Record;

pub(super) static D004: Rule = Rule {
    code: "D004",
    title: "可能与别的部门报的是同一建筑",
    severity: Severity::Confirm,
    fields: &[Field::Name],
    help: Help {
        when: "别的部门报有名称相近的工程，而且产权单位的统一社会信用代码相同，或者坐标相距50米以内。名称中的数字（楼号等）不同的不算相近。\
               已取消的工程也查。",
        why: "同一栋楼由两个部门各报一遍，全市的数量和面积就算了两次。",
        how: "与提示的部门商定由谁填报，另一方删去；确是不同建筑的，说明区别。",
        right: "医院的门诊楼只由卫生健康部门填报",
        wrong: "医院的门诊楼，卫生健康部门和住房城乡建设部门各报了一遍",
    },
    judge: Judge::Known(judge),
    ..FIRST
};

fn judge(case: &Case<'_>, known: &Known) -> Vec<Fault> {
    let same = |other: &&Neighbour| is_same_building(case.record, other);
    let fault = known.neighbours.iter().find(same).map(|other| {
        Fault::new(
            Field::Name,
            format!("{}报有名称相近、很可能是同一建筑的工程。", other.department),
            format!("与{}商定由谁填报；确是不同建筑的，说明区别。", other.department),
        )
    });
    fault.into_iter().collect()
}

/// Whether a record is very likely of the same building as another department's project.
pub fn is_same_building(record: &Record, other: &Neighbour) -> bool {
    record
        .text(Field::Name)
        .is_some_and(|name| Name::new(name).is_near(&Name::new(&other.name)))
        && (same_owner(record, other) || nearby(record, other))
}

fn same_owner(record: &Record, other: &Neighbour) -> bool {
    let uscc = record.text(Field::OwnerUscc);
    uscc.is_some() && uscc == other.uscc.as_deref()
}

/// The radius within which a near-same name is the same building, m.
const RADIUS_M: u32 = 50;
/// Metres in a degree of latitude, and of longitude at 36.4 degrees north, the middle of the city.
const METRES: (u32, u32) = (111_000, 89_600);

fn nearby(record: &Record, other: &Neighbour) -> bool {
    let distance = || {
        let (longitude, latitude) = other.point?;
        let east = (record.decimal(Field::Longitude)? - longitude) * Decimal::from(METRES.1);
        let north = (record.decimal(Field::Latitude)? - latitude) * Decimal::from(METRES.0);
        east.checked_mul(east)?.checked_add(north.checked_mul(north)?)
    };
    distance().is_some_and(|squared: Decimal| squared <= Decimal::from(RADIUS_M * RADIUS_M))
}

/// A project's name without what is often written otherwise, and its numbers apart.
struct Name {
    letters: String,
    numbers: String,
}

impl Name {
    fn new(text: &str) -> Self {
        let letters: String = text.chars().filter_map(plain).collect();
        let is_number = |letter: &char| letter.is_ascii_digit() || "一二三四五六七八九十".contains(*letter);
        Self {
            numbers: letters.chars().filter(is_number).map(digit).collect(),
            letters,
        }
    }

    /// Whether two names are the same but for one letter in five, and carry the same numbers.
    fn is_near(&self, other: &Self) -> bool {
        let longer = self.letters.chars().count().max(other.letters.chars().count());
        longer > 0 && self.numbers == other.numbers && levenshtein(&self.letters, &other.letters) * 5 <= longer
    }
}

/// A letter as it is compared: full-width forms made plain, signs and spaces dropped.
fn plain(letter: char) -> Option<char> {
    let letter = match letter {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(letter) - 0xfee0)?,
        _ => letter,
    };
    letter.is_alphanumeric().then(|| letter.to_ascii_uppercase())
}

/// A Chinese digit as the ASCII one.
fn digit(letter: char) -> char {
    let digits = "一二三四五六七八九".chars().zip('1'..='9');
    digits
        .into_iter()
        .find(|(chinese, _)| *chinese == letter)
        .map_or(letter, |(_, ascii)| ascii)
}
