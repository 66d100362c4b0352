//! Virtual memory objects.

use super::ViewError;
use super::load::{check_field, check_header, load, name_text};
use crate::memory::PhysicalMemory;
use crate::translate::{MAX_LEVELS, PageListCursor};
use abi::layout::{MAX_VMO_SIZE, PAGE_SIZE};
use abi::objects::{CachePolicy, ObjectType, Vmo, VmoKind};
use std::borrow::Cow;
use vm_memory::GuestAddress;

const NAME: &str = "vmo";

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

    /// Bytes, a multiple of the page size.
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

    /// A cursor over its pages.
    #[inline]
    pub fn pages<'m, M: PhysicalMemory>(&self, memory: &'m M) -> PageListCursor<'m, M> {
        PageListCursor::new(memory, GuestAddress(self.raw.pages), self.raw.levels)
    }
}
