//! How values are written in JSON: instants, decimals, codes, words, cursors.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, SecondsFormat};
use chrono_tz::Asia::Shanghai;
use retrofit_jobs::store::{UtcMillis, Word};
use rust_decimal::Decimal;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::problem::Problem;
use crate::registry::RegistryCode;
use crate::registry::month::Month;

/// Nothing is expected here.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Nothing {}

/// An instant, RFC 3339 in business time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Instant(pub(super) UtcMillis);

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let at = DateTime::from_timestamp_millis(self.0).unwrap_or_default();
        serializer.serialize_str(
            &at.with_timezone(&Shanghai)
                .to_rfc3339_opts(SecondsFormat::Millis, false),
        )
    }
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let at = DateTime::parse_from_rfc3339(&text);
        at.map(|at| Self(at.timestamp_millis()))
            .map_err(|_| de::Error::custom(format!("`{text}` is no date-time")))
    }
}

impl JsonSchema for Instant {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Instant".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "date-time" })
    }
}

/// A decimal, written as text so that no reader makes a binary fraction of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Number(Decimal);

impl Number {
    /// Hundredths.
    pub(super) fn e2(hundredths: i64) -> Self {
        Self(Decimal::new(hundredths, 2).normalize())
    }

    /// A whole number.
    pub(super) fn whole(number: i64) -> Self {
        Self(number.into())
    }
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl JsonSchema for Number {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Number".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": r"^-?\d+(\.\d+)?$" })
    }
}

/// Something that is read from text, and the form of that text.
pub(super) trait Form: FromStr {
    /// A regular expression (ECMA-262).
    const PATTERN: &'static str;
}

impl Form for RegistryCode {
    const PATTERN: &'static str = r"^LC-\d{4}-\d{6,12}$";
}

impl Form for Month {
    const PATTERN: &'static str = r"^\d{4}-(0[1-9]|1[0-2])$";
}

/// A value that is written as text of a fixed form.
#[derive(Clone, Copy, Debug)]
pub(super) struct Text<T>(pub(super) T);

impl<'de, T: Form> Deserialize<'de> for Text<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse()
            .map(Self)
            .map_err(|_| de::Error::custom(format!("`{text}` is not of the form {}", T::PATTERN)))
    }
}

impl<T: fmt::Display> Serialize for Text<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<T: Form> JsonSchema for Text<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Text".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": T::PATTERN })
    }
}

/// One of a fixed list of words.
#[derive(Clone, Copy, Debug)]
pub(super) struct OneOf<T>(pub(super) T);

impl<'de, T: Word> Deserialize<'de> for OneOf<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        T::from_word(&text)
            .map(Self)
            .ok_or_else(|| de::Error::custom(format!("`{text}` is none of the words that are known here")))
    }
}

impl<T: Word> Serialize for OneOf<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.word())
    }
}

impl<T: Word> JsonSchema for OneOf<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Word".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let words: Vec<&str> = T::ALL.iter().map(|word| word.word()).collect();
        json_schema!({ "type": "string", "enum": words })
    }
}

/// Where a list goes on: opaque to clients. Holds the key of the last line that was shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Cursor(pub(super) i64, pub(super) i64);

impl FromStr for Cursor {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(drop)?;
        let text = std::str::from_utf8(&bytes).map_err(drop)?;
        let (key, within) = text.split_once('.').ok_or(())?;
        Ok(Self(key.parse().map_err(drop)?, within.parse().map_err(drop)?))
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(format!("{}.{}", self.0, self.1)))
    }
}

impl Form for Cursor {
    const PATTERN: &'static str = "^[A-Za-z0-9_-]{4,60}$";
}

/// Which part of a list is asked for: every list's parameters begin with these.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    /// The line before the first one.
    pub(super) after: Option<Cursor>,
    /// Lines at most.
    pub(super) limit: usize,
}

/// How many lines a part of a list has at most.
pub(super) const MOST_LINES: u16 = 200;
const USUAL_LINES: u16 = 50;

impl Window {
    /// The window of a list's parameters.
    ///
    /// # Errors
    /// A limit that is none.
    pub(super) fn new(cursor: Option<Text<Cursor>>, limit: Option<u16>) -> Result<Self, Problem> {
        let limit = limit.unwrap_or(USUAL_LINES);
        if limit == 0 || limit > MOST_LINES {
            return Err(Problem::invalid(format!("limit 须为 1 到 {MOST_LINES}。")));
        }
        Ok(Self {
            after: cursor.map(|Text(cursor)| cursor),
            limit: limit.into(),
        })
    }

    /// One line more than is shown tells whether the list goes on.
    pub(super) fn probe(self) -> i64 {
        i64::try_from(self.limit + 1).unwrap_or(i64::MAX)
    }

    /// Where a list without keys goes on: after so many of its lines.
    pub(super) fn skip(self) -> usize {
        usize::try_from(self.after_or(0)).unwrap_or_default()
    }

    /// How much of such a list is read.
    pub(super) fn probe_all(self) -> i64 {
        self.probe()
            .saturating_add(i64::try_from(self.skip()).unwrap_or(i64::MAX))
    }

    /// The key after which the window begins; `first` where it is the list's beginning.
    pub(super) fn after_or(self, first: i64) -> i64 {
        self.after.map_or(first, |cursor| cursor.0)
    }
}

/// A part of a list.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PageOf{T}")]
pub(super) struct Page<T> {
    /// The lines, in the list's order.
    pub(super) items: Vec<T>,
    /// The `cursor` of the part that follows; null at the end.
    #[schemars(with = "Option<String>")]
    pub(super) next: Option<Text<Cursor>>,
}

impl<T> Page<T> {
    /// The part that was read with [`Window::probe`].
    pub(super) fn of<R>(
        mut rows: Vec<R>,
        window: Window,
        key: impl Fn(&R) -> Cursor,
        line: impl FnMut(R) -> T,
    ) -> Self {
        let more = rows.len() > window.limit;
        rows.truncate(window.limit);
        let next = rows.last().filter(|_| more).map(|row| Text(key(row)));
        Self {
            items: rows.into_iter().map(line).collect(),
            next,
        }
    }

    /// The part of a list without keys, which was read from its beginning with [`Window::probe_all`]. What comes in meanwhile moves the lines.
    pub(super) fn counted<R>(rows: Vec<R>, window: Window, mut line: impl FnMut(R) -> T) -> Self {
        let keyed = (0_i64..).zip(rows).skip(window.skip()).collect();
        Self::of(keyed, window, |(at, _)| Cursor(at + 1, 0), |(_, row)| line(row))
    }

    /// A list that is short and always whole.
    pub(super) fn whole(items: Vec<T>) -> Self {
        Self { items, next: None }
    }
}

/// Marks what kind of file an answer is.
#[derive(Debug)]
pub(super) struct File<M> {
    /// Its name for those who keep it.
    pub(super) name: String,
    /// Its media type, one of [`Media::TYPES`].
    pub(super) media_type: &'static str,
    /// It.
    pub(super) bytes: Vec<u8>,
    pub(super) kind: PhantomData<M>,
}

/// A kind of file, with the media types that it comes in.
pub(super) trait Media {
    /// Those.
    const TYPES: &'static [&'static str];
}

/// A workbook.
#[derive(Debug)]
pub(super) struct Workbook;

impl Media for Workbook {
    const TYPES: &'static [&'static str] = &["application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"];
}

/// A photo.
#[derive(Debug)]
pub(super) struct Photo;

impl Media for Photo {
    const TYPES: &'static [&'static str] = &["image/jpeg", "image/png"];
}

/// A package for the platform.
#[derive(Debug)]
pub(super) struct Archive;

impl Media for Archive {
    const TYPES: &'static [&'static str] = &["application/zip"];
}

/// A bulletin: a Word file or a workbook.
#[derive(Debug)]
pub(super) struct Document;

impl Media for Document {
    const TYPES: &'static [&'static str] = &[
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ];
}

impl<M: Media> File<M> {
    /// A file of the first of the kind's media types.
    pub(super) fn new(name: impl Into<String>, bytes: Vec<u8>) -> Self {
        Self::of(name, M::TYPES[0], bytes)
    }

    /// A file of this media type.
    pub(super) fn of(name: impl Into<String>, media_type: &'static str, bytes: Vec<u8>) -> Self {
        Self {
            name: name.into(),
            media_type,
            bytes,
            kind: PhantomData,
        }
    }
}
