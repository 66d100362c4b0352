//! What is mapped in a VMAR, unmapped, and given other permissions.

use abi::Status;
use abi::objects::{Mapping, MappingFlags, Permissions, Process, Vmar};

use super::{discard, insert, mappings_in, neighbours, set_next};
use crate::arch::paging;
use crate::object::mapping::{self, Attributes};
use crate::state::{Follow, Ptr, root};

/// Maps a range of a VMO; with `overwrite`, in place of whatever stands there, otherwise
/// into a free range. Of the vDSO, only what is executable from the start can ever be
/// (reference §18); that is then its code in the process.
///
/// # Errors
/// NO_MEMORY; nothing is changed then.
pub fn map(
    vmar: Ptr<Vmar>,
    base: u64,
    size: u64,
    attributes: Attributes,
    overwrite: bool,
) -> Result<Ptr<Mapping>, Status> {
    let mut process: Ptr<Process> = Ptr::new(vmar.process);
    let mut attributes = attributes;
    let is_vdso = attributes.vmo.link() == root().vdso;
    let is_code = is_vdso && attributes.permissions.contains(Permissions::EXECUTE);
    if is_vdso {
        attributes.flags |= MappingFlags::VDSO;
    }
    if is_vdso && !is_code {
        attributes.maximum -= Permissions::EXECUTE;
    }
    let mapping = mapping::create(process, vmar, base, size, attributes)?;
    if overwrite && let Err(status) = unmap(vmar, base, size) {
        mapping::destroy(mapping);
        return Err(status);
    }
    insert(vmar, mapping.cast());
    if is_code {
        process.vdso_code = base;
    }
    Ok(mapping)
}

/// Nothing may be done to the code of the vDSO in a process (reference §18): checks that it
/// does not reach into `[base, base + size)`.
///
/// # Errors
/// ACCESS_DENIED.
pub fn check_vdso_code(vmar: Ptr<Vmar>, base: u64, size: u64) -> Result<(), Status> {
    let code = Ptr::new(vmar.process).vdso_code;
    if code != 0 && code < base + size && base < code + root().vdso_code_size {
        return Err(Status::ACCESS_DENIED);
    }
    Ok(())
}

/// Whether `[base, base + size)`, which lies in the VMAR, may be unmapped (reference
/// §13.3); with `op_children`, VMARs that lie wholly in it may go.
///
/// # Errors
/// ACCESS_DENIED for the code of the vDSO, INVALID_ARGS for VMARs that may not go.
pub fn check_unmap(vmar: Ptr<Vmar>, base: u64, size: u64, op_children: bool) -> Result<(), Status> {
    check_vdso_code(vmar, base, size)?;
    let end = base + size;
    let mut next = vmar.first_child;
    while let Some(region) = next.get() {
        next = region.next;
        let region_end = region.base + region.size;
        if region_end <= base || region.base >= end || super::of_region(region).is_none() {
            continue;
        }
        if !op_children || region.base < base || region_end > end {
            return Err(Status::INVALID_ARGS);
        }
    }
    Ok(())
}

/// Unmaps `[base, base + size)`, whatever stands there; a mapping that reaches out of it
/// is cut, one that reaches out on both sides becomes two. [`check_unmap`] must have
/// found no fault.
///
/// # Errors
/// NO_MEMORY when a mapping must become two; nothing is changed then.
pub fn unmap(mut vmar: Ptr<Vmar>, base: u64, size: u64) -> Result<(), Status> {
    let end = base + size;
    let (before, mut next) = neighbours(vmar, base);
    if let Some(mut region) = before {
        let region_end = region.base + region.size;
        if region_end > end {
            mapping::split(region.cast(), end)?;
        }
        if region_end > base {
            region.size = base - region.base;
        }
        next = region.next;
    }
    paging::unmap(Ptr::new(vmar.process), base, size, None);

    while let Some(region) = next.get() {
        if region.base >= end {
            // It has lost what it continued, if it continued anything.
            if let Some(mapping) = mapping::of_region(region) {
                mapping::begin_anew(mapping);
            }
            break;
        }
        if region.base + region.size > end {
            mapping::cut_front(region.cast(), end);
            break;
        }
        next = region.next;
        set_next(vmar, before, next);
        vmar.child_count -= 1;
        discard(region);
    }
    Ok(())
}

/// Gives everything in `[base, base + size)`, which lies in the VMAR, those permissions
/// (reference §13.4); with `op_children`, mappings in inner VMARs may lose some.
///
/// # Errors
/// NOT_FOUND, ACCESS_DENIED, INVALID_ARGS as the reference says, NO_MEMORY; nothing is
/// changed then.
pub fn protect(
    vmar: Ptr<Vmar>,
    base: u64,
    size: u64,
    permissions: Permissions,
    op_children: bool,
) -> Result<(), Status> {
    let end = base + size;
    let process: Ptr<Process> = Ptr::new(vmar.process);
    let mut expected = base;
    for mapping in mappings_in(vmar, base, size) {
        if mapping.region.base > expected {
            return Err(Status::NOT_FOUND);
        }
        let allowed = Permissions::from_bits_retain(mapping.maximum).contains(permissions);
        if !allowed || mapping.region.base == process.vdso_code {
            return Err(Status::ACCESS_DENIED);
        }
        if mapping.region.parent != vmar.link() {
            if !op_children {
                return Err(Status::INVALID_ARGS);
            }
            if !Permissions::from_bits_retain(mapping.permissions).contains(permissions) {
                return Err(Status::ACCESS_DENIED);
            }
        }
        expected = mapping::end(mapping);
    }
    if expected < end {
        return Err(Status::NOT_FOUND);
    }

    let split = split_at(vmar, base).and_then(|()| split_at(vmar, end));
    if split.is_ok() {
        for mut mapping in mappings_in(vmar, base, size) {
            mapping.permissions = permissions.bits();
        }
        paging::unmap(process, base, size, None);
    }
    // From the page before, which may be the same mapping as the first, to the one after.
    for mapping in mappings_in(vmar, base - 1, size + 2) {
        mapping::absorb(mapping);
    }
    split
}

/// Makes a mapping that contains both `at` and the byte before it two records.
fn split_at(vmar: Ptr<Vmar>, at: u64) -> Result<(), Status> {
    match super::find(vmar, at) {
        Some(mapping) if mapping.region.base < at => mapping::split(mapping, at),
        _ => Ok(()),
    }
}
