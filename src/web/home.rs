//! `/`: a department's home. What is due, what came back and why, a place to send the roster, and what was sent before.

use askama::Template;
use axum::extract::{Extension, State};
use axum::response::{IntoResponse, Redirect, Response};
use chrono::{Datelike as _, Months};
use serde::Deserialize;

use super::error::WebError;
use super::frame::{Frame, blocking, page as render};
use super::guard::Officer;
use super::login::home_of;
use super::{periods, words};
use crate::registry::intake::{self, Upload};
use crate::registry::month::Month;
use crate::registry::people::{Role, Session};
use crate::registry::photos;
use crate::registry::review::{self, Filter};
use crate::registry::{Registry, State as ReviewState, Step, lists, periods as registry_periods, reminders};

/// How many earlier months the form offers.
const MONTHS_BACK: u32 = 6;
/// Rows that the page shows of each list.
const SHOWN: i64 = 50;

#[derive(Template)]
#[template(path = "home.html")]
struct HomePage {
    frame: Frame,
    period: String,
    due: Due,
    /// What is owed, or waits.
    notices: Vec<Notice>,
    form: UploadForm,
    returned: Vec<Returned>,
    returned_count: i64,
    waiting: i64,
    approved: i64,
    uploads: Vec<Sent>,
    /// The secretariat's home shows every department's.
    all_departments: bool,
}

/// What is to be done: class, words, where to go.
type Notice = (&'static str, String, String);

/// How the month stands.
enum Due {
    /// The last day, and the days left, on the last one 0.
    In(u32, i64),
    /// The last day, and the days since.
    Past(u32, i64),
    /// The department has reported.
    Done,
    /// The department is not asked for a report.
    NotAsked,
}

/// The form that takes a roster.
pub(super) struct UploadForm {
    pub(super) periods: Vec<(String, String)>,
    /// Which is chosen at first.
    pub(super) period: String,
    /// Whom the secretariat may send for: code and name. Empty for a department's own people.
    pub(super) departments: Vec<(String, String)>,
    pub(super) department: String,
    /// The upload at hand lists only some projects.
    pub(super) supplement: bool,
}

/// A project that came back.
struct Returned {
    code: String,
    department: String,
    name: String,
    reason: String,
    at: String,
}

/// An upload in the history.
struct Sent {
    id: i64,
    file_name: String,
    department: String,
    period: String,
    at: String,
    by: String,
    state: &'static str,
    class: &'static str,
    counts: Option<Counts>,
}

/// `GET /`.
pub(super) async fn page(State(registry): State<Registry>, Extension(session): Officer) -> Result<Response, WebError> {
    let role = session.operator.role;
    if !matches!(role, Role::Reporter | Role::Lead | Role::Secretariat) {
        return Ok(Redirect::to(home_of(role)).into_response());
    }
    blocking(&registry, move |registry| render(&home(registry, &session)?)).await
}

fn home(registry: &Registry, session: &Session) -> Result<HomePage, WebError> {
    let operator = &session.operator;
    let catalogue = &registry.catalogue;
    let today = words::today(registry);
    let in_state = |state| Filter {
        state: Some(state),
        ..Filter::default()
    };
    let count = |state| review::count(registry, operator, &in_state(state));
    let returned = review::list(registry, operator, &in_state(ReviewState::Returned), 0, SHOWN)?;
    let reasons = lists::reasons(registry, &returned)?;
    let returned = returned.into_iter().map(|row| Returned {
        code: row.code().to_string(),
        department: words::department(catalogue, &row.department).to_owned(),
        reason: reasons.get(&row.id).cloned().unwrap_or_default(),
        at: words::moment(row.updated_at),
        name: row.name,
    });
    let uploads = intake::uploads(registry, operator, SHOWN)?;
    let open = intake::open_held(registry, &uploads)?;
    Ok(HomePage {
        frame: Frame::new(registry, session, "报送", "/"),
        period: words::period_label(&words::period(today)),
        due: due(registry, session)?,
        notices: notices(registry, session)?,
        form: UploadForm::new(registry, session, None),
        returned: returned.collect(),
        returned_count: count(ReviewState::Returned)?,
        waiting: count(ReviewState::Pending)?,
        approved: count(ReviewState::Approved)?,
        uploads: uploads
            .into_iter()
            .map(|upload| {
                let held = open.get(&upload.id).copied().unwrap_or_default();
                sent(registry, upload, held)
            })
            .collect(),
        all_departments: operator.role == Role::Secretariat,
    })
}

/// A department's own debts, each in a line; all departments' in one.
fn notices(registry: &Registry, session: &Session) -> Result<Vec<Notice>, WebError> {
    let owed = reminders::owed(registry, &session.operator)?;
    if session.operator.role != Role::Secretariat {
        let mut notices: Vec<_> = waiting_for_lead(registry, session)?.into_iter().collect();
        notices.extend(owed.iter().map(periods::notice));
        let states = photos::count_by_state(registry, &session.operator)?;
        notices.extend(states.get("refused").map(|refused| {
            let words = format!("国家平台退回了 {refused} 张照片：请看原因，换合格的再传");
            ("error", words, "/photos".into())
        }));
        return Ok(notices);
    }
    let overdue = owed.iter().filter(|owed| owed.days_left < 0).count();
    if overdue == 0 {
        return Ok(Vec::new());
    }
    let words = format!("各部门共有 {overdue} 项逾期（清单、整改、议定事项）");
    Ok(vec![("error", words, "/periods".into())])
}

/// What waits for the decision of who looks, where that is the department's lead.
fn waiting_for_lead(registry: &Registry, session: &Session) -> Result<Option<Notice>, WebError> {
    if session.operator.role != Role::Lead {
        return Ok(None);
    }
    let filter = Filter {
        state: Some(ReviewState::Pending),
        step: Some(Step::Lead),
        ..Filter::default()
    };
    let waiting = review::count(registry, &session.operator, &filter)?;
    let words = format!("{waiting} 个工程等您审核：同意的转秘书处，有问题的退回");
    Ok((waiting > 0).then_some(("confirm", words, "/review".into())))
}

/// How the month stands: by the department's own last day, for the secretariat by the usual one.
fn due(registry: &Registry, session: &Session) -> Result<Due, WebError> {
    let month = Month::at(registry.clock.now());
    let left = match session.operator.department {
        Some(_) if session.operator.role != Role::Secretariat => {
            let standings = registry_periods::standings(registry, &session.operator, &[month])?;
            let Some((standing, day)) = standings.first().and_then(|standing| Some((standing, standing.due?))) else {
                return Ok(Due::NotAsked);
            };
            if standing.received.is_some() {
                return Ok(Due::Done);
            }
            (day, standing.days_left)
        }
        _ => {
            let day = month.day(registry_periods::DUE_DAY);
            (day, (day - words::today(registry)).num_days())
        }
    };
    Ok(match left {
        (day, since @ ..0) => Due::Past(day.day(), -since),
        (day, left) => Due::In(day.day(), left),
    })
}

impl UploadForm {
    /// The form for this officer; as `upload` was sent, where it is to be sent again.
    pub(super) fn new(registry: &Registry, session: &Session, upload: Option<&Upload>) -> Self {
        let today = words::today(registry);
        let mut periods: Vec<String> = (0..=MONTHS_BACK)
            .filter_map(|back| Some(words::period(today.checked_sub_months(Months::new(back))?)))
            .collect();
        if let Some(upload) = upload.filter(|upload| !periods.contains(&upload.period)) {
            periods.push(upload.period.clone());
        }
        let departments = match session.operator.role {
            Role::Secretariat => registry.catalogue.departments(),
            _ => &[],
        };
        Self {
            period: upload.map_or_else(|| words::period(today), |upload| upload.period.clone()),
            periods: periods
                .into_iter()
                .map(|period| (words::period_label(&period), period))
                .map(|(label, period)| (period, label))
                .collect(),
            departments: departments
                .iter()
                .map(|department| (department.code.clone(), department.name.clone()))
                .collect(),
            department: upload
                .map(|upload| upload.department.clone())
                .or_else(|| session.operator.department.clone())
                .unwrap_or_default(),
            supplement: upload.is_some_and(|upload| upload.supplement == 1),
        }
    }
}

/// What an upload's summary keeps of its last commit.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(super) struct Counts {
    pub(super) rows: usize,
    pub(super) new: usize,
    pub(super) changed: usize,
    pub(super) unchanged: usize,
    pub(super) held: usize,
}

/// The counts of an upload's last commit, where there was one.
pub(super) fn counts(upload: &Upload) -> Option<Counts> {
    #[derive(Deserialize)]
    struct Summary {
        counts: Counts,
    }
    let summary: Summary = serde_json::from_str(upload.summary.as_deref()?).ok()?;
    Some(summary.counts)
}

/// An upload in the history, with so many held rows that no later upload brought again.
fn sent(registry: &Registry, upload: Upload, held: i64) -> Sent {
    let counts = counts(&upload);
    let (state, class) = match (&*upload.state, held) {
        ("committed", 1..) => ("已提交，有暂缓", "confirm"),
        ("committed", _) => ("已提交", "good"),
        ("unreadable", _) => ("无法读取", "error"),
        _ => ("未提交，待核对", "confirm"),
    };
    Sent {
        id: upload.id,
        department: words::department(&registry.catalogue, &upload.department).to_owned(),
        period: words::period_label(&upload.period),
        at: words::moment(upload.received_at),
        by: upload.received_by,
        file_name: upload.file_name,
        state,
        class,
        counts,
    }
}
