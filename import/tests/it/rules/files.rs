//! The examples of rules on files, sheets and headers: files that fire and files that come near it.

use std::io::Cursor;
use std::sync::Arc;

use retrofit_import::catalogue::Catalogue;
use retrofit_import::check::{Checker, Corrections};
use retrofit_import::workbook::Limits;
use rust_xlsxwriter::{Workbook, Worksheet};

use super::examples::TODAY;
use crate::workbook::worker;
use crate::workbook_hostile::{compound, record, xlsx_with, zip};

/// A file and whether a rule fires on it.
pub(super) struct FileExample {
    pub(super) code: &'static str,
    pub(super) fires: bool,
    what: &'static str,
    bytes: Vec<u8>,
}

#[test]
fn the_files_say_what_the_rules_find() {
    let checker = Checker {
        catalogue: Arc::new(Catalogue::load(None).unwrap()),
        worker: worker(),
        limits: Limits {
            file_bytes: 1 << 20,
            ..Limits::default()
        },
        corrections: Corrections::default(),
    };
    let mut failures = Vec::new();
    for example in examples() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), &example.bytes).unwrap();
        let summary = checker.check(file.path(), TODAY.parse().unwrap(), &mut |_| {}).unwrap();
        let codes: Vec<&str> = summary.findings.iter().map(|finding| finding.code).collect();
        if codes.contains(&example.code) != example.fires {
            failures.push(format!("{} {}: found {codes:?}", example.code, example.what));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

const HEADER: &str = "工程名称,工程类别,工程性质,用途,产权单位,县（市、区）,乡镇（街道）,详细地址,结构类型,抗震设防烈度,\
                      设计基本地震加速度,抗震设防类别,工程进度";
const ROW: &str = "第一中学教学楼,学校,加固,教学楼,第一中学,东昌府区,古楼街道,花园路1号,框架,7度,0.15g,乙类,计划加固";

/// A roster of one row as csv, with these columns added.
fn csv(header: &str, row: &str) -> Vec<u8> {
    format!("{HEADER}{header}\n{ROW}{row}\n").into_bytes()
}

/// A roster of one row as csv, some of its text replaced.
fn replaced(changes: &[(&str, &str)]) -> Vec<u8> {
    let roster = format!("{HEADER}\n{ROW}\n");
    let text = changes.iter().fold(roster, |text, (from, to)| text.replace(from, to));
    text.into_bytes()
}

/// A workbook whose first sheet holds a roster of two rows.
fn xlsx(change: impl FnOnce(&mut Workbook)) -> Vec<u8> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (text, row) in [HEADER, ROW, ROW].into_iter().zip(0..) {
        sheet.write_row(row, 0, text.split(',')).unwrap();
    }
    change(&mut book);
    book.save_to_buffer().unwrap()
}

/// The same with another sheet.
fn with_sheet(change: impl FnOnce(&mut Worksheet)) -> Vec<u8> {
    xlsx(|book| change(book.add_worksheet()))
}

/// The same with its first sheet changed.
fn changed(change: impl FnOnce(&mut Worksheet)) -> Vec<u8> {
    xlsx(|book| change(book.worksheet_from_index(0).unwrap()))
}

/// A workbook of a sheet with the stamp of a template.
fn stamped(name: &str, stamp: &str) -> Vec<u8> {
    with_sheet(|sheet| {
        sheet
            .set_name(name)
            .unwrap()
            .set_hidden(true)
            .write(0, 0, stamp)
            .unwrap();
    })
}

/// A workbook encrypted as Excel 97 does.
fn encrypted(kind: u16) -> Vec<u8> {
    let stream = [
        record(0x0809, &[0, 6, 5, 0, 0, 0, 0, 0]),
        record(0x002f, &[kind.to_le_bytes(), [1, 2], [3, 4]].concat()),
        record(0x000a, &[]),
    ];
    compound(&[("Workbook", &stream.concat())])
}

/// A roster as xls.
const XLS: &[u8] = include_bytes!("../../files/bridges-saved-as.xls");

/// The same with the storage in which Excel keeps macros.
fn xls_with_macros() -> Vec<u8> {
    let mut file = cfb::CompoundFile::open(Cursor::new(XLS.to_vec())).unwrap();
    file.create_storage("_VBA_PROJECT_CUR").unwrap();
    file.into_inner().into_inner()
}

fn fires(code: &'static str, what: &'static str, bytes: Vec<u8>) -> FileExample {
    FileExample {
        code,
        fires: true,
        what,
        bytes,
    }
}

fn silent(code: &'static str, what: &'static str, bytes: Vec<u8>) -> FileExample {
    FileExample {
        fires: false,
        ..fires(code, what, bytes)
    }
}

/// Every example.
pub(super) fn examples() -> Vec<FileExample> {
    of_files().into_iter().chain(of_headers()).chain(of_sheets()).collect()
}

fn of_files() -> Vec<FileExample> {
    vec![
        fires("F001", "a PDF", b"%PDF-1.7\n%\xe2\xe3".to_vec()),
        fires("F001", "a zip of no workbook", zip(&[("readme.txt", b"")])),
        silent("F001", "a csv", csv("", "")),
        silent("F001", "an xlsx", xlsx(|_| {})),
        fires("F002", "an encrypted xls", encrypted(1)),
        fires(
            "F002",
            "an encrypted xlsx",
            compound(&[("EncryptedPackage", b"secret"), ("EncryptionInfo", b"")]),
        ),
        silent("F002", "a protected sheet that opens without a password", {
            changed(|sheet| {
                sheet.protect_with_password("secret");
            })
        }),
        silent("F002", "an xlsx", xlsx(|_| {})),
        fires("F003", "over the size", csv("", &"\n".repeat(1 << 20))),
        fires("F003", "cells far apart", {
            changed(|sheet| {
                sheet.write(1_048_575, 16_383, 1).unwrap();
            })
        }),
        silent("F003", "under the size", csv("", &"\n".repeat(1 << 19))),
        silent("F003", "a format far below", {
            changed(|sheet| {
                let grey = rust_xlsxwriter::Format::new().set_background_color("#eeeeee");
                sheet.write_blank(1_048_575, 0, &grey).unwrap();
            })
        }),
        fires("F004", "a header and no row", format!("{HEADER}\n").into_bytes()),
        fires(
            "F004",
            "a list of codes",
            "工程类别,工程性质,结构类型\n学校,加固,框架\n".into(),
        ),
        silent("F004", "five known columns", {
            "工程名称,工程类别,工程性质,用途,工程进度\n教学楼,学校,加固,教学楼,计划加固\n".into()
        }),
        silent("F004", "a roster", csv("", "")),
    ]
}

fn of_headers() -> Vec<FileExample> {
    vec![
        fires("F005", "no stage", replaced(&[(",工程进度", ""), (",计划加固", "")])),
        fires("F005", "no acceleration", {
            replaced(&[(",设计基本地震加速度", ""), (",0.15g", "")])
        }),
        silent("F005", "the acceleration in the intensity's cell", {
            replaced(&[(",设计基本地震加速度", ""), (",7度,0.15g", ",7度（0.15g）")])
        }),
        silent("F005", "the county in a heading", {
            replaced(&[
                (",县（市、区）", ""),
                (",东昌府区", ""),
                ("第一中学教学楼", "一、东昌府区\n第一中学教学楼"),
            ])
        }),
        fires("F006", "a column of another matter", csv(",占地情况", ",有证")),
        fires("F006", "the leader", csv(",分管领导", ",某某")),
        silent("F006", "another name of a known column", csv(",项目编号", ",A-1")),
        silent(
            "F006",
            "row numbers",
            replaced(&[("工程名称", "序号,工程名称"), ("第一中学教", "1,第一中学教")]),
        ),
    ]
}

fn of_sheets() -> Vec<FileExample> {
    let one_cell = r#"<row r="1"><c r="A1"><v>1</v></c></row>"#;
    vec![
        fires("F007", "a cover", {
            with_sheet(|sheet| {
                sheet.write(0, 0, "抗震加固工程清单").unwrap();
            })
        }),
        fires("F007", "a list of codes", {
            with_sheet(|sheet| {
                sheet.write_row(0, 0, ["工程类别", "工程性质"]).unwrap();
                sheet.write_row(1, 0, ["学校", "加固"]).unwrap();
            })
        }),
        silent("F007", "an empty sheet", with_sheet(|_| {})),
        silent("F007", "a hidden cover", {
            with_sheet(|sheet| {
                sheet.set_hidden(true).write(0, 0, "抗震加固工程清单").unwrap();
            })
        }),
        fires("F008", "the name twice", csv(",项目名称", ",又名")),
        fires("F008", "the area twice", csv(",建筑面积,总建筑面积", ",3200,3200")),
        silent("F008", "two sorts of money", csv(",计划总投资,累计完成投资", ",160,80")),
        silent("F008", "the area once", csv(",总建筑面积", ",3200")),
        fires("F009", "an older template", stamped("_retrofit", "retrofit-template 0")),
        fires("F009", "an older template, its sheet shown", {
            with_sheet(|sheet| {
                sheet
                    .set_name("_retrofit")
                    .unwrap()
                    .write(0, 0, "retrofit-template 0")
                    .unwrap();
            })
        }),
        silent(
            "F009",
            "the template of now",
            stamped("_retrofit", "retrofit-template 1"),
        ),
        silent(
            "F009",
            "a sheet of the sender's",
            stamped("说明", "retrofit-template 0"),
        ),
        fires("F010", "a hidden row", {
            changed(|sheet| {
                sheet.set_row_hidden(2).unwrap();
            })
        }),
        fires("F010", "a hidden column", {
            changed(|sheet| {
                sheet.set_column_hidden(3).unwrap();
            })
        }),
        fires("F010", "a hidden sheet", stamped("旧表", "第一中学")),
        silent("F010", "a hidden sheet with nothing in it", {
            with_sheet(|sheet| {
                sheet.set_hidden(true);
            })
        }),
        silent("F010", "a hidden column beside the table", {
            changed(|sheet| {
                sheet.set_column_hidden(20).unwrap();
            })
        }),
        fires("F011", "a workbook with macros", {
            xlsx_with(one_cell, "<sst/>", &[("xl/vbaProject.bin", b"")])
        }),
        fires("F011", "the same, the part named otherwise", {
            xlsx_with(one_cell, "<sst/>", &[("xl/VBAPROJECT.BIN", b"")])
        }),
        fires("F011", "an xls with macros", xls_with_macros()),
        silent("F011", "an xls without", XLS.to_vec()),
        silent("F011", "a workbook without", xlsx_with(one_cell, "<sst/>", &[])),
        silent("F011", "a csv", csv("", "")),
    ]
}
