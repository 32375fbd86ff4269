//! `/people`: who may log in. The administrator adds people, gives them other roles, sets passwords, disables, unlocks and logs them out.

use askama::Template;
use axum::extract::{Extension, Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::Form;
use retrofit_jobs::store::{UtcMillis, Word as _};
use serde::Deserialize;

use super::account::{Login, logins};
use super::error::{WebError, refused, refusing, seen};
use super::frame::{Frame, blocking, page as render};
use super::guard::Officer;
use super::words;
use crate::registry::people::{self, NewPerson, Operator, Person, Role, Session, Which};
use crate::registry::{Error, Registry};

#[derive(Template)]
#[template(path = "people.html")]
struct PeoplePage {
    frame: Frame,
    may_keep: bool,
    lines: Vec<Line>,
    form: Added,
    roles: Vec<Choice>,
    departments: Vec<Choice>,
    /// Who was just added, with the password to begin with.
    added: Option<(String, String)>,
    wrong: Option<String>,
}

#[derive(Template)]
#[template(path = "person.html")]
struct PersonPage {
    frame: Frame,
    /// May change this account; never one's own.
    may_change: bool,
    own: bool,
    line: Line,
    locked: bool,
    created: String,
    roles: Vec<Choice>,
    departments: Vec<Choice>,
    logins: Vec<Login>,
    /// The password that was just set.
    password: Option<String>,
    note: Option<&'static str>,
    wrong: Option<String>,
}

/// A person, told.
struct Line {
    id: i64,
    name: String,
    role: &'static str,
    department: String,
    /// The class and the word of each thing to know of the account.
    states: Vec<(&'static str, String)>,
    active: bool,
    last_login: String,
}

/// What may be chosen: the value, the words, and whether it is.
struct Choice {
    value: String,
    label: String,
    chosen: bool,
}

fn line(registry: &Registry, person: &Person) -> Line {
    let mut states = Vec::new();
    if !person.active {
        states.push(("", "已停用".to_owned()));
    }
    if let Some(until) = person.locked_until {
        states.push(("error", format!("锁定到 {}", words::local(until).format("%H:%M"))));
    }
    if person.active && person.must_change {
        states.push(("confirm", "下次登录须改密码".to_owned()));
    }
    if states.is_empty() {
        states.push(("good", "正常".to_owned()));
    }
    Line {
        id: person.id,
        name: person.name.clone(),
        role: person.role.label(),
        department: person
            .department
            .as_deref()
            .map_or_else(String::new, |code| words::department(&registry.catalogue, code).into()),
        states,
        active: person.active,
        last_login: person.last_login.map_or_else(String::new, words::moment),
    }
}

fn roles(chosen: &str) -> Vec<Choice> {
    let choice = |role: &Role| Choice {
        value: role.word().into(),
        label: role.label().into(),
        chosen: role.word() == chosen,
    };
    Role::ALL.iter().map(choice).collect()
}

fn departments(registry: &Registry, chosen: &str) -> Vec<Choice> {
    let departments = registry.catalogue.departments().iter();
    let choice = departments.map(|department| Choice {
        value: department.code.clone(),
        label: department.name.clone(),
        chosen: department.code == chosen,
    });
    choice.collect()
}

/// The department that a form names; none where it names none.
fn belonging(department: &str) -> Option<&str> {
    Some(department.trim()).filter(|code| !code.is_empty())
}

/// `GET /people`.
pub(super) async fn list(State(registry): State<Registry>, Extension(session): Officer) -> Result<Response, WebError> {
    blocking(&registry, move |registry| {
        render(&everybody(registry, &session, Added::default())?)
    })
    .await
}

fn everybody(registry: &Registry, session: &Session, form: Added) -> Result<PeoplePage, WebError> {
    let people = people::users(registry, &session.operator)?;
    Ok(PeoplePage {
        frame: Frame::new(registry, session, "用户", "/people"),
        may_keep: session.operator.may_keep_people(),
        lines: people.iter().map(|person| line(registry, person)).collect(),
        roles: roles(&form.role),
        departments: departments(registry, &form.department),
        form,
        added: None,
        wrong: None,
    })
}

/// What the form for a new person sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Added {
    name: String,
    role: String,
    department: String,
}

/// `POST /people`: the answer shows the password to begin with, this once.
pub(super) async fn add(
    State(registry): State<Registry>,
    Extension(session): Officer,
    Form(form): Form<Added>,
) -> Result<Response, WebError> {
    blocking(&registry, move |registry| {
        let name = form.name.trim().to_owned();
        let password = people::random_password()?;
        let added = match Role::from_word(&form.role) {
            Some(role) => {
                let person = NewPerson {
                    name: &name,
                    role,
                    department: belonging(&form.department),
                    password: &password,
                };
                people::add_user(registry, &session.operator, &person)
            }
            None => Err(Error::Refused("请选择角色。".into())),
        };
        match refused(added)? {
            None => render(&PeoplePage {
                added: Some((name, password)),
                ..everybody(registry, &session, Added::default())?
            }),
            Some(wrong) => {
                let page = everybody(registry, &session, form)?;
                let page = PeoplePage {
                    wrong: Some(wrong.clone()),
                    ..page
                };
                again(&page, &wrong)
            }
        }
    })
    .await
}

/// The page once more, with what is wrong.
fn again(page: &impl Template, wrong: &str) -> Result<Response, WebError> {
    refusing(StatusCode::UNPROCESSABLE_ENTITY, page, wrong)
}

/// What the address of a person's page says: what was just done.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    done: String,
}

/// `GET /people/{id}`.
pub(super) async fn one(
    State(registry): State<Registry>,
    Extension(session): Officer,
    Path(id): Path<i64>,
    Query(asked): Query<Asked>,
) -> Result<Response, WebError> {
    blocking(&registry, move |registry| {
        let person = seen(people::user(registry, &session.operator, id))?;
        let note = match &*asked.done {
            "role" => Some("角色和部门已修改，原有的登录已全部退出。"),
            "disabled" => Some("账号已停用，原有的登录已全部退出。"),
            "enabled" => Some("账号已启用。"),
            "unlocked" => Some("账号已解锁。"),
            "ended" => Some("登录已退出。"),
            _ => None,
        };
        render(&PersonPage {
            note,
            ..person_page(registry, &session, &person)?
        })
    })
    .await
}

fn person_page(registry: &Registry, session: &Session, person: &Person) -> Result<PersonPage, WebError> {
    let own = person.name == session.operator.name;
    let at = |at: UtcMillis| words::moment(at);
    Ok(PersonPage {
        frame: Frame::new(registry, session, format!("用户：{}", person.name), "/people"),
        may_change: session.operator.may_keep_people() && !own,
        own,
        line: line(registry, person),
        locked: person.locked_until.is_some(),
        created: format!("{} 由 {} 添加", at(person.created_at), words::actor(&person.created_by)),
        roles: roles(person.role.word()),
        departments: departments(registry, person.department.as_deref().unwrap_or_default()),
        logins: logins(registry, session, &person.name)?,
        password: None,
        note: None,
        wrong: None,
    })
}

/// Changes a person, and goes back to the person's page; what is refused is told there.
async fn change(
    registry: Registry,
    session: Session,
    id: i64,
    done: &'static str,
    change: impl FnOnce(&Registry, &Operator, &str) -> Result<(), Error> + Send + 'static,
) -> Result<Response, WebError> {
    blocking(&registry, move |registry| {
        let person = seen(people::user(registry, &session.operator, id))?;
        match refused(change(registry, &session.operator, &person.name))? {
            None => Ok(Redirect::to(&format!("/people/{id}?done={done}")).into_response()),
            Some(wrong) => {
                let page = PersonPage {
                    wrong: Some(wrong.clone()),
                    ..person_page(registry, &session, &person)?
                };
                again(&page, &wrong)
            }
        }
    })
    .await
}

/// What the form for role and department sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct NewRole {
    role: String,
    department: String,
}

/// `POST /people/{id}/role`.
pub(super) async fn set_role(
    State(registry): State<Registry>,
    Extension(session): Officer,
    Path(id): Path<i64>,
    Form(form): Form<NewRole>,
) -> Result<Response, WebError> {
    change(registry, session, id, "role", move |registry, operator, name| {
        let role = Role::from_word(&form.role).ok_or_else(|| Error::Refused("请选择角色。".into()))?;
        people::set_role(registry, operator, name, role, belonging(&form.department))
    })
    .await
}

/// What the switch of an account sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Switch {
    /// `on` or `off`.
    active: String,
}

/// `POST /people/{id}/active`.
pub(super) async fn set_active(
    State(registry): State<Registry>,
    Extension(session): Officer,
    Path(id): Path<i64>,
    Form(form): Form<Switch>,
) -> Result<Response, WebError> {
    let (active, done) = match &*form.active {
        "on" => (true, "enabled"),
        "off" => (false, "disabled"),
        _ => return Err(WebError::Refused("请在用户页上点“启用”或“停用”。".into())),
    };
    change(registry, session, id, done, move |registry, operator, name| {
        people::set_active(registry, operator, name, active)
    })
    .await
}

/// `POST /people/{id}/unlock`.
pub(super) async fn unlock(
    State(registry): State<Registry>,
    Extension(session): Officer,
    Path(id): Path<i64>,
) -> Result<Response, WebError> {
    change(registry, session, id, "unlocked", people::unlock).await
}

/// `POST /people/{id}/password`: the answer shows the new password, this once.
pub(super) async fn reset_password(
    State(registry): State<Registry>,
    Extension(session): Officer,
    Path(id): Path<i64>,
) -> Result<Response, WebError> {
    blocking(&registry, move |registry| {
        let person = seen(people::user(registry, &session.operator, id))?;
        let password = people::random_password()?;
        let set = people::reset_password(registry, &session.operator, &person.name, &password);
        let wrong = refused(set)?;
        let person = seen(people::user(registry, &session.operator, id))?;
        let page = person_page(registry, &session, &person)?;
        match wrong {
            None => render(&PersonPage {
                password: Some(password),
                ..page
            }),
            Some(wrong) => {
                let page = PersonPage {
                    wrong: Some(wrong.clone()),
                    ..page
                };
                again(&page, &wrong)
            }
        }
    })
    .await
}

/// Which logins to end.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Ended {
    /// The id of one, or nothing for all.
    session: String,
}

/// `POST /people/{id}/sessions`.
pub(super) async fn end_sessions(
    State(registry): State<Registry>,
    Extension(session): Officer,
    Path(id): Path<i64>,
    Form(form): Form<Ended>,
) -> Result<Response, WebError> {
    change(registry, session, id, "ended", move |registry, operator, name| {
        let which = match &*form.session {
            "" => Which::All,
            one => Which::One(one),
        };
        people::end_sessions(registry, operator, name, which).map(drop)
    })
    .await
}
