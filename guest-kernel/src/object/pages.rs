//! The pages of VMOs: what stands at an offset, and how it comes to stand there.

use core::cell::UnsafeCell;

use abi::Status;
use abi::entry::{ADDRESS_MASK, AWAITING_CLEAN, PRESENT, WRITABLE};
use abi::layout::{PAGE_SHIFT, PAGE_SIZE};
use abi::objects::{Vmo, VmoOptions};

use super::page_list::{self, Slots};
use super::{fault_in, pager, vmo};
use crate::arch::descriptors::Shared;
use crate::host;
use crate::mem::frames;
use crate::state::{Follow, Ptr, root};

/// Frames to copy, gathered for one request to the host.
const COPY_BATCH: usize = 256;

#[repr(C, align(4096))]
struct CopyList([[u64; 2]; COPY_BATCH]);

static COPIES: Shared<CopyList> = Shared(UnsafeCell::new(CopyList([[0; 2]; COPY_BATCH])));

/// What a reader finds at an offset.
#[derive(Clone, Copy)]
pub enum Visible {
    /// A page: its entry in the list of the VMO itself (`true`) or of one that stands
    /// behind it.
    Page(u64, bool),
    /// Zeros.
    Zero,
    /// Something that a pager has not supplied.
    Missing(Missing),
}

/// A page that a pager has not supplied.
#[derive(Clone, Copy)]
pub struct Missing {
    /// The VMO with the pager.
    pub vmo: Ptr<Vmo>,
    /// Where in it.
    pub offset: u64,
    /// Bytes from there on that can be seen from where somebody looked.
    pub room: u64,
}

/// What stands at an offset of a VMO that is no alias. The loop is bounded by the depth of
/// clones.
pub fn visible(vmo: Ptr<Vmo>, offset: u64) -> Visible {
    let (mut at, mut offset, mut own) = (vmo, offset, true);
    let mut room = u64::MAX;
    loop {
        let entry = page_list::entry(at, offset);
        if entry & PRESENT != 0 {
            return Visible::Page(entry, own);
        }
        match at.source.get() {
            Some(source) if offset < at.source_limit => {
                room = room.min(at.source_limit - offset);
                offset += at.source_offset;
                at = source;
                own = false;
                if offset >= at.size {
                    return Visible::Zero;
                }
            }
            _ if offset < at.pager_limit => {
                return Visible::Missing(Missing {
                    vmo: at,
                    offset,
                    room: room.min(at.pager_limit - offset),
                });
            }
            _ => return Visible::Zero,
        }
    }
}

/// Makes the pages of `[offset, offset + length)` readable, in ascending order. Returns
/// how many bytes from `offset`'s page on are so, and why not even one is if so: BLOCKED
/// if the thread now waits for the pager.
pub fn make_readable(vmo: Ptr<Vmo>, offset: u64, length: u64) -> (u64, Status) {
    if vmo::has(vmo, VmoOptions::DISCARDED) {
        return (0, Status::NOT_FOUND);
    }
    let start = offset & !(PAGE_SIZE - 1);
    let end = offset.saturating_add(length).min(vmo.size);
    if vmo::is_plain(vmo) {
        return (end.saturating_sub(start), Status::OK);
    }
    let mut at = start;
    while at < end {
        if let Visible::Missing(missing) = visible(vmo, at) {
            if at > start {
                break;
            }
            return (0, pager::need_page(missing, end - at));
        }
        at += PAGE_SIZE;
    }
    (at - start, Status::OK)
}

/// Fills a fresh VMO with frames that lie in a row, the first at a multiple of
/// `2^alignment_log2` bytes.
///
/// # Errors
/// NO_MEMORY; the VMO has only a part of its pages then.
pub fn fill_in_a_row(mut vmo: Ptr<Vmo>, alignment_log2: u32) -> Result<(), Status> {
    vmo.alignment_log2 = alignment_log2;
    let first = frames::allocate_row(vmo.size >> PAGE_SHIFT, 1 << alignment_log2)?;
    vmo.physical_base = first;
    insert_row(vmo, first, vmo.size).inspect_err(|_| {
        // What is in the list is given back with the VMO.
        (vmo.page_count..vmo.size >> PAGE_SHIFT)
            .for_each(|page| frames::free(first + (page << PAGE_SHIFT)));
    })
}

/// Frames that hold data already become the pages of a VMO, from its start on. They belong
/// to the kernel from now on.
///
/// # Errors
/// NO_MEMORY.
pub fn adopt_frames(vmo: Ptr<Vmo>, first: u64, length: u64) -> Result<(), Status> {
    root().managed_frames += length >> PAGE_SHIFT;
    insert_row(vmo, first, length)
}

/// A row of frames becomes the pages of a VMO, from its start on.
///
/// # Errors
/// NO_MEMORY.
pub fn insert_row(mut vmo: Ptr<Vmo>, first: u64, length: u64) -> Result<(), Status> {
    let mut offset = 0;
    while offset < length {
        let slots = page_list::make_slots(vmo, offset)?;
        let count = slots.count.min((length - offset) >> PAGE_SHIFT);
        for i in 0..count {
            let frame = first + offset + i * PAGE_SIZE;
            // SAFETY: below the count of `make_slots`.
            unsafe {
                slots
                    .first
                    .add(i as usize)
                    .write(frame | PRESENT | WRITABLE)
            };
        }
        page_list::count_used(slots.table, count as u32);
        vmo.page_count += count;
        offset += count << PAGE_SHIFT;
    }
    Ok(())
}

/// Makes the pages of `[offset, offset + length)` present, owned and writable, in
/// ascending order. Returns how many bytes from `offset`'s page on are so now, and why it
/// stopped there if it did: BLOCKED, only if there is not even one, if the thread now
/// waits for the pager.
pub fn make_writable(vmo: Ptr<Vmo>, offset: u64, length: u64) -> (u64, Status) {
    if vmo::has(vmo, VmoOptions::DISCARDED) {
        return (0, Status::NOT_FOUND);
    }
    let start = offset & !(PAGE_SIZE - 1);
    let end = match offset.checked_add(length) {
        Some(end) if end <= vmo.size => end,
        _ => vmo.size,
    };
    let mut work = Work {
        vmo,
        plain: vmo::is_plain(vmo),
        copies: 0,
        forked: false,
        fresh: false,
    };
    let mut at = start;
    let mut status = Status::OK;
    while at < end {
        match page_list::make_slots(vmo, at) {
            Ok(slots) => {
                let count = slots.count.min((end - at).div_ceil(PAGE_SIZE));
                let (done, result) = work.table(slots, at, count);
                at += done << PAGE_SHIFT;
                if let Err(stop) = result {
                    status = match stop {
                        Stop::Status(status) => status,
                        Stop::Page(_) | Stop::Dirty if at > start => Status::OK,
                        Stop::Page(missing) => pager::need_page_to_write(missing, end - at),
                        Stop::Dirty => pager::need_dirty(vmo, at, end - at),
                    };
                    break;
                }
            }
            Err(error) => {
                status = error;
                break;
            }
        }
    }
    work.flush();
    if work.forked {
        fault_in::forget_pages(vmo, start, at - start, None);
    } else if work.fresh {
        fault_in::forget_pages(vmo, start, at - start, Some(root().zero_frame));
    }
    if start >= end && status == Status::OK && length > 0 {
        status = Status::OUT_OF_RANGE;
    }
    (at - start, status)
}

/// Why a page cannot be made writable at once.
enum Stop {
    Status(Status),
    /// The pager has not supplied what stands there.
    Page(Missing),
    /// The pager must allow that the page becomes dirty.
    Dirty,
}

struct Work {
    vmo: Ptr<Vmo>,
    plain: bool,
    copies: usize,
    forked: bool,
    fresh: bool,
}

impl Work {
    /// Works through `count` entries of a table, the first at `offset`; returns how many
    /// are done.
    fn table(&mut self, slots: Slots, offset: u64, count: u64) -> (u64, Result<(), Stop>) {
        let mut added = 0;
        let mut done = 0;
        let mut result = Ok(());
        let mut slot = slots.first;
        while done < count {
            // SAFETY: below the count of `make_slots`.
            let entry = unsafe { slot.read() };
            if entry & (PRESENT | WRITABLE) != PRESENT | WRITABLE {
                let frame = if entry & PRESENT != 0 {
                    self.own(entry)
                } else if self.plain {
                    self.fresh = true;
                    frames::allocate().map_err(Stop::Status)
                } else {
                    self.bring(offset + (done << PAGE_SHIFT))
                };
                match frame {
                    Ok(frame) => {
                        added += u32::from(entry & PRESENT == 0);
                        // SAFETY: as above.
                        unsafe { slot.write(frame | PRESENT | WRITABLE) };
                    }
                    Err(stop) => {
                        result = Err(stop);
                        break;
                    }
                }
            }
            // SAFETY: at most one past the table's end, and then not used.
            slot = unsafe { slot.add(1) };
            done += 1;
        }
        page_list::count_used(slots.table, added);
        self.vmo.page_count += u64::from(added);
        (done, result)
    }

    /// The frame to write to in place of one that may not be written to.
    fn own(&mut self, entry: u64) -> Result<u64, Stop> {
        if self.vmo.page_source.is_none() {
            return self.fork(entry & ADDRESS_MASK).map_err(Stop::Status);
        }
        // The page of a pager is never shared; it is only clean.
        if vmo::has(self.vmo, VmoOptions::TRAP_DIRTY) {
            return Err(Stop::Dirty);
        }
        Ok(entry & ADDRESS_MASK & !AWAITING_CLEAN)
    }

    /// A frame for an absent page, with what stands behind it.
    fn bring(&mut self, offset: u64) -> Result<u64, Stop> {
        match visible(self.vmo, offset) {
            Visible::Page(entry, _) => {
                let copy = frames::allocate().map_err(Stop::Status)?;
                self.forked = true;
                self.copy(entry & ADDRESS_MASK, copy);
                Ok(copy)
            }
            Visible::Zero => {
                self.fresh = true;
                frames::allocate().map_err(Stop::Status)
            }
            Visible::Missing(missing) => Err(Stop::Page(missing)),
        }
    }

    /// A frame of one's own with the contents of a shared one.
    fn fork(&mut self, frame: u64) -> Result<u64, Status> {
        let mut record = frames::entry(frame);
        if record.extra_owners == 0 {
            return Ok(frame);
        }
        let copy = frames::allocate()?;
        self.forked = true;
        self.copy(frame, copy);
        // The other owners keep the frame alive until the copy is made.
        record.extra_owners -= 1;
        Ok(copy)
    }

    /// Copies a frame, soon: in a batch.
    fn copy(&mut self, from: u64, to: u64) {
        if self.copies == COPY_BATCH {
            self.flush();
        }
        let list = COPIES.0.get().cast::<[u64; 2]>();
        // SAFETY: flushed above when full.
        unsafe { list.add(self.copies).write([from, to]) };
        self.copies += 1;
    }

    fn flush(&mut self) {
        if self.copies > 0 {
            host::copy_frames(COPIES.0.get().cast(), self.copies as u64);
            self.copies = 0;
        }
    }
}

/// Moves the page at `from_offset` to `offset` of a VMO with a pager, as a clean one; a
/// page that is there already is kept, and the incoming one dropped. An absent one counts
/// as zeros (reference §17.4).
///
/// # Errors
/// NO_MEMORY.
pub fn move_page(
    to: Ptr<Vmo>,
    offset: u64,
    from: Ptr<Vmo>,
    from_offset: u64,
) -> Result<(), Status> {
    let frame = take_page(from, from_offset)?;
    let wanted = offset < to.pager_limit && page_list::entry(to, offset) & PRESENT == 0;
    let put = if wanted {
        page_list::put(to, offset, frame | PRESENT)
    } else {
        Err(Status::OK)
    };
    match put {
        Ok(()) => Ok(()),
        Err(status) => {
            frames::free(frame);
            if status == Status::OK {
                Ok(())
            } else {
                Err(status)
            }
        }
    }
}

/// Takes the page at an offset out of a VMO without a pager: a frame of one owner.
/// The page tables still have to forget it.
///
/// # Errors
/// NO_MEMORY.
pub fn take_page(from: Ptr<Vmo>, offset: u64) -> Result<u64, Status> {
    let Some(page) = page_list::present(from, offset, offset + PAGE_SIZE).next() else {
        return frames::allocate();
    };
    if page.entry & WRITABLE == 0 {
        let (done, status) = make_writable(from, offset, PAGE_SIZE);
        if done == 0 {
            return Err(status);
        }
    }
    let frame = page_list::entry(from, offset) & ADDRESS_MASK;
    page.take(from);
    Ok(frame)
}

/// Throws the clean pages of a VMO with a pager away.
pub fn drop_clean(vmo: Ptr<Vmo>) {
    fault_in::forget_pages(vmo, 0, u64::MAX, None);
    for page in page_list::present(vmo, 0, vmo.size) {
        if page.entry & (WRITABLE | AWAITING_CLEAN) == 0 {
            page.take(vmo);
            frames::release(page.entry & ADDRESS_MASK);
        }
    }
}
