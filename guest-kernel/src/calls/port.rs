//! `zx_port_create`, `zx_port_queue`, `zx_port_wait`.

use abi::Status;

use super::Context;

/// Makes.
pub fn create(_context: Context, _options: u32, _out: u64) -> Result<(), Status> {
    Err(Status::NOT_SUPPORTED)
}

/// Queues.
pub fn queue(_context: Context, _value: u32, _packet: u64) -> Result<(), Status> {
    Err(Status::NOT_SUPPORTED)
}

/// Waits.
pub fn wait(_context: Context, _value: u32, _deadline: i64, _packet: u64) -> Result<(), Status> {
    Err(Status::NOT_SUPPORTED)
}
