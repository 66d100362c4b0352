//! Memory for tests: a VMO and its mapping, and addresses that are no memory.

use libzx::{MapOptions, Mapping, PAGE_SIZE, Vmo};

/// A page, as an argument of a call.
pub const PAGE: u64 = PAGE_SIZE as u64;

/// The first byte of the kernel half.
pub const KERNEL_BASE: u64 = abi::layout::PHYSMAP_BASE;

/// A VMO of its own, mapped whole.
#[derive(Debug)]
pub struct Area {
    /// The VMO.
    pub vmo: Vmo,
    /// Its mapping.
    pub map: Mapping,
}

impl Area {
    /// `pages` pages, readable and writable, not yet present.
    ///
    /// # Errors
    /// The status of the call that failed.
    pub fn new(pages: usize) -> libzx::Result<Self> {
        Self::with_options(pages, MapOptions::READ_WRITE)
    }

    /// `pages` pages with a mapping of other permissions.
    ///
    /// # Errors
    /// The status of the call that failed.
    pub fn with_options(pages: usize, options: MapOptions) -> libzx::Result<Self> {
        let length = pages * PAGE_SIZE;
        let vmo = Vmo::create(length as u64)?;
        let map = Mapping::new(&vmo, length, options)?;
        Ok(Self { vmo, map })
    }

    /// `pages` pages that a store has made present.
    ///
    /// # Errors
    /// The status of the call that failed.
    pub fn touched(pages: usize) -> libzx::Result<Self> {
        let area = Self::new(pages)?;
        for page in 0..pages {
            area.map.store(page * PAGE_SIZE, &[0]);
        }
        Ok(area)
    }

    /// The VMO's handle value.
    #[must_use]
    pub const fn handle(&self) -> u32 {
        self.vmo.handle().raw()
    }

    /// The address of the byte at `offset`, as an argument of a call.
    #[must_use]
    pub const fn at(&self, offset: u64) -> u64 {
        self.map.address() as u64 + offset
    }

    /// Stores the pattern with that seed into the first `length` bytes.
    pub fn fill(&self, seed: u64, length: usize) {
        for offset in 0..length {
            self.map
                .store(offset, &[crate::pattern::byte(seed, offset as u64)]);
        }
    }

    /// Where the mapping first differs from the pattern: `length` bytes from `from` on
    /// against the pattern from `offset` on.
    #[must_use]
    pub fn mismatch(&self, seed: u64, from: usize, offset: u64, length: usize) -> Option<u64> {
        let mut places = (from..from + length).zip(offset..);
        places
            .find(|&(place, at)| self.map.byte(place) != crate::pattern::byte(seed, at))
            .map(|(_, at)| at)
    }

    /// Whether `length` bytes from `offset` on all are `value`.
    #[must_use]
    pub fn all(&self, offset: usize, length: usize, value: u8) -> bool {
        (offset..offset + length).all(|at| self.map.byte(at) == value)
    }
}

/// Why an address can be no buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Badness {
    /// It is NULL.
    Null,
    /// It is not in the user range, or its range leaves it.
    Outside,
    /// It is in the user range but nothing is mapped there.
    Unmapped,
}

/// Addresses that are no memory, with a word for each.
pub const BAD_ADDRESSES: [(&str, u64, Badness); 13] = [
    ("null", 0, Badness::Null),
    ("one", 1, Badness::Outside),
    (
        "below the user range",
        abi::layout::USER_BASE - 1,
        Badness::Outside,
    ),
    (
        "the last page below the hole",
        abi::layout::USER_TOP,
        Badness::Outside,
    ),
    ("the top of the lower half", (1 << 47) - 1, Badness::Outside),
    ("not canonical", 1 << 47, Badness::Outside),
    (
        "not canonical, in the middle",
        0x8000_0000_0000_0000,
        Badness::Outside,
    ),
    ("the kernel half", KERNEL_BASE, Badness::Outside),
    (
        "5 before the kernel half",
        KERNEL_BASE - 5,
        Badness::Outside,
    ),
    (
        "the kernel image",
        abi::layout::KERNEL_IMAGE_BASE,
        Badness::Outside,
    ),
    ("wrapping", u64::MAX, Badness::Outside),
    ("wrapping, unaligned", u64::MAX - 6, Badness::Outside),
    (
        "nothing mapped, unaligned",
        0x7000_0000_0123,
        Badness::Unmapped,
    ),
];
