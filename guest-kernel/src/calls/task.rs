//! Processes and threads (reference §16).

use abi::Status;

use super::Context;

/// Where a thread starts and with what.
#[derive(Clone, Copy)]
pub struct Entry {
    /// `rip`.
    pub pc: u64,
    /// `rsp`.
    pub sp: u64,
    /// `rdi`; of `zx_process_start` a handle.
    pub arg1: u64,
    /// `rsi`.
    pub arg2: u64,
}

/// Makes a process.
pub fn process_create(
    _context: Context,
    _job: u32,
    _name: u64,
    _name_size: u64,
    _options: u32,
    _out: (u64, u64),
) -> Result<(), Status> {
    Err(Status::NOT_SUPPORTED)
}

/// Starts one.
pub fn process_start(
    _context: Context,
    _process: u32,
    _thread: u32,
    _entry: Entry,
) -> Result<(), Status> {
    Err(Status::NOT_SUPPORTED)
}

/// Makes a thread.
pub fn thread_create(
    _context: Context,
    _process: u32,
    _name: u64,
    _name_size: u64,
    _options: u32,
    _out: u64,
) -> Result<(), Status> {
    Err(Status::NOT_SUPPORTED)
}

/// Starts one.
pub fn thread_start(_context: Context, _thread: u32, _entry: Entry) -> Result<(), Status> {
    Err(Status::NOT_SUPPORTED)
}

/// Ends the calling thread.
pub fn thread_exit(_context: Context) {}

/// Kills a process.
pub fn kill(_context: Context, _value: u32) -> Result<(), Status> {
    Err(Status::NOT_SUPPORTED)
}
