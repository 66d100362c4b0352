//! `zx_vmo_read(handle, buffer, offset, buffer_size)` (reference §4).

use super::buffer::Direction;
use super::request::Request;
use super::stop::Step;
use super::vmo_call;
use crate::memory::BulkMemory;
use abi::Rights;

/// Needs the right READ; a page that was never written reads as zeros and stays absent.
#[inline]
pub(super) fn serve<M: BulkMemory>(request: &mut Request<'_, M>) -> Step<Option<u64>> {
    vmo_call::serve(request, Rights::READ, Direction::ToCaller)
}
