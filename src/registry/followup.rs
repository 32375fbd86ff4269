//! What is followed to its end: findings of an inspection, and items of a joint meeting. One table of states for both.

use chrono::NaiveDate;
use retrofit_jobs::store::{UtcMillis, Word};

use super::people::Operator;
use super::{Error, Registry, business_day};

/// How far a matter is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// 待整改: the department has yet to act.
    Open,
    /// 已整改待核: the department says that it is done.
    Answered,
    /// 退回: the secretariat was not content; the department acts again.
    Returned,
    /// 已销号: verified and closed. The end.
    Closed,
}

impl Word for Stage {
    const ALL: &'static [Self] = &[Self::Open, Self::Answered, Self::Returned, Self::Closed];

    fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Answered => "answered",
            Self::Returned => "returned",
            Self::Closed => "closed",
        }
    }
}

impl Stage {
    /// The officers' word for a finding of an inspection in this state.
    pub const fn of_finding(self) -> &'static str {
        match self {
            Self::Open => "待整改",
            Self::Answered => "已整改待核",
            Self::Returned => "退回",
            Self::Closed => "已销号",
        }
    }

    /// The officers' word for an item of a meeting in this state.
    pub const fn of_item(self) -> &'static str {
        match self {
            Self::Open => "待办理",
            Self::Answered => "已办待核",
            Self::Returned => "退回",
            Self::Closed => "已办结",
        }
    }

    /// Whether the department has to act.
    pub const fn is_owed(self) -> bool {
        matches!(self, Self::Open | Self::Returned)
    }
}

/// What is done with a matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The department says that it is done, and how.
    Answer,
    /// The secretariat has verified it.
    Close,
    /// The secretariat gives it back, and says why.
    Return,
}

/// Every allowed move.
const MOVES: &[(Stage, Step, Stage)] = &[
    (Stage::Open, Step::Answer, Stage::Answered),
    (Stage::Returned, Step::Answer, Stage::Answered),
    (Stage::Answered, Step::Close, Stage::Closed),
    (Stage::Answered, Step::Return, Stage::Returned),
];

/// Where a step leads; `None` where it is not allowed.
pub fn target(from: Stage, step: Step) -> Option<Stage> {
    MOVES
        .iter()
        .find(|(at, by, _)| (*at, *by) == (from, step))
        .map(|&(.., to)| to)
}

/// A matter, as far as a step is concerned.
pub(super) struct Matter<'a> {
    /// Who is to act.
    pub(super) department: &'a str,
    /// How far it is.
    pub(super) stage: Stage,
    /// The officers' word for that.
    pub(super) label: &'static str,
    /// How many steps were made.
    pub(super) version: i64,
    /// Who answered last.
    pub(super) answered_by: Option<&'a str>,
}

/// Where a step by this operator leads, where it may be made; `seen` is the version that was shown.
///
/// # Errors
/// Refused where the role may not, the matter has moved since it was shown, the table has no such move, the note is missing, or the
/// secretariat's own answer is to be closed by the one who gave it.
pub(super) fn check(
    operator: &Operator,
    matter: &Matter<'_>,
    step: Step,
    seen: Option<i64>,
    note: &str,
) -> Result<Stage, Error> {
    let may = match step {
        Step::Answer => operator.may_send(matter.department),
        Step::Close | Step::Return => operator.may_review(),
    };
    if !may {
        return Err(Error::refused(match step {
            Step::Answer => "只有责任部门可以报告办理情况。",
            Step::Close | Step::Return => "只有秘书处可以核实、销号和退回。",
        }));
    }
    if seen.is_some_and(|seen| seen != matter.version) {
        return Err(Error::refused(format!(
            "打开页面之后，这一事项已有新的进展，现为“{}”。请重新查看后再办。",
            matter.label
        )));
    }
    let Some(to) = target(matter.stage, step) else {
        return Err(Error::refused(format!("当前为“{}”，不能这样处理。", matter.label)));
    };
    if note.is_empty() {
        return Err(Error::refused(match step {
            Step::Answer => "请写明办理情况：做了什么，何时完成。",
            Step::Close => "请写明核实情况：怎样核实的，结果如何。",
            Step::Return => "退回须写明原因，部门才知道还要做什么。",
        }));
    }
    if step == Step::Close && matter.answered_by == Some(operator.name.as_str()) {
        return Err(Error::refused("本人报告的，须由秘书处其他人核实。"));
    }
    Ok(to)
}

/// How late a matter is: days since its deadline, where it is still owed or waits to be verified.
pub(super) fn days_overdue(stage: Stage, deadline: &str, now: UtcMillis) -> Option<i64> {
    let deadline: NaiveDate = deadline.parse().ok()?;
    let days = (business_day(now) - deadline).num_days();
    (days > 0 && stage.is_owed()).then_some(days)
}

/// A text that must be there and must not be longer than so many characters.
pub(super) fn text(what: &str, text: &str, most: usize) -> Result<String, Error> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Error::refused(format!("请填写{what}。")));
    }
    if text.chars().count() > most {
        return Err(Error::refused(format!("{what}不能超过 {most} 字。")));
    }
    Ok(text.into())
}

/// A deadline that is not gone by.
pub(super) fn deadline(registry: &Registry, deadline: NaiveDate) -> Result<String, Error> {
    let today = business_day(registry.clock.now());
    if deadline < today {
        return Err(Error::refused(format!("期限 {deadline} 已过，今天是 {today}。")));
    }
    Ok(deadline.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_leads_on_from_the_end_and_nothing_is_closed_unanswered() {
        for step in [Step::Answer, Step::Close, Step::Return] {
            assert_eq!(target(Stage::Closed, step), None);
        }
        assert_eq!(target(Stage::Open, Step::Close), None);
        assert_eq!(target(Stage::Returned, Step::Close), None);
        assert_eq!(target(Stage::Answered, Step::Answer), None);
        assert_eq!(MOVES.len(), 4);
    }
}
