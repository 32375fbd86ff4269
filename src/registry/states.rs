//! The states of a revision, and the one table of moves between them.

use retrofit_jobs::store::{Op, Word};

/// The state of a revision; a project is in the state of its current one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// 待审核.
    Pending,
    /// 已审核: frozen, and on its way to the platform.
    Approved,
    /// 退回, with a reason: by the secretariat, or by the platform.
    Returned,
    /// 已撤销: the removal of a project entered in error was approved.
    Withdrawn,
}

impl State {
    /// The officers' word for it.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Pending => "待审核",
            Self::Approved => "已审核",
            Self::Returned => "退回",
            Self::Withdrawn => "已撤销",
        }
    }

    /// The officers' word for a state as the database names it.
    pub fn label_of(word: &str) -> &str {
        Self::from_word(word).map_or(word, |state| state.label())
    }
}

impl Word for State {
    const ALL: &'static [Self] = &[Self::Pending, Self::Approved, Self::Returned, Self::Withdrawn];

    fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Returned => "returned",
            Self::Withdrawn => "withdrawn",
        }
    }
}

/// Who decides on a revision that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// The department's own lead, where the department has this step.
    Lead,
    /// The secretariat.
    Secretariat,
}

impl Word for Step {
    const ALL: &'static [Self] = &[Self::Lead, Self::Secretariat];

    fn word(self) -> &'static str {
        match self {
            Self::Lead => "lead",
            Self::Secretariat => "secretariat",
        }
    }
}

/// Where a revision stands: its state, and while it waits, with whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Standing(pub(super) State, pub(super) Option<Step>);

const AT_LEAD: Standing = Standing(State::Pending, Some(Step::Lead));
const AT_SECRETARIAT: Standing = Standing(State::Pending, Some(Step::Secretariat));
const APPROVED: Standing = Standing(State::Approved, None);
const RETURNED: Standing = Standing(State::Returned, None);
const WITHDRAWN: Standing = Standing(State::Withdrawn, None);

/// What moves a revision from state to state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    /// The lead passes it on to the secretariat.
    Endorse,
    /// The secretariat approves it.
    Approve,
    /// Whoever decides gives it back, with a reason.
    Return,
    /// The platform refuses it.
    SendBack,
}

/// Every allowed move. Nothing leads on from 退回: what is sent again is a new revision.
const MOVES: &[(Standing, Op, Verb, Standing)] = &[
    (AT_LEAD, Op::Upsert, Verb::Endorse, AT_SECRETARIAT),
    (AT_LEAD, Op::Withdraw, Verb::Endorse, AT_SECRETARIAT),
    (AT_LEAD, Op::Upsert, Verb::Return, RETURNED),
    (AT_LEAD, Op::Withdraw, Verb::Return, RETURNED),
    (AT_SECRETARIAT, Op::Upsert, Verb::Approve, APPROVED),
    (AT_SECRETARIAT, Op::Withdraw, Verb::Approve, WITHDRAWN),
    (AT_SECRETARIAT, Op::Upsert, Verb::Return, RETURNED),
    (AT_SECRETARIAT, Op::Withdraw, Verb::Return, RETURNED),
    (APPROVED, Op::Upsert, Verb::SendBack, RETURNED),
    (WITHDRAWN, Op::Withdraw, Verb::SendBack, RETURNED),
];

/// Where a move leads; `None` where it is not allowed.
pub(super) fn target(from: Standing, op: Op, verb: Verb) -> Option<Standing> {
    let allowed = MOVES
        .iter()
        .find(|(standing, of, by, _)| (*standing, *of, *by) == (from, op, verb));
    allowed.map(|&(.., to)| to)
}
