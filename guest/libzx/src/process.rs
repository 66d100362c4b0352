//! Processes, by handle.

use crate::handle::Handle;
use crate::{Result, Thread, Vmar, raw, startup};
use abi::Status;

/// A process, by an owned handle.
#[derive(Debug)]
pub struct Process(Handle);

impl Process {
    /// A process of the job that this one is in, not started, and its root VMAR
    /// (`zx_process_create`).
    ///
    /// # Errors
    /// `NO_MEMORY`; `NOT_FOUND` without a job handle.
    pub fn create(name: &str) -> Result<(Self, Vmar)> {
        let job = startup().job().ok_or(Status::NOT_FOUND)?;
        let (mut process, mut vmar) = (0, 0);
        // SAFETY: `name` is readable, the others are of a handle's size.
        let status = unsafe {
            raw::zx_process_create(
                job.raw(),
                name.as_ptr(),
                name.len(),
                0,
                &raw mut process,
                &raw mut vmar,
            )
        };
        let process = Handle::from_call(status, process)?;
        let vmar = Handle::from_raw(vmar).ok_or(Status::INTERNAL)?;
        Ok((Self(process), Vmar::from_handle(vmar)))
    }

    /// Starts it with its first thread (`zx_process_start`). `argument` moves into it
    /// and is gone here even if the call fails.
    ///
    /// # Errors
    /// As reference §16.
    pub fn start(
        &self,
        thread: &Thread,
        entry: usize,
        stack: usize,
        argument: Option<Handle>,
        argument2: usize,
    ) -> Result<()> {
        let argument = argument.map_or(0, Handle::into_raw);
        let thread = thread.handle().raw();
        // SAFETY: the call touches no memory of this process.
        let status = unsafe {
            raw::zx_process_start(self.0.raw(), thread, entry, stack, argument, argument2)
        };
        Status(status).ok()
    }

    /// Ends it (`zx_task_kill`). It may be this one; the call does not return then.
    ///
    /// # Errors
    /// `ACCESS_DENIED` without the right DESTROY.
    pub fn kill(&self) -> Result<()> {
        // SAFETY: the call touches no memory.
        Status(unsafe { raw::zx_task_kill(self.0.raw()) }).ok()
    }

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
