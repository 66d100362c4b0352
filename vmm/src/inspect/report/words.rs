//! Words for what an object is at.

use crate::objects::ThreadView;
use abi::objects::{ThreadState, WaitKind};

/// A thread's state in Zircon's words (`ZX_THREAD_STATE_*`, as its tools print them).
#[must_use]
pub const fn thread_state(thread: &ThreadView) -> &'static str {
    match thread.state() {
        ThreadState::INITIAL => "new",
        ThreadState::READY => "running",
        ThreadState::DEAD => "dead",
        _ => match WaitKind(thread.raw().wait_kind) {
            WaitKind::TIME => "blocked.sleeping",
            WaitKind::SIGNALS => "blocked.wait_one",
            WaitKind::PORT => "blocked.port",
            WaitKind::FUTEX => "blocked.futex",
            WaitKind::PAGE | WaitKind::DIRTY => "blocked.pager",
            _ => "blocked",
        },
    }
}
