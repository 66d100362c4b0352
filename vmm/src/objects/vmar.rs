//! VMARs.

use super::load::{check_header, load};
use super::region::check_region;
use super::{RegionList, ViewError};
use crate::memory::PhysicalMemory;
use abi::objects::{ObjectType, Vmar};
use vm_memory::GuestAddress;

pub(super) const NAME: &str = "vmar";

/// A virtual memory address region.
#[derive(Clone, Copy, Debug)]
pub struct VmarView {
    address: GuestAddress,
    raw: Vmar,
}

impl VmarView {
    /// The VMAR at `address`.
    ///
    /// # Errors
    /// [`ViewError`] if there is none, or a broken one.
    #[inline]
    pub fn read<M: PhysicalMemory>(memory: &M, address: GuestAddress) -> Result<Self, ViewError> {
        let raw: Vmar = load(memory, NAME, address)?;
        check_header(NAME, address, &raw.region.header, ObjectType::VMAR)?;
        Self::checked(address, raw)
    }

    /// The same from a copy whose header was checked.
    #[inline]
    pub(super) fn checked(address: GuestAddress, raw: Vmar) -> Result<Self, ViewError> {
        check_region(NAME, address, &raw.region)?;
        Ok(Self { address, raw })
    }

    /// Where it stands.
    #[must_use]
    pub const fn address(&self) -> GuestAddress {
        self.address
    }

    /// All of its fields.
    #[must_use]
    pub const fn raw(&self) -> &Vmar {
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

    /// Its regions, in ascending order.
    pub const fn regions<'m, M: PhysicalMemory>(&self, memory: &'m M) -> RegionList<'m, M> {
        RegionList::of(memory, self)
    }
}
