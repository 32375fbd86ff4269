//! Yearly targets: how much of which category a department is to finish in which county, and in which unit.
//!
//! The figures beside them are in `reports::targets`.

use retrofit_import::catalogue::{CodeList, Field};

use super::code::RegistryCode;
use super::month::Month;
use super::people::{Operator, Sight};
use super::projects::{ApprovedFilter, approved};
use super::values::{Fields as _, scaled};
use super::{Error, Registry, audit};
use crate::db::counters::{self, Counter};
use crate::db::targets::{self, TargetRow};

/// The largest target, in hundredths of its unit.
const MOST_E2: i64 = 100_000_000_000;

/// What a target is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scope<'a> {
    /// The year.
    pub year: i64,
    /// Department code.
    pub department: &'a str,
    /// Category code.
    pub category: &'a str,
    /// County or zone code.
    pub county: &'a str,
}

impl<'a> Scope<'a> {
    fn key(self) -> (i64, &'a str, &'a str, &'a str) {
        (self.year, self.department, self.category, self.county)
    }
}

/// The targets of a year that the operator sees.
///
/// # Errors
/// Only our own faults.
pub fn of_year(registry: &Registry, operator: &Operator, year: i64) -> Result<Vec<TargetRow>, Error> {
    let department = match operator.sees() {
        Sight::All => None,
        Sight::Department(own) => Some(own),
        Sight::Nothing => return Ok(Vec::new()),
    };
    Ok(registry.db.read(|conn| targets::of_year(conn, year, department))?)
}

/// Sets a target, in hundredths of its unit. `seen` is the version that was shown; 0: none was there.
///
/// # Errors
/// Refused to all but the secretariat; for an unknown department, category, county or unit; an amount that is not above zero or is beyond
/// belief; and where the target was changed since it was shown.
pub fn set(
    registry: &Registry,
    operator: &Operator,
    scope: Scope<'_>,
    (unit, amount_e2): (&str, i64),
    seen: Option<i64>,
) -> Result<(), Error> {
    may_set(operator)?;
    let catalogue = &registry.catalogue;
    registry.department(scope.department)?;
    let listed = |list, code: &str| catalogue.codes(list).iter().any(|entry| *entry.code == *code);
    if !listed(CodeList::Category, scope.category) {
        return Err(Error::refused("请选择工程类别。"));
    }
    if !catalogue
        .divisions()
        .counties()
        .any(|county| *county.code == *scope.county)
    {
        return Err(Error::refused("请选择县（市、区）。"));
    }
    if !listed(CodeList::ScaleUnit, unit) {
        return Err(Error::refused("请选择计量单位。"));
    }
    if !(2000..=2100).contains(&scope.year) {
        return Err(Error::refused("年度须为四位年份，例如 2026。"));
    }
    if amount_e2 <= 0 || amount_e2 > MOST_E2 {
        return Err(Error::refused("目标须大于 0，且不超过 10 亿。要取消目标，请用“删除”。"));
    }
    let now = registry.clock.now();
    registry.db.write(|conn| {
        counters::lock(conn, Counter::Project)?;
        let before = targets::find(conn, scope.key())?;
        let version = before.as_ref().map_or(0, |row| row.version);
        unmoved(seen, version)?;
        let row = TargetRow {
            year: scope.year,
            department: scope.department.into(),
            category: scope.category.into(),
            county: scope.county.into(),
            unit: unit.into(),
            amount_e2,
            version: version + 1,
            set_by: operator.name.clone(),
            set_at: now,
        };
        targets::set(conn, &row)?;
        let before = before.map(|row| (row.unit, row.amount_e2));
        let detail = serde_json::json!({ "before": before, "unit": unit, "amount_e2": amount_e2 });
        let what = ("target.set", audit::Outcome::Done);
        Ok(audit::note(conn, operator, now, what, &object(scope), &detail)?)
    })
}

/// Removes a target. `seen` is the version that was shown.
///
/// # Errors
/// Refused to all but the secretariat, where there is none, and where it was changed since it was shown.
pub fn remove(registry: &Registry, operator: &Operator, scope: Scope<'_>, seen: Option<i64>) -> Result<(), Error> {
    may_set(operator)?;
    let now = registry.clock.now();
    registry.db.write(|conn| {
        counters::lock(conn, Counter::Project)?;
        let Some(row) = targets::find(conn, scope.key())? else {
            return Err(Error::refused("没有这个目标，可能已被删除。"));
        };
        unmoved(seen, row.version)?;
        targets::remove(conn, scope.key())?;
        let detail = serde_json::json!({ "unit": row.unit, "amount_e2": row.amount_e2 });
        let what = ("target.remove", audit::Outcome::Done);
        Ok(audit::note(conn, operator, now, what, &object(scope), &detail)?)
    })
}

fn may_set(operator: &Operator) -> Result<(), Error> {
    if operator.may_review() {
        Ok(())
    } else {
        Err(Error::refused("只有秘书处可以设定年度目标。"))
    }
}

fn unmoved(seen: Option<i64>, version: i64) -> Result<(), Error> {
    if seen.is_none_or(|seen| seen == version) {
        Ok(())
    } else {
        Err(Error::refused("打开页面之后，这个目标已被改动。请重新查看后再改。"))
    }
}

fn object(scope: Scope<'_>) -> String {
    format!(
        "{}/{}/{}/{}",
        scope.year, scope.department, scope.category, scope.county
    )
}

/// An approved project that a target cannot count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uncounted {
    /// Its code.
    pub code: RegistryCode,
    /// Its name.
    pub name: String,
    /// Stage code.
    pub stage: String,
    /// Hundredths of the unit of scale.
    pub scale_e2: Option<i64>,
    /// Unit of scale.
    pub scale_unit: Option<String>,
}

/// The approved projects of a target's department, category and county that it cannot count, as of now or of the end of a month: in another
/// unit, without a scale, or finished without a date; by code, those after `after` (0: from the first).
///
/// # Errors
/// Refused where there is no such target that the operator sees.
pub fn not_counted(
    registry: &Registry,
    operator: &Operator,
    scope: Scope<'_>,
    as_of: Option<Month>,
    part: (i64, i64),
) -> Result<(TargetRow, Vec<Uncounted>), Error> {
    let row = registry
        .db
        .read(|conn| targets::find(conn, scope.key()))?
        .filter(|row| operator.may_see(&row.department))
        .ok_or_else(|| Error::refused("没有这个目标。"))?;
    let filter = ApprovedFilter {
        department: Some(row.department.clone()),
        category: Some(row.category.clone()),
        county: Some(row.county.clone()),
        not_in: Some(row.unit.clone()),
        ..ApprovedFilter::default()
    };
    let left_out = approved(registry, operator, filter, as_of, part)?.into_iter();
    let left_out = left_out.map(|project| {
        let text = |field| project.values.one(field).map(str::to_owned);
        Uncounted {
            code: project.code,
            name: text(Field::Name).unwrap_or_default(),
            stage: text(Field::Stage).unwrap_or_default(),
            scale_e2: scaled(&project.values, Field::ScaleValue, 100),
            scale_unit: text(Field::ScaleUnit),
        }
    });
    Ok((row, left_out.collect()))
}
