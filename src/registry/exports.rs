//! Lists of projects as rosters in the form of the template: downloaded, changed, and sent again.

use std::collections::VecDeque;
use std::io::Write;

use retrofit_import::catalogue::{Department, Field};
use retrofit_import::values::Canonical;
use retrofit_import::write::{self, XlsxError};
use retrofit_jobs::store::Word as _;

use super::people::Operator;
use super::review::{self, Filter};
use super::values::{Values, from_json};
use super::{Error, Failure, Registry, State};
use crate::db::{DbError, revisions};

/// Projects that are read at a time.
const PAGE: i64 = 1000;

/// Writes the current revisions of the projects that match and that the operator sees, by code, each with its code, and answers how many
/// they are; without any, the template. Withdrawn projects are left out unless they are asked for.
///
/// # Errors
/// Refused where the filter names a department that is not the operator's to see; else only our own faults.
pub fn roster(
    registry: &Registry,
    operator: &Operator,
    filter: &Filter,
    out: impl Write + Send,
) -> Result<usize, Error> {
    let department = match filter.department.as_deref() {
        Some(code) if !operator.may_see(code) => {
            return Err(Error::refused(format!("用户“{}”不能查看该部门的工程。", operator.name)));
        }
        Some(code) => Some(super::department(&registry.catalogue, code)?),
        None => own(registry, operator),
    };
    let mut written = 0;
    let projects = Projects {
        registry,
        operator,
        filter,
        after: 0,
        page: VecDeque::new(),
        ended: false,
    };
    let counted = projects.inspect(|_| written += 1);
    write::roster(&registry.catalogue, department, counted, out).map_err(|error| match error {
        Stop::Read(error) => error,
        Stop::Write(error) => Failure::Workbook(error).into(),
    })?;
    Ok(written)
}

fn own<'a>(registry: &'a Registry, operator: &Operator) -> Option<&'a Department> {
    registry.catalogue.department(operator.department.as_deref()?)
}

/// Why a list was not written to its end.
enum Stop {
    Read(Error),
    Write(XlsxError),
}

impl From<XlsxError> for Stop {
    fn from(error: XlsxError) -> Self {
        Self::Write(error)
    }
}

/// The projects of a list, read page by page.
struct Projects<'a> {
    registry: &'a Registry,
    operator: &'a Operator,
    filter: &'a Filter,
    /// The last project read.
    after: i64,
    page: VecDeque<Values>,
    ended: bool,
}

impl Projects<'_> {
    fn read(&mut self) -> Result<(), Error> {
        let rows = review::list(self.registry, self.operator, self.filter, self.after, PAGE)?;
        let Some(last) = rows.last() else {
            self.ended = true;
            return Ok(());
        };
        self.after = last.id;
        let wanted = |state: &str| self.filter.state == Some(State::Withdrawn) || state != State::Withdrawn.word();
        let current: Vec<(i64, i64)> = rows.iter().map(|row| (row.id, row.revision)).collect();
        let mut stored = self.registry.db.read(|conn| revisions::values_of(conn, &current))?;
        for row in rows.iter().filter(|row| wanted(&row.state)) {
            let json = stored.remove(&row.id).ok_or_else(|| {
                DbError::Unreadable(format!("revision {} of project {} is missing", row.revision, row.id))
            })?;
            let mut values = from_json(&json)?;
            values.insert(Field::RegistryCode, Canonical::One(row.code().to_string()));
            self.page.push_back(values);
        }
        Ok(())
    }
}

impl Iterator for Projects<'_> {
    type Item = Result<Values, Stop>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.page.is_empty() && !self.ended {
            if let Err(error) = self.read() {
                self.ended = true;
                return Some(Err(Stop::Read(error)));
            }
        }
        self.page.pop_front().map(Ok)
    }
}
