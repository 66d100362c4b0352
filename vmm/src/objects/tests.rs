//! Views of well-formed structures; broken ones are tested where they hurt, with the
//! calls.

use super::mock::MockGuest;
use super::*;
use crate::memory::GuestVirtAddr;
use abi::objects::{ObjectType, Permissions, ProcessState};
use abi::root::BootOptions;
use abi::{Link, Rights, RootBlock, Status};
use vm_memory::GuestAddress;

const MIB: u64 = 1 << 20;
const USER: u64 = 0x4000_0000;

fn guest() -> (MockGuest, RootView) {
    let guest = MockGuest::new(4 * MIB).unwrap();
    let root = RootView::read(&**guest.ram(), guest.root()).unwrap();
    (guest, root)
}

#[test]
fn the_root_block_leads_to_everything() {
    let (mut guest, root) = guest();
    let first = guest.process("first").unwrap();
    let second = guest.process("second").unwrap();
    let thread = guest.thread(first, "main").unwrap();
    let other = guest.thread(first, "worker").unwrap();
    let vmo = guest.vmo("memory", 5000).unwrap();
    let ram = &**guest.ram();

    assert_eq!(root.call_page(), guest.call_page());
    assert_eq!(root.options(ram), Ok(BootOptions::DEBUGGING_SYSCALLS));
    let processes: Vec<_> = root
        .processes(ram)
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    let addresses: Vec<_> = processes.iter().map(ProcessView::address).collect();
    assert_eq!(addresses, [first, second]);
    assert_eq!(processes[0].name(), "first");
    assert_eq!(processes[0].state(), ProcessState::RUNNING);
    let threads: Vec<_> = processes[0].threads(ram).collect::<Result<_, _>>().unwrap();
    let addresses: Vec<_> = threads.iter().map(ThreadView::address).collect();
    assert_eq!(addresses, [other, thread]);
    assert_eq!(threads[1].name(), "main");
    assert_eq!(processes[1].threads(ram).count(), 0);
    let vmos: Vec<_> = root.vmos(ram).unwrap().collect::<Result<_, _>>().unwrap();
    assert_eq!((vmos[0].address(), vmos[0].size()), (vmo, 8192));
    assert_eq!(vmos[0].raw().stream_size, 5000);
}

#[test]
fn a_list_of_processes_in_a_circle_is_an_error() {
    let (mut guest, root) = guest();
    let process = guest.process("ring").unwrap();
    let edit = |object: &mut abi::objects::Process| object.next = Link::new(process.0);
    guest.edit(process, edit).unwrap();
    let last = root.processes(&**guest.ram()).unwrap().last().unwrap();
    let problem = last.map(|_| ()).unwrap_err().problem;
    assert!(matches!(problem, Problem::EndlessList { .. }));
}

#[test]
fn names_end_at_their_nul_and_may_hold_anything() {
    let (mut guest, _) = guest();
    let process = guest
        .process("a name that is much longer than it may be")
        .unwrap();
    let view = ProcessView::read(&**guest.ram(), process).unwrap();
    assert_eq!(view.name(), "a name that is much longer than");
    let edit = |object: &mut abi::objects::Process| object.name = [0xFF; 32];
    guest.edit(process, edit).unwrap();
    let view = ProcessView::read(&**guest.ram(), process).unwrap();
    assert_eq!(view.name().chars().count(), 32);
}

#[test]
fn a_handle_gives_object_type_and_rights_in_that_order() {
    let (mut guest, root) = guest();
    let process = guest.process("owner").unwrap();
    let vmo = guest.vmo("memory", 1).unwrap();
    let value = guest
        .handle(process, vmo, Rights::READ | Rights::MAP)
        .unwrap();
    let ram = &**guest.ram();
    let owner = ProcessView::read(ram, process).unwrap();
    let handle = HandleView::lookup(ram, &root, &owner, value)
        .unwrap()
        .unwrap();
    assert_eq!(
        (handle.object(), handle.object_type()),
        (vmo, ObjectType::VMO)
    );
    assert_eq!(handle.require(ObjectType::VMO, Rights::READ), Ok(vmo));
    assert_eq!(
        handle.require(ObjectType::VMO, Rights::READ | Rights::WRITE),
        Err(Status::ACCESS_DENIED)
    );
    assert_eq!(
        handle.require(ObjectType::PROCESS, Rights::WRITE),
        Err(Status::WRONG_TYPE)
    );
}

#[test]
fn handles_in_every_chunk_of_the_table_are_found() {
    let (mut guest, root) = guest();
    let process = guest.process("owner").unwrap();
    let vmo = guest.vmo("memory", 1).unwrap();
    let values: Vec<_> = (0..300)
        .map(|_| guest.handle(process, vmo, Rights::READ).unwrap())
        .collect();
    let ram = &**guest.ram();
    let owner = ProcessView::read(ram, process).unwrap();
    for value in values {
        let handle = HandleView::lookup(ram, &root, &owner, value).unwrap();
        assert_eq!(handle.unwrap().object(), vmo);
        // Another generation of the same slot is stale.
        let stale = HandleView::lookup(ram, &root, &owner, value ^ 1 << 20).unwrap();
        assert!(stale.is_none());
    }
}

#[test]
fn slot_zero_of_the_handle_table_is_never_a_handle() {
    let (mut guest, root) = guest();
    let process = guest.process("owner").unwrap();
    let vmo = guest.vmo("memory", 1).unwrap();
    let base = 1 << abi::objects::HANDLE_GENERATION_SHIFT;
    let slot = guest.handle_slot(0).unwrap();
    let fill = |entry: &mut abi::objects::HandleEntry| {
        entry.object = Link::new(vmo.0);
        entry.owner = Link::new(process.0);
        entry.base = base;
    };
    guest.edit(slot, fill).unwrap();
    let ram = &**guest.ram();
    let owner = ProcessView::read(ram, process).unwrap();
    let value = abi::objects::encode_handle(base, owner.raw().handle_secret);
    assert!(
        HandleView::lookup(ram, &root, &owner, value)
            .unwrap()
            .is_none()
    );
}

#[test]
fn a_mapping_is_found_by_every_address_in_it_and_no_other() {
    let (mut guest, _) = guest();
    let process = guest.process("owner").unwrap();
    let vmo = guest.vmo("memory", 8192).unwrap();
    let permissions = Permissions::READ;
    let low = guest
        .map(process, USER, 8192, (vmo, 0), permissions)
        .unwrap();
    let high = guest
        .map(process, USER + 16384, 4096, (vmo, 4096), permissions)
        .unwrap();
    let ram = &**guest.ram();
    let root = ProcessView::read(ram, process)
        .unwrap()
        .root_vmar()
        .unwrap();
    let find = |address| {
        find_mapping(ram, root, GuestVirtAddr(address))
            .unwrap()
            .map(|mapping| mapping.piece.address())
    };
    for (address, mapping) in [
        (0, None),
        (USER - 1, None),
        (USER, Some(low)),
        (USER + 8191, Some(low)),
        (USER + 8192, None),
        (USER + 16383, None),
        (USER + 16384, Some(high)),
        (USER + 20479, Some(high)),
        (USER + 20480, None),
        (u64::MAX, None),
    ] {
        assert_eq!(find(address), mapping, "{address:#x}");
    }
    let view = MappingView::read(ram, high).unwrap();
    assert_eq!((view.vmo(), view.maximum()), (vmo, permissions));
    assert_eq!((view.base(), view.end()), (USER + 16384, USER + 20480));
}

#[test]
fn the_order_in_which_mappings_are_made_does_not_matter() {
    let (mut guest, _) = guest();
    let process = guest.process("owner").unwrap();
    let vmo = guest.vmo("memory", 4096).unwrap();
    for place in [5u64, 1, 9, 3, 7] {
        let address = USER + place * 4096;
        guest
            .map(process, address, 4096, (vmo, 0), Permissions::READ)
            .unwrap();
    }
    let ram = &**guest.ram();
    let root = ProcessView::read(ram, process)
        .unwrap()
        .root_vmar()
        .unwrap();
    for place in 0..10 {
        let address = GuestVirtAddr(USER + place * 4096);
        let found = find_mapping(ram, root, address).unwrap();
        assert_eq!(found.is_some(), place % 2 == 1, "{place}");
    }
}

#[test]
fn an_error_names_structure_address_and_problem() {
    let (guest, _) = guest();
    let nowhere = GuestAddress(0x20_0000);
    let error = VmoView::read(&**guest.ram(), nowhere).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("vmo at guest-physical 0x200000"), "{text}");
    assert!(text.contains("magic number is 0x0"), "{text}");
    let edit = |root: &mut RootBlock| root.version = 99;
    guest.edit(guest.root(), edit).unwrap();
    let error = RootView::read(&**guest.ram(), guest.root()).unwrap_err();
    let versions = format!(
        "version 99, and this vmm knows version {}",
        abi::ABI_VERSION
    );
    assert!(error.to_string().contains(&versions), "{error}");
}
