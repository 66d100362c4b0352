//! Mappings: a range of a VMO in a range of an address space.
//!
//! `zx_vmar_protect` can give parts of one mapping different permissions. Such a mapping
//! is a row of records, next to each other in address and in the VMO, of which all but the
//! first carry [`MappingFlags::JOINED`]; everything but permissions is the same in all of
//! them (reference §5.2). "Mapping" in the names of this file's functions means a record,
//! "whole" the row.
//!
//! Who holds a reference: a record has one, that of the list of its VMAR, and holds one
//! to its VMO.

use abi::objects::{Mapping, MappingFlags, ObjectType, Permissions, Process, Region, Vmar, Vmo};
use abi::{Link, Status};

use super::{clone, header, vmo};
use crate::mem::pool::Pool;
use crate::state::{Follow, Ptr};

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

/// Ends a mapping that was taken out of its VMAR; its pages must be unmapped.
pub fn destroy(mapping: Ptr<Mapping>) {
    vmo::detach(Ptr::new(mapping.vmo), mapping);
    POOL.free(mapping);
}

/// Whether it has that flag.
pub fn has(mapping: Ptr<Mapping>, flag: MappingFlags) -> bool {
    mapping.flags & flag.bits() != 0
}

/// The region itself, if it is a mapping and not a VMAR.
pub fn of_region(region: Ptr<Region>) -> Option<Ptr<Mapping>> {
    (region.header.object_type == ObjectType::MAPPING.0).then(|| region.cast())
}

/// One past its last address.
pub fn end(mapping: Ptr<Mapping>) -> u64 {
    mapping.region.base + mapping.region.size
}

/// Makes two records of one, the second starting at `at`, which must be inside. They stay
/// one mapping.
///
/// # Errors
/// NO_MEMORY; nothing is changed then.
pub fn split(mut head: Ptr<Mapping>, at: u64) -> Result<(), Status> {
    let length = at - head.region.base;
    let mut vmar: Ptr<Vmar> = Ptr::new(head.region.parent);
    let attributes = Attributes {
        vmo: Ptr::new(head.vmo),
        vmo_offset: head.vmo_offset + length,
        permissions: Permissions::from_bits_retain(head.permissions),
        maximum: Permissions::from_bits_retain(head.maximum),
        flags: MappingFlags::from_bits_retain(head.flags) | MappingFlags::JOINED,
    };
    let size = head.region.size - length;
    let mut tail = create(Ptr::new(head.process), vmar, at, size, attributes)?;
    tail.region.next = head.region.next;
    head.region.next = tail.cast::<Region>().link();
    head.region.size = length;
    vmar.child_count += 1;
    Ok(())
}

/// Takes the records behind it back into it that are the same mapping and have the same
/// permissions.
pub fn absorb(mut head: Ptr<Mapping>) {
    while let Some(tail) = head.region.next.get().and_then(of_region) {
        if !has(tail, MappingFlags::JOINED) || tail.permissions != head.permissions {
            return;
        }
        head.region.size += tail.region.size;
        head.region.next = tail.region.next;
        head.flags |= tail.flags & MappingFlags::ZERO_FRAMES.bits();
        let mut vmar: Ptr<Vmar> = Ptr::new(head.region.parent);
        vmar.child_count -= 1;
        destroy(tail);
    }
}

/// Drops what is below `at`, which must be inside; the rest begins a mapping of its own.
pub fn cut_front(mut mapping: Ptr<Mapping>, at: u64) {
    let length = at - mapping.region.base;
    mapping.vmo_offset += length;
    mapping.region.base = at;
    mapping.region.size -= length;
    begin_anew(mapping);
}

/// Makes it the first record of a mapping, because what stood before it is gone.
pub fn begin_anew(mut mapping: Ptr<Mapping>) {
    mapping.flags &= !MappingFlags::JOINED.bits();
}

/// The first record of the whole mapping that a record belongs to.
fn first_of_whole(mapping: Ptr<Mapping>) -> Ptr<Mapping> {
    let vmar: Ptr<Vmar> = Ptr::new(mapping.region.parent);
    let mut first = mapping;
    let mut next = vmar.first_child;
    while let Some(region) = next.get() {
        if let Some(candidate) = of_region(region)
            && !has(candidate, MappingFlags::JOINED)
        {
            first = candidate;
        }
        if region.link() == mapping.cast::<Region>().link() {
            break;
        }
        next = region.next;
    }
    first
}

/// The record that follows in the same whole mapping.
fn next_of_whole(mapping: Ptr<Mapping>) -> Option<Ptr<Mapping>> {
    mapping
        .region
        .next
        .get()
        .and_then(of_region)
        .filter(|next| has(*next, MappingFlags::JOINED))
}

/// Re-points a mapping, all of it, to a private clone of what it maps (reference §6.2
/// step 5). Offsets in the clone count from the whole mapping's first byte.
///
/// # Errors
/// Those of making the clone; nothing is changed then.
pub fn make_private(mapping: Ptr<Mapping>) -> Result<(), Status> {
    let first = first_of_whole(mapping);
    let base = first.region.base;
    let mut size = 0;
    let mut record = Some(first);
    while let Some(mapping) = record {
        size = end(mapping) - base;
        record = next_of_whole(mapping);
    }
    let parent = Ptr::new(first.vmo);
    let copy = clone::private(parent, first.vmo_offset, size)?;
    let mut record = Some(first);
    while let Some(mut mapping) = record {
        record = next_of_whole(mapping);
        vmo::detach(parent, mapping);
        vmo::attach(copy, mapping);
        mapping.vmo_offset = mapping.region.base - base;
        mapping.flags |= MappingFlags::PRIVATE_COPY.bits();
    }
    // The mapping holds the references that are to stay.
    header::release(copy.cast());
    Ok(())
}
