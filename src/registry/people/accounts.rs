//! Accounts: who may log in, as what, and with which password.
//!
//! A person is never removed, because the history names him or her. Who leaves is disabled; what an account may do, and its password, end its
//! sessions when they change.

use retrofit_import::values::fold;
use retrofit_jobs::store::{UtcMillis, Word as _};
use serde_json::{Value, json};

use super::password::{new_hash, verifies};
use super::sessions::{self, STRANGER_NAME};
use super::{Operator, Role, role_of};
use crate::db::counters::{self, Counter};
use crate::db::people::{self, NewUser, UserRow};
use crate::db::{Conn, DbError};
use crate::registry::audit::{self, Outcome};
use crate::registry::{Error, Registry, business_minute};

/// Names that the history uses for what no person did.
const RESERVED: [&str; 5] = ["console", "platform", "schedule", "nightly-sync", STRANGER_NAME];

/// A person about to be added.
#[derive(Clone, Copy, Debug)]
pub struct NewPerson<'a> {
    /// The name to log in with; the history keeps it.
    pub name: &'a str,
    /// What for.
    pub role: Role,
    /// Needed for reporters and leads; auditors and administrators have none.
    pub department: Option<&'a str>,
    /// To be changed at the first login.
    pub password: &'a str,
}

/// Adds a person.
///
/// # Errors
/// Refused to all but administrators; a name that is taken or reserved; a department that is missing, unknown, or not the role's to have; a
/// weak password.
pub fn add_user(registry: &Registry, operator: &Operator, person: &NewPerson<'_>) -> Result<(), Error> {
    if !operator.may_keep_people() {
        return Err(Error::refused("只有管理员可以添加用户。"));
    }
    let name = person.name;
    let allowed = |letter: char| letter.is_alphanumeric() || "-_.".contains(letter);
    if name.is_empty() || name.chars().count() > 40 || !name.chars().all(allowed) {
        return Err(Error::refused(
            "用户名须为 1 到 40 个汉字、字母、数字，可含“-”“_”“.”，不能有空格。",
        ));
    }
    if RESERVED.iter().any(|word| alike(name).starts_with(word)) {
        return Err(Error::refused(format!("用户名“{name}”由系统保留，请换一个。")));
    }
    let department = belonging(registry, person.role, person.department)?;
    let hash = new_hash(name, person.password)?;
    let now = registry.clock.now();
    registry.db.write(|conn| {
        // Of two who are added at once under names alike, the second waits and then sees the first.
        counters::lock(conn, Counter::Project)?;
        let taken = people::all(conn)?
            .into_iter()
            .find(|user| alike(&user.name) == alike(name));
        if let Some(taken) = taken {
            return Err(Error::refused(format!(
                "已有名为“{}”的用户（大小写、全角半角不同视为同名），请换一个名称。",
                taken.name
            )));
        }
        let user = NewUser {
            name,
            role: person.role.word(),
            department,
            password_hash: &hash,
            must_change: 1,
            created_at: now,
            created_by: &operator.name,
        };
        people::insert(conn, &user)?;
        let detail = json!({ "role": person.role.word(), "department": department });
        Ok(audit::note(
            conn,
            operator,
            now,
            ("user.add", Outcome::Done),
            name,
            &detail,
        )?)
    })
}

/// The department of somebody with this role, as the catalogue writes it.
fn belonging<'a>(registry: &'a Registry, role: Role, department: Option<&str>) -> Result<Option<&'a str>, Error> {
    let department = department.map(|code| registry.department(code)).transpose()?;
    match (role, department) {
        (Role::Reporter | Role::Lead, None) => Err(Error::refused(format!(
            "{}须指明所属部门（--department）。",
            role.label()
        ))),
        (Role::Auditor | Role::Administrator, Some(_)) => Err(Error::refused(format!(
            "{}不属于任何部门，请去掉部门（--department）。",
            role.label()
        ))),
        (_, department) => Ok(department),
    }
}

/// A name as names are compared: in lower case, full-width forms as plain ones.
fn alike(name: &str) -> String {
    fold(name).to_lowercase()
}

/// A person, as lists show one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The account's id.
    pub id: i64,
    /// The name to log in with.
    pub name: String,
    /// What for.
    pub role: Role,
    /// The department's code.
    pub department: Option<String>,
    /// Whether the person may log in.
    pub active: bool,
    /// Whether the password is to be changed at the next login.
    pub must_change: bool,
    /// Locked for wrong passwords until then, UTC milliseconds; none where that is over.
    pub locked_until: Option<UtcMillis>,
    /// UTC milliseconds.
    pub last_login: Option<UtcMillis>,
    /// UTC milliseconds.
    pub created_at: UtcMillis,
    /// By whom.
    pub created_by: String,
}

impl Person {
    fn of(user: UserRow, now: UtcMillis) -> Result<Self, DbError> {
        Ok(Self {
            role: role_of(&user)?,
            id: user.id,
            name: user.name,
            department: user.department,
            active: user.active == 1,
            must_change: user.must_change == 1,
            locked_until: user.locked_until.filter(|&until| until > now),
            last_login: user.last_login_at,
            created_at: user.created_at,
            created_by: user.created_by,
        })
    }
}

/// The people, by name: for administrators and auditors.
///
/// # Errors
/// Refused to other roles.
pub fn users(registry: &Registry, operator: &Operator) -> Result<Vec<Person>, Error> {
    if !operator.may_see_people() {
        return Err(Error::refused("只有管理员和审计员可以查看用户。"));
    }
    let now = registry.clock.now();
    let rows = registry.db.read(people::all)?;
    Ok(rows
        .into_iter()
        .map(|user| Person::of(user, now))
        .collect::<Result<_, _>>()?)
}

/// The person with this id: for administrators and auditors, and for the person.
///
/// # Errors
/// Refused to others, and where there is none.
pub fn user(registry: &Registry, operator: &Operator, id: i64) -> Result<Person, Error> {
    let now = registry.clock.now();
    let user = registry.db.read(|conn| people::with_id(conn, id))?;
    match user.filter(|user| operator.may_see_people() || user.name == operator.name) {
        Some(user) => Ok(Person::of(user, now)?),
        None => Err(Error::refused("没有这个用户。")),
    }
}

/// Gives a person another role, or another department, and ends the person's sessions.
///
/// # Errors
/// As [`add_user`]; refused for the operator's own account, and for nobody's.
pub fn set_role(
    registry: &Registry,
    operator: &Operator,
    name: &str,
    role: Role,
    department: Option<&str>,
) -> Result<(), Error> {
    change(registry, operator, ("user.role", name), |conn, user, now| {
        let department = belonging(registry, role, department)?;
        people::set_role(conn, user.id, role.word(), department)?;
        people::end_sessions_of(conn, user.id, now)?;
        Ok(json!({
            "role": role.word(), "department": department,
            "before": { "role": user.role, "department": user.department },
        }))
    })
}

/// Lets a person log in no more, and ends the person's sessions; or lets a person log in again.
///
/// # Errors
/// Refused to all but administrators, for the operator's own account, and for nobody's.
pub fn set_active(registry: &Registry, operator: &Operator, name: &str, active: bool) -> Result<(), Error> {
    let action = if active { "user.enable" } else { "user.disable" };
    change(registry, operator, (action, name), |conn, user, now| {
        people::set_active(conn, user.id, i64::from(active))?;
        people::end_sessions_of(conn, user.id, now)?;
        Ok(json!({}))
    })
}

/// Sets a person's password, to be changed at the next login, ends the person's sessions, and lifts a lock.
///
/// # Errors
/// Refused to all but administrators, for the operator's own account, for nobody's, and a weak password.
pub fn reset_password(registry: &Registry, operator: &Operator, name: &str, password: &str) -> Result<(), Error> {
    // Before the transaction: it takes its time, on purpose.
    let hash = new_hash(name, password);
    change(registry, operator, ("user.reset-password", name), |conn, user, now| {
        people::set_password(conn, user.id, &hash?, 1)?;
        people::set_failures(conn, user.id, 0, None)?;
        people::end_sessions_of(conn, user.id, now)?;
        Ok(json!({}))
    })
}

/// Lifts the lock that wrong passwords put on an account.
///
/// # Errors
/// Refused to all but administrators, for the operator's own account, and for nobody's.
pub fn unlock(registry: &Registry, operator: &Operator, name: &str) -> Result<(), Error> {
    change(registry, operator, ("user.unlock", name), |conn, user, _| {
        people::set_failures(conn, user.id, 0, None)?;
        Ok(json!({}))
    })
}

/// Changes somebody else's account, in one transaction with the note of it. `body` gives the note's detail.
fn change(
    registry: &Registry,
    operator: &Operator,
    (action, name): (&str, &str),
    body: impl FnOnce(&mut Conn<'_>, &UserRow, UtcMillis) -> Result<Value, Error>,
) -> Result<(), Error> {
    if !operator.may_keep_people() {
        return Err(Error::refused("只有管理员可以修改用户。"));
    }
    if operator.name == name {
        // So that an administrator is left, and nobody gives himself another role.
        return Err(Error::refused(
            "不能修改自己的账号，请由另一位管理员办理；自己的密码在“我的账号”里修改。",
        ));
    }
    let now = registry.clock.now();
    registry.db.write(|conn| {
        // So that a program that has looked at the account meanwhile changes it as it saw it.
        counters::lock(conn, Counter::Project)?;
        let user = match people::find(conn, name)? {
            Some(user) => people::lock(conn, user.id)?,
            None => return Err(Error::refused(format!("没有名为“{name}”的用户。"))),
        };
        let detail = body(conn, &user, now)?;
        Ok(audit::note(
            conn,
            operator,
            now,
            (action, Outcome::Done),
            name,
            &detail,
        )?)
    })
}

/// Changes a person's own password and ends all of the person's sessions: the next login uses the new one. A wrong old password counts like
/// one at the login.
///
/// # Errors
/// The old password is wrong, the account locked, the new password weak or the same.
pub fn change_password(registry: &Registry, operator: &Operator, old: &str, new: &str) -> Result<(), Error> {
    let now = registry.clock.now();
    let found = registry
        .db
        .read(|conn| people::find(conn, &operator.name))?
        .ok_or_else(|| Error::refused("控制台岗位没有密码，无法修改。"))?;
    if let Some(until) = found.locked_until.filter(|&until| until > now) {
        return Err(locked(until));
    }
    if !verifies(old, &found.password_hash) {
        let until = registry.db.write(|conn| {
            let user = people::lock(conn, found.id)?;
            sessions::count_failure(conn, &user, now).map(|(_, until)| until)
        })?;
        return Err(until.map_or_else(|| Error::refused("原密码不正确。"), locked));
    }
    if old == new {
        return Err(Error::refused("新密码不能与原密码相同。"));
    }
    let hash = new_hash(&operator.name, new)?;
    registry.db.write(|conn| {
        let user = people::lock(conn, found.id)?;
        if user.password_hash != found.password_hash {
            return Err(Error::refused("密码刚刚被改过，请用新密码重新登录。"));
        }
        people::set_password(conn, user.id, &hash, 0)?;
        people::end_sessions_of(conn, user.id, now)?;
        let done = ("user.password", Outcome::Done);
        Ok(audit::note(conn, operator, now, done, &operator.name, &json!({}))?)
    })
}

fn locked(until: UtcMillis) -> Error {
    Error::refused(format!(
        "密码连续输错，账号已锁定到 {}。请到时再试，或找管理员解锁。",
        business_minute(until)
    ))
}
