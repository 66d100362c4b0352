//! Page tables of processes: 4 KiB pages under four levels (SDM vol. 3, 4.5).
//!
//! Tables of a process hang in one list (`Process::first_table`), so that giving them
//! back needs no walk.

use abi::Status;
use abi::entry::{
    ADDRESS_MASK, CACHE_DISABLE, LARGE, NO_EXECUTE, PRESENT, USER, WRITABLE, WRITE_THROUGH,
};
use abi::layout::{PAGE_SHIFT, PAGE_SIZE, PHYSMAP_BASE, TABLE_ENTRIES};
use abi::objects::{CachePolicy, Permissions, Process};

use super::cpu;
use crate::mem::frames;
use crate::state::{Ptr, root};

const TABLE: u64 = PRESENT | WRITABLE | USER;
/// The entry of the topmost table that holds the whole kernel half.
const KERNEL_ENTRY: usize = 511;

unsafe extern "C" {
    static mut boot_pml4: [u64; TABLE_ENTRIES];
    static mut boot_pdpt: [u64; TABLE_ENTRIES];
}

fn entries(table: u64) -> *mut u64 {
    (PHYSMAP_BASE + table) as *mut u64
}

fn index(address: u64, level: u32) -> usize {
    ((address >> (PAGE_SHIFT + 9 * level)) as usize) & (TABLE_ENTRIES - 1)
}

/// Takes over the boot tables: drops the identity map, and maps RAM from 1 GiB up to
/// `end` into the physmap.
///
/// # Safety
/// Once, at boot, from the higher half, with the frame allocator ready.
pub unsafe fn take_over(end: u64) -> Result<(), Status> {
    // SAFETY: the statics are the tables in use; only entries nobody uses are changed.
    unsafe {
        let pdpt = (&raw mut boot_pdpt).cast::<u64>();
        let gigabyte_pages = cpu::has_gigabyte_pages();
        for gib in 1..end.div_ceil(1 << 30) {
            let entry = if gigabyte_pages {
                (gib << 30) | PRESENT | WRITABLE | LARGE
            } else {
                two_mebibyte_pages(gib << 30)? | PRESENT | WRITABLE
            };
            pdpt.add(gib as usize).write(entry);
        }
        let pml4 = (&raw mut boot_pml4).cast::<u64>();
        pml4.write(0);
        let physical = crate::state::physical(pml4 as u64);
        root().kernel_page_table = physical;
        cpu::set_page_table(physical);
    }
    Ok(())
}

/// A table that maps the GiB at `start`.
fn two_mebibyte_pages(start: u64) -> Result<u64, Status> {
    let table = frames::allocate()?;
    let mut slot = entries(table);
    let mut entry = start | PRESENT | WRITABLE | LARGE;
    // Four at a time: where ring 0 is emulated, each instruction of the loop counts.
    for _ in 0..TABLE_ENTRIES / 4 {
        for i in 0..4 {
            // SAFETY: a fresh table, and as many entries as it has.
            unsafe { slot.add(i).write(entry + ((i as u64) << 21)) };
        }
        // SAFETY: at most one past the table's end, and then not used.
        slot = unsafe { slot.add(4) };
        entry += 4 << 21;
    }
    Ok(table)
}

fn add_table(mut process: Ptr<Process>) -> Result<u64, Status> {
    let table = frames::allocate()?;
    let mut entry = frames::entry(table);
    entry.next_free = process.first_table;
    process.first_table = (table >> PAGE_SHIFT) as u32;
    process.table_count += 1;
    Ok(table)
}

/// Makes an empty address space for a process.
///
/// # Errors
/// NO_MEMORY.
pub fn create(mut process: Ptr<Process>) -> Result<(), Status> {
    let table = add_table(process)?;
    // SAFETY: a fresh table; the kernel's is a live one.
    unsafe {
        let kernel = entries(root().kernel_page_table).add(KERNEL_ENTRY).read();
        entries(table).add(KERNEL_ENTRY).write(kernel);
    }
    process.page_table = table;
    Ok(())
}

/// Gives all tables of a process back. It must not be the one the CPU is on.
///
/// The kernel itself clears them. Shadow-paging KVM follows the guest's own writes to page
/// tables but not the host's: a table that the host had zeroed would live on in KVM's copy,
/// and show the pages of this process to the next one that gets the frame for a table. Nor
/// does it clear more than was written: KVM looks at each of these writes.
pub fn destroy(mut process: Ptr<Process>) {
    if process.page_table != 0 {
        // SAFETY: a table that nothing leads to any more.
        unsafe { entries(process.page_table).add(KERNEL_ENTRY).write(0) };
    }
    process.page_table = 0;
    process.table_count = 0;
    let mut frame = process.first_table;
    process.first_table = 0;
    while frame != 0 {
        let address = u64::from(frame) << PAGE_SHIFT;
        let entry = frames::entry(address);
        let (first, end) = entry.touched();
        // SAFETY: a table that nothing leads to any more, and some of its entries.
        unsafe { cpu::clear(entries(address).add(first as usize), (end - first) as usize) };
        frame = entry.next_free;
        frames::free_clean(address);
    }
}

/// The last-level entry for `address`, making tables on the way. The caller may write it
/// and the next ones of its table, `count` at most.
///
/// # Errors
/// NO_MEMORY.
pub fn entry_slots(process: Ptr<Process>, address: u64, count: u64) -> Result<*mut u64, Status> {
    let mut table = process.page_table;
    for level in [3, 2, 1] {
        let index = index(address, level);
        // SAFETY: `table` is one of the process's tables, the index is masked.
        let slot = unsafe { entries(table).add(index) };
        // SAFETY: as above.
        let entry = unsafe { slot.read() };
        table = if entry & PRESENT == 0 {
            let fresh = add_table(process)?;
            frames::entry(table).touch(index as u32, index as u32 + 1);
            // SAFETY: as above.
            unsafe { slot.write(fresh | TABLE) };
            fresh
        } else {
            entry & ADDRESS_MASK
        };
    }
    let first = index(address, 0);
    let end = (first as u64 + count).min(TABLE_ENTRIES as u64);
    frames::entry(table).touch(first as u32, end as u32);
    // SAFETY: as above.
    Ok(unsafe { entries(table).add(first) })
}

/// The last-level entry for `address`, or how many bytes from `address` on have no
/// table and so nothing mapped.
fn find_slot(process: Ptr<Process>, address: u64) -> Result<*mut u64, u64> {
    let mut table = process.page_table;
    for level in [3u32, 2, 1] {
        // SAFETY: `table` is one of the process's tables, the index is masked.
        let entry = unsafe { entries(table).add(index(address, level)).read() };
        if entry & PRESENT == 0 {
            let span = 1u64 << (PAGE_SHIFT + 9 * level);
            return Err(span - (address & (span - 1)));
        }
        table = entry & ADDRESS_MASK;
    }
    // SAFETY: as above.
    Ok(unsafe { entries(table).add(index(address, 0)) })
}

/// The last-level entry for `address`, zero if there is none.
pub fn lookup(process: Ptr<Process>, address: u64) -> u64 {
    match find_slot(process, address) {
        // SAFETY: a slot of a live table.
        Ok(slot) => unsafe { slot.read() },
        Err(_) => 0,
    }
}

/// Whether the next page's entry stands in the same table.
pub fn same_table(address: u64) -> bool {
    index(address, 0) != TABLE_ENTRIES - 1
}

/// The entry that maps `frame` with these permissions and that cache policy (SDM vol. 3,
/// 12.5.3).
pub fn leaf(frame: u64, permissions: Permissions, writable: bool, policy: CachePolicy) -> u64 {
    let mut entry = frame | PRESENT | USER;
    if policy != CachePolicy::CACHED {
        entry |= CACHE_DISABLE | WRITE_THROUGH;
    }
    if writable && permissions.contains(Permissions::WRITE) {
        entry |= WRITABLE;
    }
    if !permissions.contains(Permissions::EXECUTE) {
        entry |= NO_EXECUTE;
    }
    entry
}

/// Unmaps every page in `[base, base + length)`; with `only`, just the pages that map
/// that frame.
pub fn unmap(process: Ptr<Process>, base: u64, length: u64, only: Option<u64>) {
    if process.page_table == 0 {
        return;
    }
    let mut address = base;
    let end = base + length;
    let mut changed = 0u32;
    while address < end {
        match find_slot(process, address) {
            Err(gap) => address = address.saturating_add(gap),
            Ok(mut slot) => loop {
                // SAFETY: within the table that `find_slot` found.
                let entry = unsafe { slot.read() };
                let wanted = only.is_none_or(|frame| entry & ADDRESS_MASK == frame);
                if entry & PRESENT != 0 && wanted {
                    // SAFETY: as above.
                    unsafe { slot.write(0) };
                    changed += 1;
                }
                let last = !same_table(address);
                address += PAGE_SIZE;
                if last || address >= end {
                    break;
                }
                // SAFETY: not the last entry of its table.
                slot = unsafe { slot.add(1) };
            },
        }
    }
    if changed > 0 {
        forget_translations(process);
    }
}

/// Makes the CPU forget what it knows of a process's address space, if it is on it.
pub fn forget_translations(process: Ptr<Process>) {
    if crate::host::call_page().process == process.link() {
        // SAFETY: the tables that are loaded already.
        unsafe { cpu::set_page_table(process.page_table) };
    }
}
