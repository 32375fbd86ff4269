//! Pictures of figures, drawn as SVG on the server. Every picture has a table of the same figures beside it, for reading aloud and copying.

use askama::Template;

use crate::reports::progress::Count;

/// Stacked bars: finished, started, planned. Lengths are in units of the picture, in proportion to the longest.
#[derive(Template)]
#[template(path = "chart_bars.html")]
pub(super) struct Bars {
    id: &'static str,
    title: String,
    lines: Vec<Bar>,
    height: i64,
}

struct Bar {
    label: String,
    count: Count,
    top: i64,
    finished: i64,
    started: i64,
    planned: i64,
}

/// Where the bars begin, how long the longest is, and how far they are apart.
const LEFT: i64 = 110;
const LONGEST: i64 = 440;
const STEP: i64 = 32;

impl Bars {
    pub(super) fn new(id: &'static str, title: &str, lines: &[(String, Count)]) -> Self {
        let most = lines.iter().map(|(_, count)| count.all()).max().unwrap_or_default();
        let length = |figure: i64| figure * LONGEST / most.max(1);
        let bars = lines.iter().zip(0..).map(|((label, count), at)| Bar {
            label: label.clone(),
            count: *count,
            top: at * STEP,
            finished: length(count.finished),
            started: length(count.started),
            planned: length(count.planned),
        });
        let bars: Vec<Bar> = bars.collect();
        Self {
            id,
            title: title.into(),
            height: STEP * i64::try_from(bars.len()).unwrap_or_default(),
            lines: bars,
        }
    }
}

impl Bar {
    fn end(&self) -> i64 {
        LEFT + self.finished + self.started + self.planned
    }
}

/// Bars of money: what is done, in what is planned.
#[derive(Template)]
#[template(path = "chart_money.html")]
pub(super) struct MoneyBars {
    id: &'static str,
    title: &'static str,
    lines: Vec<MoneyBar>,
    height: i64,
}

struct MoneyBar {
    label: String,
    top: i64,
    planned: i64,
    done: i64,
    percent: i64,
}

impl MoneyBar {
    fn end(&self) -> i64 {
        LEFT + self.planned.max(self.done)
    }
}

impl MoneyBars {
    /// Each line has a label, and what is planned and done in yuan.
    pub(super) fn new(id: &'static str, title: &'static str, lines: &[(String, Count)]) -> Self {
        let most = lines
            .iter()
            .map(|(_, count)| count.planned_yuan.max(count.done_yuan))
            .max();
        let most = i128::from(most.unwrap_or_default().max(1));
        let length =
            |yuan: i64| i64::try_from(i128::from(yuan.max(0)) * i128::from(LONGEST) / most).unwrap_or_default();
        let bars = lines.iter().zip(0..).map(|((label, count), at)| MoneyBar {
            label: label.clone(),
            top: at * STEP,
            planned: length(count.planned_yuan),
            done: length(count.done_yuan),
            percent: count.percent_invested(),
        });
        let lines: Vec<MoneyBar> = bars.collect();
        Self {
            id,
            title,
            height: STEP * i64::try_from(lines.len()).unwrap_or_default(),
            lines,
        }
    }
}

/// How a figure grew over the months of a year, up to the target where there is one.
#[derive(Template)]
#[template(path = "chart_curve.html")]
pub(super) struct Curve {
    id: String,
    title: String,
    points: Vec<Point>,
    /// The target's height in the picture, and the figure.
    target: Option<(i64, i64)>,
    /// The points as the attribute of a line.
    line: String,
    /// The scale's lines: height in the picture, and figure.
    scale: Vec<(i64, i64)>,
}

struct Point {
    label: String,
    x: i64,
    y: i64,
    figure: i64,
}

/// The curve's ground: twelve months wide.
const MONTH: i64 = 45;
const CURVE_LEFT: i64 = 50;
const CURVE_TOP: i64 = 20;
const CURVE_HEIGHT: i64 = 180;

impl Curve {
    /// The points are (month of the year from 1, figure).
    pub(super) fn new(id: impl Into<String>, title: &str, points: &[(i64, i64)], target: Option<i64>) -> Self {
        let most = points.iter().map(|&(_, figure)| figure).chain(target).max();
        let most = most.unwrap_or_default();
        let top = round_up(most);
        let height = |figure: i64| CURVE_TOP + CURVE_HEIGHT - figure * CURVE_HEIGHT / top;
        let points: Vec<Point> = points
            .iter()
            .map(|&(month, figure)| Point {
                label: format!("{month}月"),
                x: CURVE_LEFT + (month - 1) * MONTH + MONTH / 2,
                y: height(figure),
                figure,
            })
            .collect();
        let places: Vec<String> = points.iter().map(|point| format!("{},{}", point.x, point.y)).collect();
        Self {
            id: id.into(),
            title: title.into(),
            target: target.map(|target| (height(target), target)),
            line: places.join(" "),
            scale: (0..=4).map(|part| (height(top * part / 4), top * part / 4)).collect(),
            points,
        }
    }
}

/// The least of 4, 8, 20, 40, 80, 200 … that is not below: a scale's top that four parts divide.
fn round_up(most: i64) -> i64 {
    let mut tens: i64 = 1;
    loop {
        for step in [4, 8, 20] {
            if step * tens >= most {
                return step * tens;
            }
        }
        tens = tens.saturating_mul(10);
    }
}

/// A schematic map: the eight counties about where they lie to each other, the three zones inside 东昌府区. Our own drawing, not to scale.
#[derive(Template)]
#[template(path = "chart_map.html")]
pub(super) struct TileMap {
    tiles: Vec<Tile>,
}

struct Tile {
    name: String,
    count: Count,
    address: String,
    x: i64,
    y: i64,
    width: i64,
    /// How wide the finished part of its bar is.
    done: i64,
}

/// (code, column, row) of a tile. Zones share the row beneath 东昌府区.
const TILES: [(&str, i64, i64); 8] = [
    ("371581", 0, 0),
    ("371526", 2, 0),
    ("371525", 0, 1),
    ("371502", 1, 1),
    ("371503", 2, 1),
    ("371522", 0, 2),
    ("371521", 1, 2),
    ("371524", 2, 2),
];
const ZONES: [&str; 3] = ["371571", "371572", "371573"];
const TILE: i64 = 186;
const TILE_STEP: i64 = 200;
const ROW: i64 = 92;
/// The row of 东昌府区 is higher, for its zones.
const ZONES_ROW: i64 = 64;
const ZONE_STEP: i64 = 64;

impl TileMap {
    /// Counts and names by code; `address` leads to the list behind a tile.
    pub(super) fn new(
        of: impl Fn(&str) -> Count,
        name: impl Fn(&str) -> String,
        address: impl Fn(&str) -> String,
    ) -> Self {
        let tile = |code: &str, x: i64, y: i64, width: i64| {
            let count = of(code);
            Tile {
                name: name(code),
                address: address(code),
                done: (width - 20) * count.percent() / 100,
                count,
                x,
                y,
                width,
            }
        };
        let counties = TILES.iter().map(|&(code, column, row)| {
            let y = row * ROW + if row == 2 { ZONES_ROW } else { 0 };
            tile(code, column * TILE_STEP, y, TILE)
        });
        let zones = ZONES.iter().zip(0..).map(|(code, at)| {
            let x = TILE_STEP + at * ZONE_STEP - 3;
            tile(code, x, ROW + ROW - 12, ZONE_STEP - 4)
        });
        Self {
            tiles: counties.chain(zones).collect(),
        }
    }
}

/// Rows and columns of short words, each in a colour of its class, some of which lead to a list.
#[derive(Template)]
#[template(path = "chart_heat.html")]
pub(super) struct HeatMap {
    id: &'static str,
    title: &'static str,
    /// Where the heads of the columns stand, and their words.
    heads: Vec<(usize, String)>,
    rows: Vec<HeatRow>,
    width: usize,
    height: usize,
}

struct HeatRow {
    label: String,
    y: usize,
    cells: Vec<HeatCell>,
}

struct HeatCell {
    x: usize,
    class: &'static str,
    word: String,
    link: Option<String>,
}

/// How far the columns of a heat map are apart, and its rows.
const HEAT: usize = 50;
const HEAT_ROW: usize = 30;
const HEAT_LEFT: usize = 110;

/// A row of a heat map: its label, and for each cell class, word, and the list behind it.
type Heat = (String, Vec<(&'static str, String, Option<String>)>);

impl HeatMap {
    pub(super) fn new(id: &'static str, title: &'static str, heads: &[String], rows: Vec<Heat>) -> Self {
        let x = |at: usize| HEAT_LEFT + at * HEAT;
        let rows: Vec<HeatRow> = rows
            .into_iter()
            .enumerate()
            .map(|(row, (label, cells))| HeatRow {
                label,
                y: 24 + row * HEAT_ROW,
                cells: cells
                    .into_iter()
                    .enumerate()
                    .filter(|(_, (_, word, _))| !word.is_empty())
                    .map(|(at, (class, word, link))| HeatCell {
                        x: x(at),
                        class,
                        word,
                        // What is as it should be leads nowhere from here: the table beside has every link.
                        link: link.filter(|_| class == "error" || class == "confirm"),
                    })
                    .collect(),
            })
            .collect();
        Self {
            id,
            title,
            // As wide with one month as with twelve: the picture is drawn to the page's width.
            width: x(heads.len().max(12)),
            height: 28 + rows.len() * HEAT_ROW,
            heads: heads
                .iter()
                .enumerate()
                .map(|(at, head)| (x(at) + HEAT / 2, head.clone()))
                .collect(),
            rows,
        }
    }
}

/// Stacked columns, one for each month or run.
#[derive(Template)]
#[template(path = "chart_columns.html")]
pub(super) struct Columns {
    id: &'static str,
    title: &'static str,
    /// Class and label of each part, the lowest first.
    series: Vec<(&'static str, &'static str)>,
    bars: Vec<Column>,
    thick: i64,
    scale: Vec<(i64, i64)>,
}

struct Column {
    label: String,
    x: i64,
    top: i64,
    total: i64,
    parts: Vec<ColumnPart>,
}

struct ColumnPart {
    class: &'static str,
    y: i64,
    height: i64,
}

impl Columns {
    /// Each column has a label and a figure for each part.
    pub(super) fn new(
        id: &'static str,
        title: &'static str,
        series: &[(&'static str, &'static str)],
        columns: Vec<(String, Vec<i64>)>,
    ) -> Self {
        let most = columns
            .iter()
            .map(|(_, parts)| parts.iter().sum())
            .max()
            .unwrap_or_default();
        let top = round_up(most);
        let height = |figure: i64| CURVE_TOP + CURVE_HEIGHT - figure * CURVE_HEIGHT / top;
        let count = i64::try_from(columns.len()).unwrap_or(i64::MAX).max(1);
        let step = (12 * MONTH / count).min(MONTH);
        // Labels that would run into each other are left out, all but every so many.
        let every = (36 + step - 1) / step.max(1);
        let columns = columns.into_iter().zip(0..).map(|((label, figures), at)| {
            let mut below = 0;
            let parts = figures.iter().zip(series).map(|(&figure, &(class, _))| {
                let (foot, head) = (height(below), height(below + figure));
                below += figure;
                // What is there is seen, however little it is.
                let part = if figure > 0 { (foot - head).max(2) } else { 0 };
                ColumnPart {
                    class,
                    y: foot - part,
                    height: part,
                }
            });
            let parts: Vec<ColumnPart> = parts.filter(|part| part.height > 0).collect();
            Column {
                label: if at % every == 0 { label } else { String::new() },
                x: CURVE_LEFT + at * step + step / 6,
                top: height(below),
                total: below,
                parts,
            }
        });
        Self {
            id,
            title,
            series: series.to_vec(),
            bars: columns.collect(),
            thick: (step * 2 / 3).max(2),
            scale: (0..=4).map(|part| (height(top * part / 4), top * part / 4)).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_ends_at_a_round_figure_that_four_parts_divide() {
        let tops = [0, 4, 5, 8, 9, 20, 21, 77, 81, 197, 201, 100_000].map(round_up);
        assert_eq!(tops, [4, 4, 8, 8, 20, 20, 40, 80, 200, 200, 400, 200_000]);
        assert!(tops.iter().all(|top| top % 4 == 0));
    }

    #[test]
    fn bars_are_in_proportion_to_the_longest() {
        let count = |finished, started, planned| Count {
            planned,
            started,
            finished,
            ..Count::default()
        };
        let bars = Bars::new(
            "b",
            "",
            &[("甲".into(), count(10, 0, 10)), ("乙".into(), count(5, 0, 0))],
        );
        assert_eq!((bars.lines[0].finished, bars.lines[0].planned), (220, 220));
        assert_eq!((bars.lines[1].finished, bars.lines[1].top), (110, STEP));
        assert_eq!(
            Bars::new("b", "", &[("丙".into(), Count::default())]).lines[0].end(),
            LEFT
        );
    }
}
