//! Virtual memory objects.

use super::load::{check_field, check_header, load, name_text};
use super::{List, MappingView, ViewError, VmoContents};
use crate::memory::PhysicalMemory;
use crate::translate::{MAX_LEVELS, PageListCursor};
use abi::layout::{MAX_VMO_SIZE, PAGE_SIZE};
use abi::objects::{CachePolicy, ObjectType, Vmo, VmoKind, VmoOptions};
use std::borrow::Cow;
use vm_memory::GuestAddress;

pub(super) const NAME: &str = "vmo";
/// The most entries of one of its lists that are looked at.
const MAX_ENTRIES: usize = 1 << 20;

/// Which part of another VMO a slice or a reference is; of any other VMO, all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Offset in the VMO that has the bytes, of the first byte.
    pub base: u64,
    /// Bytes, a multiple of the page size.
    pub size: u64,
}

/// A VMO.
#[derive(Clone, Copy, Debug)]
pub struct VmoView {
    address: GuestAddress,
    raw: Vmo,
}

impl VmoView {
    /// The VMO at `address`.
    ///
    /// # Errors
    /// [`ViewError`] if there is none, or a broken one.
    #[inline]
    pub fn read<M: PhysicalMemory>(memory: &M, address: GuestAddress) -> Result<Self, ViewError> {
        let raw: Vmo = load(memory, NAME, address)?;
        check_header(NAME, address, &raw.header, ObjectType::VMO)?;
        let field =
            |name, value, holds, rule| check_field(NAME, address, (name, value), holds, rule);
        field(
            "size",
            raw.size,
            raw.size.is_multiple_of(PAGE_SIZE) && raw.size <= MAX_VMO_SIZE,
            "a size is a multiple of the page size, and at most 2^64 - 256 KiB",
        )?;
        field(
            "kind",
            u64::from(raw.kind),
            raw.kind <= VmoKind::PHYSICAL.0,
            "there is no such kind",
        )?;
        field(
            "cache_policy",
            u64::from(raw.cache_policy),
            raw.cache_policy <= CachePolicy::WRITE_COMBINING.0,
            "there is no such policy",
        )?;
        field(
            "pages",
            raw.pages,
            raw.pages.is_multiple_of(PAGE_SIZE),
            "a table starts on a page boundary",
        )?;
        field(
            "levels",
            u64::from(raw.levels),
            raw.levels <= MAX_LEVELS && (raw.levels > 0 || raw.pages == 0),
            "a page list has 1 to 6 levels",
        )?;
        if !raw.source.is_none() {
            field(
                "source_offset",
                raw.source_offset,
                raw.source_offset.is_multiple_of(PAGE_SIZE)
                    && raw.source_offset.checked_add(raw.size).is_some()
                    && raw.source_offset.checked_add(raw.source_limit).is_some(),
                "it is a multiple of the page size, and the range must not wrap",
            )?;
            field(
                "source_limit",
                raw.source_limit,
                raw.source_limit.is_multiple_of(PAGE_SIZE),
                "it is a multiple of the page size",
            )?;
        }
        field(
            "pager_limit",
            raw.pager_limit,
            raw.pager_limit.is_multiple_of(PAGE_SIZE),
            "it is a multiple of the page size",
        )?;
        Ok(Self { address, raw })
    }

    /// Where it stands.
    #[must_use]
    pub const fn address(&self) -> GuestAddress {
        self.address
    }

    /// All of its fields.
    #[must_use]
    pub const fn raw(&self) -> &Vmo {
        &self.raw
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> Cow<'_, str> {
        name_text(&self.raw.name)
    }

    /// Its koid; 0 for a private clone.
    #[must_use]
    pub const fn koid(&self) -> u64 {
        self.raw.header.koid
    }

    /// Bytes, a multiple of the page size. A reference has the size of its source
    /// ([`VmoView::enter`]).
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.raw.size
    }

    /// Whether it is a raw range of addresses rather than pages.
    #[must_use]
    pub fn is_physical(&self) -> bool {
        VmoKind(self.raw.kind) == VmoKind::PHYSICAL
    }

    /// Whether its cache policy is the ordinary one, the only one that allows bulk
    /// access.
    #[must_use]
    pub fn is_cached(&self) -> bool {
        CachePolicy(self.raw.cache_policy) == CachePolicy::CACHED
    }

    /// Its options; bits without a meaning are left out.
    #[must_use]
    pub const fn options(&self) -> VmoOptions {
        VmoOptions::from_bits_truncate(self.raw.options)
    }

    /// Whether it is a slice or a reference: it has no bytes of its own.
    #[inline]
    #[must_use]
    pub const fn is_alias(&self) -> bool {
        self.options()
            .intersects(VmoOptions::SLICE.union(VmoOptions::REFERENCE))
    }

    /// Whether its pages were taken and it was not locked since: no page of it can be had
    /// (reference §4.4).
    #[must_use]
    pub const fn is_discarded(&self) -> bool {
        self.options().contains(VmoOptions::DISCARDED)
    }

    /// Whether a byte without a page of its own may be anything but zero: it looks through
    /// to another VMO, or a pager supplies it.
    #[inline]
    #[must_use]
    pub const fn is_layered(&self) -> bool {
        self.raw.pager_limit != 0 || !self.raw.source.is_none()
    }

    /// Whether a pager supplies pages of this very VMO.
    #[must_use]
    pub const fn has_pager(&self) -> bool {
        self.raw.pager_limit != 0 || !self.raw.page_source.is_none()
    }

    /// Where the VMO stands that it gets bytes from; `None` if there is none.
    #[must_use]
    pub const fn source(&self) -> Option<GuestAddress> {
        match self.raw.source.address() {
            0 => None,
            address => Some(GuestAddress(address)),
        }
    }

    /// Goes on to the VMO that has the bytes: the source in place of a slice or a reference,
    /// any other stays. Says which part of it the VMO was that it came from.
    ///
    /// # Errors
    /// [`ViewError`] if the source is broken, or an alias itself.
    #[inline]
    pub fn enter<M: PhysicalMemory>(&mut self, memory: &M) -> Result<Window, ViewError> {
        if self.is_alias() {
            return self.enter_source(memory);
        }
        let size = self.size();
        Ok(Window { base: 0, size })
    }

    #[cold]
    fn enter_source<M: PhysicalMemory>(&mut self, memory: &M) -> Result<Window, ViewError> {
        let alias = self.raw;
        *self = Self::read_source(memory, GuestAddress(alias.source.address()))?;
        Ok(if alias.options & VmoOptions::SLICE.bits() != 0 {
            Window {
                base: alias.source_offset,
                size: alias.size,
            }
        } else {
            Window {
                base: 0,
                size: self.size(),
            }
        })
    }

    /// The VMO at `address`, which another one gets bytes from.
    pub(super) fn read_source<M: PhysicalMemory>(
        memory: &M,
        address: GuestAddress,
    ) -> Result<Self, ViewError> {
        let source = Self::read(memory, address)?;
        check_field(
            NAME,
            address,
            ("options", u64::from(source.raw.options)),
            !source.is_alias(),
            "the source of a VMO is no slice and no reference",
        )?;
        Ok(source)
    }

    /// A cursor over what its bytes read as. It counts for the VMO that has the bytes
    /// ([`VmoView::enter`]).
    #[inline]
    pub fn contents<'m, M: PhysicalMemory>(&self, memory: &'m M) -> VmoContents<'m, M> {
        VmoContents::new(memory, self)
    }

    /// Its mappings, those joined to others included.
    pub fn mappings<'m, M: PhysicalMemory>(&self, memory: &'m M) -> List<'m, M, MappingView> {
        let first = self.raw.first_mapping.address();
        let next = |mapping: &MappingView| mapping.raw().next_of_vmo.address();
        let read = MappingView::read::<M>;
        List::new(memory, "mapping", first, MAX_ENTRIES, read, next)
    }

    /// Its children.
    pub fn children<'m, M: PhysicalMemory>(&self, memory: &'m M) -> List<'m, M, Self> {
        let first = self.raw.first_child.address();
        let next = |child: &Self| child.raw.next_sibling.address();
        List::new(memory, NAME, first, MAX_ENTRIES, Self::read::<M>, next)
    }

    /// Those that get bytes from it.
    pub fn dependents<'m, M: PhysicalMemory>(&self, memory: &'m M) -> List<'m, M, Self> {
        let first = self.raw.first_dependent.address();
        let next = |dependent: &Self| dependent.raw.next_dependent.address();
        List::new(memory, NAME, first, MAX_ENTRIES, Self::read::<M>, next)
    }

    /// A cursor over the pages of its own.
    #[inline]
    pub fn pages<'m, M: PhysicalMemory>(&self, memory: &'m M) -> PageListCursor<'m, M> {
        PageListCursor::new(memory, GuestAddress(self.raw.pages), self.raw.levels)
    }
}
