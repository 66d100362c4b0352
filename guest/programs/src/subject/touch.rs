//! What an access to an address gives, without dying of it: the same soft fault that
//! the access would cause, met in a call (reference §3, §13.7).

use super::Subject;
use crate::probe::{vmo_read, vmo_write};
use libzx::Result;

/// The byte at that address.
///
/// # Errors
/// The status of the fault.
pub fn soft_load(address: u64) -> Result<u8> {
    let scratch = Subject::pages(1)?;
    vmo_write(scratch.id(), address, 0, 1).ok()?;
    scratch.byte(0)
}

/// Stores a byte at that address.
///
/// # Errors
/// The status of the fault.
pub fn soft_store(address: u64, byte: u8) -> Result<()> {
    let scratch = Subject::pages(1)?;
    scratch.put_byte(0, byte)?;
    vmo_read(scratch.id(), address, 0, 1).ok()
}
