//! RAM for tests: anonymous memory at any guest-physical addresses, no machine needed.

use super::{AccessError, BulkMemory, MemoryError, PhysicalMemory};
use vm_memory::mmap::{FromRangesError, MmapRegion};
use vm_memory::{GuestAddress, VolatileMemory, VolatileSlice};

/// RAM without a machine.
#[derive(Debug)]
pub struct MockRam {
    pieces: Vec<(GuestAddress, MmapRegion)>,
}

impl MockRam {
    /// `size` bytes of RAM from guest-physical 0 on, all zero.
    ///
    /// # Errors
    /// [`MemoryError`] if the host has no such memory.
    pub fn new(size: u64) -> Result<Self, MemoryError> {
        Self::with_pieces(&[(GuestAddress(0), size)])
    }

    /// RAM of these (address, length) pieces, all zero. Where they overlap, the first
    /// counts.
    ///
    /// # Errors
    /// [`MemoryError`] if the host has no such memory.
    pub fn with_pieces(pieces: &[(GuestAddress, u64)]) -> Result<Self, MemoryError> {
        let map = |&(base, size): &(GuestAddress, u64)| {
            let bytes = usize::try_from(size).map_err(|_| MemoryError::Size { size })?;
            let region = MmapRegion::new(bytes).map_err(|error| MemoryError::Map {
                size,
                source: FromRangesError::MmapRegion(error),
            })?;
            Ok((base, region))
        };
        Ok(Self {
            pieces: pieces.iter().map(map).collect::<Result<_, MemoryError>>()?,
        })
    }

    /// Its pieces (address, bytes), as they were given.
    #[must_use]
    pub fn pieces(&self) -> Vec<(GuestAddress, u64)> {
        let pieces = self.pieces.iter();
        pieces
            .map(|(base, region)| (*base, region.size() as u64))
            .collect()
    }

    fn locate(&self, at: GuestAddress) -> Option<(&MmapRegion, usize)> {
        self.pieces.iter().find_map(|(base, region)| {
            let offset = usize::try_from(at.0.checked_sub(base.0)?).ok()?;
            (offset < region.size()).then_some((region, offset))
        })
    }
}

impl PhysicalMemory for MockRam {
    fn contiguous_from(&self, at: GuestAddress) -> u64 {
        #[cfg(test)]
        meter::look();
        self.locate(at)
            .map_or(0, |(region, offset)| (region.size() - offset) as u64)
    }

    fn read_bytes(&self, at: GuestAddress, into: &mut [u8]) -> Result<(), AccessError> {
        self.slice(at, into.len() as u64)?.copy_to(into);
        Ok(())
    }
}

impl BulkMemory for MockRam {
    fn slice(&self, at: GuestAddress, length: u64) -> Result<VolatileSlice<'_>, AccessError> {
        #[cfg(test)]
        meter::look();
        let find = || {
            let (region, offset) = self.locate(at)?;
            region.get_slice(offset, usize::try_from(length).ok()?).ok()
        };
        find().ok_or(AccessError {
            address: at,
            length,
        })
    }
}

/// Looks at mock RAM, counted for tests of what walks over it.
#[cfg(test)]
pub(crate) mod meter {
    use std::cell::Cell;

    thread_local! {
        static LEFT: Cell<u64> = const { Cell::new(u64::MAX) };
    }

    /// From now on this thread may look so often, and panics should it look more.
    pub(crate) fn allow(looks: u64) {
        LEFT.set(looks);
    }

    /// Looks that are left.
    pub(crate) fn left() -> u64 {
        LEFT.get()
    }

    pub(super) fn look() {
        let left = LEFT.get().checked_sub(1);
        LEFT.set(left.expect("more looks at memory than the test allows"));
    }
}
