//! Kicking a vCPU out of the guest, and Ctrl-C.
//!
//! A kick is a signal to the vCPU's thread: it makes `KVM_RUN` return. One that arrives
//! just before `KVM_RUN` is lost, so kicks repeat until they have worked; nothing waits
//! for a single one.

use super::MachineError;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;
use vmm_sys_util::signal::{Killable, SIGRTMIN, register_signal_handler};

/// How long a thread may run before another has its turn.
pub(super) const TICK: Duration = Duration::from_millis(10);

/// The exit code after Ctrl-C, as shells have it.
const INTERRUPTED_TWICE: libc::c_int = 130;

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

extern "C" fn kicked(_: libc::c_int, _: *mut libc::siginfo_t, _: *mut libc::c_void) {
    // Arriving is all that it is for.
}

extern "C" fn on_interrupt(_: libc::c_int, _: *mut libc::siginfo_t, _: *mut libc::c_void) {
    if INTERRUPTED.swap(true, Ordering::Relaxed) {
        // The second time: the machine does not end, perhaps because nobody reads what
        // it prints. The host's kernel cleans up everything that a process has.
        // SAFETY: `_exit` may be called in a signal handler (signal-safety(7)).
        unsafe { libc::_exit(INTERRUPTED_TWICE) };
    }
}

/// Makes the kick's signal harmless.
pub(super) fn install_kick_handler() -> Result<(), MachineError> {
    register_signal_handler(SIGRTMIN(), kicked).map_err(MachineError::Signal)
}

/// A thread that can be kicked for as long as it runs.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct KickTarget(libc::pthread_t);

impl KickTarget {
    /// The calling thread.
    pub(super) fn this_thread() -> Self {
        // SAFETY: the function takes nothing and cannot fail.
        Self(unsafe { libc::pthread_self() })
    }

    /// Kicks it.
    pub(super) fn kick(&self) {
        let _ = self.kill(SIGRTMIN());
    }
}

// SAFETY: the handle is of a running thread, by the type's rule: it is kept by `Remote`
// behind a lock under which all kicks happen, and which that thread takes to remove it
// before it leaves `Machine::run` (`Running::drop`).
unsafe impl Killable for KickTarget {
    fn pthread_handle(&self) -> libc::pthread_t {
        self.0
    }
}

/// Makes Ctrl-C and SIGTERM end machines cleanly.
///
/// # Errors
/// [`MachineError::Signal`] if the host refuses.
pub fn install_signal_handlers() -> Result<(), MachineError> {
    for number in [libc::SIGINT, libc::SIGTERM] {
        register_signal_handler(number, on_interrupt).map_err(MachineError::Signal)?;
    }
    Ok(())
}

/// Ends all machines of this process, as Ctrl-C does.
pub fn interrupt() {
    INTERRUPTED.store(true, Ordering::Relaxed);
}

/// Whether the end was asked for.
#[must_use]
pub fn interrupted() -> bool {
    INTERRUPTED.load(Ordering::Relaxed)
}

/// What the control thread wants of the vCPU's thread.
#[derive(Debug, Default)]
pub(super) struct Wishes(AtomicU32);

impl Wishes {
    const STOP: u32 = Self::TIME_LIMIT | Self::INTERRUPT;
    /// Inject a tick.
    pub(super) const TICK: u32 = 1;
    /// Stop: the time limit has passed.
    pub(super) const TIME_LIMIT: u32 = 2;
    /// Stop: Ctrl-C.
    pub(super) const INTERRUPT: u32 = 4;
    /// Somebody wants it to stand still.
    pub(super) const PAUSE: u32 = 8;
    /// Whether all calls are to be told has changed.
    pub(super) const TRACE: u32 = 16;

    /// Adds a wish.
    pub(super) fn add(&self, wish: u32) {
        self.0.fetch_or(wish, Ordering::Release);
    }

    /// Whether anything is wished for.
    #[inline]
    pub(super) fn any(&self) -> bool {
        self.0.load(Ordering::Relaxed) != 0
    }

    /// All wishes, which are then forgotten, but for those to stop.
    pub(super) fn take(&self) -> u32 {
        self.0.fetch_and(Self::STOP, Ordering::Acquire)
    }

    /// The wish to stop, which stays.
    pub(super) fn stop(&self) -> Option<u32> {
        let wishes = self.0.load(Ordering::Acquire) & Self::STOP;
        (wishes != 0).then_some(wishes)
    }
}
