//! `zx_vmar_allocate`, `zx_vmar_destroy` (reference §13.2, §13.6).

use abi::layout::PAGE_SIZE;
use abi::objects::{ObjectType, Vmar};
use abi::options::VmOptions;
use abi::{Rights, Status};

use super::super::Context;
use super::super::handle::store_handle;
use crate::object::{handle, vmar};
use crate::user_copy;

/// Makes a VMAR in a VMAR; stores its handle and its address.
pub fn allocate(
    context: Context,
    value: u32,
    options: u32,
    offset: u64,
    size: u64,
    (out_handle, out_address): (u64, u64),
) -> Result<(), Status> {
    let options = VmOptions::from_bits_retain(options);
    let flags = options & vmar::FLAGS;
    let rights = rights(options);
    let (parent, _) =
        handle::find_object::<Vmar>(context.process, value, ObjectType::VMAR, rights)?;
    let known = flags | VmOptions::SPECIFIC | VmOptions::OFFSET_IS_UPPER_LIMIT;
    let alignment = super::alignment(options, known)?;
    if !size.is_multiple_of(PAGE_SIZE) {
        return Err(Status::INVALID_ARGS);
    }
    super::check_alive(parent)?;
    if size == 0 {
        return Err(Status::INVALID_ARGS);
    }
    if !vmar::allows(parent, flags & vmar::CAN_MAP_RWX) {
        return Err(Status::ACCESS_DENIED);
    }
    let (base, _) = super::place(parent, options, offset, size, alignment)?;
    let child = vmar::create_sub(parent, base, size, flags)?;
    let stored = user_copy::store(context.process, out_address, base)
        .and_then(|()| handle::create(context.process, child.cast(), Rights::DEFAULT_VMAR | rights))
        .and_then(|value| store_handle(context, value, out_handle));
    if stored.is_err() {
        vmar::remove(child);
    }
    stored
}

/// The rights that go with the `CAN_MAP_*` bits: those that the parent's handle must have,
/// and the child's gets.
fn rights(options: VmOptions) -> Rights {
    let mut rights = Rights::empty();
    rights.set(Rights::READ, options.contains(VmOptions::CAN_MAP_READ));
    rights.set(Rights::WRITE, options.contains(VmOptions::CAN_MAP_WRITE));
    rights.set(
        Rights::EXECUTE,
        options.contains(VmOptions::CAN_MAP_EXECUTE),
    );
    rights
}

/// Unmaps all that is in a VMAR, for good.
pub fn destroy(context: Context, value: u32) -> Result<(), Status> {
    let (vmar, _) = handle::find_object::<Vmar>(
        context.process,
        value,
        ObjectType::VMAR,
        Rights::OP_CHILDREN,
    )?;
    super::check_alive(vmar)?;
    if vmar.region.parent.is_none() {
        return Err(Status::NOT_SUPPORTED);
    }
    vmar::check_unmap(vmar, vmar.region.base, vmar.region.size, true)?;
    vmar::remove(vmar);
    Ok(())
}
