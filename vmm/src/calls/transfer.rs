//! The copy loop: a range of a VMO on one side, the caller's buffer on the other.

use super::buffer::{Buffer, Direction};
use super::missing::missing;
use super::request::Request;
use super::stop::{Step, Stop};
use crate::memory::{BulkMemory, PhysicalMemory, VmoOffset};
use crate::objects::{Content, ContentRun, VmoContents, VmoView};
use crate::translate::{PageCursor, PageListCursor, PageListRun, PageSlot};
use abi::Status;
use abi::call_page::Want;
use abi::layout::MAX_TRANSFER_PER_EXIT;
use vm_memory::GuestAddress;

/// Moves what [`Request::progress`] says is left, ascending. At each step the page of
/// the VMO comes first, then the byte of the buffer (reference §23); what was moved
/// before something fails stays moved.
///
/// # Errors
/// [`Stop`] for a status, for a request to the kernel, or because this was enough for
/// one exit; the progress is up to date in each case.
#[inline]
pub(super) fn transfer<M: BulkMemory>(
    request: &mut Request<'_, M>,
    vmo: &VmoView,
    buffer: &Buffer,
) -> Step<()> {
    let memory = request.memory;
    let mut pages = Pages::of(memory, vmo, buffer.direction);
    let mut user = PageCursor::new(memory, request.space, buffer.access());
    let mut budget = MAX_TRANSFER_PER_EXIT;
    loop {
        let progress = request.progress;
        let limit = (progress.length - progress.done).min(budget);
        if limit == 0 {
            break;
        }
        if vmo.is_discarded() {
            Err(Status::NOT_FOUND)?;
        }
        // The sum was checked not to wrap when the call began and when it resumed.
        let offset = VmoOffset(progress.vmo_offset + progress.done);
        let (place, length) = pages.run(offset, limit)?;
        let Some(mut place) = place else {
            return Err(missing(request, vmo, buffer, Want::VMO));
        };
        let mut left = length;
        while left > 0 {
            let Some(run) = buffer.run(request, &mut user, request.progress.done, left)? else {
                return Err(missing(request, vmo, buffer, Want::USER));
            };
            place.copy(memory, run.start, run.length, buffer.direction)?;
            place.advance(run.length);
            left -= run.length;
            budget -= run.length;
            request.progress.done += run.length;
        }
    }
    if request.progress.done < request.progress.length {
        return Err(Stop::Again);
    }
    Ok(())
}

/// The VMO's side: what it shows for a read, the pages of its own for a write.
pub(super) enum Pages<'m, M> {
    Shown(VmoContents<'m, M>),
    Own(PageListCursor<'m, M>),
}

impl<'m, M: PhysicalMemory> Pages<'m, M> {
    #[inline]
    pub(super) fn of(memory: &'m M, vmo: &VmoView, direction: Direction) -> Self {
        match direction {
            Direction::ToCaller => Self::Shown(vmo.contents(memory)),
            Direction::FromCaller => Self::Own(vmo.pages(memory)),
        }
    }

    /// A run at `offset` of at most `limit` bytes; no place if the kernel must provide the
    /// page first.
    #[inline]
    pub(super) fn run(&mut self, offset: VmoOffset, limit: u64) -> Step<(Option<Place>, u64)> {
        Ok(match self {
            Self::Shown(contents) => {
                let ContentRun { content, length } = contents.run(offset, limit)?;
                let place = match content {
                    Content::At(start) => Some(Place::At(start)),
                    Content::Zeros => Some(Place::Zeros),
                    Content::Pager => None,
                };
                (place, length)
            }
            Self::Own(pages) => {
                let PageListRun { slot, length } = pages.run(offset, limit)?;
                let place = match slot {
                    PageSlot::Present {
                        start,
                        writable: true,
                    } => Some(Place::At(start)),
                    PageSlot::Present { .. } | PageSlot::Absent => None,
                };
                (place, length)
            }
        })
    }
}

/// The next byte on the VMO's side.
#[derive(Clone, Copy)]
pub(super) enum Place {
    /// It is there.
    At(GuestAddress),
    /// No page is there: it reads as zero.
    Zeros,
}

impl Place {
    #[inline]
    fn copy<M: BulkMemory>(
        self,
        memory: &M,
        user: GuestAddress,
        length: u64,
        direction: Direction,
    ) -> Step<()> {
        match (self, direction) {
            (Self::At(start), Direction::ToCaller) => memory.copy(start, user, length)?,
            (Self::At(start), Direction::FromCaller) => memory.copy(user, start, length)?,
            (Self::Zeros, _) => memory.zero(user, length)?,
        }
        Ok(())
    }

    #[inline]
    fn advance(&mut self, bytes: u64) {
        if let Self::At(start) = self {
            // The whole run is RAM, so this cannot wrap.
            start.0 = start.0.wrapping_add(bytes);
        }
    }
}
