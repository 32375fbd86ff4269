//! Rosters made by hand: rows as the check hands them over, and what becomes of them.

use std::path::PathBuf;
use std::sync::Arc;

use retrofit_import::catalogue::{Field, FieldType};
use retrofit_import::check::{CheckedRow, Summary};
use retrofit_import::finding::{Finding, Severity};
use retrofit_import::record::{Read, Record};
use retrofit_import::values::{PartialDate, Value};
use retrofit_registry::registry::intake::{self, Counts, Fate, Outcome, Preview, Roster, Upload};
use retrofit_registry::registry::people::Operator;
use retrofit_registry::registry::review::{self, Filter, Ruling, Selection};
use retrofit_registry::registry::{Error, RegistryCode};

use super::{World, reporter, secretariat};

/// The department whose rosters these are.
pub const JTJ: &str = "JTJ";

/// A sound row: a school with this number, in this row of the sheet.
pub fn school(row: u32) -> Line {
    let name = format!("第{row}小学教学楼");
    let address = format!("兴华路{row}号");
    let number = format!("JTJ-{row:04}");
    Line {
        record: Record::new("台账".into(), row),
        findings: Vec::new(),
        explanation: None,
    }
    .with(Field::ProjectNo, &number)
    .with(Field::Name, &name)
    .with(Field::Category, "02")
    .with(Field::RecordKind, "1")
    .with(Field::Use, "201")
    .with(Field::OwnerUnit, "聊城第一小学")
    .with(Field::County, "371571")
    .with(Field::Township, "371502001")
    .with(Field::Address, &address)
    .with(Field::StructureType, "01")
    .with(Field::FloorAreaM2, "3124.6")
    .with(Field::Intensity, "7")
    .with(Field::AccelerationG, "0.15")
    .with(Field::FortificationClass, "B")
    .with(Field::RetrofitMethods, "01")
    .with(Field::Stage, "30")
    .with(Field::InvestmentPlanned, "675.18")
}

/// A row being made.
#[derive(Clone)]
pub struct Line {
    record: Record,
    findings: Vec<Finding>,
    explanation: Option<Arc<str>>,
}

impl Line {
    /// With this in one cell.
    pub fn with(mut self, field: Field, text: &str) -> Self {
        let value = match field.field_type() {
            FieldType::Text(_) | FieldType::Uscc | FieldType::Phone => Value::Text(text.into()),
            FieldType::Code(_) | FieldType::YesNo => Value::Code(text.into()),
            FieldType::Codes(_) => Value::Codes(vec![text.into()]),
            FieldType::County | FieldType::Township => Value::Division(text.into()),
            FieldType::Integer => Value::Integer(text.parse().unwrap()),
            FieldType::Decimal(_) | FieldType::Percent => Value::Decimal(text.parse().unwrap()),
            FieldType::Month | FieldType::Date => Value::Date(PartialDate::parse(text).unwrap()),
        };
        self.record.entry_mut(field).read = Read::Value(value);
        self
    }

    /// With nothing in one cell.
    pub fn without(mut self, field: Field) -> Self {
        self.record.entry_mut(field).read = Read::Blank;
        self
    }

    /// With a finding of this severity.
    pub fn found(self, severity: Severity) -> Self {
        self.found_by("S002", severity)
    }

    /// In another row of the sheet.
    pub fn at(mut self, row: u32) -> Self {
        self.record.row = row;
        self
    }

    /// With findings on this value.
    pub fn with_written(mut self, value: &str) -> Self {
        for finding in &mut self.findings {
            finding.value = Some(value.into());
        }
        self
    }

    /// With this in the column 情况说明.
    pub fn explained(mut self, text: &str) -> Self {
        self.explanation = Some(text.into());
        self
    }

    /// With a finding of this rule.
    pub fn found_by(mut self, code: &'static str, severity: Severity) -> Self {
        self.findings.push(Finding {
            code,
            severity,
            sheet: Some("台账".into()),
            address: None,
            row: Some(self.record.row),
            field: Some(Field::AccelerationG),
            value: Some("0.10g".into()),
            message: "低于区划值。".into(),
            suggestion: None,
            basis: Some("GB 18306-2015".into()),
        });
        self
    }
}

pub fn roster(lines: impl IntoIterator<Item = Line>) -> Roster {
    let rows = lines.into_iter().map(|line| CheckedRow {
        record: line.record,
        findings: line.findings,
        explanation: line.explanation,
    });
    Roster::new(rows, Summary::default())
}

impl World {
    /// Keeps a file with these bytes as an upload of the department.
    pub fn receive(&self, bytes: &str) -> Upload {
        self.receive_as(&reporter(JTJ), JTJ, "2026-11", bytes).unwrap()
    }

    pub fn receive_as(
        &self,
        operator: &Operator,
        department: &str,
        period: &str,
        bytes: &str,
    ) -> Result<Upload, Error> {
        intake::receive(
            &self.registry,
            operator,
            department,
            period,
            "清单.csv",
            &self.file(bytes),
        )
    }

    /// A file with these bytes.
    pub fn file(&self, bytes: &str) -> PathBuf {
        let path = self.folder().join("sent.csv");
        std::fs::write(&path, bytes).unwrap();
        path
    }

    /// What the lines would change, as a new upload of the department.
    pub fn preview(&self, lines: impl IntoIterator<Item = Line>) -> Preview {
        self.preview_explained(lines, None)
    }

    pub fn preview_explained(&self, lines: impl IntoIterator<Item = Line>, explain: Option<&str>) -> Preview {
        let upload = self.receive("a roster");
        intake::preview(&self.registry, &upload, roster(lines), explain).unwrap()
    }

    /// Commits a preview that must be of now.
    pub fn commit(&self, preview: &Preview) -> Counts {
        match intake::commit(&self.registry, &reporter(JTJ), preview).unwrap() {
            Outcome::Committed(counts) => counts,
            Outcome::Moved(_) => panic!("the registry has moved"),
        }
    }

    /// Puts the lines in.
    pub fn import(&self, lines: impl IntoIterator<Item = Line>) -> Counts {
        self.commit(&self.preview(lines))
    }

    /// Approves all that waits.
    pub fn approve_all(&self) -> usize {
        self.decide(&Selection::Matching(Filter::default()), Ruling::Approve)
            .decided
    }

    /// Returns one project.
    pub fn give_back(&self, id: i64, reason: &str) {
        let decided = self.decide(&Selection::These(vec![(code(id), None)]), Ruling::Return(reason));
        assert_eq!(decided.decided, 1, "{:?}", decided.refused);
    }

    pub fn decide(&self, selection: &Selection, ruling: Ruling<'_>) -> review::Decided {
        review::decide(&self.registry, &secretariat(), selection, ruling).unwrap()
    }
}

/// The code of a project that was entered this year.
pub fn code(id: i64) -> RegistryCode {
    RegistryCode { year: 2026, id }
}

/// The fates of a preview's rows in one word each, with the project's id where there is one.
pub fn fates(preview: &Preview) -> Vec<String> {
    let word = |fate: &Fate| match fate {
        Fate::New => "new".to_owned(),
        Fate::Changed { code, .. } => format!("changed {}", code.id),
        Fate::Unchanged { code, .. } => format!("unchanged {}", code.id),
        Fate::Held { why, .. } => why.word().to_owned(),
    };
    preview.rows().unwrap().iter().map(|(_, fate)| word(fate)).collect()
}

/// Counts with only these.
pub fn counts(change: impl FnOnce(&mut Counts)) -> Counts {
    let mut counts = Counts::default();
    change(&mut counts);
    counts
}
