//! `zx_vmo_write(handle, buffer, offset, buffer_size)` (reference §4).

use super::buffer::Direction;
use super::request::Request;
use super::stop::Step;
use super::vmo_call;
use crate::memory::BulkMemory;
use abi::Rights;

/// Needs the right WRITE; pages that are absent or shared with a snapshot are made the
/// VMO's own by the kernel first.
#[inline]
pub(super) fn serve<M: BulkMemory>(request: &mut Request<'_, M>) -> Step<Option<u64>> {
    vmo_call::serve(request, Rights::WRITE, Direction::FromCaller)
}
