//! The filters of the review queue: what the address says, and the lists to choose from.

use retrofit_import::catalogue::{CodeList, Field};
use retrofit_jobs::store::{UtcMillis, Word as _};
use serde::{Deserialize, Serialize};

use super::words;
use crate::registry::people::{Operator, Sight};
use crate::registry::review::Filter;
use crate::registry::{Registry, State as ReviewState, Step};

/// What waits for a department's own lead, in the officers' words.
pub(super) const AT_LEAD: &str = "待部门负责人审核";
/// In an address: everything that waits, whoever decides.
const WAITING: &str = "waiting";
/// A day, in milliseconds.
const DAY: UtcMillis = 24 * 60 * 60 * 1000;
/// What the address says: which projects, and after which one the page begins.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(super) struct Asked {
    #[serde(skip_serializing_if = "String::is_empty")]
    state: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    department: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    category: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    county: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    stage: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    explained: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    severity: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    overdue: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    changed: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) after: Option<i64>,
}

impl Asked {
    pub(super) fn state(&self) -> ReviewState {
        ReviewState::from_word(&self.state).unwrap_or(ReviewState::Pending)
    }

    /// Who decides, where what waits for one of them is asked for: as the address says, or else who looks.
    pub(super) fn step(&self, operator: &Operator) -> Option<Step> {
        let own = operator.decides_at().unwrap_or(Step::Secretariat);
        let one = self.state() == ReviewState::Pending && self.state != WAITING;
        one.then(|| Step::from_word(&self.state).unwrap_or(own))
    }

    /// Where everything that waits is asked for: the same for what waits for one of them.
    pub(super) fn at(&self, step: Step) -> Option<Self> {
        let state = step.word().to_owned();
        (self.state == WAITING).then(|| Self { state, ..self.clone() })
    }

    pub(super) fn filter(&self, registry: &Registry, operator: &Operator) -> Filter {
        let now = registry.clock.now();
        let given = |text: &String| (!text.is_empty()).then(|| text.clone());
        Filter {
            state: Some(self.state()),
            department: given(&self.department),
            category: given(&self.category),
            county: given(&self.county),
            stage: given(&self.stage),
            explained: match &*self.explained {
                "yes" => Some(true),
                "no" => Some(false),
                _ => None,
            },
            step: self.step(operator),
            severity: given(&self.severity),
            changed: Field::from_id(&self.changed),
            due_before: (self.overdue == "plan").then(|| words::today(registry)),
            waiting_before: match &*self.overdue {
                "3" => Some(now - 3 * DAY),
                "7" => Some(now - 7 * DAY),
                _ => None,
            },
        }
    }

    pub(super) fn query(&self) -> String {
        serde_urlencoded::to_string(self).unwrap_or_default()
    }

    /// The address of the page that begins after this project.
    pub(super) fn query_after(&self, after: Option<i64>) -> String {
        Self { after, ..self.clone() }.query()
    }

    pub(super) fn narrows(&self) -> bool {
        let Self {
            state: _,
            after: _,
            department,
            category,
            county,
            stage,
            explained,
            severity,
            overdue,
            changed,
        } = self;
        let parts = [
            department, category, county, stage, explained, severity, overdue, changed,
        ];
        parts.iter().any(|part| !part.is_empty())
    }
}

/// A filter: a list to choose from.
pub(super) struct Choice {
    pub(super) name: &'static str,
    pub(super) label: &'static str,
    /// The word for no choice; none where one must be made.
    pub(super) any: Option<&'static str>,
    /// Value, label, and whether it is chosen.
    pub(super) options: Vec<(String, String, bool)>,
}

/// The queue's filters.
pub(super) fn filters(registry: &Registry, operator: &Operator, asked: &Asked) -> Vec<Choice> {
    let catalogue = &registry.catalogue;
    let codes = |list, chosen: &str| {
        let entries = catalogue.codes(list).iter();
        entries
            .map(|entry| (entry.code.to_string(), entry.label.clone(), &*entry.code == chosen))
            .collect()
    };
    let seen = catalogue.departments().iter();
    let seen = seen.filter(|department| operator.may_see(&department.code));
    let departments = seen.map(|department| {
        let chosen = department.code == asked.department;
        (department.code.clone(), department.short_name.clone(), chosen)
    });
    let counties = catalogue.divisions().counties();
    let step = asked.step(operator);
    let waiting = [(Step::Secretariat, ReviewState::Pending.label()), (Step::Lead, AT_LEAD)];
    let waiting = waiting.map(|(of, label)| (of.word().to_owned(), label.to_owned(), step == Some(of)));
    let decided = ReviewState::ALL.iter().filter(|state| **state != ReviewState::Pending);
    let decided = decided.map(|state| {
        let chosen = *state == asked.state();
        (state.word().to_owned(), state.label().to_owned(), chosen)
    });
    let all = (
        WAITING.to_owned(),
        "待审核，含部门负责人处的".to_owned(),
        asked.state == WAITING,
    );
    let states = waiting.into_iter().chain([all]).chain(decided);
    [
        Choice {
            name: "state",
            label: "状态",
            any: None,
            options: states.collect(),
        },
        Choice {
            name: "department",
            label: "部门",
            any: Some("全部部门"),
            options: departments.collect(),
        },
        Choice {
            name: "category",
            label: "类别",
            any: Some("全部类别"),
            options: codes(CodeList::Category, &asked.category),
        },
        Choice {
            name: "county",
            label: "县（市、区）",
            any: Some("全市"),
            options: counties
                .map(|county| {
                    (
                        county.code.to_string(),
                        county.name.clone(),
                        *county.code == *asked.county,
                    )
                })
                .collect(),
        },
        Choice {
            name: "stage",
            label: "工程进度",
            any: Some("全部进度"),
            options: codes(CodeList::Stage, &asked.stage),
        },
    ]
    .into_iter()
    .chain(of_waiting(registry, asked))
    // Who sees one department alone has none to choose.
    .filter(|choice| choice.name != "department" || operator.sees() == Sight::All)
    .collect()
}

/// The filters that choose among what waits.
fn of_waiting(registry: &Registry, asked: &Asked) -> [Choice; 4] {
    let fixed = |choices: &[(&str, &str)], chosen: &str| {
        let choice = |&(value, label): &(&str, &str)| (value.to_owned(), label.to_owned(), value == chosen);
        choices.iter().map(choice).collect()
    };
    let fields = registry.catalogue.fields().iter().map(|info| {
        let id = info.field.id();
        (id.to_owned(), info.label.clone(), id == asked.changed)
    });
    [
        Choice {
            name: "severity",
            label: "最重的问题",
            any: Some("不限"),
            options: fixed(
                &[("confirm", "核实性"), ("hint", "提示"), ("none", "没有问题")],
                &asked.severity,
            ),
        },
        Choice {
            name: "explained",
            label: "情况说明",
            any: Some("不限"),
            options: fixed(&[("yes", "有"), ("no", "没有")], &asked.explained),
        },
        Choice {
            name: "overdue",
            label: "逾期",
            any: Some("不限"),
            options: fixed(
                &[("plan", "已过计划完工日期"), ("3", "等候满 3 天"), ("7", "等候满 7 天")],
                &asked.overdue,
            ),
        },
        Choice {
            name: "changed",
            label: "变化的栏目",
            any: Some("不限"),
            options: fields.collect(),
        },
    ]
}
