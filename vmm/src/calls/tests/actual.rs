//! `*actual`.

use super::*;
use abi::layout::{USER_BASE, USER_TOP};

fn read_with_actual(world: &mut World, pointer: u64) -> MockOutcome {
    let handle = world.target_handle;
    world.call(
        Call::ProcessReadMemory,
        &[handle, TARGET, BUFFER, 100, pointer],
    )
}

// covers: 5.1/8 5.3/1
#[test]
fn it_holds_the_bytes_moved() {
    let mut world = World::new();
    let outcome = world.read_memory(TARGET, 100);
    assert_eq!(outcome.call.actual, Some(100));
    assert_eq!(world.actual(), 100u64.to_le_bytes());
}

// covers: 2.3/3 5.1/18 23/22
#[test]
fn a_bad_pointer_is_an_invalid_argument_after_the_bytes_were_delivered() {
    for options in BOTH_MODES {
        for pointer in [
            0,
            1,
            USER_BASE - 8,
            USER_TOP - 7,
            USER_TOP,
            1 << 47,
            u64::MAX,
            0x6000_0000,
            ACTUAL + P - 4,
        ] {
            let mut world = World::new();
            world.guest.set_options(options).unwrap();
            world
                .guest
                .write_vmo(world.memory, 0, &pattern(100))
                .unwrap();
            let outcome = read_with_actual(&mut world, pointer);
            assert_eq!(outcome.call.status, Status::INVALID_ARGS, "{pointer:#x}");
            assert_eq!(outcome.call.actual, None);
            assert_eq!(outcome.call.bytes, 100);
            assert_eq!(world.buffer(100), pattern(100));
        }
    }
}

// covers: 5.1/18
#[test]
fn a_pointer_into_read_only_memory_is_an_invalid_argument() {
    let mut world = World::new();
    let page = world.guest.vmo("page", P).unwrap();
    let at = 0x7000_0000;
    world
        .guest
        .map(world.caller, at, P, (page, 0), READ)
        .unwrap();
    let outcome = read_with_actual(&mut world, at);
    assert_eq!(outcome.call.status, Status::INVALID_ARGS);
}

#[test]
fn it_can_stand_in_a_page_that_is_not_there_yet() {
    let mut world = World::new();
    let pages = world.guest.vmo("pages", 2 * P).unwrap();
    let at = 0x7000_0000;
    world
        .guest
        .map(world.caller, at, 2 * P, (pages, 0), READ_WRITE)
        .unwrap();
    let outcome = read_with_actual(&mut world, at + 16);
    assert_eq!((outcome.call.status, outcome.exits), (Status::OK, 2));
    let stored = world.guest.read_user(world.caller, at + 16, 8).unwrap();
    assert_eq!(stored, 100u64.to_le_bytes());
}

#[test]
fn it_can_straddle_two_pages_that_are_apart_in_ram() {
    let mut world = World::new();
    let at = 0x7000_0000;
    world.guest.user_memory(world.caller, at, P).unwrap();
    world.guest.skip_frames(3).unwrap();
    world.guest.user_memory(world.caller, at + P, P).unwrap();
    for straddle in 1..8 {
        let pointer = at + P - straddle;
        let outcome = read_with_actual(&mut world, pointer);
        assert_eq!(outcome.call.status, Status::OK);
        let stored = world.guest.read_user(world.caller, pointer, 8).unwrap();
        assert_eq!(
            stored,
            100u64.to_le_bytes(),
            "{straddle} bytes before the boundary"
        );
    }
}

#[test]
fn half_of_it_is_never_stored() {
    let mut world = World::new();
    let last = ACTUAL + P - 4;
    world
        .guest
        .write_user(world.caller, last, &[0xEE; 4])
        .unwrap();
    let outcome = read_with_actual(&mut world, last);
    assert_eq!(outcome.call.status, Status::INVALID_ARGS);
    let kept = world.guest.read_user(world.caller, last, 4).unwrap();
    assert_eq!(kept, [0xEE; 4]);
}

// covers: 5.3/2
#[test]
fn it_is_untouched_by_every_error() {
    let mut world = World::new();
    let (handle, hole) = (world.target_handle, 0x6000_0000);
    for arguments in [
        [0, TARGET, BUFFER, 8, ACTUAL],
        [handle, TARGET, 0, 8, ACTUAL],
        [handle, TARGET, BUFFER, 0, ACTUAL],
        [handle, 0, BUFFER, 8, ACTUAL],
        [handle, TARGET, hole, 8, ACTUAL],
        [handle, TARGET, BUFFER + BUFFER_SIZE - 4, 8, ACTUAL],
    ] {
        for call in [Call::ProcessReadMemory, Call::ProcessWriteMemory] {
            assert_ne!(world.status(call, &arguments), Status::OK, "{arguments:x?}");
            assert_eq!(world.actual(), UNTOUCHED, "{arguments:x?}");
        }
    }
}
