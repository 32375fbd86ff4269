//! `/runs`: the deliveries to the national platform: each run with its balanced count, what waits, and what the platform rejected.

use askama::Template;
use axum::extract::{Extension, State};
use axum::response::Response;
use retrofit_jobs::store::{Counts, DeliveryState, RunState, Word as _};

use super::charts::Columns;
use super::error::WebError;
use super::frame::{Frame, blocking, page as render};
use super::guard::Officer;
use super::words;
use crate::db::sync_runs::SyncRunRow;
use crate::registry::people::Session;
use crate::registry::{Error, Registry, delivery, lists};
use crate::{sync, tasks};

/// Runs and rejected records that the page shows.
const SHOWN: i64 = 30;

#[derive(Template)]
#[template(path = "runs.html")]
struct RunsPage {
    frame: Frame,
    waiting: i64,
    /// The runs that sent something, the first one first.
    picture: Option<Columns>,
    runs: Vec<Run>,
    rejections: Vec<Rejected>,
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
}

struct Rejected {
    code: String,
    name: String,
    department: String,
    revision: i64,
    run: i64,
    errors: Vec<(String, String)>,
    at: String,
}

/// `GET /runs`.
pub(super) async fn page(State(registry): State<Registry>, Extension(session): Officer) -> Result<Response, WebError> {
    blocking(&registry, move |registry| render(&runs(registry, &session)?)).await
}

fn runs(registry: &Registry, session: &Session) -> Result<RunsPage, WebError> {
    let operator = &session.operator;
    let rejections = lists::rejections(registry, operator, (i64::MAX, 0), SHOWN)?
        .into_iter()
        .map(|rejection| Rejected {
            code: rejection.code.to_string(),
            name: rejection.name,
            department: words::department(&registry.catalogue, &rejection.department).to_owned(),
            revision: rejection.revision,
            run: rejection.run,
            errors: rejection.errors,
            at: words::moment(rejection.at),
        });
    let outbox = delivery::outbox(registry, operator)?;
    let ready = outbox.iter().filter(|(state, _)| state == DeliveryState::Ready.word());
    let runs = delivery::runs(registry, operator, SHOWN)?;
    let runs: Vec<Run> = runs.iter().map(run).collect::<Result<_, _>>()?;
    Ok(RunsPage {
        frame: Frame::new(registry, session, "上报平台", "/runs"),
        waiting: ready.map(|(_, count)| count).sum(),
        picture: picture(&runs),
        runs,
        rejections: rejections.collect(),
    })
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
