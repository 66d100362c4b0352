//! `zx_handle_close`, `zx_handle_close_many`, `zx_handle_duplicate`, `zx_handle_replace`
//! (reference §14).

use abi::objects::{HANDLE_CHUNK_ENTRIES, HANDLE_CHUNKS, Permissions};
use abi::{Rights, Status};
use zerocopy::IntoBytes;

use super::Context;
use crate::object::{handle, header};
use crate::state::Ptr;
use crate::user_copy;

/// Closes a handle; closing the invalid handle 0 is fine.
pub fn close(context: Context, value: u32) -> Result<(), Status> {
    if value == 0 {
        return Ok(());
    }
    handle::close_value(context.process, value)
}

/// The most values of one `zx_handle_close_many`: as many as there are handles in the
/// whole system.
const MAX_CLOSED: u64 = (HANDLE_CHUNKS * HANDLE_CHUNK_ENTRIES) as u64;
/// How many are read at once.
const CLOSED_AT_ONCE: usize = 64;

/// Closes many, in the order in which they stand; zeros are nothing. One that is bad does
/// not keep the others open, but decides the answer. If the list itself ends in memory
/// that cannot be read, those before it may be closed.
pub fn close_many(context: Context, handles: u64, count: u64) -> Result<(), Status> {
    if count > MAX_CLOSED {
        return Err(Status::INVALID_ARGS);
    }
    // Nothing may be closed before all of the list is there: it would not be there to be
    // closed a second time.
    user_copy::prepare(context.process, handles, 4 * count, Permissions::READ)?;
    let mut result = Ok(());
    let mut at = handles;
    let mut left = count as usize;
    while left > 0 {
        let mut values = [0_u32; CLOSED_AT_ONCE];
        let some = left.min(CLOSED_AT_ONCE);
        let values = values.get_mut(..some).ok_or(Status::INTERNAL)?;
        user_copy::load_bytes(context.process, at, values.as_mut_bytes())?;
        for value in values.iter().filter(|value| **value != 0) {
            if let Err(status) = handle::close_value(context.process, *value) {
                result = Err(status);
            }
        }
        at += 4 * some as u64;
        left -= some;
    }
    result
}

/// Makes a second handle with the same or fewer rights.
pub fn duplicate(context: Context, value: u32, rights: u32, out: u64) -> Result<(), Status> {
    let source = handle::find(context.process, value)?;
    if !source.rights.contains(Rights::DUPLICATE) {
        return Err(Status::ACCESS_DENIED);
    }
    let rights = subset(source.rights, rights)?;
    let new = handle::create(context.process, source.object, rights)?;
    store_handle(context, new, out)
}

/// Exchanges a handle for one with the same or fewer rights; the old value is gone, even
/// if the rights asked for are too many.
pub fn replace(context: Context, value: u32, rights: u32, out: u64) -> Result<(), Status> {
    let source = handle::find(context.process, value)?;
    wait_for_place(context, out)?;
    let new = subset(source.rights, rights)
        .and_then(|rights| handle::create(context.process, source.object, rights));
    handle::close(context.process, source);
    store_handle(context, new?, out)
}

/// Waits until 32 bits can be stored at `out`, if a pager has to supply the page: after
/// this a call may give up what it cannot get back. A bad address is not its business.
pub fn wait_for_place(context: Context, out: u64) -> Result<(), Status> {
    user_copy::prepare(context.process, out, 4, Permissions::WRITE)
}

fn subset(have: Rights, asked: u32) -> Result<Rights, Status> {
    if asked == Rights::SAME_RIGHTS {
        return Ok(have);
    }
    let asked = Rights::from_bits_retain(asked);
    if have.contains(asked) {
        Ok(asked)
    } else {
        Err(Status::INVALID_ARGS)
    }
}

/// Hands a new handle to the program; if that fails the handle is closed again
/// (reference §2.3).
pub fn store_handle(context: Context, value: u32, out: u64) -> Result<(), Status> {
    let stored = user_copy::store(context.process, out, value);
    if stored.is_err() {
        // It is there: it was made by this call.
        let _ = handle::close_value(context.process, value);
    }
    stored
}

/// Gives a new object, of which the caller has the one reference, to the program.
pub fn hand_out<T>(context: Context, new: Ptr<T>, rights: Rights, out: u64) -> Result<(), Status> {
    let value = handle::create(context.process, new.cast(), rights);
    header::release(new.cast());
    store_handle(context, value?, out)
}
