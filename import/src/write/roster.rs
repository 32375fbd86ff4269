//! The roster that departments fill: the empty template, and a list of projects in the same form.
//!
//! Row by row to a temporary file: of a written row only its height stays in memory. What it writes, our reader finds again as it was.

use std::collections::BTreeMap;
use std::io::Write;

use rust_xlsxwriter::{Color, Format, FormatAlign, IgnoreError, Note, Workbook, Worksheet, XlsxError};

use super::checks;
use super::example;
use super::help;
use super::lists::Lists;
use super::project_cell;

use super::style::{self, base, grid, header};
use crate::catalogue::{Catalogue, Department, Field, FieldInfo, FieldType};
use crate::layout::EXAMPLE;
use crate::values::Canonical;
use crate::workbook::Address;

/// A project's canonical values; blanks are absent.
pub type Values = BTreeMap<Field, Canonical>;

/// The sheet's rows, from 0.
const TITLE: u32 = 0;
const SENDER: u32 = 1;
const GROUPS: u32 = 2;
const LABELS: u32 = 3;
const FIRST: u32 = 4;
/// The last row that a sheet has.
const LAST: u32 = 1_048_575;

/// The column of the rows' numbers; the fields stand behind it, in the order of the catalogue.
const SERIAL: u16 = 0;

/// The columns that stay in sight: up to the project's name.
const FROZEN: u16 = place(Field::Name) + 1;

/// Writes an empty template for a department, with an example row that is ignored when it comes back.
///
/// # Errors
/// `out` or a temporary file cannot be written.
pub fn template(catalogue: &Catalogue, department: &Department, out: impl Write + Send) -> Result<(), XlsxError> {
    roster(
        catalogue,
        Some(department),
        std::iter::empty::<Result<Values, XlsxError>>(),
        out,
    )
}

/// Writes projects in the form of the template, each as it would be reported; without projects, the template itself. The department is
/// the one that the list belongs to, if it belongs to one.
///
/// # Errors
/// The first error of `records`, or `out` or a temporary file cannot be written.
pub fn roster<E: From<XlsxError>>(
    catalogue: &Catalogue,
    department: Option<&Department>,
    records: impl IntoIterator<Item = Result<Values, E>>,
    out: impl Write + Send,
) -> Result<(), E> {
    let category = department.and_then(|found| found.lead_categories.first());
    let example = example::values(category.map_or("", String::as_str));
    let lists = Lists::new(catalogue, department);
    let mut columns: Vec<Column<'_>> = catalogue
        .fields()
        .iter()
        .map(|info| Column::new(catalogue, info))
        .collect();
    let mut records = records.into_iter().peekable();
    let is_empty = records.peek().is_none();

    let mut book = Workbook::new();
    let sheet = book.add_worksheet_with_constant_memory()?;
    sheet.set_name("工程清单")?;
    prepare(sheet, &columns)?;
    heading(sheet, catalogue, department, is_empty)?;
    labels(sheet, catalogue, &columns, &example)?;
    let serial = serial_look();
    for (row, record) in (FIRST..).zip(records) {
        sheet.write_number_with_format(row, SERIAL, row - FIRST + 1, &serial)?;
        project(sheet, catalogue, &columns, row, &record?)?;
    }
    if is_empty {
        for column in &mut columns {
            column.look = faint(column.look.clone());
        }
        sheet.write_string_with_format(FIRST, SERIAL, EXAMPLE, &faint(serial))?;
        project(sheet, catalogue, &columns, FIRST, &example)?;
    }
    for column in &columns {
        let cell = |field| Address::new(FIRST, u32::from(place(field)));
        let field = column.info.field;
        if let Some(check) = checks::check(catalogue, column.info, &lists, cell(field), cell(Field::County))? {
            sheet.add_data_validation(FIRST, place(field), LAST, place(field), &check)?;
        }
    }
    page(sheet)?;
    lists.write(&mut book)?;
    Ok(book.save_to_writer(out)?)
}

/// A field's column.
struct Column<'a> {
    info: &'a FieldInfo,
    /// Its place, from 0.
    at: u16,
    /// In characters.
    width: f64,
    /// The look of its cells.
    look: Format,
}

impl<'a> Column<'a> {
    fn new(catalogue: &Catalogue, info: &'a FieldInfo) -> Self {
        Self {
            info,
            at: place(info.field),
            width: width(catalogue, info),
            look: look(info.field),
        }
    }
}

/// The place of a field's column, from 0.
const fn place(field: Field) -> u16 {
    SERIAL + 1 + field as u16
}

/// Widths, and the looks of the cells that are still to be filled.
fn prepare(sheet: &mut Worksheet, columns: &[Column<'_>]) -> Result<(), XlsxError> {
    sheet.set_default_row_height(18);
    sheet.set_column_width(SERIAL, 6)?;
    sheet.set_column_format(SERIAL, &serial_look())?;
    for column in columns {
        sheet.set_column_width(column.at, column.width)?;
        sheet.set_column_format(column.at, &column.look)?;
    }
    // Numbers of contracts, telephones and years stand as text, as they should.
    let last = columns.last().map_or(SERIAL, |column| column.at);
    sheet.ignore_error_range(FIRST, SERIAL, LAST, last, IgnoreError::NumberStoredAsText)?;
    Ok(())
}

/// The title, the line with the sender and the unit of money, and the row of groups.
fn heading(
    sheet: &mut Worksheet,
    catalogue: &Catalogue,
    department: Option<&Department>,
    with_example: bool,
) -> Result<(), XlsxError> {
    let name = department.map_or("", |found| found.name.as_str());
    let title = base().set_bold().set_font_size(16);
    sheet.set_row_format(TITLE, &base())?.set_row_height(TITLE, 32)?;
    sheet.write_string_with_format(TITLE, SERIAL, format!("{name}抗震加固工程清单"), &title)?;
    sheet.set_row_format(SENDER, &base())?.set_row_height(SENDER, 20)?;
    sheet.write_string_with_format(SENDER, SERIAL, format!("填报单位：{name}"), &base())?;
    sheet.write_string_with_format(SENDER, FROZEN, "单位：万元", &base())?;
    let example = if with_example {
        "“示例”行供参考，导入时不读，可以删去，从下一行填起；"
    } else {
        ""
    };
    let hint = format!("带 * 的栏目必填；{example}鼠标停在表头上看填写说明。");
    let quiet = base().set_font_color(Color::RGB(0x0060_6060));
    sheet.write_string_with_format(SENDER, FROZEN + 2, hint, &quiet)?;

    sheet.set_row_height(GROUPS, 22)?;
    let look = header(base()).set_background_color(Color::RGB(0x00D0_DAE8));
    for fields in catalogue.fields().chunk_by(|one, next| one.group == next.group) {
        let [first, others @ ..] = fields else { continue };
        let (from, group) = (place(first.field), group_label(&first.group));
        match others.last() {
            Some(last) => sheet.merge_range(GROUPS, from, GROUPS, place(last.field), group, &look)?,
            None => sheet.write_string_with_format(GROUPS, from, group, &look)?,
        };
    }
    // Last in this row and first in the next: rows are written from the top.
    sheet.merge_range(GROUPS, SERIAL, LABELS, SERIAL, "序号", &header(base()))?;
    Ok(())
}

/// The row of the fields' labels, each with a note.
fn labels(
    sheet: &mut Worksheet,
    catalogue: &Catalogue,
    columns: &[Column<'_>],
    example: &Values,
) -> Result<(), XlsxError> {
    let required = header(base()).set_background_color(Color::RGB(0x00FF_F2CC));
    let optional = header(base());
    let mut lines = 1;
    for Column { info, at, width, .. } in columns {
        let label = label(info);
        lines = lines.max(style::lines(&label, *width));
        let look = if info.required { &required } else { &optional };
        sheet.write_string_with_format(LABELS, *at, label, look)?;
        // The name of the example only says that it is one.
        let example = example
            .get(&info.field)
            .filter(|_| info.field != Field::Name)
            .map(|value| project_cell::shown(catalogue, info.field, value));
        sheet.insert_note(LABELS, *at, &note(help::note(catalogue, info, example.as_deref())))?;
    }
    sheet.set_row_height(LABELS, style::height(lines))?;
    Ok(())
}

/// The row of a project.
fn project(
    sheet: &mut Worksheet,
    catalogue: &Catalogue,
    columns: &[Column<'_>],
    row: u32,
    values: &Values,
) -> Result<(), XlsxError> {
    let mut lines = 1;
    for Column { info, at, width, look } in columns {
        let Some(value) = values.get(&info.field) else {
            sheet.write_blank(row, *at, look)?;
            continue;
        };
        let shown = project_cell::shown(catalogue, info.field, value);
        project_cell::write(sheet, (row, *at), info.field, &shown, look)?;
        if wraps(info.field) {
            lines = lines.max(style::lines(&shown, *width));
        }
    }
    if lines > 1 {
        sheet.set_row_height(row, style::height(lines))?;
    }
    Ok(())
}

/// What stays in sight, and how it is printed: the columns up to the name again on each page.
fn page(sheet: &mut Worksheet) -> Result<(), XlsxError> {
    const A3: u8 = 8;
    /// Pages beside each other: some sixty columns on one are not to be read.
    const ACROSS: u16 = 3;
    sheet.set_freeze_panes(FIRST, FROZEN)?;
    sheet
        .set_landscape()
        .set_paper_size(A3)
        .set_print_fit_to_pages(ACROSS, 0);
    sheet
        .set_repeat_rows(TITLE, LABELS)?
        .set_repeat_columns(SERIAL, FROZEN - 1)?;
    sheet
        .set_margins(0.4, 0.4, 0.5, 0.6, 0.3, 0.3)
        .set_footer("&C第 &P 页，共 &N 页");
    Ok(())
}

/// A label with its mark, and its unit in a line below, as our reader understands it.
fn label(info: &FieldInfo) -> String {
    let mark = if info.required { "*" } else { "" };
    let unit = info.unit_label().filter(|_| project_cell::is_number(info.field));
    let unit = unit.map(|unit| format!("\n（{unit}）")).unwrap_or_default();
    format!("{mark}{}{unit}", info.label)
}

fn group_label(group: &str) -> &str {
    match group {
        "identity" => "工程基本信息",
        "place" => "位置",
        "building" => "房屋设施",
        "seismic" => "抗震设防、鉴定与加固",
        "progress" => "工程进展",
        "money" => "资金（万元）",
        "parties" => "参建单位与填报人",
        other => other,
    }
}

fn serial_look() -> Format {
    grid(base()).set_align(FormatAlign::Center)
}

/// The look of a field's cells. What is no number stands as text: a program must not make a date of 2023-05, nor a number of a code.
fn look(field: Field) -> Format {
    let look = if wraps(field) {
        grid(base()).set_text_wrap()
    } else {
        grid(base())
    };
    let centred = look.clone().set_align(FormatAlign::Center);
    match field.field_type() {
        // A number of houses as well as of metres, shown as it is.
        FieldType::Decimal(_) if field == Field::ScaleValue => look,
        FieldType::Decimal(decimals) => {
            let more = usize::from(decimals).saturating_sub(2);
            look.set_num_format(format!("0.00{}", "#".repeat(more)))
        }
        // As it is: in a cell with a format of its own a program takes 45% for 0.45 and shows 0.
        FieldType::Percent => look,
        FieldType::Integer => look.set_num_format("0"),
        FieldType::Text(_) | FieldType::Codes(_) => look.set_num_format("@"),
        FieldType::County
        | FieldType::Township
        | FieldType::Code(_)
        | FieldType::YesNo
        | FieldType::Uscc
        | FieldType::Phone
        | FieldType::Month
        | FieldType::Date => centred.set_num_format("@"),
    }
}

/// Whether long values of the field stand in several lines.
fn wraps(field: Field) -> bool {
    matches!(
        field.field_type(),
        FieldType::Text(_) | FieldType::Codes(_) | FieldType::County | FieldType::Township
    )
}

/// The look of an example.
fn faint(look: Format) -> Format {
    look.set_italic()
        .set_font_color(Color::RGB(0x0080_8080))
        .set_background_color(Color::RGB(0x00F5_F5F5))
}

/// The width of a column, in characters: room for its values, and for its label in two lines.
fn width(catalogue: &Catalogue, info: &FieldInfo) -> f64 {
    let values = match info.field.field_type() {
        FieldType::Text(limit) => (f64::from(limit) / 4.0 + 10.0).min(34.0),
        FieldType::Code(list) => {
            let labels = catalogue.codes(list).iter().map(|entry| halves(&entry.label));
            labels.fold(0.0, f64::max).min(24.0) + 4.0
        }
        FieldType::Codes(_) => 36.0,
        FieldType::Uscc => 22.0,
        FieldType::County => 18.0,
        FieldType::Township | FieldType::Phone => 16.0,
        FieldType::Decimal(_) | FieldType::Month | FieldType::Date => 12.0,
        FieldType::Integer | FieldType::Percent | FieldType::YesNo => 10.0,
    };
    values.max(halves(&info.label) / 2.0 + 4.0)
}

/// How wide a text is, in halves of a Chinese character.
fn halves(text: &str) -> f64 {
    text.chars().map(|c| if c.is_ascii() { 1.0 } else { 2.0 }).sum()
}

fn note(text: String) -> Note {
    /// Chinese characters to a line of the note, and a line's height in pixels.
    const CHARACTERS: f64 = 22.0;
    const LINE: u32 = 18;
    let lines: usize = style::lines(&text, CHARACTERS * 2.0);
    let height = u32::try_from(lines).unwrap_or(u32::MAX).saturating_mul(LINE) + LINE;
    Note::new(text)
        .add_author_prefix(false)
        .set_font_name("宋体")
        .set_font_size(10)
        .set_width(320)
        .set_height(height)
}
