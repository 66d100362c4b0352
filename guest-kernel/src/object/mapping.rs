//! Mappings: a range of a VMO in a range of an address space.

use abi::objects::{Mapping, MappingFlags, ObjectType, Permissions, Process, Region, Vmar, Vmo};
use abi::{Link, Status};

use super::{clone, header, vmo};
use crate::mem::pool::Pool;
use crate::state::Ptr;

static POOL: Pool<Mapping> = Pool::new();

/// What a new mapping is to be.
#[derive(Clone, Copy)]
pub struct Attributes {
    /// What is mapped.
    pub vmo: Ptr<Vmo>,
    /// Where in it.
    pub vmo_offset: u64,
    /// Permissions now.
    pub permissions: Permissions,
    /// Permissions that it could be given.
    pub maximum: Permissions,
    /// See there.
    pub flags: MappingFlags,
}

/// A mapping that stands in no VMAR yet.
///
/// # Errors
/// NO_MEMORY.
pub fn create(
    process: Ptr<Process>,
    vmar: Ptr<Vmar>,
    base: u64,
    size: u64,
    attributes: Attributes,
) -> Result<Ptr<Mapping>, Status> {
    let mut mapping = POOL.allocate()?;
    mapping.region = Region {
        header: header::new(ObjectType::MAPPING, 0),
        base,
        size,
        next: Link::NONE,
        parent: vmar.link(),
    };
    mapping.vmo_offset = attributes.vmo_offset;
    mapping.process = process.link();
    mapping.permissions = attributes.permissions.bits();
    mapping.maximum = attributes.maximum.bits();
    mapping.flags = attributes.flags.bits();
    vmo::attach(attributes.vmo, mapping);
    Ok(mapping)
}

/// What a mapping is, to make another like it.
pub fn attributes(mapping: Ptr<Mapping>) -> Attributes {
    Attributes {
        vmo: Ptr::new(mapping.vmo),
        vmo_offset: mapping.vmo_offset,
        permissions: Permissions::from_bits_retain(mapping.permissions),
        maximum: Permissions::from_bits_retain(mapping.maximum),
        flags: MappingFlags::from_bits_retain(mapping.flags),
    }
}

/// Ends a mapping that was taken out of its VMAR; its pages must be unmapped.
pub fn destroy(mapping: Ptr<Mapping>) {
    vmo::detach(Ptr::new(mapping.vmo), mapping);
    POOL.free(mapping);
}

/// Re-points a mapping to a private clone of what it maps (reference §6.2 step 5).
///
/// # Errors
/// NO_MEMORY.
pub fn make_private(mut mapping: Ptr<Mapping>) -> Result<(), Status> {
    let parent = Ptr::new(mapping.vmo);
    let clone = clone::private(parent, mapping.vmo_offset, mapping.region.size)?;
    vmo::detach(parent, mapping);
    vmo::attach(clone, mapping);
    // The mapping holds the one reference that is to stay.
    header::release(clone.cast());
    mapping.vmo_offset = 0;
    mapping.flags |= MappingFlags::PRIVATE_COPY.bits();
    Ok(())
}
