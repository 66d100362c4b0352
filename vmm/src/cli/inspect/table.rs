//! Tables that fit the terminal.

use comfy_table::{
    Cell, CellAlignment, ColumnConstraint, ContentArrangement, Table as Inner, Width, presets,
};
use std::io::{self, Write};
use vmm::inspect::Hex;

/// A column.
#[derive(Clone, Copy, Debug)]
pub enum Column {
    /// Text, to the left.
    Text(&'static str),
    /// A number, to the right.
    Number(&'static str),
}

/// The narrowest that a last column is cut to.
const NARROWEST: u16 = 8;

/// A table for a person, a line for each row. On a terminal that is too narrow, the last column
/// is cut if it is text; if the others alone do not fit, lines run over, for a number in pieces
/// is none.
#[derive(Debug)]
pub struct Table {
    inner: Inner,
    /// Whether the last column is text.
    ends_in_text: bool,
}

impl Table {
    /// A table with these columns.
    pub fn new(columns: &[Column]) -> Self {
        let mut table = Inner::new();
        table.load_style(presets::NOTHING);
        table.set_content_arrangement(ContentArrangement::Disabled);
        table.set_truncation_indicator("…");
        table.set_header(columns.iter().map(|column| match column {
            Column::Text(name) => Cell::new(name),
            Column::Number(name) => Cell::new(name).set_alignment(CellAlignment::Right),
        }));
        for (column, kind) in table.column_iter_mut().zip(columns) {
            column.set_padding((0, 2));
            if let Column::Number(_) = kind {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        Self {
            inner: table,
            ends_in_text: matches!(columns.last(), Some(Column::Text(_))),
        }
    }

    /// Adds a row; control characters are shown as escapes, for names come from a guest.
    pub fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.inner.add_row(cells.map(|cell| printable(&cell)));
    }

    /// Writes it.
    pub fn print(&self, stream: &mut dyn Write) -> io::Result<()> {
        self.print_within(self.inner.width(), stream)
    }

    /// Writes it for a terminal of that width, or for none.
    fn print_within(&self, width: Option<u16>, stream: &mut dyn Write) -> io::Result<()> {
        let cut = width.and_then(|width| self.cut(width));
        for line in cut.as_ref().unwrap_or(&self.inner).lines() {
            writeln!(stream, "{}", line.trim_end())?;
        }
        Ok(())
    }

    /// The table with its last column cut so that it fits; nothing if it fits, or cannot.
    fn cut(&self, width: u16) -> Option<Inner> {
        let widths = self.inner.column_max_content_widths();
        let (last, others) = widths.split_last()?;
        let padded = others.iter().map(|other| other.saturating_add(2));
        let room = width.checked_sub(padded.fold(0, u16::saturating_add))?;
        if room >= *last || room < NARROWEST || !self.ends_in_text {
            return None;
        }
        let mut table = self.inner.clone();
        let column = table.column_mut(others.len())?;
        column.set_padding((0, 0));
        column.set_constraint(ColumnConstraint::Absolute(Width::Fixed(room)));
        for row in table.row_iter_mut() {
            row.max_height(1);
        }
        Some(table)
    }
}

/// Text of a guest as it can be shown: nothing in it reaches the terminal as a command.
pub fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    shown
}

/// Bytes for a person, as Fuchsia's tools have them: `4k`, `1.5M`, `0`.
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["k", "M", "G", "T", "P", "E"];
    if bytes < 1024 {
        return bytes.to_string();
    }
    let mut tenths = u128::from(bytes) * 10;
    let mut unit = "";
    for name in UNITS {
        if tenths < 10240 {
            break;
        }
        tenths = tenths.div_ceil(1024);
        unit = name;
    }
    match tenths % 10 {
        0 => format!("{}{unit}", tenths / 10),
        rest => format!("{}.{rest}{unit}", tenths / 10),
    }
}

/// A number of things, such as `1 match`, `2 matches`.
pub fn counted(count: impl Into<u64>, thing: &str) -> String {
    match count.into() {
        1 => format!("1 {thing}"),
        count if thing.ends_with(['s', 'h']) => format!("{count} {thing}es"),
        count => format!("{count} {thing}s"),
    }
}

/// An address for a table.
pub fn address(value: impl Into<Hex>) -> String {
    value.into().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_short_and_never_rounded_down() {
        for (bytes, shown) in [
            (0, "0"),
            (1023, "1023"),
            (4096, "4k"),
            (1536 << 10, "1.5M"),
            ((1 << 20) + 1, "1.1M"),
            (64 << 20, "64M"),
            (u64::MAX, "16E"),
        ] {
            assert_eq!(size(bytes), shown, "{bytes}");
        }
    }

    #[test]
    fn one_thing_is_not_called_many() {
        let told = [(0_u64, "byte"), (1, "byte"), (2, "match"), (3, "process")];
        let told = told.map(|(count, thing)| counted(count, thing));
        assert_eq!(told, ["0 bytes", "1 byte", "2 matches", "3 processes"]);
    }

    #[test]
    fn what_does_not_fit_is_cut_at_the_end_of_lines_and_never_in_a_number() {
        let mut table = Table::new(&[
            Column::Text("RANGE"),
            Column::Number("SIZE"),
            Column::Text("NAME"),
        ]);
        let range = "0x10000000-10001000".to_owned();
        table.row([
            range.clone(),
            "4k".to_owned(),
            "a-name-without-end".to_owned(),
        ]);
        table.row([range, "4k".to_owned(), "short".to_owned()]);
        let printed = |width| {
            let mut bytes = Vec::new();
            table.print_within(width, &mut bytes).unwrap();
            String::from_utf8(bytes).unwrap()
        };
        let whole = "\
            RANGE                SIZE  NAME\n\
            0x10000000-10001000    4k  a-name-without-end\n\
            0x10000000-10001000    4k  short\n";
        for width in [
            None,
            Some(80),
            Some(45),
            Some(34),
            Some(20),
            Some(1),
            Some(0),
        ] {
            assert_eq!(printed(width), whole, "{width:?}");
        }
        let cut = "\
            RANGE                SIZE  NAME\n\
            0x10000000-10001000    4k  a-name-wit…\n\
            0x10000000-10001000    4k  short\n";
        assert_eq!(printed(Some(38)), cut);
    }

    #[test]
    fn what_a_guest_names_does_not_command_the_terminal() {
        assert_eq!(printable("a\x1b[31m\n\u{9b}é"), "a\\u{1b}[31m\\n\\u{9b}é");
        let mut table = Table::new(&[Column::Number("KOID"), Column::Text("NAME")]);
        table.row(["7".to_owned(), "two\nlines".to_owned()]);
        let mut bytes = Vec::new();
        table.print(&mut bytes).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        assert_eq!(text, "KOID  NAME\n   7  two\\nlines\n");
    }
}
