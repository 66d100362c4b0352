//! Threads.

use crate::handle::Handle;
use crate::object::Object;
use crate::vmar::root;
use crate::{MapOptions, PAGE_SIZE, Process, Result, Vmo, raw, startup};
use abi::Status;
use abi::layout::USER_BASE;
use abi::options::{Signals, TIME_INFINITE};

/// Bytes of the stack of a thread that [`Thread::spawn`] starts.
pub const STACK_SIZE: usize = 16 * PAGE_SIZE;
/// Bytes below it that nobody can access, so that an overflow is a fault.
const GUARD_SIZE: usize = PAGE_SIZE;

/// A thread, by an owned handle.
///
/// ```no_run
/// use core::sync::atomic::{AtomicU32, Ordering};
/// use libzx::{Result, Thread};
///
/// static SUM: AtomicU32 = AtomicU32::new(0);
///
/// fn sum() -> Result<u32> {
///     let add = |number| Thread::spawn(move || _ = SUM.fetch_add(number, Ordering::Relaxed));
///     for thread in [add(1)?, add(20)?, add(300)?] {
///         thread.join()?;
///     }
///     Ok(SUM.load(Ordering::Relaxed))
/// }
/// ```
#[derive(Debug)]
pub struct Thread {
    handle: Handle,
    /// Guard and stack; nothing if the thread's maker looks after them.
    stack: Option<Stack>,
}

impl Thread {
    /// A thread of this process that runs `entry` on a stack of [`STACK_SIZE`] bytes of
    /// its own and ends when that returns. [`Thread::join`] gives the stack back; a thread
    /// that is only dropped runs on and keeps it.
    ///
    /// # Errors
    /// `NO_MEMORY`.
    pub fn spawn<F: FnOnce() + Send + 'static>(entry: F) -> Result<Self> {
        Self::spawn_with_stack(STACK_SIZE, entry)
    }

    /// The same with a stack of another size in bytes, rounded up to pages.
    ///
    /// # Errors
    /// `NO_MEMORY`, `OUT_OF_RANGE` for a stack that is too small for what `entry` has
    /// captured.
    pub fn spawn_with_stack<F: FnOnce() + Send + 'static>(size: usize, entry: F) -> Result<Self> {
        let process = startup().process_self().ok_or(Status::NOT_FOUND)?;
        let handle = Self::create(&process, "thread")?.handle;
        let stack = Stack::new(size)?;
        // The closure travels at the top of the stack, the frames grow down from it.
        let room = size_of::<F>().next_multiple_of(64).max(align_of::<F>());
        let place = stack.top.saturating_sub(room) & !(align_of::<F>().max(64) - 1);
        if place < stack.base + GUARD_SIZE + PAGE_SIZE {
            stack.give_back();
            return Err(Status::OUT_OF_RANGE);
        }
        let closure = core::ptr::with_exposed_provenance_mut::<F>(place);
        // SAFETY: the place is aligned, has room for an `F`, and belongs to the new
        // mapping that nobody else knows of.
        unsafe { closure.write(entry) };
        let start: unsafe extern "C" fn(usize, usize) -> ! = begin::<F>;
        let thread = Self {
            handle,
            stack: Some(stack),
        };
        // The C ABI: `rsp + 8` is a multiple of 16 where a function begins.
        let started = thread.start(start as usize, place - 8, place, 0);
        if let Err(status) = started {
            // SAFETY: the thread that would have taken it has not started.
            drop(unsafe { closure.read() });
            stack.give_back();
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
        Self {
            handle,
            stack: None,
        }
    }

    /// The handle.
    #[must_use]
    pub const fn handle(&self) -> &Handle {
        &self.handle
    }

    /// The handle's value, which stays owned.
    #[must_use]
    pub const fn raw(&self) -> raw::RawHandle {
        self.handle.raw()
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
    /// Those of [`Handle::wait_one`].
    pub fn join(self) -> Result<()> {
        self.handle.wait_one(Signals::TERMINATED, TIME_INFINITE)?;
        if let Some(stack) = self.stack {
            stack.give_back();
        }
        Ok(())
    }
}

impl Object for Thread {
    fn from_handle(handle: Handle) -> Self {
        Self::from_handle(handle)
    }

    fn handle(&self) -> &Handle {
        &self.handle
    }

    /// The handle without the type; a stack that was made for it stays.
    fn into_handle(self) -> Handle {
        self.handle
    }
}

/// Where a spawned thread starts.
///
/// # Safety
/// At `closure` there is an `F` that belongs to nobody else.
unsafe extern "C" fn begin<F: FnOnce() + Send + 'static>(closure: usize, _: usize) -> ! {
    let closure = core::ptr::with_exposed_provenance::<F>(closure);
    // SAFETY: the caller's promise. The copy that stays there is not used again.
    let entry = unsafe { closure.read() };
    entry();
    raw::zx_thread_exit()
}

/// A stack above a range without permissions.
#[derive(Clone, Copy, Debug)]
struct Stack {
    /// First address of the guard.
    base: usize,
    /// The first address above the stack.
    top: usize,
}

impl Stack {
    /// Maps a stack of at least so many bytes.
    fn new(size: usize) -> Result<Self> {
        let too_large = Status::OUT_OF_RANGE;
        let size = size.checked_next_multiple_of(PAGE_SIZE).ok_or(too_large)?;
        let length = size.checked_add(GUARD_SIZE).ok_or(too_large)?;
        let vmo = Vmo::create(length as u64)?;
        let root = root()?;
        let base = root.map(MapOptions::empty(), 0, &vmo, 0, length)?;
        let stack = Self {
            base,
            top: base + length,
        };
        let user_base = usize::try_from(USER_BASE).map_err(|_| Status::INTERNAL)?;
        let offset = base + GUARD_SIZE - user_base;
        let options = MapOptions::READ_WRITE | MapOptions::SPECIFIC_OVERWRITE;
        match root.map(options, offset, &vmo, GUARD_SIZE as u64, size) {
            Ok(_) => Ok(stack),
            Err(status) => {
                stack.give_back();
                Err(status)
            }
        }
    }

    fn give_back(self) {
        if let Ok(root) = root() {
            // SAFETY: nobody runs on it, and nobody was given its address.
            let _ = unsafe { root.unmap(self.base, self.top - self.base) };
        }
    }
}
