//! From a place that is missing to a request to the kernel, or to the status if the
//! kernel has tried and failed.

use super::buffer::{Buffer, Direction};
use super::request::Request;
use super::resolve::{want_user, want_vmo};
use super::stop::{Step, Stop};
use crate::memory::{PhysicalMemory, VmoOffset};
use crate::objects::{Content, VmoView, pager_at_root};
use crate::translate::PageCursor;
use abi::Link;
use abi::call_page::{Access, ResolveRequest, Want};
use abi::layout::{MAX_TRANSFER_PER_EXIT, PAGE_SIZE};

/// The most pages of a VMO with a pager that a write asks for at once (reference §4.5).
const PAGES_PER_WRITE: u64 = 16;

/// What stops a call that stands at a missing place: `stuck` says on which side.
///
/// Both sides are scanned for the first missing place of what is left, and all from
/// there on is asked for at once, so that an ordinary call needs one more exit and no
/// third. Where a pager may have to be waited for, only the place that the call stands at
/// counts: what comes before must be moved, and what is wrong there must be told, without
/// waiting.
#[cold]
pub(super) fn missing<M: PhysicalMemory>(
    request: &Request<'_, M>,
    vmo: &VmoView,
    buffer: &Buffer,
    stuck: u32,
) -> Stop {
    match ask(request, vmo, buffer, stuck) {
        Ok(resolve) => Stop::Resolve(resolve),
        Err(stop) => stop,
    }
}

fn ask<M: PhysicalMemory>(
    request: &Request<'_, M>,
    vmo: &VmoView,
    buffer: &Buffer,
    stuck: u32,
) -> Step<ResolveRequest> {
    check_answer(request, buffer, stuck)?;
    let progress = request.progress;
    let offset = progress.vmo_offset + progress.done;
    let left = (progress.length - progress.done).min(MAX_TRANSFER_PER_EXIT);
    let mut resolve = ResolveRequest {
        vmo: Link::new(vmo.address().0),
        ..ResolveRequest::default()
    };
    let waits = pager_at_root(request.memory, vmo)?;
    if waits && stuck == Want::VMO {
        let (access, most) = match buffer.direction {
            Direction::ToCaller => (Access::READ, left),
            Direction::FromCaller => (Access::WRITE, left.min(pages_from(offset))),
        };
        // Not beyond what a clone on the way shows of the root, nor what it has itself.
        let run = vmo.contents(request.memory).run(VmoOffset(offset), most)?;
        let length = match run.content {
            Content::Pager => run.length,
            Content::At(_) | Content::Zeros => most,
        };
        want_vmo(&mut resolve, access, offset, length);
        return Ok(resolve);
    }
    let limit = left.min(before_failure(request, buffer));
    let useful = add_user(request, buffer, progress.done, limit, &mut resolve)?;
    if buffer.direction == Direction::FromCaller && !waits {
        let length = page_end(offset, useful).min(limit);
        let mut pages = vmo.pages(request.memory);
        let there = pages.available(VmoOffset(offset), length, true)?;
        if there < length {
            let first = offset + there;
            want_vmo(&mut resolve, Access::WRITE, first, length - there);
        }
    }
    Ok(resolve)
}

/// Bytes from `offset` to the end of the last page that a write to a VMO with a pager asks
/// for.
const fn pages_from(offset: u64) -> u64 {
    PAGES_PER_WRITE * PAGE_SIZE - offset % PAGE_SIZE
}

/// Adds what is missing of the `limit` bytes of the buffer from its byte `done` on, and
/// says how many of them can be had at all, as far as the caller's mappings tell.
pub(super) fn add_user<M: PhysicalMemory>(
    request: &Request<'_, M>,
    buffer: &Buffer,
    done: u64,
    limit: u64,
    resolve: &mut ResolveRequest,
) -> Step<u64> {
    let Some(address) = buffer.address(done) else {
        return Ok(0);
    };
    let mut cursor = PageCursor::new(request.memory, request.space, buffer.access());
    let (there, fault) = cursor.accessible(address, limit);
    // Broken page tables beyond the place where the call stands are met when it gets
    // there.
    let (Some(fault), Some(first)) = (fault, address.checked_add(there)) else {
        return Ok(limit);
    };
    if !fault.is_resolvable() {
        return Ok(there);
    }
    want_user(resolve, first.0, limit - there, buffer.abi_access());
    Ok(there + Buffer::mapped_length(request, first, limit - there)?)
}

/// Bytes from `offset` to the end of the page in which the `useful` bytes from there end:
/// the page of the first byte that cannot be had is needed as well, for a VMO's page is
/// obtained before the byte of the buffer is looked at.
pub(super) const fn page_end(offset: u64, useful: u64) -> u64 {
    let last = offset.saturating_add(useful);
    // At most a page more than a sum that is itself within 64 bits; it can only
    // saturate at the end of the largest VMO, which no page reaches.
    (last | (PAGE_SIZE - 1)).saturating_add(1) - offset
}

/// Ends the call if the kernel has already tried to provide the place it is stuck at.
fn check_answer<M: PhysicalMemory>(
    request: &Request<'_, M>,
    buffer: &Buffer,
    stuck: u32,
) -> Step<()> {
    let Some(answer) = &request.answer else {
        return Ok(());
    };
    let progress = request.progress;
    let position = if stuck == Want::VMO {
        Some(progress.vmo_offset + progress.done)
    } else {
        buffer.address(progress.done).map(|address| address.0)
    };
    if !position.is_some_and(|position| answer.is_about(stuck, position)) {
        return Ok(());
    }
    match answer.failure(stuck) {
        Some(status) if stuck == Want::USER => {
            Err(Stop::Answer(buffer.fault_status(request.mode(), status)))
        }
        Some(status) => Err(Stop::Answer(status)),
        None if answer.has_provided(stuck) => Err(Stop::Broken(answer.no_progress())),
        None => Ok(()),
    }
}

/// Bytes from here to the place that the kernel could not provide; what lies before it
/// is still to be moved.
fn before_failure<M: PhysicalMemory>(request: &Request<'_, M>, buffer: &Buffer) -> u64 {
    let Some(answer) = &request.answer else {
        return u64::MAX;
    };
    let progress = request.progress;
    let start = if answer.failure(Want::USER).is_some() {
        buffer
            .address(0)
            .map(|start| (start.0, answer.request.user_address))
    } else if answer.failure(Want::VMO).is_some() {
        Some((progress.vmo_offset, answer.request.vmo_offset))
    } else {
        None
    };
    start
        .and_then(|(start, failed)| failed.checked_sub(start)?.checked_sub(progress.done))
        .filter(|bytes| *bytes > 0)
        .unwrap_or(u64::MAX)
}
