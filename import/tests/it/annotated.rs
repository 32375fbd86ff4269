//! What was found, written back into what was sent.

use std::collections::BTreeMap;
use std::io::{Cursor, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::NaiveDate;
use retrofit_import::catalogue::Catalogue;
use retrofit_import::check::{Checker, Corrections};
use retrofit_import::finding::Severity;
use retrofit_import::report::Report;
use retrofit_import::workbook::{Content, Limits, Row};
use retrofit_import::write::annotated;

use crate::layout::row;
use crate::workbook::{Book, read_with, roster, worker};

pub(crate) fn annotate(original: &Path) -> (Report, Book, PathBuf) {
    let checker = Checker {
        catalogue: Arc::new(Catalogue::load(None).unwrap()),
        worker: worker(),
        limits: Limits::default(),
        corrections: Corrections::default(),
    };
    let today = NaiveDate::from_ymd_opt(2026, 11, 20).unwrap();
    let report = Report::new(&checker, original, today, false).unwrap();
    let name = original.file_stem().unwrap().to_string_lossy().into_owned();
    let out = std::env::temp_dir().join(format!("annotated-{}-{name}.xlsx", std::process::id()));
    annotated(&checker, original, &report, &out).unwrap();
    let book = read_with(&out, &Limits::default()).unwrap();
    (report, book, out)
}

/// Every cell of the original stands where it stood.
#[track_caller]
fn assert_same(original: &Book, annotated: &Book) {
    assert_eq!(annotated.sheets[0].0.name, "检查结果");
    assert_eq!(annotated.sheets.len(), original.sheets.len() + 1);
    for (number, (head, rows)) in original.sheets.iter().enumerate() {
        let (copied, _) = &annotated.sheets[number + 1];
        assert_eq!((copied.hidden, &copied.hidden_rows), (head.hidden, &head.hidden_rows));
        assert_eq!(copied.merged.len(), head.merged.len());
        for row in rows {
            for cell in &row.cells {
                let found = annotated.content(number + 1, row.index, cell.column);
                match (&cell.content, found) {
                    (Content::Error(error), Some(Content::Text(text))) => assert_eq!(error, text),
                    (content, found) => assert_eq!(Some(content), found, "{} {}", row.index, cell.column),
                }
            }
        }
    }
}

#[test]
fn rosters_keep_their_cells_and_gain_three_columns() {
    for name in [
        "05-jyj-bridges-yuan.xlsx",
        "06-slj-reservoirs.xls",
        "07-yjj-depots-shelters.ods",
        "08-gdgs-power-utf8.csv",
        "09-mzj-other-late-start.xlsx",
    ] {
        let original = read_with(&roster(name), &Limits::default()).unwrap();
        let (report, book, out) = annotate(&roster(name));
        std::fs::remove_file(out).unwrap();
        assert_same(&original, &book);

        let table = &report.summary.sheets[0];
        let number = original
            .sheets
            .iter()
            .position(|(head, _)| head.name == table.name)
            .unwrap();
        let text = |row: u32, column| match book.content(number + 1, row - 1, column) {
            Some(Content::Text(text)) => text.to_string(),
            other => format!("{other:?}"),
        };
        let result = (0..200).find(|column| text(table.first_header_row, *column) == "结果");
        let width = result.unwrap();
        assert_eq!(
            [1, 2].map(|step| text(table.first_header_row, width + step)),
            ["问题", "情况说明"]
        );
        let beyond = |row: &Row| row.cells.iter().any(|cell| cell.column >= width);
        assert!(!original.sheets[number].1.iter().any(beyond), "{name}");
        for &row in &table.data_rows {
            let findings: Vec<_> = report
                .findings
                .iter()
                .filter(|finding| finding.row == Some(row) && finding.sheet.as_deref() == Some(&table.name))
                .collect();
            let result = match findings.iter().map(|finding| finding.severity).max() {
                Some(Severity::Error) => "需更正",
                Some(Severity::Confirm) => "需说明",
                _ => "合格",
            };
            assert_eq!(text(row, width), result, "{name} row {row}");
            for finding in findings {
                assert!(text(row, width + 1).contains(finding.code), "{name} row {row}");
            }
        }
    }
}

#[test]
fn an_unreadable_file_is_answered_with_the_reason() {
    let (report, book, out) = annotate(&roster("82-truncated.xlsx"));
    std::fs::remove_file(out).unwrap();
    assert_eq!(book.sheets.len(), 1);
    let message = &report.findings[0].message;
    let said = |content: &Content| matches!(content, Content::Text(text) if **text == **message);
    assert!(
        book.sheets[0]
            .1
            .iter()
            .flat_map(|row| &row.cells)
            .any(|cell| said(&cell.content))
    );
}

#[test]
fn no_text_becomes_a_formula() {
    let file = tempfile::Builder::new().suffix(".csv").tempfile().unwrap();
    std::fs::write(
        file.path(),
        "=1+1,@SUM(A1),+1-1\n\"=HYPERLINK(\"\"http://x\"\")\",-2+3,{=A1}\n",
    )
    .unwrap();
    let (_, book, out) = annotate(file.path());
    let bytes = std::fs::read(&out).unwrap();
    std::fs::remove_file(out).unwrap();
    assert_eq!(book.content(1, 0, 0), Some(&Content::Text("=1+1".into())));
    assert_eq!(
        book.content(1, 1, 0),
        Some(&Content::Text("=HYPERLINK(\"http://x\")".into()))
    );
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    let sheet = std::io::read_to_string(zip.by_name("xl/worksheets/sheet2.xml").unwrap()).unwrap();
    assert!(!sheet.contains("<f>"), "{sheet}");
}

/// The parts of a package by name.
fn parts(bytes: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let names: Vec<String> = zip.file_names().map(|name| name.unwrap().into_owned()).collect();
    let mut read = |name: &str| {
        let mut bytes = Vec::new();
        zip.by_name(name).unwrap().read_to_end(&mut bytes).unwrap();
        bytes
    };
    names.iter().map(|name| (name.clone(), read(name))).collect()
}

/// What stands between two texts.
fn between<'t>(text: &'t str, from: &str, to: &str) -> &'t str {
    let start = text.find(from).unwrap() + from.len();
    &text[start..start + text[start..].find(to).unwrap()]
}

#[test]
fn a_workbook_keeps_all_that_is_not_marked() {
    let name = "01-jtj-schools.xlsx";
    let (_, _, out) = annotate(&roster(name));
    let (before, after) = (
        parts(&std::fs::read(roster(name)).unwrap()),
        parts(&std::fs::read(&out).unwrap()),
    );
    std::fs::remove_file(out).unwrap();
    for same in ["xl/sharedStrings.xml", "xl/theme/theme1.xml", "docProps/core.xml"] {
        assert!(before[same] == after[same], "{same}");
    }
    let text = |parts: &BTreeMap<String, Vec<u8>>, name: &str| String::from_utf8(parts[name].clone()).unwrap();
    let (before, after) = (
        text(&before, "xl/worksheets/sheet2.xml"),
        text(&after, "xl/worksheets/sheet2.xml"),
    );
    let kept = between(&before, "</sheetData>", "</worksheet>");
    assert!(after.contains(kept), "{kept}");
    // The officer's widths, but for the added columns.
    let width = "width=\"12.7109375\"";
    assert!(before.contains(width) && after.contains(width));
}

/// A workbook with a table, a formula, a note and a macro, as an officer has them.
fn with_macros() -> Vec<u8> {
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet().set_name("校舍").unwrap();
    let columns: Vec<&str> = crate::layout::HEADER.split(',').collect();
    let values = crate::layout::row("第一中学教学楼").replace("0.15g", "0.10g");
    for (column, (heading, value)) in (0..).zip(columns.iter().zip(values.split(','))) {
        let heading = if *heading == "乡镇" { "所属乡镇" } else { heading };
        sheet.write_string(0, column, heading).unwrap();
        sheet.write_string(1, column, value).unwrap();
    }
    sheet.write_formula(3, 0, "=1+1").unwrap();
    sheet.insert_note(0, 0, &rust_xlsxwriter::Note::new("全称")).unwrap();
    let plain = parts(&book.save_to_buffer().unwrap());
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    for (name, bytes) in plain {
        let text = String::from_utf8(bytes).unwrap();
        let text = text
            .replace("openxmlformats-officedocument.spreadsheetml.sheet.main", "ms-excel.sheet.macroEnabled.main")
            .replace(
                "</Types>",
                "<Override PartName=\"/xl/vbaProject.bin\" ContentType=\"application/vnd.ms-office.vbaProject\"/></Types>",
            );
        let text = if name == "xl/_rels/workbook.xml.rels" {
            text.replace("</Relationships>", "<Relationship Id=\"rId99\" Type=\"http://schemas.microsoft.com/office/2006/relationships/vbaProject\" Target=\"vbaProject.bin\"/></Relationships>")
        } else {
            text
        };
        zip.start_file(name, options).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.start_file("xl/vbaProject.bin", options).unwrap();
    zip.write_all(b"not looked at").unwrap();
    zip.finish().unwrap().into_inner()
}

#[test]
fn formulas_and_notes_stay_and_macros_do_not_come_along() {
    let file = tempfile::Builder::new().suffix(".xlsm").tempfile().unwrap();
    std::fs::write(file.path(), with_macros()).unwrap();
    let (report, book, out) = annotate(file.path());
    let codes: Vec<&str> = report.findings.iter().map(|finding| finding.code).collect();
    assert!(codes.contains(&"F011") && codes.contains(&"S002"), "{codes:?}");
    let after = parts(&std::fs::read(&out).unwrap());
    let (again, _, second) = annotate(&out);
    std::fs::remove_file(second).unwrap();
    std::fs::remove_file(out).unwrap();
    assert!(!again.findings.iter().any(|finding| finding.code == "F011"));
    assert_eq!(book.sheets.len(), 2);
    let text = |name: &str| String::from_utf8(after[name].clone()).unwrap();
    assert!(text("xl/worksheets/sheet1.xml").contains("<f>1+1</f>"));
    let notes = text("xl/comments1.xml");
    assert!(notes.contains("全称") && notes.contains("规则：S002"), "{notes}");
    assert!(!after.keys().any(|name| name.contains("vba")), "{:?}", after.keys());
    let types = text("[Content_Types].xml");
    assert!(!types.contains("macroEnabled") && !types.contains("vba"), "{types}");
}

#[test]
fn ours_goes_beneath_an_officers_note_and_is_taken_away_again() {
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    let header = crate::layout::header();
    let values = crate::layout::row("第一中学教学楼").replace("0.15g", "0.10g");
    for (column, (heading, value)) in (0..).zip(header.split(',').zip(values.split(','))) {
        sheet.write_string(0, column, heading).unwrap();
        sheet.write_string(1, column, value).unwrap();
    }
    let note = rust_xlsxwriter::Note::new;
    sheet.insert_note(1, 10, &note("请核 & 回电")).unwrap();
    let earlier = "全称\n———— 检查结果（系统添加）————\n旧话";
    sheet.insert_note(0, 0, &note(earlier)).unwrap();
    let file = tempfile::Builder::new().suffix(".xlsx").tempfile().unwrap();
    std::fs::write(file.path(), book.save_to_buffer().unwrap()).unwrap();

    let (_, _, once) = annotate(file.path());
    let (_, _, twice) = annotate(&once);
    for out in [once, twice] {
        let parts = parts(&std::fs::read(&out).unwrap());
        std::fs::remove_file(out).unwrap();
        let notes = String::from_utf8(parts["xl/comments1.xml"].clone()).unwrap();
        let of = |cell: &str| between(&notes, &format!("ref=\"{cell}\""), "</comment>").to_owned();
        let flagged = of("K2");
        assert!(
            flagged.contains("请核 &amp; 回电") && flagged.contains("规则：S002"),
            "{flagged}"
        );
        assert_eq!(flagged.matches("系统添加").count(), 1, "{flagged}");
        assert!(
            of("A1").contains("全称") && !of("A1").contains("旧话") && !of("A1").contains("系统添加"),
            "{notes}"
        );
    }
}

#[test]
fn ours_stands_in_an_officers_note_without_a_text() {
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    let values = crate::layout::row("第一中学教学楼").replace("0.15g", "0.10g");
    for (column, (heading, value)) in (0..).zip(crate::layout::header().split(',').zip(values.split(','))) {
        sheet.write_string(0, column, heading).unwrap();
        sheet.write_string(1, column, value).unwrap();
    }
    let note = rust_xlsxwriter::Note::new("此处为空").add_author_prefix(false);
    sheet.insert_note(1, 10, &note).unwrap();
    let whole = parts(&book.save_to_buffer().unwrap());
    let notes = String::from_utf8(whole["xl/comments1.xml"].clone()).unwrap();
    let comment = &notes[notes.find("<comment ").unwrap()..notes.find("</comment>").unwrap() + "</comment>".len()];
    let open = &comment[..=comment.find('>').unwrap()];
    for empty in [
        format!("{}/>", open.trim_end_matches('>')),
        format!("{open}<text/></comment>"),
        format!("{open}<text></text></comment>"),
        format!("{open}<text><r><t/></r></text></comment>"),
        format!("{open}<text><t xml:space=\"preserve\"> \n</t></text></comment>"),
    ] {
        let changed = notes.replace(comment, &empty);
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in &whole {
            let bytes = if name == "xl/comments1.xml" {
                changed.as_bytes()
            } else {
                bytes
            };
            zip.start_file(name.as_str(), zip::write::SimpleFileOptions::default())
                .unwrap();
            zip.write_all(bytes).unwrap();
        }
        let file = tempfile::Builder::new().suffix(".xlsx").tempfile().unwrap();
        std::fs::write(file.path(), zip.finish().unwrap().into_inner()).unwrap();
        let (_, _, once) = annotate(file.path());
        let (_, _, twice) = annotate(&once);
        for out in [once, twice] {
            let parts = parts(&std::fs::read(&out).unwrap());
            std::fs::remove_file(out).unwrap();
            let notes = String::from_utf8(parts["xl/comments1.xml"].clone()).unwrap();
            assert_eq!(notes.matches("ref=\"K2\"").count(), 1, "{empty}: {notes}");
            let flagged = between(&notes, "ref=\"K2\"", "</comment>");
            assert_eq!(flagged.matches("规则：S002").count(), 1, "{empty}: {flagged}");
            assert_eq!(flagged.matches("系统添加").count(), 1, "{empty}: {flagged}");
        }
    }
}

#[test]
fn a_month_shown_with_two_decimals_comes_back_as_it_went() {
    let cell = "<Cell ss:StyleID=\"a\"><Data ss:Type=\"Number\">2023.1</Data></Cell>";
    let texts = |line: &str| -> String {
        let cell = |text| format!("<Cell><Data ss:Type=\"String\">{text}</Data></Cell>");
        line.split(',').map(cell).collect()
    };
    let text = format!(
        "<?xml version=\"1.0\"?><Workbook xmlns=\"urn:schemas-microsoft-com:office:spreadsheet\" \
         xmlns:ss=\"urn:schemas-microsoft-com:office:spreadsheet\"><Styles><Style ss:ID=\"a\"><NumberFormat ss:Format=\"Fixed\"/></Style>\
         </Styles><Worksheet ss:Name=\"清单\"><Table><Row>{}</Row><Row>{}{cell}</Row></Table></Worksheet></Workbook>",
        texts(&format!("{},开工日期", crate::layout::header())),
        texts(&crate::layout::row("第一中学教学楼"))
    );
    let file = tempfile::Builder::new().suffix(".xls").tempfile().unwrap();
    std::fs::write(file.path(), text).unwrap();
    let (report, book, out) = annotate(file.path());
    let (again, _, second) = annotate(&out);
    std::fs::remove_file(second).unwrap();
    std::fs::remove_file(out).unwrap();
    assert_eq!(book.content(1, 1, 13), Some(&Content::Number("2023.10".into())));
    for report in [report, again] {
        let (written, read) = &report.summary.normalised[0].examples[0];
        assert_eq!((written.as_str(), read.as_one()), ("2023.10", Some("2023-10")));
    }
}

#[test]
fn a_module_of_old_macros_in_the_list_of_sheets_is_no_damage() {
    let whole = parts(&std::fs::read(roster("05-jyj-bridges-yuan.xlsx")).unwrap());
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in &whole {
        let module = "<sheet name=\"Module\" sheetId=\"99\" r:id=\"\"/></sheets>";
        let bytes = match name.as_str() {
            "xl/workbook.xml" => String::from_utf8_lossy(bytes).replace("</sheets>", module).into_bytes(),
            _ => bytes.clone(),
        };
        zip.start_file(name.as_str(), zip::write::SimpleFileOptions::default())
            .unwrap();
        zip.write_all(&bytes).unwrap();
    }
    let file = tempfile::Builder::new().suffix(".xlsx").tempfile().unwrap();
    std::fs::write(file.path(), zip.finish().unwrap().into_inner()).unwrap();
    let original = read_with(&roster("05-jyj-bridges-yuan.xlsx"), &Limits::default()).unwrap();
    let (_, book, out) = annotate(file.path());
    std::fs::remove_file(out).unwrap();
    assert_same(&original, &book);
}

#[test]
fn ours_is_known_again_where_a_program_has_lost_its_author() {
    let (_, _, once) = annotate(&roster("05-jyj-bridges-yuan.xlsx"));
    let whole = parts(&std::fs::read(&once).unwrap());
    std::fs::remove_file(once).unwrap();
    let notes = whole.keys().find(|name| name.contains("comments")).unwrap();
    let before = String::from_utf8(whole[notes].clone()).unwrap();
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in &whole {
        // As LibreOffice saves it: runs by script, line ends as references.
        let anonymous = before
            .replace("<author>抗震加固工程清单检查</author>", "<author> </author>")
            .replace('\n', "&#10;")
            .replace("规则：", "规则：</t></r><r><t xml:space=\"preserve\">")
            .replace(
                "</text>",
                "</text><commentPr><anchor><from>63159</from></anchor></commentPr>",
            );
        let bytes = if name == notes { anonymous.as_bytes() } else { bytes };
        zip.start_file(name.as_str(), zip::write::SimpleFileOptions::default())
            .unwrap();
        zip.write_all(bytes).unwrap();
    }
    let file = tempfile::Builder::new().suffix(".xlsx").tempfile().unwrap();
    std::fs::write(file.path(), zip.finish().unwrap().into_inner()).unwrap();
    let (_, _, twice) = annotate(file.path());
    let after = String::from_utf8(parts(&std::fs::read(&twice).unwrap())[notes].clone()).unwrap();
    std::fs::remove_file(twice).unwrap();
    let count = |text: &str| (text.matches("<comment ").count(), text.matches("规则：").count());
    assert_eq!(count(&after), count(&before));
    assert!(count(&before).0 > 3 && !after.contains("系统添加"), "{after}");
}

#[test]
fn what_the_reading_changed_stands_on_the_first_sheet() {
    let file = tempfile::Builder::new().suffix(".csv").tempfile().unwrap();
    let rows = ["12000", "20000", "30000"].map(|money| format!("{},,{money}\n", crate::layout::row("第一中学教学楼")));
    let text = format!(
        "{},造价合计,计划总投资（元）\n{}",
        crate::layout::header(),
        rows.concat()
    );
    std::fs::write(file.path(), text).unwrap();
    let (report, book, out) = annotate(file.path());
    std::fs::remove_file(out).unwrap();
    assert_eq!(report.summary.normalised[0].count, 3);
    let front = format!("{:?}", book.sheets[0].1);
    assert!(
        front.contains("O 列，3 处") && front.contains("“12000”登记为1.2万元"),
        "{front}"
    );
}

#[test]
fn a_finding_on_a_sheet_leads_to_that_sheet() {
    let folder = tempfile::tempdir().unwrap();
    let original = folder.path().join("continued.xlsx");
    let mut workbook = rust_xlsxwriter::Workbook::new();
    for (name, lines) in [
        ("一页", vec![crate::layout::header(), row("一号楼")]),
        ("二页", vec![row("二号楼")]),
    ] {
        let sheet = workbook.add_worksheet().set_name(name).unwrap();
        for (at, line) in (0..).zip(&lines) {
            for (column, text) in (0..).zip(line.split(',')) {
                sheet.write(at, column, text).unwrap();
            }
        }
    }
    workbook.save(&original).unwrap();
    let (_, book, out) = annotate(&original);
    let all = parts(&std::fs::read(&out).unwrap());
    std::fs::remove_file(out).unwrap();
    let text = |row, column| book.content(0, row, column);
    let shown = (0..30).find(|row| matches!(text(*row, 1), Some(Content::Text(sheet)) if &**sheet == "二页"));
    assert_eq!(text(shown.unwrap(), 2), Some(&Content::Text("整张表".into())));
    let leads = |part: &Vec<u8>| {
        let part = String::from_utf8_lossy(part);
        ["location=\"二页!A1\"", "location=\"'二页'!A1\""]
            .iter()
            .any(|link| part.contains(link))
    };
    assert!(all.values().any(leads));
}
