//! One mapping in several pieces: its permissions were changed in a part of it (reference
//! §5.2).

use super::*;
use crate::calls::CallError;
use crate::objects::mock::MockError;
use abi::call_page::Want;
use abi::objects::{CachePolicy, Mapping, MappingFlags, Vmo, VmoOptions};

/// The target's three pages in three pieces with permissions of their own; the middle and
/// the last piece come with it.
fn world(maximum: Permissions) -> (World, GuestAddress, GuestAddress) {
    let mut world = World::with_memory(maximum);
    world
        .guest
        .write_vmo(world.memory, 0, &pattern(3 * 4096))
        .unwrap();
    let none = Permissions::empty();
    let middle = world.guest.join(world.mapping, TARGET + P, none).unwrap();
    let last = world.guest.join(middle, TARGET + 2 * P, READ).unwrap();
    (world, middle, last)
}

// covers: 5.2/3
#[test]
fn a_read_goes_on_over_a_change_of_permissions() {
    let (mut world, ..) = world(READ_WRITE);
    for start in [0, 1, P - 1, P, P + 1, 2 * P, 3 * P - 1] {
        let outcome = world.read_memory(TARGET + start, 3 * P);
        let left = 3 * P - start;
        assert_eq!((outcome.call.actual, outcome.exits), (Some(left), 1));
        let from = usize::try_from(start).unwrap();
        assert_eq!(world.buffer(3 * 4096 - from), pattern(3 * 4096)[from..]);
    }
}

#[test]
fn a_write_goes_on_over_a_change_of_permissions() {
    let (mut world, middle, _) = world(READ_WRITE);
    world.fill_buffer(&[7; 3 * 4096]);
    let outcome = world.write_memory(TARGET + 100, 3 * P);
    assert_eq!(outcome.call.actual, Some(3 * P - 100));
    let bytes = world.guest.read_vmo(world.memory, 100, 12188).unwrap();
    assert_eq!(bytes, [7; 12188]);
    let piece: Mapping = world.guest.get(middle).unwrap();
    assert_eq!(piece.permissions, 0, "they are as they were");
}

#[test]
fn a_mapping_that_only_looks_like_a_continuation_is_another() {
    let (mut world, middle, _) = world(READ_WRITE);
    let edit = |piece: &mut Mapping| piece.flags = 0;
    world.guest.edit(middle, edit).unwrap();
    assert_eq!(world.read_memory(TARGET, 3 * P).call.actual, Some(P));
    assert_eq!(
        world.read_memory(TARGET + P, 3 * P).call.actual,
        Some(2 * P)
    );
}

#[test]
fn a_private_copy_covers_all_pieces_and_counts_from_the_first() {
    for start in [0, P + 10, 2 * P + 10] {
        let (mut world, middle, last) = world(READ);
        world.fill_buffer(b"patched");
        let outcome = world.write_memory(TARGET + start, 7);
        assert_eq!((outcome.call.status, outcome.exits), (Status::OK, 2));
        let request = outcome.requests[0];
        assert_eq!(request.wants, Want::CLONE_MAPPING | Want::VMO);
        assert_eq!(
            request.mapping.address(),
            world.mapping.0,
            "the first piece"
        );
        assert_eq!((request.vmo_offset, request.vmo_length), (start, 7));
        let copy = world.guest.get::<Mapping>(world.mapping).unwrap().vmo;
        for piece in [middle, last] {
            assert_eq!(world.guest.get::<Mapping>(piece).unwrap().vmo, copy);
        }
        let at = usize::try_from(start).unwrap();
        let mut expected = pattern(3 * 4096);
        expected[at..at + 7].copy_from_slice(b"patched");
        assert_eq!(world.read_memory(TARGET, 3 * P).call.actual, Some(3 * P));
        assert_eq!(world.buffer(3 * 4096), expected);
        let original = world.guest.read_vmo(world.memory, 0, 3 * 4096).unwrap();
        assert_eq!(original, pattern(3 * 4096));
    }
}

#[test]
fn pieces_that_do_not_fit_together_are_a_broken_kernel() {
    let changes: [fn(&mut Mapping); 4] = [
        |piece| piece.vmo_offset += P,
        |piece| piece.vmo_offset = 0,
        |piece| piece.vmo = abi::Link::new(0x1000),
        |piece| {
            piece.region.base += P;
            piece.region.size = P;
        },
    ];
    for change in changes {
        for start in [TARGET, TARGET + 2 * P] {
            let (mut world, middle, last) = world(READ_WRITE);
            // The last piece makes room for the middle one to move.
            let edit = |piece: &mut Mapping| piece.region.base += P;
            world.guest.edit(last, edit).unwrap();
            world.guest.edit(middle, change).unwrap();
            let arguments = [world.target_handle, start, BUFFER, 3 * P, ACTUAL];
            let call = Call::ProcessReadMemory;
            let outcome = world.guest.call(world.caller, call, &arguments);
            assert!(
                matches!(outcome, Err(MockError::Call(CallError::View(_)))),
                "{outcome:?}"
            );
        }
    }
    // The first region of a VMAR continues nothing.
    let mut world = World::new();
    let edit = |piece: &mut Mapping| piece.flags = MappingFlags::JOINED.bits();
    world.guest.edit(world.mapping, edit).unwrap();
    let arguments = [world.target_handle, TARGET, BUFFER, 8, ACTUAL];
    let outcome = world
        .guest
        .call(world.caller, Call::ProcessReadMemory, &arguments);
    assert!(matches!(outcome, Err(MockError::Call(CallError::View(_)))));
}

// covers: 6.1/8 23/16 23/31
#[test]
fn the_vdso_can_be_read_and_not_written_before_anything_else_is_looked_at() {
    for (permissions, buffer) in [
        (READ, BUFFER),
        (READ_WRITE, 0x6000_0000),
        (READ, 0x6000_0000),
    ] {
        let mut world = World::with_memory(permissions);
        let edit = |mapping: &mut Mapping| mapping.flags |= MappingFlags::VDSO.bits();
        world.guest.edit(world.mapping, edit).unwrap();
        let handle = world.target_handle;
        let outcome = world.call(
            Call::ProcessWriteMemory,
            &[handle, TARGET + P, buffer, 1, ACTUAL],
        );
        assert_eq!(
            (outcome.call.status, outcome.exits),
            (Status::ACCESS_DENIED, 1)
        );
        assert_eq!(world.read_memory(TARGET, 8).call.status, Status::OK);
        assert_eq!(world.guest.get::<Vmo>(world.memory).unwrap().page_count, 0);
    }
}

#[test]
fn whether_a_copy_is_tried_follows_the_order_of_the_reasons_against_it() {
    let contiguous = VmoOptions::CONTIGUOUS;
    for (options, policy, asked) in [
        (VmoOptions::empty(), CachePolicy::CACHED, true),
        (VmoOptions::empty(), CachePolicy::UNCACHED, false),
        (contiguous, CachePolicy::CACHED, true),
        (contiguous, CachePolicy::UNCACHED, true),
    ] {
        let mut world = World::with_memory(READ);
        world
            .guest
            .fail(Want::CLONE_MAPPING, TARGET, Status::INVALID_ARGS);
        let edit = |vmo: &mut Vmo| {
            vmo.options = options.bits();
            vmo.cache_policy = policy.0;
        };
        world.guest.edit(world.memory, edit).unwrap();
        let outcome = world.write_memory(TARGET, 4);
        let status = if asked {
            Status::INVALID_ARGS
        } else {
            Status::BAD_STATE
        };
        assert_eq!(outcome.call.status, status, "{options:?} {policy:?}");
        assert_eq!(outcome.requests.is_empty(), !asked);
    }
}
