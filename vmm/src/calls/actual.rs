//! `*actual` of the process calls: stored last, and only if all went well (reference
//! §2.3, §5.3).

use super::request::Request;
use super::resolve::want_user;
use super::stop::{Step, Stop};
use crate::memory::{BulkMemory, GuestVirtAddr, PhysicalMemory, UserRange};
use crate::translate::{Access, PageCursor, Run};
use abi::Status;
use abi::call_page::{self, Phase, ResolveRequest, Want};

/// Bytes of a `size_t`.
const SIZE: u64 = 8;

/// Stores the length of the transfer at `pointer` of the caller, all of it or nothing.
/// Whatever is wrong with the pointer, the status is `ZX_ERR_INVALID_ARGS`.
#[inline]
pub(super) fn store<M: BulkMemory>(
    request: &mut Request<'_, M>,
    pointer: u64,
) -> Step<Option<u64>> {
    request.progress.phase = Phase::STORE_ACTUAL;
    let length = request.progress.length;
    let bytes = length.to_le_bytes();
    let range = UserRange::new(GuestVirtAddr(pointer), SIZE).ok_or(Status::INVALID_ARGS)?;
    let mut cursor = PageCursor::new(request.memory, request.space, Access::Write);
    let first = page(request, &mut cursor, range, 0)?;
    if let Some((head, tail)) = usize::try_from(first.length)
        .ok()
        .and_then(|length| bytes.split_at_checked(length))
        .filter(|(_, tail)| !tail.is_empty())
    {
        // Both pages must be there before the first is touched.
        let second = page(request, &mut cursor, range, first.length)?;
        request.memory.write_bytes(first.start, head)?;
        request.memory.write_bytes(second.start, tail)?;
    } else {
        request.memory.write_bytes(first.start, &bytes)?;
    }
    Ok(Some(length))
}

/// The page of the byte `skip` bytes into `range`.
#[inline]
fn page<M: PhysicalMemory>(
    request: &Request<'_, M>,
    cursor: &mut PageCursor<'_, M>,
    range: UserRange,
    skip: u64,
) -> Step<Run> {
    let address = range.at(skip).ok_or(Status::INVALID_ARGS)?;
    match cursor.page(address) {
        Ok(run) => Ok(run),
        Err(fault) if fault.is_resolvable() => Err(missing(request, address, SIZE - skip)),
        Err(fault) => Err(Stop::Broken(fault.into())),
    }
}

#[cold]
fn missing<M: PhysicalMemory>(
    request: &Request<'_, M>,
    address: GuestVirtAddr,
    length: u64,
) -> Stop {
    // An answer that came in an earlier phase was about the buffer.
    let answer = request
        .answer
        .filter(|_| request.entered == Phase::STORE_ACTUAL);
    if let Some(answer) = answer
        && answer.is_about(Want::USER, address.0)
    {
        return match answer.failure(Want::USER) {
            Some(_) => Stop::Answer(Status::INVALID_ARGS),
            None => Stop::Broken(answer.no_progress()),
        };
    }
    let mut resolve = ResolveRequest::default();
    want_user(&mut resolve, address.0, length, call_page::Access::WRITE);
    Stop::Resolve(resolve)
}
