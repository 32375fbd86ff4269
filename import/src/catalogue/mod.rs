//! The catalogue: fields, code lists, divisions, zonation, county bounds and departments.
//!
//! The files stand in `import/catalogue` and are embedded. A deployment overrides any of them by a file of the same name in its
//! catalogue folder; a broken override is refused with file, line and reason. What it sets of the rules (`rules.toml`) is read and
//! refused with them.

mod codes;
mod divisions;
mod field;
mod load;
mod place;
mod table;

pub use codes::{CodeEntry, CodeList};
pub use divisions::{Division, Divisions, Level};
pub use field::{Field, FieldType};
pub use place::{Bounds, Department, SourceStatus, Zonation};
pub use table::CatalogueError;
pub(crate) use table::read_override;

use std::io;
use std::path::Path;

use rust_decimal::Decimal;

use crate::rules::RuleSettings;

/// What the catalogue says of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldInfo {
    /// The field.
    pub field: Field,
    /// The label that officers see.
    pub label: String,
    /// The group it stands under in wide headers.
    pub group: String,
    /// The unit of its canonical value, or empty.
    pub unit: String,
    /// Whether a blank is a finding.
    pub required: bool,
    /// The least and the greatest value allowed.
    pub range: Option<(Decimal, Decimal)>,
    /// Other headers it goes by.
    pub aliases: Vec<String>,
    /// Headers it goes by where no other column of the table is the field's: 业主, beside which there may be a 产权单位. Marked `~` in the file.
    pub loose: Vec<String>,
    /// What an officer may have to know of it.
    pub meaning: String,
}

impl FieldInfo {
    /// The unit as officers write it, where the field has one.
    pub fn unit_label(&self) -> Option<&str> {
        Some(match self.unit.as_str() {
            "" => return None,
            "10k CNY" => "万元",
            "m2" => "平方米",
            "m" => "米",
            "storey" => "层",
            "degree" => "度",
            "year" => "年",
            "s" => "秒",
            other => other,
        })
    }
}

/// The whole catalogue, loaded and checked.
#[derive(Clone, Debug)]
pub struct Catalogue {
    fields: Vec<FieldInfo>,
    codes: Vec<Vec<CodeEntry>>,
    divisions: Divisions,
    zonation: Vec<Zonation>,
    bounds: Vec<Bounds>,
    departments: Vec<Department>,
    rule_settings: RuleSettings,
}

impl Catalogue {
    /// Loads the embedded files, each replaced by the file of the same name in `folder` where there is one, and the settings of rules.
    ///
    /// # Errors
    /// A file that cannot be read or that breaks a rule of the catalogue: which file, which line, why.
    pub fn load(folder: Option<&Path>) -> Result<Self, CatalogueError> {
        load::load(folder)
    }

    /// The fields, in order.
    pub fn fields(&self) -> &[FieldInfo] {
        &self.fields
    }

    /// What is said of a field.
    pub fn field(&self, field: Field) -> &FieldInfo {
        &self.fields[field.index()]
    }

    /// The label of a field.
    pub fn label(&self, field: Field) -> &str {
        &self.field(field).label
    }

    /// The entries of a code list.
    pub fn codes(&self, list: CodeList) -> &[CodeEntry] {
        &self.codes[list as usize]
    }

    /// The label of a code, or the code itself where the list does not have it.
    pub fn code_label<'a>(&'a self, list: CodeList, code: &'a str) -> &'a str {
        self.codes(list)
            .iter()
            .find(|entry| &*entry.code == code)
            .map_or(code, |entry| &entry.label)
    }

    /// The divisions.
    pub fn divisions(&self) -> &Divisions {
        &self.divisions
    }

    /// The zonation of a township where a deployment has it, else of its county; a zone counts as its county. None where the township is not
    /// known and some of the county's have rows of their own.
    pub fn zonation(&self, county: &str, township: Option<&str>) -> Option<&Zonation> {
        let find = |code: &str| self.zonation.iter().find(|row| row.division == code);
        let county = self.divisions.base_county(county);
        let within = |row: &Zonation| {
            let division = self.divisions.get(&row.division);
            division.is_some_and(|found| found.level == Level::Township && found.parent == county)
        };
        match township {
            Some(township) => find(township).or_else(|| find(county)),
            None if self.zonation.iter().any(within) => None,
            None => find(county),
        }
    }

    /// Reads a deployment's zonation of its townships, a file with the columns of `zonation.csv`.
    ///
    /// # Errors
    /// Everything that is wrong with it: rows without a source, of no township that the catalogue has, or with codes that it does not.
    pub fn township_zonation(&self, file: &Path) -> Result<Vec<Zonation>, Vec<CatalogueError>> {
        load::township_zonation(self, file)
    }

    /// Writes the `zonation.csv` of a deployment with these townships: the rows of counties in force, and theirs.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_zonation(&self, townships: &[Zonation], out: impl io::Write) -> io::Result<()> {
        let is_township = |zone: &&Zonation| {
            let found = self.divisions.get(&zone.division);
            found.is_some_and(|division| division.level == Level::Township)
        };
        let counties = self.zonation.iter().filter(|zone| !is_township(zone));
        load::write_zonation(self, counties.chain(townships), out)
    }

    /// The bounds of a county; a zone counts as its county.
    pub fn bounds(&self, county: &str) -> Option<&Bounds> {
        let base = self.divisions.base_county(county);
        self.bounds.iter().find(|bounds| bounds.division == base)
    }

    /// What the deployment sets of the rules.
    pub fn rule_settings(&self) -> &RuleSettings {
        &self.rule_settings
    }

    /// The departments, in order.
    pub fn departments(&self) -> &[Department] {
        &self.departments
    }

    /// The department with this code.
    pub fn department(&self, code: &str) -> Option<&Department> {
        self.departments.iter().find(|department| department.code == code)
    }
}
