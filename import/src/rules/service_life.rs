//! S006, S007, S012: the subsequent service life of what is retrofitted.

use chrono::Datelike;

use super::scope::{BUILDINGS, COMPLETED};
use super::standards::{LIFE_CLASSES, LIFE_RANGE, LIFE_TABLE, ORDER_744_22, least_service_life};
use super::{Case, FIRST, Fault, Help, Judge, Rule};
use crate::catalogue::Field;
use crate::finding::Severity;

/// Uses that are no buildings, whose service life other standards set: bridges, tunnels, lines, towers, dams, sluices, dikes.
const NO_BUILDINGS: &[&str] = &["501", "502", "503", "504", "602", "702", "801", "802", "803"];

pub(super) static S006: Rule = Rule {
    code: "S006",
    title: "后续使用年限不是30、40或50年",
    severity: Severity::Confirm,
    fields: &[Field::ServiceLifeYears],
    basis: &[LIFE_CLASSES, LIFE_RANGE],
    help: Help {
        when: "后续使用年限不是30、40、50之一。桥梁、隧道、铁路设施、输电线路、通信铁塔、大坝、水闸泵站、堤防不查；不在1至100之间的另按V005。",
        why: "既有房屋先定还要用多少年，再按30、40、50年（A、B、C类）三档取用鉴定和加固的标准，别的年限要有依据。",
        how: "按鉴定报告或加固设计填30、40或50；按GB 55021取了中间年限的，说明依据。",
        right: "用途 教学楼，后续使用年限 40",
        wrong: "用途 教学楼，后续使用年限 35",
    },
    judge: Judge::Record(|case| {
        let life = building_life(case)?;
        (!matches!(life, 30 | 40 | 50)).then(|| {
            Fault::new(
                Field::ServiceLifeYears,
                format!("后续使用年限{life}年不是30、40、50年三档之一。"),
                "按鉴定报告填30、40或50；取了中间年限的，说明依据。",
            )
        })
    }),
    ..FIRST
};

pub(super) static S007: Rule = Rule {
    code: "S007",
    title: "后续使用年限少于建造年代的最低要求",
    severity: Severity::Confirm,
    fields: &[Field::ServiceLifeYears],
    basis: &[LIFE_TABLE],
    help: Help {
        when: "后续使用年限少于：1990年以前建成的30年，1990至2000年建成的40年，2001年及以后建成的50年。\
               桥梁、隧道、铁路设施、输电线路、通信铁塔、大坝、水闸泵站、堤防不查。",
        why: "越新的房屋当初的标准越高，加固后也应当用得更久，年限取短等于降低了要求。",
        how: "核对始建竣工时间和后续使用年限；鉴定报告确实取较短年限的，说明依据。",
        right: "始建竣工时间 1995，后续使用年限 40",
        wrong: "始建竣工时间 1995，后续使用年限 30",
    },
    judge: Judge::Record(|case| {
        let life = building_life(case)?;
        let built = case.record.date(Field::BuiltDate)?;
        let least = least_service_life(built.first().year());
        (life < least).then(|| {
            Fault::new(
                Field::ServiceLifeYears,
                format!(
                    "{}{built}，后续使用年限{life}年，少于最低要求{least}年。",
                    case.label(Field::BuiltDate)
                ),
                format!("核对始建竣工时间和年限，应不少于{least}年；取较短年限的，说明依据。"),
            )
        })
    }),
    ..FIRST
};

/// The service life that is read, where the use is read and is a building's.
fn building_life(case: &Case<'_>) -> Option<i64> {
    let usage = case.record.code(Field::Use)?;
    let life = case.record.integer(Field::ServiceLifeYears)?;
    (!NO_BUILDINGS.contains(&usage)).then_some(life)
}

pub(super) static S012: Rule = Rule {
    code: "S012",
    title: "加固已完成而没有后续使用年限",
    severity: Severity::Error,
    fields: &[Field::ServiceLifeYears],
    basis: &[ORDER_744_22],
    help: Help {
        when: "工程类别为城镇住宅、学校、医院、农村民居或其他，工程性质为加固，工程进度为已加固或已竣工验收，后续使用年限空着。",
        why: "条例要求加固工程验收后公示加固时间和后续使用年限，使用者要知道房屋还能用多久。",
        how: "按加固设计或鉴定报告补填年限（30、40或50年）；没有完工的改工程进度。",
        right: "工程类别 学校，工程性质 加固，工程进度 已加固，后续使用年限 40",
        wrong: "工程类别 学校，工程性质 加固，工程进度 已加固，后续使用年限空着",
    },
    judge: Judge::Record(|case| {
        let field = Field::ServiceLifeYears;
        let due = case.code_in(Field::Category, BUILDINGS) && case.is_retrofit() && case.stage_in(COMPLETED);
        (due && case.is_blank(field)).then(|| {
            Fault::new(
                field,
                format!("工程进度是{}，后续使用年限却空着。", case.shown(Field::Stage)),
                "按加固设计或鉴定报告补填年限（30、40或50年）。",
            )
        })
    }),
    ..FIRST
};
