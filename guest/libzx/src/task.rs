//! What a thread does with itself: time, sleep, the end.

use crate::raw;

/// Nanoseconds since the machine started.
#[must_use]
pub fn monotonic() -> i64 {
    raw::zx_clock_get_monotonic()
}

/// The deadline that comes `duration` nanoseconds from now.
#[must_use]
pub fn deadline_after(duration: i64) -> i64 {
    monotonic().saturating_add(duration)
}

/// Sleeps until the monotonic clock shows `deadline` nanoseconds, or later.
pub fn sleep_until(deadline: i64) {
    // SAFETY: the call touches no memory; it always succeeds.
    unsafe { raw::zx_nanosleep(deadline) };
}

/// Sleeps for `duration` nanoseconds, or longer.
pub fn sleep_for(duration: i64) {
    sleep_until(deadline_after(duration));
}

/// Lets another thread run.
pub fn yield_now() {
    // SAFETY: the call touches no memory; with options 0 it always succeeds.
    unsafe { raw::zx_thread_legacy_yield(0) };
}

/// Ends the process with that return code.
pub fn process_exit(code: i64) -> ! {
    raw::zx_process_exit(code)
}
