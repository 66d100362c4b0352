//! What stands in a VMAR: mappings and other VMARs.

use super::load::{check_field, check_magic, load};
use super::{MappingView, Problem, ViewError, VmarView};
use crate::memory::PhysicalMemory;
use abi::layout::PAGE_SIZE;
use abi::objects::{Mapping, ObjectType, Region, Vmar};
use std::mem::size_of;
use vm_memory::GuestAddress;
use zerocopy::transmute;

const NAME: &str = "region";

// Both are copied before it is known which it is.
const _: () = assert!(size_of::<Vmar>() == size_of::<Mapping>());

/// A region of a VMAR.
#[derive(Clone, Copy, Debug)]
pub enum RegionView {
    /// A VMAR.
    Vmar(VmarView),
    /// A mapping.
    Mapping(MappingView),
}

impl RegionView {
    /// The region at `address`.
    ///
    /// # Errors
    /// [`ViewError`] if there is none, or a broken one.
    #[inline]
    pub fn read<M: PhysicalMemory>(memory: &M, address: GuestAddress) -> Result<Self, ViewError> {
        let raw: Mapping = load(memory, NAME, address)?;
        let header = &raw.region.header;
        check_magic(NAME, address, header)?;
        match ObjectType(header.object_type) {
            ObjectType::MAPPING => MappingView::checked(address, raw).map(Self::Mapping),
            ObjectType::VMAR => {
                let vmar: Vmar = transmute!(raw);
                VmarView::checked(address, vmar).map(Self::Vmar)
            }
            found => Err(ViewError::new(
                NAME,
                address,
                Problem::Type {
                    expected: ObjectType::MAPPING.0,
                    found: found.0,
                },
            )),
        }
    }

    /// What VMARs and mappings have in common.
    #[must_use]
    pub const fn raw(&self) -> &Region {
        match self {
            Self::Vmar(vmar) => &vmar.raw().region,
            Self::Mapping(mapping) => &mapping.raw().region,
        }
    }

    /// Its first address.
    #[must_use]
    pub const fn base(&self) -> u64 {
        self.raw().base
    }

    /// One past its last address.
    #[must_use]
    pub const fn end(&self) -> u64 {
        match self {
            Self::Vmar(vmar) => vmar.end(),
            Self::Mapping(mapping) => mapping.end(),
        }
    }
}

/// Checks the fields that VMARs and mappings have in common.
#[inline]
pub(super) fn check_region(
    structure: &'static str,
    address: GuestAddress,
    region: &Region,
) -> Result<(), ViewError> {
    let field =
        |name, value, holds, rule| check_field(structure, address, (name, value), holds, rule);
    field(
        "base",
        region.base,
        region.base.is_multiple_of(PAGE_SIZE),
        "it is a multiple of the page size",
    )?;
    field(
        "size",
        region.size,
        region.size != 0
            && region.size.is_multiple_of(PAGE_SIZE)
            && region.base.checked_add(region.size).is_some(),
        "it is a multiple of the page size, not zero, and the range must not wrap",
    )
}
