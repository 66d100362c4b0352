//! The mapping walk of the process calls (reference §5.2).

use super::*;
use abi::objects::{CachePolicy, Process, Vmo, VmoKind};

// covers: 5.1/8 6.1/10
#[test]
fn memory_is_read_and_written_through_the_mapping() {
    let mut world = World::new();
    let bytes = pattern(6000);
    world.fill_buffer(&bytes);
    let written = world.write_memory(TARGET + 1000, 6000);
    assert_eq!((written.call.status, written.exits), (Status::OK, 2));
    assert_eq!(written.call.actual, Some(6000));
    assert_eq!(world.actual(), 6000u64.to_le_bytes());
    assert_eq!(
        world.guest.read_vmo(world.memory, 1000, 6000).unwrap(),
        bytes
    );

    world.fill_buffer(&[0; 6000]);
    let read = world.read_memory(TARGET + 1000, 6000);
    assert_eq!((read.call.status, read.exits), (Status::OK, 1));
    assert_eq!(world.buffer(6000), bytes);
}

// covers: 5.1/6 5.2/1 5.3/4 6.1/9 6.3/1 22/12 23/18
#[test]
fn a_transfer_ends_short_where_its_one_mapping_ends() {
    let mut world = World::new();
    // The memory goes on in another mapping right behind it.
    let next = world.guest.vmo("next", P).unwrap();
    world
        .guest
        .map(world.target, TARGET + 3 * P, P, (next, 0), READ_WRITE)
        .unwrap();
    world.fill_buffer(&[0xAA; 1000]);
    for call in [Call::ProcessReadMemory, Call::ProcessWriteMemory] {
        let handle = world.target_handle;
        let start = TARGET + 3 * P - 300;
        let outcome = world.call(call, &[handle, start, BUFFER, 1000, ACTUAL]);
        assert_eq!(outcome.call.status, Status::OK);
        assert_eq!(outcome.call.actual, Some(300));
        assert_eq!(world.actual(), 300u64.to_le_bytes());
    }
    assert_eq!(world.buffer(1000)[300..], [0xAA; 700]);
    assert_eq!(world.guest.get::<Vmo>(next).unwrap().page_count, 0);
}

// covers: 5.1/15 5.2/5 5.2/6 6.1/9 6.1/13 22/13 23/20
#[test]
fn a_transfer_ends_short_where_the_vmo_ends() {
    for call in [Call::ProcessReadMemory, Call::ProcessWriteMemory] {
        let mut world = World::new();
        let page = world.guest.vmo("page", P).unwrap();
        let at = 0x2_0000_0000;
        world
            .guest
            .map(world.target, at, 2 * P, (page, 0), READ_WRITE)
            .unwrap();
        let handle = world.target_handle;
        let outcome = world.call(call, &[handle, at, BUFFER, 2 * P, ACTUAL]);
        assert_eq!(
            (outcome.call.status, outcome.call.actual),
            (Status::OK, Some(P))
        );
        let beyond = world.call(call, &[handle, at + P, BUFFER, 1, ACTUAL]);
        assert_eq!(beyond.call.status, Status::OUT_OF_RANGE);
    }
}

// covers: 5.2/2
#[test]
fn the_permissions_of_a_mapping_do_not_matter_to_a_read() {
    for permissions in [
        Permissions::empty(),
        Permissions::EXECUTE,
        Permissions::WRITE,
        READ,
    ] {
        let mut world = World::with_memory(permissions);
        world
            .guest
            .write_vmo(world.memory, 0, &pattern(50))
            .unwrap();
        assert_eq!(world.read_memory(TARGET, 50).call.status, Status::OK);
        assert_eq!(world.buffer(50), pattern(50));
    }
}

// covers: 5.1/7
#[test]
fn the_offset_of_a_mapping_counts() {
    let mut world = World::new();
    world
        .guest
        .write_vmo(world.vmo, 2 * P + 5, &pattern(50))
        .unwrap();
    let at = 0x2_0000_0000;
    world
        .guest
        .map(world.target, at, 2 * P, (world.vmo, 2 * P), READ_WRITE)
        .unwrap();
    assert_eq!(world.read_memory(at + 5, 50).call.status, Status::OK);
    assert_eq!(world.buffer(50), pattern(50));
}

// covers: 5.1/10 5.1/12
#[test]
fn mappings_in_sub_vmars_are_found_and_their_gaps_are_not_memory() {
    let mut world = World::new();
    let base = 0x3_0000_0000;
    let root = world.guest.get::<Process>(world.target).unwrap().root_vmar;
    let root = GuestAddress(root.address());
    let outer = world.guest.vmar(root, base..base + 64 * P).unwrap();
    let inner = world
        .guest
        .vmar(outer, base + 8 * P..base + 16 * P)
        .unwrap();
    world
        .guest
        .map_in(inner, base + 10 * P, P, (world.vmo, 0), READ_WRITE)
        .unwrap();
    world.guest.write_vmo(world.vmo, 0, &pattern(20)).unwrap();
    assert_eq!(world.read_memory(base + 10 * P, 20).call.status, Status::OK);
    assert_eq!(world.buffer(20), pattern(20));
    for gap in [base, base + 9 * P, base + 11 * P, base + 20 * P] {
        assert_eq!(world.read_memory(gap, 20).call.status, Status::NO_MEMORY);
    }
}

// covers: 5.1/13 5.1/14 6.1/11 6.1/12 6.2/5 22/8 22/8b 23/19
#[test]
fn physical_and_uncached_memory_is_refused_after_the_mapping_was_found() {
    let [documented, zircon] = BOTH_MODES;
    for (options, kind, policy, status) in [
        (
            documented,
            VmoKind::PHYSICAL,
            CachePolicy::CACHED,
            Status::NOT_SUPPORTED,
        ),
        (
            documented,
            VmoKind::PHYSICAL,
            CachePolicy::UNCACHED,
            Status::BAD_STATE,
        ),
        (
            zircon,
            VmoKind::PHYSICAL,
            CachePolicy::UNCACHED,
            Status::NOT_SUPPORTED,
        ),
        (
            documented,
            VmoKind::PAGED,
            CachePolicy::UNCACHED,
            Status::BAD_STATE,
        ),
        (
            zircon,
            VmoKind::PAGED,
            CachePolicy::UNCACHED,
            Status::BAD_STATE,
        ),
    ] {
        for permissions in [READ, READ_WRITE] {
            let mut world = World::with_memory(permissions);
            world.guest.set_options(options).unwrap();
            let edit = |vmo: &mut Vmo| {
                vmo.kind = kind.0;
                vmo.cache_policy = policy.0;
            };
            world.guest.edit(world.memory, edit).unwrap();
            assert_eq!(world.read_memory(TARGET, 8).call.status, status);
            assert_eq!(world.write_memory(TARGET, 8).call.status, status);
            assert_eq!(world.read_memory(0, 8).call.status, Status::NO_MEMORY);
        }
    }
}

#[test]
fn the_page_tables_of_the_target_do_not_matter() {
    let mut world = World::new();
    world
        .guest
        .write_vmo(world.memory, 0, &pattern(50))
        .unwrap();
    let edit = |process: &mut Process| process.page_table = 0xFFFF_F000;
    world.guest.edit(world.target, edit).unwrap();
    assert_eq!(world.read_memory(TARGET, 50).call.status, Status::OK);
    assert_eq!(world.buffer(50), pattern(50));
}
