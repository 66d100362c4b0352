//! Processes, by handle.

use crate::Result;
use crate::handle::Handle;
use crate::raw;
use abi::Status;

/// A process, by an owned handle.
#[derive(Debug)]
pub struct Process(Handle);

impl Process {
    /// Takes over a handle.
    #[must_use]
    pub const fn from_handle(handle: Handle) -> Self {
        Self(handle)
    }

    /// The handle.
    #[must_use]
    pub const fn handle(&self) -> &Handle {
        &self.0
    }

    /// Reads the process's memory at `vaddr` into `data` and returns how many bytes
    /// came: fewer than asked at the end of the one mapping that holds `vaddr`
    /// (`zx_process_read_memory`).
    ///
    /// # Errors
    /// As reference §5.1.
    pub fn read_memory(&self, vaddr: usize, data: &mut [u8]) -> Result<usize> {
        let mut actual = 0;
        // SAFETY: `data` is writable for its length, `actual` is a size.
        let status = unsafe {
            raw::zx_process_read_memory(
                self.0.raw(),
                vaddr,
                data.as_mut_ptr(),
                data.len(),
                &raw mut actual,
            )
        };
        Status(status).ok()?;
        Ok(actual)
    }

    /// Writes `data` into the process's memory at `vaddr` and returns how many bytes
    /// went (`zx_process_write_memory`).
    ///
    /// Writing to one's own process this way can break whatever the program holds a
    /// reference to; that is the caller's affair, as it is with Zircon's call.
    ///
    /// # Errors
    /// As reference §6.1.
    pub fn write_memory(&self, vaddr: usize, data: &[u8]) -> Result<usize> {
        let mut actual = 0;
        // SAFETY: `data` is readable for its length, `actual` is a size.
        let status = unsafe {
            raw::zx_process_write_memory(
                self.0.raw(),
                vaddr,
                data.as_ptr(),
                data.len(),
                &raw mut actual,
            )
        };
        Status(status).ok()?;
        Ok(actual)
    }
}
