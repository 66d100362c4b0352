//! `zx_vmo_op_range`, `zx_vmo_transfer_data` (reference §11, §12.2).

use abi::info::LockState;
use abi::layout::PAGE_SIZE;
use abi::objects::{Vmo, VmoOptions};
use abi::options::RangeOp;
use abi::root::BootOptions;
use abi::{Rights, Status};

use super::Context;
use super::vmo::find;
use crate::object::{vmo, vmo_ops};
use crate::state::{Ptr, root};
use crate::user_copy;

/// Works on a range of a VMO; each operation has its own right and its own rules.
pub fn op_range(
    context: Context,
    value: u32,
    op: u32,
    offset: u64,
    size: u64,
    (buffer, buffer_size): (u64, u64),
) -> Result<(), Status> {
    let (vmo, rights) = find(context, value, Rights::empty())?;
    let need = |right: Rights| {
        if rights.intersects(right) {
            Ok(())
        } else {
            Err(Status::ACCESS_DENIED)
        }
    };
    match op {
        RangeOp::COMMIT | RangeOp::DECOMMIT | RangeOp::ZERO => {
            need(Rights::WRITE)?;
            on_pages(vmo, op, offset, size)
        }
        RangeOp::PREFETCH => {
            need(Rights::READ)?;
            on_pages(vmo, op, offset, size)
        }
        RangeOp::LOCK | RangeOp::TRY_LOCK => {
            need(Rights::READ | Rights::WRITE)?;
            check_lockable(vmo, offset, size)?;
            lock(context, vmo, op, buffer, buffer_size)
        }
        RangeOp::UNLOCK => {
            need(Rights::READ | Rights::WRITE)?;
            check_lockable(vmo, offset, size)?;
            unlock(vmo)
        }
        RangeOp::CACHE_SYNC | RangeOp::CACHE_CLEAN | RangeOp::CACHE_CLEAN_INVALIDATE => {
            need(Rights::READ)?;
            check_cache_range(vmo, offset, size)
        }
        RangeOp::CACHE_INVALIDATE => {
            let options = BootOptions::from_bits_retain(root().options);
            if !options.contains(BootOptions::DEBUGGING_SYSCALLS) {
                return Err(Status::NOT_SUPPORTED);
            }
            need(Rights::WRITE)?;
            check_cache_range(vmo, offset, size)
        }
        // Hints need no right; there are no other operations.
        _ => on_pages(vmo, op, offset, size),
    }
}

/// Does an operation on pages, named by their VMO or by where it is mapped; the right to
/// it was checked.
///
/// # Errors
/// INVALID_ARGS for an operation that is none on pages; those of the operation.
pub(super) fn on_pages(vmo: Ptr<Vmo>, op: u32, offset: u64, size: u64) -> Result<(), Status> {
    match op {
        RangeOp::COMMIT => {
            in_range_or_waited(vmo, offset, size)?;
            vmo_ops::commit(vmo, offset, size)
        }
        RangeOp::DECOMMIT => {
            if vmo::has_fixed_frames(vmo) {
                return Err(Status::NOT_SUPPORTED);
            }
            in_range(vmo, offset, size)?;
            vmo_ops::decommit(vmo, offset, size)
        }
        RangeOp::ZERO => {
            if !vmo::is_cached(vmo) {
                return Err(Status::BAD_STATE);
            }
            in_range(vmo, offset, size)?;
            vmo_ops::zero(vmo, offset, size)
        }
        RangeOp::DONT_NEED | RangeOp::ALWAYS_NEED => {
            if vmo::pager_root(vmo).is_none() {
                return Ok(());
            }
            in_range_or_waited(vmo, offset, size)?;
            if op == RangeOp::ALWAYS_NEED {
                return vmo_ops::always_need(vmo, offset, size);
            }
            Ok(())
        }
        RangeOp::PREFETCH => {
            in_range_or_waited(vmo, offset, size)?;
            vmo_ops::prefetch(vmo, offset, size)
        }
        _ => Err(Status::INVALID_ARGS),
    }
}

fn not_physical(vmo: Ptr<Vmo>) -> Result<(), Status> {
    if vmo::is_physical(vmo) {
        Err(Status::NOT_SUPPORTED)
    } else {
        Ok(())
    }
}

pub(super) fn in_range(vmo: Ptr<Vmo>, offset: u64, size: u64) -> Result<(), Status> {
    match offset.checked_add(size) {
        Some(end) if end <= vmo::sized(vmo).size => Ok(()),
        _ => Err(Status::OUT_OF_RANGE),
    }
}

/// A call that has waited for a page was in range when it came; if the VMO was cut since,
/// it goes on with the rest (reference §17.9).
fn in_range_or_waited(vmo: Ptr<Vmo>, offset: u64, size: u64) -> Result<(), Status> {
    if vmo_ops::has_waited() {
        return Ok(());
    }
    in_range(vmo, offset, size)
}

fn check_lockable(vmo: Ptr<Vmo>, offset: u64, size: u64) -> Result<(), Status> {
    if !vmo::has(vmo, VmoOptions::DISCARDABLE) {
        return Err(Status::NOT_SUPPORTED);
    }
    if offset != 0 || size != vmo.size {
        return Err(Status::OUT_OF_RANGE);
    }
    Ok(())
}

fn lock(
    context: Context,
    mut vmo: Ptr<Vmo>,
    op: u32,
    buffer: u64,
    buffer_size: u64,
) -> Result<(), Status> {
    let discarded = vmo::has(vmo, VmoOptions::DISCARDED);
    if op == RangeOp::TRY_LOCK && discarded {
        return Err(Status::UNAVAILABLE);
    }
    if op == RangeOp::LOCK {
        if buffer == 0 || buffer_size < size_of::<LockState>() as u64 {
            return Err(Status::INVALID_ARGS);
        }
        let state = LockState {
            offset: 0,
            size: vmo.size,
            discarded_offset: 0,
            discarded_size: if discarded { vmo.size } else { 0 },
        };
        user_copy::store(context.process, buffer, state)?;
    }
    vmo.lock_count += 1;
    vmo::set_option(vmo, VmoOptions::DISCARDED, false);
    vmo::set_option(vmo, VmoOptions::RECLAIMABLE, false);
    Ok(())
}

fn unlock(mut vmo: Ptr<Vmo>) -> Result<(), Status> {
    if vmo.lock_count == 0 {
        return Err(Status::BAD_STATE);
    }
    vmo.lock_count -= 1;
    vmo::set_option(vmo, VmoOptions::RECLAIMABLE, vmo.lock_count == 0);
    Ok(())
}

/// Caches are coherent here: after the checks there is nothing to do.
fn check_cache_range(vmo: Ptr<Vmo>, offset: u64, size: u64) -> Result<(), Status> {
    if size == 0 {
        return Err(Status::INVALID_ARGS);
    }
    in_range(vmo, offset, size)?;
    not_physical(vmo)
}

/// Moves pages from one VMO to another.
pub fn transfer_data(
    context: Context,
    value: u32,
    options: u32,
    offset: u64,
    length: u64,
    (source, source_offset): (u32, u64),
) -> Result<(), Status> {
    let aligned = [offset, length, source_offset]
        .iter()
        .all(|number| number.is_multiple_of(PAGE_SIZE));
    if options != 0 || !aligned {
        return Err(Status::INVALID_ARGS);
    }
    let (to, _) = find(context, value, Rights::WRITE)?;
    let (from, _) = find(context, source, Rights::READ | Rights::WRITE)?;
    in_range(to, offset, length)?;
    in_range(from, source_offset, length)?;
    for vmo in [to, from] {
        if vmo::has_fixed_frames(vmo) || vmo::pager_root(vmo).is_some() {
            return Err(Status::NOT_SUPPORTED);
        }
        if vmo::has(vmo::target(vmo).0, VmoOptions::PINNED) {
            return Err(Status::BAD_STATE);
        }
    }
    let ((to, to_shift), (from, from_shift)) = (vmo::target(to), vmo::target(from));
    vmo_ops::transfer(
        to,
        offset + to_shift,
        length,
        from,
        source_offset + from_shift,
    )
}

/// Takes the pages of unlocked discardable VMOs, as memory pressure would.
pub fn reclaim() -> Result<(), Status> {
    vmo_ops::reclaim();
    Ok(())
}
