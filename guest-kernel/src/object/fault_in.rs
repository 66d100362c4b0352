//! Between page lists and page tables: pages of mappings come in, and go when they change.

use abi::Status;
use abi::entry::{ADDRESS_MASK, PRESENT, WRITABLE};
use abi::layout::{PAGE_SHIFT, PAGE_SIZE};
use abi::objects::{CachePolicy, Mapping, MappingFlags, Permissions, Process, Vmo};

use super::pages::{self, Visible};
use super::{page_list, vmo};
use crate::arch::{cpu, paging};
use crate::state::{Follow, Ptr, root};

/// Takes pages of a VMO out of the page tables of everybody who sees them, because they
/// changed; with `only`, just where that frame is mapped. Recursion, through those whose
/// source it is, is bounded by the depth of clones.
pub fn forget_pages(vmo: Ptr<Vmo>, offset: u64, length: u64, only: Option<u64>) {
    let end = offset.saturating_add(length);
    let zero = only == Some(root().zero_frame);
    let mut next = vmo.first_mapping;
    while let Some(mapping) = next.get() {
        next = mapping.next_of_vmo;
        if zero && !vmo::may_show_zero_frames(mapping) {
            continue;
        }
        let first = offset.max(mapping.vmo_offset);
        let last = end.min(mapping.vmo_offset.saturating_add(mapping.region.size));
        if first < last {
            let base = mapping.region.base + (first - mapping.vmo_offset);
            paging::unmap(Ptr::new(mapping.process), base, last - first, only);
        }
    }
    let mut next = vmo.first_dependent;
    while let Some(dependent) = next.get() {
        next = dependent.next_dependent;
        let seen = if vmo::is_alias(dependent) {
            u64::MAX
        } else {
            dependent.source_limit
        };
        let first = offset.saturating_sub(dependent.source_offset);
        let last = end.saturating_sub(dependent.source_offset).min(seen);
        if first < last {
            forget_pages(dependent, first, last - first, only);
        }
    }
}

/// Makes pages of a mapping accessible as `access` asks, in ascending order from `start`
/// (a page's first byte) on, at most to the mapping's end. Returns how many bytes are so
/// now, and why it stopped there if it did (reference §13.7); BLOCKED, only if there is
/// not even one, if the running thread now waits for a pager.
pub fn fault_in(
    mut mapping: Ptr<Mapping>,
    start: u64,
    length: u64,
    access: Permissions,
) -> (u64, Status) {
    let permissions = Permissions::from_bits_retain(mapping.permissions);
    if !permissions.contains(access) {
        return (0, Status::ACCESS_DENIED);
    }
    let offset = mapping.vmo_offset + (start - mapping.region.base);
    let size = vmo::mappable_size(mapping);
    if offset >= size {
        return (0, Status::OUT_OF_RANGE);
    }
    let wanted = length.next_multiple_of(PAGE_SIZE);
    let room = (mapping.region.base + mapping.region.size - start).min(size - offset);
    let bytes = wanted.min(room);

    let (target, shift) = vmo::target(Ptr::new(mapping.vmo));
    let (bytes, status) = if vmo::is_physical(target) {
        (bytes, Status::OK)
    } else if access.contains(Permissions::WRITE) {
        pages::make_writable(target, offset + shift, bytes)
    } else {
        pages::make_readable(target, offset + shift, bytes)
    };
    let mut done = 0;
    while done < bytes {
        let at = (start + done, offset + shift + done);
        match map_table(&mut mapping, target, at, bytes - done) {
            Ok(more) => done += more,
            Err(error) => return (done, error),
        }
    }
    (done, status)
}

/// Maps pages that stand in one page table, from an address on, the VMO's pages from an
/// offset on; absent ones as the zero frame.
fn map_table(
    mapping: &mut Ptr<Mapping>,
    target: Ptr<Vmo>,
    (address, offset): (u64, u64),
    length: u64,
) -> Result<u64, Status> {
    let process: Ptr<Process> = Ptr::new(mapping.process);
    let permissions = Permissions::from_bits_retain(mapping.permissions);
    let policy = CachePolicy(target.cache_policy);
    let room = 512 - ((address >> PAGE_SHIFT) & 511);
    let mut count = room.min(length.div_ceil(PAGE_SIZE));
    let mut slot = paging::entry_slots(process, address, count)?;
    let absent = paging::leaf(root().zero_frame, permissions, false, policy);
    let shared = paging::leaf(0, permissions, false, policy);
    let own = paging::leaf(0, permissions, true, policy);
    // In the usual case all entries stand in one table of the VMO's own list.
    let plain = vmo::is_plain(target) && !vmo::is_physical(target);
    let mut source = core::ptr::null();
    if plain {
        match page_list::find_slots(target, offset) {
            Ok(slots) => {
                source = slots.first.cast_const();
                count = count.min(slots.count);
            }
            Err(gap) => count = count.min(gap.div_ceil(PAGE_SIZE)),
        }
    }
    for i in 0..count {
        let page = if !plain {
            match general(target, offset + (i << PAGE_SHIFT)) {
                Some(page) => page,
                None => return Ok(i << PAGE_SHIFT),
            }
        } else if source.is_null() {
            0
        } else {
            // SAFETY: below the count of `find_slots`.
            unsafe { source.add(i as usize).read() }
        };
        let entry = if page & PRESENT == 0 {
            mapping.flags |= MappingFlags::ZERO_FRAMES.bits();
            absent
        } else if page & WRITABLE == 0 {
            (page & ADDRESS_MASK) | shared
        } else {
            (page & ADDRESS_MASK) | own
        };
        // SAFETY: below the number of entries left in this table.
        let old = unsafe { slot.read() };
        if old != entry {
            // SAFETY: as above.
            unsafe { slot.write(entry) };
            if old & PRESENT != 0 {
                cpu::invalidate_page(address + (i << PAGE_SHIFT));
            }
        }
        // SAFETY: at most one past the table's end, and then not used.
        slot = unsafe { slot.add(1) };
    }
    Ok(count << PAGE_SHIFT)
}

/// The entry of whatever a VMO of any kind shows at an offset: writable only if it is its
/// own and may be written to, not present for zeros; `None` if it must be supplied first.
fn general(target: Ptr<Vmo>, offset: u64) -> Option<u64> {
    if vmo::is_physical(target) {
        return Some((target.physical_base + offset) | PRESENT | WRITABLE);
    }
    match pages::visible(target, offset) {
        Visible::Page(entry, true) => Some(entry),
        Visible::Page(entry, false) => Some(entry & !WRITABLE),
        Visible::Zero => Some(0),
        Visible::Missing(..) => None,
    }
}

/// Maps the pages after `address` that the VMO has already, a few of them, so that a
/// program does not fault its way through them one by one. Nothing is allocated: what the
/// program has committed stays what it touched.
pub fn map_ahead(mapping: Ptr<Mapping>, address: u64) {
    const PAGES: u64 = 16;
    let permissions = Permissions::from_bits_retain(mapping.permissions);
    let (vmo, shift) = vmo::target(Ptr::new(mapping.vmo));
    let page = address & !(PAGE_SIZE - 1);
    let offset = mapping.vmo_offset + (page - mapping.region.base);
    let end = mapping.region.base + mapping.region.size;
    let left = (end - page).min(vmo::mappable_size(mapping).saturating_sub(offset));
    let Ok(slots) = page_list::find_slots(vmo, offset + shift) else {
        return;
    };
    let room = 512 - ((page >> PAGE_SHIFT) & 511);
    let count = PAGES.min(slots.count).min(room).min(left >> PAGE_SHIFT);
    let Ok(first) = paging::entry_slots(Ptr::new(mapping.process), page, count) else {
        return;
    };
    let policy = CachePolicy(vmo.cache_policy);
    for i in 1..count as usize {
        // SAFETY: both tables have `count` entries from here on.
        let (source, target) = unsafe { (slots.first.add(i), first.add(i)) };
        // SAFETY: as above.
        let (entry, old) = unsafe { (source.read(), target.read()) };
        if entry & PRESENT != 0 && old & PRESENT == 0 {
            let writable = entry & WRITABLE != 0;
            let leaf = paging::leaf(entry & ADDRESS_MASK, permissions, writable, policy);
            // SAFETY: as above. The entry was not present, so no translation is stale.
            unsafe { target.write(leaf) };
        }
    }
}

/// Maps the pages of `[base, base + length)` of a mapping that its VMO has itself: those
/// take nothing but page tables. Failing is no failure (reference §13.1).
pub fn map_present(mapping: Ptr<Mapping>, base: u64, length: u64) {
    let permissions = Permissions::from_bits_retain(mapping.permissions);
    if !permissions.contains(Permissions::READ) {
        return;
    }
    let (target, shift) = vmo::target(Ptr::new(mapping.vmo));
    let policy = CachePolicy(target.cache_policy);
    let offset = mapping.vmo_offset + (base - mapping.region.base);
    let length = length.min(vmo::mappable_size(mapping).saturating_sub(offset));
    let process = Ptr::new(mapping.process);
    let start = offset + shift;
    let end = start.saturating_add(length).min(target.size);
    // Where the page before stands, if there is one in the same table.
    let mut before: Option<(u64, *mut u64)> = None;
    for page in page_list::present(target, start, end) {
        let address = base + (page.offset - start);
        let slot = match before {
            Some((last, slot)) if last + PAGE_SIZE == address && paging::same_table(last) => {
                // SAFETY: not the last entry of its table.
                unsafe { slot.add(1) }
            }
            _ => match paging::entry_slots(process, address, (end - page.offset) >> PAGE_SHIFT) {
                Ok(slot) => slot,
                Err(_) => return,
            },
        };
        before = Some((address, slot));
        let writable = page.entry & WRITABLE != 0;
        let leaf = paging::leaf(page.entry & ADDRESS_MASK, permissions, writable, policy);
        // SAFETY: a slot of a live table, for this address.
        unsafe {
            // Only in place of nothing, so that no translation is stale.
            if slot.read() & PRESENT == 0 {
                slot.write(leaf);
            }
        }
    }
}
