//! `zx_vmar_map`, `zx_vmar_unmap` (reference §13.1, §13.3).

use abi::layout::PAGE_SIZE;
use abi::objects::{MappingFlags, ObjectType, Permissions, Vmar, Vmo, VmoOptions};
use abi::{Rights, Status};

use super::Context;
use crate::object::mapping::Attributes;
use crate::object::{handle, vmar};
use crate::state::Ptr;
use crate::user_copy;

/// `ZX_VM_*` option bits beyond the permissions.
const COMPACT: u32 = 0x8;
const SPECIFIC: u32 = 0x10;
const SPECIFIC_OVERWRITE: u32 = 0x20;
const CAN_MAP_RWX: u32 = 0x380;
const MAP_RANGE: u32 = 0x400;
const REQUIRE_NON_RESIZABLE: u32 = 0x800;
const ALLOW_FAULTS: u32 = 0x1000;
const OFFSET_IS_UPPER_LIMIT: u32 = 0x2000;
const PERM_READ_IF_XOM_UNSUPPORTED: u32 = 0x4000;
const FAULT_BEYOND_STREAM_SIZE: u32 = 0x8000;
const ALIGNMENT_SHIFT: u32 = 24;

/// The arguments of `zx_vmar_map` after the first.
#[derive(Clone, Copy)]
pub struct MapRequest {
    /// `ZX_VM_*` bits.
    pub options: u32,
    /// Where in the VMAR, for specific mappings.
    pub vmar_offset: u64,
    /// The VMO's handle.
    pub vmo: u32,
    /// Where in the VMO.
    pub vmo_offset: u64,
    /// Bytes.
    pub length: u64,
    /// Where to store the address.
    pub out: u64,
}

/// Maps a part of a VMO.
pub fn map(context: Context, value: u32, request: MapRequest) -> Result<(), Status> {
    let process = context.process;
    let (vmar, vmar_rights) =
        handle::find_object::<Vmar>(process, value, ObjectType::VMAR, Rights::empty())?;
    let (vmo, vmo_rights) =
        handle::find_object::<Vmo>(process, request.vmo, ObjectType::VMO, Rights::empty())?;
    if !vmo_rights.contains(Rights::MAP) {
        return Err(Status::ACCESS_DENIED);
    }
    let options = request.options;
    let permissions = Permissions::from_bits_truncate(options);
    check_options(options, permissions)?;
    let maximum = permitted(vmar_rights) & permitted(vmo_rights);
    if !maximum.contains(permissions) {
        return Err(Status::ACCESS_DENIED);
    }
    check_vmo_options(options, vmo)?;
    let alignment = alignment(options)?;
    let size = check_range(request.vmo_offset, request.length)?;
    if vmar.process.is_none() {
        return Err(Status::BAD_STATE);
    }
    if size == 0 {
        return Err(Status::INVALID_ARGS);
    }
    let (base, overwrite) = place(vmar, options, request.vmar_offset, size, alignment)?;
    let attributes = Attributes {
        vmo,
        vmo_offset: request.vmo_offset,
        permissions,
        maximum,
        flags: MappingFlags::empty(),
    };
    let mapping = vmar::map(vmar, base, size, attributes, overwrite)?;
    if options & MAP_RANGE != 0 {
        // Pages that are there already; failing is no failure (reference §13.1).
        let present = size.min(vmo.size.saturating_sub(request.vmo_offset));
        if permissions.contains(Permissions::READ) && present > 0 && vmo.page_count > 0 {
            let _ = crate::object::fault_in::fault_in(mapping, base, present, Permissions::READ);
        }
    }
    let stored = user_copy::store(process, request.out, base);
    if stored.is_err() {
        vmar::unmap(vmar, base, size)?;
    }
    stored
}

fn check_options(options: u32, permissions: Permissions) -> Result<(), Status> {
    let beyond_read = Permissions::WRITE | Permissions::EXECUTE;
    let readable = permissions.contains(Permissions::READ);
    if permissions.intersects(beyond_read) && !readable {
        return Err(Status::INVALID_ARGS);
    }
    if options & MAP_RANGE != 0 && options & SPECIFIC_OVERWRITE != 0 {
        return Err(Status::INVALID_ARGS);
    }
    if options & CAN_MAP_RWX != 0 {
        return Err(Status::INVALID_ARGS);
    }
    Ok(())
}

fn permitted(rights: Rights) -> Permissions {
    let mut permissions = Permissions::empty();
    permissions.set(Permissions::READ, rights.contains(Rights::READ));
    permissions.set(Permissions::WRITE, rights.contains(Rights::WRITE));
    permissions.set(Permissions::EXECUTE, rights.contains(Rights::EXECUTE));
    permissions
}

fn check_vmo_options(options: u32, vmo: Ptr<Vmo>) -> Result<(), Status> {
    let beyond_stream = options & FAULT_BEYOND_STREAM_SIZE != 0;
    if beyond_stream && options & ALLOW_FAULTS == 0 {
        return Err(Status::INVALID_ARGS);
    }
    let resizable = vmo.options & VmoOptions::RESIZABLE.bits() != 0;
    if options & REQUIRE_NON_RESIZABLE != 0 && resizable {
        return Err(Status::NOT_SUPPORTED);
    }
    if beyond_stream {
        return Err(Status::NOT_SUPPORTED);
    }
    Ok(())
}

/// The alignment asked for, in bytes; checks for unknown bits on the way.
fn alignment(options: u32) -> Result<u64, Status> {
    let known = Permissions::all().bits()
        | COMPACT
        | SPECIFIC
        | SPECIFIC_OVERWRITE
        | MAP_RANGE
        | REQUIRE_NON_RESIZABLE
        | ALLOW_FAULTS
        | OFFSET_IS_UPPER_LIMIT
        | PERM_READ_IF_XOM_UNSUPPORTED
        | (0xFF << ALIGNMENT_SHIFT);
    if options & !known != 0 {
        return Err(Status::INVALID_ARGS);
    }
    match options >> ALIGNMENT_SHIFT {
        0 => Ok(PAGE_SIZE),
        log2 @ 10..=32 => Ok((1 << log2).max(PAGE_SIZE)),
        _ => Err(Status::INVALID_ARGS),
    }
}

fn check_range(vmo_offset: u64, length: u64) -> Result<u64, Status> {
    if !vmo_offset.is_multiple_of(PAGE_SIZE) {
        return Err(Status::INVALID_ARGS);
    }
    let size = length
        .checked_next_multiple_of(PAGE_SIZE)
        .ok_or(Status::OUT_OF_RANGE)?;
    vmo_offset.checked_add(size).ok_or(Status::OUT_OF_RANGE)?;
    Ok(size)
}

/// Chooses the address, and says whether something stands there that must go.
fn place(
    vmar: Ptr<Vmar>,
    options: u32,
    offset: u64,
    size: u64,
    alignment: u64,
) -> Result<(u64, bool), Status> {
    let specific = options & (SPECIFIC | SPECIFIC_OVERWRITE) != 0;
    let upper_limit = options & OFFSET_IS_UPPER_LIMIT != 0;
    if specific && upper_limit
        || !specific && !upper_limit && offset != 0
        || !offset.is_multiple_of(PAGE_SIZE)
    {
        return Err(Status::INVALID_ARGS);
    }
    if !specific {
        if upper_limit && (offset > vmar.region.size || offset < size) {
            return Err(Status::INVALID_ARGS);
        }
        let limit = upper_limit.then_some(vmar.region.base + offset.min(vmar.region.size));
        return Ok((vmar::choose(vmar, size, alignment, limit)?, false));
    }
    let inside = offset
        .checked_add(size)
        .is_some_and(|end| end <= vmar.region.size);
    if !inside {
        return Err(Status::INVALID_ARGS);
    }
    let base = vmar.region.base + offset;
    if !base.is_multiple_of(alignment) {
        return Err(Status::INVALID_ARGS);
    }
    let taken = !vmar::is_free(vmar, base, size);
    if taken && options & SPECIFIC_OVERWRITE == 0 {
        return Err(Status::ALREADY_EXISTS);
    }
    Ok((base, taken))
}

/// Unmaps everything in a range.
pub fn unmap(context: Context, value: u32, base: u64, length: u64) -> Result<(), Status> {
    let (vmar, _) =
        handle::find_object::<Vmar>(context.process, value, ObjectType::VMAR, Rights::empty())?;
    if !base.is_multiple_of(PAGE_SIZE) {
        return Err(Status::INVALID_ARGS);
    }
    let size = length
        .checked_next_multiple_of(PAGE_SIZE)
        .filter(|size| *size > 0)
        .ok_or(Status::INVALID_ARGS)?;
    if vmar.process.is_none() {
        return Err(Status::BAD_STATE);
    }
    let inside = base >= vmar.region.base
        && base
            .checked_add(size)
            .is_some_and(|end| end <= vmar.region.base + vmar.region.size);
    if !inside {
        return Err(Status::INVALID_ARGS);
    }
    vmar::unmap(vmar, base, size)
}

/// Makes a sub-VMAR.
pub fn allocate(
    _context: Context,
    _value: u32,
    _options: u32,
    _offset: u64,
    _size: u64,
    _out: (u64, u64),
) -> Result<(), Status> {
    Err(Status::NOT_SUPPORTED)
}

/// Changes permissions.
pub fn protect(
    _context: Context,
    _value: u32,
    _options: u32,
    _address: u64,
    _length: u64,
) -> Result<(), Status> {
    Err(Status::NOT_SUPPORTED)
}

/// Works on a range.
pub fn op_range(
    _context: Context,
    _value: u32,
    _op: u32,
    _address: u64,
    _size: u64,
    _buffer: (u64, u64),
) -> Result<(), Status> {
    Err(Status::NOT_SUPPORTED)
}

/// Destroys.
pub fn destroy(_context: Context, _value: u32) -> Result<(), Status> {
    Err(Status::NOT_SUPPORTED)
}
