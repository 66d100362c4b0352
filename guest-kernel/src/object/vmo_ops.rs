//! What `zx_vmo_op_range` and `zx_vmar_op_range` do to a range of a VMO (reference §11),
//! and moving pages from one VMO to another (§12.2).
//!
//! Ranges were checked to lie in the VMO; slices and references work on their source.

use abi::Status;
use abi::entry::{ADDRESS_MASK, PRESENT, WRITABLE};
use abi::layout::PAGE_SIZE;
use abi::objects::{Vmo, VmoOptions, WaitKind};

use super::{fault_in, page_list, pages, vmo, vmo_size};
use crate::calls::BLOCKED;
use crate::mem::frames;
use crate::sched;
use crate::state::{Follow, Ptr, root};

/// Makes every page of the range present and the VMO's own.
///
/// # Errors
/// NOT_SUPPORTED for physical VMOs, NOT_FOUND for a discarded one, the pager's status,
/// NO_MEMORY; BLOCKED.
pub fn commit(value: Ptr<Vmo>, offset: u64, length: u64) -> Result<(), Status> {
    each(value, offset, length, |vmo, at, left| {
        if vmo.page_source.is_none() {
            pages::make_writable(vmo, at, left)
        } else {
            // Committed is resident; nothing is made dirty.
            pages::make_readable(vmo, at, left)
        }
    })
}

/// Brings pages in without making them anybody's own.
///
/// # Errors
/// As [`commit`].
pub fn prefetch(value: Ptr<Vmo>, offset: u64, length: u64) -> Result<(), Status> {
    each(value, offset, length, pages::make_readable)
}

/// As [`prefetch`], but a page that cannot be had is passed over.
///
/// # Errors
/// BLOCKED only.
pub fn always_need(value: Ptr<Vmo>, offset: u64, length: u64) -> Result<(), Status> {
    each(
        value,
        offset,
        length,
        |vmo, at, left| match pages::make_readable(vmo, at, left) {
            (0, status) if status != BLOCKED => (PAGE_SIZE, Status::OK),
            other => other,
        },
    )
}

/// Works through whole pages. If the VMO was cut while the thread waited for a page, what
/// is left of the range counts (reference §17.9).
fn each(
    value: Ptr<Vmo>,
    offset: u64,
    length: u64,
    work: impl Fn(Ptr<Vmo>, u64, u64) -> (u64, Status),
) -> Result<(), Status> {
    let (target, shift) = vmo::target(value);
    if length == 0 {
        return Ok(());
    }
    if vmo::is_physical(target) {
        return Err(Status::NOT_SUPPORTED);
    }
    let mut at = (offset & !(PAGE_SIZE - 1)) + shift;
    let end = offset + length + shift;
    while at < end.min(target.size) {
        let (done, status) = work(target, at, end - at);
        if status != Status::OK {
            return Err(status);
        }
        at += done;
        if done == 0 {
            break;
        }
    }
    Ok(())
}

/// Whether the call that runs has waited for a page of a pager: its range was checked
/// then.
pub fn has_waited() -> bool {
    sched::woken(sched::current(), WaitKind::PAGE).is_some()
}

/// Gives whole pages of a VMO without fixed frames back; they read as zeros then.
///
/// # Errors
/// NOT_SUPPORTED for a copy-on-write clone, the parent of one, or what has a pager; INVALID_ARGS for an unaligned range; BAD_STATE if pinned.
pub fn decommit(value: Ptr<Vmo>, offset: u64, length: u64) -> Result<(), Status> {
    let (target, shift) = vmo::target(value);
    if length == 0 {
        return Ok(());
    }
    if vmo::has_relatives(target) || vmo::pager_root(target).is_some() {
        return Err(Status::NOT_SUPPORTED);
    }
    if !offset.is_multiple_of(PAGE_SIZE) || !length.is_multiple_of(PAGE_SIZE) {
        return Err(Status::INVALID_ARGS);
    }
    if vmo::has(target, VmoOptions::PINNED) {
        return Err(Status::BAD_STATE);
    }
    fault_in::forget_pages(target, offset + shift, length, None);
    page_list::remove(target, offset + shift, offset + shift + length);
    Ok(())
}

/// Zeroes bytes.
///
/// # Errors
/// NOT_SUPPORTED for physical VMOs, BAD_STATE if it is not cached, NO_MEMORY, the pager's
/// status; BLOCKED.
pub fn zero(value: Ptr<Vmo>, offset: u64, length: u64) -> Result<(), Status> {
    let (target, shift) = vmo::target(value);
    if length == 0 {
        return Ok(());
    }
    if vmo::is_physical(target) {
        return Err(Status::NOT_SUPPORTED);
    }
    vmo_size::zero(target, offset + shift, length)
}

/// Takes the pages of every discardable VMO that was unlocked.
pub fn reclaim() {
    let mut next = root().first_vmo;
    while let Some(at) = next.get() {
        next = at.next;
        if vmo::has(at, VmoOptions::RECLAIMABLE) {
            fault_in::forget_pages(at, 0, u64::MAX, None);
            page_list::remove(at, 0, at.size);
            vmo::set_option(at, VmoOptions::RECLAIMABLE, false);
            vmo::set_option(at, VmoOptions::DISCARDED, true);
        }
    }
}

/// Moves whole pages; the source's range reads as zeros then (reference §12.2). Neither
/// has a pager, both are anonymous.
///
/// # Errors
/// NO_MEMORY; what was moved before stays moved.
pub fn transfer(
    to: Ptr<Vmo>,
    offset: u64,
    length: u64,
    from: Ptr<Vmo>,
    from_offset: u64,
) -> Result<(), Status> {
    if to == from && offset == from_offset {
        return Ok(());
    }
    let mut done = 0;
    let mut result = Ok(());
    while done < length {
        result = transfer_page(to, offset + done, from, from_offset + done);
        if result.is_err() {
            break;
        }
        done += PAGE_SIZE;
    }
    fault_in::forget_pages(from, from_offset, length, None);
    fault_in::forget_pages(to, offset, length, None);
    result
}

fn transfer_page(
    to: Ptr<Vmo>,
    offset: u64,
    from: Ptr<Vmo>,
    from_offset: u64,
) -> Result<(), Status> {
    if page_list::entry(from, from_offset) & PRESENT == 0 {
        page_list::remove(to, offset, offset + PAGE_SIZE);
        return Ok(());
    }
    let frame = pages::take_page(from, from_offset)?;
    page_list::remove(to, offset, offset + PAGE_SIZE);
    page_list::put(to, offset, (frame & ADDRESS_MASK) | PRESENT | WRITABLE)
        .inspect_err(|_| frames::free(frame))
}
