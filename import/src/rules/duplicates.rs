//! D001, D002: rows that an earlier row of the file already holds. Texts are compared as the registry compares them: spaces, full-width
//! forms and capitals make no difference.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{BuildHasherDefault, DefaultHasher, Hash, Hasher};
use std::num::NonZero;
use std::sync::Arc;

use chrono::Datelike as _;
use rustc_hash::FxHasher;

use super::{Case, FIRST, Fault, Help, Judge, Rule};
use crate::catalogue::Field;
use crate::finding::Severity;
use crate::record::Record;
use crate::values::{Value, fold};

/// What is remembered of the rows judged so far: hashes of 64 bits and row numbers, some 100 bytes a row.
#[derive(Debug, Default)]
pub struct Seen {
    sheets: Vec<Arc<str>>,
    numbers: ByHash<Place>,
    rows: ByHash<Place>,
    sites: ByHash<Site>,
}

/// By hashes, which need no hashing again.
type ByHash<T> = HashMap<u64, T, BuildHasherDefault<AsItIs>>;

/// Takes a hash for its own.
#[derive(Default)]
struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

/// A row of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    sheet: u32,
    row: u32,
}

/// The rows with one name, township and address.
#[derive(Clone, Debug)]
struct Site {
    first: Place,
    /// The first row's numbers.
    numbers: Numbers,
    /// The first row that shares no number with the first one, and its numbers: there seldom is one.
    other: Option<Box<(Place, Numbers)>>,
}

/// A row's 工程编号 and 登记编号, hashed; none where it has none.
#[derive(Clone, Copy, Debug)]
struct Numbers([Option<NonZero<u64>>; 2]);

impl Numbers {
    fn of(record: &Record) -> Self {
        Self(NUMBERS.map(|field| NonZero::new(hash(&fold(record.text(field)?)))))
    }

    /// Whether both rows carry the same number: two blank ones are different.
    fn meet(self, other: Self) -> bool {
        let mut pairs = self.0.iter().zip(&other.0);
        pairs.any(|(own, other)| own.is_some() && own == other)
    }
}

/// The fields that carry a number of the project's.
const NUMBERS: [Field; 2] = [Field::ProjectNo, Field::RegistryCode];

impl Seen {
    fn place(&mut self, record: &Record) -> Place {
        // Rows come sheet by sheet.
        if self.sheets.last().is_none_or(|sheet| *sheet != record.sheet) {
            self.sheets.push(record.sheet.clone());
        }
        Place {
            sheet: u32::try_from(self.sheets.len().saturating_sub(1)).unwrap_or(u32::MAX),
            row: record.row,
        }
    }

    /// A place as an officer finds it.
    fn shown(&self, place: Place) -> String {
        match self.sheets.get(place.sheet as usize) {
            Some(sheet) if !sheet.is_empty() => format!("“{sheet}”第{}行", place.row),
            _ => format!("第{}行", place.row),
        }
    }
}

pub(super) static D001: Rule = Rule {
    code: "D001",
    title: "编号与前面的行重复",
    severity: Severity::Error,
    fields: &[Field::ProjectNo, Field::RegistryCode],
    help: Help {
        when: "工程编号或登记编号与同一文件中前面某一行的相同（空格、全角半角、大小写不计）。已取消的工程也查。",
        why: "一个编号只能是一个工程，重复的行会互相覆盖。",
        how: "重复填报的删去一行；是不同工程的，改正编号。",
        right: "两行的工程编号各不相同",
        wrong: "第5行和第9行的工程编号都是 JTJ0220240001",
    },
    judge: Judge::Roster(same_number),
    ..FIRST
};

fn same_number(case: &Case<'_>, seen: &mut Seen) -> Vec<Fault> {
    let place = seen.place(case.record);
    let mut faults = Vec::new();
    for field in NUMBERS {
        let Some(number) = case.record.text(field) else {
            continue;
        };
        let key = hash(&(field, fold(number)));
        if let Some(&earlier) = seen.numbers.get(&key) {
            let label = case.label(field);
            faults.push(Fault::new(
                field,
                format!("{label}{number}与{}相同。", seen.shown(earlier)),
                format!("重复填报的删去一行；是不同工程的，改正{label}。"),
            ));
        } else {
            seen.numbers.insert(key, place);
        }
    }
    faults
}

pub(super) static D002: Rule = Rule {
    code: "D002",
    title: "工程名称、乡镇和地址与前面的行相同",
    severity: Severity::Confirm,
    fields: &[Field::Name],
    help: Help {
        when: "工程名称、乡镇（街道）和详细地址与同一文件中前面某一行都相同（空格、全角半角、大小写不计）。两行的工程编号或登记编号相同的只提D001，但整行全都相同的两条都提。\
               两行都没有编号的，算编号不同。已取消的工程也查。",
        why: "名称地点都一样，多半是同一个工程报了两遍，统计时会算两次。",
        how: "重复的删去一行；是不同的单体，在名称里写明（如1号楼、2号楼）。",
        right: "“第一中学1号教学楼”和“第一中学2号教学楼”，地址相同",
        wrong: "两行都是“第一中学教学楼”，地址相同，编号不同",
    },
    judge: Judge::Roster(same_site),
    ..FIRST
};

fn same_site(case: &Case<'_>, seen: &mut Seen) -> Vec<Fault> {
    let record = case.record;
    let place = seen.place(record);
    let numbers = Numbers::of(record);
    let (Some(name), Some(township), Some(address)) = (
        record.text(Field::Name),
        record.code(Field::Township),
        record.text(Field::Address),
    ) else {
        return Vec::new();
    };
    let twin = *seen.rows.entry(hash_of_values(record)).or_insert(place);
    let site = match seen.sites.entry(hash(&(fold(name), township, fold(address)))) {
        Entry::Occupied(site) => site.into_mut(),
        Entry::Vacant(site) => {
            site.insert(Site {
                first: place,
                numbers,
                other: None,
            });
            return Vec::new();
        }
    };
    let earlier = if numbers.meet(site.numbers) {
        // D001 says so already, unless the row also repeats another one, or one in every value.
        let other = site.other.as_deref().filter(|(_, other)| !numbers.meet(*other));
        other.map(|(place, _)| *place).or((twin != place).then_some(twin))
    } else {
        site.other.get_or_insert_with(|| Box::new((place, numbers)));
        Some(site.first)
    };
    let fault = earlier.map(|earlier| {
        Fault::new(
            Field::Name,
            format!(
                "工程名称、乡镇和地址与{}都相同，可能是同一个工程。",
                seen.shown(earlier)
            ),
            "重复填报的删去一行；是不同单体的，在名称中写明，或说明原因。",
        )
    });
    fault.into_iter().collect()
}

fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// One hash of every read value.
fn hash_of_values(record: &Record) -> u64 {
    let mut hasher = FxHasher::default();
    for &field in Field::ALL {
        let Some(value) = record.value(field) else {
            continue;
        };
        hasher.write_u8(field as u8);
        match value {
            Value::Text(text) => hasher.write(text.as_bytes()),
            Value::Code(code) | Value::Division(code) => hasher.write(code.as_bytes()),
            Value::Codes(codes) => codes.iter().for_each(|code| hasher.write(code.as_bytes())),
            Value::Integer(number) => hasher.write_i64(*number),
            Value::Decimal(number) => hasher.write(&number.normalize().serialize()),
            Value::Date(date) => {
                hasher.write_i32(date.first().num_days_from_ce());
                hasher.write_i32(date.last().num_days_from_ce());
            }
        }
    }
    hasher.finish()
}
