//! Bytes as `hexdump -C` shows them.

use super::Gap;
use std::io::{self, Write};

/// Bytes of a line.
const LINE: usize = 16;

/// Writes bytes, in ascending order of address, sixteen to a line; lines that repeat the one
/// before are folded into one `*`, as `hexdump -C` does. Lines start at multiples of 16.
#[derive(Debug)]
pub struct HexDump {
    digits: usize,
    /// Bytes that stand at the same places of a line, gathered until it is full.
    line: [Option<u8>; LINE],
    /// The address of the line's first place; `None` before the first byte.
    start: Option<u64>,
    /// One past the last byte or hole.
    end: u64,
    last: Option<[Option<u8>; LINE]>,
    folded: bool,
}

impl HexDump {
    /// A dump of addresses up to `end`, which says how wide they are.
    #[must_use]
    pub const fn new(end: u64) -> Self {
        Self {
            digits: digits_for(end),
            line: [None; LINE],
            start: None,
            end: 0,
            last: None,
            folded: false,
        }
    }

    /// Bytes.
    ///
    /// # Errors
    /// Those of the stream.
    pub fn bytes(&mut self, out: &mut dyn Write, address: u64, mut bytes: &[u8]) -> io::Result<()> {
        let mut at = address;
        while !bytes.is_empty() {
            let place = usize::try_from(at % LINE as u64).unwrap_or(0);
            let start = at - place as u64;
            if self.start != Some(start) {
                self.flush(out)?;
                self.start = Some(start);
            }
            let count = bytes.len().min(LINE - place);
            let (now, later) = bytes.split_at(count);
            for (slot, byte) in self.line.iter_mut().skip(place).zip(now) {
                *slot = Some(*byte);
            }
            bytes = later;
            at = at.wrapping_add(count as u64);
            self.end = at;
        }
        Ok(())
    }

    /// A hole.
    ///
    /// # Errors
    /// Those of the stream.
    pub fn hole(
        &mut self,
        out: &mut dyn Write,
        address: u64,
        length: u64,
        gap: &Gap,
    ) -> io::Result<()> {
        self.flush(out)?;
        (self.last, self.folded) = (None, false);
        let digits = self.digits;
        self.end = address.wrapping_add(length);
        let end = self.end;
        writeln!(
            out,
            "{address:0digits$x}  [{length:#x} bytes up to {end:#x}: {gap}]"
        )
    }

    /// The last line, and where it ends.
    ///
    /// # Errors
    /// Those of the stream.
    pub fn finish(&mut self, out: &mut dyn Write) -> io::Result<()> {
        self.flush(out)?;
        let digits = self.digits;
        writeln!(out, "{:0digits$x}", self.end)
    }

    fn flush(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let Some(start) = self.start.take() else {
            return Ok(());
        };
        let line = std::mem::replace(&mut self.line, [None; LINE]);
        if self.last == Some(line) {
            if !self.folded {
                self.folded = true;
                writeln!(out, "*")?;
            }
            return Ok(());
        }
        (self.last, self.folded) = (Some(line), false);
        let mut text = String::with_capacity(80);
        for (place, byte) in line.iter().enumerate() {
            if place % 8 == 0 {
                text.push(' ');
            }
            match byte {
                Some(byte) => text.push_str(&format!(" {byte:02x}")),
                None => text.push_str("   "),
            }
        }
        let shown = line.map(|byte| match byte {
            Some(byte @ b' '..=b'~') => char::from(byte),
            Some(_) => '.',
            None => ' ',
        });
        let shown: String = shown.iter().collect();
        let digits = self.digits;
        writeln!(
            out,
            "{start:0digits$x}{text}  |{}|",
            shown.trim_end_matches(|c| {
                // Only what is not there; a space that is shall be seen.
                c == ' ' && line.last() == Some(&None)
            })
        )
    }
}

/// Hexadecimal digits of addresses below `end`: as `hexdump` has them, and twelve or
/// sixteen where that is not enough.
pub(super) const fn digits_for(end: u64) -> usize {
    match end.saturating_sub(1) >> 32 {
        0 => 8,
        1..=0xFFFF => 12,
        _ => 16,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dump(pieces: &[(u64, &[u8])], end: u64) -> String {
        let (mut out, mut dump) = (Vec::new(), HexDump::new(end));
        for (address, bytes) in pieces {
            dump.bytes(&mut out, *address, bytes).unwrap();
        }
        dump.finish(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_line_is_that_of_hexdump() {
        assert_eq!(
            dump(&[(0x1000, b"Hello, world!\n\0\xff")], 0x1010),
            "00001000  48 65 6c 6c 6f 2c 20 77  6f 72 6c 64 21 0a 00 ff  |Hello, world!...|\n\
             00001010\n"
        );
    }

    #[test]
    fn pieces_are_joined_and_lines_stay_aligned() {
        assert_eq!(
            dump(&[(0x0E, b"ab"), (0x10, b"c"), (0x11, b"d ")], 0x13),
            "00000000                                             61 62  |              ab|\n\
             00000010  63 64 20                                          |cd |\n\
             00000013\n"
                .replace("|cd |", "|cd|")
        );
    }

    #[test]
    fn lines_that_repeat_are_folded_once() {
        let zeros = [0; 0x100];
        assert_eq!(
            dump(&[(0, &zeros), (0x100, b"x")], 0x101),
            "00000000  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  |................|\n\
             *\n\
             00000100  78                                                |x|\n\
             00000101\n"
        );
    }

    #[test]
    fn what_follows_a_hole_is_never_folded_into_what_was_before() {
        let (mut out, mut dump) = (Vec::new(), HexDump::new(0x7000_0000_0000));
        dump.bytes(&mut out, 0x1000, &[0; 32]).unwrap();
        dump.hole(&mut out, 0x1020, 0xFE0, &Gap::NoPage).unwrap();
        dump.bytes(&mut out, 0x2000, &[0; 16]).unwrap();
        dump.finish(&mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines.len(), 5, "{text}");
        assert_eq!(
            lines[2],
            "000000001020  [0xfe0 bytes up to 0x2000: no page yet, reads as zeros]"
        );
        assert!(lines[3].starts_with("000000002000  00"), "{text}");
    }
}
