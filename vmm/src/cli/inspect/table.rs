//! Tables that fit the terminal.

use comfy_table::{
    Cell, CellAlignment, ColumnConstraint, ContentArrangement, Table as Inner, presets,
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

/// A table for a person. On a terminal, long cells are wrapped so that it fits.
#[derive(Debug)]
pub struct Table(Inner);

impl Table {
    /// A table with these columns.
    pub fn new(columns: &[Column]) -> Self {
        let mut table = Inner::new();
        table.load_style(presets::NOTHING);
        table.set_content_arrangement(ContentArrangement::Dynamic);
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
        Self(table)
    }

    /// Never wraps that column's cells: the others make room.
    pub fn keep_whole(&mut self, column: usize) {
        if let Some(column) = self.0.column_mut(column) {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }

    /// Adds a row; control characters are shown as escapes, for names come from a guest.
    pub fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.0.add_row(cells.map(|cell| printable(&cell)));
    }

    /// Writes it.
    pub fn print(&self, stream: &mut dyn Write) -> io::Result<()> {
        for line in self.0.lines() {
            writeln!(stream, "{}", line.trim_end())?;
        }
        Ok(())
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
