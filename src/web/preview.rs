//! The page of an upload before it is confirmed: what was found, what is to be explained or decided, and what would change.

use askama::Template;
use retrofit_import::catalogue::{Catalogue, CodeList, Field};
use retrofit_import::finding::{Finding, Severity};
use retrofit_import::normalisation::{self, Normalisation};
use retrofit_import::rules::incident_lines;
use retrofit_import::values::Canonical;
use retrofit_import::workbook::column_name;

use super::columns::ColumnsNote;
use super::error::WebError;
use super::explain::Explain;
use super::findings::{ChangeLine, FindingLine, Head, Lines, RowLine, SHOWN, row_line, row_place};
use super::frame::Frame;
use super::home::UploadForm;
use super::upload::{Again, Asked};
use super::words;
use crate::db::projects::ProjectRow;
use crate::registry::intake::{self, Alarm, Fate, Kind, Likeness, Preview, Row};
use crate::registry::people::Session;
use crate::registry::{Registry, State as ReviewState, Values};

/// Unclear rows that are shown beside their projects at a time.
const UNCLEAR: usize = 20;

/// The page of an upload that is to be looked at and confirmed.
#[derive(Template)]
#[template(path = "upload.html")]
pub(super) struct OpenPage {
    frame: Frame,
    head: Head,
    again: Option<Again>,
    readable: bool,
    counts: intake::Counts,
    alarms: Vec<String>,
    /// Rules that broke down: our fault.
    broken: Vec<String>,
    errors: usize,
    findings: Lines<FindingLine>,
    hints: usize,
    hinted: Lines<FindingLine>,
    explain: Explain,
    columns: ColumnsNote,
    normalised: Lines<NormalisedLine>,
    unclear: Vec<UnclearLine>,
    unclear_count: usize,
    chosen: Vec<ChosenLine>,
    plan: PlanView,
    fingerprint: String,
    may_send: bool,
    form: UploadForm,
}

/// What an upload would change.
struct PlanView {
    new: Lines<RowLine>,
    changed: Lines<ChangedLine>,
    /// Rows equal to a returned revision: they stay returned.
    returned: Lines<ChangedLine>,
    held: Lines<HeldLine>,
    /// Rows that may be another department's building.
    shared: Lines<HeldLine>,
    not_listed: Vec<ListedLine>,
}

/// A column whose values are registered otherwise than they are written.
struct NormalisedLine {
    place: String,
    label: String,
    count: usize,
    /// What was written, and what it was read as.
    examples: Vec<(String, String)>,
}

impl NormalisedLine {
    fn new(catalogue: &Catalogue, of: &Normalisation) -> Self {
        let example = |example: &(String, Canonical)| {
            let (written, read) = example;
            let doubt = normalisation::doubt(example).map(|doubt| format!("（{doubt}）"));
            let read = words::value(catalogue, of.field, read) + &doubt.unwrap_or_default();
            (words::written(Some(written)), read)
        };
        let column = column_name(of.first.column);
        Self {
            place: if of.sheet.is_empty() {
                column
            } else {
                format!("{} {column}", of.sheet)
            },
            label: catalogue.label(of.field).to_owned(),
            count: of.count,
            examples: of.examples.iter().map(example).collect(),
        }
    }
}

/// A project that changes, or was returned.
struct ChangedLine {
    row: RowLine,
    code: String,
    changes: Vec<ChangeLine>,
    reason: String,
}

/// A row, and something about it.
struct HeldLine {
    row: RowLine,
    why: String,
}

/// A project that the file does not list.
struct ListedLine {
    code: String,
    name: String,
    number: String,
    about: String,
    state: String,
    class: String,
}

/// A row beside the projects that it may be about.
struct UnclearLine {
    place: String,
    /// The name of its choice in the form.
    key: String,
    codes: Vec<String>,
    fields: Vec<FieldLine>,
}

/// A field of a row beside the projects'.
struct FieldLine {
    label: String,
    own: String,
    /// What each project says, and whether that differs.
    sides: Vec<(String, bool)>,
}

/// A row of which the officer said what it is about.
struct ChosenLine {
    place: String,
    key: String,
    code: Option<String>,
}

impl OpenPage {
    /// The page of a preview.
    pub(super) fn new(
        registry: &Registry,
        session: &Session,
        preview: &Preview,
        asked: &Asked,
        again: Option<Again>,
    ) -> Result<Self, WebError> {
        let catalogue = &*registry.catalogue;
        let upload = &preview.upload;
        let roster = &preview.roster;
        let of_rows = roster.rows.iter().flat_map(|row| &row.findings);
        let of = |severity| -> Vec<&Finding> {
            let all = roster.summary.findings.iter().chain(of_rows.clone());
            all.filter(|finding| finding.severity == severity).collect()
        };
        let (errors, hints) = (of(Severity::Error), of(Severity::Hint));
        let written = intake::drafts(registry, upload)?;
        let likenesses = intake::likenesses(registry, preview, UNCLEAR)?;
        let counts = preview.counts();
        Ok(Self {
            frame: Frame::new(registry, session, format!("核对 {}", upload.file_name), "/"),
            head: Head::new(catalogue, upload),
            again,
            readable: roster.is_readable(),
            alarms: preview
                .alarms()
                .into_iter()
                .map(|alarm| alarm_words(alarm, counts))
                .collect(),
            broken: incident_lines(&roster.summary.incidents),
            errors: errors.len(),
            findings: FindingLine::of(&errors),
            hints: hints.len(),
            hinted: FindingLine::of(&hints),
            explain: Explain::new(preview, &written, asked.page.unwrap_or(1), asked.each.as_deref()),
            columns: ColumnsNote::new(&roster.summary.headers),
            normalised: Lines::of(&roster.summary.normalised, |of| NormalisedLine::new(catalogue, of)),
            unclear: likenesses.iter().map(|likeness| unclear(catalogue, likeness)).collect(),
            unclear_count: preview.unclear(),
            chosen: intake::chosen(registry, upload)?
                .into_iter()
                .map(|(sheet, row, code)| ChosenLine {
                    place: row_place(&sheet, row.into()),
                    key: format!("{row}:{sheet}"),
                    code: code.map(|code| code.to_string()),
                })
                .collect(),
            plan: PlanView::new(registry, preview)?,
            counts,
            fingerprint: preview.fingerprint(),
            may_send: session.operator.may_send(&upload.department),
            form: UploadForm::new(registry, session, Some(upload)),
        })
    }

    /// Rows that go in when this is confirmed.
    fn going_in(&self) -> usize {
        self.counts.new + self.counts.changed
    }

    /// Everything that was found.
    fn found(&self) -> usize {
        self.errors + self.explain.count + self.hints
    }
}

fn alarm_words(alarm: Alarm, counts: intake::Counts) -> String {
    match alarm {
        Alarm::Renamed => {
            "与登记库对上的工程，半数以上改了名称。多半是有一列单独排过序，行与行串了：请与原来的底稿核对。".into()
        }
        Alarm::ManyNew => format!(
            "{} 行中有 {} 行是新工程，超过五分之一。请核对是否换了工程编号，或者用错了表：已登记的工程不要当新工程再报一次。",
            counts.rows, counts.new
        ),
        Alarm::ManyNotListed => format!(
            "登记库里有 {} 个本部门的工程，清单里没有列，超过清单行数（{}）的五分之一。只补报部分工程的，请在下面重新上传并选“补报部分工程”；\
             漏了的请补全。",
            counts.not_listed, counts.rows
        ),
    }
}

fn unclear(catalogue: &Catalogue, likeness: &Likeness) -> UnclearLine {
    let said = |values: &Values, field| {
        let value: Option<&Canonical> = values.get(&field);
        value.map_or_else(|| "（空）".into(), |value| words::value(catalogue, field, value))
    };
    // What the row leaves blank tells nothing apart: shown of what a project is known by alone.
    let differs = |field: Field| {
        let own = likeness.values.get(&field);
        own.is_some() && likeness.sides.iter().any(|side| side.values.get(&field) != own)
    };
    let always = [Field::ProjectNo, Field::Name, Field::Township, Field::Address];
    let fields = Field::ALL
        .iter()
        .copied()
        .filter(|field| always.contains(field) || differs(*field))
        .map(|field| {
            let own = likeness.values.get(&field);
            let side = |values: &Values| (said(values, field), values.get(&field) != own);
            let sides = likeness.sides.iter().map(|found| side(&found.values)).collect();
            FieldLine {
                label: catalogue.label(field).to_owned(),
                own: said(&likeness.values, field),
                sides,
            }
        })
        .collect();
    UnclearLine {
        place: row_place(&likeness.sheet, likeness.row.into()),
        key: format!("{}:{}", likeness.row, likeness.sheet),
        codes: likeness.sides.iter().map(|side| side.code.to_string()).collect(),
        fields,
    }
}

impl PlanView {
    fn new(registry: &Registry, preview: &Preview) -> Result<Self, WebError> {
        let catalogue = &*registry.catalogue;
        let rows = |wanted: Kind| -> Vec<usize> {
            let all = 0..preview.roster.rows.len();
            all.filter(|&at| preview.kind(at) == Some(wanted)).collect()
        };
        let change = |row: &Row, fate| {
            let (code, changes, reason) = match fate {
                Fate::Changed { code, changes } => (code, changes, None),
                Fate::Unchanged { code, returned } => (code, Vec::new(), returned),
                Fate::New | Fate::Held { .. } => return None,
            };
            Some(ChangedLine {
                row: row_line(catalogue, row),
                code: code.to_string(),
                changes: changes
                    .iter()
                    .map(|change| ChangeLine::new(catalogue, change))
                    .collect(),
                reason: reason.unwrap_or_default(),
            })
        };
        let why = |row: &Row, fate| match fate {
            Fate::Held { why, .. } => Some(HeldLine {
                row: row_line(catalogue, row),
                why: why.message(),
            }),
            _ => None,
        };
        let of_rows = preview.roster.rows.iter();
        let shared: Vec<_> = of_rows
            .flat_map(|row| row.findings.iter().map(move |finding| (row, finding)))
            .filter(|(_, finding)| finding.code == "D004")
            .collect();
        let not_listed = preview.not_listed();
        let listed = intake::listed(registry, &not_listed[..not_listed.len().min(SHOWN)])?;
        Ok(Self {
            new: lines(preview, &rows(Kind::New), |row, _| Some(row_line(catalogue, row)))?,
            changed: lines(preview, &rows(Kind::Changed), change)?,
            returned: lines(preview, &rows(Kind::Unchanged { returned: true }), change)?,
            held: lines(preview, &rows(Kind::Held), why)?,
            shared: Lines::of(&shared, |(row, finding)| HeldLine {
                row: row_line(catalogue, row),
                why: finding.message.clone(),
            }),
            not_listed: listed.into_iter().map(|row| listed_line(catalogue, row)).collect(),
        })
    }
}

/// Lines of the first of these rows; only these are looked at closely.
fn lines<T>(preview: &Preview, all: &[usize], line: impl Fn(&Row, Fate) -> Option<T>) -> Result<Lines<T>, WebError> {
    let mut shown = Vec::new();
    for &at in all.iter().take(SHOWN) {
        if let Some((row, fate)) = preview.row(at)? {
            shown.extend(line(row, fate));
        }
    }
    Ok(Lines {
        shown,
        more: all.len().saturating_sub(SHOWN),
    })
}

fn listed_line(catalogue: &Catalogue, row: ProjectRow) -> ListedLine {
    ListedLine {
        code: row.code().to_string(),
        about: format!(
            "{}，{}，{}",
            catalogue.code_label(CodeList::Category, &row.category),
            catalogue.divisions().name(&row.county),
            catalogue.code_label(CodeList::Stage, &row.stage)
        ),
        state: ReviewState::label_of(&row.state).to_owned(),
        class: row.state,
        number: row.project_no.unwrap_or_default(),
        name: row.name,
    }
}
