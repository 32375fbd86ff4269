//! What findings say and where they point.

use retrofit_import::catalogue::{Catalogue, Field};
use retrofit_import::finding::Finding;
use retrofit_import::rules::RosterJudge;
use retrofit_import::workbook::Address;

use super::example::Example;
use super::examples::TODAY;
use crate::layout::{check_csv, header, row};

fn judge(catalogue: &Catalogue, rows: &[&[(&str, &str)]]) -> Vec<Finding> {
    let mut judge = RosterJudge::new(catalogue, TODAY.parse().unwrap());
    let mut findings = Vec::new();
    for (cells, row) in rows.iter().zip(1..) {
        let mut example = Example::new(row);
        example.write(catalogue, cells.iter().copied());
        findings.extend(judge.judge_record(&example.record));
    }
    findings
}

fn only(findings: Vec<Finding>, code: &str) -> Finding {
    let mut found = findings.into_iter().filter(|finding| finding.code == code);
    let one = found.next().unwrap();
    assert_eq!(found.next(), None);
    one
}

#[test]
fn a_finding_points_at_its_cell_and_quotes_it() {
    let catalogue = Catalogue::load(None).unwrap();
    let cells = [("抗震设防烈度", "7度"), ("设计基本地震加速度", "0.20g")];
    let finding = only(judge(&catalogue, &[&cells]), "S001");
    let column = u32::try_from(Field::AccelerationG.index()).unwrap();
    assert_eq!(finding.address, Some(Address::new(0, column)));
    assert_eq!((finding.sheet.as_deref(), finding.row), (Some("例"), Some(1)));
    assert_eq!(finding.field, Some(Field::AccelerationG));
    assert_eq!(finding.value.as_deref(), Some("0.20g"));
    assert_eq!(finding.message, "设防烈度7度与加速度0.20g不对应。");
    assert_eq!(
        finding.suggestion.unwrap(),
        "7度对应的加速度是0.10g或0.15g；烈度填错的改烈度。"
    );
    assert_eq!(finding.basis.unwrap(), "GB 50011-2010（2016年版）表3.2.2");
}

#[test]
fn a_column_that_the_sheet_lacks_is_flagged_at_the_name() {
    let catalogue = Catalogue::load(None).unwrap();
    let finding = only(
        judge(&catalogue, &[&[("工程名称", "一号楼"), ("工程进度", "正在加固")]]),
        "T008",
    );
    let column = u32::try_from(Field::Name.index()).unwrap();
    assert_eq!(finding.field, Some(Field::StartDate));
    assert_eq!(finding.address, Some(Address::new(0, column)));
    assert_eq!(finding.value, None);
}

#[test]
fn a_class_rests_on_the_clause_for_its_use() {
    let catalogue = Catalogue::load(None).unwrap();
    let finding = only(
        judge(&catalogue, &[&[("用途", "住宅"), ("抗震设防类别", "适度设防类")]]),
        "S005",
    );
    assert_eq!(finding.basis.unwrap(), "GB 50223-2008 第6章（居住建筑）");
}

#[test]
fn a_repeated_number_names_the_earlier_row() {
    let catalogue = Catalogue::load(None).unwrap();
    let finding = only(
        judge(&catalogue, &[&[("工程编号", "A-1")], &[], &[("工程编号", "A-1")]]),
        "D001",
    );
    assert_eq!(
        (finding.row, finding.message.as_str()),
        (Some(3), "工程编号A-1与“例”第1行相同。")
    );
}

#[test]
fn an_old_name_that_heads_rows_is_said_of_each_of_them() {
    let without = |text: &str| text.replace(",县区,", ",").replace(",东昌府区,古楼街道,", ",乐平铺镇,");
    let (header, body) = (without(&header()), without(&row("第一中学教学楼")));
    let (summary, rows) = check_csv(&format!("{header}\n一、茌平县（共2项）\n{body}\n{body}\n"));
    assert_eq!(summary.rows, 2);
    for row in &rows {
        let finding = only(row.findings.clone(), "P005");
        // The sheet has no column of counties.
        assert_eq!(finding.address, Some(Address::new(row.record.row - 1, 0)));
        assert_eq!(finding.value.as_deref(), Some("茌平县"));
        let understood: Vec<Field> = row.record.normalised().map(|value| value.field).collect();
        assert_eq!(understood, [Field::County]);
    }
    let (_, rows) = check_csv(&format!("{header}\n一、茌平区\n{body}\n"));
    assert!(rows[0].findings.iter().all(|finding| finding.code != "P005"));
}

#[test]
fn a_figure_that_is_not_verified_says_so() {
    let catalogue = Catalogue::load(None).unwrap();
    let of = |county| {
        let cells = [("县（市、区）", county), ("设计基本地震加速度", "0.05")];
        only(judge(&catalogue, &[&cells]), "S002").message
    };
    assert_eq!(of("莘县"), "加速度0.05g低于莘县的区划值0.20g（县级缺省值，待核）。");
    assert_eq!(of("临清市"), "加速度0.05g低于临清市的区划值0.10g。");
}

#[test]
fn a_townships_zonation_wins_over_its_countys() {
    let folder = tempfile::tempdir().unwrap();
    let embedded = include_str!("../../../catalogue/zonation.csv");
    let township = "371525209,万善乡,7,0.15,3,2016-06-01,read,to-verify,printed table C.15";
    let table = format!("{}\n{township}\n", embedded.trim_end());
    std::fs::write(folder.path().join("zonation.csv"), table).unwrap();
    let catalogue = Catalogue::load(Some(folder.path())).unwrap();
    let cells = |township| {
        [
            ("县（市、区）", "冠县"),
            ("乡镇（街道）", township),
            ("设计基本地震加速度", "0.10"),
            ("设计地震分组", "第二组"),
        ]
    };
    assert_eq!(judge(&catalogue, &[&cells("371525105")]), []);
    // Which of the two it is, an unread township does not say.
    assert_eq!(judge(&catalogue, &[&cells("读不出")]), []);
    assert_eq!(judge(&catalogue, &[&cells("")]), []);
    let findings = judge(&catalogue, &[&cells("371525209")]);
    assert_eq!(
        only(findings.clone(), "S002").message,
        "加速度0.10g低于万善乡的区划值0.15g。"
    );
    assert_eq!(
        only(findings, "S003").message,
        "设计地震分组第二组与万善乡的分组第三组不同（待核）。"
    );
}

#[test]
fn a_value_outside_its_list_names_the_nearest_and_the_others_where_they_are_few() {
    let said = |from: &str, to: &str| {
        let (_, rows) = check_csv(&format!("{}\n{}\n", header(), row("第一中学教学楼").replace(from, to)));
        only(rows[0].findings.clone(), "V004").suggestion.unwrap()
    };
    assert_eq!(
        said("7度,", "七点五度,"),
        "最接近的是：7度。可选的值：未设防、6度、7度、8度、9度。"
    );
    assert_eq!(said("框架,", "膜结构,"), "最接近的是：钢结构、木结构、砌体结构。");
    let classes = "特殊设防类、重点设防类、标准设防类、适度设防类。";
    assert_eq!(said("乙类,", "普通,"), format!("请从下列值中选填：{classes}"));
    let counties = "可填的有：东昌府区、茌平区、阳谷县、莘县、东阿县、冠县、高唐县、临清市、";
    let county = said("东昌府区,", "历下区,");
    assert!(
        county.starts_with(&format!("最接近的是：茌平区。{counties}")),
        "{county}"
    );
    assert!(said("东昌府区,", "济南,").starts_with(counties));
    assert_eq!(said("古楼街道,", "古楼街到,"), "最接近的是：古楼街道。");
}
