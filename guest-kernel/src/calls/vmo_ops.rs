//! `zx_vmo_op_range`, `zx_vmo_transfer_data` (reference §11, §12.2).

use abi::Status;

use super::Context;

/// Works on a range.
pub fn op_range(
    _context: Context,
    _value: u32,
    _op: u32,
    _offset: u64,
    _size: u64,
    _buffer: (u64, u64),
) -> Result<(), Status> {
    Err(Status::NOT_SUPPORTED)
}

/// Moves pages.
pub fn transfer_data(
    _context: Context,
    _value: u32,
    _options: u32,
    _offset: u64,
    _length: u64,
    _source: (u32, u64),
) -> Result<(), Status> {
    Err(Status::NOT_SUPPORTED)
}

/// Discards.
pub fn reclaim() -> Result<(), Status> {
    Err(Status::NOT_SUPPORTED)
}
