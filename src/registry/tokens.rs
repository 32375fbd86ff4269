//! Tokens: what programs act with in a person's name, through the interface under `/api/v1`.
//!
//! A token never may more than its person: role and department are the person's at the moment of use, and its scopes narrow that further. Its
//! secret is shown once, when it is issued; only the secret's digest is kept. It ends by its day, by being revoked, and with its person's account.

use retrofit_jobs::store::{UtcMillis, Word};

use super::people::{Operator, Role, new_token};
use super::values::sha256;
use super::{Error, Registry, audit};
use crate::db::counters::{self, Counter};
use crate::db::people;
use crate::db::tokens::{self, NewToken, TokenRow};

const DAY: i64 = 24 * 3_600_000;
/// What every secret begins with, so that one that lies about is recognised.
const PREFIX: &str = "retrofit_";
/// For so many days at most.
pub const MOST_DAYS: i64 = 366;
/// Characters of a label at most.
const LONGEST_LABEL: usize = 60;
/// A token's use is noted no more often than this, so that reading seldom writes.
const TOUCH: i64 = 60_000;

/// What a token may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// Ask for what its person sees.
    Read,
    /// Send for a department: rosters, explanations, photos, answers.
    Send,
    /// Decide for the secretariat or a lead, and keep the secretariat's ledgers.
    Review,
    /// Keep people, settings and jobs.
    Administer,
}

impl Scope {
    /// The officers' word for it.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Read => "查询",
            Self::Send => "报送",
            Self::Review => "审核和督办",
            Self::Administer => "管理",
        }
    }
}

impl Word for Scope {
    const ALL: &'static [Self] = &[Self::Read, Self::Send, Self::Review, Self::Administer];

    fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Send => "send",
            Self::Review => "review",
            Self::Administer => "administer",
        }
    }
}

/// The scopes that are of use to a role.
pub const fn scopes_of(role: Role) -> &'static [Scope] {
    match role {
        Role::Reporter => &[Scope::Read, Scope::Send],
        Role::Lead | Role::Secretariat => &[Scope::Read, Scope::Send, Scope::Review],
        Role::Auditor => &[Scope::Read],
        Role::Administrator => &[Scope::Read, Scope::Administer],
    }
}

/// A token as it is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Its id.
    pub id: i64,
    /// In whose name it acts.
    pub person: String,
    /// What it is for.
    pub label: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// When it was issued, UTC milliseconds.
    pub created_at: UtcMillis,
    /// By whom.
    pub created_by: String,
    /// Of no use from then on, UTC milliseconds.
    pub expires_at: UtcMillis,
    /// About when it was used last, UTC milliseconds.
    pub used_at: Option<UtcMillis>,
    /// When it was revoked, UTC milliseconds.
    pub revoked_at: Option<UtcMillis>,
}

impl Token {
    fn new((row, person): (TokenRow, String)) -> Self {
        Self {
            id: row.id,
            person,
            label: row.label,
            scopes: scopes(&row.scopes),
            created_at: row.created_at,
            created_by: row.created_by,
            expires_at: row.expires_at,
            used_at: row.used_at,
            revoked_at: row.revoked_at,
        }
    }

    /// Whether it still is of use.
    pub fn is_alive(&self, now: UtcMillis) -> bool {
        self.revoked_at.is_none() && now < self.expires_at
    }
}

fn scopes(words: &str) -> Vec<Scope> {
    words.split(',').filter_map(Scope::from_word).collect()
}

/// A token about to be issued.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// In whose name it is to act.
    pub person: &'a str,
    /// What it is for.
    pub label: &'a str,
    /// What it may do.
    pub scopes: &'a [Scope],
    /// For how many days.
    pub days: i64,
}

/// A token just issued.
pub struct Issued {
    /// The token.
    pub token: Token,
    /// What its holder sends with each request. Stored nowhere.
    pub secret: String,
}

impl std::fmt::Debug for Issued {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Issued")
            .field("token", &self.token)
            .finish_non_exhaustive()
    }
}

/// Issues a token: a person for himself or herself, an administrator at the server's console for anybody.
///
/// # Errors
/// Refused to others; where nobody has that name; without a label; with no scopes, or one beyond the person's role; for no days or too many.
pub fn issue(registry: &Registry, operator: &Operator, wanted: &Wanted<'_>) -> Result<Issued, Error> {
    let at_console = operator.may_keep_people() && operator.is_at_console();
    if operator.name != wanted.person && !at_console {
        return Err(Error::refused(
            "只能为自己签发令牌；管理员可在服务器上用命令为他人签发。",
        ));
    }
    let label = wanted.label.trim();
    if label.is_empty() || label.chars().count() > LONGEST_LABEL || label.chars().any(char::is_control) {
        return Err(Error::refused(format!(
            "请写明令牌的用途，如“数据大屏”，不超过 {LONGEST_LABEL} 字。"
        )));
    }
    if wanted.scopes.is_empty() {
        return Err(Error::refused("请至少选择一项权限。"));
    }
    if !(1..=MOST_DAYS).contains(&wanted.days) {
        return Err(Error::refused(format!("有效期须为 1 到 {MOST_DAYS} 天。")));
    }
    let mut scopes = wanted.scopes.to_vec();
    scopes.sort_unstable();
    scopes.dedup();
    let words: Vec<&str> = scopes.iter().map(|scope| scope.word()).collect();
    let secret = format!("{PREFIX}{}", new_token()?);
    let now = registry.clock.now();
    registry.db.write(|conn| {
        let user = people::find(conn, wanted.person)?.filter(|user| user.active == 1);
        let Some(user) = user else {
            return Err(Error::refused(format!(
                "没有名为“{}”的用户，或该用户已停用。",
                wanted.person
            )));
        };
        let role = Operator::of(&user, &operator.origin)?.role;
        if let Some(beyond) = scopes.iter().find(|scope| !scopes_of(role).contains(scope)) {
            return Err(Error::refused(format!(
                "{}没有“{}”的权限，令牌也不能有。",
                role.label(),
                beyond.label()
            )));
        }
        let row = NewToken {
            user_id: user.id,
            label,
            token_hash: &sha256(secret.as_bytes()),
            scopes: &words.join(","),
            created_at: now,
            created_by: &operator.name,
            expires_at: now + wanted.days * DAY,
        };
        let id = tokens::insert(conn, &row)?;
        let detail = serde_json::json!({
            "person": user.name, "label": label, "scopes": words, "days": wanted.days,
        });
        let action = ("token.issue", audit::Outcome::Done);
        audit::note(conn, operator, now, action, &id.to_string(), &detail)?;
        Ok(Issued {
            token: Token {
                id,
                person: user.name,
                label: label.into(),
                scopes,
                created_at: now,
                created_by: operator.name.clone(),
                expires_at: row.expires_at,
                used_at: None,
                revoked_at: None,
            },
            secret,
        })
    })
}

/// The tokens, the latest first: an administrator and an auditor see everybody's, others their own.
///
/// # Errors
/// Only our own faults.
pub fn listed(registry: &Registry, operator: &Operator) -> Result<Vec<Token>, Error> {
    let sees_all = operator.may_keep_people() || operator.may_read_audit();
    let person = (!sees_all).then_some(operator.name.as_str());
    let rows = registry.db.read(|conn| tokens::all(conn, person))?;
    Ok(rows.into_iter().map(Token::new).collect())
}

/// Revokes a token, at once and for good: one's own, or, as an administrator, anybody's.
///
/// # Errors
/// Refused where there is none, it is somebody else's, or it was revoked before.
pub fn revoke(registry: &Registry, operator: &Operator, id: i64) -> Result<(), Error> {
    let now = registry.clock.now();
    registry.db.write(|conn| {
        counters::lock(conn, Counter::Project)?;
        let token = tokens::with_id(conn, id)?
            .map(Token::new)
            .filter(|token| operator.may_keep_people() || token.person == operator.name);
        let Some(token) = token else {
            return Err(Error::refused(format!("没有编号为 {id} 的令牌。")));
        };
        if !tokens::revoke(conn, id, &operator.name, now)? {
            return Err(Error::refused(format!("令牌 {id} 先前已经撤销。")));
        }
        let detail = serde_json::json!({ "person": token.person, "label": token.label });
        let action = ("token.revoke", audit::Outcome::Done);
        Ok(audit::note(conn, operator, now, action, &id.to_string(), &detail)?)
    })
}

/// Who acts with a token, and what it lets him or her do.
#[derive(Clone, Debug)]
pub struct Bearer {
    /// The person; the origin names the token besides the address.
    pub operator: Operator,
    /// The token.
    pub token: Token,
}

/// Who acts with this secret: `None` where it is no token's, or that has ended, for whatever reason.
///
/// # Errors
/// Only our own faults.
pub fn bearer(registry: &Registry, secret: &str, origin: &str) -> Result<Option<Bearer>, Error> {
    let now = registry.clock.now();
    let hash = sha256(secret.as_bytes());
    let Some((row, user)) = registry.db.read(|conn| tokens::find(conn, &hash))? else {
        return Ok(None);
    };
    let token = Token::new((row, user.name.clone()));
    if !token.is_alive(now) || user.active != 1 {
        return Ok(None);
    }
    if token.used_at.is_none_or(|used| now >= used + TOUCH) {
        registry.db.write(|conn| tokens::touch(conn, token.id, now))?;
    }
    let operator = Operator::of(&user, &format!("{origin} (token {})", token.id))?;
    Ok(Some(Bearer { operator, token }))
}
