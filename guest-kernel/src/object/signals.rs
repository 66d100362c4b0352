//! Signals of objects, and the threads that wait for them.
//!
//! A thread that waits in `zx_object_wait_one` holds a reference to the object
//! (`Thread::held`) until its call is over, so that an object outlives the last handle
//! for as long as somebody is told of it.

use abi::Status;
use abi::objects::{ObjectHeader, WaitKind};
use abi::options::Signals;

use crate::sched;
use crate::state::Ptr;

/// `ZX_SIGNAL_HANDLE_CLOSED`: observed by a wait whose handle was closed.
pub const HANDLE_CLOSED: u32 = 1 << 23;

/// Clears and then asserts signals. Whoever waits for one that is now asserted is told so,
/// even if it is cleared again before the waiter runs.
pub fn change(mut object: Ptr<ObjectHeader>, clear: Signals, set: Signals) {
    let before = object.signals;
    object.signals = (before & !clear.bits()) | set.bits();
    let now = object.signals;
    if now == before {
        return;
    }
    sched::for_each_waiting(WaitKind::SIGNALS, Some(object), |thread| {
        if thread.wait_key & u64::from(now) != 0 {
            sched::wake(thread, Status::OK, u64::from(now));
        }
    });
}
