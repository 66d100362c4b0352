//! Single rules of the walk, spelt out.

use crate::memory::{BulkMemory, GuestVirtAddr, MockRam};
use crate::translate::{Access, AddressSpace, Fault, FaultReason, PageCursor, Run, translate};
use vm_memory::GuestAddress;

const MIB: u64 = 1 << 20;
/// Present, writable, user.
const ALL: u64 = 7;

/// Four tables, one for each level, that lead to the address 0 by their first entries.
fn ram_with(entries: [u64; 4]) -> MockRam {
    let ram = MockRam::new(8 * MIB).unwrap();
    for (table, entry) in (0x1000u64..).step_by(0x1000).zip(entries) {
        ram.write_bytes(GuestAddress(table), &entry.to_le_bytes())
            .unwrap();
    }
    ram
}

fn walk(ram: &MockRam, address: u64, access: Access) -> Result<Run, Fault> {
    translate(
        ram,
        AddressSpace::new(0x1000),
        GuestVirtAddr(address),
        access,
    )
}

#[test]
fn each_level_can_forbid_and_the_fault_says_which() {
    let good = [0x2000 | ALL, 0x3000 | ALL, 0x4000 | ALL, 0x5000 | ALL];
    let start = GuestAddress(0x5123);
    let length = 4096 - 0x123;
    assert_eq!(
        walk(&ram_with(good), 0x123, Access::Write),
        Ok(Run { start, length })
    );
    for (index, level) in [4u8, 3, 2, 1].into_iter().enumerate() {
        for (change, access, reason) in [
            (1, Access::Read, FaultReason::NotPresent),
            (2, Access::Write, FaultReason::ReadOnly),
            (4, Access::Read, FaultReason::Supervisor),
            (1 << 63, Access::Execute, FaultReason::NoExecute),
            (1 << 51, Access::Read, FaultReason::ReservedBit),
            (1 << 48, Access::Read, FaultReason::ReservedBit),
        ] {
            let mut entries = good;
            entries[index] ^= change;
            let fault = walk(&ram_with(entries), 0x123, access).unwrap_err();
            assert_eq!((fault.reason, fault.level), (reason, level));
            assert_eq!(fault.entry, entries[index]);
        }
        let mut read_only = good;
        read_only[index] &= !2;
        assert!(walk(&ram_with(read_only), 0, Access::Read).is_ok());
        let mut no_execute = good;
        no_execute[index] |= 1 << 63;
        assert!(walk(&ram_with(no_execute), 0, Access::Write).is_ok());
    }
}

#[test]
fn not_present_below_wins_over_forbidden_above() {
    let entries = [0x2000 | 1, 0x3000 | ALL, 0x4000 | ALL, 0];
    let fault = walk(&ram_with(entries), 0, Access::Write).unwrap_err();
    assert_eq!((fault.reason, fault.level), (FaultReason::NotPresent, 1));
}

#[test]
fn large_pages_are_pages() {
    let two_mib = [
        0x2000 | ALL,
        0x3000 | ALL,
        (2 * MIB) | 0x1000 | 0x80 | ALL,
        0,
    ];
    let start = GuestAddress(2 * MIB + 0x12_3456);
    let length = 2 * MIB - 0x12_3456;
    assert_eq!(
        walk(&ram_with(two_mib), 0x12_3456, Access::Write),
        Ok(Run { start, length }),
        "bit 12 is PAT there"
    );
    let one_gib = [0x2000 | ALL, 0x80 | ALL, 0, 0];
    let run = walk(&ram_with(one_gib), 5 * MIB, Access::Write).unwrap();
    assert_eq!(run.start, GuestAddress(5 * MIB));
    assert_eq!(run.length, 3 * MIB, "RAM ends before the page does");
    let beyond = walk(&ram_with(one_gib), 8 * MIB, Access::Write).unwrap_err();
    assert_eq!(
        (beyond.reason, beyond.level),
        (FaultReason::PageOutsideRam, 3)
    );
}

#[test]
fn large_pages_must_be_aligned_and_level_four_has_none() {
    for (entries, level) in [
        ([0x2000 | ALL, 0x3000 | ALL, 0x2000 | 0x80 | ALL, 0], 2),
        ([0x2000 | ALL, (2 * MIB) | 0x80 | ALL, 0, 0], 3),
        (
            [
                0x2000 | 0x80 | ALL,
                0x3000 | ALL,
                0x4000 | ALL,
                0x5000 | ALL,
            ],
            4,
        ),
    ] {
        let fault = walk(&ram_with(entries), 0, Access::Read).unwrap_err();
        assert_eq!(
            (fault.reason, fault.level),
            (FaultReason::ReservedBit, level)
        );
        assert!(!fault.is_resolvable());
    }
}

#[test]
fn a_table_that_leads_to_itself_ends_after_four_levels() {
    let ram = ram_with([0x1000 | ALL, 0, 0, 0]);
    let start = GuestAddress(0x1010);
    let length = 4096 - 0x10;
    assert_eq!(walk(&ram, 0x10, Access::Write), Ok(Run { start, length }));
    let mut cursor = PageCursor::new(&ram, AddressSpace::new(0x1000), Access::Read);
    let (bytes, fault) = cursor.accessible(GuestVirtAddr(0), 1 << 30);
    assert_eq!(bytes, 4096);
    assert_eq!(fault.map(|fault| fault.level), Some(1));
}

#[test]
fn addresses_that_are_not_canonical_are_not_looked_up() {
    let ram = ram_with([0x2000 | ALL, 0x3000 | ALL, 0x4000 | ALL, 0x5000 | ALL]);
    for address in [1 << 47, 1 << 63, 0xFFFF_7FFF_FFFF_F000] {
        let fault = walk(&ram, address, Access::Read).unwrap_err();
        assert_eq!(fault.reason, FaultReason::NotCanonical);
    }
}

#[test]
fn the_last_page_of_the_address_space_does_not_wrap() {
    let ram = MockRam::new(8 * MIB).unwrap();
    for table in [0x1000u64, 0x2000, 0x3000, 0x4000] {
        let entry = (table + 0x1000) | ALL;
        ram.write_bytes(GuestAddress(table + 4088), &entry.to_le_bytes())
            .unwrap();
    }
    let mut cursor = PageCursor::new(&ram, AddressSpace::new(0x1000), Access::Read);
    let last = GuestVirtAddr(u64::MAX - 4095);
    let run = cursor.run(last, u64::MAX).unwrap();
    assert_eq!((run.start.0, run.length), (0x5000, 4096));
    assert_eq!(cursor.accessible(last, u64::MAX), (4096, None));
}

#[test]
fn contiguous_pages_come_as_one_run_and_others_do_not() {
    let ram = ram_with([0x2000 | ALL, 0x3000 | ALL, 0x4000 | ALL, 0x10_0000 | ALL]);
    for (index, frame) in [
        (1u64, 0x10_1000u64),
        (2, 0x10_2000),
        (3, 0x20_0000),
        (4, 0x20_1000),
    ] {
        let at = GuestAddress(0x4000 + index * 8);
        ram.write_bytes(at, &(frame | ALL).to_le_bytes()).unwrap();
    }
    let mut cursor = PageCursor::new(&ram, AddressSpace::new(0x1000), Access::Write);
    let mut run = |address, limit| {
        let run = cursor.run(GuestVirtAddr(address), limit).unwrap();
        (run.start.0, run.length)
    };
    assert_eq!(run(0x10, 1 << 20), (0x10_0010, 0x2FF0));
    assert_eq!(run(0x3000, 1 << 20), (0x20_0000, 0x2000));
    assert_eq!(run(0x10, 100), (0x10_0010, 100));
    assert_eq!(run(0xFF0, 0x20), (0x10_0FF0, 0x20));
}
