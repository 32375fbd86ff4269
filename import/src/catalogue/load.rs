//! Loading and checking the catalogue's files.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;
use std::{fs, io};

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::table::{CatalogueError, Line, Table, refuse_unknown_files};
use super::{
    Bounds, Catalogue, CodeEntry, CodeList, Department, Division, Divisions, Field, FieldInfo, Level, SourceStatus,
    Zonation,
};
use crate::rules::RuleSettings;
use crate::values::fold;

const FIELDS: (&str, &str) = ("fields.csv", include_str!("../../catalogue/fields.csv"));
const CODES: (&str, &str) = ("codes.csv", include_str!("../../catalogue/codes.csv"));
const DIVISIONS: (&str, &str) = ("divisions.csv", include_str!("../../catalogue/divisions.csv"));
const ZONATION: (&str, &str) = ("zonation.csv", include_str!("../../catalogue/zonation.csv"));
const BOUNDS: (&str, &str) = ("county_bounds.csv", include_str!("../../catalogue/county_bounds.csv"));
const DEPARTMENTS: (&str, &str) = ("departments.csv", include_str!("../../catalogue/departments.csv"));

/// The names that a deployment's files may have; any other csv or toml file there is a slip of the pen.
const KNOWN_FILES: &[&str] = &[
    FIELDS.0,
    CODES.0,
    DIVISIONS.0,
    ZONATION.0,
    BOUNDS.0,
    DEPARTMENTS.0,
    RuleSettings::FILE,
];

/// What stands before a name that gives way to another column of its field.
const LOOSE: [char; 2] = ['~', '～'];

/// What a department's entry may say of how sure it is.
const DEPARTMENT_STATUSES: &[&str] = &[
    "named-in-notice",
    "issued-the-2023-notice",
    "confirm-with-user",
    "confirmed",
];

pub(super) fn load(folder: Option<&Path>) -> Result<Catalogue, CatalogueError> {
    refuse_unknown_files(folder, KNOWN_FILES)?;
    let fields = fields(&Table::read(folder, FIELDS)?, &Table::parse(FIELDS.0, FIELDS.1)?)?;
    let codes = codes(&Table::read(folder, CODES)?, &Table::parse(CODES.0, CODES.1)?)?;
    let divisions = divisions(&Table::read(folder, DIVISIONS)?)?;
    let zonation = zonation(&Table::read(folder, ZONATION)?, &divisions, &codes)?;
    let bounds = bounds(&Table::read(folder, BOUNDS)?, &divisions)?;
    let departments = departments(&Table::read(folder, DEPARTMENTS)?, &codes)?;
    let rule_settings = RuleSettings::load(folder)?;
    Ok(Catalogue {
        fields,
        codes,
        divisions,
        zonation,
        bounds,
        departments,
        rule_settings,
    })
}

/// Reads the fields; their types are those of the shipped file.
fn fields(table: &Table, shipped: &Table) -> Result<Vec<FieldInfo>, CatalogueError> {
    let mut found: Vec<Option<FieldInfo>> = vec![None; Field::COUNT];
    let mut names = HashSet::new();
    for line in table.lines() {
        let field = line.known("id", Field::from_id)?;
        if found[field.index()].is_some() {
            return Err(line.broken(format!("栏目 `{field}` 出现了两次")));
        }
        let same_type = |known: &Line<'_>| known.get("id").ok() == Some(field.id());
        if let Some(known) = shipped.lines().find(same_type)
            && known.get("type")? != line.get("type")?
        {
            return Err(line.broken(format!("栏目 `{field}` 的类型是 {}，不能改动", known.get("type")?)));
        }
        let (mut aliases, mut loose) = (Vec::new(), Vec::new());
        for name in line.list("aliases")? {
            match name.strip_prefix(LOOSE).map(str::trim) {
                Some("") => return Err(line.broken("`aliases`：`~` 后面没有名称".to_owned())),
                Some(name) => loose.push(name.to_owned()),
                None => aliases.push(name),
            }
        }
        let info = FieldInfo {
            field,
            label: line.required("label")?.to_owned(),
            group: line.required("group")?.to_owned(),
            unit: line.get("unit")?.to_owned(),
            required: match line.get("required")? {
                "yes" => true,
                "no" => false,
                other => return Err(line.broken(format!("`required` 只能填 yes 或 no，不能填 `{other}`"))),
            },
            range: range(line)?,
            aliases,
            loose,
            meaning: line.get("meaning")?.to_owned(),
        };
        for name in std::iter::once(&info.label).chain(&info.aliases).chain(&info.loose) {
            if !names.insert(name.clone()) {
                return Err(line.broken(format!("表头“{name}”已属于另一个栏目")));
            }
        }
        found[field.index()] = Some(info);
    }
    Field::ALL
        .iter()
        .zip(found)
        .map(|(field, info)| info.ok_or_else(|| table.broken(format!("缺少栏目 `{field}`"))))
        .collect()
}

fn range(line: Line<'_>) -> Result<Option<(Decimal, Decimal)>, CatalogueError> {
    let text = line.get("values")?;
    if text.is_empty() {
        return Ok(None);
    }
    let parsed = text
        .split_once("..")
        .and_then(|(low, high)| Some((low.parse().ok()?, high.parse().ok()?)));
    match parsed {
        Some((low, high)) if low <= high => Ok(Some((low, high))),
        _ => Err(line.broken(format!("`values`：`{text}` 不是范围，应写成 1..60 这样"))),
    }
}

/// Reads the code lists. A deployment may add codes and name them otherwise; the shipped codes stay, because rules and records name them.
fn codes(table: &Table, shipped: &Table) -> Result<Vec<Vec<CodeEntry>>, CatalogueError> {
    let mut lists: Vec<Vec<CodeEntry>> = vec![Vec::new(); CodeList::ALL.len()];
    let mut names: HashMap<(CodeList, String), Arc<str>> = HashMap::new();
    for line in table.lines() {
        let list = line.known("list", CodeList::from_id)?;
        let code = line.required("code")?;
        let entries = &mut lists[list as usize];
        if entries.iter().any(|entry| &*entry.code == code) {
            return Err(line.broken(format!("`{}` 的代码 `{code}` 出现了两次", list.id())));
        }
        let entry = CodeEntry {
            code: code.into(),
            label: line.required("label")?.to_owned(),
            synonyms: line.list("synonyms")?,
        };
        // Two ways of writing that cells do not tell apart would give the one code or the other by chance.
        for text in entry.ways() {
            let owner = names.entry((list, fold(text))).or_insert_with(|| entry.code.clone());
            if *owner != entry.code {
                return Err(line.broken(format!("“{text}”已经是代码 `{owner}` 的名称或叫法，不能再指 `{code}`")));
            }
        }
        entries.push(entry);
    }
    for line in shipped.lines() {
        let (list, code) = (line.known("list", CodeList::from_id)?, line.required("code")?);
        if !lists[list as usize].iter().any(|entry| &*entry.code == code) {
            return Err(table.broken(format!("`{}` 缺少代码 `{code}`", list.id())));
        }
    }
    Ok(lists)
}

fn divisions(table: &Table) -> Result<Divisions, CatalogueError> {
    let mut all: Vec<Division> = Vec::new();
    for line in table.lines() {
        let code = line.required("code")?;
        let level = line.known("level", Level::from_id)?;
        let digits = if level == Level::Township { 9 } else { 6 };
        if code.len() != digits || !code.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(line.broken(format!("`code`：`{code}` 不是 {digits} 位数字")));
        }
        let parent = line.required("parent")?;
        let parent_known = level == Level::City || all.iter().any(|division| &*division.code == parent);
        if !parent_known {
            return Err(line.broken(format!("`parent`：`{parent}` 没有出现在本行之前")));
        }
        if all.iter().any(|division| &*division.code == code) {
            return Err(line.broken(format!("代码 `{code}` 出现了两次")));
        }
        all.push(Division {
            code: code.into(),
            name: line.required("name")?.to_owned(),
            level,
            parent: parent.to_owned(),
            aliases: line.list("aliases")?,
        });
    }
    Ok(Divisions::new(all))
}

fn zonation(table: &Table, divisions: &Divisions, codes: &[Vec<CodeEntry>]) -> Result<Vec<Zonation>, CatalogueError> {
    let zones = table
        .lines()
        .map(|line| Ok((line, zone(line, divisions, codes)?)))
        .collect::<Result<Vec<_>, _>>()?;
    one_for_each_county(table, divisions, zones, |zone| &zone.division)
}

/// A table of places has every county once, and nothing twice.
fn one_for_each_county<T>(
    table: &Table,
    divisions: &Divisions,
    rows: Vec<(Line<'_>, T)>,
    division: impl Fn(&T) -> &str,
) -> Result<Vec<T>, CatalogueError> {
    let mut seen = HashSet::new();
    for (line, row) in &rows {
        if !seen.insert(division(row).to_owned()) {
            return Err(line.broken(format!("区划 `{}` 出现了两次", division(row))));
        }
    }
    let mut counties = divisions.all().iter().filter(|found| found.level == Level::County);
    match counties.find(|county| !seen.contains(&*county.code)) {
        Some(county) => Err(table.broken(format!("缺少县（市、区） `{}`（{}）", county.code, county.name))),
        None => Ok(rows.into_iter().map(|(_, row)| row).collect()),
    }
}

fn zone(line: Line<'_>, divisions: &Divisions, codes: &[Vec<CodeEntry>]) -> Result<Zonation, CatalogueError> {
    Ok(Zonation {
        division: line.known("division_code", |code| {
            divisions.get(code).map(|found| found.code.to_string())
        })?,
        intensity: line.code("intensity", CodeList::Intensity, codes)?,
        acceleration: line.code("acceleration_g", CodeList::Acceleration, codes)?,
        design_group: line.code("design_group", CodeList::DesignGroup, codes)?,
        since: line.parsed::<NaiveDate>("since")?,
        acceleration_status: line.known("acceleration_status", SourceStatus::from_id)?,
        group_status: line.known("group_status", SourceStatus::from_id)?,
        source: line.required("source")?.to_owned(),
    })
}

/// The zonation of townships in a file with the columns of `zonation.csv`; else everything that is wrong with it.
pub(super) fn township_zonation(catalogue: &Catalogue, path: &Path) -> Result<Vec<Zonation>, Vec<CatalogueError>> {
    let file = path.display().to_string();
    let text = fs::read_to_string(path).map_err(|source| {
        let file = file.clone();
        vec![CatalogueError::Unreadable { file, source }]
    })?;
    let table = Table::parse(&file, text.trim_start_matches('\u{feff}')).map_err(|error| vec![error])?;
    let (mut zones, mut wrong, mut seen) = (Vec::new(), Vec::new(), HashSet::new());
    for line in table.lines() {
        match township(line, catalogue) {
            Ok(zone) if seen.insert(zone.division.clone()) => zones.push(zone),
            Ok(zone) => wrong.push(line.broken(format!("乡镇（街道） `{}` 出现了两次", zone.division))),
            Err(error) => wrong.push(error),
        }
    }
    if zones.is_empty() && wrong.is_empty() {
        wrong.push(table.broken("只有表头，没有数据行"));
    }
    if wrong.is_empty() { Ok(zones) } else { Err(wrong) }
}

fn township(line: Line<'_>, catalogue: &Catalogue) -> Result<Zonation, CatalogueError> {
    let zone = zone(line, &catalogue.divisions, &catalogue.codes)?;
    let name = line.get("division_name")?;
    match catalogue.divisions.get(&zone.division) {
        Some(found) if found.level != Level::Township => Err(line.broken(format!(
            "`division_code`：`{}`（{}）不是乡镇（街道）",
            found.code, found.name
        ))),
        Some(found) if !name.is_empty() && name != found.name && !found.aliases.iter().any(|alias| alias == name) => {
            Err(line.broken(format!(
                "`division_name`：`{}` 是{}，不是“{name}”",
                found.code, found.name
            )))
        }
        _ => Ok(zone),
    }
}

/// Writes a `zonation.csv`.
pub(super) fn write_zonation<'a>(
    catalogue: &Catalogue,
    zones: impl Iterator<Item = &'a Zonation>,
    out: impl io::Write,
) -> io::Result<()> {
    let mut csv = csv::Writer::from_writer(out);
    csv.write_record([
        "division_code",
        "division_name",
        "intensity",
        "acceleration_g",
        "design_group",
        "since",
        "acceleration_status",
        "group_status",
        "source",
    ])?;
    for zone in zones {
        csv.write_record([
            &zone.division,
            catalogue.divisions.name(&zone.division),
            &zone.intensity,
            &zone.acceleration,
            &zone.design_group,
            &zone.since.to_string(),
            zone.acceleration_status.id(),
            zone.group_status.id(),
            &zone.source,
        ])?;
    }
    csv.flush()
}

fn bounds(table: &Table, divisions: &Divisions) -> Result<Vec<Bounds>, CatalogueError> {
    let rows = table
        .lines()
        .map(|line| {
            let bounds = Bounds {
                division: line.known("division_code", |code| {
                    divisions.get(code).map(|found| found.code.to_string())
                })?,
                min_longitude: line.parsed("min_lon")?,
                min_latitude: line.parsed("min_lat")?,
                max_longitude: line.parsed("max_lon")?,
                max_latitude: line.parsed("max_lat")?,
            };
            if bounds.min_longitude >= bounds.max_longitude || bounds.min_latitude >= bounds.max_latitude {
                return Err(line.broken("最小的经度或纬度不小于最大的"));
            }
            Ok((line, bounds))
        })
        .collect::<Result<Vec<_>, _>>()?;
    one_for_each_county(table, divisions, rows, |bounds| &bounds.division)
}

fn departments(table: &Table, codes: &[Vec<CodeEntry>]) -> Result<Vec<Department>, CatalogueError> {
    let mut all: Vec<Department> = Vec::new();
    for line in table.lines() {
        let code = line.required("code")?;
        if code.len() > 12 || !code.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(line.broken(format!("`code`：`{code}` 须为 1 到 12 个字母或数字")));
        }
        if all.iter().any(|department| department.code == code) {
            return Err(line.broken(format!("部门 `{code}` 出现了两次")));
        }
        let lead_categories = line.list("lead_categories")?;
        let categories = &codes[CodeList::Category as usize];
        if let Some(unknown) = lead_categories
            .iter()
            .find(|code| !categories.iter().any(|entry| *entry.code == **code))
        {
            return Err(line.broken(format!("`lead_categories`：没有代码为 `{unknown}` 的工程类别")));
        }
        all.push(Department {
            code: code.to_owned(),
            name: line.required("name")?.to_owned(),
            short_name: line.required("short_name")?.to_owned(),
            secretariat: line.known("kind", |kind| match kind {
                "secretariat" => Some(true),
                "member" => Some(false),
                _ => None,
            })?,
            lead_categories,
            status: line.known("status", |status| {
                DEPARTMENT_STATUSES.contains(&status).then(|| status.to_owned())
            })?,
        });
    }
    if all.is_empty() {
        return Err(table.broken("只有表头，没有部门"));
    }
    Ok(all)
}
