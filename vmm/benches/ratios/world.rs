//! A guest without a machine, its pages in no order at all: made by the mock, then moved
//! into the kind of RAM that machines have.

use crate::support::must;
use abi::layout::PAGE_SIZE;
use abi::objects::Permissions;
use std::sync::Arc;
use vm_memory::GuestAddress;
use vmm::memory::{BulkMemory, GuestRam, PhysicalMemory};
use vmm::objects::mock::MockGuest;

/// Bytes of RAM.
pub const RAM: u64 = 96 << 20;

/// The page that comes at that place when `pages` pages, a power of two, are shuffled.
pub const fn shuffled(place: u64, pages: u64) -> u64 {
    // Odd, so that each page comes up once; from 4 pages on, no two neighbours stay so.
    (place * 93) % pages
}

/// A VMO of `length` bytes, all there, in shuffled frames.
pub fn scattered_vmo(guest: &mut MockGuest, name: &str, length: u64) -> GuestAddress {
    let vmo = must("a VMO", guest.vmo(name, length));
    let pages = length.div_ceil(PAGE_SIZE);
    for place in 0..pages {
        let offset = shuffled(place, pages) * PAGE_SIZE;
        must("a page", guest.commit(vmo, offset, PAGE_SIZE));
    }
    vmo
}

/// Maps such a VMO at `address` of `process`, page tables and all.
pub fn scattered_memory(
    guest: &mut MockGuest,
    process: GuestAddress,
    address: u64,
    length: u64,
) -> GuestAddress {
    let vmo = scattered_vmo(guest, "memory", length);
    let length = length.next_multiple_of(PAGE_SIZE);
    let permissions = Permissions::READ | Permissions::WRITE;
    must(
        "a mapping",
        guest.map(process, address, length, (vmo, 0), permissions),
    );
    for offset in (0..length).step_by(4096) {
        let entry = must("a page list", guest.vmo_entry(vmo, offset));
        let entry = must("a page list", guest.ram().read_u64(entry));
        let frame = GuestAddress(entry & abi::entry::ADDRESS_MASK);
        must(
            "a page table",
            guest.map_page(process, address + offset, frame, true),
        );
    }
    vmo
}

/// The same bytes in a machine's kind of RAM.
pub fn machine_ram(guest: &MockGuest) -> Arc<GuestRam> {
    let ram = must("RAM", GuestRam::new(RAM));
    let mut page = [0; 4096];
    for at in (0..RAM).step_by(4096) {
        must("RAM", guest.ram().read_bytes(GuestAddress(at), &mut page));
        if page != [0; 4096] {
            must("RAM", ram.write_bytes(GuestAddress(at), &page));
        }
    }
    Arc::new(ram)
}
