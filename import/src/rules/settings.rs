//! What a deployment sets otherwise: `rules.toml` in its catalogue folder, each setting with a reason that officers are shown.
//!
//! ```toml
//! [S004]
//! severity = "hint" # error, confirm, hint or off
//! reason = "场地资料2027年补齐，此前只作提示"
//! ```

use std::collections::BTreeMap;
use std::path::Path;

use sha2::{Digest as _, Sha256};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{RULE_SET_VERSION, Rule, Status, find};
use crate::catalogue::{CatalogueError, read_override};
use crate::finding::{Finding, Severity};

/// Rules that say why a file or a table was not read at all: silent, or grave in name only, they would leave the sender without a word.
const FIXED: &[&str] = &["F001", "F002", "F003", "F004", "F005", "F008"];
/// Rules that say why a value was not taken: they can ask for less, but not fall silent.
const TOLD: &[&str] = &["V001", "V002", "V003", "V004", "V005", "V006", "V007", "V008"];

/// What a deployment sets of one rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// What its findings ask for at most; none where it is off.
    pub severity: Option<Severity>,
    /// Why, in the deployment's words.
    pub reason: String,
}

impl Setting {
    /// The setting with its reason, as officers read it.
    pub fn label(&self) -> String {
        let what = self.severity.map_or("停用", Severity::label);
        format!("本地设为{what}，原因：{}", self.reason)
    }
}

/// The settings of a deployment; none by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RuleSettings {
    rules: BTreeMap<&'static str, Setting>,
    digest: Option<String>,
}

impl RuleSettings {
    /// The name of the file.
    pub(crate) const FILE: &str = "rules.toml";

    /// Reads `rules.toml` in the catalogue folder; without one, nothing is set.
    pub(crate) fn load(folder: Option<&Path>) -> Result<Self, CatalogueError> {
        match read_override(folder, Self::FILE)? {
            Some((file, text)) => parse(&file, &text),
            None => Ok(Self::default()),
        }
    }

    /// What is set of the rule with this code.
    pub fn of(&self, code: &str) -> Option<&Setting> {
        self.rules.get(code)
    }

    /// What the findings of a rule ask for at most in this deployment; none where it is off. A rule on trial only hints.
    pub fn severity(&self, rule: &Rule) -> Option<Severity> {
        let most = match self.of(rule.code) {
            Some(setting) => setting.severity?,
            None => rule.severity,
        };
        Some(match rule.status {
            Status::Trial => Severity::Hint,
            Status::InForce | Status::Retired => most,
        })
    }

    /// A finding of a rule as the deployment has it: the one place where severities are decided. None where the rule is off.
    pub(crate) fn settle(&self, rule: &Rule, mut finding: Finding) -> Option<Finding> {
        let most = self.severity(rule)?;
        // A case that asks for less than its rule goes on asking for less.
        let asked = if finding.severity < rule.severity {
            finding.severity.min(most)
        } else {
            most
        };
        finding.severity = asked;
        if let Some(setting) = self.of(rule.code) {
            let basis = finding.basis.take().map(|basis| basis + "；").unwrap_or_default();
            finding.basis = Some(basis + &setting.label());
        }
        Some(finding)
    }

    /// A finding made while the file was read.
    pub(crate) fn settle_read(&self, finding: Finding) -> Option<Finding> {
        match find(finding.code) {
            Some(rule) => self.settle(rule, finding),
            None => Some(finding),
        }
    }
}

/// The version of the rules in force, kept with every record that they judged: [`RULE_SET_VERSION`], and where the deployment has a
/// `rules.toml` the first eight digits of its SHA-256.
pub fn rule_set_version(settings: &RuleSettings) -> String {
    match &settings.digest {
        Some(digest) => format!("{RULE_SET_VERSION}+{digest}"),
        None => RULE_SET_VERSION.to_owned(),
    }
}

fn parse(file: &str, text: &str) -> Result<RuleSettings, CatalogueError> {
    let broken = |at: usize, reason: String| CatalogueError::Broken {
        file: file.to_owned(),
        line: text.bytes().take(at).filter(|byte| *byte == b'\n').count() as u64 + 1,
        reason,
    };
    let table = DeTable::parse(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        broken(at, error.message().to_owned())
    })?;
    let mut rules = BTreeMap::new();
    for (code, value) in table.get_ref() {
        let at = code.span().start;
        let name = code.get_ref();
        let rule = find(name).ok_or_else(|| broken(at, format!("没有代码为 `{name}` 的规则")))?;
        let setting = setting(rule, at, value).map_err(|(at, reason)| broken(at, reason))?;
        rules.insert(rule.code, setting);
    }
    let digest = Sha256::digest(text.as_bytes());
    let [first, second, third, fourth, ..] = digest.0;
    let digest = format!("{first:02x}{second:02x}{third:02x}{fourth:02x}");
    Ok(RuleSettings {
        rules,
        digest: Some(digest),
    })
}

/// One rule's setting; an error says where.
fn setting(rule: &Rule, at: usize, value: &Spanned<DeValue<'_>>) -> Result<Setting, (usize, String)> {
    let code = rule.code;
    let DeValue::Table(table) = value.get_ref() else {
        return Err((
            at,
            format!("`{code}` 应写成一节 [{code}]，其中写 `severity` 和 `reason`"),
        ));
    };
    let (mut severity, mut reason) = (None, None);
    for (key, value) in table {
        let text = value.get_ref().as_str().unwrap_or_default();
        match &**key.get_ref() {
            "severity" => severity = Some((value.span().start, text)),
            "reason" => reason = Some(text.trim()),
            other => {
                let reason = format!("`{code}` 只写 `severity` 和 `reason`，不能写 `{other}`");
                return Err((key.span().start, reason));
            }
        }
    }
    let (at_severity, word) = severity.ok_or_else(|| (at, format!("`{code}` 没有写 `severity`")))?;
    let severity = match word {
        "error" => Some(Severity::Error),
        "confirm" => Some(Severity::Confirm),
        "hint" => Some(Severity::Hint),
        "off" => None,
        _ => {
            let reason = "`severity` 只能是 \"error\"、\"confirm\"、\"hint\" 或 \"off\"".to_owned();
            return Err((at_severity, reason));
        }
    };
    if FIXED.contains(&code) && severity != Some(Severity::Error) {
        let reason = format!("`{code}` 说明为什么没有读出内容，只能是强制性");
        return Err((at_severity, reason));
    }
    if TOLD.contains(&code) && severity.is_none() {
        let reason = format!("`{code}` 说明为什么没有采用一个值，不能停用，最低为 \"hint\"");
        return Err((at_severity, reason));
    }
    let reason = reason.filter(|reason| !reason.is_empty());
    let reason = reason.ok_or_else(|| (at, format!("`{code}` 没有写 `reason`（原因）")))?;
    Ok(Setting {
        severity,
        reason: reason.to_owned(),
    })
}
