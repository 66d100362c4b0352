//! `zx_object_get_property`, `zx_object_set_property`.

use abi::Status;

use super::Context;

/// Gets.
pub fn get(
    _context: Context,
    _value: u32,
    _property: u32,
    _buffer: u64,
    _size: u64,
) -> Result<(), Status> {
    Err(Status::NOT_SUPPORTED)
}

/// Sets.
pub fn set(
    _context: Context,
    _value: u32,
    _property: u32,
    _buffer: u64,
    _size: u64,
) -> Result<(), Status> {
    Err(Status::NOT_SUPPORTED)
}
