//! Text in bytes, as `strings` finds it.

use super::super::Hex;
use serde::Serialize;

/// Characters of a string that are kept; a longer one is told in parts.
const LONGEST: usize = 4096;

/// Printable characters one after the other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FoundString {
    /// Where it stands.
    pub address: Hex,
    /// Itself: ASCII, and tabs.
    pub text: String,
}

/// Finds text in bytes that come in ascending order of address.
#[derive(Debug)]
pub struct Strings {
    least: usize,
    /// Where `text` started.
    start: u64,
    text: String,
    /// The text is the rest of one that was told.
    continues: bool,
}

impl Strings {
    /// Strings of at least so many characters.
    #[must_use]
    pub fn new(least: usize) -> Self {
        Self {
            least: least.clamp(1, LONGEST),
            start: 0,
            text: String::new(),
            continues: false,
        }
    }

    /// Bytes that follow those before, or do not: then a string ends there.
    pub fn bytes(&mut self, address: u64, bytes: &[u8], each: &mut dyn FnMut(FoundString)) {
        if self.start.wrapping_add(self.text.len() as u64) != address {
            self.finish(each);
        }
        for (at, byte) in (address..).zip(bytes) {
            if !matches!(byte, b' '..=b'~' | b'\t') {
                self.finish(each);
                continue;
            }
            if self.text.is_empty() {
                self.start = at;
            }
            self.text.push(char::from(*byte));
            if self.text.len() >= LONGEST {
                self.tell(each);
                self.continues = true;
                self.start = at.wrapping_add(1);
            }
        }
    }

    /// No more bytes follow.
    pub fn finish(&mut self, each: &mut dyn FnMut(FoundString)) {
        self.tell(each);
        self.continues = false;
    }

    fn tell(&mut self, each: &mut dyn FnMut(FoundString)) {
        let text = std::mem::take(&mut self.text);
        if text.len() >= self.least || (self.continues && !text.is_empty()) {
            each(FoundString {
                address: Hex(self.start),
                text,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(least: usize, pieces: &[(u64, &[u8])]) -> Vec<(u64, String)> {
        let (mut found, mut strings) = (Vec::new(), Strings::new(least));
        for (address, bytes) in pieces {
            strings.bytes(*address, bytes, &mut |one| {
                found.push((one.address.0, one.text))
            });
        }
        strings.finish(&mut |one| found.push((one.address.0, one.text)));
        found
    }

    #[test]
    fn text_of_the_least_length_is_found_across_pieces_but_not_across_holes() {
        let found = all(
            4,
            &[
                (0x10, b"\0abc\0wor"),
                (0x18, b"d\ton\x7fcut"),
                (0x30, b"off!"),
            ],
        );
        let expected = [(0x15, "word\ton"), (0x30, "off!")];
        assert_eq!(found, expected.map(|(at, text)| (at, text.to_owned())));
    }

    #[test]
    fn a_string_without_end_takes_no_memory_without_end() {
        let bytes = vec![b'x'; 3 * LONGEST + 2];
        let found = all(8, &[(0, &bytes)]);
        let lengths: Vec<_> = found.iter().map(|(at, text)| (*at, text.len())).collect();
        let step = LONGEST as u64;
        assert_eq!(
            lengths,
            [
                (0, LONGEST),
                (step, LONGEST),
                (2 * step, LONGEST),
                (3 * step, 2)
            ]
        );
    }
}
