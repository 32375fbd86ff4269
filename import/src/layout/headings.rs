//! Lines that say of the projects beneath them where, when or how far they are.

use std::sync::Arc;

use super::header::without_numbering;
use super::rows::{is_figure, without_count};
use crate::values::Reader;

/// Names of the county before a colon, in a heading.
const COUNTY_LABELS: &[&str] = &[
    "县区",
    "区县",
    "县市区",
    "县(市、区)",
    "所属县区",
    "所在县区",
    "属地",
    "县",
    "市县区",
];

/// The county that a heading names, none for the city's own projects, and the name there: by itself, or with marks before it and whose or which projects
/// there they are behind it, as in `★茌平区`, `高新区教育局`, `经开区共3个项目`, `市直学校`. A `chapter` (`二、茌平区中小学校舍`) may go on as it likes.
pub(super) fn headed_county<'t>(
    heading: &'t str,
    chapter: bool,
    reader: &Reader,
) -> Option<(Option<Arc<str>>, &'t str)> {
    if let Some(county) = reader.county(heading) {
        return Some((Some(county), heading));
    }
    let number = |c: char| !c.is_alphabetic() || c.is_ascii() || "一二三四五六七八九十".contains(c);
    // 第四部分 茌平区, （第一批）东昌府区, 附表2 莘县, 2026年度冠县
    let numbered = heading.trim_start_matches(|c: char| !c.is_alphanumeric());
    let part = numbered.strip_prefix('第').map(|rest| rest.trim_start_matches(number));
    let part = part.and_then(|rest| SECTIONS.iter().find_map(|section| rest.strip_prefix(section)));
    let year = |text: &'t str| {
        let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
        let year = rest.strip_prefix('年').filter(|_| rest.len() < text.len())?;
        Some(year.strip_prefix('度').unwrap_or(year))
    };
    let listed = || ["附表", "附件"].iter().find_map(|word| numbered.strip_prefix(word));
    let name = part
        .or_else(|| year(numbered))
        .or_else(listed)
        .unwrap_or(heading)
        .trim_start_matches(number)
        .trim_end_matches(|c: char| !c.is_alphanumeric());
    let of_city = || {
        let word = CITYWIDE.iter().find(|word| name.starts_with(**word))?;
        Some((None, word.len()))
    };
    let county = begun_county(name, reader).map(|(county, end)| (Some(county), end));
    let (county, end) = county.or_else(of_city)?;
    let (name, rest) = name.split_at(end);
    let offices = OFFICES.iter().any(|office| rest.ends_with(office));
    let whose = ["属", "各", "所属", "直属", "共", ":", ",", "("]
        .iter()
        .any(|word| rest.starts_with(word));
    let counted = rest.starts_with(|c: char| c.is_ascii_digit());
    (chapter || rest.is_empty() || offices || whose || counted || PARTS.contains(&rest)).then_some((county, name))
}

/// Whether a line between rows speaks of another place than the county in force: of another county, or of the city's own projects. Which of its words
/// heads the rows beneath is not known; that they are not the former county's is.
pub(super) fn leaves_county(folded: &str, county: &str, reader: &Reader) -> bool {
    if folded.chars().count() > LONGEST_HEADING {
        return false;
    }
    let counties = counties_in(folded, reader);
    if !counties.is_empty() {
        return counties.iter().any(|named| **named != *county);
    }
    let own = ["县直", "区直", "县属", "区属"]
        .iter()
        .any(|word| folded.contains(word));
    let name = without_numbering(folded);
    let begins = name.starts_with('市') || name.starts_with("聊城");
    !own && (begins || OF_CITY.iter().any(|word| folded.contains(word)))
}

/// Longer lines are notes.
const LONGEST_HEADING: usize = 24;

/// Words of projects that are no county's own.
const OF_CITY: &[&str] = &[
    "市直",
    "市属",
    "市级",
    "市本级",
    "市管",
    "直属",
    "局属",
    "省属",
    "省直",
    "省管",
    "驻聊",
    "全市",
    "各县",
    "三区",
    "市区",
];

/// The counties that a text names, in order.
fn counties_in(text: &str, reader: &Reader) -> Vec<Arc<str>> {
    let mut counties = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let named = begun_county(rest, reader);
        let end = named.as_ref().map_or(first.len_utf8(), |(_, end)| *end);
        counties.extend(named.map(|(county, _)| county));
        rest = &rest[end..];
    }
    counties
}

/// The county whose name a text begins with, and where that ends.
fn begun_county(text: &str, reader: &Reader) -> Option<(Arc<str>, usize)> {
    let ends = text.char_indices().map(|(at, letter)| at + letter.len_utf8());
    ends.take(LONGEST_COUNTY)
        .filter_map(|end| Some((reader.county(&text[..end])?, end)))
        .last()
}

/// What a line above a table says of the county of the whole of it, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Saying {
    /// 填报单位：东昌府区教育和体育局.
    Label,
    /// 莘县抗震加固工程清单.
    Title,
}

/// How a line above a table speaks of a county, and that county where it is just one.
pub(super) fn titled_county(folded: &str, reader: &Reader) -> Option<(Saying, Option<Arc<str>>)> {
    let labelled = folded.split_once(':').filter(|(label, _)| {
        let label = label.split('(').next().unwrap_or_default();
        COUNTY_LABELS.contains(&label) || ["填报单位", "填表单位", "报送单位", "上报单位"].contains(&label)
    });
    if let Some((_, name)) = labelled {
        return Some((Saying::Label, begun_county(name, reader).map(|(county, _)| county)));
    }
    if !is_title(folded) {
        return None;
    }
    let mut counties = counties_in(folded, reader);
    let county = counties.pop().filter(|_| counties.is_empty());
    Some((Saying::Title, county))
}

/// Whether a text is a roster's title, as no project is called.
pub(super) fn is_title(folded: &str) -> bool {
    folded.chars().count() <= LONGEST_TITLE && TITLES.iter().any(|word| folded.contains(word))
}

/// Longer lines are no titles.
const LONGEST_TITLE: usize = 40;

/// Words in the title of a roster.
const TITLES: &[&str] = &[
    "清单",
    "台账",
    "名单",
    "明细",
    "花名册",
    "登记表",
    "统计表",
    "汇总表",
    "一览表",
    "情况表",
];

/// What a heading may be the first, second … of.
const SECTIONS: &[&str] = &["部分", "批次", "批", "章", "节", "组", "片区", "片", "标段"];

/// What the city's own projects are called, which are in no one county.
const CITYWIDE: &[&str] = &["聊城市直", "聊城市本级", "市直", "市本级", "市属"];

/// A county's name, its city's before it, has at most so many letters.
const LONGEST_COUNTY: usize = 12;

/// The ends of names of offices: no project is called by them alone.
const OFFICES: &[&str] = &["局", "委", "管委会", "管理委员会", "政府", "系统", "部", "公司"];

/// What a heading says of a county's projects, behind its name.
const PARTS: &[&str] = &[
    "部分",
    "辖区",
    "片区",
    "范围内",
    "项目",
    "工程",
    "学校",
    "小学",
    "中学",
    "医院",
    "单位",
    "中小学",
    "中小学校",
    "校舍",
    "幼儿园",
    "医疗机构",
    "明细",
    "清单",
    "项目清单",
    "项目表",
    "台账",
    "情况",
    "任务",
    "加固项目",
    "加固工程",
    "区直",
    "县直",
    "部门",
    "机关",
    "分表",
    "乡镇",
];

/// The name in a heading such as `一、东昌府区(共5项)` or `县区:莘县`.
pub(super) fn heading_name(folded: &str) -> &str {
    let labelled = folded
        .split_once(':')
        .filter(|(label, _)| COUNTY_LABELS.contains(label));
    let name = labelled.map_or(folded, |(_, name)| name);
    without_count(without_numbering(name)).trim_end_matches(':')
}

/// Words of when and how far projects are.
const STATES: &[&str] = &[
    "年度", "年", "计划", "在建", "新建", "续建", "完工", "竣工", "完成", "开工", "实施", "正在", "结转", "加固",
    "改造", "建设", "任务", "安排", "项目", "工程", "部分", "类", "拟", "已", "未", "新",
];

/// Whether a name that stands alone, or with figures only, says when or how far the projects beneath it are, or names their township or category:
/// 2025年度, 在建项目, 古楼街道, 学校类.
pub(super) fn is_section(name: &str, reader: &Reader) -> bool {
    if is_figure(name) {
        return false;
    }
    let year = name.trim_start_matches(|c: char| c.is_ascii_digit() || c == '-');
    let mut rest = if year.starts_with('年') { year } else { name };
    while let Some(shorter) = STATES.iter().find_map(|word| rest.strip_prefix(word)) {
        rest = shorter;
    }
    let bare = ["类项目", "类工程", "类"].iter().find_map(|end| name.strip_suffix(end));
    rest.is_empty() || reader.is_section(bare.unwrap_or(name))
}

/// Whether a sheet's name says that it only explains.
pub(super) fn explains(sheet: &str) -> bool {
    let says = |words: &[&str]| words.iter().any(|word| sheet.contains(word));
    says(EXPLAINS) && !says(HOLDS)
}

/// Words in the name of a sheet that explains rosters and is none, and words in the names of those that are.
const EXPLAINS: &[&str] = &[
    "字典",
    "填表说明",
    "填报说明",
    "填写说明",
    "代码表",
    "指标解释",
    "指标说明",
    "示例",
    "样例",
    "样表",
    "范例",
];
const HOLDS: &[&str] = &["台账", "清单", "名单", "汇总", "明细", "花名册", "登记表"];
