//! The catalogue: fields, code lists, divisions, rules, departments.

use axum::http::Method;
use retrofit_import::catalogue::{CodeList, Department, FieldInfo, FieldType, Level};
use retrofit_import::finding::Severity;
use retrofit_import::rules::{self, RULES, Setting};
use retrofit_import::write;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::body::Json;
use super::endpoint::{Call, Endpoint, In, change, get};
use super::problem::Problem;
use super::reply::{Plain, Tagged};
use super::roles::{ADMINISTER, ALL, DATA};
use super::types::{File, Nothing, Page, Workbook};
use crate::registry::people::Operator;
use crate::registry::review::Filter;
use crate::registry::{Registry, exports, settings};

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        get("/fields", ALL, "The fields of a project", fields),
        get("/codes", ALL, "Every code list", codes),
        get("/divisions", ALL, "Counties, zones and townships", divisions),
        get("/rules", ALL, "What rosters are checked by", list_rules),
        get("/rules/{code}", ALL, "One rule", one_rule),
        get("/departments", ALL, "The departments", departments),
        get("/departments/{department}", ALL, "One department", department),
        change(
            Method::PUT,
            "/departments/{department}/lead-review",
            ADMINISTER,
            "Settles whether the department's own lead looks before the secretariat",
            set_lead_review,
        ),
        get(
            "/departments/{department}/template",
            ALL,
            "An empty roster with dropdowns and notes",
            template,
        ),
        get(
            "/departments/{department}/roster",
            DATA,
            "The department's current projects in its template",
            roster,
        ),
    ]
}

/// A field of a project.
#[derive(Serialize, JsonSchema)]
struct Field {
    /// Its stable name, a key of `values`.
    id: &'static str,
    /// As officers call it.
    label: String,
    /// Fields that stand together.
    group: String,
    /// How its values are written: `text`, `code`, `codes`, `decimal`, `integer`, `percent`, `month`, `date`, `yes_no`, `county`, `township`,
    /// `uscc`, `phone`.
    kind: &'static str,
    /// The code list that its values are of.
    list: Option<&'static str>,
    /// The unit of its values; blank without.
    unit: String,
    /// Whether a record must have it.
    required: bool,
    /// The least value.
    least: Option<String>,
    /// The greatest value.
    greatest: Option<String>,
    /// What rosters call it besides.
    aliases: Vec<String>,
    /// What it means.
    meaning: String,
}

fn field(info: &FieldInfo) -> Field {
    let (kind, list) = match info.field.field_type() {
        FieldType::Text(_) => ("text", None),
        FieldType::Code(list) => ("code", Some(list)),
        FieldType::Codes(list) => ("codes", Some(list)),
        FieldType::Uscc => ("uscc", None),
        FieldType::County => ("county", None),
        FieldType::Township => ("township", None),
        FieldType::Decimal(_) => ("decimal", None),
        FieldType::Integer => ("integer", None),
        FieldType::Percent => ("percent", None),
        FieldType::Month => ("month", None),
        FieldType::Date => ("date", None),
        FieldType::YesNo => ("yes_no", Some(CodeList::YesNo)),
        FieldType::Phone => ("phone", None),
    };
    Field {
        id: info.field.id(),
        label: info.label.clone(),
        group: info.group.clone(),
        kind,
        list: list.map(CodeList::id),
        unit: info.unit.clone(),
        required: info.required,
        least: info.range.map(|(least, _)| least.to_string()),
        greatest: info.range.map(|(_, greatest)| greatest.to_string()),
        aliases: info.aliases.iter().chain(&info.loose).cloned().collect(),
        meaning: info.meaning.clone(),
    }
}

fn fields(call: &Call<'_>, _: In) -> Result<Page<Field>, Problem> {
    Ok(Page::whole(
        call.registry.catalogue.fields().iter().map(field).collect(),
    ))
}

/// A code list.
#[derive(Serialize, JsonSchema)]
struct Codes {
    /// Its name.
    list: &'static str,
    /// Its codes.
    codes: Vec<CodeLine>,
}

/// A code.
#[derive(Serialize, JsonSchema)]
struct CodeLine {
    /// The code.
    code: String,
    /// As officers call it.
    label: String,
    /// What rosters may write for it besides.
    synonyms: Vec<String>,
}

fn codes(call: &Call<'_>, _: In) -> Result<Page<Codes>, Problem> {
    let lists = CodeList::ALL.iter().map(|&list| Codes {
        list: list.id(),
        codes: call
            .registry
            .catalogue
            .codes(list)
            .iter()
            .map(|entry| CodeLine {
                code: entry.code.to_string(),
                label: entry.label.clone(),
                synonyms: entry.synonyms.clone(),
            })
            .collect(),
    });
    Ok(Page::whole(lists.collect()))
}

/// An administrative division.
#[derive(Serialize, JsonSchema)]
struct Division {
    /// Its code.
    code: String,
    /// Its name.
    name: String,
    /// `city`, `county`, `zone` or `township`.
    level: &'static str,
    /// The code of the division that it lies in; blank for the city.
    parent: String,
    /// Other names.
    aliases: Vec<String>,
}

fn divisions(call: &Call<'_>, _: In) -> Result<Page<Division>, Problem> {
    let all = call
        .registry
        .catalogue
        .divisions()
        .all()
        .iter()
        .map(|division| Division {
            code: division.code.to_string(),
            name: division.name.clone(),
            level: match division.level {
                Level::City => "city",
                Level::County => "county",
                Level::Zone => "zone",
                Level::Township => "township",
            },
            parent: division.parent.clone(),
            aliases: division.aliases.clone(),
        });
    Ok(Page::whole(all.collect()))
}

/// The word of a severity.
pub(super) const fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Hint => "hint",
        Severity::Confirm => "confirm",
        Severity::Error => "error",
    }
}

/// A rule.
#[derive(Serialize, JsonSchema)]
struct Rule {
    /// Its code.
    code: &'static str,
    /// The fault, in a few words.
    title: &'static str,
    /// `error` holds a row, `confirm` asks for an explanation, `hint` asks for nothing.
    severity: &'static str,
    /// What this deployment sets otherwise, and why.
    setting: Option<String>,
    /// The fields that it flags.
    fields: Vec<&'static str>,
    /// When it fires.
    when: &'static str,
    /// Why.
    why: &'static str,
    /// What to do.
    how: &'static str,
}

fn rule(registry: &Registry, rule: &'static rules::Rule) -> Rule {
    Rule {
        code: rule.code,
        title: rule.title,
        severity: severity(rule.severity()),
        setting: registry.catalogue.rule_settings().of(rule.code).map(Setting::label),
        fields: rule.fields.iter().map(|field| field.id()).collect(),
        when: rule.help.when,
        why: rule.help.why,
        how: rule.help.how,
    }
}

fn list_rules(call: &Call<'_>, _: In) -> Result<Page<Rule>, Problem> {
    Ok(Page::whole(RULES.iter().map(|of| rule(call.registry, of)).collect()))
}

/// A rule's code.
#[derive(Deserialize, JsonSchema)]
pub(super) struct RuleCode {
    code: String,
}

fn one_rule(call: &Call<'_>, input: In<RuleCode>) -> Result<Plain<Rule>, Problem> {
    let of = rules::find(&input.path.code).ok_or_else(Problem::not_found)?;
    Ok(Plain(rule(call.registry, of)))
}

/// A department.
#[derive(Serialize, JsonSchema)]
struct DepartmentLine {
    /// Its code.
    code: String,
    /// Its name.
    name: String,
    /// Its short name.
    short_name: String,
    /// Whether it is the secretariat.
    secretariat: bool,
    /// The categories that it leads.
    lead_categories: Vec<String>,
    /// Whether a published notice names it.
    confirmed: bool,
    /// Whether its own lead looks before the secretariat.
    lead_review: bool,
}

fn department_line(of: &Department, leads: &[String]) -> DepartmentLine {
    DepartmentLine {
        code: of.code.clone(),
        name: of.name.clone(),
        short_name: of.short_name.clone(),
        secretariat: of.secretariat,
        lead_categories: of.lead_categories.clone(),
        confirmed: of.is_confirmed(),
        lead_review: leads.contains(&of.code),
    }
}

fn departments(call: &Call<'_>, _: In) -> Result<Page<DepartmentLine>, Problem> {
    let leads = settings::lead_departments(call.registry)?;
    let all = call.registry.catalogue.departments().iter();
    Ok(Page::whole(all.map(|of| department_line(of, &leads)).collect()))
}

/// A department's code.
#[derive(Deserialize, JsonSchema)]
pub(super) struct DepartmentCode {
    pub(super) department: String,
}

fn find<'a>(registry: &'a Registry, code: &str) -> Result<&'a Department, Problem> {
    registry.catalogue.department(code).ok_or_else(Problem::not_found)
}

fn department(call: &Call<'_>, input: In<DepartmentCode>) -> Result<Tagged<DepartmentLine>, Problem> {
    let of = find(call.registry, &input.path.department)?;
    Ok(Tagged(department_line(of, &settings::lead_departments(call.registry)?)))
}

/// Whether a department's own lead looks first.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct LeadReview {
    on: bool,
}

fn set_lead_review(
    call: &Call<'_>,
    input: In<DepartmentCode, Nothing, Json<LeadReview>>,
) -> Result<Tagged<DepartmentLine>, Problem> {
    let of = find(call.registry, &input.path.department)?;
    let current = department_line(of, &settings::lead_departments(call.registry)?);
    call.must_match(Some(&current))?;
    settings::set_lead_review(call.registry, call.operator, &of.code, input.body.0.on)?;
    Ok(Tagged(department_line(of, &settings::lead_departments(call.registry)?)))
}

fn template(call: &Call<'_>, input: In<DepartmentCode>) -> Result<File<Workbook>, Problem> {
    let of = find(call.registry, &input.path.department)?;
    let mut workbook = std::io::Cursor::new(Vec::new());
    write::template(&call.registry.catalogue, of, &mut workbook).map_err(|error| Problem::internal(&error.into()))?;
    let name = format!("{}填报模板.xlsx", of.short_name);
    Ok(File::new(name, workbook.into_inner()))
}

fn roster(call: &Call<'_>, input: In<DepartmentCode>) -> Result<File<Workbook>, Problem> {
    let of = find(call.registry, &input.path.department)?;
    if !call.operator.may_see(&of.code) {
        return Err(Problem::not_found());
    }
    let filter = Filter {
        department: Some(of.code.clone()),
        ..Filter::default()
    };
    let bytes = exported(call.registry, call.operator, &filter)?;
    Ok(File::new(format!("{}工程清单.xlsx", of.short_name), bytes))
}

/// Projects as a roster.
pub(super) fn exported(registry: &Registry, operator: &Operator, filter: &Filter) -> Result<Vec<u8>, Problem> {
    let mut workbook = std::io::Cursor::new(Vec::new());
    exports::roster(registry, operator, filter, &mut workbook)?;
    Ok(workbook.into_inner())
}
