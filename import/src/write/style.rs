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
    let base = Format::new()
        .set_font_name("宋体")
        .set_font_size(10.5)
        .set_align(FormatAlign::VerticalCenter);
    let placed = match style.place {
        Place::Outside => base,
        Place::Header => header(base),
        Place::Body => base
            .set_border(FormatBorder::Thin)
            .set_border_color(Color::RGB(0x00D0_D0D0)),
    };
    let shown = match style.shown {
        Shown::General => placed,
        Shown::Percent(0) => placed.set_num_format("0%"),
        Shown::Percent(decimals) => placed.set_num_format(format!("0.{}%", "0".repeat(decimals))),
        Shown::Date => placed.set_num_format("yyyy-mm-dd"),
        Shown::DateTime => placed.set_num_format("yyyy-mm-dd hh:mm:ss"),
        Shown::Lines => placed.set_text_wrap(),
    };
    match style.severity {
        Some(severity) => coloured(shown, severity),
        None => shown,
    }
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
