//! Texts in static memory, for programs without an allocator.

use core::fmt;
use core::sync::atomic::{AtomicU8, AtomicU32, Ordering};

/// The most bytes of a text; what does not fit is cut off at a character.
pub(super) const LENGTH: usize = 1024;

/// A place for a text. Threads may meet here: then the text may come out mixed, but it is
/// text all the same.
pub(super) struct Slot {
    bytes: [AtomicU8; LENGTH],
    used: AtomicU32,
    /// Whose text it is, as the writer has said; 0 for nobody's.
    owner: AtomicU32,
}

impl Slot {
    pub(super) const fn new() -> Self {
        Self {
            bytes: [const { AtomicU8::new(0) }; LENGTH],
            used: AtomicU32::new(0),
            owner: AtomicU32::new(0),
        }
    }

    /// Replaces the text.
    pub(super) fn set(&self, owner: u32, text: &dyn fmt::Display) {
        self.owner.store(0, Ordering::Release);
        let mut writer = Writer {
            slot: self,
            used: 0,
        };
        // A full slot is what the error means; the cut is all there is to do.
        let _ = fmt::write(&mut writer, format_args!("{text}"));
        let used = u32::try_from(writer.used).unwrap_or(0);
        self.used.store(used, Ordering::Relaxed);
        self.owner.store(owner, Ordering::Release);
    }

    /// The text, if it is this owner's.
    pub(super) fn get(&self, owner: u32) -> Option<Text> {
        let mine = |slot: &Self| slot.owner.load(Ordering::Acquire) == owner;
        if !mine(self) {
            return None;
        }
        let mut text = Text {
            bytes: [0; LENGTH],
            used: usize::try_from(self.used.load(Ordering::Relaxed)).unwrap_or(0),
        };
        for (to, from) in text.bytes.iter_mut().zip(&self.bytes) {
            *to = from.load(Ordering::Relaxed);
        }
        mine(self).then_some(text)
    }
}

struct Writer<'a> {
    slot: &'a Slot,
    used: usize,
}

impl fmt::Write for Writer<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.chars() {
            let mut bytes = [0; 4];
            let bytes = character.encode_utf8(&mut bytes).as_bytes();
            let end = self.used + bytes.len();
            let places = self.slot.bytes.get(self.used..end).ok_or(fmt::Error)?;
            for (to, &from) in places.iter().zip(bytes) {
                to.store(from, Ordering::Relaxed);
            }
            self.used = end;
        }
        Ok(())
    }
}

/// A copy of a slot's text.
pub(super) struct Text {
    bytes: [u8; LENGTH],
    used: usize,
}

impl Text {
    pub(super) fn as_str(&self) -> &str {
        let bytes = self.bytes.get(..self.used).unwrap_or_default();
        core::str::from_utf8(bytes).unwrap_or("?")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_its_owners_and_is_cut_at_a_character() {
        let slot = Slot::new();
        assert!(slot.get(1).is_none());
        slot.set(1, &"short");
        assert_eq!(slot.get(1).unwrap().as_str(), "short");
        assert!(slot.get(2).is_none());
        slot.set(2, &format!("x{}", "ä".repeat(LENGTH)));
        let text = slot.get(2).unwrap();
        assert_eq!(text.as_str().chars().count(), 1 + (LENGTH - 1) / 2);
        assert!(slot.get(1).is_none());
    }
}
