//! `zx_object_wait_one`, `zx_object_signal`.

use abi::objects::{ObjectHeader, WaitKind};
use abi::options::Signals;
use abi::{Rights, Status};

use super::handle::wait_for_place;
use super::{BLOCKED, Context};
use crate::object::{handle, signals};
use crate::sched::{self, Wait};
use crate::state::Ptr;
use crate::{host, user_copy};

/// Puts the calling thread to sleep and gives what its call must return then; if the
/// deadline has passed, it does not sleep.
pub fn block_until(wait: Wait) -> Status {
    let never = wait.deadline == i64::MAX;
    if wait.deadline <= 0 || !never && wait.deadline <= host::clock().cast_signed() {
        return Status::TIMED_OUT;
    }
    sched::block(wait);
    BLOCKED
}

/// Waits until one of these signals is asserted. All that are asserted then are stored,
/// also when the time is up or the handle is closed meanwhile.
pub fn wait_one(
    context: Context,
    value: u32,
    wanted: u32,
    deadline: i64,
    observed: u64,
) -> Result<(), Status> {
    if let Some((status, now)) = context.woken(WaitKind::SIGNALS) {
        let object: Ptr<ObjectHeader> = Ptr::new(context.thread.held);
        let now = match status {
            Status::OK => now as u32,
            Status::CANCELED => object.signals | signals::HANDLE_CLOSED,
            _ => object.signals,
        };
        return finish(context, observed, now, status);
    }
    let found = handle::find(context.process, value)?;
    if !found.rights.contains(Rights::WAIT) {
        return Err(Status::ACCESS_DENIED);
    }
    if found.object.signals & wanted != 0 {
        return finish(context, observed, found.object.signals, Status::OK);
    }
    // What is observed must not be lost because its place has to be fetched first.
    wait_for_place(context, observed)?;
    match block_until(Wait {
        kind: WaitKind::SIGNALS,
        object: Some(found.object),
        key: u64::from(wanted),
        deadline,
    }) {
        Status::TIMED_OUT => finish(context, observed, found.object.signals, Status::TIMED_OUT),
        blocked => Err(blocked),
    }
}

fn finish(context: Context, observed: u64, now: u32, status: Status) -> Result<(), Status> {
    if observed != 0 {
        user_copy::store(context.process, observed, now)?;
    }
    status.ok()
}

/// Clears, then asserts user signals. Every type of object has them; the right SIGNAL
/// decides.
pub fn signal(context: Context, value: u32, clear: u32, set: u32) -> Result<(), Status> {
    let found = handle::find(context.process, value)?;
    if !found.rights.contains(Rights::SIGNAL) {
        return Err(Status::ACCESS_DENIED);
    }
    let (clear, set) = (
        Signals::from_bits_retain(clear),
        Signals::from_bits_retain(set),
    );
    if !Signals::USER_ALL.contains(clear | set) {
        return Err(Status::INVALID_ARGS);
    }
    signals::change(found.object, clear, set);
    Ok(())
}
