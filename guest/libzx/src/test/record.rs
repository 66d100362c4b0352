//! Lines of the report protocol (`docs/test-protocol.md`).

use crate::raw;
use core::fmt::{self, Write};

/// The most bytes of a record, its newline included.
const LENGTH: usize = 4096;

/// A record in the making, written to the console in one piece.
pub(super) struct Record {
    bytes: [u8; LENGTH],
    used: usize,
}

impl Record {
    /// A record of that kind.
    pub(super) fn new(kind: &str) -> Self {
        let mut record = Self {
            bytes: [0; LENGTH],
            used: 0,
        };
        record.push("%TEST ");
        record.push(kind);
        record
    }

    /// Adds a field that is a number.
    pub(super) fn number(mut self, number: impl fmt::Display) -> Self {
        let _ = write!(Plain(&mut self), " {number}");
        self
    }

    /// Adds the place `file:line`.
    pub(super) fn place(mut self, file: &str, line: u32) -> Self {
        self.push(" ");
        let _ = write!(Escaped(&mut self, true), "{file}:{line}");
        self
    }

    /// Adds the field that reaches to the end of the line; what does not fit is cut off.
    pub(super) fn text(mut self, text: impl fmt::Display) -> Self {
        self.push(" ");
        let _ = write!(Escaped(&mut self, false), "{text}");
        self
    }

    /// The line.
    fn finish(&mut self) -> &[u8] {
        if let Some(end) = self.bytes.get_mut(self.used) {
            *end = b'\n';
            self.used += 1;
        }
        self.bytes.get(..self.used).unwrap_or_default()
    }

    /// Writes it to the console.
    pub(super) fn send(mut self) {
        let line = self.finish();
        // SAFETY: `line` is readable for its length. There is nobody to tell if the
        // console does not take it.
        unsafe { raw::zx_debug_write(line.as_ptr(), line.len()) };
    }

    /// Adds a piece whole or not at all; the last byte is the newline's.
    fn push(&mut self, piece: &str) -> bool {
        let end = self.used + piece.len();
        let room = self.bytes.get_mut(self.used..end);
        match room {
            Some(room) if end < LENGTH => {
                room.copy_from_slice(piece.as_bytes());
                self.used = end;
                true
            }
            _ => false,
        }
    }
}

/// Text as it is.
struct Plain<'a>(&'a mut Record);

impl Write for Plain<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.push(text).then_some(()).ok_or(fmt::Error)
    }
}

/// Text with newlines, backslashes and, in a place, spaces written as the protocol says.
struct Escaped<'a>(&'a mut Record, bool);

impl Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.chars() {
            let mut bytes = [0; 4];
            let piece = match character {
                '\n' => "\\n",
                '\\' => "\\\\",
                ' ' if self.1 => "\\s",
                // A carriage return or an escape sequence would disturb the reader.
                other if other.is_control() => "?",
                other => other.encode_utf8(&mut bytes),
            };
            self.0.push(piece).then_some(()).ok_or(fmt::Error)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(mut record: Record) -> String {
        String::from_utf8(record.finish().to_vec()).unwrap()
    }

    #[test]
    fn fields_are_separated_by_spaces_and_escaped() {
        let record = Record::new("fail").number(3).place("my file.rs", 7);
        let record = record.text("a\nb\\c \u{1b}[1m");
        assert_eq!(
            line(record),
            "%TEST fail 3 my\\sfile.rs:7 a\\nb\\\\c ?[1m\n"
        );
        assert_eq!(line(Record::new("done")), "%TEST done\n");
    }

    #[test]
    fn a_long_record_is_cut_and_still_ends_with_a_newline() {
        for odd in ["", "x"] {
            let text = format!("{odd}{}", "ä".repeat(LENGTH));
            let line = line(Record::new("skip").number(1).text(text));
            assert!((LENGTH - 2..=LENGTH).contains(&line.len()));
            assert!(line.ends_with("ä\n"));
        }
        let escaped = line(Record::new("skip").number(1).text("\n".repeat(LENGTH)));
        assert!(escaped.ends_with("\\n\n"), "an escape is never cut apart");
    }
}
