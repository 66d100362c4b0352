//! One small entry for each frame.

use super::FrameKind;
use crate::inspect::{InspectedRam, Problems};
use crate::memory::MAX_RAM;
use abi::layout::PAGE_SHIFT;

/// Bits of a page's number that stand in [`Entry::rest`].
const HIGH_BITS: u32 = 20;
/// Where the kind stands there.
const KIND_SHIFT: u32 = 20;
/// Where the level stands there.
const LEVEL_SHIFT: u32 = 28;

/// What is known of a frame, in twelve bytes: a guest with 256 GiB has 64 Mi of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// Which process, VMO or kind of object.
    pub(super) who: u32,
    /// The low bits of the number of the page in the VMO or the address space.
    low: u32,
    /// The page's number above that, the kind, the level.
    rest: u32,
}

impl Default for Entry {
    fn default() -> Self {
        Self::new(FrameKind::Lost, 0, 0, 0)
    }
}

impl Entry {
    /// `page` is an offset or an address in pages, less than 2^52.
    #[allow(
        clippy::cast_possible_truncation,
        reason = "the parts of a number of 52 bits"
    )]
    pub(super) const fn new(kind: FrameKind, who: u32, page: u64, level: u32) -> Self {
        let high = (page >> 32) as u32 & ((1 << HIGH_BITS) - 1);
        Self {
            who,
            low: page as u32,
            rest: high | (kind as u32) << KIND_SHIFT | (level & 7) << LEVEL_SHIFT,
        }
    }

    pub(super) fn kind(self) -> FrameKind {
        let number = (self.rest >> KIND_SHIFT) & 0xFF;
        let kind = FrameKind::ALL.get(number as usize);
        kind.copied().unwrap_or_default()
    }

    pub(super) const fn page(self) -> u64 {
        let high = self.rest & ((1 << HIGH_BITS) - 1);
        self.low as u64 | (high as u64) << 32
    }

    pub(super) const fn level(self) -> u32 {
        self.rest >> LEVEL_SHIFT & 7
    }
}

/// The entries of all frames of RAM.
#[derive(Debug)]
pub(super) struct Table {
    /// First frame number and entries of each piece of RAM, in ascending order.
    pieces: Vec<(u64, Vec<Entry>)>,
}

impl Table {
    /// RAM beyond what a guest can have is left out: an image of it needs no room on a disk.
    pub(super) fn new(memory: &InspectedRam, problems: &mut Problems) -> Self {
        let mut left = usize::try_from(MAX_RAM >> PAGE_SHIFT).unwrap_or(usize::MAX);
        let pieces = memory.pieces().into_iter().map(|(base, length)| {
            // A piece that starts or ends within a frame has only part of it.
            let first = base.0 >> PAGE_SHIFT;
            let end = base.0.saturating_add(length).div_ceil(1 << PAGE_SHIFT);
            let count = usize::try_from(end.saturating_sub(first)).unwrap_or(0);
            let told = count.min(left);
            left -= told;
            if told < count {
                problems.note(format_args!(
                    "{count} frames of RAM at {:#x} are more than a guest can have: {} are left out",
                    base.0,
                    count - told
                ));
            }
            (first, vec![Entry::default(); told])
        });
        Self {
            pieces: pieces.collect(),
        }
    }

    fn locate(&self, frame: u64) -> Option<(usize, usize)> {
        let after = self.pieces.partition_point(|(first, _)| *first <= frame);
        let piece = after.checked_sub(1)?;
        let (first, entries) = self.pieces.get(piece)?;
        let index = usize::try_from(frame - first).ok()?;
        (index < entries.len()).then_some((piece, index))
    }

    pub(super) fn get(&self, frame: u64) -> Option<Entry> {
        let (piece, index) = self.locate(frame)?;
        self.pieces.get(piece)?.1.get(index).copied()
    }

    pub(super) fn get_mut(&mut self, frame: u64) -> Option<&mut Entry> {
        let (piece, index) = self.locate(frame)?;
        self.pieces.get_mut(piece)?.1.get_mut(index)
    }

    /// Frame numbers and entries, in ascending order.
    pub(super) fn all(&self) -> impl Iterator<Item = (u64, Entry)> {
        self.pieces
            .iter()
            .flat_map(|(first, entries)| (*first..).zip(entries.iter().copied()))
    }

    /// The same, to change them.
    pub(super) fn all_mut(&mut self) -> impl Iterator<Item = (u64, &mut Entry)> {
        self.pieces
            .iter_mut()
            .flat_map(|(first, entries)| (*first..).zip(entries.iter_mut()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_keeps_all_of_it() {
        assert_eq!(size_of::<Entry>(), 12);
        for kind in FrameKind::ALL {
            for page in [0, 1, u64::from(u32::MAX), 1 << 32, (1 << 52) - 1] {
                for level in [0, 1, 6, 7] {
                    let entry = Entry::new(kind, 77, page, level);
                    let back = (entry.kind(), entry.who, entry.page(), entry.level());
                    assert_eq!(back, (kind, 77, page, level));
                }
            }
        }
    }
}
