//! Pagers (reference §17).

use abi::Status;

use super::Context;

/// Makes.
pub fn create(_context: Context, _options: u32, _out: u64) -> Result<(), Status> {
    Err(Status::NOT_SUPPORTED)
}

/// Makes a VMO.
pub fn create_vmo(
    _context: Context,
    _pager: u32,
    _options: u32,
    _port: (u32, u64),
    _size: u64,
    _out: u64,
) -> Result<(), Status> {
    Err(Status::NOT_SUPPORTED)
}

/// Supplies.
pub fn supply_pages(
    _context: Context,
    _pager: u32,
    _vmo: u32,
    _offset: u64,
    _length: u64,
    _aux: (u32, u64),
) -> Result<(), Status> {
    Err(Status::NOT_SUPPORTED)
}

/// Detaches.
pub fn detach_vmo(_context: Context, _pager: u32, _vmo: u32) -> Result<(), Status> {
    Err(Status::NOT_SUPPORTED)
}

/// Fails, dirties, writes back.
pub fn op_range(
    _context: Context,
    _pager: u32,
    _op: u32,
    _vmo: u32,
    _range: (u64, u64),
    _data: u64,
) -> Result<(), Status> {
    Err(Status::NOT_SUPPORTED)
}
