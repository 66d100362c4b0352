//! `zx_futex_wait`, `zx_futex_wake`.
//!
//! A futex is an address of a process: threads wait with the process as the object and
//! the address as the key, and wake in the order in which they came. Owners are checked
//! and then forgotten, for there are no priorities to inherit.

use abi::layout::{USER_BASE, USER_TOP};
use abi::objects::{ObjectType, Thread, ThreadState, WaitKind};
use abi::{Rights, Status};

use super::Context;
use super::wait::block_until;
use crate::object::handle;
use crate::sched::{self, Wait};
use crate::user_copy;

/// Waits while the word at `address` is `current`. The word is looked at before the
/// owner, and both before the deadline.
pub fn wait(
    context: Context,
    address: u64,
    current: u32,
    owner: u32,
    deadline: i64,
) -> Result<(), Status> {
    if let Some((status, _)) = context.woken(WaitKind::FUTEX) {
        return status.ok();
    }
    check_address(address)?;
    let value: u32 = user_copy::load(context.process, address)?;
    if value != current {
        return Err(Status::BAD_STATE);
    }
    check_owner(context, address, owner)?;
    Err(block_until(Wait {
        kind: WaitKind::FUTEX,
        object: Some(context.process.cast()),
        key: address,
        deadline,
    }))
}

/// Wakes at most `count` threads, the longest waiting first.
pub fn wake(context: Context, address: u64, count: u32) -> Result<(), Status> {
    check_address(address)?;
    for _ in 0..count {
        let process = Some(context.process.cast());
        let Some(thread) = sched::waiting(WaitKind::FUTEX, process, address) else {
            break;
        };
        sched::wake(thread, Status::OK, 0);
    }
    Ok(())
}

fn check_address(address: u64) -> Result<(), Status> {
    let good = address.is_multiple_of(4) && (USER_BASE..USER_TOP).contains(&address);
    good.then_some(()).ok_or(Status::INVALID_ARGS)
}

/// An owner is a started thread of the same process that is neither the caller nor waits
/// for this very futex.
fn check_owner(context: Context, address: u64, owner: u32) -> Result<(), Status> {
    if owner == 0 {
        return Ok(());
    }
    let (thread, _) =
        handle::find_object::<Thread>(context.process, owner, ObjectType::THREAD, Rights::empty())?;
    let state = ThreadState(thread.state);
    let waits_here = state == ThreadState::WAITING
        && thread.wait_kind == WaitKind::FUTEX.0
        && thread.wait_key == address;
    if thread == context.thread
        || thread.process != context.process.link()
        || state == ThreadState::INITIAL
        || waits_here
    {
        return Err(Status::INVALID_ARGS);
    }
    Ok(())
}
