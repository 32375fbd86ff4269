//! What a roster would change, worked out against the registry as it is now. Reads only.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use chrono::NaiveDate;
use retrofit_import::finding::{Finding, Severity};
use retrofit_jobs::store::Word as _;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::identity::{self, Clash, Identity, code_of};
use super::{Roster, Row, Upload, known};
use crate::db::projects::{self, Met};
use crate::db::waivers::{self, Waivers};
use crate::db::{Conn, DbError, revisions};
use crate::registry::code::RegistryCode;
use crate::registry::states::State;
use crate::registry::values::{Change, changes, from_json, hex};
use crate::registry::{Error, Registry, business_day};

/// What would become of a row.
#[derive(Clone, Debug)]
pub enum Fate {
    /// It founds a new project.
    New,
    /// It becomes the project's next revision.
    Changed {
        /// The project, and its current revision.
        code: RegistryCode,
        /// Field by field.
        changes: Vec<Change>,
    },
    /// The project's current revision says the same.
    Unchanged {
        /// The project.
        code: RegistryCode,
        /// Why that revision was returned, where it was.
        returned: Option<String>,
    },
    /// It stays with the upload.
    Held {
        /// Why.
        why: Hold,
        /// The project it is about, where that is known.
        code: Option<RegistryCode>,
    },
}

/// Why a row is held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hold {
    /// It has a finding of severity `error`.
    Errors,
    /// It has a finding to confirm, and no explanation.
    Unexplained,
    /// Another row of the file is about the same project.
    MetTwice {
        /// That row's sheet.
        sheet: Arc<str>,
        /// That row.
        row: u32,
    },
    /// Several projects fit.
    Ambiguous(Vec<RegistryCode>),
    /// Its code is unknown, or another department's.
    ForeignCode,
    /// Its number is that of another project than the one that its code names.
    NumberTaken(RegistryCode),
    /// The project was withdrawn.
    Withdrawn,
}

impl Hold {
    /// The word in the database and in JSON.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Errors => "errors",
            Self::Unexplained => "unexplained",
            Self::MetTwice { .. } => "met-twice",
            Self::Ambiguous(_) => "ambiguous",
            Self::ForeignCode => "foreign-code",
            Self::NumberTaken(_) => "number-taken",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// What is wrong and what to do, for the officer.
    pub fn message(&self) -> String {
        match self {
            Self::Errors => "有强制性问题，请按提示修改后重新报送。".into(),
            Self::Unexplained => "有需要核实的问题，请修改，或写明情况说明后再提交。".into(),
            Self::MetTwice { sheet, row } => {
                let sheet = if sheet.is_empty() {
                    String::new()
                } else {
                    format!("工作表“{sheet}”")
                };
                format!("与{sheet}第 {row} 行是同一工程。请删去重复的行；确为两个工程的，请分别填写不同的工程编号。")
            }
            Self::Ambiguous(codes) => {
                let codes: Vec<String> = codes.iter().map(ToString::to_string).collect();
                format!(
                    "登记库中有多个工程与本行同名同址（{}），无法确定是哪一个。请填写登记编号。",
                    codes.join("、")
                )
            }
            Self::ForeignCode => "登记编号不属于本部门的任何工程。请核对登记编号；新工程请将该格留空。".into(),
            Self::NumberTaken(code) => {
                format!("工程编号已属于工程 {code}，与本行登记编号所指的工程不同。请核对两个编号。")
            }
            Self::Withdrawn => "该工程已撤销。确需恢复的，请与秘书处联系；新工程请填写新的工程编号。".into(),
        }
    }
}

/// A row's fate with what the commit needs to bring it about.
#[derive(Clone, Debug)]
pub(super) enum Planned {
    New,
    Changed { met: Met, before: String },
    Unchanged { met: Met, returned: Option<String> },
    Held { why: Hold, met: Option<Met> },
}

/// What a roster would change.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    /// One for each row, in order.
    pub(super) rows: Vec<Planned>,
    pub(super) not_listed: Vec<RegistryCode>,
    pub(super) fingerprint: String,
    /// What the comparison with the registry found in rows, each with its row's place in the roster.
    pub(super) of_rows: Vec<(usize, Finding)>,
    /// What it found in the roster as a whole.
    pub(super) of_roster: Vec<Finding>,
    /// The waivers that hold for the projects met.
    pub(super) waivers: Waivers,
}

/// What an upload would change, shown before it does.
#[derive(Clone, Debug)]
pub struct Preview {
    /// The upload.
    pub upload: Upload,
    /// What was read of it.
    pub roster: Arc<Roster>,
    /// The answer to its findings to confirm.
    pub explain: Option<String>,
    pub(super) plan: Plan,
}

/// The counts of a preview: `rows` is always `new + changed + unchanged + held`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Data rows.
    pub rows: usize,
    /// Rows that found new projects.
    pub new: usize,
    /// Rows that change projects.
    pub changed: usize,
    /// Rows that say what the registry says.
    pub unchanged: usize,
    /// Rows that stay with the upload.
    pub held: usize,
    /// Of the held ones, those that only want an explanation.
    pub to_confirm: usize,
    /// Projects of the department, among the file's categories and counties, that the file does not list.
    pub not_listed: usize,
}

/// Works out what a roster would change. Reads only.
///
/// `explain` answers all its findings to confirm.
///
/// # Errors
/// Only our own faults.
pub fn preview(
    registry: &Registry,
    upload: &Upload,
    mut roster: Roster,
    explain: Option<&str>,
) -> Result<Preview, Error> {
    let explain = explain
        .map(str::trim)
        .filter(|text| !text.is_empty())
        .map(str::to_owned);
    let plan = registry
        .db
        .read(|conn| plan(conn, registry, &upload.department, &roster, explain.is_some()))?;
    roster.take_compared(&plan);
    Ok(Preview {
        upload: upload.clone(),
        roster: Arc::new(roster),
        explain,
        plan,
    })
}

impl Preview {
    /// The rows with their fates, in the file's order.
    ///
    /// # Errors
    /// A stored revision that cannot be read: our own fault.
    pub fn rows(&self) -> Result<Vec<(&Row, Fate)>, Error> {
        let rows = self.roster.rows.iter().zip(&self.plan.rows);
        rows.map(|(row, planned)| Ok((row, planned.fate(row)?))).collect()
    }

    /// Projects of the department, among the file's categories and counties, that the file does not list. Nothing happens to them.
    pub fn not_listed(&self) -> &[RegistryCode] {
        &self.plan.not_listed
    }

    /// Names everything that a commit would do: the same for the same file and the same registry.
    pub fn fingerprint(&self) -> &str {
        &self.plan.fingerprint
    }

    /// The counts.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts {
            rows: self.plan.rows.len(),
            not_listed: self.plan.not_listed.len(),
            ..Counts::default()
        };
        for planned in &self.plan.rows {
            match planned {
                Planned::New => counts.new += 1,
                Planned::Changed { .. } => counts.changed += 1,
                Planned::Unchanged { .. } => counts.unchanged += 1,
                Planned::Held { why, .. } => {
                    counts.held += 1;
                    counts.to_confirm += usize::from(*why == Hold::Unexplained);
                }
            }
        }
        counts
    }
}

impl Planned {
    fn fate(&self, row: &Row) -> Result<Fate, Error> {
        Ok(match self {
            Self::New => Fate::New,
            Self::Changed { met, before } => Fate::Changed {
                code: code_of(met),
                changes: changes(&from_json(before)?, &from_json(&row.json)?),
            },
            Self::Unchanged { met, returned } => Fate::Unchanged {
                code: code_of(met),
                returned: returned.clone(),
            },
            Self::Held { why, met } => Fate::Held {
                why: why.clone(),
                code: met.as_ref().map(code_of),
            },
        })
    }

    /// The project that the row is about.
    pub(super) fn met(&self) -> Option<&Met> {
        match self {
            Self::New => None,
            Self::Changed { met, .. } | Self::Unchanged { met, .. } => Some(met),
            Self::Held { met, .. } => met.as_ref(),
        }
    }
}

/// Plans a roster against the registry as this connection sees it.
pub(super) fn plan(
    conn: &mut Conn<'_>,
    registry: &Registry,
    department: &str,
    roster: &Roster,
    explained: bool,
) -> Result<Plan, DbError> {
    let today = business_day(registry.clock.now());
    let identities = identity::resolve(conn, department, &roster.rows)?;
    let not_listed = not_listed(conn, department, roster, &identities)?;
    let rules = (&*registry.catalogue, today);
    let mut compared = known::compare(conn, rules, department, roster, &identities, not_listed.len())?;
    let waivers = waivers(conn, today, &identities)?;
    let mut rows = Vec::with_capacity(roster.rows.len());
    let mut found = compared.of_rows.as_slice();
    for ((at, row), identity) in roster.rows.iter().enumerate().zip(identities) {
        let here = found.iter().take_while(|(of, _)| *of == at).count();
        let (here, rest) = found.split_at(here);
        found = rest;
        let checked = row.findings.iter().take(row.checked);
        let all = checked.chain(here.iter().map(|(_, finding)| finding));
        let gravest = all
            .filter(|finding| !is_waived(&waivers, &identity, finding))
            .map(|finding| finding.severity);
        rows.push(judge(row, gravest.max(), identity, explained, &roster.rows));
    }
    complete(conn, &mut rows, &mut compared.befores)?;
    Ok(Plan {
        fingerprint: fingerprint(roster, &rows, &compared.of_rows),
        not_listed,
        rows,
        of_rows: compared.of_rows,
        of_roster: compared.of_roster,
        waivers,
    })
}

/// The waivers that hold for projects that rows meet.
fn waivers(conn: &mut Conn<'_>, today: NaiveDate, identities: &[Identity]) -> Result<Waivers, DbError> {
    let ids: Vec<i64> = identities
        .iter()
        .filter_map(|identity| Some(identity.met()?.id))
        .collect();
    waivers::in_force(conn, &ids, &today.to_string())
}

/// Whether an error does not hold its row, because the secretariat waived the rule for the project.
fn is_waived(waivers: &Waivers, identity: &Identity, finding: &Finding) -> bool {
    let waived = |met: &Met| waivers.contains_key(&(met.id, finding.code.to_owned()));
    finding.severity == Severity::Error && !waivers.is_empty() && identity.met().is_some_and(waived)
}

fn judge(row: &Row, gravest: Option<Severity>, identity: Identity, explained: bool, all: &[Row]) -> Planned {
    let held = |why, met| Planned::Held { why, met };
    let unexplained = gravest == Some(Severity::Confirm) && !explained;
    match identity {
        // Which code it is says more than that it is wrong.
        Identity::Clash(Clash::ForeignCode { .. }) => held(Hold::ForeignCode, None),
        Identity::Met(met) if gravest == Some(Severity::Error) => held(Hold::Errors, Some(met)),
        Identity::New | Identity::Clash(_) if gravest == Some(Severity::Error) => held(Hold::Errors, None),
        Identity::Clash(clash) => held(
            match clash {
                Clash::ForeignCode { .. } => Hold::ForeignCode,
                Clash::Ambiguous(codes) => Hold::Ambiguous(codes),
                Clash::NumberTaken(code) => Hold::NumberTaken(code),
                Clash::MetTwice(at) => Hold::MetTwice {
                    sheet: all[at].sheet.clone(),
                    row: all[at].row,
                },
            },
            None,
        ),
        Identity::Met(met) if met.state == State::Withdrawn.word() => held(Hold::Withdrawn, Some(met)),
        // What was explained when it went in needs no explanation again.
        Identity::Met(met) if met.digest == row.digest => Planned::Unchanged { met, returned: None },
        Identity::Met(met) if unexplained => held(Hold::Unexplained, Some(met)),
        Identity::Met(met) => Planned::Changed {
            met,
            before: String::new(),
        },
        Identity::New if unexplained => held(Hold::Unexplained, None),
        Identity::New => Planned::New,
    }
}

/// Gives changed rows what they replace, and unchanged ones why they were returned, for all of them at once.
fn complete(conn: &mut Conn<'_>, rows: &mut [Planned], befores: &mut HashMap<i64, String>) -> Result<(), DbError> {
    let sent_back: Vec<(i64, i64)> = rows
        .iter()
        .filter_map(|planned| match planned {
            Planned::Unchanged { met, .. } if met.state == State::Returned.word() => Some((met.id, met.revision)),
            _ => None,
        })
        .collect();
    let mut reasons = revisions::reasons_of(conn, &sent_back)?;
    for planned in rows {
        match planned {
            Planned::Changed { met, before } => {
                *before = befores.remove(&met.id).ok_or_else(|| {
                    DbError::Unreadable(format!("revision {} of project {} is missing", met.revision, met.id))
                })?;
            }
            Planned::Unchanged { met, returned } => *returned = reasons.remove(&met.id),
            _ => {}
        }
    }
    Ok(())
}

fn not_listed(
    conn: &mut Conn<'_>,
    department: &str,
    roster: &Roster,
    identities: &[Identity],
) -> Result<Vec<RegistryCode>, DbError> {
    if roster.summary.supplement {
        return Ok(Vec::new());
    }
    let met: HashSet<i64> = identities
        .iter()
        .filter_map(|identity| Some(identity.met()?.id))
        .collect();
    let categories: Vec<&str> = roster.categories.iter().map(String::as_str).collect();
    let counties: Vec<&str> = roster.counties.iter().map(String::as_str).collect();
    let all = projects::of_department(conn, department, &categories, &counties)?;
    Ok(all
        .into_iter()
        .filter(|(id, _)| !met.contains(id))
        .map(|(id, year)| RegistryCode { year, id })
        .collect())
}

/// A digest of everything that a commit would do.
fn fingerprint(roster: &Roster, rows: &[Planned], found: &[(usize, Finding)]) -> String {
    let mut digest = Sha256::new();
    for (row, planned) in roster.rows.iter().zip(rows) {
        let what = match planned {
            Planned::New => "new",
            Planned::Changed { .. } => "changed",
            Planned::Unchanged { .. } => "unchanged",
            Planned::Held { why, .. } => why.word(),
        };
        let (project, revision) = planned.met().map_or((0, 0), |met| (met.id, met.revision));
        digest.update(format!(
            "{}\0{}\0{what}\0{project}\0{revision}\0{}\n",
            row.sheet, row.row, row.digest
        ));
    }
    for (at, finding) in found {
        digest.update(format!("{at}\0{}\0{}\n", finding.code, finding.message));
    }
    hex(&digest.finalize())
}

/// The counts by reason, for the upload's summary.
pub(super) fn held_by_reason(rows: &[Planned]) -> BTreeMap<&'static str, usize> {
    let mut reasons = BTreeMap::new();
    for planned in rows {
        if let Planned::Held { why, .. } = planned {
            *reasons.entry(why.word()).or_default() += 1;
        }
    }
    reasons
}
