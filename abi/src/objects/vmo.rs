//! Virtual memory objects (reference §7).

use crate::assert_layout;
use crate::link::Link;
use crate::objects::{Mapping, NAME_LENGTH, ObjectHeader};
use bitflags::bitflags;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// Values of [`Vmo::kind`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VmoKind(pub u32);

impl VmoKind {
    /// Paged memory without a source: an absent page reads as zeros.
    pub const ANONYMOUS: Self = Self(0);
    /// A raw range of guest-physical addresses, not paged.
    pub const PHYSICAL: Self = Self(1);

    /// A lower-case word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ANONYMOUS => "anonymous",
            Self::PHYSICAL => "physical",
            _ => "?",
        }
    }
}

/// Values of [`Vmo::cache_policy`] (`ZX_CACHE_POLICY_*`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CachePolicy(pub u32);

impl CachePolicy {
    /// `ZX_CACHE_POLICY_CACHED`; the only one that allows bulk reads and writes.
    pub const CACHED: Self = Self(0);
    /// `ZX_CACHE_POLICY_UNCACHED`
    pub const UNCACHED: Self = Self(1);
    /// `ZX_CACHE_POLICY_UNCACHED_DEVICE`
    pub const UNCACHED_DEVICE: Self = Self(2);
    /// `ZX_CACHE_POLICY_WRITE_COMBINING`
    pub const WRITE_COMBINING: Self = Self(3);
}

bitflags! {
    /// Bits of [`Vmo::options`].
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct VmoOptions: u32 {
        /// `ZX_VMO_RESIZABLE`
        const RESIZABLE = 1 << 1;
        /// `ZX_VMO_UNBOUNDED`
        const UNBOUNDED = 1 << 4;
        /// A private clone that `zx_process_write_memory` made: it has no dispatcher.
        const PRIVATE_CLONE = 1 << 16;
    }
}

/// A VMO.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct Vmo {
    /// See there; a private clone has koid 0.
    pub header: ObjectHeader,
    /// NUL-terminated.
    pub name: [u8; NAME_LENGTH],
    /// Bytes, a multiple of the page size.
    pub size: u64,
    /// Bytes, as asked for: the stream ("content") size.
    pub stream_size: u64,
    /// One of [`VmoKind`].
    pub kind: u32,
    /// Bits of [`VmoOptions`].
    pub options: u32,
    /// One of [`CachePolicy`].
    pub cache_policy: u32,
    /// Levels of the page list: a tree of `n` levels covers `512^n` pages.
    pub levels: u32,
    /// Guest-physical address of the page list's topmost table (see [`crate::entry`]);
    /// zero while no page was ever present.
    pub pages: u64,
    /// Pages now present.
    pub page_count: u64,
    /// Koid of the VMO that it was made a child of; 0 for none.
    pub parent_koid: u64,
    /// Mappings of it, linked through [`Mapping::next_of_vmo`].
    pub first_mapping: Link<Mapping>,
    /// The next VMO in the list of all of them.
    pub next: Link<Vmo>,
    /// The previous one.
    pub previous: Link<Vmo>,
    /// Zero.
    pub reserved: [u64; 12],
}

assert_layout!(
    Vmo,
    size = 240,
    name @ 32,
    size @ 64,
    stream_size @ 72,
    kind @ 80,
    options @ 84,
    cache_policy @ 88,
    levels @ 92,
    pages @ 96,
    page_count @ 104,
    parent_koid @ 112,
    first_mapping @ 120,
    next @ 128,
    previous @ 136,
);

impl Vmo {
    /// Levels that a page list needs to cover `size` bytes, at least 1 and at most 6.
    #[must_use]
    pub const fn levels_for(size: u64) -> u32 {
        let mut levels = 1;
        let mut covered = 512 * crate::layout::PAGE_SIZE;
        while covered < size && levels < 6 {
            levels += 1;
            covered = covered.saturating_mul(512);
        }
        levels
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::MAX_VMO_SIZE;

    #[test]
    fn a_page_list_is_as_deep_as_its_size_needs() {
        assert_eq!(Vmo::levels_for(0), 1);
        assert_eq!(Vmo::levels_for(2 << 20), 1);
        assert_eq!(Vmo::levels_for((2 << 20) + 4096), 2);
        assert_eq!(Vmo::levels_for(1 << 30), 2);
        assert_eq!(Vmo::levels_for((1 << 30) + 4096), 3);
        assert_eq!(Vmo::levels_for(MAX_VMO_SIZE), 6);
    }
}
