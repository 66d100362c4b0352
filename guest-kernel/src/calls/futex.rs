//! `zx_futex_wait`, `zx_futex_wake`.

use abi::Status;

use super::Context;

/// Waits.
pub fn wait(
    _context: Context,
    _value_ptr: u64,
    _current: u32,
    _owner: u32,
    _deadline: i64,
) -> Result<(), Status> {
    Err(Status::NOT_SUPPORTED)
}

/// Wakes.
pub fn wake(_context: Context, _value_ptr: u64, _count: u32) -> Result<(), Status> {
    Err(Status::NOT_SUPPORTED)
}
