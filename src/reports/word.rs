//! A document as a Word file in the layout of an official document (GB/T 9704-2012): A4, a type area of 156 × 225 mm, the title in 小标宋
//! of size 2, the body in 仿宋 of size 3, 28 points from line to line, first-level headings in 黑体, page numbers in the foot.
//!
//! The fonts are named, not embedded: an office computer of an authority has them, and where it does not, Word and WPS take a near one.

use std::io::Cursor;

use docx_rs::{
    AlignmentType, Docx, Footer, LineSpacing, LineSpacingType, PageMargin, PageNum, Paragraph, Run, RunFonts,
    SpecialIndentType, Table as WordTable, TableAlignmentType, TableCell, TableCellMargins, TableLayoutType, TableRow,
    VAlignType, WidthType,
};

use super::document::{Document, Part, Table};

/// Millimetres in twentieths of a point, the unit of page layout.
const fn mm(millimetres: i32) -> i32 {
    millimetres * 1440 * 10 / 254
}

/// The type area's width.
const WIDTH: i32 = mm(156);
/// 28 points, in twentieths.
const LINE: i32 = 560;
/// Chinese sizes in half points.
const SIZE_2: usize = 44;
const SIZE_3: usize = 32;
const SIZE_4: usize = 28;
const SIZE_5: usize = 21;

/// The document as the bytes of a .docx file.
///
/// # Errors
/// The package cannot be put together: our own fault.
pub fn word(document: &Document) -> Result<Vec<u8>, anyhow::Error> {
    let margins = PageMargin::new()
        .top(mm(37))
        .bottom(mm(35))
        .left(mm(28))
        .right(mm(26))
        .header(mm(15))
        .footer(mm(28));
    let (width, height) = (mm(210).unsigned_abs(), mm(297).unsigned_abs());
    let mut docx = Docx::new()
        .page_size(width, height)
        .page_margin(margins)
        .default_fonts(fonts("仿宋"))
        .default_size(SIZE_3)
        .footer(Footer::new().add_paragraph(page_number()))
        .add_paragraph(
            line()
                .align(AlignmentType::Center)
                .add_run(run(&document.title, "方正小标宋简体", SIZE_2)),
        )
        .add_paragraph(line())
        .add_paragraph(line().add_run(run(&format!("{}：", document.addressee), "仿宋", SIZE_3)));
    for (part, left) in document.parts.iter().zip((0..document.parts.len()).rev()) {
        // The signature is not alone on a page.
        let is_last = left == 0;
        docx = match part {
            Part::Heading(text) => docx.add_paragraph(
                indented()
                    .keep_next(true)
                    .outline_lvl(0)
                    .add_run(run(text, "黑体", SIZE_3)),
            ),
            Part::Text(text) => docx.add_paragraph(indented().keep_next(is_last).add_run(run(text, "仿宋", SIZE_3))),
            Part::Table(table) => docx
                .add_paragraph(caption(&table.caption))
                .add_table(rows(table, is_last))
                .add_paragraph(Paragraph::new().keep_next(is_last).line_spacing(spacing(LINE / 2))),
        };
    }
    // The signature stands above the date, both towards the right.
    for (text, from_the_right) in [(&document.sender, 2), (&document.date, 4)] {
        let right = from_the_right * 320;
        let signed = line()
            .align(AlignmentType::Right)
            .indent(None, None, Some(right), None)
            .keep_lines(true);
        if from_the_right == 2 {
            docx = docx.add_paragraph(line().keep_next(true));
        }
        docx = docx.add_paragraph(signed.keep_next(from_the_right == 2).add_run(run(text, "仿宋", SIZE_3)));
    }
    let mut file = Cursor::new(Vec::new());
    let mut package = docx.build();
    package.document = repeating_heads(package.document)?;
    package.pack(&mut file)?;
    Ok(file.into_inner())
}

/// The document with the first row of each table marked as its head, which is set again on every page that the table goes on to: the library has no
/// word for that.
fn repeating_heads(document: Vec<u8>) -> Result<Vec<u8>, anyhow::Error> {
    let document = String::from_utf8(document)?;
    let mut tables = document.split("<w:tbl>");
    let mut marked = tables.next().unwrap_or_default().to_owned();
    for table in tables {
        marked += "<w:tbl>";
        marked += &table.replacen("<w:trPr>", "<w:trPr><w:tblHeader />", 1);
    }
    Ok(marked.into_bytes())
}

fn fonts(chinese: &str) -> RunFonts {
    RunFonts::new()
        .east_asia(chinese)
        .ascii("Times New Roman")
        .hi_ansi("Times New Roman")
}

fn run(text: &str, font: &str, size: usize) -> Run {
    Run::new().add_text(text).fonts(fonts(font)).size(size)
}

fn spacing(line: i32) -> LineSpacing {
    LineSpacing::new().line_rule(LineSpacingType::Exact).line(line)
}

fn line() -> Paragraph {
    Paragraph::new().line_spacing(spacing(LINE))
}

/// A paragraph whose first line is two characters in.
fn indented() -> Paragraph {
    line()
        .align(AlignmentType::Both)
        .indent(None, Some(SpecialIndentType::FirstLine(640)), None, None)
}

fn caption(text: &str) -> Paragraph {
    line()
        .align(AlignmentType::Center)
        .keep_next(true)
        .add_run(run(text, "黑体", SIZE_4))
}

/// `— 1 —`
fn page_number() -> Paragraph {
    let dash = |text| run(text, "宋体", SIZE_4);
    Paragraph::new()
        .align(AlignmentType::Center)
        .add_run(dash("— "))
        .add_page_num(PageNum::new())
        .add_run(dash(" —"))
}

/// A table. Its total is not alone on a page, and nor is what follows it where it `keeps_next`.
fn rows(table: &Table, keeps_next: bool) -> WordTable {
    let grid = widths(table);
    let head = table.heads.iter().map(|text| (text, "黑体", AlignmentType::Center));
    let mut lines = vec![row(&grid, head, true)];
    for (cells, left) in table.rows.iter().zip((0..table.rows.len()).rev()) {
        let cells = cells.iter().enumerate().map(|(at, text)| {
            let align = if at < table.words {
                AlignmentType::Left
            } else {
                AlignmentType::Right
            };
            (text, "仿宋", align)
        });
        lines.push(row(&grid, cells, left == 1 || keeps_next && left == 0));
    }
    WordTable::new(lines)
        .set_grid(grid)
        .layout(TableLayoutType::Fixed)
        .width(WIDTH.unsigned_abs() as usize, WidthType::Dxa)
        .align(TableAlignmentType::Center)
        .margins(TableCellMargins::new().margin(40, 80, 40, 80))
}

fn row<'a>(
    grid: &[usize],
    cells: impl Iterator<Item = (&'a String, &'a str, AlignmentType)>,
    keeps_next: bool,
) -> TableRow {
    let cells = cells.zip(grid).map(|((text, font, align), &width)| {
        let text = Paragraph::new()
            .align(align)
            .keep_next(keeps_next)
            .line_spacing(LineSpacing::new().line_rule(LineSpacingType::AtLeast).line(300))
            .add_run(run(text, font, SIZE_5));
        TableCell::new()
            .width(width, WidthType::Dxa)
            .vertical_align(VAlignType::Center)
            .add_paragraph(text)
    });
    TableRow::new(cells.collect()).cant_split()
}

/// Widths of the columns in proportion to their longest text, no column less than half of an equal share.
fn widths(table: &Table) -> Vec<usize> {
    let width = |text: &String| {
        text.chars()
            .map(|character| 1 + usize::from(!character.is_ascii()))
            .sum::<usize>()
    };
    let longest: Vec<usize> = (0..table.heads.len())
        .map(|at| {
            let texts = table
                .heads
                .get(at)
                .into_iter()
                .chain(table.rows.iter().filter_map(|row| row.get(at)));
            texts.map(width).max().unwrap_or_default().clamp(4, 40)
        })
        .collect();
    let columns = longest.len().max(1);
    let sum = longest.iter().sum::<usize>().max(1);
    let all = WIDTH.unsigned_abs() as usize;
    // Half of the width in equal shares, half in proportion.
    longest
        .iter()
        .map(|own| all / 2 / columns + all / 2 * own / sum)
        .collect()
}
