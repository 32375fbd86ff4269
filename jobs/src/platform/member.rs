//! The members of a record's `data`: where each comes from, what form it takes, and which codes the platform has.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::canonical;
use super::profile::{Data, KnownField};
use super::signing::sha256_hex;
use crate::store::{Op, Outgoing, Plain, RecordError};

/// Code values: table to our code to the platform's.
type Codes = BTreeMap<String, BTreeMap<String, String>>;

/// One member of `data`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Member {
    /// The platform's name; `a.b` is the member `b` of the object `a`.
    pub(super) name: String,
    /// The id of our field.
    pub(super) from: String,
    #[serde(rename = "as")]
    form: Form,
    decimals: Option<u32>,
    /// The table that turns our codes into the platform's.
    codes: Option<String>,
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

/// A record's data, or what keeps it from being sent.
pub(super) fn data(members: &[Member], codes: &Codes, record: &Outgoing) -> Result<Option<Data>, Vec<RecordError>> {
    if record.op == Op::Withdraw {
        return Ok(None);
    }
    let code = Plain::One(record.source_id.clone());
    let mut found = Vec::with_capacity(members.len());
    let mut errors = Vec::new();
    for member in members {
        // the registry code is the record's name, whether or not the revision holds it
        let value = if member.from == "registry_code" {
            Some(&code)
        } else {
            record.values.get(&member.from)
        };
        match value.map(|value| member.json(value, codes)).transpose() {
            Ok(json) => match json.flatten() {
                Some(json) => found.push((member.name.as_str(), json)),
                None if member.required => errors.push(member.error("blank", "必填项为空")),
                None => {}
            },
            Err(reason) => errors.push(member.error("not_sendable", &reason)),
        }
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    let json = canonical::object(&found);
    let digest = sha256_hex(json.as_bytes());
    Ok(Some(Data { json, digest }))
}

impl Member {
    /// What is wrong with the member by itself.
    pub(super) fn wrong(&self, codes: &Codes) -> Option<String> {
        let part = |part: &str| part.is_empty() || !part.is_ascii();
        if self.name.split('.').any(part) {
            return Some("名称须为 ASCII 字符，各级之间以一个点分隔".into());
        }
        if (self.form == Form::Number) != self.decimals.is_some() {
            return Some("as = \"number\" 时须给出 decimals，其余不得给出".into());
        }
        if self.decimals.is_some_and(|decimals| decimals > 6) {
            return Some("decimals 最多为 6".into());
        }
        let table = self.codes.as_ref()?;
        if !matches!(self.form, Form::Text | Form::Codes) {
            return Some("只有 as = \"text\" 或 \"codes\" 时可写 codes".into());
        }
        (!codes.contains_key(table)).then(|| format!("没有代码对照表 [codes.{table}]"))
    }

    /// What does not fit between the member and its field.
    pub(super) fn misfit(&self, field: &KnownField, codes: &Codes) -> Option<String> {
        let table = self.codes.as_ref()?;
        let (name, known) = (&self.name, codes.get(table)?);
        if field.codes.is_empty() {
            return Some(format!("成员“{name}”写了 codes，而字段 {} 没有代码表", self.from));
        }
        let missing: Vec<&str> = field
            .codes
            .iter()
            .filter(|code| !known.contains_key(*code))
            .map(String::as_str)
            .collect();
        (!missing.is_empty()).then(|| {
            format!(
                "代码对照表 [codes.{table}] 缺少：{}（成员“{name}”）",
                missing.join("、")
            )
        })
    }

    /// The value as JSON; `None` where it is left out.
    fn json(&self, value: &Plain, codes: &Codes) -> Result<Option<String>, String> {
        let table = self.codes.as_ref().and_then(|table| codes.get(table));
        let theirs = |code: &String| match table {
            None => Ok(code.clone()),
            Some(table) => table
                .get(code)
                .cloned()
                .ok_or_else(|| format!("代码“{code}”在平台配置中没有对应的代码，未上传")),
        };
        match (self.form, value) {
            (_, Plain::One(text)) if text.trim().is_empty() => Ok(None),
            (_, Plain::Many(many)) if many.is_empty() => Ok(None),
            (Form::Codes, Plain::Many(many)) => {
                let many: Vec<String> = many.iter().map(theirs).collect::<Result<_, _>>()?;
                Ok(Some(canonical::strings(&many)))
            }
            (Form::Codes, Plain::One(code)) => Ok(Some(canonical::strings(&[theirs(code)?]))),
            (_, Plain::Many(_)) => Err("有多个值，平台只接受一个，未上传".into()),
            (Form::Text, Plain::One(text)) => Ok(Some(canonical::string(&theirs(text)?))),
            // YYYY stays, YYYY-MM-DD is cut
            (Form::Month, Plain::One(text)) => Ok(Some(canonical::string(text.get(..7).unwrap_or(text)))),
            (Form::Day, Plain::One(text)) => Ok((text.len() == 10).then(|| canonical::string(text))),
            (Form::Number, Plain::One(text)) => canonical::number(text, self.decimals.unwrap_or(0))
                .map(Some)
                .map_err(|_| "不是平台可接受的数字（最多 15 位有效数字），未上传".into()),
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
