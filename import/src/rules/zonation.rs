//! S002, S003: acceleration and design group against the zonation of the place.

use rust_decimal::Decimal;

use super::standards::{ACCELERATION_ZONES, GROUP_ZONES};
use super::{Case, FIRST, Fault, Help, Judge, Rule};
use crate::catalogue::{CodeList, Field, SourceStatus, Zonation};
use crate::finding::Severity;

pub(super) static S002: Rule = Rule {
    code: "S002",
    title: "地震加速度低于当地区划值",
    severity: Severity::Confirm,
    fields: &[Field::AccelerationG],
    basis: &[ACCELERATION_ZONES],
    help: Help {
        when: "设计基本地震加速度低于工程所在乡镇（没有乡镇值的按县）的区划值，而且工程在2016年6月1日（含）以后完成或者尚未完成。\
               完成时间只填到月或年的，其中有一天在此日以后就算；没有完成时间的算尚未完成。经开区、高新区、度假区按东昌府区。",
        why: "国家的地震动参数区划图（GB 18306-2015）给各乡镇规定了地震加速度，自2016年6月1日起施行，此后的工程应按它设防。低于它，不是填错，就是设防标准不够。",
        how: "按设计文件核对加速度和所在县、乡镇；填写无误的，说明当时采用的区划或者批复。",
        right: "县（市、区）莘县，设计基本地震加速度 0.20g",
        wrong: "县（市、区）莘县，设计基本地震加速度 0.15g，尚未完工",
    },
    judge: Judge::Record(below_zonation),
    ..FIRST
};

fn below_zonation(case: &Case<'_>) -> Option<Fault> {
    let field = Field::AccelerationG;
    let acceleration: Decimal = case.record.code(field)?.parse().ok()?;
    let zone = zone(case)?;
    if acceleration >= zone.acceleration.parse().ok()? || case.is_unread(Field::CompletionDate) {
        return None;
    }
    if case
        .record
        .date(Field::CompletionDate)
        .is_some_and(|date| date.last() < zone.since)
    {
        return None;
    }
    let due = case.code_label(CodeList::Acceleration, &zone.acceleration);
    Some(Fault::new(
        field,
        format!(
            "加速度{}低于{}的区划值{due}{}。",
            case.shown(field),
            case.catalogue.divisions().name(&zone.division),
            doubt(zone, zone.acceleration_status)
        ),
        format!("核对加速度和所在地，应不低于{due}；填写无误的，说明设防依据。"),
    ))
}

pub(super) static S003: Rule = Rule {
    code: "S003",
    title: "设计地震分组与当地区划不同",
    severity: Severity::Confirm,
    fields: &[Field::DesignGroup],
    basis: &[GROUP_ZONES],
    help: Help {
        when: "设计地震分组与工程所在乡镇（没有乡镇值的按县）的分组不同。经开区、高新区、度假区按东昌府区。",
        why: "设计地震分组说明当地受远处还是近处的地震影响，各地都有规定。分组决定特征周期，分组错了，地震作用就算错。",
        how: "按设计文件核对分组和所在县、乡镇；填写无误的，说明依据。",
        right: "县（市、区）高唐县，设计地震分组 第二组",
        wrong: "县（市、区）高唐县，设计地震分组 第一组",
    },
    judge: Judge::Record(|case| {
        let field = Field::DesignGroup;
        let group = case.record.code(field)?;
        let zone = zone(case)?;
        (group != zone.design_group).then(|| {
            let due = case.code_label(CodeList::DesignGroup, &zone.design_group);
            Fault::new(
                field,
                format!(
                    "设计地震分组{}与{}的分组{due}不同{}。",
                    case.shown(field),
                    case.catalogue.divisions().name(&zone.division),
                    doubt(zone, zone.group_status)
                ),
                format!("核对分组和所在地，应为{due}；填写无误的，说明依据。"),
            )
        })
    }),
    ..FIRST
};

/// The zonation of the record's place.
fn zone<'a>(case: &Case<'a>) -> Option<&'a Zonation> {
    case.catalogue
        .zonation(case.record.code(Field::County)?, case.record.code(Field::Township))
}

/// What a finding says of a figure that is not yet verified.
fn doubt(zone: &Zonation, status: SourceStatus) -> &'static str {
    match status {
        SourceStatus::Read => "",
        // Six digits are a county's code.
        _ if zone.division.len() == 6 => "（县级缺省值，待核）",
        _ => "（待核）",
    }
}
