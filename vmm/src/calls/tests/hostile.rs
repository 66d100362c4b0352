//! Broken structures: an error with the culprit in it, never a panic or a loop.

use super::*;
use crate::calls::CallError;
use crate::objects::mock::MockError;
use crate::objects::{Problem, ViewError};
use abi::Link;
use abi::entry::{LARGE, PRESENT, WRITABLE};
use abi::objects::{Mapping, ObjectHeader, Process, Region, Vmar, Vmo};

/// Addresses that no structure can stand at in eight MiB of RAM.
const NOWHERE: [u64; 6] = [4, 0x1001, (8 << 20) - 8, 8 << 20, 1 << 40, u64::MAX - 7];

fn error(world: &mut World, call: Call) -> CallError {
    let arguments = match call {
        Call::VmoRead | Call::VmoWrite => vec![world.vmo_handle, BUFFER, 0, 100],
        _ => vec![world.target_handle, TARGET, BUFFER, 100, ACTUAL],
    };
    match world.guest.call(world.caller, call, &arguments) {
        Err(MockError::Call(error)) => error,
        other => panic!("{call:?} must fail, not {other:?}"),
    }
}

fn view_error(world: &mut World, call: Call) -> ViewError {
    match error(world, call) {
        CallError::View(error) => error,
        other => panic!("{call:?}: {other}"),
    }
}

#[test]
fn every_link_on_the_way_to_a_mapping_may_lead_anywhere() {
    for address in NOWHERE {
        let mut world = World::new();
        let edit = |process: &mut Process| process.root_vmar = Link::new(address);
        world.guest.edit(world.target, edit).unwrap();
        assert_eq!(
            view_error(&mut world, Call::ProcessReadMemory).structure,
            "vmar"
        );

        let mut world = World::new();
        let root = world.guest.get::<Process>(world.target).unwrap().root_vmar;
        let edit = |vmar: &mut Vmar| vmar.first_child = Link::new(address);
        world
            .guest
            .edit(GuestAddress(root.address()), edit)
            .unwrap();
        assert_eq!(
            view_error(&mut world, Call::ProcessReadMemory).structure,
            "region"
        );

        let mut world = World::new();
        let edit = |mapping: &mut Mapping| mapping.vmo = Link::new(address);
        world.guest.edit(world.mapping, edit).unwrap();
        for call in [Call::ProcessReadMemory, Call::ProcessWriteMemory] {
            let error = view_error(&mut world, call);
            assert_eq!((error.structure, error.address.0), ("vmo", address));
        }
    }
}

#[test]
fn every_link_on_the_way_to_a_vmo_may_lead_anywhere() {
    for address in NOWHERE {
        let mut world = World::new();
        let weak = world.handle(GuestAddress(address), Rights::DEFAULT_VMO);
        world.vmo_handle = weak;
        assert_eq!(view_error(&mut world, Call::VmoRead).structure, "object");

        let mut world = World::new();
        let edit = |vmo: &mut Vmo| vmo.pages = address & !0xFFF | 1 << 30;
        world.guest.edit(world.vmo, edit).unwrap();
        let error = error(&mut world, Call::VmoRead);
        assert!(matches!(error, CallError::PageList(_)), "{error}");
    }
}

#[test]
fn a_broken_handle_table_is_found() {
    for address in [4, 8 << 20, u64::MAX - 4095] {
        let mut world = World::new();
        let edit = |root: &mut abi::RootBlock| root.handle_chunks[0] = address;
        world.guest.edit(world.guest.root(), edit).unwrap();
        assert_eq!(view_error(&mut world, Call::VmoRead).structure, "handle");
    }
}

#[test]
fn a_caller_that_is_none_is_found() {
    for address in [0, 4, 0x1000, 8 << 20] {
        let mut world = World::new();
        world.caller = GuestAddress(address);
        assert_eq!(view_error(&mut world, Call::VmoRead).structure, "process");
    }
    let mut world = World::new();
    let edit = |process: &mut Process| process.page_table = 0;
    world.guest.edit(world.caller, edit).unwrap();
    assert_eq!(
        view_error(&mut world, Call::VmoRead).structure,
        "page table"
    );
}

#[test]
fn freed_and_mistyped_objects_are_found() {
    let mut world = World::new();
    let free = |header: &mut ObjectHeader| header.magic = 0;
    world.guest.edit(world.memory, free).unwrap();
    let problem = view_error(&mut world, Call::ProcessReadMemory).problem;
    assert!(matches!(problem, Problem::Magic { found: 0, .. }));

    let mut world = World::new();
    let retype = |header: &mut ObjectHeader| header.object_type = 99;
    world.guest.edit(world.mapping, retype).unwrap();
    let problem = view_error(&mut world, Call::ProcessReadMemory).problem;
    assert!(matches!(problem, Problem::Type { found: 99, .. }));
}

#[test]
fn fields_that_cannot_be_are_found() {
    let changes: [fn(&mut Vmo); 6] = [
        |vmo| vmo.size += 1,
        |vmo| vmo.size = !0xFFF,
        |vmo| vmo.kind = 7,
        |vmo| vmo.cache_policy = 4,
        |vmo| vmo.levels = 7,
        |vmo| vmo.pages = 0x1234,
    ];
    for change in changes {
        let mut world = World::new();
        world.guest.edit(world.vmo, change).unwrap();
        let problem = view_error(&mut world, Call::VmoRead).problem;
        assert!(matches!(problem, Problem::Field { .. }), "{problem}");
    }
    let changes: [fn(&mut Mapping); 6] = [
        |mapping| mapping.region.base += 8,
        |mapping| mapping.region.size = 0,
        |mapping| mapping.region.size = !0xFFF,
        |mapping| mapping.region.size -= 1,
        |mapping| mapping.vmo_offset = 8,
        |mapping| mapping.vmo_offset = !0xFFF,
    ];
    for change in changes {
        let mut world = World::new();
        world.guest.edit(world.mapping, change).unwrap();
        let problem = view_error(&mut world, Call::ProcessReadMemory).problem;
        assert!(matches!(problem, Problem::Field { .. }), "{problem}");
    }
}

#[test]
fn regions_that_run_in_a_circle_or_out_of_their_vmar_are_found() {
    let far = 0x5_0000_0000;
    let mut world = World::new();
    let at = world.mapping;
    world
        .guest
        .edit(at, |region: &mut Region| region.next = Link::new(at.0))
        .unwrap();
    let arguments = [world.target_handle, far, BUFFER, 8, ACTUAL];
    let call = Call::ProcessReadMemory;
    let outcome = world.guest.call(world.caller, call, &arguments);
    assert!(
        matches!(outcome, Err(MockError::Call(CallError::View(_)))),
        "{outcome:?}"
    );

    let mut world = World::new();
    let edit = |region: &mut Region| region.base = abi::layout::USER_TOP - P;
    world.guest.edit(world.mapping, edit).unwrap();
    let arguments = [world.target_handle, far, BUFFER, 8, ACTUAL];
    let outcome = world.guest.call(world.caller, call, &arguments);
    assert!(
        matches!(outcome, Err(MockError::Call(CallError::View(_)))),
        "{outcome:?}"
    );
}

#[test]
fn a_vmar_that_stands_in_itself_is_found() {
    let mut world = World::new();
    let root = world.guest.get::<Process>(world.target).unwrap().root_vmar;
    let root = GuestAddress(root.address());
    let edit = |vmar: &mut Vmar| vmar.first_child = Link::new(root.0);
    world.guest.edit(root, edit).unwrap();
    let problem = view_error(&mut world, Call::ProcessReadMemory).problem;
    assert!(matches!(problem, Problem::TooDeep { .. }), "{problem}");
}

#[test]
fn page_lists_that_lead_outside_ram_or_claim_large_pages_are_found() {
    for leaf in [
        1 << 40 | PRESENT | WRITABLE,
        0x000F_FFFF_FFFF_F000 | PRESENT | WRITABLE,
        0x10_0000 | PRESENT | WRITABLE | LARGE,
    ] {
        for call in [Call::VmoRead, Call::VmoWrite] {
            let mut world = World::new();
            let entry = world.guest.vmo_entry(world.vmo, 0).unwrap();
            world
                .guest
                .edit(entry, |entry: &mut u64| *entry = leaf)
                .unwrap();
            let error = error(&mut world, call);
            assert!(matches!(error, CallError::PageList(_)), "{error}");
        }
    }
}

#[test]
fn page_tables_that_lead_outside_ram_are_the_kernels_fault_not_the_programs() {
    for entry_value in [1 << 40 | 7, 0x000F_0000_0000_0007, (8 << 20) | 7] {
        let mut world = World::new();
        let entry = world.guest.page_table_entry(world.caller, BUFFER).unwrap();
        world
            .guest
            .edit(entry, |entry: &mut u64| *entry = entry_value)
            .unwrap();
        let error = error(&mut world, Call::VmoRead);
        assert!(matches!(error, CallError::PageTables(_)), "{error}");
    }
}

#[test]
fn a_root_block_of_another_kind_is_refused_at_the_start() {
    let changes: [fn(&mut abi::RootBlock); 5] = [
        |root| root.magic ^= 1,
        |root| root.version += 1,
        |root| root.call_page = Link::NONE,
        |root| root.call_page = Link::new(8 << 20),
        |root| root.call_page = Link::new(0x1001),
    ];
    for change in changes {
        let world = World::new();
        world.guest.edit(world.guest.root(), change).unwrap();
        assert!(world.guest.server().is_err());
    }
    let world = World::new();
    for address in [0, 4, (8 << 20) - 8, u64::MAX - 7] {
        let ram = std::sync::Arc::clone(world.guest.ram());
        assert!(crate::calls::CallServer::new(ram, GuestAddress(address)).is_err());
    }
}
