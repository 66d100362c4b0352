//! The frame table.

use crate::assert_layout;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// [`FrameEntry::extra_owners`] of a frame in a free list.
pub const FREE_FRAME: u32 = u32::MAX;

/// One frame's entry in the frame table at [`crate::RootBlock::frame_table`], indexed by
/// frame number (guest-physical address divided by the page size).
///
/// A frame that was never used has an entry of zeros, and so has one with one owner:
/// giving out a fresh frame touches neither the frame nor its entry.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct FrameEntry {
    /// Of a frame in a page list: owners beyond the first, that is, page lists that share
    /// it after a snapshot. Of a table of a page list: its entries in use. Of a page table of
    /// a process: see [`FrameEntry::touched`]. Of a frame in a free list: [`FREE_FRAME`].
    pub extra_owners: u32,
    /// The number of the next frame in the list that this one is in (a free list, or
    /// the page tables of a process); 0 at its end.
    pub next_free: u32,
}

assert_layout!(FrameEntry, size = 8, next_free @ 4);

impl FrameEntry {
    /// Of a page table of a process: the first of its entries that were ever written, and
    /// one past the last; all others are zero. The kernel's entry of a topmost table does
    /// not count.
    #[must_use]
    pub const fn touched(self) -> (u32, u32) {
        (self.extra_owners & 0xFFFF, self.extra_owners >> 16)
    }

    /// Adds the entries from `first` up to `end`, at most 512, to [`FrameEntry::touched`].
    pub const fn touch(&mut self, first: u32, end: u32) {
        let (low, high) = self.touched();
        if high == 0 {
            self.extra_owners = first | end << 16;
        } else if first < low || end > high {
            let low = if first < low { first } else { low };
            let high = if end > high { end } else { high };
            self.extra_owners = low | high << 16;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_touched_is_one_range_that_only_grows() {
        let mut entry = FrameEntry::default();
        assert_eq!(entry.touched(), (0, 0));
        entry.touch(7, 8);
        assert_eq!(entry.touched(), (7, 8));
        entry.touch(511, 512);
        assert_eq!(entry.touched(), (7, 512));
        entry.touch(8, 20);
        assert_eq!(entry.touched(), (7, 512));
        entry.touch(0, 1);
        assert_eq!(entry.touched(), (0, 512));
    }
}
