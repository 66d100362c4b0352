//! The frame allocator.
//!
//! Three sources, in this order: frames that were freed and zeroed again, frames that
//! were never used (zero already: the host hands out zero memory), and freed frames,
//! which the host zeroes 512 at a time — ring-0 code must not zero pages itself where
//! every instruction is emulated.

use core::cell::UnsafeCell;

use abi::Status;
use abi::call_page::MAX_FRAME_LIST;
use abi::layout::{HIGH_RAM_BASE, PAGE_SHIFT, PAGE_SIZE, PHYSMAP_BASE};
use abi::objects::{FREE_FRAME, FrameEntry};

use crate::arch::descriptors::Shared;
use crate::host;
use crate::state::{Ptr, root};

struct Fresh {
    /// End of the RAM that `next_fresh` runs through now.
    end: u64,
    /// End of RAM above the hole, or 0.
    high_end: u64,
}

static FRESH: Shared<Fresh> = Shared(UnsafeCell::new(Fresh {
    end: 0,
    high_end: 0,
}));

#[repr(C, align(4096))]
struct List([u64; MAX_FRAME_LIST as usize]);

static LIST: Shared<List> = Shared(UnsafeCell::new(List([0; MAX_FRAME_LIST as usize])));

/// Starts with RAM from `first_free` to `low_end` and, if `high_end` is not zero, from
/// the hole's end up to it. Puts the frame table first.
///
/// # Errors
/// NO_MEMORY if RAM cannot even hold that.
pub fn initialise(first_free: u64, low_end: u64, high_end: u64) -> Result<(), Status> {
    let mut root = root();
    let frame_count = low_end.max(high_end) >> PAGE_SHIFT;
    let table_bytes = (frame_count * size_of::<FrameEntry>() as u64).next_multiple_of(PAGE_SIZE);
    let first_free = first_free.next_multiple_of(PAGE_SIZE);
    if first_free + table_bytes + PAGE_SIZE >= low_end {
        return Err(Status::NO_MEMORY);
    }
    root.frame_table = abi::Link::new(first_free);
    root.frame_count = frame_count;
    root.next_fresh = first_free + table_bytes;
    let high = high_end.saturating_sub(HIGH_RAM_BASE);
    root.free_frames = (low_end - root.next_fresh + high) >> PAGE_SHIFT;
    // SAFETY: one thread of execution.
    unsafe {
        *FRESH.0.get() = Fresh {
            end: low_end,
            high_end,
        }
    };
    root.managed_frames = root.free_frames;
    root.zero_frame = allocate()?;
    Ok(())
}

/// A frame's entry in the frame table.
pub fn entry(frame: u64) -> Ptr<FrameEntry> {
    let table = PHYSMAP_BASE + root().frame_table.address();
    Ptr::from_raw((table + (frame >> PAGE_SHIFT) * size_of::<FrameEntry>() as u64) as *mut _)
}

/// A zeroed frame's guest-physical address.
///
/// # Errors
/// NO_MEMORY when RAM is used up.
#[inline]
pub fn allocate() -> Result<u64, Status> {
    let mut root = root();
    if root.first_clean == 0 {
        let fresh = FRESH.0.get();
        // SAFETY: one thread of execution.
        let (end, high_end) = unsafe { ((*fresh).end, (*fresh).high_end) };
        let frame = root.next_fresh;
        if frame < end {
            root.next_fresh = frame + PAGE_SIZE;
            root.free_frames -= 1;
            return Ok(frame);
        }
        if high_end > end {
            root.next_fresh = HIGH_RAM_BASE;
            // SAFETY: as above.
            unsafe { (*fresh).end = high_end };
            return allocate();
        }
        if root.first_dirty == 0 {
            return Err(Status::NO_MEMORY);
        }
        clean();
    }
    let frame = root.first_clean << PAGE_SHIFT;
    let mut entry = entry(frame);
    root.first_clean = u64::from(entry.next_free);
    root.free_frames -= 1;
    *entry = FrameEntry::default();
    Ok(frame)
}

/// `count` frames in a row, zeroed, the first at a multiple of `alignment` bytes.
///
/// # Errors
/// NO_MEMORY when there is no such row.
pub fn allocate_row(count: u64, alignment: u64) -> Result<u64, Status> {
    if let Some(first) = fresh_row(count, alignment) {
        return Ok(first);
    }
    // Freed frames lie in no order: look for a row of them in the table.
    let mut root = root();
    let step = (alignment >> PAGE_SHIFT).max(1);
    let end = root.next_fresh >> PAGE_SHIFT;
    let mut first = (root.frame_table.address() >> PAGE_SHIFT).next_multiple_of(step);
    while count <= end.saturating_sub(first) {
        match (first..first + count).find(|frame| !is_free(*frame)) {
            None => {
                leave_lists(first, count);
                root.free_frames -= count;
                return Ok(first << PAGE_SHIFT);
            }
            Some(taken) => first = (taken + 1).next_multiple_of(step),
        }
    }
    Err(Status::NO_MEMORY)
}

/// A row of frames that were never used; those skipped for the alignment are free then.
fn fresh_row(count: u64, alignment: u64) -> Option<u64> {
    let mut root = root();
    // SAFETY: one thread of execution.
    let end = unsafe { (*FRESH.0.get()).end };
    let first = root.next_fresh.checked_next_multiple_of(alignment)?;
    let after = first.checked_add(count.checked_mul(PAGE_SIZE)?)?;
    if after > end {
        return None;
    }
    let mut skipped = root.next_fresh;
    while skipped < first {
        // It counts as free already.
        root.free_frames -= 1;
        free_clean(skipped);
        skipped += PAGE_SIZE;
    }
    root.next_fresh = after;
    root.free_frames -= count;
    Some(first)
}

fn is_free(frame: u64) -> bool {
    entry(frame << PAGE_SHIFT).extra_owners == FREE_FRAME
}

/// Takes a row of free frames out of the free lists, and has the dirty ones zeroed.
fn leave_lists(first: u64, count: u64) {
    let row = first..first + count;
    while root().first_dirty != 0 {
        clean();
    }
    let mut root = root();
    let mut next = root.first_clean;
    root.first_clean = 0;
    while next != 0 {
        let frame = next;
        let mut entry = entry(frame << PAGE_SHIFT);
        next = u64::from(entry.next_free);
        if row.contains(&frame) {
            *entry = FrameEntry::default();
        } else {
            entry.next_free = root.first_clean as u32;
            root.first_clean = frame;
        }
    }
}

/// Gives a frame back; nobody may use it any more.
pub fn free(frame: u64) {
    let mut root = root();
    *entry(frame) = FrameEntry {
        extra_owners: FREE_FRAME,
        next_free: root.first_dirty as u32,
    };
    root.first_dirty = frame >> PAGE_SHIFT;
    root.free_frames += 1;
}

/// Gives a frame back that holds nothing but zeros.
pub fn free_clean(frame: u64) {
    let mut root = root();
    *entry(frame) = FrameEntry {
        extra_owners: FREE_FRAME,
        next_free: root.first_clean as u32,
    };
    root.first_clean = frame >> PAGE_SHIFT;
    root.free_frames += 1;
}

/// Gives up one owner's share in a frame of a page list.
pub fn release(frame: u64) {
    let mut entry = entry(frame);
    if entry.extra_owners > 0 {
        entry.extra_owners -= 1;
    } else {
        free(frame);
    }
}

/// Lets the host zero freed frames, as many as fit into one list.
fn clean() {
    let mut root = root();
    let list = LIST.0.get().cast::<u64>();
    let mut count = 0;
    while root.first_dirty != 0 && count < MAX_FRAME_LIST {
        let frame = root.first_dirty << PAGE_SHIFT;
        let mut entry = entry(frame);
        root.first_dirty = u64::from(entry.next_free);
        entry.next_free = root.first_clean as u32;
        root.first_clean = frame >> PAGE_SHIFT;
        // SAFETY: `count` is below the list's length.
        unsafe { list.add(count as usize).write(frame) };
        count += 1;
    }
    host::zero_frames(list, count);
}
