//! Findings on files, sheets and headers: F001 to F011.

use std::sync::Arc;

use crate::catalogue::{Catalogue, Field};
use crate::finding::Finding;
use crate::layout::{ColumnReading, HeaderReading, Known, Table, Unread};
use crate::rules;
use crate::stamp;
use crate::workbook::{Address, Format, Refusal, SheetHead, column_name};

/// The file as a whole is refused.
pub(crate) fn refused(refusal: &Refusal) -> Finding {
    // The message has its number.
    let incident = refusal.incident.as_ref();
    Finding {
        suggestion: incident.map(|_| "如需帮助，请把事件编号告诉管理员。".to_owned()),
        ..finding(refusal.code, refusal.message.clone())
    }
}

/// F004: no visible sheet holds a roster; one that is a form about a project says so, a header that lacks nothing but the projects' names, and
/// one that was not read because of its name.
pub(crate) fn no_roster(
    catalogue: &Catalogue,
    half_known: &[HeaderReading],
    form: Option<&str>,
    explained: Option<&str>,
) -> Finding {
    if let Some(sheet) = form {
        return Finding {
            sheet: Some(sheet.to_owned()).filter(|sheet| !sheet.is_empty()),
            suggestion: Some("请改成清单：栏目名称写在同一行，每个工程占一行；可从本系统下载模板填写。".to_owned()),
            ..finding(
                "F004",
                "没有找到工程清单：栏目名称写在左边，一个工程占许多行，像是一个工程一张的登记表。".to_owned(),
            )
        };
    }
    if let Some(header) = half_known.iter().find(|header| header.missing.contains(&Field::Name)) {
        return nameless_header(catalogue, header);
    }
    if let Some(sheet) = explained {
        return Finding {
            sheet: Some(sheet.to_owned()),
            suggestion: Some("它就是要报的清单的，请把工作表改名，不带“字典”“说明”“样表”“示例”等字样。".to_owned()),
            ..finding(
                "F004",
                format!("没有找到工程清单：工作表「{sheet}」按名称是说明或示例，没有读取。"),
            )
        };
    }
    Finding {
        suggestion: Some("请确认表头里有「工程名称」等栏目，且表头下面有数据；可从本系统下载模板填写。".to_owned()),
        ..finding(
            "F004",
            "没有找到工程清单：各可见工作表里都没有可识别的表头和数据。".to_owned(),
        )
    }
}

fn nameless_header(catalogue: &Catalogue, header: &HeaderReading) -> Finding {
    let fields = header.columns.iter().filter_map(|column| column.field);
    let labels: Vec<&str> = fields.map(|field| catalogue.label(field)).collect();
    let name = header
        .columns
        .iter()
        .find(|column| column.field.is_none() && column.header.contains('名'));
    let which = name.map_or_else(
        || "请把写工程名称的那一列的表头改成「工程名称」".to_owned(),
        |column| {
            format!(
                "{} 列「{}」如果就是工程名称，请把表头改成「工程名称」",
                column_name(column.column),
                column.header
            )
        },
    );
    Finding {
        sheet: Some(header.sheet.clone()).filter(|sheet| !sheet.is_empty()),
        suggestion: Some(format!("{which}，或在报送页面的“各列识别”里指定。")),
        ..finding(
            "F004",
            format!(
                "没有找到工程清单：第{}行是表头，认得「{}」等{}栏，唯独没有「工程名称」。",
                header.row,
                labels.iter().take(2).copied().collect::<Vec<_>>().join("」「"),
                labels.len()
            ),
        )
    }
}

/// F009: it was made from an older template.
pub(crate) fn of_template(version: u32) -> Option<Finding> {
    (version < stamp::VERSION).then(|| Finding {
        suggestion: Some("能读的照样读取；下次请下载新的模板填报。".to_owned()),
        ..finding("F009", "这个文件是用旧版模板填的，栏目和下拉选项可能不全。".to_owned())
    })
}

/// F011: macros are in it.
pub(crate) fn of_format(format: Format) -> Option<Finding> {
    format
        .has_macros()
        .then(|| finding("F011", "工作簿带有宏；宏没有运行，只读取了单元格内容。".to_owned()))
}

/// F005, F006 and F008 on a table's header.
pub(crate) fn of_table(known: Known<'_>, sheet: &Arc<str>, table: &Table) -> Vec<Finding> {
    let catalogue = known.catalogue;
    let at_header = |code, column: u32, field: Option<Field>, message, suggestion| Finding {
        sheet: Some(sheet.to_string()),
        address: Some(Address::new(table.header_row, column)),
        field,
        suggestion: Some(suggestion),
        ..finding(code, message)
    };
    let headers: Vec<String> = table.unknown.iter().map(|column| column.header.clone()).collect();
    let first = table.columns.first().map_or(0, |column| column.at);
    let mut findings = Vec::new();
    for field in &table.missing {
        let label = catalogue.label(*field);
        let near = known.headers.nearest(*field, &headers);
        let suggestion = match near {
            Some(header) => {
                format!(
                    "表中「{header}」是否就是「{label}」？是的话请改为「{label}」，或在报送页面的“各列识别”里指定。"
                )
            }
            None => format!("请增加「{label}」一栏并填写；表中有、只是叫法不同的，在报送页面的“各列识别”里指定。"),
        };
        let suggestion = match field {
            Field::AccelerationG => format!("{suggestion}也可以在烈度栏一并写明，如 7度（0.15g）。"),
            Field::County => format!("{suggestion}也可以按县（市、区）分段，每段上面用一行写县（市、区）名。"),
            _ => suggestion,
        };
        findings.push(at_header(
            "F005",
            first,
            Some(*field),
            format!("缺少必填栏目「{label}」。"),
            suggestion,
        ));
    }
    for column in &table.repeated {
        let label = catalogue.label(column.field);
        let earlier = table.columns.iter().find(|known| known.field == column.field);
        let earlier = earlier.map_or_else(String::new, |known| named(known.at, &known.path));
        let message = format!("{}和 {earlier}都是「{label}」。", named(column.at, &column.path));
        let suggestion = "请只保留一列，另一列删除或改名，或在报送页面的“各列识别”里指定。".to_owned();
        findings.push(at_header("F008", column.at, Some(column.field), message, suggestion));
    }
    if table.is_sound() {
        for column in &table.unknown {
            let (message, suggestion) = of_unread(catalogue, table, column);
            findings.push(at_header("F006", column.at, None, message, suggestion.to_owned()));
        }
    }
    findings
}

/// What is said of a column that was not read: why, where its name is one of a field's, and what to do.
fn of_unread(catalogue: &Catalogue, table: &Table, column: &Unread) -> (String, &'static str) {
    let own = named(column.at, &column.path);
    let Some(field) = column.may_be else {
        return (
            format!("{own}不是系统里的栏目，没有读取。"),
            "不需要上报的栏目可以保留；需要的请改用模板里的栏目名称，或在报送页面的“各列识别”里指定。",
        );
    };
    let label = catalogue.label(field);
    if let Some(read) = table.columns.iter().find(|read| read.field == field) {
        return (
            format!("{own}没有读取：「{label}」读的是 {}。", named(read.at, &read.path)),
            "应当读这一列的，请在报送页面的“各列识别”里改过来；不是的不必管。",
        );
    }
    let mut others = table.unknown.iter().filter(|other| other.at != column.at);
    match others.find(|other| other.may_be == column.may_be) {
        Some(other) => (
            format!(
                "{own}没有读取：它和 {}哪一列是「{label}」，看不出来。",
                named(other.at, &other.path)
            ),
            "请在报送页面的“各列识别”里指定哪一列是；都不是的不必管。",
        ),
        None => (
            format!("{own}没有读取：照这样的表头，看不出是不是「{label}」。"),
            "是的话请在报送页面的“各列识别”里指定；不是的不必管。",
        ),
    }
}

/// A column as messages name it.
fn named(at: u32, header: &str) -> String {
    format!("{} 列「{header}」", column_name(at))
}

/// F006 on the columns of a table that hold something and have no header.
pub(crate) fn of_blank_headers(table: &HeaderReading) -> impl Iterator<Item = Finding> {
    let repeated = |column: &ColumnReading| column.field.is_some() && table.is_doubtful(column);
    let sound = table.missing.is_empty() && !table.columns.iter().any(repeated);
    let unread = move |column: &&ColumnReading| sound && column.blank && table.is_doubtful(column);
    table.columns.iter().filter(unread).map(|column| {
        let examples = column.examples.join("、");
        let message = format!(
            "{} 列没有表头，下面填的“{examples}”等内容没有读取。",
            column_name(column.column)
        );
        let suggestion = "需要上报的请在表头写上栏目名称，或在报送页面的“各列识别”里指定。".to_owned();
        Finding {
            sheet: Some(table.sheet.clone()),
            address: Some(Address::new(table.row - 1, column.column)),
            suggestion: Some(suggestion),
            ..finding("F006", message)
        }
    })
}

/// F007 and F010 on a sheet; `read` says of a row, from 0, whether it was read.
pub(crate) fn of_sheet(
    head: &SheetHead,
    tables: &[Arc<Table>],
    any_row: bool,
    read: impl Fn(u32) -> bool,
) -> Option<Finding> {
    let on_sheet = |code, message| {
        Some(Finding {
            sheet: Some(head.name.clone()),
            ..finding(code, message)
        })
    };
    if head.hidden {
        return if any_row {
            on_sheet("F010", format!("工作表「{}」是隐藏的，没有读取。", head.name))
        } else {
            None
        };
    }
    if tables.is_empty() {
        // Of the one table of a csv, F004 says all there is to say.
        return if any_row && !head.name.is_empty() {
            on_sheet("F007", format!("工作表「{}」不是工程清单，已跳过。", head.name)).map(|finding| Finding {
                suggestion: Some(
                    "如果它是工程清单，请检查表头里有没有「工程名称」等栏目，工作表名称不要带“字典”“说明”“示例”。"
                        .to_owned(),
                ),
                ..finding
            })
        } else {
            None
        };
    }
    let rows = head.hidden_rows.iter().filter(|row| read(**row)).count();
    let columns = head.hidden_columns.iter().filter(|hidden| {
        tables
            .iter()
            .any(|table| table.columns.iter().any(|column| column.at == **hidden))
    });
    let columns = columns.count();
    if rows + columns == 0 {
        return None;
    }
    let hidden = [(rows, "行"), (columns, "列")]
        .into_iter()
        .filter(|(count, _)| *count > 0);
    let hidden: Vec<String> = hidden.map(|(count, of)| format!("{count} 个隐藏{of}")).collect();
    on_sheet(
        "F010",
        format!("工作表「{}」有 {}，其中的内容也读取了。", head.name, hidden.join("、")),
    )
}

/// F005 on a sheet that goes on with the table of the sheet `upper`, without a header of its own.
pub(crate) fn of_continuation(sheet: &str, upper: &str) -> Finding {
    Finding {
        sheet: Some(sheet.to_owned()),
        suggestion: Some(format!(
            "请把工作表「{upper}」的表头复制到「{sheet}」的第一行，或把「{sheet}」的各行接到「{upper}」的下面。"
        )),
        ..finding(
            "F005",
            format!("工作表「{sheet}」没有认出表头，内容像是「{upper}」的续表，没有读取。"),
        )
    }
}

fn finding(code: &'static str, message: String) -> Finding {
    Finding {
        code,
        severity: rules::severity(code),
        sheet: None,
        address: None,
        row: None,
        field: None,
        value: None,
        message,
        suggestion: None,
        basis: None,
    }
}
