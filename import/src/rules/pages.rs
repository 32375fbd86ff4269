//! The rules' help pages: one text for the command line, the web and `docs/rules.md`.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{RULES, Rule, Setting, Status};
use crate::catalogue::{Catalogue, SourceStatus};

/// The parts of a rule's page, each with its heading, in order.
pub fn page(rule: &Rule, catalogue: &Catalogue) -> Vec<(&'static str, String)> {
    let fields: Vec<&str> = rule.fields.iter().map(|&field| catalogue.label(field)).collect();
    let basis: Vec<String> = rule
        .basis
        .iter()
        .map(|basis| format!("{}（{}）", basis.text, basis.sureness()))
        .collect();
    let or = |text: String, none: &str| if text.is_empty() { none.to_owned() } else { text };
    let severity = match catalogue.rule_settings().of(rule.code) {
        Some(setting) => format!("{}（{}）", rule.severity_label(), setting.label()),
        None => rule.severity_label(),
    };
    let of_what = match rule.code.as_bytes().first() {
        Some(b'F' | b'C') => "整个文件、工作表或表头",
        _ => "任何字段",
    };
    vec![
        ("严重程度", severity),
        ("检查字段", or(fields.join("、"), of_what)),
        ("依据", or(basis.join("；"), "工程清单填报的一般要求")),
        ("什么情况提出", rule.help.when.to_owned()),
        ("为什么", rule.help.why.to_owned()),
        ("怎么改", rule.help.how.to_owned()),
        ("正例", rule.help.right.to_owned()),
        ("反例", rule.help.wrong.to_owned()),
        ("状态", rule.standing()),
    ]
}

/// A rule's page as plain text.
pub fn text(rule: &Rule, catalogue: &Catalogue) -> String {
    let mut text = format!("{} {}\n", rule.code, rule.title);
    for (heading, part) in page(rule, catalogue) {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "\n{heading}\n    {part}");
    }
    text
}

/// The kinds of rules, by the first letter of their codes, in the order that a roster meets them.
pub const KINDS: [(char, &str); 8] = [
    ('F', "文件和工作表"),
    ('V', "单元格的值"),
    ('P', "地点"),
    ('S', "抗震设防"),
    ('T', "时间和进度"),
    ('M', "资金和数量"),
    ('D', "重复"),
    ('C', "与登记库比较"),
];

/// Every rule's page, as `docs/rules.md`.
pub fn markdown(catalogue: &Catalogue) -> String {
    let mut text = String::from(
        "# 检查规则\n\n\
         本页由程序中的规则生成，不要手工修改。\n\n\
         | 严重程度 | 作用 |\n|---|---|\n\
         | 强制性 | 这一行暂不登记，改正后才能登记 |\n\
         | 核实性 | 写明原因后可以登记，审核人看得到原因 |\n\
         | 提示 | 只作提醒，不需要处理 |\n\n\
         空着的格只提空着，读不出的值只提读不出；要用到这些值的规则不作判断。\
         已取消的工程只按V、P、D类规则和S001检查。工程清单中没有的栏目，意见标在该行的工程名称上。\n",
    );
    for (letter, kind) in KINDS {
        let _ = writeln!(text, "\n## {kind}（{letter}）");
        for rule in RULES.iter().filter(|rule| rule.code.starts_with(letter)) {
            let _ = writeln!(text, "\n### {} {}\n", rule.code, rule.title);
            for (heading, part) in page(rule, catalogue) {
                let _ = writeln!(text, "- **{heading}**：{part}");
            }
        }
    }
    text
}

/// Every rule with its page and what the deployment sets of it, for programs.
pub fn json(catalogue: &Catalogue) -> Value {
    let setting = |setting: &Setting| {
        let severity = setting.severity.map_or(json!("off"), |severity| json!(severity));
        json!({ "severity": severity, "reason": setting.reason })
    };
    let rule = |rule: &&Rule| {
        let basis = |basis: &super::Basis| json!({ "text": basis.text, "status": basis.status.id() });
        json!({
            "code": rule.code,
            "title": rule.title,
            "severity": rule.severity(),
            "eased": rule.eased,
            "setting": catalogue.rule_settings().of(rule.code).map(setting),
            "fields": rule.fields,
            "basis": rule.basis.iter().map(basis).collect::<Vec<_>>(),
            "since": rule.since,
            "status": rule.status.id(),
            "help": {
                "when": rule.help.when,
                "why": rule.help.why,
                "how": rule.help.how,
                "right": rule.help.right,
                "wrong": rule.help.wrong,
            },
        })
    };
    Value::Array(RULES.iter().map(rule).collect())
}

impl super::Basis {
    /// How sure we are of it, as officers are told.
    pub const fn sureness(&self) -> &'static str {
        match self.status {
            SourceStatus::Read => "已与公开文本核对",
            SourceStatus::Memory => "凭记忆录入，使用前须与正式文本核对",
            SourceStatus::ToVerify => "由当地核实，尚未核实的在提示中注明“待核”",
        }
    }
}

impl Rule {
    /// Whether it counts, and since which version, in the officers' words.
    pub fn standing(&self) -> String {
        format!("{}，自{}版起", self.status.label(), self.since)
    }
}

impl Status {
    /// The officers' word for it.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Trial => "试行（只作提示）",
            Self::InForce => "在用",
            Self::Retired => "停用",
        }
    }

    /// Its name in JSON.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Trial => "trial",
            Self::InForce => "in force",
            Self::Retired => "retired",
        }
    }
}
