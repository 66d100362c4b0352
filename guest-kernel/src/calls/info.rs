//! `zx_object_get_info` (reference §15).

use abi::Status;

use super::Context;

/// Answers.
pub fn get(
    _context: Context,
    _value: u32,
    _topic: u32,
    _buffer: u64,
    _size: u64,
    _out: (u64, u64),
) -> Result<(), Status> {
    Err(Status::NOT_SUPPORTED)
}
