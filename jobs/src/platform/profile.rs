//! Platform profiles: which field becomes which member, and the platform's paths, limits and signing.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::canonical;
use super::signing::{SignAlgorithm, sha256_hex};
use crate::store::{Op, Outgoing, Plain, RecordError};

/// All that is peculiar to one platform. Read from TOML; `national-v1` is built in.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Its name, for people.
    pub name: String,
    /// `profile_version` in each batch.
    pub version: String,
    /// `division_code` in each batch, six digits.
    pub division_code: String,
    /// How requests are signed.
    pub sign_algorithm: SignAlgorithm,
    /// Bodies are compressed where that makes them smaller.
    pub gzip: bool,
    /// How long the platform remembers an idempotency key, in hours.
    pub key_life_hours: u32,
    /// Codes of the stages whose projects are sent; empty: every approved project.
    pub stages: Vec<String>,
    /// Where requests go.
    pub paths: Paths,
    /// What the platform takes in one batch.
    pub limits: Limits,
    members: Vec<Member>,
}

/// Paths, each beginning with `/`, appended to the platform's address.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Paths {
    /// Batches are posted to and asked about here.
    pub batches: String,
}

/// What the platform takes in one batch.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Records in a batch.
    pub records: usize,
    /// Bytes of a body, before compression and after.
    pub bytes: usize,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Member {
    name: String,
    from: String,
    #[serde(rename = "as")]
    form: Form,
    decimals: Option<u32>,
    #[serde(default)]
    required: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Form {
    Text,
    Codes,
    Number,
    Day,
    Month,
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

/// `data` of one record, as it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Data {
    /// Canonical JSON (RFC 8785).
    pub json: String,
    /// Its SHA-256, lower-case hex.
    pub digest: String,
}

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

    /// Reads a profile. Whether its fields exist is for the caller to see, who knows the catalogue: [`Self::fields`].
    pub fn parse(toml: &str) -> Result<Self, ProfileError> {
        let profile: Self = toml::from_str(toml)?;
        profile
            .wrong()
            .map_or(Ok(profile), |reason| Err(ProfileError::Content(reason)))
    }

    fn wrong(&self) -> Option<String> {
        if self.limits.records == 0 || self.limits.bytes < 1_000 {
            return Some("limits 的 records 须大于 0，bytes 须不小于 1000".into());
        }
        if !self.paths.batches.starts_with('/') {
            return Some(format!("paths.batches 须以 / 开头，现为“{}”", self.paths.batches));
        }
        if self.division_code.len() != 6 || !self.division_code.bytes().all(|byte| byte.is_ascii_digit()) {
            return Some(format!("division_code 须为六位数字，现为“{}”", self.division_code));
        }
        for (index, member) in self.members.iter().enumerate() {
            if member.name.is_empty() || !member.name.is_ascii() {
                return Some(format!("成员名“{}”须为非空的 ASCII 字符", member.name));
            }
            if self.members[..index].iter().any(|earlier| earlier.name == member.name) {
                return Some(format!("成员“{}”写了两次", member.name));
            }
            if (member.form == Form::Number) != member.decimals.is_some() {
                return Some(format!(
                    "成员“{}”：as = \"number\" 时须给出 decimals，其余不得给出",
                    member.name
                ));
            }
            if member.decimals.is_some_and(|decimals| decimals > 6) {
                return Some(format!("成员“{}”：decimals 最多为 6", member.name));
            }
        }
        None
    }

    /// The ids of the fields that the profile takes its members from.
    pub fn fields(&self) -> impl Iterator<Item = &str> {
        self.members.iter().map(|member| member.from.as_str())
    }

    /// Our field for one of the platform's members.
    pub fn field_of(&self, member: &str) -> Option<&str> {
        self.members
            .iter()
            .find(|known| known.name == member)
            .map(|known| known.from.as_str())
    }

    /// Puts a record into the platform's form: `None` for a withdrawal, which carries no data.
    ///
    /// # Errors
    /// What keeps the record from being sent: a required value is blank, or a value does not have the form that its
    /// member needs.
    pub fn data(&self, record: &Outgoing) -> Result<Option<Data>, Vec<RecordError>> {
        if record.op == Op::Withdraw {
            return Ok(None);
        }
        let code = Plain::One(record.source_id.clone());
        let mut members = BTreeMap::new();
        let mut errors = Vec::new();
        for member in &self.members {
            // the registry code is the record's name, whether or not the revision holds it
            let value = if member.from == "registry_code" {
                Some(&code)
            } else {
                record.values.get(&member.from)
            };
            match value.map(|value| member.json(value)).transpose() {
                Ok(json) => match json.flatten() {
                    Some(json) => _ = members.insert(member.name.as_str(), json),
                    None if member.required => errors.push(member.error("blank", "必填项为空")),
                    None => {}
                },
                Err(reason) => errors.push(member.error("not_sendable", reason)),
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        let json = canonical::object(&members);
        let digest = sha256_hex(json.as_bytes());
        Ok(Some(Data { json, digest }))
    }
}

impl Member {
    /// The value as JSON; `None` where it is left out.
    fn json(&self, value: &Plain) -> Result<Option<String>, &'static str> {
        match (self.form, value) {
            (_, Plain::One(text)) if text.trim().is_empty() => Ok(None),
            (_, Plain::Many(codes)) if codes.is_empty() => Ok(None),
            (Form::Codes, Plain::Many(codes)) => Ok(Some(canonical::strings(codes))),
            (Form::Codes, Plain::One(code)) => Ok(Some(canonical::strings(std::slice::from_ref(code)))),
            (_, Plain::Many(_)) => Err("有多个值，平台只接受一个，未上传"),
            (Form::Text, Plain::One(text)) => Ok(Some(canonical::string(text))),
            // YYYY stays, YYYY-MM-DD is cut
            (Form::Month, Plain::One(text)) => Ok(Some(canonical::string(text.get(..7).unwrap_or(text)))),
            (Form::Day, Plain::One(text)) => Ok((text.len() == 10).then(|| canonical::string(text))),
            (Form::Number, Plain::One(text)) => canonical::number(text, self.decimals.unwrap_or(0))
                .map(Some)
                .map_err(|_| "不是平台可接受的数字（最多 15 位有效数字），未上传"),
        }
    }

    fn error(&self, code: &str, message: &str) -> RecordError {
        RecordError {
            field: Some(self.from.clone()),
            member: self.name.clone(),
            code: code.to_owned(),
            message: message.to_owned(),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
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
            ("\"/api", "\"api", "paths.batches"),
            ("371500", "37150", "division_code"),
            ("records = 500", "records = 0", "records"),
        ] {
            let error = Profile::parse(&sound.replacen(from, to, 1)).unwrap_err().to_string();
            assert!(error.contains(said), "{from}: {error}");
        }
    }
}
