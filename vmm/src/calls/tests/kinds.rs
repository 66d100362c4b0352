//! Slices, references, discarded and contiguous VMOs (reference §4.4).

use super::*;
use abi::objects::{CachePolicy, Vmo, VmoKind, VmoOptions};

fn options(world: &World, vmo: GuestAddress, options: VmoOptions) {
    let edit = |vmo: &mut Vmo| vmo.options |= options.bits();
    world.guest.edit(vmo, edit).unwrap();
}

fn policy(world: &World, vmo: GuestAddress, policy: CachePolicy) {
    let edit = |vmo: &mut Vmo| vmo.cache_policy = policy.0;
    world.guest.edit(vmo, edit).unwrap();
}

/// The caller's VMO is a slice of two pages, from the second on, of the one that had its
/// place.
fn world_with_slice() -> (World, GuestAddress) {
    let mut world = World::new();
    let source = world.vmo;
    world.vmo = world.guest.slice(source, P..3 * P).unwrap();
    world.vmo_handle = world.handle(world.vmo, Rights::DEFAULT_VMO);
    (world, source)
}

// covers: 4.4/10
#[test]
fn a_slice_has_the_bytes_of_its_source() {
    let (mut world, source) = world_with_slice();
    world
        .guest
        .write_vmo(source, 0, &pattern(3 * 4096))
        .unwrap();
    let outcome = world.vmo_read(10, P);
    assert_eq!((outcome.call.status, outcome.exits), (Status::OK, 1));
    assert_eq!(world.buffer(4096), pattern(3 * 4096)[4106..8202]);
}

// covers: 4.4/10
#[test]
fn what_is_written_to_a_slice_is_in_its_source() {
    let (mut world, source) = world_with_slice();
    world.fill_buffer(&pattern(6000));
    let outcome = world.vmo_write(100, 6000);
    assert_eq!((outcome.call.status, outcome.exits), (Status::OK, 2));
    assert_eq!(outcome.requests[0].vmo.address(), source.0);
    assert_eq!(
        world.guest.read_vmo(source, P + 100, 6000).unwrap(),
        pattern(6000)
    );
    let slice: Vmo = world.guest.get(world.vmo).unwrap();
    assert_eq!((slice.pages, slice.page_count), (0, 0));
}

#[test]
fn a_slice_ends_where_it_ends_and_not_where_its_source_does() {
    let (mut world, source) = world_with_slice();
    assert_eq!(world.vmo_read(2 * P, 0).call.status, Status::OK);
    assert_eq!(world.vmo_read(2 * P - 1, 1).call.status, Status::OK);
    for (offset, size) in [
        (2 * P, 1),
        (2 * P - 1, 2),
        (2 * P + 1, 0),
        (u64::MAX - P, 1),
    ] {
        for outcome in [world.vmo_read(offset, size), world.vmo_write(offset, size)] {
            assert_eq!(outcome.call.status, Status::OUT_OF_RANGE, "{offset:#x}");
        }
    }
    assert_eq!(world.guest.get::<Vmo>(source).unwrap().page_count, 0);
}

#[test]
fn kind_and_policy_of_a_slice_are_those_of_its_source() {
    let [documented, zircon] = BOTH_MODES;
    for (mode, kind, source_policy, status) in [
        (
            documented,
            VmoKind::PHYSICAL,
            CachePolicy::UNCACHED,
            Status::BAD_STATE,
        ),
        (
            documented,
            VmoKind::PHYSICAL,
            CachePolicy::CACHED,
            Status::NOT_SUPPORTED,
        ),
        (
            zircon,
            VmoKind::PHYSICAL,
            CachePolicy::UNCACHED,
            Status::NOT_SUPPORTED,
        ),
        (
            zircon,
            VmoKind::PAGED,
            CachePolicy::WRITE_COMBINING,
            Status::BAD_STATE,
        ),
        (documented, VmoKind::PAGED, CachePolicy::CACHED, Status::OK),
    ] {
        let (mut world, source) = world_with_slice();
        world.guest.set_options(mode).unwrap();
        policy(&world, source, source_policy);
        // What stands in the slice itself does not count.
        policy(&world, world.vmo, CachePolicy::UNCACHED_DEVICE);
        let edit = |vmo: &mut Vmo| vmo.kind = kind.0;
        world.guest.edit(source, edit).unwrap();
        for size in [0, 8] {
            assert_eq!(world.vmo_read(0, size).call.status, status);
            assert_eq!(world.vmo_write(0, size).call.status, status);
        }
    }
}

#[test]
fn a_mapping_of_a_slice_shows_the_source_and_ends_with_the_slice() {
    let (mut world, source) = world_with_slice();
    world
        .guest
        .write_vmo(source, 0, &pattern(4 * 4096))
        .unwrap();
    let at = 0x2_0000_0000;
    world
        .guest
        .map(world.target, at, 3 * P, (world.vmo, 0), READ_WRITE)
        .unwrap();
    let outcome = world.read_memory(at + 5, 3 * P - 5);
    assert_eq!(outcome.call.actual, Some(2 * P - 5));
    assert_eq!(world.buffer(8187), pattern(4 * 4096)[4101..12288]);
    let beyond = world.read_memory(at + 2 * P, 1);
    assert_eq!(beyond.call.status, Status::OUT_OF_RANGE);

    world.fill_buffer(b"patched");
    assert_eq!(world.write_memory(at + P, 7).call.status, Status::OK);
    let bytes = world.guest.read_vmo(source, 2 * P, 7).unwrap();
    assert_eq!(bytes, b"patched");
}

#[test]
fn a_call_on_a_slice_resumes_with_the_size_of_the_source() {
    let (mut world, source) = world_with_slice();
    let arguments = [world.vmo_handle, BUFFER, 0, 2 * P];
    world
        .guest
        .begin(world.caller, Call::VmoWrite, &arguments)
        .unwrap();
    let mut server = world.guest.server().unwrap();
    assert_eq!(server.serve(), Ok(crate::calls::Served::Resolve));
    world.guest.resolve().unwrap();
    let shrink = |vmo: &mut Vmo| vmo.size = 2 * P;
    world.guest.edit(source, shrink).unwrap();
    let Ok(crate::calls::Served::Done(call)) = server.serve() else {
        panic!("must be answered");
    };
    assert_eq!((call.status, call.bytes), (Status::OUT_OF_RANGE, 0));
}

#[test]
fn a_slice_that_reaches_beyond_its_source_gives_no_byte_of_anything_else() {
    let (mut world, source) = world_with_slice();
    let shrink = |vmo: &mut Vmo| vmo.size = 2 * P;
    world.guest.edit(source, shrink).unwrap();
    assert_eq!(world.vmo_read(0, P).call.status, Status::OK);
    for outcome in [world.vmo_read(0, P + 1), world.vmo_write(P, 1)] {
        assert_eq!(outcome.call.status, Status::OUT_OF_RANGE);
    }
}

// covers: 4.4/11
#[test]
fn a_reference_has_bytes_and_size_of_its_source() {
    let mut world = World::new();
    let source = world.vmo;
    let reference = world.guest.reference(source).unwrap();
    world.vmo_handle = world.handle(reference, Rights::DEFAULT_VMO);
    world.fill_buffer(&pattern(100));
    assert_eq!(world.vmo_write(4 * P - 100, 100).call.status, Status::OK);
    let bytes = world.guest.read_vmo(source, 4 * P - 100, 100).unwrap();
    assert_eq!(bytes, pattern(100));
    assert_eq!(world.vmo_read(4 * P, 1).call.status, Status::OUT_OF_RANGE);
    // It grows with the source.
    let grow = |vmo: &mut Vmo| vmo.size = 5 * P;
    world.guest.edit(source, grow).unwrap();
    world.fill_buffer(&[7]);
    assert_eq!(world.vmo_read(4 * P, 1).call.status, Status::OK);
    assert_eq!(world.buffer(1), [0]);
    // So does what is mapped of it.
    let at = 0x2_0000_0000;
    world
        .guest
        .map(world.target, at, 8 * P, (reference, 0), READ_WRITE)
        .unwrap();
    assert_eq!(world.read_memory(at, 8 * P).call.actual, Some(5 * P));
    policy(&world, source, CachePolicy::UNCACHED);
    assert_eq!(world.vmo_read(0, 0).call.status, Status::BAD_STATE);
}

// covers: 4.4/7 22/27 23/7
#[test]
fn no_page_of_a_discarded_vmo_can_be_had() {
    for reference in [false, true] {
        let mut world = World::new();
        options(
            &world,
            world.vmo,
            VmoOptions::DISCARDABLE | VmoOptions::DISCARDED,
        );
        if reference {
            let reference = world.guest.reference(world.vmo).unwrap();
            world.vmo_handle = world.handle(reference, Rights::DEFAULT_VMO);
        }
        world.fill_buffer(&[9; 8]);
        let handle = world.vmo_handle;
        for call in [Call::VmoRead, Call::VmoWrite] {
            assert_eq!(
                world.status(call, &[handle, BUFFER, 0, 8]),
                Status::NOT_FOUND
            );
            // The page comes before the buffer, and bounds before the page.
            assert_eq!(world.status(call, &[handle, 0, 0, 8]), Status::NOT_FOUND);
            assert_eq!(world.status(call, &[handle, 0, 0, 0]), Status::OK);
            let beyond = world.status(call, &[handle, BUFFER, 4 * P, 1]);
            assert_eq!(beyond, Status::OUT_OF_RANGE);
        }
        assert_eq!(world.buffer(8), [9; 8]);
        assert_eq!(world.guest.get::<Vmo>(world.vmo).unwrap().page_count, 0);
    }
}

#[test]
fn a_mapping_of_a_discarded_vmo_cannot_be_read_or_written() {
    let mut world = World::new();
    options(&world, world.memory, VmoOptions::DISCARDED);
    for outcome in [world.read_memory(TARGET, 8), world.write_memory(TARGET, 8)] {
        assert_eq!(outcome.call.status, Status::NOT_FOUND);
    }
    assert_eq!(world.actual(), UNTOUCHED);
}

// covers: 4.4/8
#[test]
fn a_discardable_vmo_that_was_not_discarded_is_like_any_other() {
    let mut world = World::new();
    options(&world, world.vmo, VmoOptions::DISCARDABLE);
    world.fill_buffer(b"kept");
    assert_eq!(world.vmo_write(5, 4).call.status, Status::OK);
    world.fill_buffer(b"____");
    assert_eq!(world.vmo_read(5, 4).call.status, Status::OK);
    assert_eq!(world.buffer(4), b"kept");
}

// covers: 4.4/3 4.4/5 4.4/6
#[test]
fn contiguous_and_pinned_vmos_are_read_and_written_in_one_exit() {
    let mut world = World::new();
    world.guest.commit(world.vmo, 0, 4 * P).unwrap();
    options(
        &world,
        world.vmo,
        VmoOptions::CONTIGUOUS | VmoOptions::PINNED,
    );
    world.fill_buffer(&pattern(9000));
    assert_eq!(world.vmo_write(50, 9000).exits, 1);
    world.fill_buffer(&[0; 9000]);
    let outcome = world.vmo_read(50, 9000);
    assert_eq!((outcome.call.status, outcome.exits), (Status::OK, 1));
    assert_eq!(world.buffer(9000), pattern(9000));
    policy(&world, world.vmo, CachePolicy::UNCACHED);
    assert_eq!(world.vmo_read(0, 0).call.status, Status::BAD_STATE);
}

// covers: 4.2/17 4.4/14
#[test]
fn a_size_of_almost_all_of_64_bits_is_usable_to_its_end() {
    let mut world = World::new();
    let size = abi::layout::MAX_VMO_SIZE;
    let vmo = world.guest.vmo("unbounded", size).unwrap();
    options(&world, vmo, VmoOptions::UNBOUNDED);
    world.vmo_handle = world.handle(vmo, Rights::DEFAULT_VMO);
    world.fill_buffer(b"end");
    assert_eq!(world.vmo_write(size - 3, 3).call.status, Status::OK);
    world.fill_buffer(b"___");
    assert_eq!(world.vmo_read(size - 3, 3).call.status, Status::OK);
    assert_eq!(world.buffer(3), b"end");
    assert_eq!(
        world.vmo_read(size - 3, 4).call.status,
        Status::OUT_OF_RANGE
    );
}
