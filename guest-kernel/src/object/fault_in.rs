//! Between page lists and page tables: pages of mappings come in, and go when they change.

use abi::Status;
use abi::entry::{ADDRESS_MASK, PRESENT, WRITABLE};
use abi::layout::{PAGE_SHIFT, PAGE_SIZE};
use abi::objects::{Mapping, MappingFlags, Permissions, Process, Vmo};

use super::{page_list, vmo};
use crate::arch::{cpu, paging};
use crate::state::{Follow, Ptr, root};

/// Takes pages of a VMO out of the page tables of everybody who maps them, because they
/// changed; with `only`, just where that frame is mapped.
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
}

/// Makes pages of a mapping accessible as `access` asks, in ascending order from `start`
/// (a page's first byte) on, at most to the mapping's end. Returns how many bytes are so
/// now, and why it stopped there if it did; it never stops at once without a reason.
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
    let vmo = Ptr::new(mapping.vmo);
    let offset = mapping.vmo_offset + (start - mapping.region.base);
    if offset >= vmo.size {
        return (0, Status::OUT_OF_RANGE);
    }
    let wanted = length.next_multiple_of(PAGE_SIZE);
    let room = (mapping.region.base + mapping.region.size - start).min(vmo.size - offset);
    let bytes = wanted.min(room);

    let write = access.contains(Permissions::WRITE);
    let (bytes, status) = if write {
        vmo::make_writable(vmo, offset, bytes)
    } else {
        (bytes, Status::OK)
    };
    let process = Ptr::new(mapping.process);
    let mut done = 0;
    while done < bytes {
        match map_table(
            process,
            &mut mapping,
            start + done,
            offset + done,
            bytes - done,
        ) {
            Ok(more) => done += more,
            Err(error) => return (done, error),
        }
    }
    (done, status)
}

/// Maps pages that stand in one page table and one table of the page list; absent ones
/// as the zero frame.
fn map_table(
    process: Ptr<Process>,
    mapping: &mut Ptr<Mapping>,
    address: u64,
    offset: u64,
    length: u64,
) -> Result<u64, Status> {
    let permissions = Permissions::from_bits_retain(mapping.permissions);
    let absent = paging::leaf(root().zero_frame, permissions, false);
    let (source, count) = match page_list::find_slots(Ptr::new(mapping.vmo), offset) {
        Ok(slots) => (slots.first.cast_const(), slots.count),
        Err(gap) => (core::ptr::null(), gap.div_ceil(PAGE_SIZE)),
    };
    let mut target = paging::entry_slot(process, address)?;
    let room = 512 - ((address >> PAGE_SHIFT) & 511);
    let count = count.min(room).min(length.div_ceil(PAGE_SIZE));
    let shared = paging::leaf(0, permissions, false);
    let own = paging::leaf(0, permissions, true);
    for i in 0..count {
        let page = if source.is_null() {
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
        let old = unsafe { target.read() };
        if old != entry {
            // SAFETY: as above.
            unsafe { target.write(entry) };
            if old & PRESENT != 0 {
                cpu::invalidate_page(address + (i << PAGE_SHIFT));
            }
        }
        // SAFETY: at most one past the table's end, and then not used.
        target = unsafe { target.add(1) };
    }
    Ok(count << PAGE_SHIFT)
}

/// Maps the pages after `address` that the VMO has already, a few of them, so that a
/// program does not fault its way through them one by one. Nothing is allocated: what the
/// program has committed stays what it touched.
pub fn map_ahead(mapping: Ptr<Mapping>, address: u64) {
    const PAGES: u64 = 16;
    let permissions = Permissions::from_bits_retain(mapping.permissions);
    let vmo: Ptr<Vmo> = Ptr::new(mapping.vmo);
    let page = address & !(PAGE_SIZE - 1);
    let offset = mapping.vmo_offset + (page - mapping.region.base);
    let left = (mapping.region.base + mapping.region.size - page).min(vmo.size - offset);
    let Ok(slots) = page_list::find_slots(vmo, offset) else {
        return;
    };
    let Ok(first) = paging::entry_slot(Ptr::new(mapping.process), page) else {
        return;
    };
    let room = 512 - ((page >> PAGE_SHIFT) & 511);
    let count = PAGES.min(slots.count).min(room).min(left >> PAGE_SHIFT);
    for i in 1..count as usize {
        // SAFETY: both tables have `count` entries from here on.
        let (source, target) = unsafe { (slots.first.add(i), first.add(i)) };
        // SAFETY: as above.
        let (entry, old) = unsafe { (source.read(), target.read()) };
        if entry & PRESENT != 0 && old & PRESENT == 0 {
            let leaf = paging::leaf(entry & ADDRESS_MASK, permissions, entry & WRITABLE != 0);
            // SAFETY: as above. The entry was not present, so no translation is stale.
            unsafe { target.write(leaf) };
        }
    }
}
