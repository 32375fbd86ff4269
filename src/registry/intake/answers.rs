//! What officers answer to findings that ask for confirmation.
//!
//! For a finding counts, in this order: what was written for it alone; the row's 情况说明 in the file; what was written for its group (the
//! same words of the same value down a column); for its rule; what the project's history holds for the same rule, field and value; and, from the console,
//! one answer to all.

use std::collections::HashMap;

use retrofit_import::finding::{Finding, Severity};
use retrofit_jobs::store::UtcMillis;

use super::identity::Identity;
use super::{Roster, Upload};
use crate::db::counters::{self, Counter};
use crate::db::readings::{self, DraftRow};
use crate::db::revisions::{self, ExplanationRow, FindingRow};
use crate::db::{Conn, DbError};
use crate::registry::people::Operator;
use crate::registry::values::sha256;
use crate::registry::{Error, Registry, audit};

/// The longest explanation, in characters.
pub const LONGEST: usize = 500;

/// An answer to a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The words.
    pub text: String,
    /// Where they come from.
    pub source: Source,
}

/// Where an answer comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// Written on the upload's page.
    Page {
        /// By whom.
        by: String,
        /// When, UTC milliseconds.
        at: UtcMillis,
    },
    /// The column 情况说明 of the file.
    File,
    /// Given before for the same project, rule and value.
    Carried {
        /// With which revision it was given first.
        revision: i64,
        /// By whom.
        by: String,
        /// When, UTC milliseconds.
        at: UtcMillis,
    },
    /// One answer to everything, from the console.
    All,
}

/// Answers by the row's place in the roster and the finding's place among the row's.
pub(super) type Answers = HashMap<(usize, usize), Answer>;

/// Names a rule's findings in an upload.
pub fn rule_scope(code: &str) -> String {
    format!("rule:{code}")
}

/// Names the findings that are equal but for their cells, as [`retrofit_import::report::groups`] puts them together.
pub fn group_scope(finding: &Finding) -> String {
    let column = finding.address.map(|address| address.column);
    let cell = (&finding.sheet, column, finding.field, &finding.value);
    let said = (&finding.message, &finding.suggestion, &finding.basis);
    let digest = sha256(format!("{cell:?}{said:?}").as_bytes());
    format!("group:{}:{}", finding.code, &digest[..16])
}

/// Names one finding of an upload.
pub fn finding_scope(finding: &Finding) -> String {
    let field = finding.field.map_or("", |field| field.id());
    let sheet = finding.sheet.as_deref().unwrap_or_default();
    let row = finding.row.unwrap_or_default();
    format!("finding:{}:{row}:{field}:{sheet}", finding.code)
}

/// Keeps what an officer explains of an upload, each with its scope; an empty text takes the explanation back.
///
/// # Errors
/// Refused where the operator may not send for the department, or a text is too long.
pub fn explain(
    registry: &Registry,
    operator: &Operator,
    upload: &Upload,
    texts: &[(String, String)],
) -> Result<(), Error> {
    if !operator.may_send(&upload.department) {
        return Err(Error::refused(format!("用户“{}”不能代该部门报送。", operator.name)));
    }
    if texts.iter().any(|(_, text)| text.trim().chars().count() > LONGEST) {
        return Err(Error::refused(format!("每条情况说明最多 {LONGEST} 字，请写得短一些。")));
    }
    let now = registry.clock.now();
    registry.db.write(|conn| {
        counters::lock(conn, Counter::Project)?;
        let before: HashMap<String, DraftRow> = readings::drafts(conn, upload.id)?
            .into_iter()
            .map(|row| (row.scope.clone(), row))
            .collect();
        let mut changed = 0;
        for (scope, text) in texts {
            let text = text.trim();
            let had = before.get(scope).map_or("", |row| &*row.explanation);
            if had == text {
                continue;
            }
            changed += 1;
            readings::remove_draft(conn, upload.id, scope)?;
            if !text.is_empty() {
                let row = DraftRow {
                    upload_id: upload.id,
                    scope: scope.clone(),
                    explanation: text.into(),
                    given_by: operator.name.clone(),
                    given_at: now,
                };
                readings::add_draft(conn, &row)?;
            }
        }
        if changed > 0 {
            let detail = serde_json::json!({ "explanations": changed });
            let action = ("upload.explain", audit::Outcome::Done);
            audit::note(conn, operator, now, action, &upload.id.to_string(), &detail)?;
        }
        Ok(())
    })
}

/// What was written on an upload's page: texts by scope.
///
/// # Errors
/// Only our own faults.
pub fn drafts(registry: &Registry, upload: &Upload) -> Result<HashMap<String, String>, Error> {
    let rows = registry.db.read(|conn| readings::drafts(conn, upload.id))?;
    Ok(rows.into_iter().map(|row| (row.scope, row.explanation)).collect())
}

/// What was written on an upload's page, by scope.
pub(super) struct Drafts(HashMap<String, DraftRow>);

impl Drafts {
    pub(super) fn load(conn: &mut Conn<'_>, upload: i64) -> Result<Self, DbError> {
        let rows = readings::drafts(conn, upload)?;
        Ok(Self(rows.into_iter().map(|row| (row.scope.clone(), row)).collect()))
    }

    fn get(&self, scope: &str) -> Option<Answer> {
        self.0.get(scope).map(|row| Answer {
            text: row.explanation.clone(),
            source: Source::Page {
                by: row.given_by.clone(),
                at: row.given_at,
            },
        })
    }

    fn of_finding(&self, finding: &Finding) -> Option<Answer> {
        (!self.0.is_empty()).then(|| self.get(&finding_scope(finding)))?
    }

    fn of_group_or_rule(&self, finding: &Finding) -> Option<Answer> {
        if self.0.is_empty() {
            return None;
        }
        self.get(&group_scope(finding))
            .or_else(|| self.get(&rule_scope(finding.code)))
    }
}

/// The answers to the findings to confirm of rows that say something new. `found` are those of the comparison with the registry, by row.
pub(super) fn resolve(
    conn: &mut Conn<'_>,
    roster: &Roster,
    (identities, found): (&[Identity], &[(usize, Finding)]),
    drafts: &Drafts,
    all: Option<&str>,
) -> Result<Answers, DbError> {
    let mut answers = Answers::new();
    let mut open = Vec::new();
    let mut rest = found;
    for ((at, row), identity) in roster.rows.iter().enumerate().zip(identities) {
        let here = rest.iter().take_while(|(of, _)| *of == at).count();
        let (here, later) = rest.split_at(here);
        rest = later;
        if identity.met().is_some_and(|met| met.is_repeated_by(row)) {
            continue;
        }
        let of_row = row.findings.iter().take(row.checked);
        for (finding, of) in of_row.chain(here.iter().map(|(_, finding)| finding)).zip(0..) {
            if finding.severity != Severity::Confirm {
                continue;
            }
            let in_file = || {
                row.explanation.as_ref().map(|text| Answer {
                    text: text.to_string(),
                    source: Source::File,
                })
            };
            let given = drafts
                .of_finding(finding)
                .or_else(in_file)
                .or_else(|| drafts.of_group_or_rule(finding));
            match given {
                Some(answer) => drop(answers.insert((at, of), answer)),
                None => open.push((at, of, identity.met().map(|met| met.id), finding)),
            }
        }
    }
    let history = History::load(conn, open.iter().filter_map(|(.., project, _)| *project).collect())?;
    for (at, of, project, finding) in open {
        let carried = project.and_then(|project| history.answer(project, finding));
        let to_all = || {
            all.map(|text| Answer {
                text: text.into(),
                source: Source::All,
            })
        };
        if let Some(answer) = carried.or_else(to_all) {
            answers.insert((at, of), answer);
        }
    }
    Ok(answers)
}

/// What projects' histories hold: by project, rule, field and value the latest explanation.
struct History(HashMap<(i64, String, Option<String>, Option<String>), ExplanationRow>);

impl History {
    fn load(conn: &mut Conn<'_>, mut projects: Vec<i64>) -> Result<Self, DbError> {
        projects.dedup();
        let rows = revisions::explanations_of(conn, &projects)?;
        let key = |finding: FindingRow| (finding.project_id, finding.code, finding.field, finding.written);
        Ok(Self(
            rows.into_iter().map(|(finding, row)| (key(finding), row)).collect(),
        ))
    }

    fn answer(&self, project: i64, finding: &Finding) -> Option<Answer> {
        let field = finding.field.map(|field| field.id().to_owned());
        let row = self
            .0
            .get(&(project, finding.code.to_owned(), field, finding.value.clone()))?;
        Some(Answer {
            text: row.explanation.clone(),
            source: Source::Carried {
                revision: row.carried_from.unwrap_or(row.revision),
                by: row.given_by.clone(),
                at: row.given_at,
            },
        })
    }
}
