//! Random layouts of random values: what is rendered is what is read, and a finding names the cell that Excel shows.

mod cells;

use std::fmt::Write as _;

use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::Config;
use retrofit_import::catalogue::Field;
use retrofit_import::check::{CheckedRow, Summary};
use retrofit_import::workbook::column_name;
use rust_xlsxwriter::{Format, Workbook};

use self::cells::{Cell, SPECS, cell};
use crate::layout::{check_bytes, value};

/// A roster to be rendered.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a trait of its own")]
struct Roster {
    start: (u32, u32),
    title: bool,
    unit_line: bool,
    groups: bool,
    super_group: bool,
    numbering: bool,
    serial: bool,
    /// Places in [`SPECS`], in the order of the columns; groups stay together.
    columns: Vec<usize>,
    headers: Vec<Index>,
    rows: Vec<Vec<Cell>>,
    /// What stands before a row: nothing mostly.
    between: Vec<u8>,
    footer: bool,
    merged_counties: bool,
    /// Whether the merged areas name a county that there is none of.
    strange_county: bool,
    /// A cell that is no number.
    fault: Option<Index>,
}

fn roster() -> impl Strategy<Value = Roster> {
    let groups: Vec<Vec<usize>> = {
        let mut groups: Vec<(&str, Vec<usize>)> = Vec::new();
        for (at, spec) in SPECS.iter().enumerate() {
            match groups
                .iter_mut()
                .find(|(group, _)| !group.is_empty() && *group == spec.group)
            {
                Some((_, members)) => members.push(at),
                None => groups.push((spec.group, vec![at])),
            }
        }
        groups.into_iter().map(|(_, members)| members).collect()
    };
    let columns = Just(groups)
        .prop_shuffle()
        .prop_map(|groups| groups.into_iter().flatten().collect::<Vec<usize>>());
    let rows = prop::collection::vec(SPECS.iter().map(|spec| cell(spec.field)).collect::<Vec<_>>(), 1..7);
    let looks = (
        (0..6u32, 0..4u32),
        any::<[bool; 9]>(),
        prop::collection::vec(any::<Index>(), SPECS.len()),
    );
    let extras = (prop::collection::vec(0..9u8, 7), prop::option::of(any::<Index>()));
    (columns, rows, looks, extras).prop_map(|(columns, rows, (start, flags, headers), (between, fault))| {
        let [
            title,
            unit_line,
            groups,
            super_group,
            numbering,
            serial,
            footer,
            merged_counties,
            strange_county,
        ] = flags;
        Roster {
            start,
            title,
            unit_line,
            groups,
            super_group: super_group && groups,
            numbering,
            serial,
            columns,
            headers,
            rows,
            between,
            footer,
            merged_counties,
            strange_county,
            fault,
        }
    })
}

/// A rendered sheet: texts by row and column, and merged areas.
#[derive(Default)]
struct Grid {
    cells: Vec<(u32, u32, String)>,
    merged: Vec<(u32, u32, u32, u32)>,
    /// Whether counties stand in merged areas alone.
    merged_counties: bool,
    /// The data rows, from 0.
    data: Vec<u32>,
    header_row: u32,
    /// The findings on values: the rule and the cell as Excel shows it, once for each row.
    faults: Vec<String>,
}

impl Roster {
    fn render(&self, merging: bool) -> Grid {
        let mut grid = Grid::default();
        let (mut at, left) = self.start;
        let first = left + u32::from(self.serial);
        let width = u32::try_from(self.columns.len()).unwrap();
        let place = |index: usize| first + u32::try_from(index).unwrap();
        if self.title {
            grid.cells.push((at, left, "聊城市抗震加固工程台账".to_owned()));
            if merging {
                grid.merged.push((at, left, at, first + width - 1));
            }
            at += 1;
        }
        if self.unit_line {
            grid.cells.push((at, left, "填报单位：某局".to_owned()));
            grid.cells.push((at, first + width - 1, "单位：万元".to_owned()));
            at += 1;
        }
        let top = at;
        at = self.render_header(&mut grid, at, first, merging);
        let bottom = at - 1;
        if self.serial {
            grid.cells
                .push((if merging { top } else { bottom }, left, "序号".to_owned()));
            if merging && top < bottom {
                grid.merged.push((top, left, bottom, left));
            }
        }
        if self.numbering {
            for column in left..first + width {
                grid.cells.push((at, column, (column - left + 1).to_string()));
            }
            at += 1;
        }
        grid.header_row = at - 1;
        let header: Vec<(u32, u32, String)> = grid
            .cells
            .iter()
            .filter(|(row, ..)| (top..at).contains(row))
            .cloned()
            .collect();

        let county = self.column_of(Field::County);
        let merged = merging && self.merged_counties;
        grid.merged_counties = merged;
        let mut county_start: Option<u32> = None;
        let fault = self.fault.map(|index| index.index(self.rows.len()));
        for (number, row) in self.rows.iter().enumerate() {
            let next = self.render_between(&mut grid, at, number, &header, merging);
            let breaks = next > at;
            at = next;
            if breaks || number == 0 {
                close_county(&mut grid, &mut county_start, at, place(county));
            }
            if self.serial {
                grid.cells.push((at, left, (number + 1).to_string()));
            }
            for (index, spec) in self.columns.iter().enumerate() {
                let at_fault = fault == Some(number) && SPECS[*spec].field == Field::FloorAreaM2;
                let text = if at_fault { "见附件" } else { &row[*spec].0 };
                if at_fault {
                    grid.faults
                        .push(format!("V002 {}{}", column_name(place(index)), at + 1));
                }
                if !merged || index != county {
                    grid.cells.push((at, place(index), text.to_owned()));
                }
            }
            if merged && county_start.is_none() {
                county_start = Some(at);
                let name = if self.strange_county {
                    "河东区"
                } else {
                    "东昌府区"
                };
                grid.cells.push((at, place(county), name.to_owned()));
            }
            if let Some(first) = county_start.filter(|_| self.strange_county) {
                grid.faults
                    .push(format!("V004 {}{}", column_name(place(county)), first + 1));
            }
            grid.data.push(at);
            at += 1;
        }
        close_county(&mut grid, &mut county_start, at, place(county));
        if self.footer {
            grid.cells.push((at, left, "注：数据截至10月底。".to_owned()));
            let labels = ["审核人：", "张某", "填报人：", "李某", "填报日期：", "2026年11月"];
            grid.cells.extend(
                (left..)
                    .zip(labels)
                    .map(|(column, text)| (at + 1, column, text.to_owned())),
            );
        }
        grid
    }

    /// What stands before a project's row; the project's row.
    fn render_between(
        &self,
        grid: &mut Grid,
        at: u32,
        number: usize,
        header: &[(u32, u32, String)],
        merging: bool,
    ) -> u32 {
        let left = self.start.1;
        let first = left + u32::from(self.serial);
        let place = |index: usize| first + u32::try_from(index).unwrap();
        match self.between[number] {
            0 => grid
                .cells
                .push((at, place(self.column_of(Field::Name)), "小 计".to_owned())),
            1 => {
                grid.cells.push((at, left, "合计".to_owned()));
                grid.cells.push((at, place(self.columns.len() - 1), "12.5".to_owned()));
            }
            2 => grid.cells.push((at, left, "一、东昌府区（共3项）".to_owned())),
            // The printed page: its last words, the title and the header.
            3 if !merging => {
                grid.cells.push((at, left, "第1页 共2页".to_owned()));
                grid.cells.push((at + 1, left, "聊城市抗震加固工程台账".to_owned()));
                let top = header.iter().map(|(row, ..)| *row).min().unwrap();
                let moved = header
                    .iter()
                    .map(|(row, column, text)| (row + at + 2 - top, *column, text.clone()));
                grid.cells.extend(moved);
                return at + 3 + grid.header_row - top;
            }
            4 => {}
            _ => return at,
        }
        at + 1
    }

    fn column_of(&self, field: Field) -> usize {
        self.columns
            .iter()
            .position(|spec| SPECS[*spec].field == field)
            .unwrap()
    }

    /// Header rows from `at` on; the row after them.
    fn render_header(&self, grid: &mut Grid, at: u32, first: u32, merging: bool) -> u32 {
        let depth = 1 + u32::from(self.groups) + u32::from(self.super_group);
        let bottom = at + depth - 1;
        let mut column = first;
        let mut rest = self.columns.as_slice();
        if self.super_group {
            let width = u32::try_from(self.columns.len()).unwrap();
            grid.cells.push((at, first, "工程基本信息".to_owned()));
            if merging {
                grid.merged.push((at, first, at, first + width - 1));
            }
        }
        let group_row = at + u32::from(self.super_group);
        while let Some(spec) = rest.first() {
            let group = SPECS[*spec].group;
            let members = rest
                .iter()
                .take_while(|other| SPECS[**other].group == group && !group.is_empty())
                .count();
            let members = if self.groups && members > 0 { members } else { 0 };
            for member in &rest[..members.max(1)] {
                let spec = &SPECS[*member];
                let names = if members > 0 { spec.below } else { spec.alone };
                let name = *self.headers[*member].get(names);
                let row = if members > 0 || !merging { bottom } else { group_row };
                grid.cells.push((row, column, name.to_owned()));
                if row < bottom {
                    grid.merged.push((row, column, bottom, column));
                }
                column += 1;
            }
            if members > 0 {
                let from = column - u32::try_from(members).unwrap();
                grid.cells.push((group_row, from, group.to_owned()));
                if merging && members > 1 {
                    grid.merged.push((group_row, from, group_row, column - 1));
                }
            }
            rest = &rest[members.max(1)..];
        }
        bottom + 1
    }

    /// What the check must say of it.
    fn assert_read(&self, grid: &Grid, (summary, rows): &(Summary, Vec<CheckedRow>)) -> Result<(), TestCaseError> {
        let data: Vec<u32> = rows.iter().map(|row| row.record.row - 1).collect();
        prop_assert_eq!(&data, &grid.data, "findings {:?}", summary.findings);
        prop_assert_eq!(summary.sheets[0].header_row, grid.header_row + 1);
        let merged = grid.merged_counties;
        let fault = self.fault.map(|index| index.index(self.rows.len()));
        for (number, (row, wanted)) in rows.iter().zip(&self.rows).enumerate() {
            for (spec, (written, read)) in SPECS.iter().zip(wanted) {
                if fault == Some(number) && spec.field == Field::FloorAreaM2 {
                    continue;
                }
                let read = match merged && spec.field == Field::County {
                    true if self.strange_county => "",
                    true => "371502",
                    false => read,
                };
                let got = value(row, spec.field).unwrap_or_default();
                prop_assert_eq!(&got, read, "{} of {:?} in row {}", spec.field, written, row.record.row);
            }
        }
        let refused = rows.iter().flat_map(|row| &row.findings);
        let mut refused: Vec<String> = refused
            .filter(|finding| finding.code.starts_with('V') && finding.code != "V001")
            .map(|finding| format!("{} {}", finding.code, finding.address.unwrap()))
            .collect();
        let mut wanted = grid.faults.clone();
        refused.sort();
        wanted.sort();
        prop_assert_eq!(refused, wanted);
        Ok(())
    }
}

fn close_county(grid: &mut Grid, start: &mut Option<u32>, end: u32, column: u32) {
    let last = grid.data.last().copied().filter(|last| *last < end);
    if let (Some(first), Some(last)) = (start.take(), last)
        && last > first
    {
        grid.merged.push((first, column, last, column));
    }
}

impl Grid {
    fn csv(&self) -> Vec<u8> {
        let rows = self.cells.iter().map(|(row, ..)| row + 1).max().unwrap_or(0);
        let columns = self.cells.iter().map(|(_, column, _)| column + 1).max().unwrap_or(0);
        let mut text = String::new();
        for row in 0..rows {
            for column in 0..columns {
                let cell = self.cells.iter().find(|(at, place, _)| (*at, *place) == (row, column));
                let cell = cell.map_or("", |(_, _, text)| text.as_str());
                let comma = if column > 0 { "," } else { "" };
                write!(text, "{comma}\"{cell}\"").unwrap();
            }
            text.push('\n');
        }
        text.into_bytes()
    }

    fn xlsx(&self) -> Vec<u8> {
        let mut workbook = Workbook::new();
        let sheet = workbook.add_worksheet();
        let short = |column: u32| u16::try_from(column).unwrap();
        for (first_row, first, last_row, last) in &self.merged {
            sheet
                .merge_range(*first_row, short(*first), *last_row, short(*last), "", &Format::new())
                .unwrap();
        }
        for (row, column, text) in &self.cells {
            // Numbers are numbers, as when an officer types them, and lose nothing by it.
            match text.parse::<f64>() {
                Ok(number) if number.to_string() == *text => sheet.write(*row, short(*column), number).unwrap(),
                _ => sheet.write(*row, short(*column), text).unwrap(),
            };
        }
        workbook.save_to_buffer().unwrap()
    }
}

proptest! {
    #![proptest_config(Config { cases: 96, failure_persistence: None, ..Config::default() })]

    #[test]
    fn what_is_rendered_as_csv_is_read(roster in roster()) {
        let grid = roster.render(false);
        roster.assert_read(&grid, &check_bytes(&grid.csv()))?;
    }

    #[test]
    fn what_is_rendered_as_xlsx_is_read(roster in roster(), merging in any::<bool>()) {
        let grid = roster.render(merging);
        roster.assert_read(&grid, &check_bytes(&grid.xlsx()))?;
    }
}
