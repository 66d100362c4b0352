//! Sizes of VMOs (reference §9).

use abi::layout::{MAX_VMO_SIZE, PAGE_SIZE};
use abi::objects::VmoOptions;
use abi::{Rights, Status};

use super::Context;
use super::vmo::find;
use crate::object::{vmo, vmo_size};
use crate::user_copy;

/// Tells the size, rounded up to pages. No right is needed.
pub fn get_size(context: Context, value: u32, out: u64) -> Result<(), Status> {
    let (vmo, _) = find(context, value, Rights::empty())?;
    user_copy::store(context.process, out, vmo::sized(vmo).size)
}

/// Tells the stream size. No right is needed.
pub fn get_stream_size(context: Context, value: u32, out: u64) -> Result<(), Status> {
    let (vmo, _) = find(context, value, Rights::empty())?;
    user_copy::store(context.process, out, vmo_size::stream_size(vmo))
}

/// Sets the size of a resizable VMO, and with it the stream size (reference §9.2).
pub fn set_size(context: Context, value: u32, size: u64) -> Result<(), Status> {
    let (vmo, rights) = find(context, value, Rights::WRITE)?;
    let resizable = vmo::has(vmo, VmoOptions::RESIZABLE);
    if resizable && !rights.contains(Rights::RESIZE) {
        return Err(Status::ACCESS_DENIED);
    }
    if vmo::has_fixed_frames(vmo) {
        return Err(Status::UNAVAILABLE);
    }
    let rounded = size
        .checked_next_multiple_of(PAGE_SIZE)
        .ok_or(Status::OUT_OF_RANGE)?;
    if !resizable {
        return Err(Status::UNAVAILABLE);
    }
    if rounded > MAX_VMO_SIZE {
        return Err(Status::OUT_OF_RANGE);
    }
    let target = vmo::sized(vmo);
    if target.root_offset.checked_add(rounded).is_none() {
        return Err(Status::INVALID_ARGS);
    }
    vmo_size::resize(target, size, rounded)
}

/// Sets the stream size (reference §9.3).
pub fn set_stream_size(context: Context, value: u32, size: u64) -> Result<(), Status> {
    let (vmo, _) = find(context, value, Rights::WRITE)?;
    vmo_size::set_stream_size(vmo, size)
}
