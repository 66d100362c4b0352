//! The RAM of a machine: a memory file, mapped.

use super::{AccessError, BulkMemory, MemoryError, PhysicalMemory};
use abi::layout::{HIGH_RAM_BASE, LOW_RAM_END, PAGE_SIZE};
use rustix::fs::{MemfdFlags, SealFlags};
use std::fs::File;
use std::sync::Arc;
use vm_memory::mmap::{FromRangesError, GuestRegionMmap, MmapRegion};
use vm_memory::{
    FileOffset, GuestAddress, GuestMemoryBackend, GuestMemoryMmap, GuestMemoryRegion,
    VolatileMemory, VolatileSlice,
};

/// The most RAM that a machine can have, in bytes: the frame table, which stands below
/// 3 GiB, is then 512 MiB.
pub const MAX_RAM: u64 = 256 << 30;

/// Guest RAM.
///
/// ```text
/// guest-physical                         memory file
/// 0            ┌───────────────────────┐ 0
///              │ low RAM               │
/// LOW_RAM_END  ├───────────────────────┤ LOW_RAM_END
///              │ no RAM (PC hole)      │
/// HIGH_RAM_BASE├───────────────────────┤ LOW_RAM_END
///              │ high RAM, if any      │
///              └───────────────────────┘ size
/// ```
///
/// The file is sealed in its size, so that nobody can take a page away under a running
/// machine. Its pages come into being when they are first touched.
#[derive(Debug)]
pub struct GuestRam {
    // The mappings of `memory`, found once: an access costs a comparison and an
    // addition, not a search.
    low: Arc<MmapRegion>,
    high: Option<Arc<MmapRegion>>,
    memory: GuestMemoryMmap,
    file: Arc<File>,
    size: u64,
}

/// One contiguous piece of RAM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RamRegion {
    /// Its first guest-physical address.
    pub base: GuestAddress,
    /// Its bytes.
    pub length: u64,
    /// Where it is mapped in this process; for KVM's memory slots.
    pub host_address: u64,
    /// Where it starts in the memory file, in bytes.
    pub file_offset: u64,
}

impl GuestRam {
    /// RAM of `size` bytes, all zero.
    ///
    /// # Errors
    /// [`MemoryError`] if the size is not a multiple of the page size, zero or beyond
    /// all reason, or if the host refuses.
    pub fn new(size: u64) -> Result<Self, MemoryError> {
        let invalid = MemoryError::Size { size };
        if size == 0 || !size.is_multiple_of(PAGE_SIZE) || size > MAX_RAM {
            return Err(invalid);
        }
        let low_length = size.min(LOW_RAM_END);
        let (Ok(low_bytes), Ok(high_bytes)) = (
            usize::try_from(low_length),
            usize::try_from(size - low_length),
        ) else {
            return Err(invalid);
        };
        let file = Arc::new(memory_file(size).map_err(|error| MemoryError::File {
            size,
            source: error.into(),
        })?);
        let failed = |source| MemoryError::Map { size, source };
        let map = |base, bytes, start| {
            GuestRegionMmap::from_range(
                GuestAddress(base),
                bytes,
                Some(FileOffset::from_arc(Arc::clone(&file), start)),
            )
            .map(Arc::new)
        };
        let low_region = map(0, low_bytes, 0).map_err(failed)?;
        let low = low_region.get_mmap();
        let mut regions = vec![low_region];
        let mut high = None;
        if high_bytes > 0 {
            let region = map(HIGH_RAM_BASE, high_bytes, low_length).map_err(failed)?;
            high = Some(region.get_mmap());
            regions.push(region);
        }
        let memory = GuestMemoryMmap::from_arc_regions(regions)
            .map_err(|error| failed(FromRangesError::Collection(error)))?;
        Ok(Self {
            low,
            high,
            memory,
            file,
            size,
        })
    }

    /// The same RAM as the rust-vmm crates know it.
    #[must_use]
    pub fn guest_memory(&self) -> &GuestMemoryMmap {
        &self.memory
    }

    /// Its pieces, in ascending order of address.
    pub fn regions(&self) -> impl Iterator<Item = RamRegion> + '_ {
        self.memory.iter().map(|region| RamRegion {
            base: region.start_addr(),
            length: region.len(),
            host_address: region.as_ptr().addr() as u64,
            file_offset: region.file_offset().map_or(0, FileOffset::start),
        })
    }

    /// All of it, in bytes.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The memory file.
    #[must_use]
    pub fn file(&self) -> &File {
        &self.file
    }

    /// The mapping that `at` would be in, and the offset in it.
    #[inline]
    fn locate(&self, at: GuestAddress) -> Option<(&MmapRegion, usize)> {
        match at.0.checked_sub(HIGH_RAM_BASE) {
            None => Some((&self.low, usize::try_from(at.0).ok()?)),
            Some(offset) => Some((self.high.as_deref()?, usize::try_from(offset).ok()?)),
        }
    }
}

impl PhysicalMemory for GuestRam {
    #[inline]
    fn contiguous_from(&self, at: GuestAddress) -> u64 {
        self.locate(at).map_or(0, |(region, offset)| {
            region.size().saturating_sub(offset) as u64
        })
    }

    #[inline]
    fn read_bytes(&self, at: GuestAddress, into: &mut [u8]) -> Result<(), AccessError> {
        self.slice(at, into.len() as u64)?.copy_to(into);
        Ok(())
    }

    #[inline]
    fn read_u64(&self, at: GuestAddress) -> Result<u64, AccessError> {
        self.locate(at)
            .and_then(|(region, offset)| region.get_ref::<u64>(offset).ok())
            .map(|word| u64::from_le(word.load()))
            .ok_or(AccessError {
                address: at,
                length: 8,
            })
    }
}

impl BulkMemory for GuestRam {
    #[inline]
    fn slice(&self, at: GuestAddress, length: u64) -> Result<VolatileSlice<'_>, AccessError> {
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

fn memory_file(size: u64) -> rustix::io::Result<File> {
    let file = rustix::fs::memfd_create(
        c"guest-ram",
        MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING,
    )?;
    rustix::fs::ftruncate(&file, size)?;
    rustix::fs::fcntl_add_seals(&file, SealFlags::SHRINK | SealFlags::GROW)?;
    Ok(File::from(file))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_that_no_machine_can_have_are_refused() {
        for size in [0, 1, PAGE_SIZE + 1, MAX_RAM + PAGE_SIZE, u64::MAX] {
            assert!(
                matches!(GuestRam::new(size), Err(MemoryError::Size { size: s }) if s == size),
                "{size:#x}"
            );
        }
    }

    #[test]
    fn ram_above_three_gib_goes_on_at_four() {
        let ram = GuestRam::new(LOW_RAM_END + 2 * PAGE_SIZE).unwrap();
        let regions: Vec<_> = ram.regions().collect();
        assert_eq!(regions.len(), 2);
        assert_eq!(regions[0].base, GuestAddress(0));
        assert_eq!(regions[0].length, LOW_RAM_END);
        assert_eq!(regions[1].base, GuestAddress(HIGH_RAM_BASE));
        assert_eq!(regions[1].length, 2 * PAGE_SIZE);
        assert_eq!(regions[1].file_offset, LOW_RAM_END);

        let last = GuestAddress(HIGH_RAM_BASE + 2 * PAGE_SIZE - 8);
        ram.write_bytes(last, &7u64.to_le_bytes()).unwrap();
        assert_eq!(ram.read_u64(last), Ok(7));
        for outside in [
            LOW_RAM_END - 4,
            LOW_RAM_END,
            HIGH_RAM_BASE - 8,
            last.0 + 4,
            u64::MAX,
        ] {
            let address = GuestAddress(outside);
            let length = 8;
            assert_eq!(ram.read_u64(address), Err(AccessError { address, length }));
            assert!(ram.slice(address, length).is_err());
        }
        assert_eq!(ram.contiguous_from(GuestAddress(LOW_RAM_END - 4)), 4);
        assert_eq!(ram.contiguous_from(GuestAddress(LOW_RAM_END)), 0);
        assert_eq!(ram.contiguous_from(GuestAddress(u64::MAX)), 0);
    }

    #[test]
    fn bytes_move_right_even_where_ranges_overlap() {
        let ram = GuestRam::new(4 * PAGE_SIZE).unwrap();
        let bytes: Vec<u8> = (0..=255).collect();
        ram.write_bytes(GuestAddress(100), &bytes).unwrap();
        ram.copy(GuestAddress(100), GuestAddress(103), 256).unwrap();
        let mut back = vec![0; 256];
        ram.read_bytes(GuestAddress(103), &mut back).unwrap();
        assert_eq!(back, bytes);
    }

    #[test]
    fn zeroing_touches_its_range_only() {
        let ram = GuestRam::new(4 * PAGE_SIZE).unwrap();
        ram.write_bytes(GuestAddress(0), &vec![0xAA; 4 * 4096])
            .unwrap();
        ram.zero(GuestAddress(10), 2 * PAGE_SIZE + 5).unwrap();
        let mut all = vec![0; 4 * 4096];
        ram.read_bytes(GuestAddress(0), &mut all).unwrap();
        for (at, byte) in all.iter().enumerate() {
            let inside = (10..10 + 2 * 4096 + 5).contains(&at);
            assert_eq!(*byte == 0, inside, "byte {at}");
        }
    }

    #[test]
    fn the_memory_file_cannot_be_truncated() {
        let ram = GuestRam::new(PAGE_SIZE).unwrap();
        assert!(ram.file().set_len(0).is_err());
        assert_eq!(ram.file().metadata().unwrap().len(), PAGE_SIZE);
    }
}
