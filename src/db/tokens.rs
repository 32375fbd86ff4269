//! The tokens that programs act with.

use diesel::prelude::*;

use super::people::UserRow;
use super::schema::{api_tokens, users};
use super::{Conn, DbError, each};

/// A token. The secret itself is known to its holder alone.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = api_tokens)]
pub struct TokenRow {
    /// Its id.
    pub id: i64,
    /// In whose name it acts.
    pub user_id: i64,
    /// What it is for, in its holder's words.
    pub label: String,
    /// SHA-256 of the secret, lower-case hex.
    pub token_hash: String,
    /// What it may do: words between commas.
    pub scopes: String,
    /// When it was issued, UTC milliseconds.
    pub created_at: i64,
    /// By whom.
    pub created_by: String,
    /// Of no use from then on, UTC milliseconds.
    pub expires_at: i64,
    /// About when it was used last, UTC milliseconds.
    pub used_at: Option<i64>,
    /// When it was revoked, UTC milliseconds.
    pub revoked_at: Option<i64>,
    /// By whom.
    pub revoked_by: Option<String>,
}

/// A token about to be issued.
#[derive(Clone, Copy, Debug, Insertable)]
#[diesel(table_name = api_tokens)]
pub struct NewToken<'a> {
    /// In whose name it acts.
    pub user_id: i64,
    /// What it is for.
    pub label: &'a str,
    /// SHA-256 of the secret.
    pub token_hash: &'a str,
    /// What it may do: words between commas.
    pub scopes: &'a str,
    /// Now, UTC milliseconds.
    pub created_at: i64,
    /// Who issues it.
    pub created_by: &'a str,
    /// Of no use from then on, UTC milliseconds.
    pub expires_at: i64,
}

/// Adds a token and gives its id.
pub fn insert(conn: &mut Conn<'_>, token: &NewToken<'_>) -> Result<i64, DbError> {
    Ok(each!(conn, c => diesel::insert_into(api_tokens::table)
        .values(token)
        .returning(api_tokens::id)
        .get_result(c))?)
}

/// The token of a secret's digest, and in whose name it acts.
pub fn find(conn: &mut Conn<'_>, token_hash: &str) -> Result<Option<(TokenRow, UserRow)>, DbError> {
    Ok(each!(conn, c => api_tokens::table
        .inner_join(users::table.on(users::id.eq(api_tokens::user_id)))
        .filter(api_tokens::token_hash.eq(token_hash))
        .select((TokenRow::as_select(), UserRow::as_select()))
        .first(c)
        .optional())?)
}

/// The token with this id, and its person's name.
pub fn with_id(conn: &mut Conn<'_>, id: i64) -> Result<Option<(TokenRow, String)>, DbError> {
    Ok(each!(conn, c => api_tokens::table
        .inner_join(users::table.on(users::id.eq(api_tokens::user_id)))
        .filter(api_tokens::id.eq(id))
        .select((TokenRow::as_select(), users::name))
        .first(c)
        .optional())?)
}

/// The tokens of a person, or of all, the latest first, each with its person's name.
pub fn all(conn: &mut Conn<'_>, person: Option<&str>) -> Result<Vec<(TokenRow, String)>, DbError> {
    Ok(each!(conn, c => {
        let mut tokens = api_tokens::table
            .inner_join(users::table.on(users::id.eq(api_tokens::user_id)))
            .into_boxed();
        if let Some(name) = person {
            tokens = tokens.filter(users::name.eq(name));
        }
        tokens.order(api_tokens::id.desc()).select((TokenRow::as_select(), users::name)).load(c)
    })?)
}

/// Notes that a token was used.
pub fn touch(conn: &mut Conn<'_>, id: i64, now: i64) -> Result<(), DbError> {
    each!(conn, c => diesel::update(api_tokens::table.find(id)).set(api_tokens::used_at.eq(now)).execute(c))?;
    Ok(())
}

/// Revokes a token; whether it was not revoked before.
pub fn revoke(conn: &mut Conn<'_>, id: i64, by: &str, now: i64) -> Result<bool, DbError> {
    Ok(each!(conn, c => diesel::update(api_tokens::table.find(id))
        .filter(api_tokens::revoked_at.is_null())
        .set((api_tokens::revoked_at.eq(now), api_tokens::revoked_by.eq(by)))
        .execute(c))?
        == 1)
}
