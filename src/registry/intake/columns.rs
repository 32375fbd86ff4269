//! What officers correct about how the columns of their rosters were understood: remembered for the department, by header, and applied
//! whenever one of its files is read.

use std::collections::{BTreeMap, HashMap};

use retrofit_import::catalogue::Field;
use retrofit_import::check::{ColumnReading, Corrections, HeaderReading};
use retrofit_import::workbook::column_name;

use super::Upload;
use crate::db::columns::{self, CorrectionRow};
use crate::db::counters::{self, Counter};
use crate::db::{Conn, DbError};
use crate::registry::people::Operator;
use crate::registry::{Error, Registry, audit};

pub use crate::db::columns::CorrectionRow as Correction;

/// So many columns of a department are remembered: more than its rosters have.
const MOST: usize = 1_000;

/// What is said of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// What its header says: nothing is remembered of it.
    AsHeaded,
    /// Nothing is to be read of it.
    Nothing,
    /// It is this field.
    Field(Field),
}

/// What is remembered of a department's columns.
///
/// # Errors
/// Only our own faults.
pub fn corrections(registry: &Registry, department: &str) -> Result<Vec<Correction>, Error> {
    Ok(registry.db.read(|conn| columns::of_department(conn, department))?)
}

/// The same, as the reader takes it.
pub(super) fn remembered(conn: &mut Conn<'_>, department: &str) -> Result<Corrections, DbError> {
    let rows = columns::of_department(conn, department)?;
    let said = |row: CorrectionRow| match row.field {
        None => Some((row.header, None)),
        // A field that a later version does not have any more says nothing.
        Some(id) => Field::from_id(&id).map(|field| (row.header, Some(field))),
    };
    Ok(Corrections(rows.into_iter().filter_map(said).collect()))
}

/// Corrects how a table of an upload was understood, by the keys of its columns; what is not said stays.
///
/// # Errors
/// Refused where the operator may not send for the department, or two columns would be one field.
pub fn correct(
    registry: &Registry,
    operator: &Operator,
    upload: &Upload,
    table: &HeaderReading,
    choices: &BTreeMap<String, Choice>,
) -> Result<(), Error> {
    let mut claimed: HashMap<Field, &ColumnReading> = HashMap::new();
    let mut said = Vec::new();
    for column in &table.columns {
        let choice = choices.get(&column.key).copied();
        let field = match choice {
            None => column.field,
            Some(Choice::AsHeaded) => column.guess,
            Some(Choice::Nothing) => None,
            Some(Choice::Field(field)) => Some(field),
        };
        if let Some(field) = field
            && let Some(earlier) = claimed.insert(field, column)
            && !column.is_part_beside(earlier, field)
        {
            return Err(Error::refused(format!(
                "{} 列和 {} 列都指定为「{}」。一个栏目只能是一列，请把其中一列改为“不导入”或别的栏目。没有保存。",
                column_name(earlier.column),
                column_name(column.column),
                registry.catalogue.label(field)
            )));
        }
        // What the header says by itself needs no remembering.
        let choice = match choice {
            Some(Choice::Field(field)) if column.guess == Some(field) => Some(Choice::AsHeaded),
            Some(Choice::Nothing) if column.serial => Some(Choice::AsHeaded),
            choice => choice,
        };
        said.extend(choice.map(|choice| (column.key.clone(), choice)));
    }
    let (department, object) = (&upload.department, upload.id.to_string());
    remember(registry, operator, department, &object, said)
}

/// Remembers what is said of a department's columns, whether a file has them or not.
///
/// # Errors
/// Refused where the operator may not send for the department, or too many would be remembered.
pub fn correct_columns(
    registry: &Registry,
    operator: &Operator,
    department: &str,
    said: Vec<(String, Choice)>,
) -> Result<(), Error> {
    let department = registry.department(department)?;
    remember(registry, operator, department, department, said)
}

fn remember(
    registry: &Registry,
    operator: &Operator,
    department: &str,
    object: &str,
    said: Vec<(String, Choice)>,
) -> Result<(), Error> {
    if !operator.may_send(department) {
        return Err(Error::refused(format!("用户“{}”不能代该部门报送。", operator.name)));
    }
    let now = registry.clock.now();
    registry.db.write(|conn| {
        counters::lock(conn, Counter::Project)?;
        let rows = columns::of_department(conn, department)?;
        let mut kept: BTreeMap<String, Option<String>> = rows.into_iter().map(|row| (row.header, row.field)).collect();
        let mut changed = serde_json::Map::new();
        for (header, choice) in said {
            let wanted = match choice {
                Choice::AsHeaded => None,
                Choice::Nothing => Some(None),
                Choice::Field(field) => Some(Some(field.id().to_owned())),
            };
            if kept.get(&header) == wanted.as_ref() {
                continue;
            }
            columns::remove(conn, department, &header)?;
            kept.remove(&header);
            let told = match &wanted {
                None => "as headed".into(),
                Some(field) => field.clone().into(),
            };
            if let Some(field) = wanted {
                let row = CorrectionRow {
                    department: department.into(),
                    header: header.clone(),
                    field: field.clone(),
                    corrected_by: operator.name.clone(),
                    corrected_at: now,
                };
                columns::add(conn, &row)?;
                kept.insert(header.clone(), field);
            }
            changed.insert(header, told);
        }
        if kept.len() > MOST {
            return Err(Error::refused(format!(
                "最多记住 {MOST} 列的更正，请先恢复不再用的。没有保存。"
            )));
        }
        if !changed.is_empty() {
            let action = ("upload.columns", audit::Outcome::Done);
            let detail = serde_json::json!({ "department": department, "columns": changed });
            audit::note(conn, operator, now, action, object, &detail)?;
        }
        Ok(())
    })
}
