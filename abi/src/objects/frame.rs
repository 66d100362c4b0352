//! The frame table.

use crate::assert_layout;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// One frame's entry in the frame table at [`crate::RootBlock::frame_table`], indexed by
/// frame number (guest-physical address divided by the page size).
///
/// A frame that was never used has an entry of zeros, and so has one with one owner:
/// giving out a fresh frame touches neither the frame nor its entry.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct FrameEntry {
    /// Owners beyond the first: page lists that share the frame after a snapshot.
    pub extra_owners: u32,
    /// The number of the next frame in the free list this one is in, 0 at its end.
    pub next_free: u32,
}

assert_layout!(FrameEntry, size = 8, next_free @ 4);
