//! The Word file of a document: whole, in the layout of an official document, and with nothing but text from what it is given.

use std::io::{Cursor, Read as _};

use retrofit_registry::reports::document::{Document, Part, Table};
use retrofit_registry::reports::word::word;

fn sample() -> Document {
    let row = |cells: [&str; 5]| cells.map(str::to_owned).to_vec();
    Document {
        title: "关于2026年11月房屋设施抗震加固工程进展情况的通报".into(),
        addressee: "各成员单位".into(),
        parts: vec![
            Part::Heading("一、总体进展".into()),
            Part::Text(
                "截至2026年11月30日，已审核的工程共471个，其中已完成197个，占41%；正在加固145个；未开工129个。".into(),
            ),
            Part::Heading("二、各类工程".into()),
            Part::Table(Table {
                caption: "表1 各类工程进展".into(),
                heads: row(["类别", "已完成", "正在加固", "未开工", "合计"]),
                rows: vec![
                    row(["学校", "23", "17", "30", "70"]),
                    row(["<w:p>&恶意", "1", "2", "3", "6"]),
                ],
                words: 1,
            }),
        ],
        sender: "聊城市房屋设施抗震加固工程联席会议办公室".into(),
        date: "2026年11月30日".into(),
    }
}

fn part(file: &[u8], name: &str) -> String {
    let mut package = zip::ZipArchive::new(Cursor::new(file)).unwrap();
    let mut text = String::new();
    package.by_name(name).unwrap().read_to_string(&mut text).unwrap();
    text
}

#[test]
fn the_file_holds_what_the_document_says_as_text() {
    let file = word(&sample()).unwrap();
    if let Ok(path) = std::env::var("RETROFIT_KEEP_WORD") {
        std::fs::write(path, &file).unwrap();
    }
    let body = part(&file, "word/document.xml");
    for said in [
        "进展情况的通报",
        "各成员单位：",
        "一、总体进展",
        "表1 各类工程进展",
        "2026年11月30日",
    ] {
        assert!(body.contains(said), "{said}");
    }
    assert!(body.contains("&lt;w:p&gt;&amp;恶意"), "a cell's text is text");
    assert!(body.contains("方正小标宋简体") && body.contains("仿宋") && body.contains("黑体"));
    let (tables, heads) = (body.matches("<w:tbl>").count(), body.matches("<w:tblHeader />").count());
    assert_eq!((tables, heads), (1, 1), "each table's head goes along to the next page");
    let row = body.split("<w:tr>").nth(1).unwrap();
    assert!(row.contains("<w:tblHeader />") && row.contains("类别"), "{row}");
    let foot = part(&file, "word/footer1.xml");
    assert!(foot.contains("PAGE"), "{foot}");
}
