//! People and their tokens; and who the caller is.

use axum::http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::body::Json;
use super::endpoint::{Call, Endpoint, In, change, delete, get, post, post_secret};
use super::problem::{Code, Problem, seen};
use super::reply::{Done, Made, Plain, Tagged};
use super::roles::{ACCOUNTS, ADMINISTER, ALL};
use super::types::{Instant, Nothing, OneOf, Page};
use crate::registry::people::{self, NewPerson, OpenSession, Person, Role, Which};
use crate::registry::tokens::{self, Scope, Token};

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        get("/me", ALL, "Who the token acts for, and what it may do", me),
        get(
            "/tokens",
            ALL,
            "The tokens: one's own, or for those who keep people, all",
            list_tokens,
        ),
        delete(
            "/tokens/{id}",
            (ALL, Scope::Read),
            "Revokes a token, its own among them",
            revoke,
        ),
        get("/people", ACCOUNTS, "The people, by name", list_people),
        post_secret("/people", ADMINISTER, "Adds a person", add_person),
        get("/people/{id}", ACCOUNTS, "One person", one_person),
        change(
            Method::PUT,
            "/people/{id}",
            ADMINISTER,
            "Gives a person another role or department, or disables the account",
            change_person,
        ),
        post_secret(
            "/people/{id}/password",
            ADMINISTER,
            "Sets a password, to be changed at the next login; ends the person's logins and lifts a lock",
            reset_password,
        ),
        post(
            "/people/{id}/unlock",
            ADMINISTER,
            "Lifts the lock that wrong passwords put on an account",
            unlock,
        ),
        get(
            "/people/{id}/sessions",
            ACCOUNTS,
            "Where the person is logged in, the latest first",
            sessions,
        ),
        delete(
            "/people/{id}/sessions",
            ADMINISTER,
            "Ends the person's logins",
            end_sessions,
        ),
    ]
}

/// Who the token acts for.
#[derive(Serialize, JsonSchema)]
struct Me {
    /// The name.
    name: String,
    /// The role, as of now.
    role: OneOf<Role>,
    /// The department.
    department: Option<String>,
    /// The token.
    token: TokenLine,
}

/// A token.
#[derive(Serialize, JsonSchema)]
struct TokenLine {
    /// Its number.
    id: i64,
    /// In whose name it acts.
    person: String,
    /// What it is for.
    label: String,
    /// What it may do.
    scopes: Vec<OneOf<Scope>>,
    /// When it was issued.
    created_at: Instant,
    /// Of no use from then on.
    expires_at: Instant,
    /// About when it was used last.
    used_at: Option<Instant>,
    /// When it was revoked.
    revoked_at: Option<Instant>,
}

fn token_line(token: &Token) -> TokenLine {
    TokenLine {
        id: token.id,
        person: token.person.clone(),
        label: token.label.clone(),
        scopes: token.scopes.iter().copied().map(OneOf).collect(),
        created_at: Instant(token.created_at),
        expires_at: Instant(token.expires_at),
        used_at: token.used_at.map(Instant),
        revoked_at: token.revoked_at.map(Instant),
    }
}

fn me(call: &Call<'_>, _: In) -> Result<Plain<Me>, Problem> {
    let token = call.token.ok_or_else(Problem::not_found)?;
    Ok(Plain(Me {
        name: call.operator.name.clone(),
        role: OneOf(call.operator.role),
        department: call.operator.department.clone(),
        token: token_line(token),
    }))
}

fn list_tokens(call: &Call<'_>, _: In) -> Result<Page<TokenLine>, Problem> {
    let tokens = tokens::listed(call.registry, call.operator)?;
    Ok(Page::whole(tokens.iter().map(token_line).collect()))
}

/// A number.
#[derive(Deserialize, JsonSchema)]
struct Id {
    #[schemars(range(min = 1))]
    id: i64,
}

fn revoke(call: &Call<'_>, input: In<Id>) -> Result<Done, Problem> {
    let listed = tokens::listed(call.registry, call.operator)?;
    if !listed.iter().any(|token| token.id == input.path.id) {
        return Err(Problem::not_found());
    }
    let own = call.token.is_some_and(|token| token.id == input.path.id);
    if !own
        && call
            .token
            .is_some_and(|token| !token.scopes.contains(&Scope::Administer))
    {
        return Err(Problem::new(
            Code::InsufficientScope,
            "没有“管理”权限的令牌只能撤销它自己。",
        ));
    }
    seen(tokens::revoke(call.registry, call.operator, input.path.id))?;
    Ok(Done)
}

/// A person.
#[derive(Serialize, JsonSchema)]
struct PersonLine {
    /// The account's number.
    id: i64,
    /// The name to log in with.
    name: String,
    /// What for.
    role: OneOf<Role>,
    /// The department.
    department: Option<String>,
    /// Whether the person may log in, and the person's tokens are good.
    active: bool,
    /// Whether the password is to be changed at the next login.
    must_change: bool,
    /// Locked for wrong passwords until then.
    locked_until: Option<Instant>,
}

fn person_line(person: &Person) -> PersonLine {
    PersonLine {
        id: person.id,
        name: person.name.clone(),
        role: OneOf(person.role),
        department: person.department.clone(),
        active: person.active,
        must_change: person.must_change,
        locked_until: person.locked_until.map(Instant),
    }
}

fn list_people(call: &Call<'_>, _: In) -> Result<Page<PersonLine>, Problem> {
    let people = people::users(call.registry, call.operator)?;
    Ok(Page::whole(people.iter().map(person_line).collect()))
}

fn find_person(call: &Call<'_>, id: i64) -> Result<Person, Problem> {
    seen(people::user(call.registry, call.operator, id))
}

fn one_person(call: &Call<'_>, input: In<Id>) -> Result<Tagged<PersonLine>, Problem> {
    Ok(Tagged(person_line(&find_person(call, input.path.id)?)))
}

/// A person about to be added.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NewPersonLine {
    /// The name to log in with.
    name: String,
    /// What for.
    role: OneOf<Role>,
    /// Needed for reporters and leads; auditors and administrators have none.
    department: Option<String>,
    /// For the first login, to be changed there.
    first_password: String,
}

fn add_person(call: &Call<'_>, input: In<Nothing, Nothing, Json<NewPersonLine>>) -> Result<Made<PersonLine>, Problem> {
    let new = input.body.0;
    let person = NewPerson {
        name: &new.name,
        role: new.role.0,
        department: new.department.as_deref(),
        password: &new.first_password,
    };
    people::add_user(call.registry, call.operator, &person)?;
    let all = people::users(call.registry, call.operator)?;
    let added = all.iter().find(|person| person.name == new.name);
    let added = added.ok_or_else(Problem::not_found)?;
    Ok(Made(format!("/people/{}", added.id), person_line(added)))
}

/// What a person is to be.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ChangedPerson {
    /// What for.
    role: OneOf<Role>,
    /// The department.
    department: Option<String>,
    /// Whether the person may log in.
    active: bool,
}

fn change_person(call: &Call<'_>, input: In<Id, Nothing, Json<ChangedPerson>>) -> Result<Tagged<PersonLine>, Problem> {
    let before = find_person(call, input.path.id)?;
    call.must_match(Some(&person_line(&before)))?;
    let ChangedPerson {
        role: OneOf(role),
        department,
        active,
    } = input.body.0;
    if (role, &department) != (before.role, &before.department) {
        people::set_role(call.registry, call.operator, &before.name, role, department.as_deref())?;
    }
    if active != before.active {
        people::set_active(call.registry, call.operator, &before.name, active)?;
    }
    Ok(Tagged(person_line(&find_person(call, before.id)?)))
}

/// A password to begin with.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NewPassword {
    /// It.
    password: String,
}

fn reset_password(call: &Call<'_>, input: In<Id, Nothing, Json<NewPassword>>) -> Result<Done, Problem> {
    let name = find_person(call, input.path.id)?.name;
    people::reset_password(call.registry, call.operator, &name, &input.body.0.password)?;
    Ok(Done)
}

fn unlock(call: &Call<'_>, input: In<Id>) -> Result<Done, Problem> {
    let name = find_person(call, input.path.id)?.name;
    people::unlock(call.registry, call.operator, &name)?;
    Ok(Done)
}

/// A login that has not ended.
#[derive(Serialize, JsonSchema)]
struct SessionLine {
    /// When it was.
    opened_at: Instant,
    /// From which address.
    opened_from: String,
    /// The last request.
    seen_at: Instant,
    /// From which address.
    seen_from: String,
}

impl From<OpenSession> for SessionLine {
    fn from(session: OpenSession) -> Self {
        Self {
            opened_at: Instant(session.opened_at),
            opened_from: session.opened_from,
            seen_at: Instant(session.seen_at),
            seen_from: session.seen_from,
        }
    }
}

fn sessions(call: &Call<'_>, input: In<Id>) -> Result<Page<SessionLine>, Problem> {
    let name = find_person(call, input.path.id)?.name;
    let open = people::open_sessions(call.registry, call.operator, &name)?;
    Ok(Page::whole(open.into_iter().map(Into::into).collect()))
}

/// How many logins were ended.
#[derive(Serialize, JsonSchema)]
struct Ended {
    ended: u64,
}

fn end_sessions(call: &Call<'_>, input: In<Id>) -> Result<Plain<Ended>, Problem> {
    let name = find_person(call, input.path.id)?.name;
    let ended = people::end_sessions(call.registry, call.operator, &name, Which::All)?;
    Ok(Plain(Ended {
        ended: ended.try_into().unwrap_or(u64::MAX),
    }))
}
