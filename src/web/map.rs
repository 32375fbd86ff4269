//! Where a project lies: a point in the rectangle that its county lies in. Our own schematic, with the figures beside it.

use askama::Template;
use retrofit_import::catalogue::Catalogue;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;

use crate::db::projects::ProjectRow;

/// The picture's size, within its margins.
const WIDTH: i64 = 220;
const HEIGHT: i64 = 200;
const MARGIN: i64 = 24;
/// Metres in a millionth of a degree of longitude at 36.4 degrees north, in hundredths, and of latitude.
const METRES_E2: (i64, i64) = (9, 11);

/// A project's place.
#[derive(Template)]
#[template(path = "map.html")]
pub(super) struct Position {
    county: String,
    longitude: String,
    latitude: String,
    /// In the rectangle.
    inside: bool,
    /// The rectangle's size in the picture.
    width: i64,
    height: i64,
    x: i64,
    y: i64,
    /// Kilometres from its west and south edge.
    east: i64,
    north: i64,
    edges: [String; 4],
}

impl Position {
    /// `None` where no place is given, or the county has no bounds.
    pub(super) fn new(catalogue: &Catalogue, project: &ProjectRow) -> Option<Self> {
        let (longitude, latitude) = project.longitude_e6.zip(project.latitude_e6)?;
        let bounds = catalogue.bounds(&project.county)?;
        let millionths = |degrees: Decimal| (degrees * Decimal::from(1_000_000)).to_i64();
        let (west, east) = (millionths(bounds.min_longitude)?, millionths(bounds.max_longitude)?);
        let (south, north) = (millionths(bounds.min_latitude)?, millionths(bounds.max_latitude)?);
        // As wide as high on the ground.
        let (across, along) = ((east - west) * METRES_E2.0, (north - south) * METRES_E2.1);
        let (width, height) = if across * HEIGHT > along * WIDTH {
            (WIDTH, WIDTH * along / across.max(1))
        } else {
            (HEIGHT * across / along.max(1), HEIGHT)
        };
        let place = |at: i64, from: i64, to: i64, size: i64| (at.clamp(from, to) - from) * size / (to - from).max(1);
        let degrees = |scaled: i64| Decimal::new(scaled, 6).normalize().to_string();
        Some(Self {
            county: catalogue.divisions().name(&project.county).to_owned(),
            longitude: degrees(longitude),
            latitude: degrees(latitude),
            inside: (west..=east).contains(&longitude) && (south..=north).contains(&latitude),
            x: MARGIN + place(longitude, west, east, width),
            y: MARGIN + height - place(latitude, south, north, height),
            width,
            height,
            east: (longitude - west) * METRES_E2.0 / 100_000,
            north: (latitude - south) * METRES_E2.1 / 100_000,
            edges: [west, south, east, north].map(degrees),
        })
    }
}
