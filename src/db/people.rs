//! Users and their sessions.

use diesel::prelude::*;

use super::schema::{sessions, users};
use super::{Conn, DbError, each};

/// A person who may log in.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = users)]
pub struct UserRow {
    /// Its id.
    pub id: i64,
    /// The name, unique for ever: the history keeps it.
    pub name: String,
    /// The role's word.
    pub role: String,
    /// The department; reporters and leads always have one.
    pub department: Option<String>,
    /// The password's Argon2id hash.
    pub password_hash: String,
    /// 1 where the password is to be changed at the next login.
    pub must_change: i64,
    /// Failed logins since the last good one.
    pub failures: i64,
    /// Locked until then, UTC milliseconds.
    pub locked_until: Option<i64>,
    /// 0 where the person has left.
    pub active: i64,
    /// When the person was added, UTC milliseconds.
    pub created_at: i64,
    /// By whom.
    pub created_by: String,
    /// The last good login, UTC milliseconds.
    pub last_login_at: Option<i64>,
}

/// A person about to be added.
#[derive(Clone, Debug, Insertable)]
#[diesel(table_name = users)]
pub struct NewUser<'a> {
    /// The name.
    pub name: &'a str,
    /// The role's word.
    pub role: &'a str,
    /// The department.
    pub department: Option<&'a str>,
    /// The password's hash.
    pub password_hash: &'a str,
    /// 1 where the password is to be changed at the first login.
    pub must_change: i64,
    /// Now, UTC milliseconds.
    pub created_at: i64,
    /// Who adds the person.
    pub created_by: &'a str,
}

/// A session. The token itself is known to the browser alone.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = sessions, treat_none_as_default_value = false)]
pub struct SessionRow {
    /// SHA-256 of the token, lower-case hex.
    pub token_hash: String,
    /// Whose.
    pub user_id: i64,
    /// The login, UTC milliseconds.
    pub created_at: i64,
    /// The last request, UTC milliseconds.
    pub seen_at: i64,
    /// Logged out or revoked, UTC milliseconds.
    pub ended_at: Option<i64>,
    /// The address of the login; blank where it was not noted.
    pub opened_from: String,
    /// The address of the last request.
    pub seen_from: String,
}

/// Adds a person.
pub fn insert(conn: &mut Conn<'_>, user: &NewUser<'_>) -> Result<(), DbError> {
    each!(conn, c => diesel::insert_into(users::table).values(user).execute(c))?;
    Ok(())
}

/// The person with this name.
pub fn find(conn: &mut Conn<'_>, name: &str) -> Result<Option<UserRow>, DbError> {
    Ok(each!(conn, c => users::table
        .filter(users::name.eq(name))
        .select(UserRow::as_select())
        .first(c)
        .optional())?)
}

/// The person with this id.
pub fn with_id(conn: &mut Conn<'_>, id: i64) -> Result<Option<UserRow>, DbError> {
    Ok(each!(conn, c => users::table.find(id).select(UserRow::as_select()).first(c).optional())?)
}

/// Lets nobody else change a person until the end of this transaction, and reads the person as he or she is then.
pub fn lock(conn: &mut Conn<'_>, id: i64) -> Result<UserRow, DbError> {
    each!(conn, c => diesel::update(users::table.find(id)).set(users::failures.eq(users::failures)).execute(c))?;
    Ok(each!(conn, c => users::table.find(id).select(UserRow::as_select()).first(c))?)
}

/// Everybody, by name.
pub fn all(conn: &mut Conn<'_>) -> Result<Vec<UserRow>, DbError> {
    Ok(each!(conn, c => users::table.order(users::name).select(UserRow::as_select()).load(c))?)
}

/// Counts a failed login (or forgets them, with 0), and locks the account until then.
pub fn set_failures(conn: &mut Conn<'_>, user: i64, failures: i64, locked_until: Option<i64>) -> Result<(), DbError> {
    each!(conn, c => diesel::update(users::table.find(user))
        .set((users::failures.eq(failures), users::locked_until.eq(locked_until)))
        .execute(c))?;
    Ok(())
}

/// Sets a password's hash and whether it is to be changed.
pub fn set_password(conn: &mut Conn<'_>, user: i64, hash: &str, must_change: i64) -> Result<(), DbError> {
    each!(conn, c => diesel::update(users::table.find(user))
        .set((users::password_hash.eq(hash), users::must_change.eq(must_change)))
        .execute(c))?;
    Ok(())
}

/// Notes a good login: it forgets the failed ones.
pub fn note_login(conn: &mut Conn<'_>, user: i64, now: i64) -> Result<(), DbError> {
    let none: Option<i64> = None;
    each!(conn, c => diesel::update(users::table.find(user))
        .set((users::failures.eq(0), users::locked_until.eq(none), users::last_login_at.eq(now)))
        .execute(c))?;
    Ok(())
}

/// Sets a person's role and department.
pub fn set_role(conn: &mut Conn<'_>, user: i64, role: &str, department: Option<&str>) -> Result<(), DbError> {
    each!(conn, c => diesel::update(users::table.find(user))
        .set((users::role.eq(role), users::department.eq(department)))
        .execute(c))?;
    Ok(())
}

/// Lets a person log in, with 1, or no more, with 0.
pub fn set_active(conn: &mut Conn<'_>, user: i64, active: i64) -> Result<(), DbError> {
    each!(conn, c => diesel::update(users::table.find(user)).set(users::active.eq(active)).execute(c))?;
    Ok(())
}

/// Opens a session.
pub fn open_session(conn: &mut Conn<'_>, session: &SessionRow) -> Result<(), DbError> {
    each!(conn, c => diesel::insert_into(sessions::table).values(session).execute(c))?;
    Ok(())
}

/// The session of a token's hash, and whose it is.
pub fn session(conn: &mut Conn<'_>, token_hash: &str) -> Result<Option<(SessionRow, UserRow)>, DbError> {
    Ok(each!(conn, c => sessions::table
        .inner_join(users::table.on(users::id.eq(sessions::user_id)))
        .filter(sessions::token_hash.eq(token_hash))
        .select((SessionRow::as_select(), UserRow::as_select()))
        .first(c)
        .optional())?)
}

/// The sessions of the person with this name that nobody ended, the latest login first; those that idleness or age ended are among them.
pub fn sessions_of(conn: &mut Conn<'_>, name: &str) -> Result<Vec<SessionRow>, DbError> {
    Ok(each!(conn, c => sessions::table
        .inner_join(users::table.on(users::id.eq(sessions::user_id)))
        .filter(users::name.eq(name))
        .filter(sessions::ended_at.is_null())
        .order((sessions::created_at.desc(), sessions::token_hash))
        .select(SessionRow::as_select())
        .load(c))?)
}

/// Notes a session's last request, and where it came from.
pub fn touch_session(conn: &mut Conn<'_>, token_hash: &str, now: i64, from: &str) -> Result<(), DbError> {
    each!(conn, c => diesel::update(sessions::table.find(token_hash))
        .set((sessions::seen_at.eq(now), sessions::seen_from.eq(from)))
        .execute(c))?;
    Ok(())
}

/// Ends one session.
pub fn end_session(conn: &mut Conn<'_>, token_hash: &str, now: i64) -> Result<(), DbError> {
    each!(conn, c => diesel::update(sessions::table.find(token_hash))
        .filter(sessions::ended_at.is_null())
        .set(sessions::ended_at.eq(now))
        .execute(c))?;
    Ok(())
}

/// Forgets the sessions that began before then; how many.
pub fn forget_sessions(conn: &mut Conn<'_>, before: i64) -> Result<usize, DbError> {
    Ok(each!(conn, c => diesel::delete(sessions::table.filter(sessions::created_at.lt(before))).execute(c))?)
}

/// Ends every session of a person.
pub fn end_sessions_of(conn: &mut Conn<'_>, user: i64, now: i64) -> Result<(), DbError> {
    each!(conn, c => diesel::update(sessions::table)
        .filter(sessions::user_id.eq(user))
        .filter(sessions::ended_at.is_null())
        .set(sessions::ended_at.eq(now))
        .execute(c))?;
    Ok(())
}
