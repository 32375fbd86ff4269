//! P001, P005: a township of another county, and a county's old name.

use super::{FIRST, Fault, Help, Judge, Rule};
use crate::catalogue::Field;
use crate::finding::Severity;

pub(super) static P001: Rule = Rule {
    code: "P001",
    title: "乡镇（街道）不属于所填的县（市、区）",
    severity: Severity::Error,
    fields: &[Field::Township],
    help: Help {
        when: "乡镇（街道）的上级不是所填的县（市、区）；经开区、高新区、度假区按东昌府区。已取消的工程也查。",
        why: "按县、按乡镇统计都要用到这两格，对不上就不知道工程算在哪里。",
        how: "改正填错的一格；乡镇调整过隶属的按现在的填。",
        right: "县（市、区）高唐县，乡镇（街道）梁村镇",
        wrong: "县（市、区）冠县，乡镇（街道）梁村镇",
    },
    judge: Judge::Record(|case| {
        let divisions = case.catalogue.divisions();
        let county = case.record.code(Field::County)?;
        let township = divisions.get(case.record.code(Field::Township)?)?;
        (township.parent != divisions.base_county(county)).then(|| {
            let (stated, parent) = (divisions.name(county), divisions.name(&township.parent));
            Fault::new(
                Field::Township,
                format!("{}属于{parent}，不属于所填的{stated}。", township.name),
                format!("县（市、区）改为{parent}，或者改填{stated}的乡镇（街道）。"),
            )
        })
    }),
    ..FIRST
};

pub(super) static P005: Rule = Rule {
    code: "P005",
    title: "县（市、区）用了旧名或旧代码",
    severity: Severity::Hint,
    fields: &[Field::County],
    help: Help {
        when: "县（市、区）一栏或分段标题填的是已停用的名称或代码，如茌平县、371523。已取消的工程也查。",
        why: "登记时已按现名换算，提醒今后用现名。",
        how: "改填现名；不改也能登记。",
        right: "县（市、区）茌平区",
        wrong: "县（市、区）茌平县",
    },
    judge: Judge::Record(|case| {
        let division = case.catalogue.divisions().get(case.record.code(Field::County)?)?;
        let written = &*case.record.entry(Field::County).written;
        let is_old = |alias: &&String| division.is_old_name(alias) && written.contains(alias.as_str());
        division.aliases.iter().find(is_old).map(|old| {
            Fault::new(
                Field::County,
                format!("“{old}”是旧名或旧代码，已按{}登记。", division.name),
                format!("今后请填{}。", division.name),
            )
        })
    }),
    ..FIRST
};
