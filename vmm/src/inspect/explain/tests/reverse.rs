//! From a frame to the addresses that lead there.

use super::super::Reverse;
use super::{P, koid, translate};
use crate::inspect::{Inspector, Problems};
use crate::objects::mock::MockGuest;
use abi::entry::{LARGE, PRESENT, WRITABLE};
use abi::objects::Process;
use abi::{Link, RootBlock};
use vm_memory::GuestAddress;

const AT: u64 = 0x20_0000_0000;

fn reverse(guest: &MockGuest, physical: u64) -> (Reverse, Problems) {
    let mut inspector = Inspector::mock(guest);
    let paused = inspector.pause().unwrap();
    let survey = paused.survey().unwrap();
    let mut problems = Problems::default();
    let found = paused.mapped_at(&survey, physical, &mut problems);
    (found, problems)
}

#[test]
fn all_who_map_a_frame_are_found() {
    let mut guest = MockGuest::new(8 << 20).unwrap();
    let one = guest.process("one").unwrap();
    let two = guest.process("two").unwrap();
    let vmo = guest.user_memory(one, AT, 2 * P).unwrap();
    let frame = translate(&guest, one, AT + P).physical.unwrap().0;
    let read = abi::objects::Permissions::READ;
    guest.map(two, AT + 7 * P, P, (vmo, P), read).unwrap();
    guest.fault(two, AT + 7 * P, 1).unwrap().unwrap();
    let (found, problems) = reverse(&guest, frame + 9);
    assert!(problems.is_empty(), "{problems}");
    assert!(found.in_ram && !found.more && !found.zero_frame);
    let seen: Vec<_> = found
        .mapped_at
        .iter()
        .map(|found| (found.process, found.address.0, found.rights.join(" ")))
        .collect();
    assert_eq!(
        seen,
        [
            (
                Some(koid(&guest, one)),
                AT + P + 9,
                "read write user".to_owned()
            ),
            (
                Some(koid(&guest, two)),
                AT + 7 * P + 9,
                "read user".to_owned()
            ),
        ]
    );
    let vmo = guest.get::<abi::objects::Vmo>(vmo).unwrap().header.koid;
    assert!(found.mapped_at.iter().all(|found| found.vmo == Some(vmo)));
    let (none, _) = reverse(&guest, 0x7F_F000);
    assert_eq!(none.mapped_at, []);
    assert!(!reverse(&guest, 1 << 40).0.in_ram);
}

#[test]
fn the_kernel_finds_frames_through_large_pages() {
    let mut guest = MockGuest::new(8 << 20).unwrap();
    let root: RootBlock = guest.get(guest.root()).unwrap();
    let third = guest.frame().unwrap();
    let put = |at: u64, value: u64| {
        guest
            .edit(GuestAddress(at), |entry: &mut u64| *entry = value)
            .unwrap();
    };
    put(
        root.kernel_page_table + 511 * 8,
        third.0 | PRESENT | WRITABLE,
    );
    put(third.0, PRESENT | WRITABLE | LARGE);
    put(third.0 + 510 * 8, PRESENT | WRITABLE | LARGE);
    let (found, _) = reverse(&guest, 0x12345);
    let seen: Vec<_> = found
        .mapped_at
        .iter()
        .map(|found| (found.process, found.address.0, found.page_size))
        .collect();
    assert_eq!(
        seen,
        [
            (None, 0xFFFF_FF80_0001_2345, 1 << 30),
            (None, 0xFFFF_FFFF_8001_2345, 1 << 30),
        ]
    );
}

#[test]
fn tables_that_lead_to_themselves_end() {
    let mut guest = MockGuest::new(8 << 20).unwrap();
    let process = guest.process("loop").unwrap();
    let table = guest.get::<Process>(process).unwrap().page_table;
    // Every entry of the topmost table leads to it again, on all four levels.
    for index in 0..256 {
        guest
            .edit(GuestAddress(table + index * 8), |entry: &mut u64| {
                *entry = table | PRESENT | WRITABLE;
            })
            .unwrap();
    }
    let (found, _) = reverse(&guest, table);
    assert!(found.more && found.mapped_at.len() <= 1000);
    let (none, _) = reverse(&guest, table + P);
    assert_eq!(none.mapped_at, []);
    // A process that points at nothing is no harm either.
    guest
        .edit(process, |process: &mut Process| {
            process.page_table = 1 << 40;
            process.root_vmar = Link::NONE;
        })
        .unwrap();
    assert_eq!(reverse(&guest, table).0.mapped_at, []);
}
