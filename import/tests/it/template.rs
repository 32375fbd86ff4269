//! The template, and rosters in its form: what is written is what is read.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use chrono::NaiveDate;
use retrofit_import::catalogue::{Catalogue, CodeList, Department, Field, FieldType, Level};
use retrofit_import::check::{CheckedRow, Checker, Corrections, Summary};
use retrofit_import::finding::{Finding, Severity};
use retrofit_import::values::Canonical;
use retrofit_import::workbook::{Content, Limits};
use retrofit_import::write::{Values, XlsxError, roster, template};
use rust_xlsxwriter::Workbook;

use crate::workbook::{read_bytes, roster as sample, worker};

fn catalogue() -> Catalogue {
    Catalogue::load(None).unwrap()
}

fn check_file(file: &Path) -> (Summary, Vec<CheckedRow>) {
    let checker = Checker {
        catalogue: Arc::new(catalogue()),
        worker: worker(),
        limits: Limits::default(),
        corrections: Corrections::default(),
    };
    let today = NaiveDate::from_ymd_opt(2026, 11, 23).unwrap();
    let mut rows = Vec::new();
    let summary = checker.check(file, today, &mut |row| rows.push(row)).unwrap();
    (summary, rows)
}

fn check(bytes: &[u8]) -> (Summary, Vec<CheckedRow>) {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    check_file(file.path())
}

fn empty_template(department: &Department) -> Vec<u8> {
    let mut bytes = Vec::new();
    template(&catalogue(), department, &mut bytes).unwrap();
    bytes
}

fn written(records: &[Values]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let records = records.iter().cloned().map(Ok::<_, XlsxError>);
    roster(&catalogue(), None, records, &mut bytes).unwrap();
    bytes
}

fn values(rows: &[CheckedRow]) -> Vec<Values> {
    rows.iter().map(|row| row.record.values()).collect()
}

fn all_findings<'a>(summary: &'a Summary, rows: &'a [CheckedRow]) -> Vec<&'a Finding> {
    let on_rows = rows.iter().flat_map(|row| &row.findings);
    summary.findings.iter().chain(on_rows).collect()
}

fn one(text: &str) -> Canonical {
    Canonical::One(text.to_owned())
}

/// A department's template with its texts changed, checked.
fn edited(department: &Department, edit: impl Fn(&str) -> &str) -> (Summary, Vec<CheckedRow>) {
    let book = read_bytes(&empty_template(department)).unwrap();
    let mut copy = Workbook::new();
    let sheet = copy.add_worksheet();
    for row in &book.sheets[0].1 {
        for cell in &row.cells {
            let column = u16::try_from(cell.column).unwrap();
            match &cell.content {
                Content::Number(text) => sheet.write_number(row.index, column, text.parse::<f64>().unwrap()),
                Content::Text(text) => sheet.write_string(row.index, column, edit(text)),
                other => panic!("{other:?}"),
            }
            .unwrap();
        }
    }
    check(&copy.save_to_buffer().unwrap())
}

/// The values of a template's example row, made a project by a number and a name of its own.
fn example(department: &Department) -> Values {
    let (summary, rows) = edited(department, |text| match text {
        "示例" => "1",
        name => name.trim_start_matches("示例："),
    });
    assert_eq!(
        all_findings(&summary, &rows),
        Vec::<&Finding>::new(),
        "{}",
        department.code
    );
    let [example] = values(&rows).try_into().unwrap();
    example
}

#[test]
fn an_empty_template_is_a_roster_without_rows_and_without_findings() {
    for department in catalogue().departments() {
        let (summary, rows) = check(&empty_template(department));
        assert_eq!(
            all_findings(&summary, &rows),
            Vec::<&Finding>::new(),
            "{}",
            department.code
        );
        assert_eq!(rows.len(), 0);
        assert_eq!((summary.sheets[0].header_row, summary.sheets.len()), (4, 1));
    }
}

#[test]
fn the_example_is_a_sound_project_of_the_departments_own_kind() {
    for department in catalogue().departments() {
        let example = example(department);
        if let Some(category) = department.lead_categories.first() {
            assert_eq!(example[&Field::Category], one(category));
        }
        for info in catalogue().fields().iter().filter(|info| info.required) {
            assert!(example.contains_key(&info.field), "{}: {}", department.code, info.field);
        }
    }
}

#[test]
fn an_example_that_was_overwritten_is_a_project() {
    let catalogue = catalogue();
    let name = |text: &str| text.starts_with("示例：");
    let (_, rows) = edited(catalogue.department("JTJ").unwrap(), |text| {
        if name(text) { "第一中学教学楼" } else { text }
    });
    let [project] = values(&rows).try_into().unwrap();
    assert_eq!(project[&Field::Name], one("第一中学教学楼"));
}

#[test]
fn every_column_is_understood_by_its_header() {
    let catalogue = catalogue();
    let book = read_bytes(&empty_template(&catalogue.departments()[0])).unwrap();
    let header = book.sheets[0].1.iter().find(|row| row.index == 3).unwrap();
    // 序号 stands in the row above, merged.
    assert_eq!(header.cells.len(), Field::COUNT);
    for info in catalogue.fields() {
        let Some(Content::Text(text)) = header.content(u32::try_from(info.field.index()).unwrap() + 1) else {
            panic!("{} has no header", info.field);
        };
        assert_eq!(text.starts_with('*'), info.required, "{text}");
        assert!(text.contains(&info.label), "{text}");
    }
}

/// The entries of each dropdown, by the name of the list, as the hidden sheet has them.
fn lists(bytes: &[u8]) -> BTreeMap<String, Vec<String>> {
    let book = read_bytes(bytes).unwrap();
    let (head, rows) = &book.sheets[1];
    assert!(head.hidden);
    let text = |content: &Content| match content {
        Content::Text(text) => text.to_string(),
        other => panic!("{other:?}"),
    };
    let names = rows.iter().find(|row| row.index == 1).unwrap();
    names
        .cells
        .iter()
        .map(|name| {
            let entries = rows.iter().filter(|row| row.index >= 3);
            let entries = entries.filter_map(|row| row.content(name.column)).map(text).collect();
            (text(&name.content), entries)
        })
        .collect()
}

#[test]
fn no_value_of_a_dropdown_gets_a_v_finding() {
    let catalogue = catalogue();
    let department = catalogue.department("JTJ").unwrap();
    let lists = lists(&empty_template(department));
    let base = example(department);
    let list_id = |field: Field| match field.field_type() {
        FieldType::Code(list) | FieldType::Codes(list) => Some(list.id()),
        FieldType::YesNo => Some(CodeList::YesNo.id()),
        FieldType::County => Some("county"),
        _ => None,
    };
    let mut cases: Vec<(Field, String, Values)> = Vec::new();
    for (field, id) in Field::ALL.iter().filter_map(|field| Some((*field, list_id(*field)?))) {
        assert!(!lists[id].is_empty());
        cases.extend(lists[id].iter().map(|label| (field, label.clone(), base.clone())));
    }
    for county in catalogue.divisions().counties() {
        let mut base = base.clone();
        base.insert(Field::County, one(&county.code));
        let townships = &lists[&county.name];
        assert!(townships.iter().all(|name| lists["township"].contains(name)));
        cases.extend(
            townships
                .iter()
                .map(|label| (Field::Township, label.clone(), base.clone())),
        );
    }
    let records: Vec<Values> = cases
        .iter()
        .map(|(field, label, base)| {
            let mut record = base.clone();
            // An unknown code is written as it stands: the label itself reaches the cell.
            record.insert(*field, one(label));
            record
        })
        .collect();
    let (_, rows) = check(&written(&records));
    assert_eq!(rows.len(), cases.len());
    for ((field, label, _), row) in cases.iter().zip(&rows) {
        let wrong = row
            .findings
            .iter()
            .find(|finding| finding.code.starts_with('V') || (*field == Field::Township && finding.code == "P001"));
        assert_eq!(wrong, None, "{field} {label}");
        assert!(row.record.value(*field).is_some(), "{field} {label}");
    }
}

#[test]
fn a_departments_own_categories_come_first() {
    let catalogue = catalogue();
    let category = |code| lists(&empty_template(catalogue.department(code).unwrap()))["category"].clone();
    assert_eq!(category("ZJJ")[..3], ["城镇住宅", "农村民居", "学校"]);
    assert_eq!(category("CZJ").len(), catalogue.codes(CodeList::Category).len());
}

#[test]
fn a_zone_has_the_townships_of_its_county() {
    let catalogue = catalogue();
    let lists = lists(&empty_template(&catalogue.departments()[0]));
    let zones = catalogue
        .divisions()
        .counties()
        .filter(|county| county.level == Level::Zone);
    for zone in zones {
        assert_eq!(lists[&zone.name], lists["东昌府区"]);
    }
}

#[test]
fn the_samples_exported_read_as_they_were() {
    let files = std::fs::read_dir(sample(""))
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let mut compared = 0;
    for file in files.filter(|file| file.extension().is_none_or(|kind| kind != "json")) {
        let name = file.display();
        let (_, rows) = check_file(&file);
        // A row with an error is held back and never gets into the registry.
        let sound = rows.iter().filter(|row| row.gravest() != Some(Severity::Error));
        // Of the 3,000 rows of one sample, enough to hold whatever its generator writes.
        let mut records: Vec<Values> = sound.map(|row| row.record.values()).take(400).collect();
        for (number, record) in (1..).zip(&mut records) {
            record.insert(Field::RegistryCode, one(&format!("LC-2026-{number:06}")));
        }
        if records.is_empty() {
            continue;
        }
        let (summary, back) = check(&written(&records));
        assert!(summary.findings.is_empty(), "{name}: {:?}", summary.findings);
        let back = values(&back);
        assert_eq!(back.len(), records.len(), "{name}");
        for (wanted, got) in records.iter().zip(&back) {
            assert_eq!(got, wanted, "{name}");
        }
        compared += records.len();
    }
    assert!(compared > 800, "{compared}");
}

#[test]
fn texts_stay_texts_and_numbers_keep_their_digits() {
    let catalogue = catalogue();
    let mut record = example(catalogue.department("JTJ").unwrap());
    for (field, text) in [
        (Field::Name, "=HYPERLINK(\"http://example.com\",\"教学楼\")"),
        (Field::Address, "+86 花园路1号"),
        (Field::OwnerUnit, "-某某中学"),
        (Field::Remarks, "@SUM(A1:A9) _x0041_ <b>&amp;"),
        (Field::ProjectNo, "00012345678901234567"),
        (Field::AppraisalReportNo, "1e5"),
        (Field::Longitude, "115.985431"),
        (Field::InvestmentPlanned, "1000000"),
        (Field::InvestmentDone, "0.0001"),
        (Field::FloorAreaM2, "499999.99"),
        (Field::ScaleValue, "9999999.99"),
        (Field::ProgressPercent, "99.99"),
        (Field::BuiltDate, "1998"),
        (Field::StartDate, "2023-07"),
        (Field::CompletionDate, "2023"),
    ] {
        record.insert(field, one(text));
    }
    let methods = ["99", "01", "31"].map(str::to_owned).to_vec();
    record.insert(Field::RetrofitMethods, Canonical::Many(methods));
    let bytes = written(std::slice::from_ref(&record));
    let (_, rows) = check(&bytes);
    assert_eq!(values(&rows), [record]);
    let mut package = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    let sheet = std::io::read_to_string(package.by_name("xl/worksheets/sheet1.xml").unwrap()).unwrap();
    assert!(!sheet.contains("<f>"), "a formula");
}

#[test]
fn an_older_template_is_a_hint_and_its_hidden_sheet_is_none() {
    let stamped = |text: &str| {
        let mut book = Workbook::new();
        book.add_worksheet().write_string(0, 0, "说明").unwrap();
        let sheet = book.add_worksheet().set_name("_retrofit").unwrap().set_hidden(true);
        sheet.write_string(0, 0, text).unwrap();
        let (summary, _) = check(&book.save_to_buffer().unwrap());
        summary.findings.iter().map(|finding| finding.code).collect::<Vec<_>>()
    };
    assert_eq!(stamped("retrofit-template 0"), ["F007", "F009", "F004"]);
    assert_eq!(stamped("retrofit-template 1"), ["F007", "F004"]);
    assert_eq!(stamped("某某名单"), ["F007", "F010", "F004"]);
}

#[test]
fn an_error_of_the_records_ends_the_writing() {
    #[derive(Debug, PartialEq)]
    enum Failure {
        Records,
        Workbook,
    }
    impl From<XlsxError> for Failure {
        fn from(_: XlsxError) -> Self {
            Self::Workbook
        }
    }
    let records = [Ok(Values::new()), Err(Failure::Records)];
    let ended = roster(&catalogue(), None, records, Vec::new());
    assert_eq!(ended, Err(Failure::Records));
}
