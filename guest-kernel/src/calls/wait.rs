//! `zx_object_wait_one`, `zx_object_signal`.

use abi::Status;

use super::Context;

/// Waits.
pub fn wait_one(
    _context: Context,
    _value: u32,
    _signals: u32,
    _deadline: i64,
    _observed: u64,
) -> Result<(), Status> {
    Err(Status::NOT_SUPPORTED)
}

/// Signals.
pub fn signal(_context: Context, _value: u32, _clear: u32, _set: u32) -> Result<(), Status> {
    Err(Status::NOT_SUPPORTED)
}
