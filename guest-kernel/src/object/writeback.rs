//! Clean, dirty, and on the way back: pages of VMOs with a pager (reference §17.5).
//!
//! A page-list entry of such a VMO is writable when the page is dirty; `AWAITING_CLEAN`
//! marks one that was dirty when its write-back began and was not written since.

use abi::Status;
use abi::entry::{AWAITING_CLEAN, PRESENT, WRITABLE};
use abi::info::PageCommand;
use abi::layout::PAGE_SIZE;
use abi::objects::{PageSource, Vmo};

use super::{fault_in, page_list, pager};
use crate::state::Ptr;

/// The pages of a range may be written to now; whoever waits for that goes on.
///
/// # Errors
/// NOT_FOUND if a page is absent; nothing is changed then.
pub fn allow_dirty(
    source: Ptr<PageSource>,
    vmo: Ptr<Vmo>,
    offset: u64,
    length: u64,
) -> Result<(), Status> {
    let end = offset + length;
    let mut at = offset;
    while at < end.min(vmo.pager_limit) {
        if page_list::entry(vmo, at) & PRESENT == 0 {
            return Err(Status::NOT_FOUND);
        }
        at += PAGE_SIZE;
    }
    change(vmo, offset, end, |entry| {
        (entry | WRITABLE) & !AWAITING_CLEAN
    });
    pager::answer(source, offset, length, PageCommand::DIRTY, Status::OK);
    Ok(())
}

/// The pager starts to write dirty pages back: what is written from now on is dirty anew.
pub fn begin(vmo: Ptr<Vmo>, offset: u64, length: u64) {
    change(vmo, offset, offset + length, |entry| {
        if entry & WRITABLE == 0 {
            entry
        } else {
            (entry | AWAITING_CLEAN) & !WRITABLE
        }
    });
    fault_in::forget_pages(vmo, offset, length, None);
}

/// The pager has written back what was dirty when it began.
pub fn end(vmo: Ptr<Vmo>, offset: u64, length: u64) {
    change(vmo, offset, offset + length, |entry| {
        entry & !AWAITING_CLEAN
    });
}

fn change(vmo: Ptr<Vmo>, from: u64, end: u64, new: impl Fn(u64) -> u64) {
    for page in page_list::present(vmo, from, end) {
        page.set(new(page.entry));
    }
}
