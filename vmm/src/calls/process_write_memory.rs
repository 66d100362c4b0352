//! `zx_process_write_memory(handle, vaddr, buffer, buffer_size, actual)` (reference §6).

use super::Family;
use super::buffer::{Buffer, Direction};
use super::missing::{add_user, page_end};
use super::process_call::{begin, check_arguments, find_target, finish};
use super::request::Request;
use super::resolve::want_vmo;
use super::stop::{Step, Stop};
use crate::memory::{BulkMemory, PhysicalMemory};
use crate::objects::{MappingView, VmoView};
use abi::call_page::{ResolveRequest, Want};
use abi::layout::MAX_TRANSFER_PER_EXIT;
use abi::objects::{MappingFlags, Permissions};
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
    if mapping.flags().contains(MappingFlags::VDSO) {
        Err(Status::ACCESS_DENIED)?;
    }
    let vmo = VmoView::read(request.memory, mapping.vmo())?;
    // A physical VMO is never cloned; it is refused by `begin`. One that is not cached
    // cannot be cloned (§6.2 step 5), and is refused there with the same status.
    let clonable = !vmo.is_physical() && vmo.is_cached();
    let writable = mapping.maximum().contains(Permissions::WRITE)
        || mapping.flags().contains(MappingFlags::PRIVATE_COPY);
    if clonable && !writable {
        return Err(clone_first(request, &mapping));
    }
    begin(request, &mapping, &vmo)?;
    Ok(vmo)
}

/// Asks for a private copy of the mapping, and in the same breath for the pages that
/// will be written. The call starts anew when it comes back.
#[cold]
fn clone_first<M: PhysicalMemory>(request: &Request<'_, M>, mapping: &MappingView) -> Stop {
    match ask(request, mapping) {
        Ok(resolve) => Stop::Resolve(resolve),
        Err(stop) => stop,
    }
}

fn ask<M: PhysicalMemory>(request: &Request<'_, M>, mapping: &MappingView) -> Step<ResolveRequest> {
    if let Some(answer) = &request.answer {
        let failure = answer
            .failure(Want::CLONE_MAPPING)
            .or(answer.failure(Want::VMO));
        if let Some(status) = failure {
            Err(status)?;
        }
        if answer.request.mapping.address() == mapping.address().0 {
            Err(answer.no_progress())?;
        }
    }
    let [_, vaddr, start, size, ..] = request.args;
    // In the copy, offsets count from the mapping's first byte.
    let offset = vaddr - mapping.base();
    let length = size.min(mapping.end() - vaddr);
    let limit = length.min(MAX_TRANSFER_PER_EXIT);
    let buffer = Buffer::new(start, length, Direction::FromCaller, Family::Process);
    let mut resolve = ResolveRequest {
        wants: Want::CLONE_MAPPING,
        mapping: Link::new(mapping.address().0),
        ..ResolveRequest::default()
    };
    let useful = add_user(request, &buffer, 0, limit, &mut resolve)?;
    want_vmo(&mut resolve, offset, page_end(offset, useful).min(limit));
    Ok(resolve)
}
