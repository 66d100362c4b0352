//! The caller's buffer: every row of reference §3, in both error modes.

use super::*;
use abi::layout::{PHYSMAP_BASE, USER_BASE, USER_TOP};

/// Buffers that are not all user addresses, for a transfer of 100 bytes.
const OUTSIDE: [u64; 9] = [
    8,
    USER_BASE - 1,
    USER_BASE - 100,
    USER_TOP - 99,
    USER_TOP,
    (1 << 47) - 8,
    0x0000_8000_0000_0000,
    PHYSMAP_BASE,
    u64::MAX - 10,
];

/// Each call with that buffer and a transfer of 100 bytes that is right otherwise.
fn each_call(options: BootOptions, buffer: u64, check: impl Fn(Call, &mut World, MockOutcome)) {
    for call in [
        Call::VmoRead,
        Call::VmoWrite,
        Call::ProcessReadMemory,
        Call::ProcessWriteMemory,
    ] {
        let mut world = World::new();
        world.guest.set_options(options).unwrap();
        let outcome = match call {
            Call::VmoRead | Call::VmoWrite => {
                let handle = world.vmo_handle;
                world.call(call, &[handle, buffer, 0, 100])
            }
            _ => {
                let handle = world.target_handle;
                world.call(call, &[handle, TARGET, buffer, 100, ACTUAL])
            }
        };
        check(call, &mut world, outcome);
    }
}

fn is_vmo_call(call: Call) -> bool {
    matches!(call, Call::VmoRead | Call::VmoWrite)
}

// covers: 5.1/1 6.1/2 22/2 22/2z
#[test]
fn null_is_an_invalid_argument_or_not_found() {
    let [documented, zircon] = BOTH_MODES;
    each_call(documented, 0, |call, _, outcome| {
        assert_eq!(outcome.call.status, Status::INVALID_ARGS, "{call:?}");
    });
    each_call(zircon, 0, |call, _, outcome| {
        // The process calls look for NULL before everything else.
        let status = if is_vmo_call(call) {
            Status::NOT_FOUND
        } else {
            Status::INVALID_ARGS
        };
        assert_eq!(outcome.call.status, status, "{call:?}");
    });
}

// covers: 22/3 22/3z 22/9 22/9z
#[test]
fn a_buffer_outside_the_user_half_is_never_asked_for() {
    let [documented, zircon] = BOTH_MODES;
    for (options, status) in [
        (documented, Status::INVALID_ARGS),
        (zircon, Status::NOT_FOUND),
    ] {
        for buffer in OUTSIDE {
            each_call(options, buffer, |call, world, outcome| {
                assert_eq!(outcome.call.status, status, "{call:?} {buffer:#x}");
                assert_eq!(outcome.call.bytes, 0);
                assert_eq!(world.actual(), UNTOUCHED);
                for request in outcome.requests {
                    assert_eq!(request.wants & abi::call_page::Want::USER, 0);
                    assert!(request.vmo_length <= P, "no more than the first page");
                }
            });
        }
    }
}

// covers: 22/3b 22/9 22/9z
#[test]
fn an_unmapped_buffer_is_not_found_but_invalid_for_documented_process_calls() {
    let [documented, zircon] = BOTH_MODES;
    let hole = 0x6000_0000;
    each_call(documented, hole, |call, world, outcome| {
        let status = if is_vmo_call(call) {
            Status::NOT_FOUND
        } else {
            Status::INVALID_ARGS
        };
        assert_eq!(outcome.call.status, status, "{call:?}");
        assert_eq!(world.actual(), UNTOUCHED);
    });
    each_call(zircon, hole, |call, _, outcome| {
        assert_eq!(outcome.call.status, Status::NOT_FOUND, "{call:?}");
    });
}

// covers: 3/4 5.1/17 6.1/15 22/4 22/9b
#[test]
fn a_buffer_without_the_permission_is_denied() {
    for options in BOTH_MODES {
        for (call, permissions) in [
            (Call::VmoRead, READ),
            (Call::VmoWrite, Permissions::empty()),
            (Call::ProcessReadMemory, READ),
            (Call::ProcessWriteMemory, Permissions::empty()),
        ] {
            let mut world = World::new();
            world.guest.set_options(options).unwrap();
            let page = world.guest.vmo("page", P).unwrap();
            let at = 0x7000_0000;
            world
                .guest
                .map(world.caller, at, P, (page, 0), permissions)
                .unwrap();
            let arguments = if is_vmo_call(call) {
                vec![world.vmo_handle, at, 0, 100]
            } else {
                vec![world.target_handle, TARGET, at, 100, ACTUAL]
            };
            assert_eq!(
                world.status(call, &arguments),
                Status::ACCESS_DENIED,
                "{call:?}"
            );
        }
    }
}

// covers: 3/9
#[test]
fn a_page_that_is_read_only_in_the_page_tables_is_made_writable_by_the_kernel() {
    let mut world = World::new();
    world.guest.write_vmo(world.vmo, 0, &[5; 100]).unwrap();
    // As if the shared frame of zeros stood for a page that was only read.
    let frame = world.guest.frame().unwrap();
    world
        .guest
        .map_page(world.caller, BUFFER, frame, false)
        .unwrap();
    let read = world.vmo_read(0, 100);
    assert_eq!((read.call.status, read.exits), (Status::OK, 2));
    assert_eq!(world.buffer(100), [5; 100]);
    assert_eq!(world.guest.get::<[u8; 4096]>(frame).unwrap(), [0; 4096]);
}

// covers: 3/5
#[test]
fn a_buffer_beyond_the_end_of_its_vmo_is_out_of_range() {
    for options in BOTH_MODES {
        let mut world = World::new();
        world.guest.set_options(options).unwrap();
        let page = world.guest.vmo("page", P).unwrap();
        let at = 0x7000_0000;
        world
            .guest
            .map(world.caller, at, 2 * P, (page, 0), READ_WRITE)
            .unwrap();
        let (vmo, target) = (world.vmo_handle, world.target_handle);
        for (call, arguments) in [
            (Call::VmoRead, vec![vmo, at + P, 0, 100]),
            (Call::VmoWrite, vec![vmo, at + P, 0, 100]),
            (
                Call::ProcessReadMemory,
                vec![target, TARGET, at + P, 100, ACTUAL],
            ),
            (
                Call::ProcessWriteMemory,
                vec![target, TARGET, at + P, 100, ACTUAL],
            ),
        ] {
            assert_eq!(
                world.status(call, &arguments),
                Status::OUT_OF_RANGE,
                "{call:?}"
            );
        }
    }
}

// covers: 3/13 4.1/7
#[test]
fn a_fault_in_the_middle_leaves_the_bytes_before_it_transferred() {
    let mut world = World::new();
    let handle = world.vmo_handle;
    let bytes = pattern(8192);
    world.guest.write_vmo(world.vmo, 0, &bytes).unwrap();
    // The buffer's last 1000 bytes, and 1000 where nothing is mapped.
    let buffer = BUFFER + BUFFER_SIZE - 1000;
    let outcome = world.call(Call::VmoRead, &[handle, buffer, 0, 2000]);
    assert_eq!(outcome.call.status, Status::NOT_FOUND);
    assert_eq!(outcome.call.bytes, 1000);
    let got = world.guest.read_user(world.caller, buffer, 1000).unwrap();
    assert_eq!(got, bytes[..1000]);

    let fresh = world.guest.vmo("fresh", 4 * P).unwrap();
    let fresh_handle = world.handle(fresh, Rights::DEFAULT_VMO);
    let outcome = world.call(Call::VmoWrite, &[fresh_handle, buffer, 500, 3 * P]);
    assert_eq!(outcome.call.status, Status::NOT_FOUND);
    assert_eq!(outcome.call.bytes, 1000);
    let got = world.guest.read_vmo(fresh, 500, 1000).unwrap();
    assert_eq!(got, bytes[..1000]);
}

#[test]
fn a_buffer_with_a_hole_costs_no_pages_beyond_the_hole() {
    let mut world = World::new();
    let big = world.guest.vmo("big", 256 * P).unwrap();
    let handle = world.handle(big, Rights::DEFAULT_VMO);
    let buffer = BUFFER + BUFFER_SIZE - P;
    let outcome = world.call(Call::VmoWrite, &[handle, buffer, 0, 256 * P]);
    assert_eq!(outcome.call.status, Status::NOT_FOUND);
    assert_eq!(outcome.call.bytes, P);
    let committed = world
        .guest
        .get::<abi::objects::Vmo>(big)
        .unwrap()
        .page_count;
    assert_eq!(
        committed, 2,
        "the page of the hole is the last that is obtained"
    );
}
