//! Sizes of VMOs, and zeroing (reference §9, §11).

use abi::Status;
use abi::entry::{ADDRESS_MASK, PRESENT, WRITABLE};
use abi::layout::PAGE_SIZE;
use abi::objects::{Vmo, VmoOptions};

use super::{fault_in, page_list, pager, pages, vmo};
use crate::host;
use crate::mem::frames;
use crate::state::{Follow, Ptr};

/// Sets the size of a resizable VMO that is no alias to `size` (exact: that is the stream
/// size then), rounded up to `rounded` (reference §9.2).
///
/// # Errors
/// NO_MEMORY, or BLOCKED, if the bytes behind `size` in its page cannot be zeroed yet.
pub fn resize(mut vmo: Ptr<Vmo>, size: u64, rounded: u64) -> Result<(), Status> {
    let old = vmo.size;
    if rounded < old {
        cut(vmo, rounded);
    }
    vmo.size = rounded;
    // Only what the page has: an absent page needs no zeroing beyond what it will read as.
    let start = size.min(old);
    if !start.is_multiple_of(PAGE_SIZE) && start < rounded {
        zero_within(vmo, start, PAGE_SIZE - start % PAGE_SIZE)?;
    }
    vmo.stream_size = size;
    Ok(())
}

/// Takes everything from `end` on away.
fn cut(mut vmo: Ptr<Vmo>, end: u64) {
    fault_in::forget_pages(vmo, end, u64::MAX - end, None);
    page_list::remove(vmo, end, vmo.size);
    vmo.source_limit = vmo.source_limit.min(end);
    vmo.pager_limit = vmo.pager_limit.min(end);
    if let Some(source) = vmo.page_source.get() {
        // What was asked for is not there any more (reference §17.9).
        pager::end_supply(source, end, Status::OK);
    }
    // Those who look through never see this part again, even if it grows back.
    let mut next = vmo.first_dependent;
    while let Some(mut dependent) = next.get() {
        next = dependent.next_dependent;
        if !vmo::is_alias(dependent) {
            let left = end.saturating_sub(dependent.source_offset);
            dependent.source_limit = dependent.source_limit.min(left);
        }
    }
}

/// The stream size in bytes; 0 where there is none (reference §9.1).
pub fn stream_size(vmo: Ptr<Vmo>) -> u64 {
    if vmo::has_fixed_frames(vmo) {
        0
    } else {
        vmo::sized(vmo).stream_size
    }
}

/// Sets the stream size; bytes between the smaller of both and the VMO's end become zeros
/// (reference §9.3).
///
/// # Errors
/// NOT_SUPPORTED for physical and contiguous VMOs, OUT_OF_RANGE beyond the VMO's size;
/// NO_MEMORY; BLOCKED.
pub fn set_stream_size(value: Ptr<Vmo>, size: u64) -> Result<(), Status> {
    if vmo::has_fixed_frames(value) {
        return Err(Status::NOT_SUPPORTED);
    }
    let mut vmo = vmo::sized(value);
    if size == vmo.stream_size {
        return Ok(());
    }
    if size > vmo.size {
        return Err(Status::OUT_OF_RANGE);
    }
    let (target, shift) = vmo::target(vmo);
    let start = size.min(vmo.stream_size);
    zero(target, start + shift, vmo.size - start)?;
    vmo.stream_size = size;
    let page = size.next_multiple_of(PAGE_SIZE);
    fault_in::forget_pages(vmo, page, u64::MAX - page, None);
    Ok(())
}

/// Makes `[offset, offset + length)` read as zeros, giving pages back where that is
/// possible (reference §11, ZERO). The range lies in the VMO, which is no alias.
///
/// # Errors
/// NO_MEMORY; BLOCKED, or the pager's status, for a part of a page.
pub fn zero(vmo: Ptr<Vmo>, offset: u64, length: u64) -> Result<(), Status> {
    let end = offset + length;
    if vmo::has(vmo, VmoOptions::DISCARDED) {
        return Ok(());
    }
    let first_whole = offset.next_multiple_of(PAGE_SIZE);
    let last_whole = end & !(PAGE_SIZE - 1);
    if first_whole > last_whole {
        return zero_within(vmo, offset, length);
    }
    if offset < first_whole {
        zero_within(vmo, offset, first_whole - offset)?;
    }
    if last_whole < end {
        zero_within(vmo, last_whole, end - last_whole)?;
    }
    zero_pages(vmo, first_whole, last_whole)
}

/// Zeroes a part of one page.
fn zero_within(vmo: Ptr<Vmo>, offset: u64, length: u64) -> Result<(), Status> {
    if let pages::Visible::Zero = pages::visible(vmo, offset) {
        return Ok(());
    }
    let (done, status) = pages::make_writable(vmo, offset, length);
    if done == 0 {
        return Err(status);
    }
    let frame = page_list::entry(vmo, offset) & ADDRESS_MASK;
    host::zero_bytes(frame + offset % PAGE_SIZE, length);
    Ok(())
}

/// Zeroes whole pages.
fn zero_pages(vmo: Ptr<Vmo>, from: u64, end: u64) -> Result<(), Status> {
    if from >= end {
        return Ok(());
    }
    if vmo::has(vmo, VmoOptions::CONTIGUOUS) {
        let mut at = from;
        while at < end {
            let frame = page_list::entry(vmo, at) & ADDRESS_MASK;
            host::zero_bytes(frame, PAGE_SIZE);
            at += PAGE_SIZE;
        }
        return Ok(());
    }
    fault_in::forget_pages(vmo, from, end - from, None);
    page_list::remove(vmo, from, end);
    // What stands behind must not come to light: pages of zeros hide it.
    let hidden = vmo.source_limit.max(vmo.pager_limit).min(end);
    let mut at = from;
    while at < hidden {
        match pages::visible(vmo, at) {
            pages::Visible::Zero => {}
            _ => put_zero_page(vmo, at)?,
        }
        at += PAGE_SIZE;
    }
    if let Some(source) = vmo.page_source.get()
        && from < hidden
    {
        pager::provided(source, from, hidden - from);
    }
    Ok(())
}

fn put_zero_page(vmo: Ptr<Vmo>, offset: u64) -> Result<(), Status> {
    let frame = frames::allocate()?;
    page_list::put(vmo, offset, frame | PRESENT | WRITABLE).inspect_err(|_| frames::free(frame))
}
