//! `zx_vmar_protect`, `zx_vmar_op_range` (reference §13.4, §13.5).

use abi::layout::PAGE_SIZE;
use abi::objects::{Mapping, ObjectType, Permissions, Vmar};
use abi::options::{RangeOp, VmOptions};
use abi::{Rights, Status};

use super::super::Context;
use super::super::vmo_ops::on_pages;
use crate::object::{fault_in, handle, mapping, vmar};
use crate::state::Ptr;

/// Changes permissions.
pub fn protect(
    context: Context,
    value: u32,
    options: u32,
    base: u64,
    length: u64,
) -> Result<(), Status> {
    let options = super::options(options);
    let mut needed = Rights::empty();
    needed.set(Rights::READ, options.contains(VmOptions::PERM_READ));
    needed.set(Rights::WRITE, options.contains(VmOptions::PERM_WRITE));
    needed.set(Rights::EXECUTE, options.contains(VmOptions::PERM_EXECUTE));
    let (vmar, rights) =
        handle::find_object::<Vmar>(context.process, value, ObjectType::VMAR, needed)?;
    let permissions = super::permissions(options)?;
    let allowed = Permissions::all().bits() | VmOptions::PERM_READ_IF_XOM_UNSUPPORTED.bits();
    if options.bits() & !allowed != 0 {
        return Err(Status::INVALID_ARGS);
    }
    let size = super::rounded(base, length)?;
    super::check_alive(vmar)?;
    if !vmar::contains(vmar, base, size) {
        return Err(Status::INVALID_ARGS);
    }
    let op_children = rights.contains(Rights::OP_CHILDREN);
    vmar::protect(vmar, base, size, permissions, op_children)
}

/// Does an operation on the VMOs mapped in a range.
pub fn op_range(
    context: Context,
    value: u32,
    op: u32,
    base: u64,
    size: u64,
    buffer: (u64, u64),
) -> Result<(), Status> {
    let (vmar, rights) =
        handle::find_object::<Vmar>(context.process, value, ObjectType::VMAR, Rights::empty())?;
    if !rights.contains(needed_right(op)?) {
        return Err(Status::ACCESS_DENIED);
    }
    let aligned = base.is_multiple_of(PAGE_SIZE) && size.is_multiple_of(PAGE_SIZE);
    if buffer != (0, 0) || size == 0 || !aligned {
        return Err(Status::INVALID_ARGS);
    }
    if !vmar::contains(vmar, base, size) {
        return Err(Status::OUT_OF_RANGE);
    }
    super::check_alive(vmar)?;
    vmar::check_vdso_code(vmar, base, size)?;

    // What permissions could allow may not be done on behalf of an inner VMAR, whose
    // permissions could not be raised either.
    let raises = matches!(op, RangeOp::COMMIT | RangeOp::DECOMMIT | RangeOp::PREFETCH);
    let own_only = raises || !rights.contains(Rights::OP_CHILDREN);
    let end = base + size;
    let mut expected = base;
    for mapping in vmar::mappings_in(vmar, base, size) {
        if mapping.region.base > expected {
            return Err(Status::BAD_STATE);
        }
        if own_only && mapping.region.parent != vmar.link() {
            return Err(Status::INVALID_ARGS);
        }
        let part_end = mapping::end(mapping).min(end);
        op_mapping(mapping, op, expected, part_end - expected)?;
        expected = part_end;
    }
    if expected < end {
        return Err(Status::BAD_STATE);
    }
    Ok(())
}

/// The right that an operation needs on the handle.
///
/// # Errors
/// INVALID_ARGS for an operation that does not exist.
fn needed_right(op: u32) -> Result<Rights, Status> {
    match op {
        RangeOp::COMMIT | RangeOp::DECOMMIT | RangeOp::ZERO => Ok(Rights::WRITE),
        RangeOp::MAP_RANGE | RangeOp::PREFETCH => Ok(Rights::READ),
        RangeOp::DONT_NEED | RangeOp::ALWAYS_NEED => Ok(Rights::empty()),
        _ => Err(Status::INVALID_ARGS),
    }
}

/// Does an operation on a part of a mapping.
fn op_mapping(mapping: Ptr<Mapping>, op: u32, base: u64, size: u64) -> Result<(), Status> {
    let maximum = Permissions::from_bits_retain(mapping.maximum);
    let needed = match op {
        RangeOp::COMMIT | RangeOp::DECOMMIT | RangeOp::ZERO => Permissions::WRITE,
        RangeOp::PREFETCH => Permissions::READ,
        _ => Permissions::empty(),
    };
    if !maximum.contains(needed) {
        return Err(Status::ACCESS_DENIED);
    }
    let vmo = Ptr::new(mapping.vmo);
    let offset = mapping.vmo_offset + (base - mapping.region.base);
    // What is there already is all that MAP_RANGE is about.
    if op != RangeOp::MAP_RANGE {
        on_pages(vmo, op, offset, size)?;
    }
    if !matches!(op, RangeOp::DECOMMIT | RangeOp::ZERO | RangeOp::DONT_NEED) {
        fault_in::map_present(mapping, base, size);
    }
    Ok(())
}
