//! `zx_vmo_read` and `zx_vmo_write`: bytes and boundaries.

use super::*;
use abi::objects::{CachePolicy, Vmo, VmoKind};

// covers: 4.1/8 4.2/12
#[test]
fn what_is_written_is_read_back_across_pages() {
    let mut world = World::new();
    let bytes = pattern(10_000);
    world.fill_buffer(&bytes);
    let written = world.vmo_write(3000, 10_000);
    assert_eq!(written.call.status, Status::OK);
    assert_eq!(written.call.bytes, 10_000);
    assert_eq!(written.call.actual, None);
    assert_eq!(
        world.guest.read_vmo(world.vmo, 3000, 10_000).unwrap(),
        bytes
    );
    assert_eq!(world.guest.read_vmo(world.vmo, 0, 3000).unwrap(), [0; 3000]);

    world.fill_buffer(&[0xAA; 10_001]);
    let read = world.vmo_read(3000, 10_000);
    assert_eq!((read.call.status, read.exits), (Status::OK, 1));
    assert_eq!(world.buffer(10_000), bytes);
    assert_eq!(world.buffer(10_001)[10_000], 0xAA);
}

// covers: 4.3/2 7/4
#[test]
fn a_page_that_was_never_written_reads_as_zeros_and_stays_absent() {
    let mut world = World::new();
    world.fill_buffer(&[0xAA; 5000]);
    let read = world.vmo_read(P - 100, 5000);
    assert_eq!((read.call.status, read.exits), (Status::OK, 1));
    assert_eq!(world.buffer(5000), [0; 5000]);
    assert_eq!(world.guest.get::<Vmo>(world.vmo).unwrap().page_count, 0);
}

#[test]
fn a_write_makes_absent_pages_present_in_one_more_exit() {
    let mut world = World::new();
    world.fill_buffer(&pattern(9000));
    let written = world.vmo_write(0, 9000);
    assert_eq!((written.call.status, written.exits), (Status::OK, 2));
    assert_eq!(world.guest.get::<Vmo>(world.vmo).unwrap().page_count, 3);
    let again = world.vmo_write(0, 9000);
    assert_eq!((again.call.status, again.exits), (Status::OK, 1));
}

// covers: 4.1/3 4.1/5 4.2/1 4.2/2 4.2/3 4.2/6 4.2/7 4.2/8 22/5 22/7 23/3 23/5
#[test]
fn boundaries_are_those_of_the_reference() {
    // §4.2, for a VMO of four pages: offset, length, status.
    let size = 4 * P;
    let rows = [
        (size, 0, Status::OK),
        (size + 1, 0, Status::OUT_OF_RANGE),
        (u64::MAX, 0, Status::OUT_OF_RANGE),
        (size, 1, Status::OUT_OF_RANGE),
        (0, 0, Status::OK),
        (size - 1, 1, Status::OK),
        (size - 1, 2, Status::OUT_OF_RANGE),
        (u64::MAX, 2, Status::OUT_OF_RANGE),
        (1, u64::MAX, Status::OUT_OF_RANGE),
        (0, size, Status::OK),
        (0, size + 1, Status::OUT_OF_RANGE),
        (1, size, Status::OUT_OF_RANGE),
    ];
    for options in BOTH_MODES {
        for (offset, length, status) in rows {
            for call in [Call::VmoRead, Call::VmoWrite] {
                let mut world = World::new();
                world.guest.set_options(options).unwrap();
                world.fill_buffer(&[0xAA; 16]);
                let handle = world.vmo_handle;
                let outcome = world.call(call, &[handle, BUFFER, offset, length]);
                assert_eq!(
                    outcome.call.status, status,
                    "{call:?} {offset:#x} {length:#x}"
                );
                if status != Status::OK {
                    assert_eq!(outcome.call.bytes, 0);
                    assert_eq!(world.buffer(16), [0xAA; 16], "no byte may move");
                }
            }
        }
    }
}

// covers: 4.2/4 4.2/5
#[test]
fn an_empty_vmo_has_nothing_but_its_end() {
    let mut world = World::new();
    let empty = world.guest.vmo("empty", 0).unwrap();
    let handle = world.handle(empty, Rights::DEFAULT_VMO);
    for call in [Call::VmoRead, Call::VmoWrite] {
        assert_eq!(world.status(call, &[handle, BUFFER, 0, 0]), Status::OK);
        assert_eq!(
            world.status(call, &[handle, BUFFER, 0, 1]),
            Status::OUT_OF_RANGE
        );
    }
}

// covers: 4.1/11 4.2/9 4.2/10 4.2/11 7/3
#[test]
fn bytes_between_stream_size_and_size_are_like_any_other() {
    let mut world = World::new();
    let vmo = world.guest.vmo("byte", 1).unwrap();
    let handle = world.handle(vmo, Rights::DEFAULT_VMO);
    world.fill_buffer(&[7]);
    assert_eq!(
        world.status(Call::VmoWrite, &[handle, BUFFER, 4095, 1]),
        Status::OK
    );
    assert_eq!(
        world.status(Call::VmoRead, &[handle, BUFFER, 0, P]),
        Status::OK
    );
    let bytes = world.buffer(4096);
    assert_eq!(bytes[4095], 7);
    assert_eq!(bytes[..4095], [0; 4095]);
    assert_eq!(world.guest.get::<Vmo>(vmo).unwrap().stream_size, 1);
}

// covers: 4.2/17 7/6
#[test]
fn the_end_of_the_largest_vmo_can_be_written_and_read() {
    for size in [1u64 << 52, abi::layout::MAX_VMO_SIZE] {
        let mut world = World::new();
        let vmo = world.guest.vmo("sparse", size).unwrap();
        let handle = world.handle(vmo, Rights::DEFAULT_VMO);
        let bytes = pattern(5000);
        world.fill_buffer(&bytes);
        let offset = size - 5000;
        assert_eq!(
            world.status(Call::VmoWrite, &[handle, BUFFER, offset, 5000]),
            Status::OK
        );
        world.fill_buffer(&[0; 5000]);
        assert_eq!(
            world.status(Call::VmoRead, &[handle, BUFFER, offset, 5000]),
            Status::OK
        );
        assert_eq!(world.buffer(5000), bytes);
        assert_eq!(
            world.status(Call::VmoRead, &[handle, BUFFER, offset + 1, 5000]),
            Status::OUT_OF_RANGE
        );
        // A hole far away from it.
        assert_eq!(
            world.status(Call::VmoRead, &[handle, BUFFER, size / 2, 5000]),
            Status::OK
        );
        assert_eq!(world.buffer(5000), [0; 5000]);
    }
}

// covers: 4.1/4 4.4/5 22/6
#[test]
fn a_vmo_that_is_not_cached_is_in_a_bad_state_even_for_nothing() {
    for policy in [
        CachePolicy::UNCACHED,
        CachePolicy::UNCACHED_DEVICE,
        CachePolicy::WRITE_COMBINING,
    ] {
        for options in BOTH_MODES {
            let mut world = World::new();
            world.guest.set_options(options).unwrap();
            let edit = |vmo: &mut Vmo| vmo.cache_policy = policy.0;
            world.guest.edit(world.vmo, edit).unwrap();
            for length in [0, 1] {
                assert_eq!(world.vmo_read(0, length).call.status, Status::BAD_STATE);
                assert_eq!(world.vmo_write(0, length).call.status, Status::BAD_STATE);
            }
        }
    }
}

// covers: 4.1/2 4.1/10 4.4/4 22/8 22/8b 22/8z 23/2 23/35
#[test]
fn a_physical_vmo_is_refused_by_its_policy_or_always() {
    let [documented, zircon] = BOTH_MODES;
    for (options, policy, status) in [
        (documented, CachePolicy::CACHED, Status::NOT_SUPPORTED),
        (documented, CachePolicy::UNCACHED, Status::BAD_STATE),
        (zircon, CachePolicy::CACHED, Status::NOT_SUPPORTED),
        (zircon, CachePolicy::UNCACHED, Status::NOT_SUPPORTED),
    ] {
        let mut world = World::new();
        world.guest.set_options(options).unwrap();
        let edit = |vmo: &mut Vmo| {
            vmo.kind = VmoKind::PHYSICAL.0;
            vmo.cache_policy = policy.0;
        };
        world.guest.edit(world.vmo, edit).unwrap();
        for (offset, length) in [(0, 0), (0, 1), (u64::MAX, 2)] {
            assert_eq!(world.vmo_read(offset, length).call.status, status);
            assert_eq!(world.vmo_write(offset, length).call.status, status);
        }
    }
}

// covers: 4.3/3
#[test]
fn a_page_shared_with_a_snapshot_is_read_in_place_and_copied_before_a_write() {
    let mut world = World::new();
    world.guest.write_vmo(world.vmo, 0, &[1; 8192]).unwrap();
    let entry = world.guest.vmo_entry(world.vmo, 0).unwrap();
    let leaf: u64 = world.guest.get(entry).unwrap();
    let shared = leaf & !abi::entry::WRITABLE;
    world
        .guest
        .edit(entry, |leaf: &mut u64| *leaf = shared)
        .unwrap();

    assert_eq!(world.vmo_read(0, P).exits, 1);
    world.fill_buffer(&[2; 100]);
    let written = world.vmo_write(50, 100);
    assert_eq!((written.call.status, written.exits), (Status::OK, 2));
    let mut expected = vec![1; 8192];
    expected[50..150].fill(2);
    assert_eq!(world.guest.read_vmo(world.vmo, 0, 8192).unwrap(), expected);
    let old = GuestAddress(shared & abi::entry::ADDRESS_MASK);
    assert_eq!(world.guest.get::<[u8; 4096]>(old).unwrap(), [1; 4096]);
}

// covers: 19.1/4
#[test]
fn the_upper_half_of_a_handle_argument_does_not_count() {
    let mut world = World::new();
    let handle = world.vmo_handle | 0xDEAD_BEEF_0000_0000;
    assert_eq!(
        world.status(Call::VmoRead, &[handle, BUFFER, 0, 1]),
        Status::OK
    );
}

#[test]
fn the_null_call_is_answered_with_ok() {
    let mut world = World::new();
    let outcome = world.call(Call::Null, &[]);
    assert_eq!((outcome.call.status, outcome.exits), (Status::OK, 1));
}

// covers: 3/12
#[test]
fn a_buffer_can_map_the_very_vmo() {
    let mut world = World::new();
    let bytes = pattern(12288);
    world.guest.write_vmo(world.vmo, 0, &bytes).unwrap();
    let view = 0x7000_0000;
    world
        .guest
        .map(world.caller, view, 4 * P, (world.vmo, 0), READ_WRITE)
        .unwrap();
    let handle = world.vmo_handle;
    assert_eq!(
        world.status(Call::VmoRead, &[handle, view + 4196, 100, 4000]),
        Status::OK
    );
    let moved = world.guest.read_vmo(world.vmo, 4196, 4000).unwrap();
    assert_eq!(moved, bytes[100..4100]);
}
