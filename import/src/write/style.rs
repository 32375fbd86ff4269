//! How annotated cells look.

use std::collections::HashMap;

use rust_xlsxwriter::{Color, Format, FormatAlign, FormatBorder};

use crate::finding::Severity;

/// Where a cell stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Place {
    /// Above the header, or in a sheet that holds no roster.
    Outside,
    /// In the header's last row.
    Header,
    /// Below the header.
    Body,
}

/// How a value is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Shown {
    /// As it is.
    General,
    /// As a percentage with so many decimals.
    Percent(usize),
    /// With two decimals: `2023.10` is another month than `2023.1`.
    TwoDecimals,
    /// As a date.
    Date,
    /// As a date with the time of day.
    DateTime,
    /// As text over several lines.
    Lines,
}

/// The look of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Style {
    pub(crate) place: Place,
    pub(crate) severity: Option<Severity>,
    pub(crate) shown: Shown,
}

/// Each look, made once.
#[derive(Default)]
pub(crate) struct Styles(HashMap<Style, Format>);

impl Styles {
    /// The format of a look.
    pub(crate) fn format(&mut self, style: Style) -> &Format {
        self.0.entry(style).or_insert_with(|| format(style))
    }
}

fn format(style: Style) -> Format {
    let placed = match style.place {
        Place::Outside => base(),
        Place::Header => header(base()),
        Place::Body => grid(base()),
    };
    let shown = match style.shown {
        Shown::General => placed,
        Shown::Percent(0) => placed.set_num_format("0%"),
        Shown::Percent(decimals) => placed.set_num_format(format!("0.{}%", "0".repeat(decimals))),
        Shown::TwoDecimals => placed.set_num_format("0.00"),
        Shown::Date => placed.set_num_format("yyyy-mm-dd"),
        Shown::DateTime => placed.set_num_format("yyyy-mm-dd hh:mm:ss"),
        Shown::Lines => placed.set_text_wrap(),
    };
    match style.severity {
        Some(severity) => coloured(shown, severity),
        None => shown,
    }
}

/// What all cells share.
pub(crate) fn base() -> Format {
    Format::new()
        .set_font_name("宋体")
        .set_font_size(10.5)
        .set_align(FormatAlign::VerticalCenter)
}

/// With thin lines around.
pub(crate) fn grid(base: Format) -> Format {
    base.set_border(FormatBorder::Thin)
        .set_border_color(Color::RGB(0x00D0_D0D0))
}

/// The look of a header.
pub(crate) fn header(base: Format) -> Format {
    base.set_bold()
        .set_text_wrap()
        .set_align(FormatAlign::Center)
        .set_background_color(Color::RGB(0x00E7_ECF3))
        .set_border(FormatBorder::Thin)
        .set_border_color(Color::RGB(0x00A0_A8B4))
}

/// The colours of a severity: red, amber, blue, each with dark letters.
pub(crate) fn coloured(base: Format, severity: Severity) -> Format {
    let (ground, letters) = match severity {
        Severity::Error => (0x00FF_C7CE, 0x009C_0006),
        Severity::Confirm => (0x00FF_EB9C, 0x007F_6000),
        Severity::Hint => (0x00DD_EBF7, 0x001F_4E79),
    };
    base.set_background_color(Color::RGB(ground))
        .set_font_color(Color::RGB(letters))
}

/// Lines that a text takes in a column of so many characters' width: spreadsheets do not all find the height of a row themselves.
pub(crate) fn lines(text: &str, width: f64) -> usize {
    let units = |line: &str| {
        line.chars()
            .map(|char| if char.is_ascii() { 1.0 } else { 2.0 })
            .sum::<f64>()
    };
    let per_line = (width - 2.0).max(2.0);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a cell's text has some thousands of characters"
    )]
    text.lines()
        .map(|line| (units(line) / per_line).ceil().max(1.0) as usize)
        .sum::<usize>()
        .max(1)
}

/// The height of a row of so many lines, in points; Excel takes 409.
pub(crate) fn height(lines: usize) -> f64 {
    f64::from(u32::try_from(lines).unwrap_or(u32::MAX))
        .mul_add(14.5, 4.0)
        .min(409.0)
}
