//! The page list of a VMO: a radix tree of frames (`abi::entry`).
//!
//! The frame table counts the entries in use of each table, so that giving a list back
//! stops looking when it has found them all.

use abi::Status;
use abi::entry::{ADDRESS_MASK, PRESENT, WRITABLE};
use abi::layout::{PAGE_SHIFT, PAGE_SIZE, PHYSMAP_BASE, TABLE_ENTRIES};
use abi::objects::Vmo;

use crate::mem::frames;
use crate::state::Ptr;

fn entries(table: u64) -> *mut u64 {
    (PHYSMAP_BASE + table) as *mut u64
}

fn index(offset: u64, level: u32) -> usize {
    // Level 5 reaches bit 57: the shift stays below 64.
    ((offset >> (PAGE_SHIFT + 9 * level)) as usize) & (TABLE_ENTRIES - 1)
}

/// Up to the end of the last-level table, the entries of a page list from one offset on.
#[derive(Clone, Copy)]
pub struct Slots {
    /// The table's guest-physical address.
    pub table: u64,
    /// The first entry.
    pub first: *mut u64,
    /// Entries from there to the table's end.
    pub count: u64,
}

/// Whether a tree of so many levels has a place for `offset`.
fn reaches(levels: u32, offset: u64) -> bool {
    let shift = PAGE_SHIFT + 9 * levels;
    shift >= 64 || offset >> shift == 0
}

/// The entries at `offset`, making tables on the way.
///
/// # Errors
/// NO_MEMORY.
pub fn make_slots(mut vmo: Ptr<Vmo>, offset: u64) -> Result<Slots, Status> {
    if vmo.pages == 0 {
        vmo.levels = Vmo::levels_for(vmo.size);
        vmo.pages = frames::allocate()?;
    }
    // A VMO that grew needs a deeper tree.
    while !reaches(vmo.levels, offset) {
        let top = frames::allocate()?;
        // SAFETY: a fresh table.
        unsafe { entries(top).write(vmo.pages | PRESENT | WRITABLE) };
        frames::entry(top).extra_owners = 1;
        vmo.pages = top;
        vmo.levels += 1;
    }
    let mut table = vmo.pages;
    for level in (1..vmo.levels).rev() {
        // SAFETY: `table` is one of the VMO's tables, the index is masked.
        let slot = unsafe { entries(table).add(index(offset, level)) };
        // SAFETY: as above.
        let entry = unsafe { slot.read() };
        table = if entry & PRESENT == 0 {
            let fresh = frames::allocate()?;
            // SAFETY: as above.
            unsafe { slot.write(fresh | PRESENT | WRITABLE) };
            frames::entry(table).extra_owners += 1;
            fresh
        } else {
            entry & ADDRESS_MASK
        };
    }
    Ok(slots_in(table, offset))
}

/// The entries at `offset`, or how many bytes from there on have no table.
pub fn find_slots(vmo: Ptr<Vmo>, offset: u64) -> Result<Slots, u64> {
    let mut table = vmo.pages;
    if table == 0 || !reaches(vmo.levels, offset) {
        return Err(u64::MAX - offset);
    }
    for level in (1..vmo.levels).rev() {
        // SAFETY: `table` is one of the VMO's tables, the index is masked.
        let entry = unsafe { entries(table).add(index(offset, level)).read() };
        if entry & PRESENT == 0 {
            let span = 1u64 << (PAGE_SHIFT + 9 * level);
            return Err(span - (offset & (span - 1)));
        }
        table = entry & ADDRESS_MASK;
    }
    Ok(slots_in(table, offset))
}

fn slots_in(table: u64, offset: u64) -> Slots {
    let first = index(offset, 0);
    Slots {
        table,
        // SAFETY: the index is masked.
        first: unsafe { entries(table).add(first) },
        count: (TABLE_ENTRIES - first) as u64,
    }
}

/// A page of a list.
#[derive(Clone, Copy)]
pub struct Page {
    /// Where in the VMO.
    pub offset: u64,
    /// Its entry.
    pub entry: u64,
    slot: *mut u64,
    table: u64,
}

impl Page {
    /// Changes its entry, which stays present.
    pub fn set(self, entry: u64) {
        // SAFETY: found in a live table; nothing was given back since.
        unsafe { self.slot.write(entry) };
    }

    /// Takes it out of the list; the frame is the caller's.
    pub fn take(self, mut vmo: Ptr<Vmo>) {
        // SAFETY: as above.
        unsafe { self.slot.write(0) };
        frames::entry(self.table).extra_owners -= 1;
        vmo.page_count -= 1;
    }
}

/// The entry at `offset`; 0 if there is no page.
pub fn entry(vmo: Ptr<Vmo>, offset: u64) -> u64 {
    match find_slots(vmo, offset) {
        // SAFETY: a slot of a live table.
        Ok(slots) => unsafe { slots.first.read() },
        Err(_) => 0,
    }
}

/// The pages in `[from, end)`, in ascending order. Pages may be taken and put meanwhile, but
/// no table may go.
#[inline]
pub fn present(vmo: Ptr<Vmo>, from: u64, end: u64) -> Present {
    Present {
        vmo,
        at: from & !(PAGE_SIZE - 1),
        end,
        slot: core::ptr::null_mut(),
        stop: core::ptr::null_mut(),
        table: 0,
    }
}

/// See [`present`].
pub struct Present {
    vmo: Ptr<Vmo>,
    /// What comes after the entries that are at hand.
    at: u64,
    end: u64,
    /// The entries of `table` that are still to be looked at.
    slot: *mut u64,
    stop: *mut u64,
    table: u64,
}

impl Present {
    /// Goes on to the next table; false if there is none.
    #[inline(never)]
    fn refill(&mut self) -> bool {
        while self.at < self.end {
            match find_slots(self.vmo, self.at) {
                Ok(slots) => {
                    let left = (self.end - self.at).div_ceil(PAGE_SIZE);
                    let count = slots.count.min(left);
                    self.table = slots.table;
                    self.slot = slots.first;
                    // SAFETY: at most one past the table's end, and then not used.
                    self.stop = unsafe { slots.first.add(count as usize) };
                    self.at += count << PAGE_SHIFT;
                    return true;
                }
                Err(gap) => self.at = self.at.saturating_add(gap),
            }
        }
        false
    }
}

impl Iterator for Present {
    type Item = Page;

    #[inline]
    fn next(&mut self) -> Option<Page> {
        loop {
            while self.slot != self.stop {
                let slot = self.slot;
                // SAFETY: before `stop`, in a live table.
                let entry = unsafe { slot.read() };
                // SAFETY: at most `stop`.
                self.slot = unsafe { slot.add(1) };
                if entry & PRESENT != 0 {
                    let left = (self.stop as u64 - slot as u64) / size_of::<u64>() as u64;
                    return Some(Page {
                        offset: self.at - (left << PAGE_SHIFT),
                        entry,
                        slot,
                        table: self.table,
                    });
                }
            }
            if !self.refill() {
                return None;
            }
        }
    }
}

/// Puts a page where none is; `entry` is present.
///
/// # Errors
/// NO_MEMORY; the frame stays the caller's then.
pub fn put(mut vmo: Ptr<Vmo>, offset: u64, entry: u64) -> Result<(), Status> {
    let slots = make_slots(vmo, offset)?;
    // SAFETY: the first of the slots.
    unsafe { slots.first.write(entry) };
    count_used(slots.table, 1);
    vmo.page_count += 1;
    Ok(())
}

/// Gives up every page in `[from, end)`, both multiples of the page size, and the tables
/// that become empty.
pub fn remove(mut vmo: Ptr<Vmo>, from: u64, end: u64) {
    if vmo.pages == 0 || from >= end || vmo.page_count == 0 {
        return;
    }
    let removed = remove_in(vmo.pages, vmo.levels - 1, 0, from, end - 1);
    vmo.page_count -= removed;
    if frames::entry(vmo.pages).extra_owners == 0 {
        frames::free(vmo.pages);
        vmo.pages = 0;
    }
}

/// Gives up the pages from `from` to `last` (both offsets count from the VMO's start) below
/// a table that starts at offset `base`; returns how many. Recursion is bounded by the
/// number of levels.
fn remove_in(table: u64, level: u32, base: u64, from: u64, last: u64) -> u64 {
    let mut record = frames::entry(table);
    let shift = PAGE_SHIFT + 9 * level;
    let first = from.saturating_sub(base) >> shift;
    let final_index = ((last - base) >> shift).min(TABLE_ENTRIES as u64 - 1);
    let mut removed = 0;
    let mut i = first;
    while i <= final_index && record.extra_owners > 0 {
        // SAFETY: the index is below the number of entries.
        let slot = unsafe { entries(table).add(i as usize) };
        // SAFETY: as above.
        let entry = unsafe { slot.read() };
        let start = base + (i << shift);
        i += 1;
        if entry & PRESENT == 0 {
            continue;
        }
        let below = entry & ADDRESS_MASK;
        if level > 0 {
            removed += remove_in(below, level - 1, start, from.max(start), last);
            if frames::entry(below).extra_owners > 0 {
                continue;
            }
            frames::free(below);
        } else {
            removed += 1;
            frames::release(below);
        }
        // SAFETY: as above.
        unsafe { slot.write(0) };
        record.extra_owners -= 1;
    }
    removed
}

/// Notes that `count` entries of a table came into use.
pub fn count_used(table: u64, count: u32) {
    frames::entry(table).extra_owners += count;
}

/// Gives all pages and tables of a VMO back.
pub fn destroy(mut vmo: Ptr<Vmo>) {
    if vmo.pages != 0 {
        destroy_table(vmo.pages, vmo.levels);
    }
    vmo.pages = 0;
    vmo.page_count = 0;
}

/// Recursion is bounded by the number of levels, at most 6.
fn destroy_table(table: u64, levels: u32) {
    let mut record = frames::entry(table);
    let mut slot = entries(table);
    while record.extra_owners > 0 {
        // SAFETY: as many entries as the record says are in use stand in this table.
        let entry = unsafe { slot.read() };
        if entry & PRESENT != 0 {
            record.extra_owners -= 1;
            let address = entry & ADDRESS_MASK;
            if levels > 1 {
                destroy_table(address, levels - 1);
            } else {
                frames::release(address);
            }
        }
        // SAFETY: at most one past the table's end, and then not read.
        slot = unsafe { slot.add(1) };
    }
    frames::free(table);
}

/// Lets `child` share the pages that `parent` has in `[offset, offset + size)`: both lose
/// the right to write to the frames themselves.
///
/// # Errors
/// NO_MEMORY; the child then holds a part and must be destroyed.
pub fn share(parent: Ptr<Vmo>, offset: u64, size: u64, child: Ptr<Vmo>) -> Result<(), Status> {
    let end = offset.saturating_add(size).min(parent.size);
    for page in present(parent, offset, end) {
        let frame = page.entry & ADDRESS_MASK;
        put(child, page.offset - offset, frame | PRESENT)?;
        page.set(frame | PRESENT);
        frames::entry(frame).extra_owners += 1;
    }
    Ok(())
}
