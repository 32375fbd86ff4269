//! What the audit log's entries say, in the officers' words. The log itself keeps codes and JSON, and so does the console.

use retrofit_import::catalogue::{Catalogue, CodeList, Field};
use retrofit_jobs::store::{PhotoKind, Word as _};
use serde_json::{Map, Value};

use super::words;
use crate::registry::followup::Stage;
use crate::registry::people::Role;
use crate::registry::tokens::Scope;
use crate::registry::{RegistryCode, audit, photos};
use crate::tasks;

/// What was done.
pub(super) fn action(action: &str) -> String {
    audit::label(action).unwrap_or(action).into()
}

/// To what, and the address of its page where it has one.
pub(super) fn object(catalogue: &Catalogue, action: &str, object: &str) -> (String, Option<String>) {
    if let Ok(code) = object.parse::<RegistryCode>() {
        return (code.to_string(), Some(format!("/projects/{code}")));
    }
    if let Some((method, path)) = object.split_once(" /") {
        let verb = if method == "GET" { "打开" } else { "提交" };
        let of = page(path.strip_prefix("api/v1/").unwrap_or(path));
        return (format!("{verb}“{of}” /{path}"), None);
    }
    let number = object.parse::<i64>().is_ok();
    let told = match action.split('.').next().unwrap_or_default() {
        "upload" if number => return (format!("第 {object} 号报送"), Some(format!("/uploads/{object}"))),
        "inspection" | "meeting" | "token" if number => format!("第 {object} 号"),
        "review" => object
            .strip_suffix(" projects")
            .map_or_else(|| "工程".into(), |count| format!("{count} 个工程")),
        "photo" => "工程照片".into(),
        "upload" | "department" | "period" => words::department(catalogue, object).into(),
        "job" => tasks::label(object).into(),
        "target" => target(catalogue, object),
        _ => object.into(),
    };
    (told, None)
}

/// The page that a path belongs to.
fn page(path: &str) -> &'static str {
    match path.split('/').next().unwrap_or_default() {
        "" => "首页",
        "uploads" => "报送",
        "rosters" => "本部门现有工程",
        "templates" => "填报模板",
        "review" => "审核",
        "projects" if path.contains("/photos") => "工程照片",
        "projects" => "工程",
        "waivers" => "规则豁免",
        "photos" => "照片",
        "periods" => "报送情况",
        "progress" | "figures" => "工程进度",
        "targets" => "年度目标",
        "bulletin" => "工作通报",
        "inspections" => "联合检查",
        "rectifications" | "inspection-findings" => "整改",
        "meetings" | "meeting-items" => "议定事项",
        "runs" | "deliveries" => "上报记录",
        "packages" => "数据包",
        "reconciliation" => "与平台核对",
        "people" => "用户",
        "departments" => "部门",
        "jobs" => "定时任务",
        "audit" => "操作记录",
        "tokens" => "接口令牌",
        "account" => "我的账号",
        "password" => "修改密码",
        _ => "其他页面",
    }
}

/// `2026/JTJ/02/371502`.
fn target(catalogue: &Catalogue, object: &str) -> String {
    match object.split('/').collect::<Vec<_>>()[..] {
        [year, department, category, county] => format!(
            "{year}年 {} {} {}",
            words::department(catalogue, department),
            catalogue.code_label(CodeList::Category, category),
            catalogue.divisions().name(county)
        ),
        _ => object.into(),
    }
}

/// More about it: each part of the JSON in words. Text that is no JSON stays as it is.
pub(super) fn detail(catalogue: &Catalogue, action: &str, detail: &str) -> String {
    let Ok(Value::Object(parts)) = serde_json::from_str(detail) else {
        return detail.into();
    };
    let told = parts
        .iter()
        .filter_map(|(name, value)| part(catalogue, action, name, value));
    told.collect::<Vec<_>>().join("；")
}

/// One part; nothing where it says nothing.
fn part(catalogue: &Catalogue, action: &str, name: &str, value: &Value) -> Option<String> {
    let text = text(value);
    let count = value.as_array().map_or(text.clone(), |list| list.len().to_string());
    if says_nothing(name, value) {
        return None;
    }
    Some(match (name, value) {
        ("before", Value::Object(before)) => {
            let role = before.get("role").and_then(Value::as_str).unwrap_or_default();
            let department = before.get("department").and_then(Value::as_str);
            let department = department.map_or("", |code| words::department(catalogue, code));
            format!("原为{department} {}", role_label(role))
        }
        ("before", Value::Array(before)) => match &before[..] {
            [unit, amount] => format!("原为 {} {}", hundredths(amount), unit_label(catalogue, unit)),
            _ => return None,
        },
        ("person", _) => format!("用户：{text}"),
        ("label", _) => format!("用途：{text}"),
        ("scopes", Value::Array(scopes)) => {
            let label = |scope: &Value| {
                let word = self::text(scope);
                Scope::from_word(&word).map_or(word, |scope| scope.label().into())
            };
            format!("权限：{}", scopes.iter().map(label).collect::<Vec<_>>().join("、"))
        }
        ("days", _) => format!("有效 {text} 天"),
        ("role", _) => format!("角色：{}", role_label(&text)),
        ("department", _) => format!("部门：{}", words::department(catalogue, &text)),
        ("period", _) => format!("月份：{}", words::period_label(&text)),
        ("file", _) => format!("文件：{text}"),
        ("reason", _) => format!("原因：{text}"),
        ("note", _) => format!("说明：{text}"),
        ("supplement", _) => format!("只列部分工程：{}", yes(value)),
        ("columns", Value::Object(columns)) => {
            let told = columns.iter().map(|(header, field)| column(catalogue, header, field));
            told.collect::<Vec<_>>().join("，")
        }
        ("explanations", _) => format!("{text} 处"),
        ("rows", Value::Array(rows)) => rows.iter().map(matched).collect::<Vec<_>>().join("，"),
        ("rows", _) => format!("{text} 行"),
        ("counts", Value::Object(counts)) => counted(counts),
        ("held", Value::Object(held)) => return held_words(held),
        ("decided", _) => format!("办成 {text} 个"),
        ("projects", _) => format!("工程：{text}"),
        ("refused", Value::Array(list)) => list.iter().map(not_decided).collect::<Vec<_>>().join("，"),
        ("not_decided" | "refused", _) => format!("未办 {text} 个"),
        ("failures", _) => format!("密码不对，连续第 {text} 次"),
        ("locked", _) => format!("账号锁定到 {}", value.as_i64().map(words::moment).unwrap_or_default()),
        ("unknown", _) => "没有这个用户名，或账号已停用".into(),
        ("on", _) => if yes(value) == "是" { "启用" } else { "停用" }.into(),
        ("passed_on", _) => format!("转秘书处 {text} 个"),
        ("ended", _) => format!("{text} 个登录"),
        ("revision", _) => format!("第 {text} 版"),
        ("rule", _) => format!("规则 {text}"),
        ("until", _) => format!("到 {text}"),
        ("deadline", _) => format!("期限 {text}"),
        ("held_on", _) => format!("日期 {text}"),
        ("place", _) => format!("地点：{text}"),
        ("inspection", _) => format!("第 {text} 次检查"),
        ("project", _) => format!("工程 {text}"),
        ("to", _) => format!("转为“{}”", stage(action, &text)),
        ("photos" | "taken", _) => format!("照片 {count} 张"),
        ("kind", _) => PhotoKind::from_word(&text).map_or(text, |kind| photos::label(kind).into()),
        ("amount_e2", _) => format!("数量 {}", hundredths(value)),
        ("unit", _) => format!("单位：{}", unit_label(catalogue, value)),
        ("since", _) => format!("自 {text} 起"),
        ("day", _) => format!("每月 {text} 日"),
        ("records", _) => format!("{text} 条"),
        ("run", _) => format!("第 {text} 次上报"),
        ("strange", _) => format!("不认识的回执 {text} 条"),
        _ => format!("{name}：{text}"),
    })
}

/// What is blank, none of what might have been, or of use at the console alone.
fn says_nothing(name: &str, value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(list) => list.is_empty(),
        Value::Number(count) => ["not_decided", "passed_on", "strange"].contains(&name) && count.as_i64() == Some(0),
        _ => name == "sha256",
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(list) => list.iter().map(text).collect::<Vec<_>>().join("、"),
        other => other.to_string(),
    }
}

fn yes(value: &Value) -> &'static str {
    if value.as_bool() == Some(true) { "是" } else { "否" }
}

fn role_label(word: &str) -> &str {
    Role::from_word(word).map_or(word, |role| role.label())
}

fn stage(action: &str, word: &str) -> String {
    let of = Stage::from_word(word).map(|stage| match action {
        "meeting.move" => stage.of_item(),
        _ => stage.of_finding(),
    });
    of.unwrap_or(word).into()
}

fn unit_label(catalogue: &Catalogue, unit: &Value) -> String {
    catalogue.code_label(CodeList::ScaleUnit, &text(unit)).into()
}

/// Hundredths as a decimal: 12345 is 123.45.
fn hundredths(value: &Value) -> String {
    let amount = value.as_i64().unwrap_or_default();
    match amount % 100 {
        0 => (amount / 100).to_string(),
        rest => format!("{}.{:02}", amount / 100, rest.abs()),
    }
}

/// What an officer said of a column: a field's id, nothing, or as it is headed.
fn column(catalogue: &Catalogue, header: &str, field: &Value) -> String {
    let told = match field.as_str().map(|id| (id, Field::from_id(id))) {
        None => "不读",
        Some((_, Some(field))) => &catalogue.field(field).label,
        Some((_, None)) => "按表头",
    };
    format!("“{header}”作“{told}”")
}

/// What an officer said of an unclear row.
fn matched(row: &Value) -> String {
    let number = row.get("row").map(text).unwrap_or_default();
    match row.get("same_as").and_then(Value::as_str) {
        Some(code) => format!("第 {number} 行即 {code}"),
        None => format!("第 {number} 行为新工程"),
    }
}

/// A project that was not decided, and why.
fn not_decided(refused: &Value) -> String {
    let part = |name| refused.get(name).map(text).unwrap_or_default();
    format!("{}：{}", part("code"), part("reason"))
}

fn counted(counts: &Map<String, Value>) -> String {
    let count = |name| counts.get(name).and_then(Value::as_i64).unwrap_or_default();
    format!(
        "共 {} 行，新增 {}，变更 {}，未变 {}，暂缓 {}，未列 {}",
        count("rows"),
        count("new"),
        count("changed"),
        count("unchanged"),
        count("held"),
        count("not_listed")
    )
}

fn held_words(held: &Map<String, Value>) -> Option<String> {
    let told = held.iter().map(|(why, count)| {
        let why = match &**why {
            "errors" => "有强制性问题",
            "unexplained" => "待情况说明",
            "met-twice" => "同一工程重复",
            "ambiguous" => "待认定是哪个工程",
            "foreign-code" => "登记编号不对",
            "number-taken" => "编号属于别的工程",
            "withdrawn" => "工程已撤销",
            other => other,
        };
        format!("{why} {count}")
    });
    let told = told.collect::<Vec<_>>().join("，");
    (!told.is_empty()).then(|| format!("暂缓：{told}"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn details_are_told_in_words() {
        let catalogue = Catalogue::load(None).unwrap();
        for (action, json, words) in [
            ("session.open", r#"{"failures":3}"#, "密码不对，连续第 3 次"),
            ("session.open", "{}", ""),
            (
                "user.role",
                r#"{"before":{"department":"JTJ","role":"reporter"},"department":null,"role":"auditor"}"#,
                "原为教体局 部门填报员；角色：审计员",
            ),
            (
                "review.return",
                r#"{"decided":1,"not_decided":1,"projects":["LC-2026-000001"],"reason":"面积不对",
                    "refused":[{"code":"LC-2026-000009","reason":"登记库中没有这个工程。"}]}"#,
                "办成 1 个；未办 1 个；工程：LC-2026-000001；原因：面积不对；LC-2026-000009：登记库中没有这个工程。",
            ),
            ("review.approve", r#"{"decided":3,"refused":0}"#, "办成 3 个；未办 0 个"),
            (
                "upload.match",
                r#"{"rows":[{"row":5,"same_as":"LC-2026-000001","sheet":""},{"row":6,"same_as":null,"sheet":""}]}"#,
                "第 5 行即 LC-2026-000001，第 6 行为新工程",
            ),
            ("target.set", r#"{"amount_e2":12345}"#, "数量 123.45"),
            (
                "meeting.move",
                r#"{"note":"完成","to":"closed"}"#,
                "说明：完成；转为“已办结”",
            ),
            ("future.thing", r#"{"odd":[1,2]}"#, "odd：1、2"),
            ("future.thing", "no JSON", "no JSON"),
        ] {
            assert_eq!(detail(&catalogue, action, json), words, "{json}");
        }
    }

    #[test]
    fn objects_are_told_in_words() {
        let catalogue = Catalogue::load(None).unwrap();
        let told = |action, text| object(&catalogue, action, text);
        assert_eq!(
            told("upload.commit", "12"),
            ("第 12 号报送".into(), Some("/uploads/12".into()))
        );
        assert_eq!(told("review.approve", "2000 projects").0, "2000 个工程");
        assert_eq!(told("access.page", "GET /people/3").0, "打开“用户” /people/3");
        let of_a_program = told("meeting.refused", "POST /api/v1/meeting-items/3/answers").0;
        assert_eq!(of_a_program, "提交“议定事项” /api/v1/meeting-items/3/answers");
        assert_eq!(told("job.pause", "retention").0, "过期数据清理");
        assert_eq!(
            told("target.set", "2026/JTJ/02/371502").0,
            "2026年 教体局 学校 东昌府区"
        );
    }
}
