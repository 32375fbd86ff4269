//! Which project a row is about.
//!
//! A row meets its project by the registry's code, else by the department's number, else by name, township and address. The file is gone
//! through once for each of the three, so that a weaker likeness never takes a project from a row that names it:
//!
//! 1. **Code.** Unknown, or another department's: the row is held.
//! 2. **Number** of the department.
//! 3. **Place**, among the projects that no row has met by code or number. Met so by a row with a number that is new, the project has changed
//!    its number. Several that fit: the row is held, because only the officer can tell.
//! 4. **Likeness** ([`super::near`]), of the rows that are left: held in the same way, whatever the number of projects.
//!
//! What the officer said of a held row of the upload ([`Choices`]) counts as if the row carried the code, or stood for a new project.
//!
//! **Two rows of one file never go into the same project.** The row that names it more strongly has it, else the upper one; the other is held
//! and says which row it met. The same holds for two rows that would found the same new project: the same number, or the same place
//! unless both carry a number or code of their own (two buildings side by side, which D002 asks about).

use std::collections::HashMap;
use std::sync::Arc;

use retrofit_jobs::store::{Op, Word as _};

use super::Row;
use super::near::Likenesses;
use crate::db::keys::{self, Own};
use crate::db::projects::{self, Met};
use crate::db::{Conn, DbError, readings};
use crate::registry::code::RegistryCode;
use crate::registry::states::State;

/// What a row is about.
#[derive(Clone, Debug)]
pub(super) enum Identity {
    /// A project that the registry does not have.
    New,
    /// This one.
    Met(Arc<Met>),
    /// It cannot be said, or not allowed.
    Clash(Clash),
}

impl Identity {
    /// The project, where there is one.
    pub(super) fn met(&self) -> Option<&Met> {
        match self {
            Self::Met(met) => Some(met),
            Self::New | Self::Clash(_) => None,
        }
    }
}

/// Why a row has no project of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Clash {
    /// The code is unknown, or another department's.
    ForeignCode {
        /// It is another department's.
        exists: bool,
    },
    /// The row at this place in the file is about the same project.
    MetTwice(usize),
    /// Several projects fit, or some resemble it.
    Ambiguous(Vec<RegistryCode>),
    /// The number is that of another project than the one that the row names.
    NumberTaken(RegistryCode),
}

/// What the officer said of a row that was held because it was unclear what it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Choice {
    /// A new project.
    New,
    /// This one.
    Same(i64),
}

/// What the officer said, by sheet and row.
pub(super) struct Choices(HashMap<(String, u32), Choice>);

impl Choices {
    pub(super) fn load(conn: &mut Conn<'_>, upload: i64) -> Result<Self, DbError> {
        let rows = readings::matches(conn, upload)?.into_iter().map(|row| {
            let row_no = u32::try_from(row.row_no).unwrap_or_default();
            ((row.sheet, row_no), row.same_as.map_or(Choice::New, Choice::Same))
        });
        Ok(Self(rows.collect()))
    }

    fn of(&self, row: &Row) -> Option<Choice> {
        if self.0.is_empty() {
            return None;
        }
        self.0.get(&(row.sheet.to_string(), row.row)).copied()
    }
}

/// Finds what each row of a department's roster is about, in their order.
pub(super) fn resolve(
    conn: &mut Conn<'_>,
    department: &str,
    rows: &[Box<Row>],
    choices: &Choices,
) -> Result<Vec<Identity>, DbError> {
    let mut resolver = Resolver {
        rows,
        choices,
        found: vec![None; rows.len()],
        claims: HashMap::new(),
    };
    resolver.by_code(conn, department)?;
    resolver.by_number(conn, department)?;
    resolver.by_place(conn, department)?;
    resolver.by_likeness(conn, department)?;
    let found = resolver.found.into_iter();
    Ok(found.map(|identity| identity.unwrap_or(Identity::New)).collect())
}

struct Resolver<'a> {
    rows: &'a [Box<Row>],
    choices: &'a Choices,
    found: Vec<Option<Identity>>,
    /// The row that has a project.
    claims: HashMap<i64, usize>,
}

impl Resolver<'_> {
    /// Gives a project to a row, unless another row has it.
    fn claim(&mut self, at: usize, met: Arc<Met>) {
        let first = *self.claims.entry(met.id).or_insert(at);
        self.found[at] = Some(if first == at {
            Identity::Met(met)
        } else {
            Identity::Clash(Clash::MetTwice(first))
        });
    }

    fn clash(&mut self, at: usize, clash: Clash) {
        self.found[at] = Some(Identity::Clash(clash));
    }

    fn open(&self) -> impl Iterator<Item = (usize, &Row)> {
        let rows = self.rows.iter().map(|row| &**row).enumerate();
        rows.filter(|(at, _)| self.found[*at].is_none())
    }

    fn by_code(&mut self, conn: &mut Conn<'_>, department: &str) -> Result<(), DbError> {
        let codes: Vec<(usize, Option<RegistryCode>)> = self
            .open()
            .filter_map(|(at, row)| Some((at, row.code.as_ref()?.parse().ok())))
            .collect();
        let ids: Vec<i64> = codes.iter().filter_map(|(_, code)| Some((*code)?.id)).collect();
        let known = by_id(projects::met_by_ids(conn, &ids)?);
        for (at, code) in codes {
            let met = code.and_then(|code| known.get(&code.id).filter(|met| met.entry_year == code.year));
            match met {
                Some(met) if met.department == department => self.claim(at, met.clone()),
                _ => self.clash(at, Clash::ForeignCode { exists: met.is_some() }),
            }
        }
        self.by_choice(conn, department)
    }

    fn by_choice(&mut self, conn: &mut Conn<'_>, department: &str) -> Result<(), DbError> {
        let chosen: Vec<(usize, i64)> = self
            .open()
            .filter_map(|(at, row)| match self.choices.of(row)? {
                Choice::Same(id) => Some((at, id)),
                Choice::New => None,
            })
            .collect();
        let ids: Vec<i64> = chosen.iter().map(|&(_, id)| id).collect();
        let known = by_id(projects::met_by_ids(conn, &ids)?);
        for (at, id) in chosen {
            if let Some(met) = known.get(&id).filter(|met| met.department == department) {
                self.claim(at, met.clone());
            }
        }
        Ok(())
    }

    fn by_number(&mut self, conn: &mut Conn<'_>, department: &str) -> Result<(), DbError> {
        let mut first_with: HashMap<&str, usize> = HashMap::with_capacity(self.rows.len());
        for (at, row) in self.rows.iter().enumerate() {
            if let Some(number) = row.number.as_deref() {
                first_with.entry(number).or_insert(at);
            }
        }
        let numbers: Vec<&str> = self.rows.iter().filter_map(|row| row.number.as_deref()).collect();
        // By the first row with the number.
        let mut owners: Vec<Option<Arc<Met>>> = vec![None; self.rows.len()];
        keys::met_by(conn, department, (Own::Number, &numbers), &mut |number, met| {
            if let Some(&first) = first_with.get(&*number) {
                owners[first].get_or_insert_with(|| Arc::new(met));
            }
        })?;
        for (at, row) in self.rows.iter().enumerate() {
            let Some(number) = row.number.as_deref() else { continue };
            let first = first_with[number];
            match (&self.found[at], owners[first].as_ref()) {
                (None, _) | (Some(Identity::Met(_)), None) if first != at => self.clash(at, Clash::MetTwice(first)),
                (None, Some(owner)) => self.claim(at, owner.clone()),
                (Some(Identity::Met(met)), Some(owner)) if met.id != owner.id => {
                    self.clash(at, Clash::NumberTaken(code_of(owner)));
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn by_place(&mut self, conn: &mut Conn<'_>, department: &str) -> Result<(), DbError> {
        let places: Vec<&str> = self.open().filter_map(|(_, row)| row.place.as_deref()).collect();
        if places.is_empty() {
            return Ok(());
        }
        let mut candidates: HashMap<String, Vec<Arc<Met>>> = HashMap::new();
        keys::met_by(conn, department, (Own::Place, &places), &mut |place, met| {
            candidates.entry(place).or_default().push(Arc::new(met));
        })?;
        let mut seen: HashMap<&str, usize> = HashMap::new();
        for (at, row) in self.rows.iter().enumerate() {
            let Some(place) = row.place.as_deref() else { continue };
            let first = *seen.entry(place).or_insert(at);
            if self.found[at].is_some() {
                continue;
            }
            let here = candidates.get(place).map_or(&[][..], Vec::as_slice);
            let free: Vec<&Arc<Met>> = here.iter().filter(|met| !self.claims.contains_key(&met.id)).collect();
            let taken = here.iter().find_map(|met| self.claims.get(&met.id).copied());
            match (free.as_slice(), taken) {
                (_, _) if first != at && !(is_named(row) && is_named(&self.rows[first])) => {
                    self.clash(at, Clash::MetTwice(first));
                }
                _ if self.is_new(row) => {}
                ([], Some(taken)) if !is_named(row) => self.clash(at, Clash::MetTwice(taken)),
                ([], _) => {}
                ([only], _) => self.claim(at, (*only).clone()),
                (several, _) => {
                    let codes = several.iter().map(|met| code_of(met)).collect();
                    self.clash(at, Clash::Ambiguous(codes));
                }
            }
        }
        Ok(())
    }
}

impl Resolver<'_> {
    /// Whether the officer said that a row is about a new project.
    fn is_new(&self, row: &Row) -> bool {
        self.choices.of(row) == Some(Choice::New)
    }

    fn by_likeness(&mut self, conn: &mut Conn<'_>, department: &str) -> Result<(), DbError> {
        let open: Vec<usize> = self
            .open()
            .filter(|(_, row)| !self.is_new(row))
            .map(|(at, _)| at)
            .collect();
        let likenesses = Likenesses::load(conn, department, open.iter().map(|&at| &*self.rows[at]))?;
        for at in open {
            let near = likenesses.of(&self.rows[at]).into_iter();
            let free: Vec<RegistryCode> = near
                .filter(|near| !self.claims.contains_key(&near.id))
                .map(|near| RegistryCode {
                    year: near.entry_year,
                    id: near.id,
                })
                .collect();
            if !free.is_empty() {
                self.clash(at, Clash::Ambiguous(free));
            }
        }
        Ok(())
    }
}

/// Whether a row carries a number or a code of its own.
fn is_named(row: &Row) -> bool {
    row.number.is_some() || row.code.is_some()
}

fn by_id(met: Vec<Met>) -> HashMap<i64, Arc<Met>> {
    met.into_iter().map(|met| (met.id, Arc::new(met))).collect()
}

impl Met {
    /// Whether a row says what the current revision says. A withdrawal that was refused says nothing: the row then keeps the project.
    pub(super) fn is_repeated_by(&self, row: &Row) -> bool {
        let refused = self.op == Op::Withdraw.word() && self.state == State::Returned.word();
        self.digest == row.digest() && !refused
    }
}

pub(super) fn code_of(met: &Met) -> RegistryCode {
    RegistryCode {
        year: met.entry_year,
        id: met.id,
    }
}
