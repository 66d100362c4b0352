//! Mappings.

use super::ViewError;
use super::load::{check_field, check_header, load};
use super::region::check_region;
use crate::memory::PhysicalMemory;
use abi::layout::PAGE_SIZE;
use abi::objects::{Mapping, MappingFlags, ObjectType, Permissions};
use vm_memory::GuestAddress;

pub(super) const NAME: &str = "mapping";

/// Where a mapping ends, in addresses and in its VMO.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MappingEnd {
    address: u64,
    vmo: u64,
    vmo_offset: u64,
}

/// A mapping of a range of a VMO.
#[derive(Clone, Copy, Debug)]
pub struct MappingView {
    address: GuestAddress,
    raw: Mapping,
}

impl MappingView {
    /// The mapping at `address`.
    ///
    /// # Errors
    /// [`ViewError`] if there is none, or a broken one.
    #[inline]
    pub fn read<M: PhysicalMemory>(memory: &M, address: GuestAddress) -> Result<Self, ViewError> {
        let raw: Mapping = load(memory, NAME, address)?;
        check_header(NAME, address, &raw.region.header, ObjectType::MAPPING)?;
        Self::checked(address, raw)
    }

    /// The same from a copy whose header was checked.
    #[inline]
    pub(super) fn checked(address: GuestAddress, raw: Mapping) -> Result<Self, ViewError> {
        check_region(NAME, address, &raw.region)?;
        check_field(
            NAME,
            address,
            ("vmo_offset", raw.vmo_offset),
            raw.vmo_offset.is_multiple_of(PAGE_SIZE)
                && raw.vmo_offset.checked_add(raw.region.size).is_some(),
            "it is a multiple of the page size, and the range must not wrap",
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
    pub const fn raw(&self) -> &Mapping {
        &self.raw
    }

    /// Its first address.
    #[must_use]
    pub const fn base(&self) -> u64 {
        self.raw.region.base
    }

    /// One past its last address.
    #[must_use]
    pub const fn end(&self) -> u64 {
        // Checked not to wrap when the view was made.
        self.raw.region.base.wrapping_add(self.raw.region.size)
    }

    /// Where the VMO that it maps stands.
    #[must_use]
    pub const fn vmo(&self) -> GuestAddress {
        GuestAddress(self.raw.vmo.address())
    }

    /// Its flags; bits without a meaning are left out.
    #[must_use]
    pub const fn flags(&self) -> MappingFlags {
        MappingFlags::from_bits_truncate(self.raw.flags)
    }

    /// The permissions that it could be given.
    #[must_use]
    pub const fn maximum(&self) -> Permissions {
        Permissions::from_bits_truncate(self.raw.maximum)
    }

    /// Whether it is a later piece of the mapping that the region before it belongs to.
    #[must_use]
    pub const fn is_joined(&self) -> bool {
        self.flags().contains(MappingFlags::JOINED)
    }

    /// Where it ends.
    #[inline]
    #[must_use]
    pub const fn finish(&self) -> MappingEnd {
        MappingEnd {
            address: self.end(),
            vmo: self.raw.vmo.address(),
            // Checked not to wrap when the view was made.
            vmo_offset: self.raw.vmo_offset.wrapping_add(self.raw.region.size),
        }
    }

    /// Checks that it goes on where `before` has ended.
    ///
    /// # Errors
    /// [`ViewError`] if not.
    pub fn check_continues(&self, before: Option<MappingEnd>) -> Result<(), ViewError> {
        let start = MappingEnd {
            address: self.base(),
            vmo: self.raw.vmo.address(),
            vmo_offset: self.raw.vmo_offset,
        };
        check_field(
            NAME,
            self.address,
            ("flags", u64::from(self.raw.flags)),
            before == Some(start),
            "a joined mapping continues the one before it",
        )
    }
}
