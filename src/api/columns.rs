//! How the columns of rosters are understood, and what a department corrects of that.

use std::collections::BTreeMap;

use axum::http::Method;
use retrofit_import::catalogue::Field;
use retrofit_import::workbook::column_name;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::body::Json;
use super::catalogue::DepartmentCode;
use super::endpoint::{Call, Endpoint, In, change, get};
use super::problem::Problem;
use super::reply::Tagged;
use super::roles::{DATA, SEND};
use super::types::{Nothing, Page};
use super::uploads::{UploadId, find, may_send};
use crate::registry::intake::{self, Choice};

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        get(
            "/uploads/{id}/columns",
            DATA,
            "How the columns of each table were understood",
            tables,
        ),
        get(
            "/departments/{department}/columns",
            DATA,
            "What is remembered of the department's columns",
            remembered,
        ),
        change(
            Method::PUT,
            "/departments/{department}/columns",
            SEND,
            "Says what the department's columns are, in the place of what is remembered",
            correct,
        ),
    ]
}

/// A table of an upload.
#[derive(Serialize, JsonSchema)]
struct TableLine {
    /// The sheet; of a csv the empty text.
    sheet: String,
    /// The last header row.
    row: u32,
    /// The columns with a header, and those without one that hold something, from the left.
    columns: Vec<ColumnLine>,
    /// Required fields that nothing gives.
    missing: Vec<&'static str>,
}

/// A column.
#[derive(Serialize, JsonSchema)]
struct ColumnLine {
    /// Its letters.
    column: String,
    /// Its header as written; empty where it has none.
    header: String,
    /// What a correction knows it by.
    key: String,
    /// The field that it was read as.
    field: Option<&'static str>,
    /// Whether a correction says so.
    corrected: bool,
    /// Whether somebody should look: it was not recognised, or another one claims its field, too.
    doubtful: bool,
    /// Its first values, as written.
    examples: Vec<String>,
}

fn tables(call: &Call<'_>, input: In<UploadId>) -> Result<Page<TableLine>, Problem> {
    let upload = find(call, input.path.id)?;
    let roster = intake::open(call.registry, &upload)?;
    let tables = roster.summary.headers.iter().map(|table| TableLine {
        sheet: table.sheet.clone(),
        row: table.row,
        columns: table
            .columns
            .iter()
            .map(|column| ColumnLine {
                column: column_name(column.column),
                header: column.header.clone(),
                key: column.key.clone(),
                field: column.field.map(Field::id),
                corrected: column.corrected,
                doubtful: table.is_doubtful(column),
                examples: column.examples.clone(),
            })
            .collect(),
        missing: table.missing.iter().map(|field| field.id()).collect(),
    });
    Ok(Page::whole(tables.collect()))
}

/// What is remembered of a department's columns.
#[derive(Serialize, JsonSchema)]
struct Remembered {
    /// By the column's key its field; null: nothing is read of it.
    columns: BTreeMap<String, Option<String>>,
}

fn of_department(call: &Call<'_>, department: &str) -> Result<Remembered, Problem> {
    if call.registry.catalogue.department(department).is_none() || !call.operator.may_see(department) {
        return Err(Problem::not_found());
    }
    let rows = intake::corrections(call.registry, department)?;
    Ok(Remembered {
        columns: rows.into_iter().map(|row| (row.header, row.field)).collect(),
    })
}

fn remembered(call: &Call<'_>, input: In<DepartmentCode>) -> Result<Tagged<Remembered>, Problem> {
    Ok(Tagged(of_department(call, &input.path.department)?))
}

/// What a department's columns are.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Corrected {
    /// By the column's key its field; null: nothing is read of it. A column that is left out is what its header says.
    columns: BTreeMap<String, Option<String>>,
}

fn correct(
    call: &Call<'_>,
    input: In<DepartmentCode, Nothing, Json<Corrected>>,
) -> Result<Tagged<Remembered>, Problem> {
    let department = &input.path.department;
    let before = of_department(call, department)?;
    may_send(call.operator, department)?;
    call.must_match(Some(&before))?;
    let wanted = input.body.0.columns;
    let gone = before.columns.into_keys().filter(|key| !wanted.contains_key(key));
    let mut said: Vec<(String, Choice)> = gone.map(|key| (key, Choice::AsHeaded)).collect();
    for (key, field) in &wanted {
        let choice = match field {
            None => Choice::Nothing,
            Some(id) => {
                Choice::Field(Field::from_id(id).ok_or_else(|| Problem::refused(format!("没有名为“{id}”的字段。")))?)
            }
        };
        said.push((key.clone(), choice));
    }
    intake::correct_columns(call.registry, call.operator, department, said)?;
    Ok(Tagged(of_department(call, department)?))
}
