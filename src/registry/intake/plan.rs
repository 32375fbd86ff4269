//! What a roster would change, worked out against the registry as it is now. Reads only.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use chrono::NaiveDate;
use retrofit_import::finding::{Finding, Severity};
use retrofit_import::rules::Incident;
use retrofit_jobs::store::Word as _;
use sha2::{Digest as _, Sha256};

use super::answers::{self, Answer, Answers, Drafts};
use super::fate::{Alarm, Counts, Fate, Hold, Kind};
use super::identity::{self, Choices, Clash, Identity, code_of};
use super::{Roster, Row, Upload, known};
use crate::db::counters::{self, Counter};
use crate::db::projects::{self, Met};
use crate::db::waivers::{self, EarlyWaiverRow, EarlyWaivers, Waivers};
use crate::db::{Conn, DbError, revisions};
use crate::registry::code::RegistryCode;
use crate::registry::states::State;
use crate::registry::values::{NUMBER, PLACE, changes, from_json, hex};
use crate::registry::{Error, Registry, business_day};

/// A row's fate with what the commit needs to bring it about.
#[derive(Clone, Debug)]
pub(super) enum Planned {
    New,
    Changed { met: Arc<Met>, before: String },
    Unchanged { met: Arc<Met>, returned: Option<String> },
    Held { why: Hold, met: Option<Arc<Met>> },
}

/// What a roster would change.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    /// How often the lock of the registry had been taken, and which day it was: while both are so, the same would be planned again.
    made: (i64, NaiveDate),
    /// One for each row, in order.
    pub(super) rows: Vec<Planned>,
    pub(super) not_listed: Vec<RegistryCode>,
    /// What the comparison with the registry found in rows, each with its row's place in the roster.
    pub(super) of_rows: Vec<(usize, Finding)>,
    /// What it found in the roster as a whole.
    pub(super) of_roster: Vec<Finding>,
    /// The waivers that hold for the projects met.
    pub(super) waivers: Waivers,
    /// Those that hold for projects that rows would found.
    pub(super) early: EarlyWaivers,
    /// The answers to findings to confirm.
    pub(super) answers: Answers,
    /// The latest approved values of projects that rows would change, where these are not the current ones, canonical JSON.
    pub(super) approved: HashMap<i64, String>,
    /// Other departments' projects that rows very likely report again.
    pub(super) lookalikes: known::Lookalikes,
    /// Rules that broke down in the comparison with the registry.
    pub(super) incidents: Vec<Incident>,
}

/// What an upload would change, shown before it does.
#[derive(Clone, Debug)]
pub struct Preview {
    /// The upload.
    pub upload: Upload,
    /// What was read of it.
    pub roster: Arc<Roster>,
    /// From the console, the answer to all findings to confirm that have none of their own.
    pub explain: Option<String>,
    pub(super) plan: Plan,
}

/// Works out what a roster would change. Reads only.
///
/// `explain` answers all its findings to confirm that are not answered on its page, in the file or in the project's history.
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
        .read(|conn| plan(conn, registry, upload, &roster, explain.as_deref()))?;
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
        rows.map(|(row, planned)| Ok((&**row, planned.fate(row)?))).collect()
    }

    /// What becomes of the row at this place, in short.
    pub fn kind(&self, at: usize) -> Option<Kind> {
        Some(match self.plan.rows.get(at)? {
            Planned::New => Kind::New,
            Planned::Changed { .. } => Kind::Changed,
            Planned::Unchanged { returned, .. } => Kind::Unchanged {
                returned: returned.is_some(),
            },
            Planned::Held { .. } => Kind::Held,
        })
    }

    /// The row at this place and what becomes of it.
    ///
    /// # Errors
    /// What is stored cannot be read: our own fault.
    pub fn row(&self, at: usize) -> Result<Option<(&Row, Fate)>, Error> {
        let planned = self.roster.rows.get(at).zip(self.plan.rows.get(at));
        planned
            .map(|(row, planned)| Ok((&**row, planned.fate(row)?)))
            .transpose()
    }

    /// Projects of the department, among the file's categories and counties, that the file does not list. Nothing happens to them.
    pub fn not_listed(&self) -> &[RegistryCode] {
        &self.plan.not_listed
    }

    /// What looks wrong about the roster as a whole.
    pub fn alarms(&self) -> Vec<Alarm> {
        let counts = self.counts();
        let met = self.plan.rows.iter().filter(|planned| planned.met().is_some()).count();
        let renamed = self.plan.of_roster.iter().any(|finding| finding.code == "C005");
        let comparable = met + counts.not_listed > 0;
        [
            (Alarm::Renamed, renamed),
            (
                Alarm::ManyNew,
                comparable && !self.is_supplement() && counts.new * 5 > counts.rows,
            ),
            (Alarm::ManyNotListed, counts.not_listed * 5 > counts.rows),
        ]
        .into_iter()
        .filter_map(|(alarm, rings)| rings.then_some(alarm))
        .collect()
    }

    /// Whether the upload lists only some of the department's projects.
    pub fn is_supplement(&self) -> bool {
        is_supplement(&self.upload, &self.roster)
    }

    /// The answer to a finding to confirm: the row's place in the roster, and the finding's among the row's.
    pub fn answer(&self, row: usize, finding: usize) -> Option<&Answer> {
        self.plan.answers.get(&(row, finding))
    }

    /// Names everything that a commit would do: the same for the same file and the same registry.
    pub fn fingerprint(&self) -> String {
        self.plan.fingerprint(&self.roster)
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
                changes: changes(&from_json(before)?, &row.values.values()),
            },
            Self::Unchanged { met, returned } => Fate::Unchanged {
                code: code_of(met),
                returned: returned.clone(),
            },
            Self::Held { why, met } => Fate::Held {
                why: why.clone(),
                code: met.as_deref().map(code_of),
            },
        })
    }

    /// The project that the row is about.
    pub(super) fn met(&self) -> Option<&Met> {
        match self {
            Self::New => None,
            Self::Changed { met, .. } | Self::Unchanged { met, .. } => Some(met),
            Self::Held { met, .. } => met.as_deref(),
        }
    }
}

/// Plans a roster against the registry as this connection sees it.
pub(super) fn plan(
    conn: &mut Conn<'_>,
    registry: &Registry,
    upload: &Upload,
    roster: &Roster,
    explain: Option<&str>,
) -> Result<Plan, DbError> {
    let today = business_day(registry.clock.now());
    let turns = counters::turns(conn, Counter::Project)?;
    let department = &*upload.department;
    let choices = Choices::load(conn, upload.id)?;
    let identities = identity::resolve(conn, department, &roster.rows, &choices)?;
    let not_listed = if is_supplement(upload, roster) {
        Vec::new()
    } else {
        not_listed(conn, department, roster, &identities)?
    };
    let rules = (&*registry.catalogue, today);
    let mut compared = known::compare(conn, rules, department, roster, &identities, not_listed.len())?;
    let waivers = waivers(conn, today, &identities)?;
    let early = early_waivers(conn, today, &upload.department, roster, &identities)?;
    let drafts = Drafts::load(conn, upload.id)?;
    let answers = answers::resolve(conn, roster, (&identities, &compared.of_rows), &drafts, explain)?;
    let mut rows = Vec::with_capacity(roster.rows.len());
    let mut found = compared.of_rows.as_slice();
    for ((at, row), identity) in roster.rows.iter().enumerate().zip(identities) {
        let here = found.iter().take_while(|(of, _)| *of == at).count();
        let (here, rest) = found.split_at(here);
        found = rest;
        let checked = row.findings.iter().take(row.checked);
        let all = checked.chain(here.iter().map(|(_, finding)| finding));
        let gravest = all
            .zip(0..)
            .filter(|(finding, _)| !is_waived((&waivers, &early), row, &identity, finding))
            .filter(|(finding, of)| finding.severity != Severity::Confirm || !answers.contains_key(&(at, *of)))
            .map(|(finding, _)| finding.severity);
        rows.push(judge(row, gravest.max(), identity, &roster.rows));
    }
    complete(conn, &mut rows, &mut compared.befores)?;
    Ok(Plan {
        made: (turns, today),
        not_listed,
        rows,
        of_rows: compared.of_rows,
        of_roster: compared.of_roster,
        waivers,
        early,
        answers,
        approved: compared.approved,
        lookalikes: compared.lookalikes,
        incidents: compared.incidents,
    })
}

impl Plan {
    /// Whether the registry is as it was when this was planned, for a transaction that has taken its lock.
    ///
    /// Everything that a plan rests on is written under that lock; `turns` is how often it had been taken before.
    pub(super) fn stands(&self, turns: i64, today: NaiveDate) -> bool {
        self.made == (turns, today)
    }

    /// How many projects it would found.
    pub(super) fn count_new(&self) -> usize {
        let new = |planned: &&Planned| matches!(planned, Planned::New);
        self.rows.iter().filter(new).count()
    }

    /// A digest of everything that a commit would do with the roster that this was planned for.
    pub(super) fn fingerprint(&self, roster: &Roster) -> String {
        let mut digest = Sha256::new();
        for (row, planned) in roster.rows.iter().zip(&self.rows) {
            let what = match planned {
                Planned::New => "new",
                Planned::Changed { .. } => "changed",
                Planned::Unchanged { .. } => "unchanged",
                Planned::Held { why, .. } => why.word(),
            };
            let (project, revision) = planned.met().map_or((0, 0), |met| (met.id, met.revision));
            digest.update(format!(
                "{}\0{}\0{what}\0{project}\0{revision}\0{}\0",
                row.sheet,
                row.row,
                row.values.bytes().len()
            ));
            digest.update(row.values.bytes());
        }
        for (at, finding) in &self.of_rows {
            digest.update(format!("{at}\0{}\0{}\n", finding.code, finding.message));
        }
        let mut answers: Vec<_> = self.answers.iter().collect();
        answers.sort_unstable_by_key(|(at, _)| **at);
        for ((row, finding), answer) in answers {
            digest.update(format!("{row}\0{finding}\0{}\n", answer.text));
        }
        hex(&digest.finalize())
    }
}

/// Whether the sender says so, or the file of itself.
fn is_supplement(upload: &Upload, roster: &Roster) -> bool {
    upload.supplement == 1 || roster.summary.supplement
}

/// The waivers that hold for projects that rows meet.
fn waivers(conn: &mut Conn<'_>, today: NaiveDate, identities: &[Identity]) -> Result<Waivers, DbError> {
    let ids: Vec<i64> = identities
        .iter()
        .filter_map(|identity| Some(identity.met()?.id))
        .collect();
    waivers::in_force(conn, &ids, &today.to_string())
}

/// The early waivers that hold for projects that rows would found.
fn early_waivers(
    conn: &mut Conn<'_>,
    today: NaiveDate,
    department: &str,
    roster: &Roster,
    identities: &[Identity],
) -> Result<EarlyWaivers, DbError> {
    let new = roster.rows.iter().zip(identities);
    let new = new.filter(|(row, identity)| {
        let held = row.findings.iter().any(|finding| finding.severity == Severity::Error);
        held && matches!(identity, Identity::New)
    });
    let keys: Vec<&str> = new
        .flat_map(|(row, _)| [row.number.as_deref(), row.place.as_deref()])
        .flatten()
        .collect();
    waivers::early_in_force(conn, department, &keys, &today.to_string())
}

/// The early waiver of a rule for the project that a row would found.
pub(super) fn early_waiver<'a>(early: &'a EarlyWaivers, row: &Row, rule: &str) -> Option<&'a EarlyWaiverRow> {
    let of = |kind: &str, key: &Option<String>| early.get(&(kind.to_owned(), key.clone()?, rule.to_owned()));
    of(NUMBER, &row.number).or_else(|| of(PLACE, &row.place))
}

/// Whether an error does not hold its row, because the secretariat waived the rule for the project.
fn is_waived((waivers, early): (&Waivers, &EarlyWaivers), row: &Row, identity: &Identity, finding: &Finding) -> bool {
    if finding.severity != Severity::Error {
        return false;
    }
    if matches!(identity, Identity::New) {
        return !early.is_empty() && early_waiver(early, row, finding.code).is_some();
    }
    let waived = |met: &Met| waivers.contains_key(&(met.id, finding.code.to_owned()));
    !waivers.is_empty() && identity.met().is_some_and(waived)
}

/// What becomes of a row; `gravest` of its findings that are neither waived nor answered.
fn judge(row: &Row, gravest: Option<Severity>, identity: Identity, all: &[Box<Row>]) -> Planned {
    let held = |why, met| Planned::Held { why, met };
    let unexplained = gravest == Some(Severity::Confirm);
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
        Identity::Met(met) if met.is_repeated_by(row) => Planned::Unchanged { met, returned: None },
        Identity::Met(met) if unexplained => held(Hold::Unexplained, Some(met)),
        Identity::Met(met) => Planned::Changed {
            before: if met.digest == row.digest() {
                row.values.json()
            } else {
                String::new()
            },
            met,
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
            Planned::Changed { met, before } if before.is_empty() => {
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
