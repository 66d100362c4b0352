//! Threads.

use crate::handle::Handle;
use crate::{MapOptions, PAGE_SIZE, Process, Result, Vmar, Vmo, raw, startup, wait_one};
use abi::Status;
use abi::layout::USER_BASE;
use abi::options::{Signals, TIME_INFINITE};
use core::mem::ManuallyDrop;

/// Bytes of the stack of a thread that [`Thread::spawn`] starts.
const STACK_SIZE: usize = 16 * PAGE_SIZE;
/// Bytes below it that nobody can access, so that an overflow is a fault.
const GUARD_SIZE: usize = PAGE_SIZE;

/// A thread, by an owned handle.
#[derive(Debug)]
pub struct Thread {
    handle: Handle,
    /// First address of guard and stack; 0 if the thread's maker looks after them.
    stack: usize,
}

impl Thread {
    /// A thread of this process that runs `entry(argument)` on a stack of its own and
    /// ends when that returns. [`Thread::join`] gives the stack back; a thread that is
    /// only dropped runs on and keeps it.
    ///
    /// # Errors
    /// `NO_MEMORY`.
    pub fn spawn(entry: fn(usize), argument: usize) -> Result<Self> {
        let process = startup().process_self().ok_or(Status::NOT_FOUND)?;
        let mut thread = Self::create(&process, "thread")?;
        thread.stack = make_stack()?;
        let top = thread.stack + GUARD_SIZE + STACK_SIZE;
        let start: extern "C" fn(fn(usize), usize) -> ! = begin;
        // The C ABI: `rsp + 8` is a multiple of 16 where a function begins.
        let started = thread.start(start as usize, top - 8, entry as usize, argument);
        if let Err(status) = started {
            drop_stack(thread.stack);
            return Err(status);
        }
        Ok(thread)
    }

    /// A thread that is not started (`zx_thread_create`); it can be one of another
    /// process.
    ///
    /// # Errors
    /// `ACCESS_DENIED` without the right `MANAGE_THREAD`, `BAD_STATE` if the process
    /// has ended.
    pub fn create(process: &Process, name: &str) -> Result<Self> {
        let mut out = 0;
        // SAFETY: `name` is readable, `out` is a handle's size.
        let status = unsafe {
            raw::zx_thread_create(
                process.handle().raw(),
                name.as_ptr(),
                name.len(),
                0,
                &raw mut out,
            )
        };
        Handle::from_call(status, out).map(Self::from_handle)
    }

    /// Takes over a handle.
    #[must_use]
    pub const fn from_handle(handle: Handle) -> Self {
        Self { handle, stack: 0 }
    }

    /// The handle.
    #[must_use]
    pub const fn handle(&self) -> &Handle {
        &self.handle
    }

    /// Starts it at `entry` with that stack pointer (`zx_thread_start`). Of a thread of
    /// the own process, `entry` must be a function that never returns and keeps the
    /// rules that Rust has for all code.
    ///
    /// # Errors
    /// `BAD_STATE` if it was started before, `INVALID_ARGS` for addresses out of the
    /// user range.
    pub fn start(&self, entry: usize, stack: usize, arg1: usize, arg2: usize) -> Result<()> {
        // SAFETY: what runs there is the caller's affair, as this says.
        Status(unsafe { raw::zx_thread_start(self.handle.raw(), entry, stack, arg1, arg2) }).ok()
    }

    /// Waits until it has ended and gives its stack back.
    ///
    /// # Errors
    /// Those of [`wait_one`].
    pub fn join(self) -> Result<()> {
        wait_one(&self.handle, Signals::TERMINATED, TIME_INFINITE)?;
        if self.stack != 0 {
            drop_stack(self.stack);
        }
        Ok(())
    }
}

/// Where a spawned thread starts.
#[allow(
    improper_ctypes_definitions,
    reason = "the function is passed as a word between two places of this file"
)]
extern "C" fn begin(entry: fn(usize), argument: usize) -> ! {
    entry(argument);
    raw::zx_thread_exit()
}

fn root() -> Result<ManuallyDrop<Vmar>> {
    startup().vmar_root().ok_or(Status::NOT_FOUND)
}

/// Maps a stack above a range without permissions; returns the first address of both.
fn make_stack() -> Result<usize> {
    let length = GUARD_SIZE + STACK_SIZE;
    let vmo = Vmo::create(length as u64)?;
    let root = root()?;
    let base = root.map(MapOptions::empty(), 0, &vmo, 0, length)?;
    let user_base = usize::try_from(USER_BASE).map_err(|_| Status::INTERNAL)?;
    let offset = base + GUARD_SIZE - user_base;
    let options = MapOptions::READ_WRITE | MapOptions::SPECIFIC_OVERWRITE;
    if let Err(status) = root.map(options, offset, &vmo, GUARD_SIZE as u64, STACK_SIZE) {
        drop_stack(base);
        return Err(status);
    }
    Ok(base)
}

fn drop_stack(base: usize) {
    if let Ok(root) = root() {
        // SAFETY: nobody runs on it, and nobody was given its address.
        let _ = unsafe { root.unmap(base, GUARD_SIZE + STACK_SIZE) };
    }
}
