//! Virtual memory objects (reference §7).

use core::cell::UnsafeCell;

use abi::Status;
use abi::entry::{ADDRESS_MASK, PRESENT, WRITABLE};
use abi::layout::{PAGE_SHIFT, PAGE_SIZE};
use abi::objects::{Mapping, MappingFlags, NAME_LENGTH, ObjectType, Vmo, VmoKind, VmoOptions};

use super::page_list::{self, Slots};
use super::{fault_in, header};
use crate::arch::descriptors::Shared;
use crate::host;
use crate::mem::frames;
use crate::mem::pool::Pool;
use crate::state::{Follow, Ptr, new_koid, root};

static POOL: Pool<Vmo> = Pool::new();

/// Frames to copy, gathered for one request to the host.
const COPY_BATCH: usize = 256;

#[repr(C, align(4096))]
struct CopyList([[u64; 2]; COPY_BATCH]);

static COPIES: Shared<CopyList> = Shared(UnsafeCell::new(CopyList([[0; 2]; COPY_BATCH])));

/// An anonymous VMO. `size` is a multiple of the page size. The caller gets the one
/// reference.
///
/// # Errors
/// NO_MEMORY.
pub fn create(
    size: u64,
    stream_size: u64,
    options: VmoOptions,
    name: &[u8; NAME_LENGTH],
) -> Result<Ptr<Vmo>, Status> {
    let mut vmo = POOL.allocate()?;
    let koid = if options.contains(VmoOptions::PRIVATE_CLONE) {
        0
    } else {
        new_koid()
    };
    vmo.header = header::new(ObjectType::VMO, koid);
    vmo.name = *name;
    vmo.size = size;
    vmo.stream_size = stream_size;
    vmo.kind = VmoKind::PAGED.0;
    vmo.options = options.bits();
    vmo.levels = Vmo::levels_for(size);
    let mut root = root();
    vmo.next = root.first_vmo;
    if let Some(mut next) = vmo.next.get() {
        next.previous = vmo.link();
    }
    root.first_vmo = vmo.link();
    Ok(vmo)
}

/// Ends a VMO that nothing refers to any more.
pub fn destroy(vmo: Ptr<Vmo>) {
    page_list::destroy(vmo);
    match vmo.previous.get() {
        Some(mut previous) => previous.next = vmo.next,
        None => root().first_vmo = vmo.next,
    }
    if let Some(mut next) = vmo.next.get() {
        next.previous = vmo.previous;
    }
    POOL.free(vmo);
}

/// Makes frames that hold data already the pages of a VMO, from its start on.
///
/// # Errors
/// NO_MEMORY.
pub fn adopt_frames(mut vmo: Ptr<Vmo>, first: u64, length: u64) -> Result<(), Status> {
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
/// ascending order. Returns how many bytes from `offset` on are so now (a multiple of
/// the page size, counted from the page's start), and why it stopped there if it did.
pub fn make_writable(vmo: Ptr<Vmo>, offset: u64, length: u64) -> (u64, Status) {
    let start = offset & !(PAGE_SIZE - 1);
    let end = match offset.checked_add(length) {
        Some(end) if end <= vmo.size => end,
        _ => vmo.size,
    };
    let mut work = Work {
        vmo,
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
                let (done, result) = work.table(slots, count);
                at += done << PAGE_SHIFT;
                if result != Status::OK {
                    status = result;
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
    if at == start && status == Status::OK && length > 0 {
        status = Status::OUT_OF_RANGE;
    }
    (at - start, status)
}

struct Work {
    vmo: Ptr<Vmo>,
    copies: usize,
    forked: bool,
    fresh: bool,
}

impl Work {
    /// Works through `count` entries of a table; returns how many are done.
    fn table(&mut self, slots: Slots, count: u64) -> (u64, Status) {
        let mut fresh = 0;
        let mut done = 0;
        let mut status = Status::OK;
        let mut slot = slots.first;
        while done < count {
            // SAFETY: below the count of `make_slots`.
            let entry = unsafe { slot.read() };
            let new = if entry & (PRESENT | WRITABLE) == PRESENT | WRITABLE {
                entry
            } else {
                let frame = if entry & PRESENT == 0 {
                    fresh += 1;
                    frames::allocate()
                } else {
                    self.fork(entry & ADDRESS_MASK)
                };
                match frame {
                    Ok(frame) => frame | PRESENT | WRITABLE,
                    Err(error) => {
                        if entry & PRESENT == 0 {
                            fresh -= 1;
                        }
                        status = error;
                        break;
                    }
                }
            };
            // SAFETY: as above.
            unsafe {
                slot.write(new);
                slot = slot.add(1);
            }
            done += 1;
        }
        if fresh > 0 {
            self.fresh = true;
            page_list::count_used(slots.table, fresh);
            self.vmo.page_count += u64::from(fresh);
        }
        (done, status)
    }

    /// A frame of one's own with the contents of a shared one (soon: the copy is made in
    /// a batch).
    fn fork(&mut self, frame: u64) -> Result<u64, Status> {
        let mut record = frames::entry(frame);
        if record.extra_owners == 0 {
            return Ok(frame);
        }
        let copy = frames::allocate()?;
        self.forked = true;
        if self.copies == COPY_BATCH {
            self.flush();
        }
        let list = COPIES.0.get().cast::<[u64; 2]>();
        // SAFETY: flushed above when full.
        unsafe { list.add(self.copies).write([frame, copy]) };
        self.copies += 1;
        // The other owners keep the frame alive until the copy is made.
        record.extra_owners -= 1;
        Ok(copy)
    }

    fn flush(&mut self) {
        if self.copies > 0 {
            host::copy_frames(COPIES.0.get().cast(), self.copies as u64);
            self.copies = 0;
        }
    }
}

/// A private copy-on-write clone of the part of `parent` that starts at `offset`
/// (reference §6.2 step 5). The caller gets the one reference.
///
/// # Errors
/// NO_MEMORY.
pub fn private_clone(parent: Ptr<Vmo>, offset: u64, size: u64) -> Result<Ptr<Vmo>, Status> {
    let mut clone = create(size, size, VmoOptions::PRIVATE_CLONE, &parent.name)?;
    clone.parent_koid = parent.header.koid;
    let shared = page_list::share(parent, offset, size, clone);
    // Even a partly shared parent has pages that its mappings may no longer write to.
    fault_in::forget_pages(parent, offset, size, None);
    if let Err(error) = shared {
        header::release(clone.cast());
        return Err(error);
    }
    Ok(clone)
}

/// Adds a mapping to the VMO's list and takes a reference for it.
pub fn attach(mut vmo: Ptr<Vmo>, mut mapping: Ptr<Mapping>) {
    header::retain(vmo.cast());
    mapping.vmo = vmo.link();
    mapping.previous_of_vmo = abi::Link::NONE;
    mapping.next_of_vmo = vmo.first_mapping;
    if let Some(mut next) = mapping.next_of_vmo.get() {
        next.previous_of_vmo = mapping.link();
    }
    vmo.first_mapping = mapping.link();
}

/// Takes a mapping off the VMO's list and drops its reference.
pub fn detach(mut vmo: Ptr<Vmo>, mut mapping: Ptr<Mapping>) {
    match mapping.previous_of_vmo.get() {
        Some(mut previous) => previous.next_of_vmo = mapping.next_of_vmo,
        None => vmo.first_mapping = mapping.next_of_vmo,
    }
    if let Some(mut next) = mapping.next_of_vmo.get() {
        next.previous_of_vmo = mapping.previous_of_vmo;
    }
    mapping.vmo = abi::Link::NONE;
    header::release(vmo.cast());
}

/// Whether zero frames may be mapped somewhere in a mapping.
pub fn may_show_zero_frames(mapping: Ptr<Mapping>) -> bool {
    mapping.flags & MappingFlags::ZERO_FRAMES.bits() != 0
}
