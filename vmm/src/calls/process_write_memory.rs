//! `zx_process_write_memory(handle, vaddr, buffer, buffer_size, actual)` (reference §6).

use super::Family;
use super::buffer::{Buffer, Direction};
use super::missing::{add_user, page_end};
use super::process_call::{begin, check_arguments, find_target, finish};
use super::request::Request;
use super::resolve::want_vmo;
use super::stop::{Step, Stop};
use crate::memory::{BulkMemory, PhysicalMemory};
use crate::objects::{FoundMapping, VmoView, pager_at_root};
use abi::call_page::{Access, ResolveRequest, Want};
use abi::layout::MAX_TRANSFER_PER_EXIT;
use abi::objects::{MappingFlags, Permissions, VmoOptions};
use abi::root::BootOptions;
use abi::{Link, Rights, Status};

/// Needs the right WRITE and the debugging switch; writes through one mapping, whatever
/// its permissions are, into its VMO or into a private copy (reference §6.2).
#[inline]
pub(super) fn serve<M: BulkMemory>(request: &mut Request<'_, M>) -> Step<Option<u64>> {
    let vmo = if request.is_new() {
        Some(check(request)?)
    } else {
        None
    };
    finish(request, vmo, Direction::FromCaller)
}

/// Steps 1 to 9 of reference §6.1.
#[inline]
fn check<M: BulkMemory>(request: &mut Request<'_, M>) -> Step<VmoView> {
    if !request.options.contains(BootOptions::DEBUGGING_SYSCALLS) {
        Err(Status::NOT_SUPPORTED)?;
    }
    check_arguments(&request.args)?;
    let mapping = find_target(request, Rights::WRITE)?;
    match goal(request.memory, &mapping)? {
        Goal::PrivateCopy(vmo) => Err(clone_first(request, &mapping, vmo)),
        Goal::Shared(mut vmo) => {
            begin(request, &mapping, &mut vmo)?;
            Ok(vmo)
        }
    }
}

/// Which bytes a write through a mapping changes (reference §6.2).
#[derive(Clone, Copy, Debug)]
pub(super) enum Goal {
    /// Those of the VMO, or of the private copy that it is already.
    Shared(VmoView),
    /// Those of a private copy, which is to be made of this VMO first.
    PrivateCopy(VmoView),
}

/// The force-writable rule, with the vDSO's (reference §6.1 steps 7 and 8).
#[inline]
pub(super) fn goal<M: PhysicalMemory>(memory: &M, mapping: &FoundMapping) -> Step<Goal> {
    let piece = &mapping.piece;
    if piece.flags().contains(MappingFlags::VDSO) {
        Err(Status::ACCESS_DENIED)?;
    }
    let vmo = VmoView::read(memory, piece.vmo())?;
    let writable = piece.maximum().contains(Permissions::WRITE)
        || piece.flags().contains(MappingFlags::PRIVATE_COPY);
    Ok(if !writable && is_clonable(memory, vmo)? {
        Goal::PrivateCopy(vmo)
    } else {
        Goal::Shared(vmo)
    })
}

/// Whether a private copy is tried at all. A physical VMO is never cloned (§6.2 step 4);
/// it is refused by [`begin`]. One that is not cached cannot be cloned (step 5), and is
/// refused there with the same status, unless it is contiguous, which comes before that
/// (§10.3).
#[cold]
fn is_clonable<M: PhysicalMemory>(memory: &M, mut vmo: VmoView) -> Step<bool> {
    vmo.enter(memory)?;
    let contiguous = vmo.options().contains(VmoOptions::CONTIGUOUS);
    Ok(!vmo.is_physical() && (vmo.is_cached() || contiguous))
}

/// Asks for a private copy of the mapping, and in the same breath for the pages that
/// will be written. The call starts anew when it comes back.
#[cold]
fn clone_first<M: PhysicalMemory>(
    request: &Request<'_, M>,
    mapping: &FoundMapping,
    vmo: VmoView,
) -> Stop {
    match ask(request, mapping, vmo) {
        Ok(resolve) => Stop::Resolve(resolve),
        Err(stop) => stop,
    }
}

fn ask<M: PhysicalMemory>(
    request: &Request<'_, M>,
    mapping: &FoundMapping,
    mut vmo: VmoView,
) -> Step<ResolveRequest> {
    if let Some(answer) = &request.answer {
        let failure = answer
            .failure(Want::CLONE_MAPPING)
            .or(answer.failure(Want::VMO));
        if let Some(status) = failure {
            Err(status)?;
        }
        if answer.request.mapping.address() == mapping.first.0 {
            Err(answer.no_progress())?;
        }
    }
    let mut resolve = ResolveRequest {
        wants: Want::CLONE_MAPPING,
        mapping: Link::new(mapping.first.0),
        ..ResolveRequest::default()
    };
    vmo.enter(request.memory)?;
    // What may block the caller is not asked for here: a call that has not begun holds on
    // to nothing, and would be checked again when the caller is woken.
    if !pager_at_root(request.memory, &vmo)? {
        let [_, vaddr, start, size, ..] = request.args;
        // In the copy, offsets count from the first byte of the mapping's first piece.
        let offset = vaddr - mapping.base;
        let length = size.min(mapping.end - vaddr);
        let limit = length.min(MAX_TRANSFER_PER_EXIT);
        let buffer = Buffer::new(start, length, Direction::FromCaller, Family::Process);
        let useful = add_user(request, &buffer, 0, limit, &mut ResolveRequest::default())?;
        want_vmo(
            &mut resolve,
            Access::WRITE,
            offset,
            page_end(offset, useful).min(limit),
        );
    }
    Ok(resolve)
}
