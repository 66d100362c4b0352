use super::*;
use crate::inspect::look::FrameKind;
use crate::inspect::{DiffOptions, Difference, diff};
use crate::memory::{BulkMemory, PhysicalMemory};
use abi::Rights;
use abi::layout::{PAGE_SIZE, USER_BASE};
use abi::objects::{Thread, Vmo};

const AT: u64 = USER_BASE + 0x10_0000;

/// A guest with the same bytes.
fn copy(guest: &MockGuest) -> MockGuest {
    let other = MockGuest::new(4 * MIB).unwrap();
    let mut page = [0; 4096];
    for at in (0..4 * MIB).step_by(4096) {
        guest.ram().read_bytes(GuestAddress(at), &mut page).unwrap();
        other.ram().write_bytes(GuestAddress(at), &page).unwrap();
    }
    other
}

fn compare(before: &MockGuest, after: &MockGuest, limit: usize) -> Difference {
    let (mut before, mut after) = (Inspector::mock(before), Inspector::mock(after));
    let (before, after) = (before.pause().unwrap(), after.pause().unwrap());
    let options = DiffOptions { limit, bytes: true };
    diff(&before, &after, &options, &mut |_, _| {})
}

fn koid(guest: &MockGuest, vmo: GuestAddress) -> u64 {
    guest.get::<Vmo>(vmo).unwrap().header.koid
}

#[test]
fn a_guest_does_not_differ_from_itself() {
    let (mut guest, process) = guest();
    guest.user_memory(process, AT, 8192).unwrap();
    let difference = compare(&guest, &copy(&guest), 10);
    assert!(difference.is_empty(), "{difference:?}");
}

#[test]
fn bytes_that_changed_are_counted_for_their_vmo_and_its_processes() {
    let (mut guest, process) = guest();
    let vmo = guest.user_memory(process, AT, 4 * 4096).unwrap();
    guest
        .write_user(process, AT + 4096 + 100, b"before")
        .unwrap();
    let mut after = copy(&guest);
    after.write_vmo(vmo, 4096 + 100, b"BEfOre").unwrap();
    after
        .write_vmo(vmo, 3 * 4096 - 2, b"over the edge")
        .unwrap();
    let difference = compare(&guest, &after, 10);
    let [group] = difference.groups.as_slice() else {
        panic!("{difference:?}")
    };
    assert_eq!(group.kind, Some(FrameKind::VmoPage));
    assert_eq!(group.vmo, Some(koid(&guest, vmo)));
    assert_eq!((group.pages, group.bytes), (3, 3 + 13));
    assert_eq!((group.pages_new, group.pages_gone), (0, 0));
    let names: Vec<_> = group
        .processes
        .iter()
        .map(|one| one.name.as_str())
        .collect();
    assert_eq!(names, ["p"]);
    let ranges: Vec<_> = difference
        .ranges
        .iter()
        .map(|range| (range.address.0, range.length))
        .collect();
    assert_eq!(ranges, [(4096 + 100, 4), (3 * 4096 - 2, 13)]);
    assert_eq!(difference.ranges[0].before.as_ref().unwrap().0, b"befo");
    assert_eq!(difference.ranges[0].after.as_ref().unwrap().0, b"BEfO");
    assert_eq!((difference.pages, difference.bytes), (3, 16));
    assert!(difference.processes.unwrap().is_empty());
}

#[test]
fn a_page_that_moved_and_holds_the_same_has_not_changed() {
    let (mut guest, _) = guest();
    let vmo = guest.vmo("v", 4096).unwrap();
    guest.write_vmo(vmo, 0, b"content").unwrap();
    let mut after = copy(&guest);
    let to = after.frame().unwrap();
    let from = frame_of(&mut after, vmo, 0);
    after.ram().copy(from, to, PAGE_SIZE).unwrap();
    let entry = after.vmo_entry(vmo, 0).unwrap();
    after
        .edit(entry, |entry: &mut u64| *entry = *entry - from.0 + to.0)
        .unwrap();
    let difference = compare(&guest, &after, 100);
    let vmos = difference
        .groups
        .iter()
        .filter(|group| group.kind == Some(FrameKind::VmoPage) && group.pages_new == 0);
    // The frame that it moved to was free before; its page list changed.
    assert!(
        vmos.clone()
            .all(|group| group.description.starts_with("frames")),
        "{difference:?}"
    );
    let kinds: Vec<_> = difference.groups.iter().map(|group| group.kind).collect();
    assert!(kinds.contains(&Some(FrameKind::PageListTable)), "{kinds:?}");
}

#[test]
fn pages_that_appear_and_go_are_told() {
    let (mut guest, _) = guest();
    let vmo = guest.vmo("v", 4 * 4096).unwrap();
    guest.write_vmo(vmo, 0, b"stays").unwrap();
    let mut after = copy(&guest);
    after.write_vmo(vmo, 2 * 4096, b"new").unwrap();
    for (before, after, expected) in [(&guest, &after, (1, 0)), (&after, &guest, (0, 1))] {
        let difference = compare(before, after, 100);
        let group = difference
            .groups
            .iter()
            .find(|group| group.vmo == Some(koid(&guest, vmo)) && group.bytes == 3);
        let group = group.unwrap_or_else(|| panic!("{difference:?}"));
        assert_eq!((group.pages_new, group.pages_gone), expected);
    }
}

/// A guest with a VMO and a handle to it; and with a child that has another, if it has grown.
fn family(grown: bool) -> (MockGuest, u64) {
    let (mut guest, process) = guest();
    let vmo = guest.vmo("old", 4096).unwrap();
    guest.handle(process, vmo, Rights::READ).unwrap();
    if grown {
        let child = guest.process("child").unwrap();
        guest.handle(child, vmo, Rights::WRITE).unwrap();
    }
    let koid = koid(&guest, vmo);
    (guest, koid)
}

#[test]
fn objects_that_are_new_or_gone_are_named() {
    let ((before, vmo), (after, _)) = (family(false), family(true));
    let difference = compare(&before, &after, 100);
    let processes = difference.processes.unwrap();
    assert_eq!((processes.new_count, processes.gone_count), (1, 0));
    assert_eq!(processes.new[0].name, "child");
    let handles = difference.handles.unwrap();
    assert_eq!((handles.new_count, handles.gone_count), (1, 0));
    assert_eq!(handles.new[0].process, processes.new[0].koid);
    assert_eq!(handles.new[0].koid, vmo);
    let back = compare(&after, &before, 100);
    assert_eq!(back.processes.unwrap().gone[0].name, "child");
}

#[test]
fn the_kernels_own_changes_are_told_by_use() {
    let (mut guest, process) = guest();
    let thread = guest.thread(process, "t").unwrap();
    guest.user_memory(process, AT, 4096).unwrap();
    let after = copy(&guest);
    after
        .edit(thread, |thread: &mut Thread| thread.registers.rax = 0xFF)
        .unwrap();
    let difference = compare(&guest, &after, 100);
    let [group] = difference.groups.as_slice() else {
        panic!("{difference:?}")
    };
    assert_eq!(
        (group.kind, group.pages, group.bytes),
        (Some(FrameKind::Pool), 1, 1)
    );
    assert!(group.description.contains("thread"), "{group:?}");
}

#[test]
fn more_ranges_than_wanted_are_counted_and_not_told() {
    let (mut guest, process) = guest();
    let vmo = guest.user_memory(process, AT, 4096).unwrap();
    let mut after = copy(&guest);
    for at in (0..4096).step_by(64) {
        after.write_vmo(vmo, at, b"x").unwrap();
    }
    let difference = compare(&guest, &after, 5);
    assert_eq!((difference.ranges.len(), difference.more_ranges), (5, true));
    assert_eq!(difference.bytes, 64);
}

#[test]
fn without_objects_ram_is_compared_all_the_same() {
    let (guest, _) = guest();
    let after = copy(&guest);
    after.ram().write_bytes(guest.root(), &[0; 8]).unwrap();
    let difference = compare(&guest, &after, 5);
    assert!(!difference.problems.is_empty());
    assert!(difference.processes.is_none());
    assert_eq!(difference.groups.len(), 1);
    assert_eq!(difference.groups[0].kind, None);
    assert_eq!(difference.ranges[0].address.0, guest.root().0);
}

#[test]
fn page_lists_that_lead_into_themselves_are_walked_once() {
    let (mut guest, process) = guest();
    guest.user_memory(process, AT, 4096).unwrap();
    let vmo = guest.vmo("huge", 1 << 48).unwrap();
    guest.commit(vmo, 0, 4096).unwrap();
    let after = copy(&guest);
    for (guest, value) in [(&guest, 1u64), (&after, 3)] {
        let table = guest.get::<Vmo>(vmo).unwrap().pages;
        for index in 0..512 {
            let entry = GuestAddress(table + index * 8);
            let entry_value = (table | value).to_le_bytes();
            guest.ram().write_bytes(entry, &entry_value).unwrap();
        }
    }
    let difference = compare(&guest, &after, 10);
    let told = difference.problems.to_string();
    assert!(told.contains("in two places"), "{told}");
    // The tables differ, whatever they lead to.
    assert!(difference.bytes >= 512, "{difference:?}");
}
