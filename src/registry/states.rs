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

/// What moves a revision from state to state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    /// The secretariat approves it.
    Approve,
    /// The secretariat gives it back, with a reason.
    Return,
    /// The platform refuses it.
    SendBack,
}

/// Every allowed move. Nothing leads on from 退回: what is sent again is a new revision.
const MOVES: &[(State, Op, Verb, State)] = &[
    (State::Pending, Op::Upsert, Verb::Approve, State::Approved),
    (State::Pending, Op::Withdraw, Verb::Approve, State::Withdrawn),
    (State::Pending, Op::Upsert, Verb::Return, State::Returned),
    (State::Pending, Op::Withdraw, Verb::Return, State::Returned),
    (State::Approved, Op::Upsert, Verb::SendBack, State::Returned),
    (State::Withdrawn, Op::Withdraw, Verb::SendBack, State::Returned),
];

/// Where a move leads; `None` where it is not allowed.
pub(super) fn target(from: State, op: Op, verb: Verb) -> Option<State> {
    let allowed = MOVES
        .iter()
        .find(|(state, of, by, _)| (*state, *of, *by) == (from, op, verb));
    allowed.map(|&(.., to)| to)
}
