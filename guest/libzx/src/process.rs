//! Processes, by handle.

use crate::handle::Handle;
use crate::object::{Object, object};
use crate::{Job, Result, Thread, Vmar, raw, startup};
use abi::Status;
use abi::info::InfoProcess;

/// A process, by an owned handle.
///
/// Other programs of the same machine are at hand by name
/// ([`Startup::other_named`](crate::Startup::other_named)); a process of one's own making
/// is made, filled and started by hand:
///
/// ```no_run
/// use libzx::{MapOptions, Object, Process, Result, Rights, Signals, Status};
/// use libzx::{TIME_INFINITE, Thread, Vmo, startup};
///
/// fn a_process_that_crashes() -> Result<i64> {
///     let (process, vmar) = Process::create("child")?;
///     let code = Vmo::create(0x1000)?;
///     code.write(&[0x0F, 0x0B], 0)?; // ud2
///     let resource = startup().resource().ok_or(Status::NOT_FOUND)?;
///     let code = code.replace_as_executable(&resource)?;
///     let options = MapOptions::PERM_READ | MapOptions::PERM_EXECUTE;
///     let entry = vmar.map(options, 0, &code, 0, 0x1000)?;
///     let thread = Thread::create(&process, "main")?;
///     process.start(&thread, entry, entry, None, 0)?;
///     process.wait_one(Signals::TERMINATED, TIME_INFINITE)?;
///     process.return_code()
/// }
/// ```
#[derive(Debug)]
pub struct Process(Handle);

object!(Process);

impl Process {
    /// A process of the job that this one is in, not started, and its root VMAR
    /// (`zx_process_create`).
    ///
    /// # Errors
    /// `NO_MEMORY`; `NOT_FOUND` without a job handle.
    pub fn create(name: &str) -> Result<(Self, Vmar)> {
        Self::create_in(&*startup().job().ok_or(Status::NOT_FOUND)?, name)
    }

    /// A process of that job, not started, and its root VMAR.
    ///
    /// # Errors
    /// As reference §16.
    pub fn create_in(job: &Job, name: &str) -> Result<(Self, Vmar)> {
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

    /// What it ended with: its return code, or one of the kernel's if it was killed or
    /// crashed (reference §15.5); 0 while it runs.
    ///
    /// # Errors
    /// `ACCESS_DENIED` without the right INSPECT.
    pub fn return_code(&self) -> Result<i64> {
        Ok(self.info::<InfoProcess>()?.return_code)
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
