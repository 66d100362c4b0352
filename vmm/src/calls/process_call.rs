//! What `zx_process_read_memory` and `zx_process_write_memory` have in common.

use super::buffer::{Buffer, Direction};
use super::request::Request;
use super::stop::{Step, Stop};
use super::transfer::transfer;
use super::{ErrorMode, Family, actual};
use crate::memory::{BulkMemory, GuestVirtAddr, PhysicalMemory};
use crate::objects::{FoundMapping, ProcessView, VmoView, find_mapping};
use abi::call_page::Phase;
use abi::layout::MAX_PROCESS_TRANSFER;
use abi::objects::{ObjectType, ProcessState};
use abi::{Rights, Status};

/// `buffer` and `buffer_size` (reference §5.1 steps 1 and 2, §6.1 steps 2 and 3).
#[inline]
pub(super) fn check_arguments(args: &[u64; 8]) -> Step<()> {
    let [_, _, buffer, size, ..] = *args;
    if buffer == 0 || size == 0 || size > MAX_PROCESS_TRANSFER {
        Err(Status::INVALID_ARGS)?;
    }
    Ok(())
}

/// The mapping of the target that `vaddr` is in (reference §5.1 steps 3 to 5).
#[inline]
pub(super) fn find_target<M: PhysicalMemory>(
    request: &Request<'_, M>,
    rights: Rights,
) -> Step<FoundMapping> {
    let [_, vaddr, ..] = request.args;
    let address = request.object(ObjectType::PROCESS, rights)?;
    let target = ProcessView::read(request.memory, address)?;
    mapping_of(request.memory, request.mode(), &target, vaddr)
}

/// The mapping of `target` that `vaddr` is in (reference §5.1 steps 4 and 5).
#[inline]
pub(super) fn mapping_of<M: PhysicalMemory>(
    memory: &M,
    mode: ErrorMode,
    target: &ProcessView,
    vaddr: u64,
) -> Step<FoundMapping> {
    // One that was told to die can still be read while its mappings exist (reference
    // §5.4).
    let root = match target.root_vmar() {
        Some(root) if target.state() != ProcessState::DEAD => root,
        _ => return Err(Stop::Answer(Status::BAD_STATE)),
    };
    let mapping = find_mapping(memory, root, GuestVirtAddr(vaddr))?;
    Ok(mapping.ok_or(mode.nothing_mapped())?)
}

/// Clips the transfer to the mapping and to the VMO, and begins it (reference §5.1 steps
/// 6 and 7).
#[inline]
pub(super) fn begin<M: PhysicalMemory>(
    request: &mut Request<'_, M>,
    mapping: &FoundMapping,
    vmo: &mut VmoView,
) -> Step<()> {
    let [_, vaddr, _, size, ..] = request.args;
    let (start, length) = clip(request.memory, request.mode(), mapping, vmo, (vaddr, size))?;
    request.begin(vmo, start, length);
    Ok(())
}

/// Which part of the VMO that has the bytes is moved (reference §5.1 steps 6 and 7): its
/// offset and its length, at least 1. `vmo` goes on to that VMO.
#[inline]
pub(super) fn clip<M: PhysicalMemory>(
    memory: &M,
    mode: ErrorMode,
    mapping: &FoundMapping,
    vmo: &mut VmoView,
    (vaddr, size): (u64, u64),
) -> Step<(u64, u64)> {
    let window = vmo.enter(memory)?;
    if vmo.is_physical() {
        Err(mode.physical_vmo(vmo.is_cached()))?;
    }
    if !vmo.is_cached() {
        Err(Status::BAD_STATE)?;
    }
    // The view has checked that neither the mapping's addresses nor its offsets wrap.
    let piece = &mapping.piece;
    let offset = piece.raw().vmo_offset + (vaddr - piece.base());
    let mapped = size.min(mapping.end - vaddr);
    // A slice ends within its source, so neither wraps unless the kernel is broken.
    let start = window.base.saturating_add(offset);
    let end = window.base.saturating_add(window.size).min(vmo.size());
    match end.checked_sub(start) {
        None | Some(0) => Err(Status::OUT_OF_RANGE)?,
        Some(left) => Ok((start, mapped.min(left))),
    }
}

/// The rest of the call: the copy and `*actual`.
#[inline]
pub(super) fn finish<M: BulkMemory>(
    request: &mut Request<'_, M>,
    vmo: Option<VmoView>,
    direction: Direction,
) -> Step<Option<u64>> {
    let [_, _, start, _, pointer, ..] = request.args;
    if request.entered == Phase::STORE_ACTUAL {
        request.check_moved()?;
    } else {
        let vmo = match vmo {
            Some(vmo) => vmo,
            None => request.resume()?,
        };
        let buffer = Buffer::new(start, request.progress.length, direction, Family::Process);
        transfer(request, &vmo, &buffer)?;
    }
    actual::store(request, pointer)
}
