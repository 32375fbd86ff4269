//! `/runs`: the deliveries to the national platform: each run with its balanced count, what waits, and what the platform rejected; and the
//! records behind a run's figures.

use askama::Template;
use axum::extract::{Extension, Path, Query, State};
use axum::response::Response;
use retrofit_jobs::store::{Counts, DeliveryState, LeftState, RunState, Verdict, Word as _};
use serde::Deserialize;

use super::charts::Columns;
use super::error::WebError;
use super::frame::{Frame, blocking, page as render};
use super::guard::Officer;
use super::project::delivery_words;
use super::words;
use crate::db::sync_runs::SyncRunRow;
use crate::registry::people::Session;
use crate::registry::{Error, Registry, delivery, lists};
use crate::{sync, tasks};

/// Runs and rejected records that the page shows.
const SHOWN: i64 = delivery::LISTS_KEPT;
/// Records on a page of a run.
const PAGE: i64 = 100;

#[derive(Template)]
#[template(path = "runs.html")]
struct RunsPage {
    frame: Frame,
    waiting: i64,
    /// The runs that sent something, the first one first.
    picture: Option<Columns>,
    runs: Vec<Run>,
    rejections: Vec<Answered>,
}

struct Run {
    id: i64,
    started: String,
    ended: String,
    by: String,
    state: &'static str,
    class: &'static str,
    to_do: &'static str,
    detail: String,
    selected: u64,
    running: bool,
    settled: u64,
    counts: Counts,
    batches: u64,
    /// What it left is known by record.
    left_kept: bool,
}

struct Answered {
    code: String,
    name: String,
    department: String,
    revision: i64,
    run: i64,
    platform_no: String,
    errors: Vec<(String, String)>,
    at: String,
}

/// `GET /runs`.
pub(super) async fn page(State(registry): State<Registry>, Extension(session): Officer) -> Result<Response, WebError> {
    blocking(&registry, move |registry| render(&runs(registry, &session)?)).await
}

fn runs(registry: &Registry, session: &Session) -> Result<RunsPage, WebError> {
    let operator = &session.operator;
    let rejections = lists::rejections(registry, operator, (i64::MAX, 0), SHOWN)?;
    let outbox = delivery::outbox(registry, operator)?;
    let ready = outbox.iter().filter(|(state, _)| state == DeliveryState::Ready.word());
    let runs = delivery::runs(registry, operator, SHOWN)?;
    let runs: Vec<Run> = runs.iter().map(run).collect::<Result<_, _>>()?;
    Ok(RunsPage {
        frame: Frame::new(registry, session, "上报平台", "/runs"),
        waiting: ready.map(|(_, count)| count).sum(),
        picture: picture(&runs),
        runs,
        rejections: rejections
            .into_iter()
            .map(|answer| answered(registry, answer))
            .collect(),
    })
}

fn answered(registry: &Registry, answer: lists::Answer) -> Answered {
    Answered {
        code: answer.code.to_string(),
        name: answer.name,
        department: words::department(&registry.catalogue, &answer.department).to_owned(),
        revision: answer.revision,
        run: answer.run,
        platform_no: answer.platform_no.unwrap_or_default(),
        errors: answer.errors,
        at: words::moment(answer.at),
    }
}

#[derive(Template)]
#[template(path = "run.html")]
struct RunPage {
    frame: Frame,
    run: Run,
    /// Which records are shown, as the address says it.
    shown: String,
    label: &'static str,
    total: u64,
    /// Those that the platform answered.
    answers: Vec<Answered>,
    /// Those that the run left.
    left: Vec<Left>,
    /// The address of the next page.
    next: Option<String>,
    /// Of how many runs there are such lists.
    lists_kept: i64,
}

/// A record that the run left, and how it stands now.
struct Left {
    code: String,
    name: String,
    department: String,
    revision: i64,
    state: &'static str,
    /// The run that took it over or settled it.
    run: Option<i64>,
}

/// Which of a run's records: those on which it got a verdict, or those that it left so.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    verdict: String,
    left: String,
    after: i64,
}

/// `GET /runs/{run}`: the records behind one of a run's figures.
pub(super) async fn one(
    State(registry): State<Registry>,
    Extension(session): Officer,
    Path(id): Path<i64>,
    Query(asked): Query<Asked>,
) -> Result<Response, WebError> {
    blocking(&registry, move |registry| {
        let operator = &session.operator;
        let found = delivery::runs_before(registry, operator, id.saturating_add(1), 1)?.pop();
        let row = found.filter(|row| row.id == id).ok_or(WebError::NotFound)?;
        let run = run(&row)?;
        let (mut answers, mut left) = (Vec::new(), Vec::new());
        let (shown, label, total, next);
        if let Some(state) = LeftState::from_word(&asked.left) {
            (label, total) = match state {
                LeftState::Pending => ("待回执", run.counts.pending),
                LeftState::Unknown => ("待查", run.counts.unknown),
                LeftState::NotSent => ("未发", run.counts.not_sent),
            };
            shown = format!("left={}", state.word());
            left = delivery::left(registry, operator, (id, state), asked.after, PAGE + 1)?;
            next = cut(&mut left, |last| last.delivery);
        } else {
            let verdict = Verdict::from_word(&asked.verdict).unwrap_or(Verdict::Accepted);
            (label, total) = match verdict {
                Verdict::Accepted => ("平台接收", run.counts.accepted),
                Verdict::Rejected => ("退回", run.counts.rejected),
                Verdict::Unchanged => ("无变化", run.counts.unchanged),
                Verdict::Stale => ("已有新版", run.counts.stale),
            };
            shown = format!("verdict={}", verdict.word());
            answers = lists::answered(registry, operator, (id, verdict), asked.after, PAGE + 1)?;
            next = cut(&mut answers, |last| last.delivery);
        }
        render(&RunPage {
            frame: Frame::new(registry, &session, format!("上报任务 {id}"), "/runs"),
            next: next.map(|after| format!("/runs/{id}?{shown}&after={after}")),
            answers: answers.into_iter().map(|answer| answered(registry, answer)).collect(),
            left: left.into_iter().map(|record| left_over(registry, id, record)).collect(),
            run,
            shown,
            label,
            total,
            lists_kept: delivery::LISTS_KEPT,
        })
    })
    .await
}

/// Leaves a page of what was read, and gives where the next one goes on.
fn cut<T>(records: &mut Vec<T>, place: impl Fn(&T) -> i64) -> Option<i64> {
    let page = usize::try_from(PAGE).unwrap_or(usize::MAX);
    let more = records.len() > page;
    records.truncate(page);
    records.last().filter(|_| more).map(place)
}

fn left_over(registry: &Registry, run: i64, record: delivery::LeftOver) -> Left {
    Left {
        code: record.code.to_string(),
        department: words::department(&registry.catalogue, &record.department).to_owned(),
        name: record.name,
        revision: record.revision,
        state: delivery_words(record.state),
        run: record.run.filter(|later| *later != run),
    }
}

/// How the records of the last runs ended.
fn picture(runs: &[Run]) -> Option<Columns> {
    let figure = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let sent = runs.iter().rev().filter(|run| run.selected > 0);
    let columns: Vec<(String, Vec<i64>)> = sent
        .map(|run| {
            let Counts {
                accepted,
                rejected,
                unchanged,
                stale,
                pending,
                unknown,
                not_sent,
            } = run.counts;
            let parts = [accepted, rejected, unchanged + stale, pending + unknown + not_sent];
            (format!("任务{}", run.id), parts.map(figure).to_vec())
        })
        .collect();
    let series = [
        ("finished", "平台接收"),
        ("part-error", "退回"),
        ("started", "无变化、已有新版"),
        ("planned", "没有结果"),
    ];
    (!columns.is_empty()).then(|| Columns::new("picture-runs", "最近各次上报的结果", &series, columns))
}

fn run(row: &SyncRunRow) -> Result<Run, Error> {
    let outcome = delivery::outcome(row)?;
    let (class, to_do) = said(outcome.state);
    Ok(Run {
        id: row.id,
        started: words::moment(row.started_at),
        ended: row.ended_at.map(words::moment).unwrap_or_default(),
        by: tasks::label(&row.started_by).to_owned(),
        state: sync::label(outcome.state),
        class,
        to_do,
        detail: outcome.detail.unwrap_or_default(),
        selected: outcome.selected,
        running: outcome.state == RunState::Running,
        settled: outcome.counts.settled(),
        counts: outcome.counts,
        batches: outcome.batches,
        left_kept: row.left_kept == 1,
    })
}

/// The class of a run's state in the stylesheet, and what is to be done about it.
fn said(state: RunState) -> (&'static str, &'static str) {
    match state {
        RunState::Running => ("hint", ""),
        RunState::Done => ("good", ""),
        // its detail says who is to answer: the platform, or the operator of a package
        RunState::Pending => ("confirm", ""),
        RunState::Partial => ("confirm", "下一次任务接着查、接着报，平台不会重复登记。"),
        RunState::PlatformDown => ("error", "下一次任务会接着报；连续几天这样，请联系平台。"),
        RunState::PlatformBusy => ("confirm", "下一次任务会接着报。"),
        RunState::Refused => ("error", "请系统管理员核对平台的密钥、地址和行政区划。"),
        RunState::ClockSkew => ("error", "请系统管理员校准服务器的时间。"),
        RunState::WindowClosed => ("confirm", "没报完的，下一次任务接着报。"),
        RunState::Abandoned => ("confirm", "程序停过，没做完的由后一次任务接手。"),
        RunState::Failed => ("error", "请系统管理员查看日志。"),
    }
}
