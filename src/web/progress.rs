//! `/progress`: how far the works are, by category: one picture, and the same figures in a table.

use askama::Template;
use axum::extract::{Extension, State};
use axum::response::Response;
use retrofit_import::catalogue::CodeList;

use super::error::WebError;
use super::frame::{Frame, blocking, page as render};
use super::guard::Officer;
use super::words;
use crate::registry::people::Session;
use crate::registry::review::{self, Filter};
use crate::registry::{Registry, State as ReviewState, projects};

#[derive(Template)]
#[template(path = "progress.html")]
struct ProgressPage {
    frame: Frame,
    as_of: String,
    bars: Vec<Bar>,
    total: Figures,
    pending: i64,
    cancelled: i64,
    height: i64,
}

/// How many projects stand where, by their latest approved revision.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Figures {
    planned: i64,
    started: i64,
    finished: i64,
}

impl Figures {
    fn all(self) -> i64 {
        self.planned + self.started + self.finished
    }

    /// The part that is finished, in whole percent.
    fn percent(self) -> i64 {
        if self.all() == 0 {
            0
        } else {
            self.finished * 100 / self.all()
        }
    }
}

/// A category's bar in the picture and row in the table. Lengths are in units of the picture.
struct Bar {
    category: String,
    label: String,
    figures: Figures,
    pending: i64,
    top: i64,
    finished: i64,
    started: i64,
    planned: i64,
}

impl Bar {
    fn end(&self) -> i64 {
        LEFT + self.finished + self.started + self.planned
    }
}

/// Where the bars begin, how long the longest is, and how far they are apart.
const LEFT: i64 = 110;
const LONGEST: i64 = 440;
const STEP: i64 = 32;

/// `GET /progress`.
pub(super) async fn page(State(registry): State<Registry>, Extension(session): Officer) -> Result<Response, WebError> {
    blocking(&registry, move |registry| render(&progress(registry, &session)?)).await
}

fn progress(registry: &Registry, session: &Session) -> Result<ProgressPage, WebError> {
    let by_stage = projects::progress(registry)?;
    let mut bars = Vec::new();
    for category in registry.catalogue.codes(CodeList::Category) {
        let pending = Filter {
            state: Some(ReviewState::Pending),
            category: Some(category.code.to_string()),
            ..Filter::default()
        };
        bars.push(Bar {
            figures: figures(by_stage.iter().filter(|(of, ..)| **of == *category.code)),
            pending: review::count(registry, &session.operator, &pending)?,
            category: category.code.to_string(),
            label: category.label.clone(),
            top: 0,
            finished: 0,
            started: 0,
            planned: 0,
        });
    }
    bars.retain(|bar| bar.figures.all() + bar.pending > 0);
    draw(&mut bars);
    Ok(ProgressPage {
        frame: Frame::new(registry, session, "进度", "/progress"),
        as_of: words::moment(registry.clock.now()),
        total: figures(by_stage.iter()),
        pending: bars.iter().map(|bar| bar.pending).sum(),
        cancelled: by_stage
            .iter()
            .filter(|(_, stage, _)| stage == "90")
            .map(|(.., count)| count)
            .sum(),
        height: STEP * i64::try_from(bars.len()).unwrap_or_default(),
        bars,
    })
}

/// Adds up counts by stage: 10 and 20 are planned, 30 is started, 40 and 50 are finished, 90 is cancelled and does not count.
fn figures<'a>(by_stage: impl Iterator<Item = &'a (String, String, i64)>) -> Figures {
    let mut figures = Figures::default();
    for (_, stage, count) in by_stage {
        match &**stage {
            "10" | "20" => figures.planned += count,
            "30" => figures.started += count,
            "40" | "50" => figures.finished += count,
            _ => {}
        }
    }
    figures
}

/// Gives each bar its place and its lengths, in proportion to the longest.
fn draw(bars: &mut [Bar]) {
    let most = bars
        .iter()
        .map(|bar| bar.figures.all())
        .max()
        .unwrap_or_default()
        .max(1);
    for (bar, at) in bars.iter_mut().zip(0..) {
        bar.top = at * STEP;
        bar.finished = bar.figures.finished * LONGEST / most;
        bar.started = bar.figures.started * LONGEST / most;
        bar.planned = bar.figures.planned * LONGEST / most;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_add_up() {
        let counts = [("10", 1), ("20", 2), ("30", 4), ("40", 8), ("50", 16), ("90", 32)];
        let rows: Vec<_> = counts
            .iter()
            .map(|&(stage, count)| ("02".into(), stage.into(), count))
            .collect();
        let figures = figures(rows.iter());
        let expected = Figures {
            planned: 3,
            started: 4,
            finished: 24,
        };
        assert_eq!(figures, expected);
        assert_eq!(
            (figures.all(), figures.percent(), Figures::default().percent()),
            (31, 77, 0)
        );
    }
}
