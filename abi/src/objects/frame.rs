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
    /// it after a snapshot. Of a table of a page list: its entries in use. Of a frame in a
    /// free list: [`FREE_FRAME`].
    pub extra_owners: u32,
    /// The number of the next frame in the list that this one is in (a free list, or
    /// the page tables of a process); 0 at its end.
    pub next_free: u32,
}

assert_layout!(FrameEntry, size = 8, next_free @ 4);
