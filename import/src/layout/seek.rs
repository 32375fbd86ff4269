//! Looking for a sheet's headers, row by row.

use super::block::{Block, cell_texts};
use super::levels::is_group_row;
use super::merged::Line;
use super::{HEADER_ROWS, Header, Known, LONGEST, STRANGE, SheetReader, units};

impl SheetReader<'_> {
    /// Looks whether the rows last seen, this one below them, are a header.
    pub(super) fn seek_header(&mut self, line: Line) {
        let names_field = cell_texts(&line.row).any(|(_, text)| self.names_field(text));
        if names_field && let Some((_, first)) = cell_texts(&line.row).next() {
            self.rows_of.extend(self.known.headers.single(&first));
        }
        self.understood.look_below(&line);
        self.remember(line);
        if !names_field {
            return;
        }
        let Some(mut first) = self.header_start() else {
            return self.offer_header();
        };
        while let Some(upper) = first.checked_sub(1)
            && self.above[upper].row.index + 1 == self.above[first].row.index
            && is_group_row(&self.above[upper])
        {
            first = upper;
        }
        let lines: Vec<Line> = self.above.drain(first..).collect();
        while let Some(line) = self.above.pop_front() {
            self.note_line(&line);
        }
        self.last = lines.last().map_or(0, |line| line.row.index);
        self.set_header(lines);
    }

    /// Whether a text names a field by itself.
    fn names_field(&mut self, text: String) -> bool {
        if self.strange.contains(&text) {
            return false;
        }
        let names = self.known.headers.single(&text).is_some();
        if !names && text.len() <= LONGEST && self.strange.len() < STRANGE {
            self.strange.insert(text);
        }
        names
    }

    /// The first of the rows last seen from which on they are a header; as few as will do.
    fn header_start(&self) -> Option<usize> {
        let lines: Vec<&Line> = self.above.iter().collect();
        let touching = |first: usize| {
            lines[first..]
                .windows(2)
                .all(|pair| pair[0].row.index + 1 == pair[1].row.index)
        };
        let mut starts = (0..lines.len()).rev().take_while(|first| touching(*first));
        starts.find(|first| Block::read(&lines[*first..], self.known.headers).is_roster())
    }

    /// Keeps the row last seen as a header that an officer can complete; the row above it may group its columns.
    fn offer_header(&mut self) {
        let lines: Vec<&Line> = self.above.iter().rev().take(1).collect();
        self.understood.offer(&Block::read(&lines, self.known.headers));
    }

    fn set_header(&mut self, lines: Vec<Line>) {
        let refs: Vec<&Line> = lines.iter().collect();
        let block = Block::read(&refs, self.known.headers);
        self.header = Some(Header {
            lines,
            block,
            ended: false,
        });
    }

    /// Whether the row still belongs to the header that is being put together; takes it in if so, and ends the header otherwise.
    pub(super) fn continue_header(&mut self, line: &Line) -> bool {
        let Known { headers, reader, .. } = self.known;
        let Some(header) = self.header.as_mut().filter(|header| !header.ended) else {
            return false;
        };
        let lines = &mut header.lines;
        if lines.len() > HEADER_ROWS || !header.block.is_continued_by(line, lines, headers, reader) {
            header.ended = true;
            return false;
        }
        let mut lines = std::mem::take(lines);
        lines.push(line.clone());
        self.last = line.row.index;
        self.set_header(lines);
        true
    }

    /// Whether a row under a table is, with those above it, the header of another one.
    pub(super) fn begins_other_table(&mut self, line: &Line) -> bool {
        let Some(Header { block, .. }) = &self.header else {
            return false;
        };
        let named = cell_texts(&line.row).filter(|(_, text)| self.known.headers.single(text).is_some());
        if named.count() < 2 || (block.is_repeated_by(&line.row, self.known.headers) && !self.has_other_units()) {
            return false;
        }
        self.above.push_back(line.clone());
        let starts = self.header_start().is_some();
        self.above.pop_back();
        starts
    }

    /// Whether the rows last seen name other units than those of the table: a header beneath them begins another one.
    fn has_other_units(&self) -> bool {
        let mut units = self.line_units.clone();
        for line in &self.above {
            units::note_line(&mut units, cell_texts(&line.row).map(|(_, text)| text));
        }
        units != self.line_units
    }
}
