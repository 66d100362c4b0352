//! `zx_handle_close`, `zx_handle_duplicate`, `zx_handle_replace` (reference §14).

use abi::{Rights, Status};

use super::Context;
use crate::object::handle;
use crate::user_copy;

/// Closes a handle; closing the invalid handle 0 is fine.
pub fn close(context: Context, value: u32) -> Result<(), Status> {
    if value == 0 {
        return Ok(());
    }
    let found = handle::find(context.process, value)?;
    handle::close(context.process, found);
    Ok(())
}

/// Closes many.
pub fn close_many(_context: Context, _handles: u64, _count: u64) -> Result<(), Status> {
    Err(Status::NOT_SUPPORTED)
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
    let new = subset(source.rights, rights)
        .and_then(|rights| handle::create(context.process, source.object, rights));
    handle::close(context.process, source);
    store_handle(context, new?, out)
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
    if stored.is_err()
        && let Ok(found) = handle::find(context.process, value)
    {
        handle::close(context.process, found);
    }
    stored
}
