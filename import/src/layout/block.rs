//! A block of header rows: which column is which field.

use std::collections::BTreeMap;

use super::header::{HeaderIndex, Heading, Keys, is_serial, undecorated};
use super::heads::Heads;
use super::levels::{Level, Over, groups_over, is_hint, is_numbering, level, spread_groups};
use super::matter;
use super::merged::Line;
use super::understood::ColumnReading;
use crate::catalogue::Field;
use crate::feedback::Feedback;
use crate::values::{Reader, clean, fold, named_unit, written};
use crate::workbook::{Cell, Content, Row};

/// A header has at least so many known fields, 工程名称 among them; fewer, and it is a list or a note that happens to name some.
pub(crate) const LEAST_FIELDS: usize = 5;

/// What the area of what is retrofitted is called.
const RETROFITTED: &[&str] = &["加固面积", "加固建筑面积", "加固改造面积"];

/// What stands for the header of a column without one.
const NO_HEADER: &str = "（无表头）";

/// So many columns right of the last that is named may be one of the table's without a header.
const BEYOND: u32 = 16;

/// A column that was understood as a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Column {
    /// Its place, from 0.
    pub(crate) at: u32,
    /// Its field.
    pub(crate) field: Field,
    /// Folded texts that may be its unit, nearest first.
    pub(crate) units: Vec<String>,
    /// The header as written, cleaned.
    pub(crate) header: String,
    /// The same, the headers of its groups before it.
    pub(crate) path: String,
}

/// A column that no field is known for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unread {
    /// Its place, from 0.
    pub(crate) at: u32,
    /// The header as written, cleaned.
    pub(crate) header: String,
    /// The same, the headers of its groups before it.
    pub(crate) path: String,
    /// The field that it may be: its own name says so and its groups do not, or another column may be the field's as well.
    pub(crate) may_be: Option<Field>,
}

/// Header rows, understood.
#[derive(Clone, Debug, Default)]
pub(crate) struct Block {
    /// The first and the last row, from 0.
    pub(crate) rows: (u32, u32),
    /// The known columns, by column.
    pub(crate) columns: Vec<Column>,
    /// The columns that no field is known for.
    pub(crate) unknown: Vec<Unread>,
    /// Fields that columns would be but for their groups; they tell a header too.
    elsewhere: Vec<Field>,
    /// How each column with a header was understood.
    pub(crate) readings: Vec<ColumnReading>,
    /// The columns that an annotated workbook added.
    pub(crate) feedback: Option<Feedback>,
    /// The columns that have a header.
    pub(super) heads: Heads,
    /// The texts of each row of the block, undecorated, by column; to know the header when it is repeated.
    texts: Vec<BTreeMap<u32, String>>,
}

impl Block {
    /// Understands rows as a header; a merged area gives its text to every cell it spans, and so does the name of a group in a table
    /// without merged areas.
    pub(crate) fn read(lines: &[&Line], index: &HeaderIndex) -> Self {
        let mut levels: Vec<Level> = lines.iter().map(|line| level(line)).collect();
        let texts = levels.iter().map(|level| {
            let undecorated = level.iter().map(|(column, over)| (*column, undecorated(&over.text)));
            undecorated.collect()
        });
        let rows = [lines.first(), lines.last()].map(|line| line.map_or(0, |line| line.row.index));
        let mut block = Self {
            rows: (rows[0], rows[1]),
            texts: texts.collect(),
            ..Self::default()
        };
        for (level, _) in levels
            .iter_mut()
            .zip(lines)
            .filter(|(_, line)| is_numbering(&line.row) || is_hint(line))
        {
            level.clear();
        }
        spread_groups(&mut levels);
        let mut paths: BTreeMap<u32, Vec<&Over>> = BTreeMap::new();
        for (column, over) in levels.iter().flatten() {
            let path = paths.entry(*column).or_default();
            // What stands beneath the header of the rows' numbers is no part of it: the name of a row of units, say.
            if path
                .last()
                .is_none_or(|above| above.text != over.text && !is_serial(&above.text))
            {
                path.push(over);
            }
        }
        let texts = |path: &[&Over]| path.iter().map(|over| over.text.clone()).collect::<Vec<String>>();
        block.feedback = Feedback::find(
            paths.keys().copied(),
            |column| {
                let last = paths.get(&column)?.last()?;
                (last.from == column).then_some(&*last.text)
            },
            |column| index.is_field(&texts(&paths[&column])),
        );
        let mut keys = Keys::default();
        for (&column, path) in &paths {
            if block.feedback.is_some_and(|feedback| feedback.has(column)) {
                block.heads.add(column, "", true);
                continue;
            }
            // One header over two columns heads the first of them.
            let Some(last) = path.last().filter(|last| last.from == column) else {
                continue;
            };
            let texts = texts(path);
            let unit_alone = last.text.starts_with(['(', '（']) && texts.len() > 1;
            let header = if unit_alone { texts.concat() } else { last.text.clone() };
            let key = keys.next(&texts);
            let guess = index.heading(&texts);
            block
                .heads
                .add(column, &key, guess.field() == Some(Field::RegistryCode));
            let said = index.correction(&key);
            let may_be = index.single(&last.text).filter(|_| guess == Heading::Unknown);
            block.elsewhere.extend(may_be);
            let path = texts.join(" / ");
            let heading = match said {
                Some(said) => guess.corrected(*said, &texts),
                None => guess.clone(),
            };
            block.readings.push(ColumnReading {
                column,
                header: path.clone(),
                key,
                guess: guess.field(),
                field: heading.field(),
                corrected: said.is_some(),
                serial: heading == Heading::Serial,
                ..ColumnReading::default()
            });
            match heading {
                Heading::Field(field, units) => block.columns.push(Column {
                    at: column,
                    field,
                    units,
                    header,
                    path,
                }),
                Heading::Serial => {}
                Heading::Unknown if said.is_some() => {}
                Heading::Unknown => block.unknown.push(Unread {
                    at: column,
                    header,
                    path,
                    may_be,
                }),
            }
        }
        if index.any_correction() {
            let above = |column: u32| texts(&groups_over(&paths, column));
            block.correct_blanks(index, above);
        }
        block.take_loose(index, |column| texts(&paths[&column]));
        block.keep_retrofitted_area();
        block
    }

    /// Of two columns of areas, the one that says 加固 is the field's, which is the area of what is retrofitted; the other is not read.
    fn keep_retrofitted_area(&mut self) {
        let places = self.columns.iter().zip(0..);
        let areas = places.filter(|(column, _)| column.field == Field::FloorAreaM2);
        let areas: Vec<(&Column, usize)> = areas.collect();
        let retrofitted = |column: &Column| RETROFITTED.iter().any(|name| column.header.starts_with(name));
        let [(one, first), (other, second)] = areas[..] else {
            return;
        };
        let mut of_areas = self
            .readings
            .iter()
            .filter(|it| it.column == one.at || it.column == other.at);
        if retrofitted(one) == retrofitted(other) || of_areas.any(|reading| reading.corrected) {
            return;
        }
        let place = if retrofitted(one) { second } else { first };
        let Column {
            at,
            header,
            path,
            field,
            ..
        } = self.columns.remove(place);
        for reading in self.readings.iter_mut().filter(|reading| reading.column == at) {
            (reading.guess, reading.field) = (None, None);
        }
        let unread = Unread {
            at,
            header,
            path,
            may_be: Some(field),
        };
        let place = self.unknown.partition_point(|column| column.at < at);
        self.unknown.insert(place, unread);
    }

    /// Takes in the columns that are a field's by a loose name, where no other is; `texts` gives a named column's.
    fn take_loose(&mut self, index: &HeaderIndex, texts: impl Fn(u32) -> Vec<String>) {
        let known = |column: &Unread| match index.loose(&texts(column.at)) {
            Heading::Field(field, units) => Some((column.clone(), field, units)),
            Heading::Serial | Heading::Unknown => None,
        };
        let loose: Vec<(Unread, Field, Vec<String>)> = self.unknown.iter().filter_map(known).collect();
        for (unread, field, units) in &loose {
            let Some(unknown) = self.unknown.iter().position(|unknown| unknown.at == unread.at) else {
                continue;
            };
            let own = (unread.at, &*unread.header);
            let contends = |at: u32, header: &str| at != own.0 && !matter::is_part_beside(*field, (at, header), own);
            let mut others = loose.iter().filter(|(_, other, _)| other == field);
            let mut same = self.columns.iter().filter(|known| known.field == *field);
            // 竣工时间 without 开工时间 may be when the building was first completed.
            let uncertain =
                own.1.starts_with("竣工") && *field == Field::CompletionDate && self.column(Field::StartDate).is_none();
            if uncertain
                || others.any(|(other, ..)| contends(other.at, &other.header))
                || same.any(|known| contends(known.at, &known.header))
            {
                self.unknown[unknown].may_be = Some(*field);
                continue;
            }
            let Unread { at, header, path, .. } = self.unknown.remove(unknown);
            for reading in self.readings.iter_mut().filter(|reading| reading.column == at) {
                (reading.guess, reading.field) = (Some(*field), Some(*field));
            }
            let place = self.columns.partition_point(|column| column.at < at);
            let column = Column {
                at,
                field: *field,
                units: units.clone(),
                header,
                path,
            };
            self.columns.insert(place, column);
        }
    }

    /// Takes in the columns without a header of which an officer said what they are; `above` gives the names of a column's groups.
    fn correct_blanks(&mut self, index: &HeaderIndex, above: impl Fn(u32) -> Vec<String>) {
        for column in 0..self.heads.end() + BEYOND {
            let Some(key) = self.heads.blank_key(column) else {
                continue;
            };
            let Some(said) = index.correction(&key) else { continue };
            let texts = above(column);
            if let Heading::Field(field, units) = Heading::Unknown.corrected(*said, &texts) {
                self.columns.push(Column {
                    at: column,
                    field,
                    units,
                    header: NO_HEADER.to_owned(),
                    path: NO_HEADER.to_owned(),
                });
            }
            self.readings.push(ColumnReading {
                column,
                header: texts.join(" / "),
                key,
                field: *said,
                corrected: true,
                blank: true,
                ..ColumnReading::default()
            });
        }
        self.columns.sort_by_key(|column| column.at);
        self.readings.sort_by_key(|reading| reading.column);
    }

    /// Whether the rows are a roster's header.
    pub(crate) fn is_roster(&self) -> bool {
        let mut fields: Vec<Field> = self.columns.iter().map(|column| column.field).collect();
        if !fields.contains(&Field::Name) {
            return false;
        }
        fields.extend(&self.elsewhere);
        fields.sort_unstable();
        fields.dedup();
        fields.len() >= LEAST_FIELDS
    }

    /// The first column of a field.
    pub(crate) fn column(&self, field: Field) -> Option<&Column> {
        self.columns.iter().find(|column| column.field == field)
    }

    /// Whether a column's field is known.
    pub(crate) fn knows(&self, column: u32) -> bool {
        self.columns.binary_search_by_key(&column, |known| known.at).is_ok()
    }

    /// Whether a row repeats one of the header's rows, as on printed pages: nearly all of its texts, and none of the others names a field, which would
    /// make it the header of another table.
    pub(crate) fn is_repeated_by(&self, row: &Row, index: &HeaderIndex) -> bool {
        let texts: Vec<(u32, String)> = cell_texts(row)
            .map(|(column, text)| (column, undecorated(&text)))
            .collect();
        let repeats = |level: &BTreeMap<u32, String>| {
            let (same, others): (Vec<_>, Vec<_>) =
                texts.iter().partition(|(column, text)| level.get(column) == Some(text));
            same.len() * 5 >= texts.len() * 4 && others.iter().all(|(_, text)| index.single(text).is_none())
        };
        texts.len() >= 2 && self.texts.iter().any(repeats)
    }

    /// Whether a row under the block's `lines` still belongs to it: a merged area reaches down into it, it numbers the columns or says how
    /// to fill them, or it names fields.
    pub(crate) fn is_continued_by(&self, line: &Line, lines: &[Line], index: &HeaderIndex, reader: &Reader) -> bool {
        let (first, last) = self.rows;
        let begun = |row: u32| (first..=last).contains(&row);
        if line
            .areas
            .iter()
            .any(|area| begun(area.first_row) && self.knows(area.first_column))
        {
            return true;
        }
        if is_numbering(&line.row) || is_hint(line) {
            return true;
        }
        let texts: Vec<(u32, String)> = line.own_cells().filter_map(cell_text).filter(says_something).collect();
        let name_at = self.column(Field::Name).map(|name| name.at);
        if texts.iter().any(|(at, _)| Some(*at) == name_at) {
            return false;
        }
        let is_unit = |(at, text): &&(u32, String)| {
            let column = self.columns.iter().find(|known| known.at == *at);
            column.is_some_and(|column| named_unit(&fold(text), |word| reader.is_unit(column.field, word)).is_some())
        };
        if texts.iter().any(|text| is_unit(&text)) && texts.iter().all(|text| is_unit(&text) || is_measure(&text.1)) {
            return true;
        }
        let named = texts.iter().filter(|(_, text)| index.single(text).is_some()).count();
        if named >= 2 && named * 2 > texts.len() {
            return true;
        }
        // The names of a group's columns, which are fields only beneath it.
        if texts.iter().any(|(at, _)| self.knows(*at)) {
            return false;
        }
        let lines: Vec<&Line> = lines.iter().chain([line]).collect();
        named > 0 || Self::read(&lines, index).columns.len() > self.columns.len()
    }
}

/// The cleaned texts of a row's cells; error values have none.
pub(crate) fn cell_texts(row: &Row) -> impl Iterator<Item = (u32, String)> {
    row.cells.iter().filter_map(cell_text)
}

/// A cell's column and cleaned text.
pub(crate) fn cell_text(cell: &Cell) -> Option<(u32, String)> {
    let text = clean(&written(&cell.content)).into_owned();
    (!text.is_empty() && !matches!(cell.content, Content::Error(_))).then_some((cell.column, text))
}

/// Strokes in empty cells say nothing.
pub(super) fn says_something((_, text): &(u32, String)) -> bool {
    text.contains(char::is_alphanumeric)
}

/// Whether a text in a row of units is that row's name, or a unit of what is no quantity of ours: 度 beneath the intensity.
fn is_measure(text: &str) -> bool {
    const MEASURES: [&str; 12] = [
        "单位",
        "计量单位",
        "度",
        "g",
        "层",
        "年",
        "个",
        "栋",
        "座",
        "处",
        "项",
        "%",
    ];
    MEASURES.contains(&fold(text).trim_matches(['(', ')', ':']))
}
