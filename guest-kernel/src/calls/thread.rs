//! `zx_debug_write`, `zx_thread_legacy_yield`, `zx_nanosleep`.

use abi::Status;
use abi::objects::{Permissions, WaitKind};

use super::{BLOCKED, Context};
use crate::sched::{self, Wait};
use crate::{host, user_copy};

/// The most bytes of one `zx_debug_write`.
const MAX_DEBUG_WRITE: u64 = 1 << 20;

/// Prints bytes on the console. The bytes go straight from the program's pages.
pub fn debug_write(context: Context, buffer: u64, length: u64) -> Result<(), Status> {
    if length > MAX_DEBUG_WRITE {
        return Err(Status::INVALID_ARGS);
    }
    let mut at = buffer;
    let mut left = length;
    while left > 0 {
        let (physical, bytes) = user_copy::run(context.process, at, left, Permissions::READ)?;
        host::console(physical, bytes, false);
        at += bytes;
        left -= bytes;
    }
    Ok(())
}

/// Yielding takes no options.
pub fn check_yield(options: u32) -> Result<(), Status> {
    if options == 0 {
        Ok(())
    } else {
        Err(Status::INVALID_ARGS)
    }
}

/// Sleeps until `deadline` (monotonic nanoseconds); a deadline in the past only yields.
pub fn sleep(context: Context, deadline: i64) -> Result<(), Status> {
    let past = deadline <= 0 || deadline <= host::clock().cast_signed();
    if past || context.woken(WaitKind::TIME).is_some() {
        return Ok(());
    }
    sched::block(Wait {
        kind: WaitKind::TIME,
        object: None,
        key: 0,
        deadline,
    });
    Err(BLOCKED)
}
