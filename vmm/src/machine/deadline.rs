//! When a machine is stopped, movable while it runs.

use super::clock::{Clock, nanoseconds};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A machine's deadline. Whoever has one — an event sink, for example — can move it while
/// the machine runs, so that the limit is that of a part of the run.
#[derive(Clone, Debug)]
pub struct Deadline {
    clock: Clock,
    /// Nanoseconds on the clock.
    at: Arc<AtomicU64>,
}

/// No deadline: later than any time on the clock.
const NEVER: u64 = u64::MAX;

impl Deadline {
    /// None yet, on that clock.
    pub(super) fn new(clock: Clock) -> Self {
        Self {
            clock,
            at: Arc::new(AtomicU64::new(NEVER)),
        }
    }

    /// The machine's clock.
    pub(crate) const fn clock(&self) -> Clock {
        self.clock
    }

    /// Moves it to `time` from now; one that has passed already was noticed, or will not
    /// be.
    pub fn set(&self, time: Duration) {
        self.set_since_start(self.clock.elapsed().saturating_add(time));
    }

    /// Moves it to a time since the making of the machine.
    pub(super) fn set_since_start(&self, time: Duration) {
        self.at.store(nanoseconds(time), Ordering::Relaxed);
    }

    /// Whether it has passed.
    pub(super) fn passed(&self) -> bool {
        self.clock.nanoseconds() >= self.at.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_passes_unless_it_is_moved_and_every_copy_moves_it() {
        let deadline = Deadline::new(Clock::start());
        assert!(!deadline.passed());
        let other = deadline.clone();
        other.set(Duration::ZERO);
        assert!(deadline.passed());
        other.set(Duration::MAX);
        assert!(!deadline.passed());
        deadline.set_since_start(Duration::ZERO);
        assert!(other.passed());
    }
}
