//! Which bytes `zx_process_write_memory` changes (reference §6.2).

use super::*;
use abi::call_page::Want;
use abi::objects::{Mapping, MappingFlags, Vmo};

// covers: 6.2/3 6.2/4 6.2/15 22/16
#[test]
fn a_mapping_that_could_be_writable_is_written_in_the_vmo_itself() {
    let mut world = World::with_memory(READ_WRITE);
    let protect = |mapping: &mut Mapping| mapping.permissions = READ.bits();
    world.guest.edit(world.mapping, protect).unwrap();
    world.fill_buffer(b"patched");
    let outcome = world.write_memory(TARGET + 10, 7);
    assert_eq!(outcome.call.status, Status::OK);
    assert_eq!(
        world.guest.read_vmo(world.memory, 10, 7).unwrap(),
        b"patched"
    );
    let mapping: Mapping = world.guest.get(world.mapping).unwrap();
    assert_eq!(mapping.vmo.address(), world.memory.0);
    assert_eq!(mapping.permissions, READ.bits());
}

// covers: 6.2/2 6.2/6 6.2/10 23/17
#[test]
fn a_mapping_that_was_never_writable_becomes_a_private_copy() {
    let mut world = World::with_memory(READ);
    world
        .guest
        .write_vmo(world.memory, 0, &pattern(8192))
        .unwrap();
    world.fill_buffer(b"patched");
    let outcome = world.write_memory(TARGET + P + 10, 7);
    assert_eq!((outcome.call.status, outcome.exits), (Status::OK, 2));
    assert_eq!(outcome.requests.len(), 1);
    let request = outcome.requests[0];
    assert_eq!(request.wants, Want::CLONE_MAPPING | Want::VMO);
    assert_eq!((request.vmo_offset, request.vmo_length), (P + 10, 7));

    let original = world.guest.read_vmo(world.memory, 0, 8192).unwrap();
    assert_eq!(original, pattern(8192), "the original sees nothing");
    let mut expected = pattern(8192);
    expected[4106..4113].copy_from_slice(b"patched");
    assert_eq!(world.read_memory(TARGET, 8192).call.status, Status::OK);
    assert_eq!(world.buffer(8192), expected);

    // From now on it is like any other.
    world.fill_buffer(b"again!!");
    let outcome = world.write_memory(TARGET + P + 10, 7);
    assert_eq!((outcome.call.status, outcome.exits), (Status::OK, 1));
}

// covers: 6.2/11
#[test]
fn a_private_copy_spans_the_mapping_even_beyond_the_end_of_the_original() {
    let mut world = World::with_memory(READ);
    let shrink = |vmo: &mut Vmo| vmo.size = P;
    world.guest.edit(world.memory, shrink).unwrap();
    assert_eq!(
        world.read_memory(TARGET + 2 * P, 4).call.status,
        Status::OUT_OF_RANGE
    );
    world.fill_buffer(b"here");
    let outcome = world.write_memory(TARGET + 2 * P, 4);
    assert_eq!(outcome.call.status, Status::OK);
    assert_eq!(world.read_memory(TARGET + 2 * P, 4).call.status, Status::OK);
    assert_eq!(world.buffer(4), b"here");
}

// covers: 23/17
#[test]
fn the_status_of_a_clone_that_fails_is_the_status_of_the_call() {
    for status in [Status::NO_MEMORY, Status::BAD_STATE, Status::INVALID_ARGS] {
        let mut world = World::with_memory(READ);
        world.guest.fail(Want::CLONE_MAPPING, TARGET, status);
        let outcome = world.write_memory(TARGET, 4);
        assert_eq!((outcome.call.status, outcome.exits), (status, 2));
        assert_eq!(world.actual(), UNTOUCHED);
        let mapping: Mapping = world.guest.get(world.mapping).unwrap();
        assert_eq!(mapping.flags & MappingFlags::PRIVATE_COPY.bits(), 0);
    }
}

// covers: 22/9 22/9z
#[test]
fn a_clone_and_a_bad_buffer_give_the_status_of_the_buffer() {
    let [documented, zircon] = BOTH_MODES;
    for (options, status) in [
        (documented, Status::INVALID_ARGS),
        (zircon, Status::NOT_FOUND),
    ] {
        for buffer in [0x6000_0000, u64::MAX] {
            let mut world = World::with_memory(READ);
            world.guest.set_options(options).unwrap();
            let handle = world.target_handle;
            let arguments = [handle, TARGET, buffer, 2 * P, ACTUAL];
            let outcome = world.call(Call::ProcessWriteMemory, &arguments);
            assert_eq!(outcome.call.status, status, "{buffer:#x}");
            assert_eq!(outcome.call.bytes, 0);
            assert!(outcome.requests[0].vmo_length <= P);
        }
    }
}

#[test]
fn a_clone_that_changes_nothing_is_a_broken_kernel() {
    let world = World::with_memory(READ);
    let handle = world.target_handle;
    let arguments = [handle, TARGET, BUFFER, 8, ACTUAL];
    let call = Call::ProcessWriteMemory;
    world.guest.begin(world.caller, call, &arguments).unwrap();
    let mut server = world.guest.server().unwrap();
    assert_eq!(server.serve(), Ok(crate::calls::Served::Resolve));
    // The kernel says OK and has done nothing.
    assert!(matches!(
        server.serve(),
        Err(crate::calls::CallError::NoProgress { .. })
    ));
}
