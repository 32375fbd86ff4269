//! P002 to P004: coordinates that are swapped, outside the county, or only half given.

use rust_decimal::Decimal;

use super::{Case, FIRST, Fault, Help, Judge, Rule};
use crate::catalogue::Field;
use crate::finding::Severity;

pub(super) static P002: Rule = Rule {
    code: "P002",
    title: "经度和纬度填反",
    severity: Severity::Error,
    fields: &[Field::Longitude],
    help: Help {
        when: "经度栏的数在本市纬度范围内，纬度栏的数在本市经度范围内。已取消的工程也查。",
        why: "填反的点落在几千公里以外，地图上找不到工程。",
        how: "把两格的数对调。本市经度约115.3至116.5，纬度约35.8至37.0。",
        right: "经度 115.98，纬度 36.45",
        wrong: "经度 36.45，纬度 115.98",
    },
    judge: Judge::Record(|case| {
        let (longitude, latitude) = swapped(case)?;
        Some(Fault::new(
            Field::Longitude,
            format!(
                "经度填了{}，纬度填了{}，两者填反了。",
                longitude.normalize(),
                latitude.normalize()
            ),
            format!(
                "对调两格：经度{}，纬度{}。",
                latitude.normalize(),
                longitude.normalize()
            ),
        ))
    }),
    ..FIRST
};

/// Longitude and latitude as written, where each would be in range in the other's place.
fn swapped(case: &Case<'_>) -> Option<(Decimal, Decimal)> {
    let longitude = case.record.decimal(Field::Longitude)?;
    let latitude = case.record.decimal(Field::Latitude)?;
    (in_range(case, Field::Latitude, longitude)? && in_range(case, Field::Longitude, latitude)?)
        .then_some((longitude, latitude))
}

fn in_range(case: &Case<'_>, field: Field, value: Decimal) -> Option<bool> {
    let (least, greatest) = case.catalogue.field(field).range?;
    Some((least..=greatest).contains(&value))
}

pub(super) static P003: Rule = Rule {
    code: "P003",
    title: "坐标不在所填的县（市、区）内",
    severity: Severity::Confirm,
    fields: &[Field::Longitude],
    help: Help {
        when: "坐标点在所填县（市、区）最东、最西、最南、最北四条线围成的方框以外，而且超出0.02度（约2公里）以上；经开区、高新区、度假区按东昌府区。\
               经纬度填反的只提P002。已取消的工程也查。",
        why: "县和坐标说的不是一处，必有一个填错；地图和按县统计会各执一词。",
        how: "在地图上重新取点，或改正县（市、区）；跨县的线路工程说明原因。",
        right: "县（市、区）高唐县，经度 116.23，纬度 36.86",
        wrong: "县（市、区）高唐县，经度 115.70，纬度 36.10",
    },
    judge: Judge::Record(outside_county),
    ..FIRST
};

/// How far outside the county's bounds a point may lie, in degrees.
const MARGIN: Decimal = Decimal::from_parts(2, 0, 0, false, 2);

fn outside_county(case: &Case<'_>) -> Option<Fault> {
    let longitude = case.record.decimal(Field::Longitude)?;
    let latitude = case.record.decimal(Field::Latitude)?;
    let bounds = case.catalogue.bounds(case.record.code(Field::County)?)?;
    let inside = longitude >= bounds.min_longitude - MARGIN
        && longitude <= bounds.max_longitude + MARGIN
        && latitude >= bounds.min_latitude - MARGIN
        && latitude <= bounds.max_latitude + MARGIN;
    (!inside && swapped(case).is_none()).then(|| {
        let county = case.shown(Field::County);
        Fault::new(
            Field::Longitude,
            format!(
                "坐标（{}，{}）不在{county}范围内。",
                longitude.normalize(),
                latitude.normalize()
            ),
            format!(
                "核对坐标和县（市、区）；{county}经度{}至{}，纬度{}至{}。确实无误的，说明原因。",
                bounds.min_longitude, bounds.max_longitude, bounds.min_latitude, bounds.max_latitude
            ),
        )
    })
}

pub(super) static P004: Rule = Rule {
    code: "P004",
    title: "经度、纬度只填了一个",
    severity: Severity::Error,
    fields: &[Field::Longitude, Field::Latitude],
    help: Help {
        when: "经度和纬度一个填了、一个空着。标在空着的一格上。已取消的工程也查。表里只有一栏、而这一格读不出来的，只提读不出来。",
        why: "只有一个数定不了位置。",
        how: "补上另一个；不清楚的两格都空着。",
        right: "经度 115.98，纬度 36.45",
        wrong: "经度 115.98，纬度空着",
    },
    judge: Judge::Record(|case| {
        let (given, blank) = case.half_given(Field::Longitude, Field::Latitude)?;
        // Where there is no column for the other, a cell that could not be read may hold both; it has a finding of its own.
        if case.record.value(given).is_none() && case.record.entry(blank).address.is_none() {
            return None;
        }
        let (given, label) = (case.label(given), case.label(blank));
        Some(Fault::new(
            blank,
            format!("填了{given}，{label}却空着。"),
            format!("补填{label}；坐标不清楚的，两格都留空。"),
        ))
    }),
    ..FIRST
};
