//! What was read of an upload, kept with it: pages plan it against the registry without opening the file again.

use std::borrow::Cow;
use std::sync::Arc;

use chrono::NaiveDate;
use retrofit_import::catalogue::Field;
use retrofit_import::check::{Corrections, HeaderReading};
use retrofit_import::finding::{Finding, Severity};
use retrofit_import::normalisation::Normalisation;
use retrofit_import::rules::{self, Incident, rule_set_version};
use retrofit_import::workbook::Address;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{RECEIVED, Roster, Row, UNREADABLE, Upload, columns, read_with};
use crate::db::counters::{self, Counter};
use crate::db::readings::{self, ReadingRow};
use crate::db::uploads;
use crate::db::{Conn, DbError};
use crate::registry::values::sha256;
use crate::registry::{Error, Registry, business_day};

/// Rows in a part.
const PART: usize = 500;
/// The form that rows are kept in; what was kept in another is read again.
const FORM: u8 = 2;

/// Reads a received file, checks it as of today, and keeps what was read in the place of what was kept of it before.
///
/// # Errors
/// As [`read`].
pub fn check(registry: &Registry, upload: &Upload) -> Result<Roster, Error> {
    let corrections = registry.db.read(|conn| columns::remembered(conn, &upload.department))?;
    let now = Mark::of_now(registry, &corrections);
    let roster = read_with(registry, upload, now.read_on, corrections)?;
    if !roster.is_readable() {
        return Ok(roster);
    }
    let reading = ReadingRow {
        upload_id: upload.id,
        read_on: now.read_on.to_string(),
        rules: now.rules,
        summary: to_json(&Head {
            findings: roster.summary.findings.iter().map(Kept::from).collect(),
            incidents: roster.summary.incidents.iter().map(KeptIncident::from).collect(),
            supplement: roster.summary.supplement,
            headers: Cow::Borrowed(&roster.summary.headers),
            normalised: Cow::Borrowed(&roster.summary.normalised),
        }),
    };
    let parts: Vec<String> = roster.rows.chunks(PART).map(to_json).collect();
    registry.db.write(|conn| {
        counters::lock(conn, Counter::Project)?;
        // Its columns were corrected, or the program reads more than it did.
        if upload.state == UNREADABLE && uploads::find(conn, upload.id)?.is_some_and(|now| now.state == UNREADABLE) {
            uploads::settle(conn, upload.id, RECEIVED, "{}", None, &[], &[])?;
        }
        readings::keep(conn, &reading, &parts)
    })?;
    Ok(roster)
}

/// What was read of an upload: as it was kept, where that was today and by the rules of now; else it is read again.
///
/// # Errors
/// As [`read`].
pub fn open(registry: &Registry, upload: &Upload) -> Result<Roster, Error> {
    let kept = registry.db.read(|conn| {
        let corrections = columns::remembered(conn, &upload.department)?;
        load(conn, upload.id, &Mark::of_now(registry, &corrections))
    })?;
    kept.map_or_else(|| check(registry, upload), Ok)
}

/// What a reading depends on besides the file.
struct Mark {
    read_on: NaiveDate,
    rules: String,
}

impl Mark {
    fn of_now(registry: &Registry, corrections: &Corrections) -> Self {
        let rules = rule_set_version(registry.catalogue.rule_settings());
        // Another version of the program may read the same file otherwise.
        let mut rules = format!("{rules}/{}/{FORM}", env!("CARGO_PKG_VERSION"));
        if !corrections.0.is_empty() {
            let columns = sha256(to_json(&corrections.0).as_bytes());
            rules = format!("{rules}/{}", &columns[..16]);
        }
        Self {
            read_on: business_day(registry.clock.now()),
            rules,
        }
    }
}

fn load(conn: &mut Conn<'_>, upload: i64, now: &Mark) -> Result<Option<Roster>, DbError> {
    let Some(reading) = readings::find(conn, upload)? else {
        return Ok(None);
    };
    if reading.read_on != now.read_on.to_string() || reading.rules != now.rules {
        return Ok(None);
    }
    let unreadable = |error| DbError::Unreadable(format!("the reading of upload {upload}: {error}"));
    let head: Head<'_> = serde_json::from_str(&reading.summary).map_err(unreadable)?;
    let mut roster = Roster::default();
    for part in readings::parts(conn, upload)? {
        let rows: Vec<Box<Row>> = serde_json::from_str(&part).map_err(unreadable)?;
        for row in rows {
            roster.take(row);
        }
    }
    roster.summary.supplement = head.supplement;
    roster.summary.headers = head.headers.into_owned();
    roster.summary.normalised = head.normalised.into_owned();
    roster.summary.findings = head.findings.into_iter().filter_map(Kept::finding).collect();
    roster.summary.incidents = head.incidents.into_iter().filter_map(KeptIncident::incident).collect();
    roster.checked = (roster.summary.findings.len(), roster.summary.incidents.len());
    Ok(Some(roster))
}

#[expect(clippy::expect_used, reason = "texts, numbers and lists of them are always JSON")]
pub(super) fn to_json<T: Serialize + ?Sized>(value: &T) -> String {
    serde_json::to_string(value).expect("text is JSON")
}

/// What is kept besides the rows.
#[derive(Serialize, Deserialize)]
struct Head<'a> {
    findings: Vec<Kept<'a>>,
    #[serde(default)]
    incidents: Vec<KeptIncident<'a>>,
    supplement: bool,
    /// Missing from what versions before kept.
    #[serde(default)]
    headers: Cow<'a, [HeaderReading]>,
    #[serde(default)]
    normalised: Cow<'a, [Normalisation]>,
}

/// A rule that broke down, as it is kept: its code, and the sheet and row.
#[derive(Serialize, Deserialize)]
struct KeptIncident<'a>(Cow<'a, str>, Option<(Arc<str>, u32)>);

impl<'a> From<&'a Incident> for KeptIncident<'a> {
    fn from(incident: &'a Incident) -> Self {
        Self(incident.code.into(), incident.record.clone())
    }
}

impl KeptIncident<'_> {
    /// The incident again, as [`Kept::finding`].
    fn incident(self) -> Option<Incident> {
        let Self(code, record) = self;
        let code = rules::find(&code)?.code;
        Some(Incident { code, record })
    }
}

/// A finding as it is kept.
#[derive(Serialize, Deserialize)]
struct Kept<'a> {
    code: Cow<'a, str>,
    severity: Severity,
    sheet: Option<Cow<'a, str>>,
    address: Option<Address>,
    row: Option<u32>,
    field: Option<Field>,
    value: Option<Cow<'a, str>>,
    message: Cow<'a, str>,
    suggestion: Option<Cow<'a, str>>,
    basis: Option<Cow<'a, str>>,
}

impl<'a> From<&'a Finding> for Kept<'a> {
    fn from(finding: &'a Finding) -> Self {
        let text = |text: &'a Option<String>| text.as_deref().map(Cow::Borrowed);
        Self {
            code: finding.code.into(),
            severity: finding.severity,
            sheet: text(&finding.sheet),
            address: finding.address,
            row: finding.row,
            field: finding.field,
            value: text(&finding.value),
            message: finding.message.as_str().into(),
            suggestion: text(&finding.suggestion),
            basis: text(&finding.basis),
        }
    }
}

impl Kept<'_> {
    /// The finding again; none where its rule is not known any more, which the version of the rules rules out.
    fn finding(self) -> Option<Finding> {
        let text = |text: Option<Cow<'_, str>>| text.map(Cow::into_owned);
        Some(Finding {
            code: rules::find(&self.code)?.code,
            severity: self.severity,
            sheet: text(self.sheet),
            address: self.address,
            row: self.row,
            field: self.field,
            value: text(self.value),
            message: self.message.into_owned(),
            suggestion: text(self.suggestion),
            basis: text(self.basis),
        })
    }
}

/// A row's findings, but for those of the comparison with the registry.
pub(super) mod findings {
    use super::{Deserialize, Deserializer, Finding, Kept, Serializer};

    pub(in super::super) fn serialize<S: Serializer>(findings: &[Finding], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(findings.iter().map(Kept::from))
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Finding>, D::Error> {
        let kept: Vec<Kept<'de>> = Vec::deserialize(deserializer)?;
        Ok(kept.into_iter().filter_map(Kept::finding).collect())
    }
}
