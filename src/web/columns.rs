//! `/uploads/{id}/columns`: how the columns of an upload were understood, and their correction.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use askama::Template;
use axum::extract::{Extension, Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum_extra::extract::Form;
use retrofit_import::catalogue::{Catalogue, Field};
use retrofit_import::check::{ColumnReading, HeaderReading};
use retrofit_import::workbook::column_name;
use serde::Deserialize;

use super::error::{Reason, WebError, seen};
use super::findings::Head;
use super::frame::{Frame, blocking, page as render};
use super::guard::Officer;
use super::upload::{Fields, field, open_page};
use super::words;
use crate::registry::intake::{self, Choice, Correction, Upload};
use crate::registry::people::Session;
use crate::registry::{Error, Registry};

/// Columns that the page shows of a table: more than any roster has, and a choice for each keeps the page small enough.
const SHOWN: usize = 70;
/// What a choice for a column begins with in the form, before the column's key.
const PREFIX: &str = "column:";
/// The choice that nothing is read of a column.
const NOTHING: &str = "不导入";
/// What stands for the header of a column without one.
const NO_HEADER: &str = "（无表头）";
/// The choice that its header counts.
const AS_HEADED: &str = "auto";

#[derive(Template)]
#[template(path = "columns.html")]
struct ColumnsPage {
    frame: Frame,
    head: Head,
    tables: Vec<TableView>,
    /// Whether every column can be changed, not only those that are doubtful.
    all: bool,
    may_send: bool,
    wrong: Option<String>,
}

/// Tables with the same header.
struct TableView {
    at: usize,
    places: String,
    missing: String,
    columns: Vec<ColumnView>,
    more: usize,
    corrected: bool,
}

struct ColumnView {
    letter: String,
    header: String,
    key: String,
    examples: String,
    /// What it was read as; empty where it was not read.
    label: String,
    doubtful: bool,
    /// Who corrected it and when.
    corrected: Option<String>,
    /// What it can be; none where it is not to be changed here.
    options: Vec<OptionView>,
}

/// A choice; what is sent is its label, which keeps the page small, unless it has a value of its own.
struct OptionView {
    value: Option<&'static str>,
    label: String,
    chosen: bool,
}

/// What the page of an upload says of its columns.
pub(super) struct ColumnsNote {
    pub(super) any: bool,
    /// A sheet was not read for its header.
    pub(super) wrong: bool,
    pub(super) unknown: usize,
    pub(super) corrected: usize,
}

impl ColumnsNote {
    pub(super) fn new(tables: &[HeaderReading]) -> Self {
        let count = |is: &dyn Fn(&HeaderReading, &ColumnReading) -> bool| {
            let of = |table: &HeaderReading| table.columns.iter().filter(|column| is(table, column)).count();
            tables.iter().map(of).sum()
        };
        let claimed_twice: usize = count(&|table, column| column.field.is_some() && table.is_doubtful(column));
        Self {
            any: !tables.is_empty(),
            wrong: claimed_twice > 0 || tables.iter().any(|table| !table.missing.is_empty()),
            unknown: count(&|table, column| column.field.is_none() && table.is_doubtful(column)),
            corrected: count(&|_, column| column.corrected),
        }
    }
}

/// What the address says.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    all: Option<u8>,
}

/// `GET /uploads/{id}/columns`.
pub(super) async fn page(
    State(registry): State<Registry>,
    Extension(session): Officer,
    Path(id): Path<i64>,
    Query(asked): Query<Asked>,
) -> Result<Response, WebError> {
    blocking(&registry, move |registry| {
        let upload = seen(intake::upload(registry, &session.operator, id))?;
        let tables = layouts(intake::open(registry, &upload)?.summary.headers);
        shown(
            registry,
            &session,
            &upload,
            &tables,
            asked.all.is_some(),
            &Fields::new(),
            None,
        )
    })
    .await
}

/// `POST /uploads/{id}/columns`: remembers what is said of a table's columns, and shows the upload as it is read now.
pub(super) async fn correct(
    State(registry): State<Registry>,
    Extension(session): Officer,
    Path(id): Path<i64>,
    Form(fields): Form<Fields>,
) -> Result<Response, WebError> {
    blocking(&registry, move |registry| {
        let upload = seen(intake::upload(registry, &session.operator, id))?;
        let tables = layouts(intake::open(registry, &upload)?.summary.headers);
        let at: Option<usize> = field(&fields, "table").parse().ok();
        let Some((table, _)) = at.and_then(|at| tables.get(at)) else {
            return Err(WebError::Refused("请在各列识别的页面上选定后再保存。".into()));
        };
        let choices = if field(&fields, "forget") == "yes" {
            let keys = table.columns.iter().map(|column| column.key.clone());
            keys.map(|key| (key, Choice::AsHeaded)).collect()
        } else {
            choices(&registry.catalogue, &fields)
        };
        match intake::correct(registry, &session.operator, &upload, table, &choices) {
            Ok(()) => {}
            Err(Error::Refused(words)) => {
                let answer = shown(registry, &session, &upload, &tables, true, &fields, Some(words.clone()))?;
                let reason = Extension(Reason(words));
                return Ok((StatusCode::UNPROCESSABLE_ENTITY, reason, answer).into_response());
            }
            Err(failed) => return Err(failed.into()),
        }
        let roster = intake::open(registry, &upload)?;
        intake::note_unreadable(registry, &session.operator, &upload, &roster)?;
        Ok(open_page(&upload, "").into_response())
    })
    .await
}

/// The choices among a form's fields, by the columns' keys.
fn choices(catalogue: &Catalogue, fields: &Fields) -> BTreeMap<String, Choice> {
    let choice = |value: &str| match value {
        NOTHING => Some(Choice::Nothing),
        AS_HEADED => Some(Choice::AsHeaded),
        label => {
            let mut known = catalogue.fields().iter();
            let info = known.find(|info| info.label == label)?;
            Some(Choice::Field(info.field))
        }
    };
    let chosen = fields
        .iter()
        .filter_map(|(name, value)| Some((name.strip_prefix(PREFIX)?.to_owned(), choice(value)?)));
    chosen.collect()
}

/// Tables of the same header together: what is said of one holds for all. Each with the places of its headers.
fn layouts(tables: Vec<HeaderReading>) -> Vec<(HeaderReading, Vec<String>)> {
    let mut layouts: Vec<(HeaderReading, Vec<String>)> = Vec::new();
    for table in tables {
        let place = if table.sheet.is_empty() {
            format!("表头第 {} 行", table.row)
        } else {
            format!("工作表「{}」表头第 {} 行", table.sheet, table.row)
        };
        let keys =
            |table: &HeaderReading| -> Vec<String> { table.columns.iter().map(|column| column.key.clone()).collect() };
        match layouts.iter_mut().find(|(known, _)| keys(known) == keys(&table)) {
            Some((_, places)) => places.push(place),
            None => layouts.push((table, vec![place])),
        }
    }
    layouts
}

fn shown(
    registry: &Registry,
    session: &Session,
    upload: &Upload,
    tables: &[(HeaderReading, Vec<String>)],
    all: bool,
    sent: &Fields,
    wrong: Option<String>,
) -> Result<Response, WebError> {
    let catalogue = &*registry.catalogue;
    let may_send = session.operator.may_send(&upload.department);
    let remembered = intake::corrections(registry, &upload.department)?;
    let remembered: HashMap<&str, &Correction> = remembered.iter().map(|row| (&*row.header, row)).collect();
    let view = |(at, (table, places)): (usize, &(HeaderReading, Vec<String>))| {
        let labels: Vec<&str> = table.missing.iter().map(|field| catalogue.label(*field)).collect();
        let settled: BTreeSet<Field> = table
            .columns
            .iter()
            .filter(|column| !is_open(table, column))
            .filter_map(|column| column.field)
            .collect();
        let column = |column: &ColumnReading| {
            let changed = may_send && (all || is_open(table, column));
            let sent = sent
                .iter()
                .find(|(name, _)| name.strip_prefix(PREFIX) == Some(&*column.key));
            let offered = |field: Field| all || !settled.contains(&field) || column.field == Some(field);
            ColumnView {
                letter: column_name(column.column),
                header: match (column.blank, column.header.as_str()) {
                    (false, header) => header.to_owned(),
                    (true, "") => NO_HEADER.to_owned(),
                    (true, groups) => format!("{groups} / {NO_HEADER}"),
                },
                key: format!("{PREFIX}{}", column.key),
                examples: column.examples.join("、"),
                label: column.field.map_or("", |field| catalogue.label(field)).to_owned(),
                doubtful: table.is_doubtful(column),
                corrected: column.corrected.then(|| {
                    let row = remembered.get(&*column.key);
                    row.map_or_else(String::new, |row| {
                        format!("{}，{}", row.corrected_by, words::moment(row.corrected_at))
                    })
                }),
                options: if changed {
                    options(catalogue, column, sent.map(|(_, value)| &**value), offered)
                } else {
                    Vec::new()
                },
            }
        };
        TableView {
            at,
            places: places.join("、"),
            missing: labels.join("、"),
            columns: table.columns.iter().take(SHOWN).map(column).collect(),
            more: table.columns.len().saturating_sub(SHOWN),
            corrected: table.columns.iter().any(|column| column.corrected),
        }
    };
    render(&ColumnsPage {
        frame: Frame::new(registry, session, format!("各列识别 {}", upload.file_name), "/"),
        head: Head::new(catalogue, upload),
        tables: tables.iter().enumerate().map(view).collect(),
        all,
        may_send,
        wrong,
    })
}

/// Whether a column is to be changed without asking for all of them.
fn is_open(table: &HeaderReading, column: &ColumnReading) -> bool {
    table.is_doubtful(column) || column.corrected
}

fn options(
    catalogue: &Catalogue,
    column: &ColumnReading,
    sent: Option<&str>,
    offered: impl Fn(Field) -> bool,
) -> Vec<OptionView> {
    let now = sent.unwrap_or_else(|| column.field.map_or(NOTHING, |field| catalogue.label(field)));
    let option = |value: Option<&'static str>, label: &str| OptionView {
        value,
        chosen: now == value.unwrap_or(label),
        label: label.to_owned(),
    };
    let mut options = vec![option(None, NOTHING)];
    if column.corrected {
        let guess = column.guess.map_or("没有认出", |field| catalogue.label(field));
        options.push(option(Some(AS_HEADED), &format!("恢复自动识别（{guess}）")));
    }
    let fields = catalogue.fields().iter().filter(|info| offered(info.field));
    options.extend(fields.map(|info| option(None, &info.label)));
    options
}
