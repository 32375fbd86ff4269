//! People: who acts, what the role allows, passwords and sessions.
//!
//! Every change names an [`Operator`]. Pages get one from a session. A command at the server's console acts as the operator that `--as`
//! (or `RETROFIT_OPERATOR`) names, with that person's rights and without a password: whoever can run commands there can read the
//! database anyway. Without a name it acts for the office that the command belongs to ([`Operator::console`]), under a name that no
//! person can have, so that the history tells it apart.

use retrofit_import::values::fold;
use retrofit_jobs::store::{UtcMillis, Word};

pub use super::password::random_password;
use super::password::{STRANGER, new_hash, new_token, verifies};
use super::states::Step;
use super::values::sha256;
use super::{Error, Registry, audit};
use crate::db::counters::{self, Counter};
use crate::db::people::{self, NewUser, SessionRow, UserRow};
use crate::db::{Conn, DbError};

const MINUTE: i64 = 60_000;
/// So many failed logins in a row lock the account.
const FAILURES: i64 = 5;
/// For so long.
const LOCK: i64 = 15 * MINUTE;
/// A session ends when nothing was asked for so long.
pub const IDLE: i64 = 30 * MINUTE;
/// And so long after the login in any case.
pub const ABSOLUTE: i64 = 12 * 60 * MINUTE;
/// A session's last request is noted no more often than this, so that reading a page seldom writes.
const TOUCH: i64 = MINUTE;
/// Names that the history uses for what no person did.
const RESERVED: [&str; 5] = ["console", "platform", "schedule", "nightly-sync", STRANGER_NAME];
/// Whom the audit log names where nobody has the name that was given.
const STRANGER_NAME: &str = "unknown";

/// What a person is here for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Sends a department's rosters.
    Reporter,
    /// Leads a department's reporting.
    Lead,
    /// Reviews.
    Secretariat,
    /// Reads everything and changes nothing.
    Auditor,
    /// Keeps people and settings, and sees no data.
    Administrator,
}

impl Role {
    /// The officers' word for it.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Reporter => "部门填报员",
            Self::Lead => "部门负责人",
            Self::Secretariat => "秘书处",
            Self::Auditor => "审计员",
            Self::Administrator => "管理员",
        }
    }
}

impl Word for Role {
    const ALL: &'static [Self] = &[
        Self::Reporter,
        Self::Lead,
        Self::Secretariat,
        Self::Auditor,
        Self::Administrator,
    ];

    fn word(self) -> &'static str {
        match self {
            Self::Reporter => "reporter",
            Self::Lead => "lead",
            Self::Secretariat => "secretariat",
            Self::Auditor => "auditor",
            Self::Administrator => "administrator",
        }
    }
}

/// Who acts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operator {
    /// The name that the history keeps.
    pub name: String,
    /// What the person may do.
    pub role: Role,
    /// The department; reporters and leads always have one.
    pub department: Option<String>,
    /// From where: `console`, or an address of the network.
    pub origin: String,
}

/// For which office a command at the console acts, where it names no person.
#[derive(Clone, Copy, Debug)]
pub enum Office<'a> {
    /// A department's reporter.
    Department(&'a str),
    /// The secretariat.
    Secretariat,
    /// The administrator.
    Administrator,
}

impl Operator {
    /// The operator of a command at the console that names no person.
    pub fn console(office: Office<'_>) -> Self {
        let (name, role, department) = match office {
            Office::Department(code) => (
                format!("console-{}", code.to_ascii_lowercase()),
                Role::Reporter,
                Some(code.to_owned()),
            ),
            Office::Secretariat => ("console-secretariat".into(), Role::Secretariat, None),
            Office::Administrator => ("console-administrator".into(), Role::Administrator, None),
        };
        Self {
            name,
            role,
            department,
            origin: "console".into(),
        }
    }

    /// The person that a command at the console names.
    ///
    /// # Errors
    /// Nobody of that name, or the person has left.
    pub fn named(registry: &Registry, name: &str) -> Result<Self, Error> {
        let user = registry.db.read(|conn| people::find(conn, name))?;
        match user.filter(|user| user.active == 1) {
            Some(user) => Ok(Self::of(&user, "console")?),
            None => Err(Error::refused(format!(
                "没有名为“{name}”的用户，或该用户已停用。请用 retrofit user add 添加，或改用 --as 指定其他用户。"
            ))),
        }
    }

    pub(super) fn of(user: &UserRow, origin: &str) -> Result<Self, DbError> {
        let role = Role::from_word(&user.role);
        Ok(Self {
            name: user.name.clone(),
            role: role.ok_or_else(|| DbError::Unreadable(format!("role `{}`", user.role)))?,
            department: user.department.clone(),
            origin: origin.into(),
        })
    }

    /// Whether this operator may send a department's rosters. The secretariat may do so for any, and then cannot approve them.
    pub fn may_send(&self, department: &str) -> bool {
        match self.role {
            Role::Reporter | Role::Lead => self.department.as_deref() == Some(department),
            Role::Secretariat => true,
            Role::Auditor | Role::Administrator => false,
        }
    }

    /// Whether this operator may approve and return.
    pub fn may_review(&self) -> bool {
        self.role == Role::Secretariat
    }

    /// At which step this operator decides on what waits, if at any.
    pub fn decides_at(&self) -> Option<Step> {
        match self.role {
            Role::Secretariat => Some(Step::Secretariat),
            Role::Lead => Some(Step::Lead),
            Role::Reporter | Role::Auditor | Role::Administrator => None,
        }
    }

    /// Whether this operator may deliver to the platform.
    pub fn may_deliver(&self) -> bool {
        self.role == Role::Secretariat
    }

    /// Whether this operator may add people and change their accounts.
    pub fn may_keep_people(&self) -> bool {
        self.role == Role::Administrator
    }

    /// Whether this operator may read the audit log.
    pub fn may_read_audit(&self) -> bool {
        matches!(self.role, Role::Administrator | Role::Auditor)
    }

    /// Which departments' data this operator sees.
    pub fn sees(&self) -> Sight<'_> {
        match (self.role, &self.department) {
            (Role::Reporter | Role::Lead, Some(department)) => Sight::Department(department),
            (Role::Secretariat | Role::Auditor, _) => Sight::All,
            (Role::Reporter | Role::Lead, None) | (Role::Administrator, _) => Sight::Nothing,
        }
    }

    /// Whether this operator sees a department's data.
    pub fn may_see(&self, department: &str) -> bool {
        match self.sees() {
            Sight::All => true,
            Sight::Department(own) => own == department,
            Sight::Nothing => false,
        }
    }
}

/// Which departments' data an operator sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sight<'a> {
    /// Every department's.
    All,
    /// One department's.
    Department(&'a str),
    /// None.
    Nothing,
}

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
    let department = person.department.map(|code| registry.department(code)).transpose()?;
    if matches!(person.role, Role::Reporter | Role::Lead) && department.is_none() {
        return Err(Error::refused(format!(
            "{}须指明所属部门（--department）。",
            person.role.label()
        )));
    }
    if matches!(person.role, Role::Auditor | Role::Administrator) && department.is_some() {
        return Err(Error::refused(format!(
            "{}不属于任何部门，请去掉 --department。",
            person.role.label()
        )));
    }
    let hash = new_hash(person.password)?;
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
        let detail = serde_json::json!({ "role": person.role.word(), "department": department });
        Ok(audit::note(
            conn,
            operator,
            now,
            ("user.add", audit::Outcome::Done),
            name,
            &detail,
        )?)
    })
}

/// A name as names are compared: in lower case, full-width forms as plain ones.
fn alike(name: &str) -> String {
    fold(name).to_lowercase()
}

/// The people, by name: for administrators and auditors.
///
/// # Errors
/// Refused to other roles.
pub fn users(registry: &Registry, operator: &Operator) -> Result<Vec<UserRow>, Error> {
    if !operator.may_keep_people() && !operator.may_read_audit() {
        return Err(Error::refused("只有管理员和审计员可以查看用户。"));
    }
    Ok(registry.db.read(people::all)?)
}

/// What came of a login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Login {
    /// Logged in.
    Session(Session),
    /// Wrong name or password; not said which.
    Wrong,
    /// Locked until then, UTC milliseconds.
    Locked(UtcMillis),
}

/// A session just opened.
#[derive(Clone, PartialEq, Eq)]
pub struct Session {
    /// The secret for the cookie: 256 random bits in hex. Stored nowhere.
    pub token: String,
    /// Who.
    pub operator: Operator,
    /// The password is to be changed before anything else.
    pub must_change: bool,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session")
            .field("operator", &self.operator)
            .finish_non_exhaustive()
    }
}

/// Logs a person in. A wrong password counts, and the fifth in a row locks the account for 15 minutes.
///
/// # Errors
/// Only our own faults.
pub fn log_in(registry: &Registry, name: &str, password: &str, origin: &str) -> Result<Login, Error> {
    let now = registry.clock.now();
    let user = registry
        .db
        .read(|conn| people::find(conn, name))?
        .filter(|user| user.active == 1);
    let locked = user
        .as_ref()
        .and_then(|user| user.locked_until)
        .filter(|&until| until > now);
    // As long for a name that nobody has, so that the time does not tell.
    let right = verifies(password, user.as_ref().map_or(&*STRANGER, |user| &user.password_hash));
    let Some(user) = user else {
        // The name is not kept: it may be a password that was typed in the wrong place.
        let stranger = ("session.open", audit::Outcome::Refused);
        let nobody = Operator {
            name: STRANGER_NAME.into(),
            role: Role::Auditor,
            department: None,
            origin: origin.into(),
        };
        let detail = serde_json::json!({ "unknown": true });
        registry
            .db
            .write(|conn| audit::note(conn, &nobody, now, stranger, "", &detail))?;
        return Ok(Login::Wrong);
    };
    let operator = Operator::of(&user, origin)?;
    let token = right.then(new_token).transpose()?;
    registry.db.write(|conn| match (locked, token) {
        (Some(until), _) => {
            audit::note(
                conn,
                &operator,
                now,
                ("session.open", audit::Outcome::Refused),
                name,
                &serde_json::json!({ "locked": until }),
            )?;
            Ok(Login::Locked(until))
        }
        (None, None) => Ok(fail(conn, &operator, name, now)?),
        (None, Some(token)) => {
            people::set_failures(conn, user.id, 0, None)?;
            let session = SessionRow {
                token_hash: sha256(token.as_bytes()),
                user_id: user.id,
                created_at: now,
                seen_at: now,
                ended_at: None,
            };
            people::open_session(conn, &session)?;
            audit::note(
                conn,
                &operator,
                now,
                ("session.open", audit::Outcome::Done),
                name,
                &serde_json::json!({}),
            )?;
            Ok(Login::Session(Session {
                token,
                must_change: user.must_change == 1,
                operator,
            }))
        }
    })
}

/// Counts a wrong password; the row is read again, because others may be guessing at the same time.
fn fail(conn: &mut Conn<'_>, operator: &Operator, name: &str, now: UtcMillis) -> Result<Login, DbError> {
    let Some(user) = people::find(conn, name)? else {
        return Ok(Login::Wrong);
    };
    // A lock that has run out starts the count anew.
    let before = if user.locked_until.is_some_and(|until| until <= now) {
        0
    } else {
        user.failures
    };
    let failures = before + 1;
    let locked_until = (failures >= FAILURES).then_some(now + LOCK);
    people::set_failures(conn, user.id, failures, locked_until)?;
    audit::note(
        conn,
        operator,
        now,
        ("session.open", audit::Outcome::Refused),
        name,
        &serde_json::json!({ "failures": failures }),
    )?;
    Ok(locked_until.map_or(Login::Wrong, Login::Locked))
}

/// Takes a session up again for a request, from a cookie's token: `None` where it has ended, for whatever reason.
///
/// # Errors
/// Only our own faults.
pub fn resume(registry: &Registry, token: &str, origin: &str) -> Result<Option<Session>, Error> {
    let now = registry.clock.now();
    let hash = sha256(token.as_bytes());
    let Some((session, user)) = registry.db.read(|conn| people::session(conn, &hash))? else {
        return Ok(None);
    };
    let alive = session.ended_at.is_none() && now < session.seen_at + IDLE && now < session.created_at + ABSOLUTE;
    if !alive || user.active != 1 {
        return Ok(None);
    }
    if now >= session.seen_at + TOUCH {
        registry.db.write(|conn| people::touch_session(conn, &hash, now))?;
    }
    Ok(Some(Session {
        token: token.into(),
        operator: Operator::of(&user, origin)?,
        must_change: user.must_change == 1,
    }))
}

/// Ends a session.
///
/// # Errors
/// Only our own faults.
pub fn log_out(registry: &Registry, session: &Session) -> Result<(), Error> {
    let now = registry.clock.now();
    registry.db.write(|conn| {
        people::end_session(conn, &sha256(session.token.as_bytes()), now)?;
        let operator = &session.operator;
        Ok(audit::note(
            conn,
            operator,
            now,
            ("session.close", audit::Outcome::Done),
            &operator.name,
            &serde_json::json!({}),
        )?)
    })
}

/// Changes a person's own password and ends all of the person's sessions: the next login uses the new one.
///
/// # Errors
/// The old password is wrong, the new one weak or the same.
pub fn change_password(registry: &Registry, operator: &Operator, old: &str, new: &str) -> Result<(), Error> {
    let user = registry
        .db
        .read(|conn| people::find(conn, &operator.name))?
        .ok_or_else(|| Error::refused("控制台岗位没有密码，无法修改。"))?;
    if !verifies(old, &user.password_hash) {
        return Err(Error::refused("原密码不正确。"));
    }
    if old == new {
        return Err(Error::refused("新密码不能与原密码相同。"));
    }
    let hash = new_hash(new)?;
    let now = registry.clock.now();
    registry.db.write(|conn| {
        people::set_password(conn, user.id, &hash, 0)?;
        people::end_sessions_of(conn, user.id, now)?;
        Ok(audit::note(
            conn,
            operator,
            now,
            ("user.password", audit::Outcome::Done),
            &operator.name,
            &serde_json::json!({}),
        )?)
    })
}
