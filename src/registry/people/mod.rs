//! People: who acts, what the role allows, passwords and sessions.
//!
//! Every change names an [`Operator`]. Pages get one from a session. A command at the server's console acts as the operator that `--as`
//! (or `RETROFIT_OPERATOR`) names, with that person's rights and without a password: whoever can run commands there can read the
//! database anyway. Without a name it acts for the office that the command belongs to ([`Operator::console`]), under a name that no
//! person can have, so that the history tells it apart.

mod accounts;
mod password;
mod sessions;

use std::sync::LazyLock;

use retrofit_jobs::store::Word;

pub use self::accounts::{
    NewPerson, Person, add_user, change_password, reset_password, set_active, set_role, unlock, user, users,
};
pub(super) use self::password::new_token;
pub use self::password::random_password;
pub use self::sessions::{
    ABSOLUTE, IDLE, Login, OpenSession, Session, Which, end_sessions, is_alive, log_in, log_out, open_sessions, resume,
};
use super::states::Step;
use super::{Error, Registry};
use crate::db::DbError;
use crate::db::people::{self, UserRow};
use crate::process;

/// From where a command at the server's console comes: `console:root`, the name being the account on that machine.
static CONSOLE: LazyLock<String> = LazyLock::new(|| format!("console:{}", process::user()));

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
    /// From where: `console:` and an account of the machine, or an address of the network.
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
            origin: CONSOLE.clone(),
        }
    }

    /// The person that a command at the console names.
    ///
    /// # Errors
    /// Nobody of that name, or the person has left.
    pub fn named(registry: &Registry, name: &str) -> Result<Self, Error> {
        let user = registry.db.read(|conn| people::find(conn, name))?;
        match user.filter(|user| user.active == 1) {
            Some(user) => Ok(Self::of(&user, &CONSOLE)?),
            None => Err(Error::refused(format!(
                "没有名为“{name}”的用户，或该用户已停用。请用 retrofit user add 添加，或改用 --as 指定其他用户。"
            ))),
        }
    }

    pub(super) fn of(user: &UserRow, origin: &str) -> Result<Self, DbError> {
        Ok(Self {
            name: user.name.clone(),
            role: role_of(user)?,
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

    /// Whether this operator may see who may log in, and who is logged in.
    pub fn may_see_people(&self) -> bool {
        matches!(self.role, Role::Administrator | Role::Auditor)
    }

    /// Whether this operator gives commands at the server's console.
    pub fn is_at_console(&self) -> bool {
        self.origin == *CONSOLE
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

fn role_of(user: &UserRow) -> Result<Role, DbError> {
    Role::from_word(&user.role).ok_or_else(|| DbError::Unreadable(format!("role `{}`", user.role)))
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
