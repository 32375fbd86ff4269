//! What officers say of columns: read so, kept apart by header, and never two columns of one field.

use std::io::Write as _;

use chrono::NaiveDate;
use retrofit_import::catalogue::Field;
use retrofit_import::check::{CheckedRow, Checker, Corrections, HeaderReading, Summary, column_key};

use crate::layout::{checker, errors, header, row, value};

const NO_FIELD: Option<Field> = None;

fn check(text: &str, said: &[(&str, Option<Field>)]) -> (Summary, Vec<CheckedRow>) {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    let said = said.iter().map(|(key, field)| ((*key).to_owned(), *field));
    let checker = Checker {
        corrections: Corrections(said.collect()),
        ..checker()
    };
    let today = NaiveDate::from_ymd_opt(2026, 11, 23).unwrap();
    let mut rows = Vec::new();
    let summary = checker.check(file.path(), today, &mut |row| rows.push(row)).unwrap();
    (summary, rows)
}

fn keys(reading: &HeaderReading) -> Vec<&str> {
    reading.columns.iter().map(|column| &*column.key).collect()
}

#[test]
fn a_column_under_any_name_is_read_as_its_field() {
    let header = header();
    let names: Vec<&str> = header.split(',').collect();
    let (_, sound) = check(&format!("{header}\n{}\n", row("第一小学教学楼")), &[]);
    let sound = sound[0].record.values();
    for (at, name) in names.iter().enumerate() {
        let mut strange = names.clone();
        strange[at] = "*栏目（甲）";
        let text = format!("{}\n{}\n", strange.join(","), row("第一小学教学楼"));
        let (plain, none) = check(&text, &[]);
        assert!(none.is_empty(), "{name} is required");
        let reading = &plain.headers[0];
        let column = &reading.columns[at];
        assert_eq!((&*column.key, column.field), ("栏目(甲)", None), "{name}");
        assert!(reading.is_doubtful(column) && reading.is_uncertain(), "{name}");

        let (known, _) = check(&format!("{header}\n{}\n", row("第一小学教学楼")), &[]);
        let field = known.headers[0].columns[at].field;
        let (corrected, rows) = check(&text, &[("栏目(甲)", field)]);
        assert_eq!(errors(&corrected), [], "{name}");
        assert_eq!(rows[0].record.values(), sound, "{name}");
        let column = &corrected.headers[0].columns[at];
        assert!(
            column.corrected && column.guess.is_none() && column.field == field,
            "{name}"
        );
        assert!(!corrected.headers[0].is_uncertain(), "{name}");
    }
}

#[test]
fn corrections_are_kept_apart_by_header() {
    /// Columns beside the others, what is said of them, and the floor area that is read.
    type Case<'a> = (
        &'a [(&'a str, &'a str)],
        &'a [(&'a str, Option<Field>)],
        Result<Option<&'a str>, &'a str>,
    );
    let area = Some(Field::FloorAreaM2);
    let cases: &[Case] = &[
        (&[("体量（万㎡）", "0.3")], &[("体量(万m2)", area)], Ok(Some("3000"))),
        (&[("体量㎡", "300")], &[("体量m2", area)], Ok(Some("300"))),
        (&[("*体量（必填）", "300")], &[("体量", area)], Ok(Some("300"))),
        (&[("建筑面积", "300"), ("总建筑面积", "400")], &[], Err("F008")),
        (
            &[("建筑面积", "300"), ("总建筑面积", "400")],
            &[("总建筑面积", NO_FIELD)],
            Ok(Some("300")),
        ),
        (
            &[("建筑面积", "300"), ("总建筑面积", "400")],
            &[("建筑面积", NO_FIELD)],
            Ok(Some("400")),
        ),
        (
            &[("建筑面积", "300"), ("建筑面积", "400")],
            &[("建筑面积#2", NO_FIELD)],
            Ok(Some("300")),
        ),
        (
            &[("建筑面积", "300"), ("建筑面积", "400")],
            &[("建筑面积", NO_FIELD)],
            Ok(Some("400")),
        ),
        (&[("建筑面积", "300")], &[("建筑面积", NO_FIELD)], Ok(None)),
        // Said of a column that the file does not have, and said twice.
        (&[("建筑面积", "300")], &[("体量", area)], Ok(Some("300"))),
        (&[("建筑面积", "300"), ("体量", "400")], &[("体量", area)], Err("F008")),
    ];
    for (columns, said, wanted) in cases {
        let (names, values): (Vec<&str>, Vec<&str>) = columns.iter().copied().unzip();
        let text = format!(
            "{},{}\n{},{}\n",
            header(),
            names.join(","),
            row("第一小学教学楼"),
            values.join(",")
        );
        let (summary, rows) = check(&text, said);
        match wanted {
            Ok(wanted) => {
                assert_eq!(errors(&summary), [], "{columns:?} {said:?}");
                assert_eq!(
                    value(&rows[0], Field::FloorAreaM2).as_deref(),
                    *wanted,
                    "{columns:?} {said:?}"
                );
                let told = summary.findings.iter().any(|finding| finding.code == "F006");
                assert!(!told, "what was decided is asked again: {columns:?} {said:?}");
            }
            Err(code) => assert_eq!(errors(&summary)[0].0, *code, "{columns:?} {said:?}"),
        }
    }
}

#[test]
fn what_an_officer_said_of_a_column_comes_before_a_loose_name() {
    let text = format!("{},业主\n{},甲公司\n", header(), row("第一小学教学楼"));
    let owner = Some(Field::OwnerUnit);
    let owners = |text: &str, said: &[(&str, Option<Field>)]| {
        let (summary, rows) = check(text, said);
        assert_eq!(errors(&summary), [], "{said:?}");
        value(&rows[0], Field::OwnerUnit)
    };
    assert_ne!(owners(&text, &[]).as_deref(), Some("甲公司"));
    assert_eq!(owners(&text, &[("产权单位", NO_FIELD)]).as_deref(), Some("甲公司"));
    let other = text.replace("产权单位", "房屋所属");
    assert_ne!(owners(&other, &[("房屋所属", owner)]).as_deref(), Some("甲公司"));
}

#[test]
fn groups_and_examples_say_which_column_is_meant() {
    let text = "东昌府区台账,,,,,,,\n工程名称,工程类别,用途,设计方,,资金,,县区\n,,,名字,电话,名字,数额,\n\
                一号楼,学校,教学楼,甲院,1,市里,5,莘县\n二号楼,学校,教学楼,乙院,2,市里,6,莘县\n";
    let (summary, rows) = check(text, &[]);
    assert!(rows.is_empty());
    let reading = &summary.headers[0];
    assert_eq!(
        (keys(reading), reading.row),
        (
            vec![
                "工程名称",
                "工程类别",
                "用途",
                "设计方/名字",
                "设计方/电话",
                "资金/名字",
                "资金/数额",
                "县区"
            ],
            3
        )
    );
    let column = &reading.columns[3];
    assert_eq!(
        (&*column.header, column.examples.as_slice()),
        ("设计方 / 名字", &["甲院".to_owned(), "乙院".to_owned()][..])
    );
    let (summary, _) = check(text, &[("设计方/名字", Some(Field::DesignUnit))]);
    assert_eq!(summary.headers[0].columns[3].field, Some(Field::DesignUnit));
    assert_eq!(summary.headers[0].columns[5].field, None);
}

#[test]
fn a_table_of_which_hardly_a_header_is_known_is_offered_and_then_read() {
    let names = "改造内容,大类,性质类别,怎么用,产权单位,县区,所属乡镇,门牌,承重,几度,加速度,设防几类,到哪一步";
    let text = format!(
        "某某局台账\n\n{names}\n{}\n{}\n",
        row("第一小学教学楼"),
        row("第二小学教学楼")
    );
    let (summary, rows) = check(&text, &[]);
    assert_eq!((errors(&summary)[0].0, rows.len()), ("F004", 0));
    let reading = &summary.headers[0];
    assert_eq!((reading.row, reading.missing.as_slice()), (3, &[Field::Name][..]));
    assert_eq!(reading.columns[0].examples, ["第一小学教学楼", "第二小学教学楼"]);
    let said = [
        ("改造内容", Field::Name),
        ("大类", Field::Category),
        ("性质类别", Field::RecordKind),
        ("怎么用", Field::Use),
        ("门牌", Field::Address),
        ("承重", Field::StructureType),
        ("几度", Field::Intensity),
        ("设防几类", Field::FortificationClass),
        ("到哪一步", Field::Stage),
    ];
    let (summary, rows) = check(&text, &said.map(|(key, field)| (key, Some(field))));
    assert_eq!((errors(&summary), rows.len()), (vec![], 2));
    // A sheet beside a roster is not asked about.
    let (summary, _) = check(&format!("{}\n{}\n", header(), row("第一小学教学楼")), &[]);
    assert_eq!(summary.headers.len(), 1);
}

/// The header with some names blanked.
fn blanked(names: &[&str]) -> String {
    let header = header();
    let name = |name| if names.contains(&name) { "" } else { name };
    header.split(',').map(name).collect::<Vec<_>>().join(",")
}

#[test]
fn a_column_without_a_header_is_shown_by_its_values_and_corrected_by_its_place() {
    let header = header();
    let names: Vec<&str> = header.split(',').collect();
    let (_, sound) = check(&format!("{header}\n{}\n", row("第一小学教学楼")), &[]);
    for (at, name) in names.iter().enumerate() {
        let text = format!("{}\n{}\n", blanked(&[name]), row("第一小学教学楼"));
        let (plain, none) = check(&text, &[]);
        assert!(none.is_empty(), "{name} is required");
        let reading = &plain.headers[0];
        let column = &reading.columns[at];
        assert!(column.blank && reading.is_doubtful(column), "{name}: {column:?}");
        assert_eq!((column.column as usize, column.examples.len()), (at, 1), "{name}");
        assert_eq!(column_key(&column.key), column.key, "{name}");
        let (known, _) = check(&format!("{header}\n{}\n", row("第一小学教学楼")), &[]);
        let field = known.headers[0].columns[at].field;
        let (corrected, rows) = check(&text, &[(&column.key, field)]);
        assert_eq!(errors(&corrected), [], "{name}");
        assert_eq!(rows[0].record.values(), sound[0].record.values(), "{name}");
        let column = &corrected.headers[0].columns[at];
        assert!(column.blank && column.corrected && column.field == field, "{name}");
        assert!(!corrected.headers[0].is_uncertain(), "{name}");
    }
}

#[test]
fn a_correction_of_a_column_without_a_header_holds_for_no_other_place() {
    let read = |header: &str, row: &str, key: &str| {
        let (summary, rows) = check(&format!("{header}\n{row}\n"), &[(key, Some(Field::FloorAreaM2))]);
        assert_eq!(errors(&summary), [], "{header}");
        let told: Vec<String> = summary.findings.iter().map(|finding| finding.message.clone()).collect();
        (value(&rows[0], Field::FloorAreaM2), told)
    };
    let (header, row) = (header(), row("第一小学教学楼"));
    let key = "工程进度|空1/1|建筑高度";
    let told = |column: &str, value: &str| vec![format!("{column} 列没有表头，下面填的“{value}”等内容没有读取。")];
    let area = Some("300".to_owned());
    assert_eq!(
        read(&format!("{header},,建筑高度"), &format!("{row},300,9"), key),
        (area.clone(), vec![])
    );
    // Wherever the table stands.
    assert_eq!(
        read(&format!(",{header},,建筑高度"), &format!(",{row},300,9"), key),
        (area.clone(), vec![])
    );
    // A column that came in beside it, or another neighbour: it may be any other column now, and is told.
    assert_eq!(
        read(&format!("{header},,,建筑高度"), &format!("{row},,300,9"), key),
        (None, told("O", "300"))
    );
    assert_eq!(
        read(&format!("{header},,备注"), &format!("{row},300,无"), key),
        (None, told("N", "300"))
    );
    // At the right end, the columns of an annotated workbook and the code come after it.
    let end = "工程进度|空1|";
    assert_eq!(
        read(&format!("{header},"), &format!("{row},300"), end),
        (area.clone(), vec![])
    );
    assert_eq!(
        read(
            &format!("{header},,登记编号,结果,问题,情况说明"),
            &format!("{row},300,,合格,,"),
            end
        ),
        (area, vec![])
    );
    // Nothing in it, strokes, and the numbers of the rows ask nothing of anyone.
    let (_, said) = read(&format!(",{header},,建筑高度"), &format!("1,{row},/,9"), key);
    assert_eq!(said, Vec::<String>::new());
}

#[test]
fn a_columns_first_value_far_below_is_told_too_and_groups_are_named() {
    let rows = format!("{},\n", row("第一小学教学楼")).repeat(60);
    let text = format!(
        "{},资金（元）,,\n,,,,,,,,,,,,,中央,,省级\n{rows}{},1,120000,2\n",
        header(),
        row("第二小学教学楼")
    );
    let (summary, _) = check(&text, &[]);
    let column = &summary.headers[0].columns[14];
    assert_eq!(
        (&*column.key, column.examples.as_slice()),
        ("资金(元)/中央|空1/1|资金(元)/省级", &["120000".to_owned()][..])
    );
    let (summary, rows) = check(&text, &[(&column.key, Some(Field::FundMunicipal))]);
    assert_eq!(errors(&summary), []);
    assert_eq!(value(&rows[60], Field::FundMunicipal).as_deref(), Some("12"));
}

#[test]
fn a_table_whose_names_have_no_header_is_offered() {
    let text = format!("{}\n{}\n", blanked(&["工程名称"]), row("第一小学教学楼"));
    let (summary, rows) = check(&text, &[]);
    assert_eq!((errors(&summary)[0].0, rows.len()), ("F004", 0));
    let column = &summary.headers[0].columns[0];
    assert_eq!(
        (&*column.key, column.examples.as_slice()),
        ("|空1/1|工程类别", &["第一小学教学楼".to_owned()][..])
    );
}
