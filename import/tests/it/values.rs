//! Values as people write them, one cell each.

use retrofit_import::catalogue::Field;

use crate::layout::{check_csv, header, row, value};

/// Reads each text in a column of its own rows: the canonical value, or the code of the finding that refuses it.
fn read(column: &str, field: Field, texts: &[&str]) -> Vec<String> {
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let rows: Vec<String> = texts
        .iter()
        .map(|text| format!("{},{}\n", row("第一中学教学楼"), quoted(text)))
        .collect();
    let rows = rows.concat();
    let (_, rows) = check_csv(&format!("{},{}\n{rows}", header(), quoted(column)));
    assert_eq!(rows.len(), texts.len());
    let got = rows.iter().map(|row| {
        let refused = row
            .findings
            .iter()
            .find(|finding| finding.field == Some(field) && finding.code.starts_with('V'));
        match (value(row, field), refused) {
            (Some(value), None) => value,
            (Some(value), Some(finding)) => format!("{value} {}", finding.code),
            (None, finding) => finding.map_or_else(String::new, |finding| finding.code.to_owned()),
        }
    });
    got.collect()
}

fn assert_reads(column: &str, field: Field, cases: &[(&str, &str)]) {
    let texts: Vec<&str> = cases.iter().map(|(text, _)| *text).collect();
    let got = read(column, field, &texts);
    let wrong: Vec<String> = cases
        .iter()
        .zip(&got)
        .filter(|((_, wanted), got)| wanted != got)
        .map(|((text, wanted), got)| format!("{text:?}: {got:?}, wanted {wanted:?}"))
        .collect();
    assert!(wrong.is_empty(), "{column}:\n{}", wrong.join("\n"));
}

#[test]
fn money() {
    assert_reads(
        "计划总投资",
        Field::InvestmentPlanned,
        &[
            ("1,234.5", "1234.5"),
            ("１，２３４．５", "1234.5"),
            ("1 234.5", "1234.5"),
            ("12万", "12"),
            ("12 万元", "12"),
            ("12W", "12"),
            ("1.2亿元", "12000"),
            ("120000元", "12"),
            ("120,000.00 元整", "12"),
            ("￥120000元", "12"),
            ("人民币壹佰贰拾万元整", "120"),
            ("三百万", "300"),
            ("三万五千元", "3.5"),
            ("1.2e3", "1200"),
            ("12（万元）", "12"),
            ("0.00005", "0.0001 V010"),
            ("12..5", "V002"),
            ("待核实", "V002"),
            ("120万圆", "120"),
            ("12万元。", "12"),
            ("/", ""),
            ("——", ""),
            ("- -", "V002"),
            ("约12", "V002"),
            ("12美元", "V002"),
            ("1e300", "V005"),
            ("-3", "V005"),
            ("\u{a0}\u{200b}", ""),
        ],
    );
    for header in [
        "计划总投资（元）",
        "计划总投资（单位：元）",
        "计划总投资/元",
        "*总投资\n(元，含税)",
        "概算投资（以元计）",
    ] {
        assert_reads(
            header,
            Field::InvestmentPlanned,
            &[("120000", "12"), ("12万元", "12"), ("1.5亿", "15000")],
        );
    }
}

#[test]
fn measures() {
    assert_reads(
        "建筑面积（㎡）",
        Field::FloorAreaM2,
        &[
            ("0.1197万㎡", "1197"),
            ("1.2万", "12000"),
            ("1197平方米", "1197"),
            ("1197 m²", "1197"),
            ("1197M2", "1197"),
            ("3亩", "V002"),
            ("0.3公顷", "V002"),
            ("0", "V005"),
            ("1197.126", "1197.13 V010"),
            ("一千一百九十七", "1197"),
        ],
    );
    assert_reads(
        "建筑面积（单位：万平方米）",
        Field::FloorAreaM2,
        &[("0.1197", "1197"), ("1197㎡", "1197")],
    );
    assert_reads(
        "建筑高度",
        Field::HeightM,
        &[
            ("１２．６", "12.6"),
            ("12.6m", "12.6"),
            ("1260厘米", "12.6"),
            ("12.6米", "12.6"),
        ],
    );
    assert_reads(
        "地上层数",
        Field::FloorsAbove,
        &[
            ("5层", "5"),
            ("五层", "5"),
            ("5F", "5"),
            ("地上5层", "5"),
            ("十二", "12"),
            ("5.0", "5"),
            ("5+1", "V002"),
            ("72", "V005"),
        ],
    );
    assert_reads(
        "形象进度",
        Field::ProgressPercent,
        &[
            ("45%", "45"),
            ("４５％", "45"),
            ("百分之四十五", "45"),
            ("0.45", "V002"),
            ("0.45%", "0.45"),
            ("101%", "V005"),
            ("一半左右", "V002"),
        ],
    );
    assert_reads(
        "后续使用年限",
        Field::ServiceLifeYears,
        &[("50年", "50"), ("五十年", "50"), ("-1", "V005")],
    );
    assert_reads(
        "工程规模",
        Field::ScaleValue,
        &[
            ("20户", "20"),
            ("2.5公里", "2.5"),
            ("1.2万㎡", "12000"),
            ("500延米", "500"),
            ("3座", "3"),
            ("二十户", "20"),
            ("3亩", "V002"),
        ],
    );
}

#[test]
fn dates() {
    assert_reads(
        "开工日期",
        Field::StartDate,
        &[
            ("2023-5-12", "2023-05-12"),
            ("2023/05/12", "2023-05-12"),
            ("2023.5", "2023-05"),
            ("2023.10", "2023-10"),
            ("2023年5月", "2023-05"),
            ("2023 年 5 月 12 日", "2023-05-12"),
            ("20230512", "2023-05-12"),
            ("202305", "2023-05"),
            ("2023-5-12 0:00:00", "2023-05-12"),
            ("2023年5月12日 8:30", "2023-05-12"),
            ("二〇二三年五月", "2023-05"),
            ("二零二三年十月二十一日", "2023-10-21"),
            ("2023", "2023"),
            ("2023年", "2023"),
            ("45058", "2023-05-12"),
            ("2023年5月份", "2023-05"),
            ("2023-05-12 00:00:00.0", "2023-05-12"),
            ("2023 5", "2023-05"),
            ("2023 5 12", "2023-05-12"),
            ("'2023-05-12", "2023-05-12"),
            ("=\"2023-05-12\"", "2023-05-12"),
            ("—", ""),
            ("2023年底", "V003"),
            ("2023年上半年", "V003"),
            ("2023年2月29日", "V003"),
            ("2020-2021年", "V003"),
            ("另报", "V003"),
        ],
    );
    assert_reads(
        "始建竣工时间",
        Field::BuiltDate,
        &[("1998-7-12", "1998-07"), ("1998", "1998"), ("八十年代初", "V003")],
    );
}

#[test]
fn seismic_values() {
    let column = "原设防烈度";
    assert_reads(
        column,
        Field::OriginalIntensity,
        &[("6度（0.05g）", "6"), ("Ⅵ度", "6"), ("未设防", "0"), ("6度设防", "6")],
    );
    for text in [
        "7度（0.15g）",
        "7度0.15g",
        "7(0.15)",
        "7度,0.15g",
        "7/0.15",
        "Ⅶ度（0.15g）",
        "七度 0.15g",
        "７度（０．１５ｇ）",
        "7度（加速度0.15g）",
        "抗震设防烈度7度，设计基本地震加速度值为0.15g",
        "7度、0.15g、第二组",
        "0.15g（7度）",
        "7 0.15g",
        "7度\n（0.150g）",
    ] {
        let without = |text: &str| text.replace(",加速度,", ",").replace(",0.15g,", ",");
        let cell = without(&row("第一中学教学楼")).replace("7度", &format!("\"{text}\""));
        let (_, rows) = check_csv(&format!("{}\n{cell}\n", without(&header())));
        assert_eq!(rows.len(), 1, "{text}");
        let got = |field| value(&rows[0], field).unwrap_or_default();
        assert_eq!(
            (got(Field::Intensity), got(Field::AccelerationG)),
            ("7".to_owned(), "0.15".to_owned()),
            "{text}"
        );
    }
    for text in ["七点五度", "10度", "7度（1.5g）", "不清楚", "7度8度"] {
        let (_, rows) = check_csv(&format!(
            "{}\n{}\n",
            header(),
            row("第一中学教学楼").replace("7度", text)
        ));
        assert_eq!(value(&rows[0], Field::Intensity), None, "{text}");
    }
}

#[test]
fn coordinates() {
    assert_reads(
        "经度",
        Field::Longitude,
        &[
            ("116.015", "116.015"),
            ("116.015°", "116.015"),
            ("东经116.015度", "116.015"),
            ("E116.015", "116.015"),
            ("116.015E", "116.015"),
            ("116°0′54″", "116.015"),
            ("116度0分54秒", "116.015"),
            ("116°0.9′", "116.015"),
            ("116.0150004", "116.015 V010"),
            ("116.015,36.64", "116.015"),
            ("36.64，116.015", "116.015"),
            ("北纬36°38′24″ 东经116°0′54″", "116.015"),
            ("116.015 36.64", "116.015"),
            ("113.65", "V005"),
            ("113.65,36.64", "V005"),
            ("116.015,39.9", "V005"),
            ("116°61′", "V002"),
        ],
    );
    assert_reads(
        "纬度",
        Field::Latitude,
        &[("116.015,36.64", "36.64"), ("N36.64", "36.64")],
    );
    assert_reads("经纬度", Field::Latitude, &[("116.015,36.64", "36.64")]);

    let both = |latitude: &str| {
        let text = format!(
            "{},经度,纬度\n{},\"116.015,36.64\",{latitude}\n",
            header(),
            row("第一中学教学楼")
        );
        let (_, rows) = check_csv(&text);
        let codes: Vec<&str> = rows[0]
            .findings
            .iter()
            .map(|finding| finding.code)
            .filter(|code| code.starts_with('V'))
            .collect();
        (value(&rows[0], Field::Latitude).unwrap_or_default(), codes)
    };
    assert_eq!(both(""), ("36.64".to_owned(), vec![]));
    assert_eq!(both("36.6"), ("36.6".to_owned(), vec!["V002"]));
}

#[test]
fn codes_and_marks() {
    let category: Vec<(&str, &str)> = [
        "学校",
        "02",
        "2",
        "02 学校",
        "02-学校",
        "02.学校",
        "（02）学校",
        "学校（02）",
        "【学校】",
        "02、学校",
        "学 校",
        "学校\u{200b}",
        "学校（中小学）",
    ]
    .map(|text| (text, "02"))
    .into();
    let (_, rows) = check_csv(&format!(
        "{}\n{}",
        header(),
        category
            .iter()
            .map(|(text, _)| row("第一中学教学楼").replacen(",学校,", &format!(",{text},"), 1) + "\n")
            .collect::<String>()
    ));
    let got: Vec<(&str, String)> = category
        .iter()
        .zip(&rows)
        .map(|((text, _), row)| (*text, value(row, Field::Category).unwrap_or_default()))
        .collect();
    let wanted: Vec<(&str, String)> = category
        .iter()
        .map(|(text, code)| (*text, (*code).to_owned()))
        .collect();
    assert_eq!(got, wanted);

    assert_reads(
        "加固方式",
        Field::RetrofitMethods,
        &[
            ("面层加固、粘钢", "01+07"),
            ("面层加固；粘钢/阻尼器", "01+07+09"),
            ("面层加固 粘钢", "01+07"),
            ("面层加固\n粘钢", "01+07"),
            ("①面层加固②粘钢", "01+07"),
            ("1.面层加固 2.粘钢", "01+07"),
            ("1、面层加固 2、粘钢", "01+07"),
            ("1、粘钢；2、面层加固；3、外加圈梁、构造柱", "07+01+03"),
            ("1、粘钢", "07"),
            ("01、粘钢 02、碳纤维", "07+08"),
            ("1、2、粘钢", "01+02+07"),
            ("2、粘钢", "02+07"),
            ("1、2", "01+02"),
            ("2 1", "02+01"),
            ("12", "12"),
            ("1、刷漆 2、粘钢", "V004"),
            ("01、07", "01+07"),
            ("1、7", "01+07"),
            ("01 钢筋网水泥砂浆面层、07 粘贴钢板", "01+07"),
            ("外加圈梁、构造柱", "03"),
            ("面层加固和粘钢", "01+07"),
            ("桥梁支座更换与防落梁", "21"),
            ("面层加固（双面、单面）、粘钢", "01+07"),
            ("粘钢、粘钢", "07"),
            ("面层加固；刷漆", "V004"),
            ("ABC", "V004"),
        ],
    );
    assert_reads(
        "是否需要抗震加固",
        Field::NeedsRetrofit,
        &[
            ("是", "1"),
            ("√", "1"),
            ("✓", "1"),
            ("☑", "1"),
            ("Y", "1"),
            ("yes", "1"),
            ("TRUE", "1"),
            ("1", "1"),
            ("☑是 □否", "1"),
            ("□是 ☑否", "0"),
            ("是□ 否√", "0"),
            ("×", "0"),
            ("✗", "0"),
            ("X", "0"),
            ("无", "0"),
            ("没有", "0"),
            ("FALSE", "0"),
            ("T", "1"),
            ("F", "0"),
            ("需", "1"),
            ("无需", "0"),
            ("对", "1"),
            ("错", "0"),
            ("不清楚", "V004"),
        ],
    );
}

#[test]
fn places() {
    let county: &[(&str, &str)] = &[
        ("聊城市东昌府区", "371502"),
        ("山东省聊城市 东昌府区", "371502"),
        ("371502", "371502"),
        ("东昌府区（371502）", "371502"),
        ("371502 东昌府区", "371502"),
        ("东昌府", "371502"),
        ("经开区", "371571"),
        ("历下区", ""),
    ];
    let township: &[(&str, &str)] = &[
        ("古楼街道办事处", "371502001"),
        ("古楼办事处", "371502001"),
        ("古楼街道办", "371502001"),
        ("东昌府区古楼街道", "371502001"),
        ("聊城市东昌府区古楼街道", "371502001"),
        ("371502001", "371502001"),
        ("371502001000", "371502001"),
        ("371502001 古楼街道", "371502001"),
        ("古楼", "371502001"),
        ("新世纪街道", ""),
    ];
    for (cell, field, cases) in [
        (",东昌府区,", Field::County, county),
        (",古楼街道,", Field::Township, township),
    ] {
        let rows: String = cases
            .iter()
            .map(|(text, _)| row("第一中学教学楼").replace(cell, &format!(",{text},")) + "\n")
            .collect();
        let (_, rows) = check_csv(&format!("{}\n{rows}", header()));
        for ((text, wanted), row) in cases.iter().zip(&rows) {
            assert_eq!(value(row, field).unwrap_or_default(), *wanted, "{text}");
        }
    }
}

#[test]
fn a_record_says_which_values_the_reading_changed() {
    let text = format!(
        "{},计划总投资（元）,建筑面积,始建竣工时间,\"经度\",备注\n{},120000,0.12万㎡,1998-7-12,116°0′54″,12万元\n",
        header(),
        row("第一中学教学楼")
            .replace("东昌府区", "茌平县")
            .replace("古楼街道", "振兴街道")
            .replace("7度", "7度（0.15g）")
    );
    let (_, rows) = check_csv(&text);
    let changed: Vec<(Field, String)> = rows[0]
        .record
        .normalised()
        .map(|it| {
            (
                it.field,
                format!("{} {}", it.written, it.canonical.as_one().unwrap_or_default()),
            )
        })
        .collect();
    let wanted = [
        (Field::County, "茌平县 371503"),
        (Field::Longitude, "116°0′54″ 116.015"),
        (Field::FloorAreaM2, "0.12万㎡ 1200"),
        (Field::BuiltDate, "1998-7-12 1998-07"),
        (Field::Intensity, "7度（0.15g） 7"),
        (Field::InvestmentPlanned, "120000 12"),
    ];
    assert_eq!(changed, wanted.map(|(field, text)| (field, text.to_owned())));
}

#[test]
fn a_stroke_is_no_value_of_any_field() {
    let text = format!(
        "{0},工程编号,备注,经度,纬度,始建竣工时间\n{1},/,—,\"116.015,36.64\",/,-\n{1},/,—,,,\n{2},,,,,\n",
        header(),
        row("第一中学教学楼"),
        row("第一中学教学楼").replace(",教学楼,", ",/,"),
    );
    let (_, rows) = check_csv(&text);
    for row in &rows[..2] {
        assert_eq!(value(row, Field::ProjectNo), None);
        assert_eq!(value(row, Field::Remarks), None);
        assert!(
            !row.findings.iter().any(|finding| finding.code == "D001"),
            "{:?}",
            row.findings
        );
    }
    assert_eq!(value(&rows[0], Field::Latitude).as_deref(), Some("36.64"));
    let blank = rows[2].findings.iter().find(|finding| finding.code == "V001").unwrap();
    assert_eq!((blank.field, blank.value.as_deref()), (Some(Field::Use), Some("/")));
}
