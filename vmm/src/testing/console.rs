//! What a guest printed, in bounded space.

use std::collections::VecDeque;

/// Bytes that are kept of the beginning.
const HEAD: usize = 16 << 10;
/// Bytes that are kept of the end.
const TAIL: usize = 48 << 10;

/// The beginning and the end of what was printed.
#[derive(Clone, Debug, Default)]
pub(super) struct Console {
    head: Vec<u8>,
    tail: VecDeque<u8>,
    left_out: u64,
}

impl Console {
    /// Adds more.
    pub(super) fn add(&mut self, text: &[u8]) {
        let room = HEAD.saturating_sub(self.head.len()).min(text.len());
        let (head, rest) = text.split_at_checked(room).unwrap_or((text, &[]));
        self.head.extend_from_slice(head);
        self.tail.extend(rest);
        let excess = self.tail.len().saturating_sub(TAIL);
        self.tail.drain(..excess);
        self.left_out += excess as u64;
    }

    /// All of it; where something is missing, a line says how much.
    pub(super) fn text(&self) -> Vec<u8> {
        let mut text = self.head.clone();
        if self.left_out > 0 {
            let note = format!("\n[... {} bytes left out ...]\n", self.left_out);
            text.extend_from_slice(note.as_bytes());
        }
        text.extend(&self.tail);
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_beginning_and_the_end_are_kept_and_the_middle_is_counted() {
        let mut console = Console::default();
        console.add(b"first");
        console.add(&vec![b'x'; 1 << 20]);
        console.add(b"last");
        let text = console.text();
        assert!(text.starts_with(b"first") && text.ends_with(b"last"));
        let left_out = (1 << 20) + 9 - HEAD - TAIL;
        let note = format!("[... {left_out} bytes left out ...]");
        assert!(String::from_utf8(text).unwrap().contains(&note));
    }

    #[test]
    fn little_is_kept_as_it_is() {
        let mut console = Console::default();
        console.add(b"one\n");
        console.add(b"\xFFtwo");
        assert_eq!(console.text(), b"one\n\xFFtwo");
    }
}
