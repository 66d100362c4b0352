//! The machine's clock.

use std::time::{Duration, Instant};

/// Time since the making of a machine began; what the guest's monotonic clock shows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    start: Instant,
}

impl Clock {
    /// A clock that starts now.
    pub(crate) fn start() -> Self {
        Self {
            start: Instant::now(),
        }
    }

    /// The time on it.
    pub(super) fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    /// The time on it in nanoseconds; it lasts for 584 years.
    pub(crate) fn nanoseconds(&self) -> u64 {
        nanoseconds(self.elapsed())
    }
}

/// A duration in nanoseconds.
pub(super) fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
