//! `zx_process_read_memory(handle, vaddr, buffer, buffer_size, actual)` (reference §5).

use super::buffer::Direction;
use super::process_call::{begin, check_arguments, find_target, finish};
use super::request::Request;
use super::stop::Step;
use crate::memory::BulkMemory;
use crate::objects::VmoView;
use abi::Rights;

/// Needs the rights READ and WRITE; reads one mapping, whatever its permissions are.
#[inline]
pub(super) fn serve<M: BulkMemory>(request: &mut Request<'_, M>) -> Step<Option<u64>> {
    let vmo = if request.is_new() {
        Some(check(request)?)
    } else {
        None
    };
    finish(request, vmo, Direction::ToCaller)
}

/// Steps 1 to 7 of reference §5.1.
#[inline]
fn check<M: BulkMemory>(request: &mut Request<'_, M>) -> Step<VmoView> {
    check_arguments(&request.args)?;
    let mapping = find_target(request, Rights::READ | Rights::WRITE)?;
    let mut vmo = VmoView::read(request.memory, mapping.piece.vmo())?;
    begin(request, &mapping, &mut vmo)?;
    Ok(vmo)
}
