//! Platform profiles: all that is peculiar to one platform, read from TOML. What a record's members look like stands in
//! [`super::member`].

use std::collections::{BTreeMap, HashSet};

use serde::Deserialize;
use serde_json::Value;

use super::member::Member;
use super::signing::SignAlgorithm;
use super::wire::record_json;
use crate::store::{Op, Outgoing, Plain, RecordError};

/// All that is peculiar to one platform. `national-v1` is built in.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Its name, for people.
    pub name: String,
    /// `profile_version` in each batch.
    pub version: String,
    /// `division_code` in each batch, six digits.
    pub division_code: String,
    /// Bodies are compressed where that makes them smaller.
    pub gzip: bool,
    /// How long the platform remembers an idempotency key, in hours.
    pub key_life_hours: u32,
    /// Codes of the stages whose projects are sent; empty: every approved project.
    pub stages: Vec<String>,
    /// How requests are signed, and in which headers.
    pub signing: Signing,
    /// Where requests go.
    pub paths: Paths,
    /// What the platform takes.
    pub limits: Limits,
    /// Members and query parameters of the contract that this platform calls otherwise: ours to its own.
    #[serde(default)]
    names: BTreeMap<String, String>,
    /// Words of the contract (`upsert`, `accepted`, `done` …) for which it has others: ours to its own.
    #[serde(default)]
    words: BTreeMap<String, String>,
    /// Code values: table to our code to the platform's.
    #[serde(default)]
    codes: BTreeMap<String, BTreeMap<String, String>>,
    members: Vec<Member>,
}

/// How requests are signed: the algorithm, and the names of the headers.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signing {
    /// The hash under the HMAC; its name goes into the header `algorithm_header`.
    pub algorithm: SignAlgorithm,
    /// Who we are.
    pub app_key_header: String,
    /// Unix milliseconds.
    pub timestamp_header: String,
    /// Spent by each request.
    pub nonce_header: String,
    /// Which algorithm.
    pub algorithm_header: String,
    /// The signature, lower-case hex.
    pub signature_header: String,
    /// The digest of the body as sent (RFC 9530).
    pub digest_header: String,
    /// The idempotency key of a batch.
    pub idempotency_key_header: String,
}

/// Paths, each beginning with `/`, appended to the platform's address.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Paths {
    /// Batches are posted to and asked about here.
    pub batches: String,
    /// The platform lists its records here.
    pub records: String,
    /// Photos are put here: `{source_id}`, `{kind}` and `{sha256}` stand for what they name.
    pub photos: String,
}

/// What the platform takes.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Records in a batch.
    pub records: usize,
    /// Bytes of a body, before compression and after.
    pub bytes: usize,
    /// Requests at a time.
    pub connections: usize,
    /// Records in a page of its listing.
    pub page: usize,
}

/// A profile that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    /// Not TOML, or not of a profile's form; says where.
    #[error("平台配置文件无法读取：{0}")]
    Syntax(#[from] toml::de::Error),
    /// Readable, but it contradicts itself or the catalogue.
    #[error("平台配置文件有误：{0}")]
    Content(String),
}

/// What is known of a field that a profile names, for [`Profile::check`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownField {
    /// The codes that it may hold; empty where it is not of a list.
    pub codes: Vec<String>,
}

/// `data` of one record, as it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Data {
    /// Canonical JSON (RFC 8785).
    pub json: String,
    /// Its SHA-256, lower-case hex.
    pub digest: String,
}

/// Members and parameters of the contract that a profile may call otherwise.
const NAMES: [&str; 25] = [
    "batch_no",
    "division_code",
    "profile_version",
    "records",
    "source_id",
    "revision",
    "op",
    "digest",
    "data",
    "batch_id",
    "status",
    "receipts",
    "result",
    "platform_no",
    "errors",
    "field",
    "code",
    "message",
    "updated_since",
    "cursor",
    "next_cursor",
    "limit",
    "review_note",
    "updated_at",
    "detail",
];

/// Words of the contract for which a profile may have others.
const WORDS: [&str; 12] = [
    "upsert",
    "withdraw",
    "processing",
    "done",
    "accepted",
    "rejected",
    "unchanged",
    "stale",
    "in-review",
    "passed",
    "returned",
    "withdrawn",
];

impl Profile {
    /// The built-in profile of the national platform.
    #[expect(
        clippy::expect_used,
        clippy::missing_panics_doc,
        reason = "the file is part of the program, and a test reads it"
    )]
    pub fn national_v1() -> Self {
        Self::parse(include_str!("../../profiles/national-v1.toml")).expect("the built-in profile is sound")
    }

    /// Reads a profile. Whether its fields and codes exist is for [`Self::check`] to see.
    pub fn parse(toml: &str) -> Result<Self, ProfileError> {
        let profile: Self = toml::from_str(toml)?;
        profile
            .wrong()
            .map_or(Ok(profile), |reason| Err(ProfileError::Content(reason)))
    }

    fn wrong(&self) -> Option<String> {
        let limits = self.limits;
        if limits.records == 0 || limits.connections == 0 || limits.page == 0 || limits.bytes < 1_000 {
            return Some("limits 的 records、connections、page 须大于 0，bytes 须不小于 1000".into());
        }
        let Paths {
            batches,
            records,
            photos,
        } = &self.paths;
        for (name, path) in [("batches", batches), ("records", records), ("photos", photos)] {
            if !path.starts_with('/') || path.contains(['?', '#']) {
                return Some(format!("paths.{name} 须以 / 开头，且不含 ? 和 #，现为“{path}”"));
            }
        }
        if let Some(missing) = ["{source_id}", "{kind}", "{sha256}"]
            .iter()
            .find(|name| !photos.contains(**name))
        {
            return Some(format!("paths.photos 须含 {missing}，现为“{photos}”"));
        }
        if self.division_code.len() != 6 || !self.division_code.bytes().all(|byte| byte.is_ascii_digit()) {
            return Some(format!("division_code 须为六位数字，现为“{}”", self.division_code));
        }
        self.signing
            .wrong()
            .or_else(|| renamed("names", &self.names, &NAMES))
            .or_else(|| renamed("words", &self.words, &WORDS))
            .or_else(|| self.wrong_members())
    }

    fn wrong_members(&self) -> Option<String> {
        for (index, member) in self.members.iter().enumerate() {
            let name = &member.name;
            let inside = |outer: &str, inner: &str| inner.strip_prefix(outer).is_some_and(|rest| rest.starts_with('.'));
            for earlier in self.members[..index].iter().map(|earlier| &earlier.name) {
                if earlier == name {
                    return Some(format!("成员“{name}”写了两次"));
                }
                if inside(earlier, name) || inside(name, earlier) {
                    return Some(format!("成员“{name}”与“{earlier}”冲突：一个成员不能既有值又有下级"));
                }
            }
            if let Some(wrong) = member.wrong(&self.codes) {
                return Some(format!("成员“{name}”：{wrong}"));
            }
        }
        None
    }

    /// Compares the profile with the catalogue; gives what does not fit, for people. `known` tells of a field by its id.
    pub fn check(&self, known: impl Fn(&str) -> Option<KnownField>) -> Vec<String> {
        let mut wrong = Vec::new();
        for member in &self.members {
            match known(&member.from) {
                None => wrong.push(format!(
                    "成员“{}”的 from = \"{}\" 不是目录中的字段",
                    member.name, member.from
                )),
                Some(field) => wrong.extend(member.misfit(&field, &self.codes)),
            }
        }
        if let Some(stages) = known("stage") {
            let strange = self.stages.iter().filter(|stage| !stages.codes.contains(stage));
            wrong.extend(strange.map(|stage| format!("stages 中的“{stage}”不是目录中的建设阶段代码")));
        }
        wrong
    }

    /// The ids of the fields that the profile takes its members from.
    pub fn fields(&self) -> impl Iterator<Item = &str> {
        self.members.iter().map(|member| member.from.as_str())
    }

    /// The platform's members in its own order, each with the id of our field.
    pub fn columns(&self) -> impl Iterator<Item = (&str, &str)> {
        self.members.iter().map(|member| (&*member.name, &*member.from))
    }

    /// Our field for one of the platform's members: by its whole path, or by its last part.
    pub fn field_of(&self, member: &str) -> Option<&str> {
        let named = |known: &&Member| known.name == member;
        let ends = |known: &&Member| known.name.rsplit('.').next() == Some(member);
        let found = self
            .members
            .iter()
            .find(named)
            .or_else(|| self.members.iter().find(ends));
        found.map(|known| known.from.as_str())
    }

    /// What this platform calls a member or a parameter of the contract.
    pub(crate) fn name<'a>(&'a self, ours: &'a str) -> &'a str {
        self.names.get(ours).map_or(ours, String::as_str)
    }

    /// Its word for one of the contract's.
    pub(crate) fn word<'a>(&'a self, ours: &'a str) -> &'a str {
        self.words.get(ours).map_or(ours, String::as_str)
    }

    /// An answer of this platform in the contract's names and words.
    pub(crate) fn understood(&self, answer: Value) -> Value {
        if self.names.is_empty() && self.words.is_empty() {
            return answer;
        }
        match answer {
            Value::Object(members) => {
                let ours = |(name, value): (String, Value)| {
                    let name = reverse(&self.names, &name).map_or(name, str::to_owned);
                    let value = match (&*name, &value) {
                        ("result" | "status", Value::String(word)) => {
                            reverse(&self.words, word).map_or(value, Value::from)
                        }
                        _ => self.understood(value),
                    };
                    (name, value)
                };
                Value::Object(members.into_iter().map(ours).collect())
            }
            Value::Array(items) => items.into_iter().map(|item| self.understood(item)).collect(),
            other => other,
        }
    }

    /// Whether the record waits because its project is in no stage that this platform takes.
    pub fn holds_back(&self, record: &Outgoing) -> bool {
        let stage = match record.values.get("stage") {
            Some(Plain::One(stage)) => stage,
            _ => "",
        };
        record.op == Op::Upsert && !self.stages.is_empty() && !self.stages.iter().any(|known| known == stage)
    }

    /// A record exactly as it stands in a batch.
    ///
    /// # Errors
    /// As [`Self::data`].
    pub fn record(&self, record: &Outgoing) -> Result<String, Vec<RecordError>> {
        Ok(record_json(self, record, self.data(record)?.as_ref()))
    }

    /// Puts a record into the platform's form: `None` for a withdrawal, which carries no data.
    ///
    /// # Errors
    /// What keeps the record from being sent: a required value is blank, or a value does not have the form that its
    /// member needs.
    pub fn data(&self, record: &Outgoing) -> Result<Option<Data>, Vec<RecordError>> {
        super::member::data(&self.members, &self.codes, record)
    }
}

impl Signing {
    fn wrong(&self) -> Option<String> {
        let headers = [
            &self.app_key_header,
            &self.timestamp_header,
            &self.nonce_header,
            &self.algorithm_header,
            &self.signature_header,
            &self.digest_header,
            &self.idempotency_key_header,
        ];
        let mut seen = HashSet::new();
        for header in headers {
            let sound = !header.is_empty() && header.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
            if !sound {
                return Some(format!("signing 中的“{header}”不能作请求头的名称"));
            }
            if !seen.insert(header.to_ascii_lowercase()) {
                return Some(format!("signing 中的请求头“{header}”用了两次"));
            }
        }
        None
    }
}

/// What is wrong with a table of other names: one of ours that does not exist, or one of theirs that stands for two.
fn renamed(table: &str, names: &BTreeMap<String, String>, ours: &[&str]) -> Option<String> {
    if let Some(strange) = names.keys().find(|name| !ours.contains(&name.as_str())) {
        return Some(format!(
            "{table} 中的“{strange}”不是接口约定的名称，可用：{}",
            ours.join("、")
        ));
    }
    let mut seen = HashSet::new();
    let kept = ours.iter().filter(|name| !names.contains_key(**name)).copied();
    kept.chain(names.values().map(String::as_str))
        .find(|theirs| theirs.is_empty() || !seen.insert(*theirs))
        .map(|theirs| format!("{table} 中的“{theirs}”为空或代表两个名称"))
}

fn reverse<'a>(names: &'a BTreeMap<String, String>, theirs: &str) -> Option<&'a str> {
    let found = names.iter().find(|(_, name)| *name == theirs);
    found.map(|(ours, _)| ours.as_str())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::signing::sha256_hex;
    use super::*;
    use crate::store::DeliveryId;

    fn record(values: &[(&str, &str)]) -> Outgoing {
        let required = [
            ("name", "第一中学教学楼"),
            ("category", "02"),
            ("record_kind", "1"),
            ("use", "201"),
            ("county", "371502"),
            ("address", "柳园路1号"),
        ];
        Outgoing {
            delivery_id: DeliveryId(1),
            source_id: "LC-2026-000001".into(),
            revision: 1,
            op: Op::Upsert,
            values: required
                .iter()
                .chain(values)
                .map(|(field, text)| ((*field).to_owned(), Plain::One((*text).to_owned())))
                .collect(),
        }
    }

    fn data(values: &[(&str, &str)]) -> serde_json::Value {
        let data = Profile::national_v1().data(&record(values)).unwrap().unwrap();
        assert_eq!(data.digest, sha256_hex(data.json.as_bytes()));
        serde_json::from_str(&data.json).unwrap()
    }

    #[test]
    fn the_built_in_profile_is_sound_and_canonical() {
        let profile = Profile::national_v1();
        assert_eq!(profile.fields().count(), 31);
        assert_eq!(profile.field_of("ztz"), Some("investment_planned"));
        let data = profile
            .data(&record(&[("longitude", "115.980000"), ("acceleration_g", "0.15")]))
            .unwrap()
            .unwrap();
        assert_eq!(
            data.json,
            r#"{"dz":"柳园路1号","gcbh":"LC-2026-000001","gclb":"02","gcmc":"第一中学教学楼","gcxz":"1","jd":115.98,"jsd":"0.15","xzqh":"371502","yt":"201"}"#
        );
    }

    #[test]
    fn dates_money_and_blanks_follow_the_fine_print() {
        let data = data(&[
            ("start_date", "2025-03"),
            ("completion_date", "2025-11-30"),
            ("acceptance_date", "2026"),
            ("built_date", "1998"),
            ("investment_planned", "120.4550"),
            ("investment_done", "0.0049"),
            ("owner_uscc", " "),
        ]);
        assert_eq!(data.get("kgsj"), None);
        assert_eq!(data.get("yssj"), None);
        assert_eq!(data.get("tyshxydm"), None);
        assert_eq!(data["wcsj"], "2025-11-30");
        assert_eq!(data["sjjgsj"], "1998");
        assert_eq!(data["ztz"].to_string(), "120.46");
        assert_eq!(data["wctz"].to_string(), "0");
    }

    #[test]
    fn what_the_platform_cannot_take_is_said_by_field() {
        let errors = Profile::national_v1()
            .data(&record(&[("address", ""), ("longitude", "东经")]))
            .unwrap_err();
        let said: Vec<_> = errors
            .iter()
            .map(|error| (error.field.as_deref(), error.code.as_str()))
            .collect();
        assert_eq!(said, [(Some("address"), "blank"), (Some("longitude"), "not_sendable")]);
    }

    #[test]
    fn a_withdrawal_carries_no_data() {
        let withdrawal = Outgoing {
            op: Op::Withdraw,
            values: BTreeMap::new(),
            ..record(&[])
        };
        assert_eq!(Profile::national_v1().data(&withdrawal), Ok(None));
    }

    #[test]
    fn a_broken_profile_is_refused_with_a_reason() {
        let sound = include_str!("../../profiles/national-v1.toml");
        for (from, to, said) in [
            ("gzip = true", "gzip = 1", "gzip"),
            ("decimals = 6", "decimals = 7", "decimals"),
            ("name = \"gcmc\"", "name = \"gcbh\"", "gcbh"),
            ("name = \"gcmc\"", "name = \"gcbh.a\"", "gcbh"),
            ("name = \"gcmc\"", "name = \"gcmc\"\ncodes = \"nowhere\"", "nowhere"),
            ("/{sha256}", "", "sha256"),
            ("\"X-Nonce\"", "\"x-app-key\"", "x-app-key"),
            ("[paths]", "[names]\nfoo = \"bar\"\n[paths]", "foo"),
            ("[paths]", "[words]\ndone = \"stale\"\n[paths]", "stale"),
            ("\"/api", "\"api", "paths.batches"),
            ("371500", "37150", "division_code"),
            ("records = 500", "records = 0", "records"),
        ] {
            let error = Profile::parse(&sound.replacen(from, to, 1)).unwrap_err().to_string();
            assert!(error.contains(said), "{from}: {error}");
        }
    }
}
