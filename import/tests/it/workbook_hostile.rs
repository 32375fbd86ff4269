//! Files made to break the reader, and children that misbehave: each is refused with the right code, and the parent goes on.

use std::fmt::Write as _;
use std::io::{Cursor, Write};
use std::time::{Duration, Instant};

use cfb::{CompoundFile, Version};
use retrofit_import::workbook::{Content, Limits, Refusal, Worker};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::workbook::{Book, read_bytes, read_with, roster, worker};

/// Of the default password, by the method of [MS-OFFCRYPTO] 2.3.7.1.
const VELVET_SWEATSHOP: u16 = 0x9a0a;

const RELATIONSHIPS: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

/// A zip of these parts, as they are.
pub(crate) fn zip(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (path, bytes) in parts {
        zip.start_file(*path, SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// A package with a VBA project besides.
pub(crate) fn with_macros(package: Vec<u8>) -> Vec<u8> {
    let mut zip = ZipWriter::new_append(Cursor::new(package)).unwrap();
    zip.start_file("xl/vbaProject.bin", SimpleFileOptions::default())
        .unwrap();
    zip.write_all(b"macros").unwrap();
    zip.finish().unwrap().into_inner()
}

/// A workbook of one sheet, with these rows and shared strings, and further parts.
pub(crate) fn xlsx_with(rows: &str, strings: &str, more: &[(&str, &[u8])]) -> Vec<u8> {
    let sheet = format!("<worksheet><sheetData>{rows}</sheetData></worksheet>");
    xlsx_of(&sheet, strings, more)
}

/// A workbook of one sheet, with this part and shared strings, and further parts.
pub(crate) fn xlsx_of(sheet: &str, strings: &str, more: &[(&str, &[u8])]) -> Vec<u8> {
    let relationship = |id: &str, kind: &str, target: &str| {
        format!(r#"<Relationship Id="{id}" Type="{RELATIONSHIPS}/{kind}" Target="{target}"/>"#)
    };
    let package = format!(
        "<Relationships>{}</Relationships>",
        relationship("r1", "officeDocument", "xl/workbook.xml")
    );
    let book = format!(
        "<Relationships>{}</Relationships>",
        relationship("r1", "worksheet", "worksheets/sheet1.xml")
    );
    let mut parts: Vec<(&str, &[u8])> = vec![
        ("_rels/.rels", package.as_bytes()),
        (
            "xl/workbook.xml",
            br#"<workbook><sheets><sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>"#,
        ),
        ("xl/_rels/workbook.xml.rels", book.as_bytes()),
        ("xl/sharedStrings.xml", strings.as_bytes()),
        ("xl/worksheets/sheet1.xml", sheet.as_bytes()),
    ];
    parts.extend(more);
    zip(&parts)
}

pub(crate) fn xlsx(rows: &str) -> Vec<u8> {
    xlsx_with(rows, "<sst/>", &[])
}

/// A compound file of these streams.
pub(crate) fn compound(streams: &[(&str, &[u8])]) -> Vec<u8> {
    let mut file = CompoundFile::create_with_version(Version::V3, Cursor::new(Vec::new())).unwrap();
    for (path, bytes) in streams {
        file.create_stream(path).unwrap().write_all(bytes).unwrap();
    }
    file.into_inner().into_inner()
}

/// A record of an Excel 97-2003 stream.
pub(crate) fn record(kind: u16, data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len()).unwrap();
    [&kind.to_le_bytes()[..], &length.to_le_bytes(), data].concat()
}

/// Replaces each occurrence of `from` by as many bytes.
fn patch(bytes: &mut [u8], from: &[u8], to: &[u8]) {
    assert_eq!(from.len(), to.len());
    let places: Vec<usize> = bytes
        .windows(from.len())
        .enumerate()
        .filter(|(_, window)| *window == from)
        .map(|(at, _)| at)
        .collect();
    assert!(!places.is_empty());
    for at in places {
        bytes[at..at + to.len()].copy_from_slice(to);
    }
}

#[track_caller]
fn refused(read: Result<Book, Refusal>, code: &str, said: &str) -> Refusal {
    let refusal = read.unwrap_err();
    assert_eq!(refusal.code, code, "{refusal:?}");
    assert!(refusal.message.contains(said), "{refusal:?}");
    refusal
}

#[test]
fn strings_announced_beyond_belief() {
    for announced in [
        "18446744073709551615",
        "99999999999999999999999",
        "1000000000000",
        "300000000",
    ] {
        let strings = format!(r#"<sst uniqueCount="{announced}"></sst>"#);
        let bytes = xlsx_with(r#"<row r="1"><c r="A1"><v>1</v></c></row>"#, &strings, &[]);
        assert!(bytes.len() < 1_700);
        refused(read_bytes(&bytes), "F003", "字符串");
    }
    // A careless count is no attack.
    let careless = xlsx_with(
        r#"<row r="1"><c r="A1"><v>1</v></c></row>"#,
        r#"<sst uniqueCount="5000"></sst>"#,
        &[],
    );
    assert_eq!(
        read_bytes(&careless).unwrap().content(0, 0, 0),
        Some(&Content::Number("1".into()))
    );
}

#[test]
fn cells_far_apart() {
    let corner = r#"<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>"#;
    refused(read_bytes(&xlsx(corner)), "F003", "XFD1048576");
    for place in ["A4294967295", "ZZZZZZZZ1", "A99999999999999"] {
        let refusal = read_bytes(&xlsx(&format!(r#"<row><c r="{place}"><v>1</v></c></row>"#))).unwrap_err();
        assert!(["F001", "F003"].contains(&refusal.code), "{refusal:?}");
    }
    // Formatted cells that hold nothing cost nothing.
    let blank = r#"<row r="1"><c r="A1"><v>1</v></c><c r="XFD1"/></row><row r="1048576"><c r="A1048576" t="str"><v> </v></c></row>"#;
    assert_eq!(read_bytes(&xlsx(blank)).unwrap().sheets[0].1.len(), 1);
}

#[test]
fn parts_that_unpack_without_end() {
    let blanks = " ".repeat(40 << 20);
    refused(read_bytes(&xlsx(&blanks)), "F003", "解压后太大");
    let limits = Limits {
        unpacked_bytes: 1 << 20,
        unpacked_ratio: u64::MAX,
        ..Limits::default()
    };
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), xlsx(&" ".repeat(2 << 20))).unwrap();
    refused(read_with(file.path(), &limits), "F003", "解压后太大");
}

#[test]
fn a_part_that_lies_about_its_size() {
    let sheet = r#"<row r="1"><c r="A1"><v>1</v></c></row>"#.repeat(20_000);
    let mut bytes = xlsx(&sheet);
    let real = u32::try_from(sheet.len() + "<worksheet><sheetData></sheetData></worksheet>".len()).unwrap();
    patch(&mut bytes, &real.to_le_bytes(), &1_000_u32.to_le_bytes());
    refused(read_bytes(&bytes), "F001", "损坏");
}

#[test]
fn packages_of_too_many_or_equal_parts() {
    let names: Vec<String> = (0..2_001).map(|index| format!("part{index}")).collect();
    let parts: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &b""[..])).collect();
    refused(read_bytes(&zip(&parts)), "F003", "2000");

    let mut twice = xlsx_with("", "<sst/>", &[("xl/worksheets/sheet2.xml", b"<worksheet/>")]);
    patch(&mut twice, b"sheet2.xml", b"sheet1.xml");
    refused(read_bytes(&twice), "F001", "损坏");
    let other_case = xlsx_with("", "<sst/>", &[("XL/worksheets/sheet1.xml", b"<worksheet/>")]);
    refused(read_bytes(&other_case), "F001", "损坏");
}

#[test]
fn cells_too_long_too_many_or_broken() {
    let long = "长".repeat(32_768);
    refused(
        read_bytes(&xlsx(&format!(
            r#"<row r="1"><c r="B1" t="str"><v>{long}</v></c></row>"#
        ))),
        "F003",
        "B1",
    );
    let most = "长".repeat(32_767);
    let book = read_bytes(&xlsx(&format!(
        r#"<row r="1"><c r="B1" t="str"><v>{most}</v></c></row>"#
    )))
    .unwrap();
    assert_eq!(book.content(0, 0, 1), Some(&Content::Text(most.as_str().into())));

    let mut wide = String::new();
    for column in 'A'..='Z' {
        write!(wide, r#"<c r="{column}1" t="str"><v>{most}</v></c>"#).unwrap();
    }
    refused(
        read_bytes(&xlsx(&format!(r#"<row r="1">{wide}</row>"#))),
        "F003",
        "第1行",
    );

    let limits = Limits {
        cells: 3,
        ..Limits::default()
    };
    refused(read_with(&roster("03-zjj-housing-gbk.csv"), &limits), "F003", "超过3个");
    let limits = Limits {
        sheets: 1,
        ..Limits::default()
    };
    refused(read_with(&roster("01-jtj-schools.xlsx"), &limits), "F003", "1张");

    for row in [
        r#"<row r="1"><c r="A1" t="s"><v>7</v></c></row>"#,
        r#"<row r="1"><c r="A1" t="what"><v>7</v></c></row>"#,
        r#"<row r="1"><c r="A1" t="str"><v>&nothing;</v></c></row>"#,
        r#"<row r="2"><c r="A2"><v>1</v></c></row><row r="1"><c r="A1"><v>1</v></c></row>"#,
        r#"<row r="1"><c r="B1"><v>1</v></c><c r="A1"><v>1</v></c></row>"#,
        "<row><<<<",
    ] {
        refused(read_bytes(&xlsx(row)), "F001", "损坏");
    }
}

#[test]
fn error_values_of_any_excel_are_no_damage() {
    let cell = |place: &str, error: &str| format!(r#"<c r="{place}" t="e"><f>A1</f><v>{error}</v></c>"#);
    let text = r#"<c r="C1" t="str"><v>#SPILL!</v></c>"#;
    let errors = [
        cell("A1", "#REF!"),
        cell("B1", "#SPILL!"),
        text.to_owned(),
        cell("E1", "#CALC!"),
    ];
    let book = read_bytes(&xlsx(&format!(r#"<row r="1">{}</row>"#, errors.concat()))).unwrap();
    let error = |text: &str| Some(Content::Error(text.into()));
    let content = |column| book.content(0, 0, column).cloned();
    assert_eq!(
        [content(0), content(1), content(4)],
        [error("#REF!"), error("#SPILL!"), error("#CALC!")]
    );
    assert_eq!(content(2), Some(Content::Text("#SPILL!".into())));
}

#[test]
fn a_text_shared_very_often_stays_within_bounds() {
    let strings = format!("<sst><si><t>{}</t></si></sst>", "a".repeat(1 << 20));
    let mut rows = String::new();
    for row in 1..=20_000 {
        write!(rows, r#"<row r="{row}"><c r="A{row}" t="s"><v>0</v></c></row>"#).unwrap();
    }
    refused(read_bytes(&xlsx_with(&rows, &strings, &[])), "F003", "A1");
}

#[test]
fn deep_nesting_is_harmless() {
    let deep = format!("{}{}", "<a>".repeat(100_000), "</a>".repeat(100_000));
    let book = read_bytes(&xlsx(&format!(r#"{deep}<row r="1"><c r="A1"><v>1</v></c></row>"#))).unwrap();
    assert_eq!(book.content(0, 0, 0), Some(&Content::Number("1".into())));
}

#[test]
fn truncated_workbooks() {
    for name in [
        "05-jyj-bridges-yuan.xlsx",
        "06-slj-reservoirs.xls",
        "07-yjj-depots-shelters.ods",
    ] {
        let whole = std::fs::read(roster(name)).unwrap();
        for part in 1..8 {
            let refusal = read_bytes(&whole[..whole.len() * part / 8]).unwrap_err();
            assert_eq!(refusal.code, "F001", "{name}, {part} eighths: {refusal:?}");
            assert_eq!(refusal.incident, None, "{name}, {part} eighths: {refusal:?}");
        }
    }
}

#[test]
fn protected_workbooks() {
    refused(
        read_bytes(&compound(&[("EncryptedPackage", b"secret"), ("EncryptionInfo", b"")])),
        "F002",
        "密码",
    );
    // Obfuscated by XOR, and encrypted by RC4.
    for kind in [0_u16, 1] {
        let stream = [
            record(0x0809, &[0, 6, 5, 0, 0, 0, 0, 0]),
            record(0x002f, &[kind.to_le_bytes(), [1, 2], [3, 4]].concat()),
            record(0x000a, &[]),
        ];
        refused(read_bytes(&compound(&[("Workbook", &stream.concat())])), "F002", "密码");
    }
    // The verifier of `VelvetSweatshop`, which Excel and WPS try unasked.
    let stream = [
        record(0x0809, &[0, 6, 5, 0, 0, 0, 0, 0]),
        record(
            0x002f,
            &[0_u16.to_le_bytes(), [1, 2], VELVET_SWEATSHOP.to_le_bytes()].concat(),
        ),
        record(0x000a, &[]),
    ];
    refused(
        read_bytes(&compound(&[("Workbook", &stream.concat())])),
        "F002",
        "默认密码",
    );
    let manifest = b"<manifest:manifest><manifest:encryption-data/></manifest:manifest>";
    refused(
        read_bytes(&zip(&[
            ("content.xml", b"\x00\x01"),
            ("META-INF/manifest.xml", manifest),
        ])),
        "F002",
        "密码",
    );
}

#[test]
fn files_of_other_kinds() {
    for (bytes, said) in [
        (b"%PDF-1.7\n%\xe2\xe3".to_vec(), "PDF"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF".to_vec(), "图片"),
        (b"BM\x36\0\0\0\0\0\0\0".to_vec(), "图片"),
        (b"Rar!\x1a\x07\x01\0".to_vec(), "压缩包"),
        (zip(&[("word/document.xml", b"")]), "Word"),
        (zip(&[("readme.txt", b"")]), "压缩包"),
        (
            zip(&[
                ("mimetype", b"application/vnd.oasis.opendocument.text"),
                ("content.xml", b"<x/>"),
            ]),
            "Word",
        ),
        (compound(&[("WordDocument", b"")]), "Word"),
        (
            "聊城市抗震加固项目情况的说明。\n各部门：\n".as_bytes().to_vec(),
            "普通文本",
        ),
        (b"<html><body><p>no table</p></body></html>".to_vec(), "网页"),
        ((0..=255).cycle().take(5_000).collect(), "不是能读的表格"),
        (
            [b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec(), vec![7; 2_000]].concat(),
            "损坏",
        ),
        ([&[5][..], b"zhang", &[b' '; 49], &[0; 110]].concat(), "~$"),
    ] {
        let refusal = refused(read_bytes(&bytes), "F001", said);
        assert_eq!(refusal.incident, None);
    }
}

#[test]
fn a_chain_of_sectors_that_loops() {
    let mut whole = compound(&[("Workbook", &vec![0; 20_000])]);
    // In the table of sectors each names the next: 5 -> 6 -> 7. Now 6 names 5.
    patch(
        &mut whole,
        &[6_u32.to_le_bytes(), 7_u32.to_le_bytes()].concat(),
        &[6_u32.to_le_bytes(), 5_u32.to_le_bytes()].concat(),
    );
    let refusal = read_bytes(&whole).unwrap_err();
    assert!(["F001", "F003"].contains(&refusal.code), "{refusal:?}");
}

#[test]
fn memory_and_time_have_their_limits() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let string = format!("<si><t>{}</t></si>", "a".repeat(1 << 20));
    let strings = format!("<sst>{}</sst>", string.repeat(80));
    std::fs::write(file.path(), xlsx_with("", &strings, &[])).unwrap();
    let limits = Limits {
        unpacked_ratio: u64::MAX,
        memory_bytes: 64 << 20,
        ..Limits::default()
    };
    let refusal = refused(read_with(file.path(), &limits), "F003", "64 MB");
    assert!(refusal.message.contains(&refusal.incident.unwrap()));

    std::fs::write(file.path(), xlsx(&"<c/>".repeat(16 << 20))).unwrap();
    let limits = Limits {
        unpacked_ratio: u64::MAX,
        cpu: Duration::from_secs(1),
        ..Limits::default()
    };
    refused(read_with(file.path(), &limits), "F003", "处理器时间超过1秒")
        .incident
        .unwrap();

    let limits = Limits {
        file_bytes: 1_000,
        ..Limits::default()
    };
    refused(read_with(&roster("05-jyj-bridges-yuan.xlsx"), &limits), "F003", "超过");
}

/// A child that does as the shell is told.
fn shell(script: &str, limits: &Limits) -> Refusal {
    let worker = Worker {
        program: "/bin/sh".into(),
        args: vec!["-c".into(), script.into()],
    };
    let file = tempfile::NamedTempFile::new().unwrap();
    // More than a pipe holds, so that a child that does not read would leave the parent waiting.
    std::fs::write(file.path(), "a,b,c\n".repeat(1 << 18)).unwrap();
    worker.read(file.path(), limits, &mut |_| {}).unwrap().unwrap_err()
}

#[test]
fn children_that_misbehave() {
    let limits = Limits::default();
    for (script, code) in [
        ("exit 0", "F001"),
        ("exit 101", "F001"),
        ("cat >/dev/null; exit 3", "F001"),
        ("kill -SEGV $$", "F001"),
        ("echo 'memory allocation of 7 bytes failed' >&2; kill -ABRT $$", "F003"),
        ("echo 'capacity overflow' >&2; exit 101", "F003"),
        ("kill -KILL $$", "F003"),
        // A length of 4 GB, a length without a body, a body that says nothing, and one that never ends.
        (r"printf '\377\377\377\377'", "F001"),
        (r"printf '\020\000\000\000abc'", "F001"),
        (r"printf '\003\000\000\000\377\377\377'", "F001"),
        ("yes", "F001"),
        // Words without end where nobody expects them.
        ("head -c 1000000 /dev/zero >&2", "F001"),
    ] {
        let refusal = shell(script, &limits);
        assert_eq!(refusal.code, code, "{script}: {refusal:?}");
        assert!(refusal.incident.is_some(), "{script}: {refusal:?}");
    }
}

#[test]
fn a_child_that_hangs_is_ended() {
    let limits = Limits {
        wall: Duration::from_millis(200),
        ..Limits::default()
    };
    for script in [
        "exec sleep 600",
        "exec >&-; exec sleep 600",
        "cat >/dev/null; exec sleep 600",
    ] {
        let start = Instant::now();
        let refusal = shell(script, &limits);
        assert!(["F001", "F003"].contains(&refusal.code), "{script}: {refusal:?}");
        assert!(start.elapsed() < Duration::from_secs(20), "{script}");
    }
}

#[test]
fn a_worker_that_cannot_start_is_our_fault() {
    let missing = Worker {
        program: "/nonexistent/worker".into(),
        args: Vec::new(),
    };
    missing
        .read(&roster("05-jyj-bridges-yuan.xlsx"), &Limits::default(), &mut |_| {})
        .unwrap_err();
    worker()
        .read(&roster("no-such-file.xlsx"), &Limits::default(), &mut |_| {})
        .unwrap_err();
}
