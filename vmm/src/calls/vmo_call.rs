//! What `zx_vmo_read` and `zx_vmo_write` have in common.

use super::buffer::{Buffer, Direction};
use super::request::Request;
use super::stop::{Step, Stop};
use super::transfer::transfer;
use super::{CallError, ErrorMode, Family};
use crate::memory::{BulkMemory, PhysicalMemory};
use crate::objects::VmoView;
use abi::call_page::Phase;
use abi::objects::ObjectType;
use abi::{Rights, Status};

/// The whole call, in the order of reference §4.1.
#[inline]
pub(super) fn serve<M: BulkMemory>(
    request: &mut Request<'_, M>,
    right: Rights,
    direction: Direction,
) -> Step<Option<u64>> {
    let [_, start, _, size, ..] = request.args;
    let vmo = match request.entered {
        Phase::NEW => check(request, right)?,
        Phase::COPY => request.resume()?,
        other => return Err(Stop::Broken(CallError::UnknownPhase(other))),
    };
    let buffer = Buffer::new(start, size, direction, Family::Vmo);
    transfer(request, &vmo, &buffer)?;
    Ok(None)
}

/// Steps 1 to 6.
#[inline]
fn check<M: BulkMemory>(request: &mut Request<'_, M>, right: Rights) -> Step<VmoView> {
    let [_, _, offset, size, ..] = request.args;
    let mut vmo = VmoView::read(request.memory, request.object(ObjectType::VMO, right)?)?;
    let start = clip(request.memory, request.mode(), &mut vmo, (offset, size))?;
    request.begin(&vmo, start, size);
    Ok(vmo)
}

/// Steps 2 to 5: where the range starts in the VMO that has the bytes, to which `vmo` goes
/// on.
#[inline]
pub(super) fn clip<M: PhysicalMemory>(
    memory: &M,
    mode: ErrorMode,
    vmo: &mut VmoView,
    (offset, size): (u64, u64),
) -> Step<u64> {
    // A slice or a reference stands for its source, kind and cache policy included.
    let window = vmo.enter(memory)?;
    if vmo.is_physical() {
        Err(mode.physical_vmo(vmo.is_cached()))?;
    }
    let end = offset.checked_add(size).ok_or(Status::OUT_OF_RANGE)?;
    if !vmo.is_cached() {
        Err(Status::BAD_STATE)?;
    }
    if end > window.size {
        Err(Status::OUT_OF_RANGE)?;
    }
    // A slice ends within its source, so this only wraps if the kernel is broken.
    let start = window.base.saturating_add(offset);
    if start.saturating_add(size) > vmo.size() {
        Err(Status::OUT_OF_RANGE)?;
    }
    Ok(start)
}
