//! `zx_vmo_create_child` (reference §10).

use abi::Status;

use super::Context;

/// Makes a child.
pub fn create_child(
    _context: Context,
    _value: u32,
    _options: u32,
    _offset: u64,
    _size: u64,
    _out: u64,
) -> Result<(), Status> {
    Err(Status::NOT_SUPPORTED)
}
