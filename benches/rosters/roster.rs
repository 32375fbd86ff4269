//! A generator of rosters of any size, as departments write them: forty columns, numbers and texts mixed.

use std::path::Path;

use rust_xlsxwriter::{Format, Workbook, XlsxError};

/// The header: every field that a roster of schools usually has.
const HEADER: [&str; 40] = [
    "序号",
    "工程编号",
    "工程名称",
    "工程类别",
    "工程性质",
    "用途",
    "产权单位",
    "统一社会信用代码",
    "县（市、区）",
    "乡镇（街道）",
    "详细地址",
    "经度",
    "纬度",
    "结构类型",
    "地上层数",
    "建筑高度（m）",
    "建筑面积（㎡）",
    "工程规模",
    "规模单位",
    "始建竣工时间",
    "抗震设防烈度",
    "设计基本地震加速度",
    "设计地震分组",
    "场地类别",
    "特征周期（s）",
    "抗震设防类别",
    "鉴定报告编号",
    "鉴定日期",
    "是否需要抗震加固",
    "后续使用年限",
    "加固方式",
    "工程进度",
    "形象进度（%）",
    "开工日期",
    "计划总投资（万元）",
    "市级资金（万元）",
    "县级资金（万元）",
    "填报人",
    "联系电话",
    "备注",
];

/// Writes a roster of `rows` sound rows, streamed, with its title above.
pub(crate) fn write(file: &Path, rows: u32) -> Result<(), XlsxError> {
    let mut workbook = Workbook::new();
    let day = Format::new().set_num_format("yyyy-mm-dd");
    let sheet = workbook.add_worksheet_with_low_memory()?;
    sheet.write(0, 0, "中小学校舍抗震加固工程台账")?;
    for (column, header) in (0..).zip(HEADER) {
        sheet.write(1, column, header)?;
    }
    for at in 0..rows {
        let row = at + 2;
        let (school, building) = (at / 40 + 1, at % 40 + 1);
        let texts = [
            (1, format!("JTJ{:07}", at + 1)),
            (2, format!("东昌府区第{school}中学{building}号教学楼")),
            (3, "学校".to_owned()),
            (4, "加固".to_owned()),
            (5, ["教学楼", "学生宿舍", "食堂"][at as usize % 3].to_owned()),
            (6, format!("东昌府区第{school}中学")),
            (7, "11371500MB28359259".to_owned()),
            (8, "东昌府区".to_owned()),
            (9, ["古楼街道", "柳园街道", "新区街道"][at as usize % 3].to_owned()),
            (10, format!("东昌府区花园路{building}号")),
        ];
        sheet.write(row, 0, at + 1)?;
        for (column, text) in texts {
            sheet.write(row, column, text)?;
        }
        sheet.write(row, 11, 115.9 + f64::from(at % 1000) / 10_000.0)?;
        sheet.write(row, 12, 36.4 + f64::from(at % 999) / 10_000.0)?;
        sheet.write(row, 13, ["砌体结构", "框架结构"][at as usize % 2])?;
        sheet.write(row, 14, at % 5 + 1)?;
        sheet.write(row, 15, f64::from(at % 5 + 1) * 3.6)?;
        sheet.write(row, 16, 800.0 + f64::from(at % 4000) / 2.0)?;
        for (column, text) in [(17, "1"), (18, "栋"), (19, "1998.7"), (20, "7度"), (21, "0.15g")] {
            sheet.write(row, column, text)?;
        }
        for (column, text) in [(22, "第二组"), (23, "Ⅲ类")] {
            sheet.write(row, column, text)?;
        }
        sheet.write(row, 24, 0.55)?;
        for (column, text) in [(25, "重点设防类"), (26, "LCJD-2022-0447")] {
            sheet.write(row, column, text)?;
        }
        sheet.write_with_format(row, 27, 44000 + at % 900, &day)?;
        sheet.write(row, 28, "是")?;
        sheet.write(row, 29, 40)?;
        sheet.write(row, 30, "钢筋网水泥砂浆面层、增设圈梁构造柱")?;
        sheet.write(row, 31, "正在加固")?;
        sheet.write(row, 32, at % 90 + 1)?;
        sheet.write(row, 33, "2023年5月12日")?;
        sheet.write(row, 34, f64::from(at % 3000 + 100) / 4.0)?;
        sheet.write(row, 35, f64::from(at % 3000 + 100) / 8.0)?;
        sheet.write(row, 36, f64::from(at % 3000 + 100) / 8.0)?;
        sheet.write(row, 37, "张某")?;
        sheet.write(row, 38, "0635-8200720")?;
        sheet.write(row, 39, "与校舍安全工程同步实施")?;
    }
    workbook.save(file)
}
