//! The values of a row in one piece of memory: a roster holds hundreds of thousands of them, and their JSON, which repeats every field's name,
//! takes more than twice as much.

use std::fmt;

use retrofit_import::catalogue::Field;
use retrofit_import::record::Record;
use retrofit_import::values::{Canonical, Value};
use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::values::{Fields, Values};

/// The values of a record in the catalogue's order, blanks absent. Its JSON is the one that revisions keep.
///
/// For each field its place in the catalogue and how many texts there are, of a single value 0 and of several codes one more than they are; then
/// each text with its length before it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Packed(Box<[u8]>);

/// A field's value within [`Packed`].
enum Item<'a> {
    One(&'a str),
    Many(Texts<'a>),
}

/// So many texts, one after the other.
#[derive(Clone)]
struct Texts<'a> {
    left: usize,
    bytes: Bytes<'a>,
}

/// Packed values, each to be had by its field.
pub(super) struct View<'a>([Option<Item<'a>>; Field::COUNT]);

/// Puts values together.
#[derive(Default)]
pub(super) struct Packer {
    bytes: Vec<u8>,
    text: String,
}

impl Packer {
    /// The values of a record as it was read, without the registry's code: a row is the same with and without.
    pub(super) fn pack(&mut self, record: &Record) -> Packed {
        self.bytes.clear();
        for &field in Field::ALL {
            if field != Field::RegistryCode
                && let Some(value) = record.value(field)
            {
                self.put_value(field, value);
            }
        }
        Packed(self.bytes.as_slice().into())
    }

    fn put_value(&mut self, field: Field, value: &Value) {
        match value {
            Value::Codes(codes) => {
                self.begin(field, codes.len() + 1);
                for code in codes {
                    self.put(code);
                }
            }
            one => {
                self.begin(field, 0);
                let mut text = std::mem::take(&mut self.text);
                text.clear();
                self.put(one.text(&mut text));
                self.text = text;
            }
        }
    }

    fn begin(&mut self, field: Field, texts: usize) {
        self.bytes.push(field as u8);
        self.put_length(texts);
    }

    fn put(&mut self, text: &str) {
        self.put_length(text.len());
        self.bytes.extend_from_slice(text.as_bytes());
    }

    /// Seven bits a byte, the lowest first; all but the last have their highest bit set.
    fn put_length(&mut self, mut length: usize) {
        while length > 0x7f {
            self.bytes.push(length.to_le_bytes()[0] | 0x80);
            length >>= 7;
        }
        self.bytes.push(length.to_le_bytes()[0]);
    }
}

impl Packed {
    /// Its values, each to be had by its field.
    pub(super) fn view(&self) -> View<'_> {
        let mut fields = [const { None }; Field::COUNT];
        for (field, item) in self.items() {
            fields[field.index()] = Some(item);
        }
        View(fields)
    }

    /// Its values in a map.
    pub fn values(&self) -> Values {
        let items = self.items();
        items.map(|(field, item)| (field, item.canonical())).collect()
    }

    /// The JSON that a revision keeps.
    #[expect(
        clippy::expect_used,
        reason = "texts and lists of texts are always JSON, which is text"
    )]
    pub(super) fn json(&self) -> String {
        // Large enough for most, so that it does not grow by and by.
        let mut json = Vec::with_capacity(2048);
        serde_json::to_writer(&mut json, self).expect("text is JSON");
        String::from_utf8(json).expect("JSON is text")
    }

    /// What it is made of.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    fn items(&self) -> impl Iterator<Item = (Field, Item<'_>)> {
        let mut bytes = Bytes(&self.0);
        std::iter::from_fn(move || {
            let (&field, rest) = bytes.0.split_first()?;
            bytes.0 = rest;
            let item = match bytes.length() {
                0 => Item::One(bytes.text()),
                texts => {
                    let texts = Texts { left: texts - 1, bytes };
                    bytes = texts.clone().after();
                    Item::Many(texts)
                }
            };
            Some((*Field::ALL.get(usize::from(field))?, item))
        })
    }
}

/// What is left of packed values.
#[derive(Clone, Copy)]
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn length(&mut self) -> usize {
        let mut length = 0;
        let mut shift = 0;
        while let Some((&byte, rest)) = self.0.split_first() {
            self.0 = rest;
            length |= usize::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                break;
            }
        }
        length
    }

    #[expect(clippy::expect_used, reason = "only texts are packed, each whole")]
    fn text(&mut self) -> &'a str {
        let length = self.length();
        let (text, rest) = self.0.split_at(length);
        self.0 = rest;
        std::str::from_utf8(text).expect("packed text")
    }
}

impl<'a> Texts<'a> {
    /// What follows the last of them.
    fn after(mut self) -> Bytes<'a> {
        while self.next().is_some() {}
        self.bytes
    }
}

impl<'a> Iterator for Texts<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        self.left = self.left.checked_sub(1)?;
        Some(self.bytes.text())
    }
}

impl Item<'_> {
    fn canonical(self) -> Canonical {
        match self {
            Self::One(text) => Canonical::One(text.into()),
            Self::Many(texts) => Canonical::Many(texts.map(str::to_owned).collect()),
        }
    }
}

impl Fields for View<'_> {
    fn one(&self, field: Field) -> Option<&str> {
        match &self.0[field.index()] {
            Some(Item::One(text)) => Some(text),
            Some(Item::Many(_)) | None => None,
        }
    }
}

impl Serialize for Packed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.items())
    }
}

impl Serialize for Item<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::One(text) => serializer.serialize_str(text),
            Self::Many(texts) => serializer.collect_seq(texts.clone()),
        }
    }
}

impl<'de> Deserialize<'de> for Packed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Packed;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the values of a row")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Packed, A::Error> {
                let mut packer = Packer::default();
                while let Some(field) = members.next_key()? {
                    members.next_value_seed(Member(&mut packer, field))?;
                }
                Ok(Packed(packer.bytes.into()))
            }
        }
        deserializer.deserialize_map(Members)
    }
}

/// Puts a member's value behind its field.
struct Member<'a>(&'a mut Packer, Field);

impl<'de> DeserializeSeed<'de> for Member<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Member<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text or a list of texts")
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.0.begin(self.1, 0);
        self.0.put(text);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut texts: A) -> Result<(), A::Error> {
        let mut many: Vec<String> = Vec::new();
        while let Some(text) = texts.next_element()? {
            many.push(text);
        }
        self.0.begin(self.1, many.len() + 1);
        for text in &many {
            self.0.put(text);
        }
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn canonical() -> impl Strategy<Value = Canonical> {
        let text = || prop_oneof![any::<String>(), "[一-龥]{0,80}"];
        prop_oneof![
            text().prop_map(Canonical::One),
            prop::collection::vec(text(), 0..4).prop_map(Canonical::Many),
        ]
    }

    proptest! {
        #[test]
        fn values_are_the_same_packed_and_as_json(
            chosen in prop::collection::btree_map(prop::sample::select(Field::ALL), canonical(), 0..20)
        ) {
            let json = serde_json::to_string(&chosen).unwrap();
            let packed: Packed = serde_json::from_str(&json).unwrap();
            prop_assert_eq!(packed.json(), json);
            prop_assert_eq!(&packed.values(), &chosen);
            let view = packed.view();
            for field in Field::ALL {
                prop_assert_eq!(view.one(*field), chosen.get(field).and_then(Canonical::as_one));
            }
        }
    }

    #[test]
    fn the_code_is_no_part_of_the_content() {
        let plain = Values::from([
            (Field::Name, Canonical::One("一中\"教学楼\"".into())),
            (Field::FloorAreaM2, Canonical::One("12.5".into())),
            (Field::RetrofitMethods, Canonical::Many(vec!["03".into(), "01".into()])),
        ]);
        let mut coded = plain.clone();
        coded.insert(Field::RegistryCode, Canonical::One("LC-2026-000001".into()));
        let pack = |values| Packer::default().pack(&Record::from_values(values));
        let packed = pack(&coded);
        assert_eq!(packed, pack(&plain));
        assert_eq!(packed.values(), plain);
        assert_eq!(
            packed.json(),
            r#"{"name":"一中\"教学楼\"","floor_area_m2":"12.5","retrofit_methods":["03","01"]}"#
        );
    }

    #[test]
    fn what_is_no_value_is_refused() {
        for json in [r#"{"name":7}"#, r#"{"strange":"a"}"#, r#"{"name":["a",1]}"#, "[]"] {
            assert!(serde_json::from_str::<Packed>(json).is_err(), "{json}");
        }
    }
}
