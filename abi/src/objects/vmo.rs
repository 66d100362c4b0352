//! Virtual memory objects (reference §7).

use crate::assert_layout;
use crate::link::Link;
use crate::objects::{Mapping, NAME_LENGTH, ObjectHeader, PageSource};
use bitflags::bitflags;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// Values of [`Vmo::kind`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VmoKind(pub u32);

impl VmoKind {
    /// Pages, in a page list.
    pub const PAGED: Self = Self(0);
    /// A raw range of guest-physical addresses, not paged.
    pub const PHYSICAL: Self = Self(1);

    /// A lower-case word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::PAGED => "paged",
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
    /// Bits of [`Vmo::options`]. Those below bit 16 are what `zx_vmo_create` and
    /// `zx_pager_create_vmo` take.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct VmoOptions: u32 {
        /// `ZX_VMO_RESIZABLE`
        const RESIZABLE = 1 << 1;
        /// `ZX_VMO_DISCARDABLE`
        const DISCARDABLE = 1 << 2;
        /// `ZX_VMO_TRAP_DIRTY`
        const TRAP_DIRTY = 1 << 3;
        /// `ZX_VMO_UNBOUNDED`
        const UNBOUNDED = 1 << 4;
        /// A private clone that `zx_process_write_memory` made: it has no dispatcher.
        const PRIVATE_CLONE = 1 << 16;
        /// A slice: its bytes are those of [`Vmo::source`] from [`Vmo::source_offset`] on.
        /// It has no pages of its own.
        const SLICE = 1 << 17;
        /// A reference: its bytes, sizes and cache policy are those of [`Vmo::source`]. It
        /// has no pages of its own.
        const REFERENCE = 1 << 18;
        /// A copy-on-write child of whatever kind.
        const CLONE = 1 << 19;
        /// Physically contiguous, all pages present for ever.
        const CONTIGUOUS = 1 << 20;
        /// A snapshot without a writer (`ZX_VMO_CHILD_NO_WRITE`).
        const IMMUTABLE = 1 << 21;
        /// The vDSO.
        const VDSO = 1 << 22;
        /// A discardable VMO whose pages were taken and that was not locked since: any
        /// access to a page is `ZX_ERR_NOT_FOUND`.
        const DISCARDED = 1 << 23;
        /// It has pages that a device uses: they may not go (here: the vDSO's).
        const PINNED = 1 << 24;
        /// No handle and no mapping leads to it any more; others keep it for its pages.
        const ORPHAN = 1 << 25;
        /// Discardable, and nobody has it locked since the last unlock: its pages may be
        /// taken.
        const RECLAIMABLE = 1 << 26;
    }
}

/// A VMO.
///
/// What a byte is, in this order: with `SLICE` or `REFERENCE`, the byte of
/// [`Vmo::source`]; the byte of the page in the page list, if it is present; if the offset
/// is below [`Vmo::source_limit`], the byte of [`Vmo::source`] at
/// [`Vmo::source_offset`] + offset, which may itself look further (zero beyond its size);
/// if it is below [`Vmo::pager_limit`], what the pager supplies; otherwise zero.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct Vmo {
    /// See there; a private clone has koid 0.
    pub header: ObjectHeader,
    /// NUL-terminated.
    pub name: [u8; NAME_LENGTH],
    /// Bytes, a multiple of the page size. Of a reference: not used.
    pub size: u64,
    /// Bytes, as asked for: the stream ("content") size. Of a reference: not used.
    pub stream_size: u64,
    /// One of [`VmoKind`].
    pub kind: u32,
    /// Bits of [`VmoOptions`].
    pub options: u32,
    /// One of [`CachePolicy`]. Of a slice or reference: not used.
    pub cache_policy: u32,
    /// Levels of the page list: a tree of `n` levels covers `512^n` pages.
    pub levels: u32,
    /// Guest-physical address of the page list's topmost table (see [`crate::entry`]);
    /// zero while no page was ever present.
    pub pages: u64,
    /// Pages now present.
    pub page_count: u64,
    /// Koid of the VMO that it was made a child of; 0 for none. Stays when that is gone.
    pub parent_koid: u64,
    /// Mappings of it, linked through [`Mapping::next_of_vmo`].
    pub first_mapping: Link<Mapping>,
    /// The next VMO in the list of all of them.
    pub next: Link<Vmo>,
    /// The previous one.
    pub previous: Link<Vmo>,
    /// The VMO whose child it counts as; keeps nothing alive. When that goes, its
    /// children become those of its own parent.
    pub parent: Link<Vmo>,
    /// Its first child, linked through [`Vmo::next_sibling`].
    pub first_child: Link<Vmo>,
    /// The next child of the same parent.
    pub next_sibling: Link<Vmo>,
    /// The previous one.
    pub previous_sibling: Link<Vmo>,
    /// Where bytes come from that it has not itself; keeps that VMO alive. Never a slice
    /// or a reference.
    pub source: Link<Vmo>,
    /// Offset in the source of its first byte, a multiple of the page size.
    pub source_offset: u64,
    /// Bytes from its start on that may come from the source, a multiple of the page
    /// size. Of slices and references: not used.
    pub source_limit: u64,
    /// What asks the pager; none if it has none of its own. Owned.
    pub page_source: Link<PageSource>,
    /// Bytes from its start on that come from the pager where pages are absent, a
    /// multiple of the page size.
    pub pager_limit: u64,
    /// Guest-physical address of the first byte of a physical or contiguous VMO.
    pub physical_base: u64,
    /// How many times a discardable VMO is locked.
    pub lock_count: u32,
    /// Number of its children.
    pub child_count: u32,
    /// Clones that get bytes from it ([`Vmo::source`]), slices and references not counted.
    pub clone_count: u32,
    /// Slices and references of it ([`Vmo::source`]).
    pub alias_count: u32,
    /// The first of the VMOs whose source this is, linked through
    /// [`Vmo::next_dependent`].
    pub first_dependent: Link<Vmo>,
    /// The next VMO with the same source.
    pub next_dependent: Link<Vmo>,
    /// The previous one.
    pub previous_dependent: Link<Vmo>,
    /// How many sources stand one behind the other, at most
    /// [`crate::layout::MAX_CLONE_DEPTH`].
    pub depth: u32,
    /// Of a contiguous VMO: `log2` of the alignment that was asked for.
    pub alignment_log2: u32,
    /// Offset of its first byte, added up through all copy-on-write parents that it was
    /// made of. It and the size together stay below 2^64 (reference §10.3).
    pub root_offset: u64,
    /// The next of the VMOs that share pages with it through snapshots, in a ring; none if
    /// it is alone. A ring of two or more is where Zircon has hidden parents.
    pub next_relative: Link<Vmo>,
    /// The previous one.
    pub previous_relative: Link<Vmo>,
}

assert_layout!(
    Vmo,
    size = 296,
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
    parent @ 144,
    first_child @ 152,
    source @ 176,
    source_offset @ 184,
    source_limit @ 192,
    page_source @ 200,
    pager_limit @ 208,
    physical_base @ 216,
    lock_count @ 224,
    clone_count @ 232,
    first_dependent @ 240,
    depth @ 264,
    root_offset @ 272,
    next_relative @ 280,
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
