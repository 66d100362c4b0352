//! `zx_vmo_create` (reference §8.1), `zx_vmo_get_size` (§9.1).

use abi::layout::{MAX_VMO_SIZE, PAGE_SIZE};
use abi::objects::{NAME_LENGTH, VmoOptions};
use abi::{Rights, Status};

use super::Context;
use super::handle::store_handle;
use crate::object::{handle, header, vmo};

/// `ZX_VMO_DISCARDABLE`.
const DISCARDABLE: u32 = 1 << 2;

/// Makes an anonymous VMO.
pub fn create(context: Context, size: u64, options: u32, out: u64) -> Result<(), Status> {
    let flags = VmoOptions::from_bits_retain(options);
    let unbounded = flags.contains(VmoOptions::UNBOUNDED);
    if unbounded && flags.contains(VmoOptions::RESIZABLE) {
        return Err(Status::INVALID_ARGS);
    }
    let rounded = size
        .checked_next_multiple_of(PAGE_SIZE)
        .filter(|rounded| *rounded <= MAX_VMO_SIZE);
    if !unbounded && rounded.is_none() {
        return Err(Status::OUT_OF_RANGE);
    }
    let known = VmoOptions::RESIZABLE.bits() | VmoOptions::UNBOUNDED.bits() | DISCARDABLE;
    if options & !known != 0 {
        return Err(Status::INVALID_ARGS);
    }
    let actual_size = if unbounded {
        if size > MAX_VMO_SIZE {
            return Err(Status::OUT_OF_RANGE);
        }
        MAX_VMO_SIZE
    } else {
        rounded.unwrap_or(0)
    };
    if options & DISCARDABLE != 0 {
        return Err(Status::NOT_SUPPORTED);
    }
    let new = vmo::create(actual_size, size, flags, &[0; NAME_LENGTH])?;
    let rights = if flags.contains(VmoOptions::RESIZABLE) {
        Rights::DEFAULT_VMO | Rights::RESIZE
    } else {
        Rights::DEFAULT_VMO
    };
    let value = handle::create(context.process, new.cast(), rights);
    header::release(new.cast());
    store_handle(context, value?, out)
}

/// Makes a contiguous VMO.
pub fn create_contiguous(
    _context: Context,
    _bti: u32,
    _size: u64,
    _alignment: u32,
    _out: u64,
) -> Result<(), Status> {
    Err(Status::NOT_SUPPORTED)
}

/// Makes a physical VMO.
pub fn create_physical(
    _context: Context,
    _resource: u32,
    _base: u64,
    _size: u64,
    _out: u64,
) -> Result<(), Status> {
    Err(Status::NOT_SUPPORTED)
}

/// Adds the right EXECUTE.
pub fn replace_as_executable(
    _context: Context,
    _value: u32,
    _vmex: u32,
    _out: u64,
) -> Result<(), Status> {
    Err(Status::NOT_SUPPORTED)
}

/// Sets the cache policy.
pub fn set_cache_policy(_context: Context, _value: u32, _policy: u32) -> Result<(), Status> {
    Err(Status::NOT_SUPPORTED)
}
