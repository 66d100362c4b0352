//! `zx_vmar_map`, `zx_vmar_unmap` (reference §13.1, §13.3); the others stand in the files
//! below.

mod range;
mod tree;

use abi::layout::PAGE_SIZE;
use abi::objects::{MappingFlags, ObjectType, Permissions, Vmar, Vmo, VmoOptions};
use abi::options::{VM_ALIGN_SHIFT, VmOptions};
use abi::{Rights, Status};

use super::Context;
use crate::object::mapping::Attributes;
use crate::object::{fault_in, handle, vmar, vmo};
use crate::state::{Ptr, root};
use crate::user_copy;

pub use range::{op_range, protect};
pub use tree::{allocate, destroy};

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
    let options = options(request.options);
    if options.contains(VmOptions::FAULT_BEYOND_STREAM_SIZE) && vmo::has_fixed_frames(vmo) {
        return Err(Status::NOT_SUPPORTED);
    }
    if !vmo_rights.contains(Rights::MAP) {
        return Err(Status::ACCESS_DENIED);
    }
    let permissions = permissions(options)?;
    check_options(options)?;
    let maximum = permitted(vmar_rights) & permitted(vmo_rights);
    if !maximum.contains(permissions) {
        return Err(Status::ACCESS_DENIED);
    }
    check_vmo_options(options, vmo)?;
    let known = VmOptions::all() - vmar::FLAGS;
    let alignment = alignment(options, known)?;
    let size = check_range(request.vmo_offset, request.length)?;
    check_alive(vmar)?;
    if size == 0 {
        return Err(Status::INVALID_ARGS);
    }
    if !vmar::allows(vmar, can_map(permissions)) {
        return Err(Status::ACCESS_DENIED);
    }
    let (base, overwrite) = place(vmar, options, request.vmar_offset, size, alignment)?;
    if vmo.link() == root().vdso && permissions.contains(Permissions::EXECUTE) {
        check_vdso_code(vmar, request.vmo_offset, size)?;
    }
    let mut flags = MappingFlags::empty();
    flags.set(
        MappingFlags::FAULT_BEYOND_STREAM_SIZE,
        options.contains(VmOptions::FAULT_BEYOND_STREAM_SIZE),
    );
    let attributes = Attributes {
        vmo,
        vmo_offset: request.vmo_offset,
        permissions,
        maximum,
        flags,
    };
    let mapping = vmar::map(vmar, base, size, attributes, overwrite)?;
    if options.contains(VmOptions::MAP_RANGE) {
        fault_in::map_present(mapping, base, size);
    }
    let stored = user_copy::store(process, request.out, base);
    if stored.is_err() {
        // Exactly the new mapping: nothing is split, so this cannot fail.
        let _ = vmar::unmap(vmar, base, size);
    }
    stored
}

/// The options; on this CPU nothing can be executed that cannot be read.
fn options(bits: u32) -> VmOptions {
    let mut options = VmOptions::from_bits_retain(bits);
    if options.contains(VmOptions::PERM_READ_IF_XOM_UNSUPPORTED) {
        options |= VmOptions::PERM_READ;
    }
    options
}

/// The permissions asked for (reference §13.1 step 4).
fn permissions(options: VmOptions) -> Result<Permissions, Status> {
    let permissions = Permissions::from_bits_truncate(options.bits());
    let beyond_read = Permissions::WRITE | Permissions::EXECUTE;
    if permissions.intersects(beyond_read) && !permissions.contains(Permissions::READ) {
        return Err(Status::INVALID_ARGS);
    }
    Ok(permissions)
}

fn check_options(options: VmOptions) -> Result<(), Status> {
    let overwriting_range = VmOptions::MAP_RANGE | VmOptions::SPECIFIC_OVERWRITE;
    if options.contains(overwriting_range) || options.intersects(vmar::CAN_MAP_RWX) {
        return Err(Status::INVALID_ARGS);
    }
    Ok(())
}

/// What a handle with those rights may map.
fn permitted(rights: Rights) -> Permissions {
    let mut permissions = Permissions::empty();
    permissions.set(Permissions::READ, rights.contains(Rights::READ));
    permissions.set(Permissions::WRITE, rights.contains(Rights::WRITE));
    permissions.set(Permissions::EXECUTE, rights.contains(Rights::EXECUTE));
    permissions
}

/// What a VMAR must allow for a mapping with those permissions.
fn can_map(permissions: Permissions) -> VmOptions {
    let mut flags = VmOptions::empty();
    flags.set(
        VmOptions::CAN_MAP_READ,
        permissions.contains(Permissions::READ),
    );
    flags.set(
        VmOptions::CAN_MAP_WRITE,
        permissions.contains(Permissions::WRITE),
    );
    flags.set(
        VmOptions::CAN_MAP_EXECUTE,
        permissions.contains(Permissions::EXECUTE),
    );
    flags
}

fn check_vmo_options(options: VmOptions, vmo: Ptr<Vmo>) -> Result<(), Status> {
    let faults_allowed = options.contains(VmOptions::ALLOW_FAULTS);
    if options.contains(VmOptions::FAULT_BEYOND_STREAM_SIZE) && !faults_allowed {
        return Err(Status::INVALID_ARGS);
    }
    let vmo_options = VmoOptions::from_bits_retain(vmo.options);
    let resizable = vmo_options.contains(VmoOptions::RESIZABLE);
    if options.contains(VmOptions::REQUIRE_NON_RESIZABLE) && resizable {
        return Err(Status::NOT_SUPPORTED);
    }
    if vmo_options.contains(VmoOptions::DISCARDABLE) && !faults_allowed {
        return Err(Status::NOT_SUPPORTED);
    }
    Ok(())
}

/// The alignment asked for, in bytes; checks for bits that are not `known` on the way.
fn alignment(options: VmOptions, known: VmOptions) -> Result<u64, Status> {
    let log2 = options.bits() >> VM_ALIGN_SHIFT;
    let flags = options.bits() & ((1 << VM_ALIGN_SHIFT) - 1);
    if flags & !known.bits() != 0 {
        return Err(Status::INVALID_ARGS);
    }
    match log2 {
        0 => Ok(PAGE_SIZE),
        10..=32 => Ok((1 << log2).max(PAGE_SIZE)),
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

fn check_alive(vmar: Ptr<Vmar>) -> Result<(), Status> {
    if vmar.process.is_none() {
        return Err(Status::BAD_STATE);
    }
    Ok(())
}

/// Chooses the address (reference §13.1 steps 14 to 18), and says whether something
/// stands there that must go.
fn place(
    vmar: Ptr<Vmar>,
    options: VmOptions,
    offset: u64,
    size: u64,
    alignment: u64,
) -> Result<(u64, bool), Status> {
    let specific = options.intersects(VmOptions::SPECIFIC | VmOptions::SPECIFIC_OVERWRITE);
    let upper_limit = options.contains(VmOptions::OFFSET_IS_UPPER_LIMIT);
    if specific && upper_limit
        || !specific && !upper_limit && offset != 0
        || !offset.is_multiple_of(PAGE_SIZE)
    {
        return Err(Status::INVALID_ARGS);
    }
    if (specific || upper_limit) && !vmar::allows(vmar, VmOptions::CAN_MAP_SPECIFIC) {
        return Err(Status::ACCESS_DENIED);
    }
    let whole = vmar.region.size;
    let inside = if upper_limit {
        offset <= whole && size <= offset
    } else {
        offset < whole && size <= whole - offset
    };
    if !inside {
        return Err(Status::INVALID_ARGS);
    }
    let base = vmar.region.base + offset;
    if !specific {
        let limit = upper_limit.then_some(base);
        return Ok((vmar::choose(vmar, size, alignment, limit)?, false));
    }
    if !base.is_multiple_of(alignment) {
        return Err(Status::INVALID_ARGS);
    }
    if vmar::is_free(vmar, base, size) {
        return Ok((base, false));
    }
    if !options.contains(VmOptions::SPECIFIC_OVERWRITE) {
        return Err(Status::ALREADY_EXISTS);
    }
    vmar::check_unmap(vmar, base, size, false)?;
    Ok((base, true))
}

/// Executable, the vDSO may only be mapped as exactly its code, once (reference §18).
fn check_vdso_code(vmar: Ptr<Vmar>, vmo_offset: u64, size: u64) -> Result<(), Status> {
    let root = root();
    let code = vmo_offset == root.vdso_code_offset && size == root.vdso_code_size;
    if !code || Ptr::new(vmar.process).vdso_code != 0 {
        return Err(Status::ACCESS_DENIED);
    }
    Ok(())
}

/// `[base, base + length)` of a call on a part of a VMAR, rounded up to pages: checks all
/// that does not need the VMAR.
fn rounded(base: u64, length: u64) -> Result<u64, Status> {
    if !base.is_multiple_of(PAGE_SIZE) {
        return Err(Status::INVALID_ARGS);
    }
    length
        .checked_next_multiple_of(PAGE_SIZE)
        .filter(|size| *size > 0)
        .ok_or(Status::INVALID_ARGS)
}

/// Unmaps everything in a range.
pub fn unmap(context: Context, value: u32, base: u64, length: u64) -> Result<(), Status> {
    let (vmar, rights) =
        handle::find_object::<Vmar>(context.process, value, ObjectType::VMAR, Rights::empty())?;
    let size = rounded(base, length)?;
    check_alive(vmar)?;
    if !vmar::contains(vmar, base, size) {
        return Err(Status::INVALID_ARGS);
    }
    vmar::check_unmap(vmar, base, size, rights.contains(Rights::OP_CHILDREN))?;
    vmar::unmap(vmar, base, size)
}
