//! Words in a header's brackets, or in the group above it, that make the column another matter's: 层数（地下）, 征地 over 面积.

use crate::catalogue::Field;
use crate::values::{Quantity, named_unit, quantity, unit};

/// Words of what is not done yet.
const PLANNED: &[&str] = &["计划", "预计", "预期", "预定", "拟"];

/// Words of what is done before the works, and completed too.
const PREPARING: &[&str] = &["鉴定", "设计", "勘察", "立项", "招标", "审批", "批复", "排查"];

/// What the completion of the works alone is called, whatever group it stands in.
const WORKS: &[&str] = &["竣工", "完工", "加固"];

/// What joins matters in the name of one group: 资金来源及到位情况.
const JOINTS: [char; 7] = ['及', '与', '和', '、', '/', ',', '暨'];

/// What the names of groups are made up of that hold the planned investment or its sources and nothing else.
const PLAIN: &[&str] = &[
    "项目", "工程", "建设", "加固", "改造", "抗震", "计划", "概算", "估算", "预算", "投资", "资金", "金额", "来源",
    "构成", "组成", "筹措", "筹集", "安排", "情况", "规模", "总", "额",
];

/// Words, and whether their columns are not a field's, whatever the name says.
type Matter = (&'static [&'static str], fn(Field) -> bool);

const MATTERS: &[Matter] = &[
    (PLANNED, is_done),
    (&["原", "加固前", "改造前"], is_of_today),
    (&["地下"], |field| {
        matches!(field, Field::FloorsAbove | Field::HeightM | Field::FloorAreaM2)
    }),
    (
        &[
            "本年",
            "当年",
            "今年",
            "上年",
            "去年",
            "年投资",
            "本月",
            "当月",
            "上月",
            "本季",
        ],
        is_money,
    ),
    (&["占地", "征地", "用地", "土地"], is_of_the_building),
    (
        &[
            "施工", "监理", "设计", "勘察", "检测", "鉴定", "招标", "代建", "立项", "批复", "审批", "质监", "监督",
            "配套",
        ],
        is_of_the_owner,
    ),
    (&["责任"], is_money),
    (&["投资完成", "资金"], |field| field == Field::ProgressPercent),
    (PREPARING, |field| field == Field::CompletionDate),
    (
        &[
            "累计完成",
            "已完成",
            "未完成",
            "已到位",
            "到位",
            "已拨付",
            "拨付",
            "已下达",
            "下达",
            "已支付",
            "支付",
            "支出",
            "使用情况",
            "缺口",
            "剩余",
            "结算",
            "决算",
            "合同",
            "中标",
            "尚需",
            "审计",
            "评审",
            "控制价",
        ],
        |field| is_money(field) && field != Field::InvestmentDone,
    ),
    (&["完成"], is_fund),
    (&["投资", "资金"], |field| {
        matches!(field, Field::County | Field::Township)
    }),
];

fn is_done(field: Field) -> bool {
    matches!(
        field,
        Field::StartDate
            | Field::CompletionDate
            | Field::AcceptanceDate
            | Field::AppraisalDate
            | Field::InvestmentDone
            | Field::ProgressPercent
    )
}

/// What a retrofit changes or today's rules say; the building's structure and size stay.
fn is_of_today(field: Field) -> bool {
    let seismic = matches!(
        field,
        Field::Intensity | Field::AccelerationG | Field::DesignGroup | Field::FortificationClass
    );
    seismic || matches!(field, Field::StartDate | Field::CompletionDate | Field::AcceptanceDate)
}

fn is_money(field: Field) -> bool {
    quantity(field) == Some(Quantity::Money)
}

/// A source of the planned investment.
fn is_fund(field: Field) -> bool {
    is_money(field) && !matches!(field, Field::InvestmentPlanned | Field::InvestmentDone)
}

fn is_of_the_building(field: Field) -> bool {
    quantity(field).is_some() || matches!(field, Field::Category | Field::RecordKind | Field::Use)
}

fn is_of_the_owner(field: Field) -> bool {
    matches!(
        field,
        Field::ProjectNo | Field::OwnerUscc | Field::ScaleValue | Field::ScaleUnit | Field::Reporter | Field::Phone
    )
}

/// The field of a name from which these folded texts were set apart, where they do not make it something else.
pub(super) fn with_words(field: Field, apart: &[String]) -> Option<Field> {
    let mut pieces = apart.iter().flat_map(|text| pieces(text));
    let is_share = |piece: &str| piece.ends_with('%') && !piece.contains(|c: char| c.is_ascii_digit());
    if pieces.clone().any(is_share) {
        if field == Field::Stage {
            return Some(Field::ProgressPercent);
        }
        if is_money(field) {
            return None;
        }
    }
    let other = |piece: &str| {
        (is_money(field) && is_of_a_year(piece)) || words(field, |word| piece.starts_with(word)).next().is_some()
    };
    let strange = apart.iter().any(|text| is_strange_unit(field, text));
    (!strange && !pieces.any(other)).then_some(field)
}

/// The word in the names of the groups above a column that makes it something else than the field of its own name, `child`.
pub(super) fn word_above<'g>(
    field: Field,
    child: &str,
    groups: impl IntoIterator<Item = &'g String>,
) -> Option<&'static str> {
    let is_works = field == Field::CompletionDate && WORKS.iter().any(|word| child.contains(word));
    let own = |word: &str| is_works && PREPARING.contains(&word);
    // One character alone may be a part of any word.
    let said = |text: &str, word: &str| text.starts_with(word) || (word.len() > 3 && text.contains(word));
    let in_group = |group: &String| {
        if is_money(field) && is_of_a_year(group) {
            return Some("年");
        }
        let is_free = |part: &str| match field {
            Field::InvestmentDone => words(field, |word| said(part, word)).next().is_none(),
            _ => is_money(field) && is_plain(part),
        };
        // 设计规模 is no matter of the design unit's.
        if group.contains("规模") || group.split(JOINTS).any(is_free) {
            return None;
        }
        words(field, |word| said(group, word)).find(|word| !own(word))
    };
    groups.into_iter().find_map(in_group)
}

/// Whether a group holds the planned investment or its sources and nothing else: 资金来源, 项目投资估算（万元）.
fn is_plain(group: &str) -> bool {
    let bare = group.find('(').map_or(group, |at| &group[..at]);
    let mut rest = bare;
    while let Some(shorter) = PLAIN.iter().find_map(|word| rest.strip_prefix(word)) {
        rest = shorter.trim_start_matches(JOINTS);
    }
    rest.is_empty() && MONEY.iter().any(|word| bare.contains(word))
}

/// What is said of money.
const MONEY: &[&str] = &["投资", "资金", "金额", "来源"];

/// Whether amounts are those of some years or months alone: 2026年度, 2026年1-10月; not 截至2026年10月, 2026年底.
fn is_of_a_year(text: &str) -> bool {
    let up_to = ["截至", "截止", "累计", "底", "末", "止"];
    let mut years = text.match_indices('年').map(|(at, _)| &text[..at]);
    let numbered = years.any(|before| before.ends_with(|c: char| c.is_ascii_digit()));
    (numbered || text.contains("年度")) && !up_to.iter().any(|word| text.contains(word))
}

/// Groups of the investment that was done.
const DONE: &[&str] = &[
    "投资完成情况",
    "投资完成",
    "完成投资",
    "累计完成投资",
    "已完成投资",
    "实际完成投资",
    "完成投资情况",
    "累计投资",
    "实际投资",
];

/// The amount that a column is, its groups from the nearest, where its own name only says whether it is the planned one, the sum or what is done: 计划
/// and 完成 under 投资, 合计 under 资金来源. A year's is neither.
pub(super) fn amount_under(child: &str, groups: &[String]) -> Option<Field> {
    let nearest = groups.first()?.as_str();
    let is_done = DONE.contains(&nearest);
    if (!is_done && !is_plain(nearest)) || groups.iter().any(|group| group.contains('年')) {
        return None;
    }
    let is_funds = !is_done && !nearest.contains("投资");
    let field = match child {
        "合计" | "总计" | "小计" | "总额" if is_done => Field::InvestmentDone,
        "合计" | "总计" | "小计" | "总额" => Field::InvestmentPlanned,
        "国家" => Field::FundCentral,
        "省" => Field::FundProvincial,
        "市" => Field::FundMunicipal,
        "县" | "县区" | "区县" | "县市区" => Field::FundCounty,
        _ if is_funds => return None,
        "计划" | "计划数" | "计划额" | "概算" | "估算" | "预算" => Field::InvestmentPlanned,
        "完成" | "已完成" | "实际" | "实际完成" | "累计" | "累计完成" => Field::InvestmentDone,
        _ => return None,
    };
    // 计划总投资 over 实际 groups the planned with what is done.
    let other = word_above(field, child, groups).filter(|word| !PLANNED.contains(word));
    other.is_none().then_some(field)
}

/// Whether a column with this name under the name of a fund is what was planned of it, beside what has come.
pub(super) fn is_planned_fund(field: Field, child: &str) -> bool {
    is_fund(field) && ["计划", "计划数", "计划额", "安排"].contains(&child)
}

/// Whether two columns, by their places and headers, each hold a part of the field's amount: 自筹, 社会资金 and 其他资金, where neither header names
/// another's and the right one is no 其中 of the left.
pub(super) fn is_part_beside(field: Field, one: (u32, &str), other: (u32, &str)) -> bool {
    let source = |header: &str| {
        let mut named = ["自筹", "社会", "其他"].iter().filter(|word| header.contains(**word));
        named.next().filter(|_| named.next().is_none())
    };
    let (left, right) = if one.0 < other.0 { (one, other) } else { (other, one) };
    let within = left.0 + 1 == right.0 && right.1.contains("其中");
    let sources = source(one.1).zip(source(other.1));
    field == Field::FundOther && !within && sources.is_some_and(|(one, other)| one != other)
}

/// The name of what is planned, where a word beside the name says that it is: 预计 and 完工时间 are 计划完工时间.
pub(super) fn as_planned(word: &str, name: &str) -> Option<String> {
    let planned = PLANNED.iter().any(|planned| word.starts_with(planned)) && !word.contains("实际");
    planned.then(|| format!("计划{name}"))
}

/// The words that are said and make a column something else than this field.
fn words(field: Field, is_said: impl Fn(&str) -> bool) -> impl Iterator<Item = &'static str> {
    let matters = MATTERS.iter().filter(move |(_, changes)| changes(field));
    matters
        .flat_map(|(words, _)| words.iter().copied())
        .filter(move |word| is_said(word))
}

fn pieces(text: &str) -> impl Iterator<Item = &str> + Clone {
    text.split(['、', ',', ';', ':', '/'])
}

/// Whether brackets hold a multiple of the field's unit, or a price by it, that is not known: 万美元, 元/㎡.
fn is_strange_unit(field: Field, text: &str) -> bool {
    let Some(quantity @ (Quantity::Money | Quantity::Area | Quantity::Length)) = quantity(field) else {
        return false;
    };
    let is_unit = |word: &str| unit(quantity, word).is_some();
    let by_area = text.split_once("元/").map(|(_, by)| unit(Quantity::Area, by).is_some());
    if quantity == Quantity::Money && by_area == Some(true) {
        return true;
    }
    let multiple = |piece: &str| {
        let bare = piece.trim_start_matches(['十', '百', '千', '万', '亿', '美', '港', '欧']);
        bare.len() < piece.len() && is_unit(bare)
    };
    named_unit(text, is_unit).is_none() && pieces(text).any(multiple)
}

#[cfg(test)]
mod tests {
    use crate::catalogue::{Catalogue, Field};
    use crate::layout::{Corrections, HeaderIndex};

    /// Headers, a stroke between groups and columns, and the fields that they are firmly.
    fn assert_read(cases: &[(&str, Option<Field>)]) -> Result<(), Box<dyn std::error::Error>> {
        let index = HeaderIndex::new(&Catalogue::load(None)?, &Corrections::default());
        for (header, wanted) in cases {
            // A stroke in brackets parts no group from its columns.
            let path = match header.split_once('/') {
                Some((group, child)) if !group.contains('（') || group.contains('）') => vec![group, child],
                _ => vec![*header],
            };
            let path: Vec<String> = path.into_iter().map(str::to_owned).collect();
            assert_eq!(index.heading(&path).field(), *wanted, "{header}");
        }
        Ok(())
    }

    #[test]
    fn brackets_make_a_column_another_matters_or_name_it() -> Result<(), Box<dyn std::error::Error>> {
        let cases: &[(&str, Option<Field>)] = &[
            ("完工时间（预计）", Some(Field::PlannedCompletionDate)),
            ("竣工时间（计划）", None),
            ("竣工日期（计划）", Some(Field::PlannedCompletionDate)),
            ("开工时间（计划）", None),
            ("开工时间（拟）", None),
            ("开工日期（预计）", None),
            ("开工日期（年-月）", Some(Field::StartDate)),
            ("完工时间（预计/实际）", None),
            ("验收日期（计划）", None),
            ("总投资（计划）", Some(Field::InvestmentPlanned)),
            ("中央资金（计划）", Some(Field::FundCentral)),
            ("工程进度（计划加固、正在加固、已加固）", Some(Field::Stage)),
            ("工程进度（%）", Some(Field::ProgressPercent)),
            ("进度%", Some(Field::ProgressPercent)),
            ("累计完成投资（%）", None),
            ("完成投资（占总投资%）", None),
            ("总投资（含税9%）", Some(Field::InvestmentPlanned)),
            ("层数（地下）", Some(Field::FloorsBelow)),
            ("层数（地上）", Some(Field::FloorsAbove)),
            ("完成投资（本年）", None),
            ("完成投资（上年度，万元）", None),
            ("投资额（累计完成）", Some(Field::InvestmentDone)),
            ("中央资金（已到位）", None),
            ("投资完成情况/总投资", Some(Field::InvestmentPlanned)),
            ("总投资（已完成）", None),
            ("完成投资（累计）", Some(Field::InvestmentDone)),
            ("烈度（原）", None),
            ("设防烈度（加固前）", Some(Field::OriginalIntensity)),
            ("设防烈度（改造前）", None),
            ("设防烈度（加固后）", Some(Field::Intensity)),
            ("设防烈度（原）", Some(Field::OriginalIntensity)),
            ("设防类别（原）", None),
            ("面积（占地）", None),
            ("面积（万㎡，征地）", None),
            ("面积（建筑）", Some(Field::FloorAreaM2)),
            ("编号（鉴定报告）", Some(Field::AppraisalReportNo)),
            ("鉴定日期（按鉴定报告）", Some(Field::AppraisalDate)),
            ("单位（施工）", Some(Field::ConstructionUnit)),
            ("联系人（施工方）", None),
            ("竣工验收（日期）", Some(Field::AcceptanceDate)),
            ("产权单位（公章）", Some(Field::OwnerUnit)),
            ("产权单位（全称）", Some(Field::OwnerUnit)),
            ("监理单位（如有）", Some(Field::SupervisionUnit)),
            ("用途（如教学楼）", Some(Field::Use)),
            ("建筑面积（十万平方米）", None),
            ("总投资（万美元）", None),
            ("总投资（元/㎡）", None),
            ("总投资（不含征地）", Some(Field::InvestmentPlanned)),
        ];
        assert_read(cases)
    }

    #[test]
    fn groups_make_a_column_another_matters_or_name_it() -> Result<(), Box<dyn std::error::Error>> {
        let cases: &[(&str, Option<Field>)] = &[
            ("施工单位/联系人", None),
            ("1.监理单位/电话", None),
            ("施工单位/名称", Some(Field::ConstructionUnit)),
            ("施工单位/单位名称", Some(Field::ConstructionUnit)),
            ("设计情况/单位", Some(Field::DesignUnit)),
            ("抗震鉴定情况/单位", Some(Field::AppraisalUnit)),
            ("设计规模/单位", Some(Field::ScaleUnit)),
            ("立项/编号", None),
            ("批复/总投资", Some(Field::InvestmentPlanned)),
            ("征地/面积", None),
            ("质监/单位", None),
            ("责任单位/市级", None),
            ("责任人/电话", Some(Field::Phone)),
            ("资金来源/市级", Some(Field::FundMunicipal)),
            ("计划工期/开工时间", None),
            ("计划工期/完工时间", Some(Field::PlannedCompletionDate)),
            ("预计时间/完工时间", Some(Field::PlannedCompletionDate)),
            ("实际/完工时间", Some(Field::CompletionDate)),
            ("上年度完成投资/总投资", None),
            ("本年度/完成投资", None),
            ("计划/总投资", Some(Field::InvestmentPlanned)),
            ("时间/开工", Some(Field::StartDate)),
            ("预计时间/开工", None),
            ("2026年度投资计划（万元）/中央资金", None),
            ("2026年度/计划投资", None),
            ("2026年1-10月/完成投资", None),
            ("截至2026年10月底/完成投资", Some(Field::InvestmentDone)),
            ("2026计划投资", None),
            ("总投资（2026年度）", None),
            ("完成投资（2026年1-10月）", None),
            ("完成投资（截至2026年10月）", Some(Field::InvestmentDone)),
            ("资金来源及到位情况（万元）/中央资金", Some(Field::FundCentral)),
            ("资金来源与使用情况/省级", Some(Field::FundProvincial)),
            ("合同及资金/中央资金", Some(Field::FundCentral)),
            ("投资计划及完成情况/市级资金", Some(Field::FundMunicipal)),
            ("投资计划及完成情况/完成投资", Some(Field::InvestmentDone)),
            ("中央及省级资金到位情况/中央", None),
            ("设计施工情况/竣工日期", Some(Field::CompletionDate)),
            ("勘察设计及施工/完工时间", Some(Field::CompletionDate)),
            ("计划及实施/竣工日期", Some(Field::PlannedCompletionDate)),
            ("加固前/设防烈度", Some(Field::OriginalIntensity)),
            ("原建筑情况/设防烈度", Some(Field::OriginalIntensity)),
            ("原建筑情况/设防类别", None),
            ("原建筑情况/结构类型", Some(Field::StructureType)),
            ("抗震设防/烈度", Some(Field::Intensity)),
            ("施工/开工日期", Some(Field::StartDate)),
            ("投资及形象进度/形象进度", Some(Field::ProgressPercent)),
            ("2026年投资（万元）/计划投资", None),
            ("尚需资金/中央", None),
            ("财政评审/中央资金", None),
            ("招标控制价/总投资", None),
        ];
        assert_read(cases)
    }

    #[test]
    fn a_column_is_an_amount_by_its_group_or_a_fields_by_a_loose_name() -> Result<(), Box<dyn std::error::Error>> {
        let index = HeaderIndex::new(&Catalogue::load(None)?, &Corrections::default());
        let cases: &[(&[&str], Option<Field>)] = &[
            (&["投资（万元）", "计划"], Some(Field::InvestmentPlanned)),
            (&["投资（万元）", "完成"], Some(Field::InvestmentDone)),
            (&["计划总投资", "实际（万元）"], Some(Field::InvestmentDone)),
            (&["资金来源", "合计"], Some(Field::InvestmentPlanned)),
            (&["完成投资", "合计"], Some(Field::InvestmentDone)),
            (&["完成", "投资额"], Some(Field::InvestmentDone)),
            (&["总投资", "县（区）"], Some(Field::FundCounty)),
            (&["资金来源", "省"], Some(Field::FundProvincial)),
            (&["未完成投资", "合计"], None),
            (&["资金下达（万元）", "中央"], None),
            (&["资金到位情况（万元）", "省级"], None),
            (&["完成投资", "中央"], None),
            (&["中央预算内投资", "计划"], Some(Field::FundCentral)),
            (&["业主单位", "名称"], Some(Field::OwnerUnit)),
            (&["开工竣工", "完成时间"], Some(Field::CompletionDate)),
            (&["竣工时间（计划）"], Some(Field::PlannedCompletionDate)),
            (&["投资完成情况", "完成比例"], None),
            (&["投资（万元）", "完成（%）"], None),
            (&["投资", "完成（本年）"], None),
            (&["投资", "计划（万美元）"], None),
            (&["本年投资", "计划"], None),
            (&["2025年投资", "计划"], None),
            (&["中央投资", "计划"], Some(Field::FundCentral)),
            (&["中央资金", "计划（万元）"], Some(Field::FundCentral)),
            (&["中央资金", "到位"], None),
            (&["2026年度", "计划", "投资"], None),
            (&["2026年度", "投资", "计划"], None),
            (&["估算投资（万元）", "合计"], Some(Field::InvestmentPlanned)),
            (&["投资构成", "合计"], Some(Field::InvestmentPlanned)),
            (&["资金计划", "合计"], Some(Field::InvestmentPlanned)),
            (&["工程费用", "合计"], None),
            (&["实际完成投资（万元）", "合计"], Some(Field::InvestmentDone)),
            (&["鉴定情况", "时间"], Some(Field::AppraisalDate)),
            (&["加固信息", "方式"], Some(Field::RetrofitMethods)),
            (&["计划时间", "竣工"], Some(Field::PlannedCompletionDate)),
            (&["实际时间", "竣工"], Some(Field::CompletionDate)),
            (&["时间安排", "计划完工"], Some(Field::PlannedCompletionDate)),
            (&["层数", "地上"], Some(Field::FloorsAbove)),
            (&["层数", "地下"], Some(Field::FloorsBelow)),
            (&["时间", "完工"], Some(Field::CompletionDate)),
            (&["计划完成投资", "合计"], None),
            (&["资金到位情况", "合计"], None),
            (&["资金缺口", "合计"], None),
            (&["资金来源", "财政资金", "小计"], None),
            (&["层数", "合计"], None),
            (&["鉴定", "完成时间"], None),
            (&["完成时间（鉴定）"], None),
        ];
        for (path, wanted) in cases {
            let path: Vec<String> = path.iter().map(ToString::to_string).collect();
            // For all of these, the firm names alone know nothing, or something else.
            assert_eq!(index.heading(&path).field(), None, "{path:?}");
            assert_eq!(index.loose(&path).field(), *wanted, "{path:?}");
        }
        Ok(())
    }
}
