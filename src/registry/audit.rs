//! The audit log, as the registry writes and reads it.

use retrofit_jobs::store::UtcMillis;

use super::people::{Operator, Role};
use super::{Error, Registry};
use crate::db::audit::{self, Entry};
pub use crate::db::audit::{Filter, Part};
use crate::db::{Conn, DbError};

/// Whether something was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Done,
    Refused,
}

/// The areas of the log: what an action begins with, and the officers' word. A refusal that has no action of its own is `AREA.refused`.
pub const AREAS: &[(&str, &str)] = &[
    ("session", "登录和退出"),
    ("user", "用户"),
    ("token", "接口令牌"),
    ("access", "访问"),
    ("upload", "报送"),
    ("project", "工程"),
    ("review", "审核"),
    ("inspection", "联合检查"),
    ("meeting", "议定事项"),
    ("photo", "照片"),
    ("target", "目标任务"),
    ("period", "报送期限"),
    ("package", "数据包"),
    ("department", "部门设置"),
    ("job", "定时任务"),
];

/// The officers' word for each action.
const ACTIONS: &[(&str, &str)] = &[
    ("session.open", "登录"),
    ("session.close", "退出"),
    ("session.end", "退出其他登录"),
    ("user.add", "添加用户"),
    ("user.role", "改变角色和部门"),
    ("user.disable", "停用账号"),
    ("user.enable", "启用账号"),
    ("user.reset-password", "重设密码"),
    ("user.unlock", "解除锁定"),
    ("user.password", "修改自己的密码"),
    ("token.issue", "签发接口令牌"),
    ("token.revoke", "撤销接口令牌"),
    ("access.page", "访问"),
    ("department.lead-review", "改变“负责人先审”"),
    ("upload.receive", "上传清单"),
    ("upload.read", "读取清单"),
    ("upload.supplement", "改变清单的范围"),
    ("upload.columns", "更正列的含义"),
    ("upload.explain", "填写情况说明"),
    ("upload.match", "认定相近工程"),
    ("upload.commit", "提交清单"),
    ("project.comment", "留言"),
    ("project.resubmit", "不作修改再次报送"),
    ("project.withdraw", "申请撤销"),
    ("project.waive", "豁免规则"),
    ("review.approve", "审核通过"),
    ("review.endorse", "负责人同意"),
    ("review.return", "退回"),
    ("inspection.create", "登记联合检查"),
    ("inspection.finding", "登记检查发现的问题"),
    ("inspection.move", "办理整改"),
    ("meeting.item", "登记议定事项"),
    ("meeting.move", "办理议定事项"),
    ("photo.add", "上传照片"),
    ("photo.remove", "删除照片"),
    ("target.set", "设定目标"),
    ("target.remove", "删除目标"),
    ("period.due_day", "改变截止日"),
    ("package.make", "生成数据包"),
    ("package.receipts", "录入回执"),
    ("package.lost", "作废数据包"),
    ("job.pause", "暂停任务"),
    ("job.resume", "恢复任务"),
    ("job.run", "立即执行任务"),
];

/// The officers' word for an action; of one that has none, for its area.
pub fn label(action: &str) -> Option<&'static str> {
    let of = |list: &'static [(&str, &'static str)], word: &str| {
        let found = list.iter().find(|(known, _)| *known == word);
        found.map(|(_, label)| *label)
    };
    of(ACTIONS, action).or_else(|| of(AREAS, action.strip_suffix(".refused")?))
}

/// Notes what `operator` did or was refused, in the transaction that does it.
pub(super) fn note(
    conn: &mut Conn<'_>,
    operator: &Operator,
    now: UtcMillis,
    (action, outcome): (&str, Outcome),
    object: &str,
    detail: &serde_json::Value,
) -> Result<(), DbError> {
    let entry = Entry {
        at: now,
        actor: operator.name.clone(),
        action: action.into(),
        object: object.into(),
        detail: detail.to_string(),
        origin: operator.origin.clone(),
        outcome: match outcome {
            Outcome::Done => "done",
            Outcome::Refused => "refused",
        }
        .into(),
    };
    audit::append(conn, &entry)
}

/// Notes that an operator was refused what was asked: what stands before a refusal (a page, a command) notes it, because the transaction
/// that refused has left no trace. `reason` are the words that the operator was given.
///
/// # Errors
/// Only our own faults.
pub fn note_refusal(
    registry: &Registry,
    operator: &Operator,
    action: &str,
    asked: &str,
    reason: Option<&str>,
) -> Result<(), Error> {
    let now = registry.clock.now();
    let refused = (action, Outcome::Refused);
    let detail = match reason {
        Some(reason) => serde_json::json!({ "reason": reason }),
        None => serde_json::json!({}),
    };
    Ok(registry
        .db
        .write(|conn| note(conn, operator, now, refused, asked, &detail))?)
}

/// A page of the entries that the operator may read and that a filter lets through, newest first, each with its id: auditors read all,
/// administrators those on accounts and access, the secretariat those on data.
///
/// # Errors
/// Refused to other roles.
pub fn entries(
    registry: &Registry,
    operator: &Operator,
    filter: &Filter,
    limit: i64,
) -> Result<Vec<(i64, Entry)>, Error> {
    let part = match operator.role {
        Role::Auditor => Part::All,
        Role::Administrator => Part::Accounts,
        Role::Secretariat => Part::Data,
        Role::Reporter | Role::Lead => {
            return Err(Error::refused("只有审计员、管理员和秘书处可以查看操作记录。"));
        }
    };
    let filter = Filter { part, ..filter.clone() };
    registry.db.read(|conn| Ok(audit::matching(conn, &filter, limit)?))
}
