//! Logins: how a person gets in, stays in, and is put out.
//!
//! A session ends when nothing was asked for half an hour, twelve hours after the login in any case, and when it is ended: by its owner, by
//! an administrator, by a changed password, role or department, or with the account.

use retrofit_jobs::store::UtcMillis;
use serde_json::json;

use super::password::{STRANGER, new_token, verifies};
use super::{Operator, Role};
use crate::db::people::{self, SessionRow, UserRow};
use crate::db::{Conn, DbError};
use crate::registry::audit::{self, Outcome};
use crate::registry::values::sha256;
use crate::registry::{Error, Registry};

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
/// Whom the audit log names where nobody has the name that was given.
pub(super) const STRANGER_NAME: &str = "unknown";

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

/// A session at work.
#[derive(Clone, PartialEq, Eq)]
pub struct Session {
    /// The secret for the cookie: 256 random bits in hex. Stored nowhere.
    pub token: String,
    /// Who.
    pub operator: Operator,
    /// The password is to be changed before anything else.
    pub must_change: bool,
}

impl Session {
    /// What lists name it by; of no use to get in.
    pub fn id(&self) -> String {
        sha256(self.token.as_bytes())
    }
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
    let found = registry
        .db
        .read(|conn| people::find(conn, name))?
        .filter(|user| user.active == 1);
    // As long for a name that nobody has, so that the time does not tell.
    let right = verifies(password, found.as_ref().map_or(&*STRANGER, |user| &user.password_hash));
    let Some(found) = found else {
        note_stranger(registry, now, origin)?;
        return Ok(Login::Wrong);
    };
    let operator = Operator::of(&found, origin)?;
    let token = right.then(new_token).transpose()?;
    registry.db.write(|conn| {
        // Others may be guessing, and an administrator changing the account, at the same time.
        let user = people::lock(conn, found.id)?;
        let token = token.filter(|_| user.active == 1 && user.password_hash == found.password_hash);
        let refused = ("session.open", Outcome::Refused);
        let locked = user.locked_until.filter(|&until| until > now);
        let Some(token) = token.filter(|_| locked.is_none()) else {
            let (until, detail) = if locked.is_some() {
                (locked, json!({ "locked": locked }))
            } else {
                let (failures, until) = count_failure(conn, &user, now)?;
                (until, json!({ "failures": failures }))
            };
            audit::note(conn, &operator, now, refused, name, &detail)?;
            return Ok(until.map_or(Login::Wrong, Login::Locked));
        };
        people::note_login(conn, user.id, now)?;
        let session = SessionRow {
            token_hash: sha256(token.as_bytes()),
            user_id: user.id,
            created_at: now,
            seen_at: now,
            ended_at: None,
            opened_from: origin.into(),
            seen_from: origin.into(),
        };
        people::open_session(conn, &session)?;
        let done = ("session.open", Outcome::Done);
        audit::note(conn, &operator, now, done, name, &json!({}))?;
        Ok(Login::Session(Session {
            token,
            must_change: user.must_change == 1,
            operator,
        }))
    })
}

/// The name that was given is not kept: it may be a password that was typed in the wrong place.
fn note_stranger(registry: &Registry, now: UtcMillis, origin: &str) -> Result<(), DbError> {
    let nobody = Operator {
        name: STRANGER_NAME.into(),
        role: Role::Auditor,
        department: None,
        origin: origin.into(),
    };
    let refused = ("session.open", Outcome::Refused);
    registry
        .db
        .write(|conn| audit::note(conn, &nobody, now, refused, "", &json!({ "unknown": true })))
}

/// Counts a wrong password against a person whose row is locked: so many in a row now, and until when that locks the account.
pub(super) fn count_failure(
    conn: &mut Conn<'_>,
    user: &UserRow,
    now: UtcMillis,
) -> Result<(i64, Option<UtcMillis>), DbError> {
    // A lock that has run out starts the count anew.
    let before = if user.locked_until.is_some_and(|until| until <= now) {
        0
    } else {
        user.failures
    };
    let failures = before + 1;
    let locked_until = (failures >= FAILURES).then_some(now + LOCK);
    people::set_failures(conn, user.id, failures, locked_until)?;
    Ok((failures, locked_until))
}

fn is_open(session: &SessionRow, now: UtcMillis) -> bool {
    session.ended_at.is_none() && now < session.seen_at + IDLE && now < session.created_at + ABSOLUTE
}

/// Takes a session up again for a request, from a cookie's token: `None` where it has ended, for whatever reason.
///
/// # Errors
/// Only our own faults.
pub fn resume(registry: &Registry, token: &str, origin: &str) -> Result<Option<Session>, Error> {
    let now = registry.clock.now();
    let hash = sha256(token.as_bytes());
    let found = registry.db.read(|conn| people::session(conn, &hash))?;
    let Some((session, user)) = found.filter(|(session, user)| is_open(session, now) && user.active == 1) else {
        return Ok(None);
    };
    if now >= session.seen_at + TOUCH || session.seen_from != origin {
        registry
            .db
            .write(|conn| people::touch_session(conn, &hash, now, origin))?;
    }
    Ok(Some(Session {
        token: token.into(),
        operator: Operator::of(&user, origin)?,
        must_change: user.must_change == 1,
    }))
}

/// Whether a session is still open; asking does not keep it so.
///
/// # Errors
/// Only our own faults.
pub fn is_alive(registry: &Registry, session: &Session) -> Result<bool, Error> {
    let now = registry.clock.now();
    let found = registry.db.read(|conn| people::session(conn, &session.id()))?;
    Ok(found.is_some_and(|(session, user)| is_open(&session, now) && user.active == 1))
}

/// Ends a session.
///
/// # Errors
/// Only our own faults.
pub fn log_out(registry: &Registry, session: &Session) -> Result<(), Error> {
    let now = registry.clock.now();
    registry.db.write(|conn| {
        people::end_session(conn, &session.id(), now)?;
        let operator = &session.operator;
        let done = ("session.close", Outcome::Done);
        Ok(audit::note(conn, operator, now, done, &operator.name, &json!({}))?)
    })
}

/// A login that is still open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenSession {
    /// As [`Session::id`].
    pub id: String,
    /// The login, UTC milliseconds.
    pub opened_at: UtcMillis,
    /// From which address; blank where it was not noted.
    pub opened_from: String,
    /// The last request, to the minute, UTC milliseconds.
    pub seen_at: UtcMillis,
    /// From which address.
    pub seen_from: String,
}

/// A person's open logins, the latest first: for the person, administrators and auditors.
///
/// # Errors
/// Refused to others.
pub fn open_sessions(registry: &Registry, operator: &Operator, name: &str) -> Result<Vec<OpenSession>, Error> {
    if operator.name != name && !operator.may_see_people() {
        return Err(Error::refused("只能查看自己的登录。"));
    }
    let now = registry.clock.now();
    let rows = registry.db.read(|conn| people::sessions_of(conn, name))?;
    Ok(rows
        .into_iter()
        .filter(|session| is_open(session, now))
        .map(|session| OpenSession {
            id: session.token_hash,
            opened_at: session.created_at,
            opened_from: session.opened_from,
            seen_at: session.seen_at,
            seen_from: session.seen_from,
        })
        .collect())
}

/// Which of a person's sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which<'a> {
    /// The one with this id.
    One(&'a str),
    /// All but that one.
    AllBut(&'a str),
    /// All.
    All,
}

/// Ends a person's sessions, and says how many: for the person and administrators.
///
/// # Errors
/// Refused to others.
pub fn end_sessions(registry: &Registry, operator: &Operator, name: &str, which: Which<'_>) -> Result<usize, Error> {
    let answer = if operator.name == name || operator.may_keep_people() {
        end(registry, operator, name, which)
    } else {
        Err(Error::refused("只能退出自己的登录。"))
    };
    audit::refusal_noted(registry, operator, ("session.end", name), answer)
}

fn end(registry: &Registry, operator: &Operator, name: &str, which: Which<'_>) -> Result<usize, Error> {
    let now = registry.clock.now();
    registry.db.write(|conn| {
        let mut ended = 0;
        for session in people::sessions_of(conn, name)? {
            let meant = match which {
                Which::One(id) => session.token_hash == id,
                Which::AllBut(id) => session.token_hash != id,
                Which::All => true,
            };
            if meant && is_open(&session, now) {
                people::end_session(conn, &session.token_hash, now)?;
                ended += 1;
            }
        }
        if ended > 0 {
            let done = ("session.end", Outcome::Done);
            audit::note(conn, operator, now, done, name, &json!({ "ended": ended }))?;
        }
        Ok(ended)
    })
}
