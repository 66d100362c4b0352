//! The entries on the way to a page.

use super::super::{AddressKind, CpuEnd, Handling, LeadsTo, Supply};
use super::world::{World, place, plan};
use super::{P, explain, translate};
use crate::inspect::Hex;
use crate::memory::GuestVirtAddr;
use crate::objects::ProcessView;
use crate::objects::mock::MockGuest;
use crate::translate::{self as tables, Access};
use abi::entry::{LARGE, PRESENT, USER, WRITABLE};
use abi::objects::{Permissions, Process};
use proptest::prelude::*;
use vm_memory::GuestAddress;

const AT: u64 = 0x1234_5678_9000;

fn world() -> (MockGuest, GuestAddress) {
    let mut guest = MockGuest::new(8 << 20).unwrap();
    let process = guest.process("walked").unwrap();
    guest.user_memory(process, AT, P).unwrap();
    (guest, process)
}

#[test]
fn each_entry_is_named_and_decoded() {
    let (mut guest, process) = world();
    let walk = translate(&guest, process, AT + 5);
    let names: Vec<_> = walk.levels.iter().map(|level| level.name).collect();
    assert_eq!(names, ["PML4E", "PDPTE", "PDE", "PTE"]);
    let indices: Vec<_> = walk.levels.iter().map(|level| level.index).collect();
    let index = |level: u32| AT >> (12 + 9 * (level - 1)) & 511;
    assert_eq!(indices, [index(4), index(3), index(2), index(1)]);
    for pair in walk.levels.windows(2) {
        let LeadsTo::Table { address, in_ram } = pair[0].leads_to else {
            panic!("{:?}", pair[0]);
        };
        assert_eq!((address, in_ram), (pair[1].table, true));
    }
    let last = walk.levels.last().unwrap();
    let entry = guest.page_table_entry(process, AT).unwrap();
    assert_eq!(last.at, Hex(entry.0));
    let raw: u64 = guest.get(entry).unwrap();
    assert_eq!(last.raw, Some(Hex(raw)));
    let set: Vec<_> = last
        .flags
        .iter()
        .map(|flag| (flag.name, flag.set))
        .collect();
    assert_eq!(
        set,
        [
            ("P", true),
            ("R/W", true),
            ("U/S", true),
            ("PWT", false),
            ("PCD", false),
            ("A", false),
            ("D", false),
            ("PAT", false),
            ("G", false),
            ("XD", true),
        ]
    );
    assert!(
        last.flags
            .iter()
            .all(|flag| flag.set == (raw >> flag.bit & 1 != 0))
    );
    assert_eq!(walk.physical, Some(Hex((raw & 0x000F_FFFF_FFFF_F000) + 5)));
    assert_eq!((walk.page_size, walk.failure), (Some(P), None));
}

#[test]
fn large_pages_lead_where_the_cpu_finds_them() {
    let (guest, process) = world();
    let root = guest.get::<Process>(process).unwrap().page_table;
    let index = AT >> 39 & 511;
    let third: u64 = guest.get(GuestAddress(root + index * 8)).unwrap();
    let third = third & abi::entry::ADDRESS_MASK;
    // The next GiB of the same table: the first GiB of memory.
    let entry = third + ((AT >> 30 & 511) + 1) * 8;
    guest
        .edit(GuestAddress(entry), |entry: &mut u64| {
            *entry = PRESENT | WRITABLE | USER | LARGE;
        })
        .unwrap();
    let address = (AT & !0x3FFF_FFFF) + 0x4000_0000 + 0x1234;
    let walk = translate(&guest, process, address);
    assert_eq!(walk.levels.len(), 2);
    assert_eq!(walk.physical, Some(Hex(0x1234)));
    assert_eq!(walk.page_size, Some(1 << 30));
    let names: Vec<_> = walk.levels[1].flags.iter().map(|flag| flag.name).collect();
    assert!(names.contains(&"PS") && names.contains(&"PAT") && names.contains(&"D"));
}

#[test]
fn the_entry_that_stops_a_walk_is_marked_and_says_why() {
    let (mut guest, process) = world();
    let walk = translate(&guest, process, AT + P);
    let last = walk.levels.last().unwrap();
    assert_eq!((last.name, walk.physical), ("PTE", None));
    assert!(last.stops.as_ref().unwrap().contains("P = 0"), "{last:?}");
    assert!(walk.failure.unwrap().starts_with("PTE["));

    let entry = guest.page_table_entry(process, AT).unwrap();
    guest
        .edit(entry, |entry: &mut u64| *entry &= !WRITABLE)
        .unwrap();
    let explanation = explain(&guest, process, AT, 1, Access::Write);
    let last = explanation.translation.levels.last().unwrap();
    assert!(last.stops.as_ref().unwrap().contains("R/W = 0"), "{last:?}");
    // It leads somewhere all the same.
    assert!(explanation.translation.physical.is_some());
    let rights = explanation.translation.rights.unwrap();
    assert!(!rights.writable && rights.user && rights.no_execute);
    assert_eq!(rights.denials[0].flag, "R/W");
    assert_eq!(rights.denials[0].entries, ["PTE"]);
    assert!(rights.program.read && !rights.program.write && !rights.program.execute);
    // CR0.WP holds for ring 0, too; XD does.
    assert!(rights.kernel.read && !rights.kernel.write && !rights.kernel.execute);
    let cpu = explanation.cpu.unwrap();
    let fault = cpu.fault.unwrap();
    assert_eq!((fault.entry, fault.flag), (Some("PTE"), Some("R/W")));
    // P, W/R and U/S.
    assert_eq!((fault.exception, fault.error_code), ("#PF", 7));
    let how = Supply::MapsPage;
    assert_eq!(fault.handling, Some(Handling::Supplies { how }));
    assert_eq!(cpu.end, CpuEnd::Ok);
}

#[test]
fn addresses_that_no_program_has_are_told_apart() {
    let (guest, process) = world();
    for (address, kind, levels) in [
        (0, AddressKind::NeverMapped, 1),
        (0x7FFF_FFFF_F000, AddressKind::NeverMapped, 1),
        (0x8000_0000_0000, AddressKind::NonCanonical, 0),
        (0xFFFF_7FFF_FFFF_FFFF, AddressKind::NonCanonical, 0),
        (0xFFFF_8000_0000_0000, AddressKind::Kernel, 1),
        (AT, AddressKind::User, 4),
    ] {
        let walk = translate(&guest, process, address);
        assert_eq!(
            (walk.kind, walk.levels.len()),
            (kind, levels),
            "{address:#x}"
        );
    }
    let cpu = explain(&guest, process, 0x8000_0000_0000, 1, Access::Read).cpu;
    let fault = cpu.unwrap().fault.unwrap();
    assert_eq!((fault.exception, fault.entry), ("#GP", None));
}

#[test]
fn a_fetch_is_denied_by_the_bit_that_is_for_it() {
    let mut guest = MockGuest::new(8 << 20).unwrap();
    let process = guest.process("fetcher").unwrap();
    let vmo = guest.vmo("code", P).unwrap();
    let both = Permissions::READ | Permissions::EXECUTE;
    guest
        .map(process, AT, P, (vmo, 0), Permissions::READ)
        .unwrap();
    guest.map(process, AT + P, P, (vmo, 0), both).unwrap();
    guest.commit(vmo, 0, P).unwrap();
    guest.fault(process, AT, 1).unwrap().unwrap();
    let cpu = explain(&guest, process, AT, 1, Access::Execute)
        .cpu
        .unwrap();
    let fault = cpu.fault.unwrap();
    // P, U/S and I/D.
    assert_eq!((fault.flag, fault.error_code), (Some("XD"), 0x15));
    assert_eq!(cpu.end, CpuEnd::ProcessEnds);
    assert_eq!(cpu.status.unwrap().name, "ZX_ERR_ACCESS_DENIED");
    let cpu = explain(&guest, process, AT + P, 1, Access::Execute).cpu;
    let cpu = cpu.unwrap();
    let fault = cpu.fault.unwrap();
    assert_eq!((fault.flag, fault.error_code), (Some("P"), 0x14));
    assert_eq!(cpu.end, CpuEnd::Ok);
}

proptest! {
    /// The decoder sees what `translate` sees, whatever the tables hold.
    #[test]
    fn the_walk_ends_where_the_translation_ends(plan in plan(), (address, _) in place()) {
        let world = World::new(&plan);
        let walk = translate(&world.guest, world.process, address);
        let ram = &**world.guest.ram();
        let view = ProcessView::read(ram, world.process).unwrap();
        let space = view.address_space().unwrap();
        let at = GuestVirtAddr(address);
        let [read, write, fetch] = [Access::Read, Access::Write, Access::Execute]
            .map(|access| tables::translate(ram, space, at, access));
        prop_assert!(walk.levels.len() <= 4);
        if let Ok(run) = read {
            prop_assert_eq!(walk.physical, Some(Hex(run.start.0)));
        }
        match walk.rights {
            Some(rights) => {
                let program = rights.program;
                prop_assert_eq!(
                    [program.read, program.write, program.execute],
                    [read.is_ok(), write.is_ok(), fetch.is_ok()]
                );
                // Ring 3 gets what the bits together say.
                prop_assert_eq!(program.read, rights.user);
                prop_assert_eq!(program.write, rights.user && rights.writable);
                prop_assert_eq!(program.execute, rights.user && !rights.no_execute);
            }
            None => prop_assert!(read.is_err() && walk.failure.is_some()),
        }
    }
}
