//! Clones that look through to their source (reference §10.4, §17.8), and the chains that a
//! broken kernel can make of them.

use super::*;
use crate::calls::{CallError, checksum};
use crate::objects::Problem;
use crate::objects::mock::MockError;
use abi::Link;
use abi::call_page::{Access, Want};
use abi::layout::MAX_CLONE_DEPTH;
use abi::objects::{Vmo, VmoOptions};

/// The caller's handle is one to `vmo` from now on.
fn use_vmo(world: &mut World, vmo: GuestAddress) {
    world.vmo = vmo;
    world.vmo_handle = world.handle(vmo, Rights::DEFAULT_VMO);
}

/// A clone of all of a VMO with a pattern in its first three pages of four.
fn world_with_clone() -> (World, GuestAddress) {
    let mut world = World::new();
    let source = world.vmo;
    world
        .guest
        .write_vmo(source, 0, &pattern(3 * 4096))
        .unwrap();
    let clone = world.guest.look_through(source, 0, 4 * P, 4 * P).unwrap();
    use_vmo(&mut world, clone);
    (world, source)
}

// covers: 4.3/1
#[test]
fn what_a_clone_has_not_it_reads_from_its_source_in_one_exit() {
    let (mut world, source) = world_with_clone();
    world.fill_buffer(&[0xAA; 4 * 4096]);
    let outcome = world.vmo_read(0, 4 * P);
    assert_eq!((outcome.call.status, outcome.exits), (Status::OK, 1));
    assert_eq!(world.buffer(3 * 4096), pattern(3 * 4096));
    assert_eq!(world.buffer(4 * 4096)[3 * 4096..], [0; 4096]);
    // What is written to the source later is seen.
    world.guest.write_vmo(source, 3 * P, b"later").unwrap();
    assert_eq!(world.vmo_read(3 * P, 5).call.status, Status::OK);
    assert_eq!(world.buffer(5), b"later");
    assert_eq!(world.guest.get::<Vmo>(world.vmo).unwrap().page_count, 0);
}

#[test]
fn a_page_of_its_own_hides_that_of_the_source() {
    let (mut world, source) = world_with_clone();
    world.fill_buffer(b"own");
    let outcome = world.vmo_write(P + 10, 3);
    assert_eq!((outcome.call.status, outcome.exits), (Status::OK, 2));
    let request = outcome.requests[0];
    assert_eq!(
        (request.wants, request.vmo_access),
        (Want::VMO, Access::WRITE)
    );
    assert_eq!(
        request.vmo.address(),
        world.vmo.0,
        "the clone, not its source"
    );
    world.guest.write_vmo(source, P, b"hidden").unwrap();
    assert_eq!(world.vmo_read(0, 3 * P).call.status, Status::OK);
    let mut expected = pattern(3 * 4096);
    expected[4106..4109].copy_from_slice(b"own");
    assert_eq!(world.buffer(3 * 4096), expected);
    let untouched = world.guest.read_vmo(source, 0, 4096).unwrap();
    assert_eq!(untouched, pattern(4096));
}

#[test]
fn a_clone_sees_no_more_of_its_source_than_its_limit() {
    let mut world = World::new();
    let source = world.vmo;
    world
        .guest
        .write_vmo(source, 0, &pattern(4 * 4096))
        .unwrap();
    let clone = world.guest.look_through(source, P, 2 * P, 4 * P).unwrap();
    use_vmo(&mut world, clone);
    world.fill_buffer(&[0xAA; 4 * 4096]);
    assert_eq!(world.vmo_read(0, 4 * P).exits, 1);
    let mut expected = pattern(4 * 4096)[4096..3 * 4096].to_vec();
    expected.resize(4 * 4096, 0);
    assert_eq!(world.buffer(4 * 4096), expected);
}

#[test]
fn what_the_source_has_lost_at_its_end_reads_zero_in_the_clone() {
    let (mut world, source) = world_with_clone();
    let shrink = |vmo: &mut Vmo| vmo.size = P;
    world.guest.edit(source, shrink).unwrap();
    assert_eq!(world.vmo_read(0, 4 * P).call.status, Status::OK);
    let mut expected = pattern(4096);
    expected.resize(4 * 4096, 0);
    assert_eq!(world.buffer(4 * 4096), expected);
}

// covers: 17.8/6
#[test]
fn every_clone_of_a_chain_clips_what_is_seen_of_the_root() {
    let mut world = World::new();
    let root = world.vmo;
    world.guest.write_vmo(root, 0, &pattern(4 * 4096)).unwrap();
    // The middle one shows pages 1 and 2 of the root, the last all that the middle has.
    let middle = world.guest.look_through(root, P, 2 * P, 4 * P).unwrap();
    let last = world.guest.look_through(middle, 0, 4 * P, 4 * P).unwrap();
    world.guest.write_vmo(middle, P, b"middle").unwrap();
    use_vmo(&mut world, last);
    world.fill_buffer(&[0xAA; 4 * 4096]);
    assert_eq!(world.vmo_read(0, 4 * P).exits, 1);
    let mut expected = pattern(4 * 4096)[4096..3 * 4096].to_vec();
    expected[4096..4102].copy_from_slice(b"middle");
    expected.resize(4 * 4096, 0);
    assert_eq!(world.buffer(4 * 4096), expected);
}

#[test]
fn layers_that_alternate_page_by_page_are_put_together_rightly() {
    let mut world = World::new();
    let root = world.guest.vmo("root", 16 * P).unwrap();
    world.guest.write_vmo(root, 0, &pattern(16 * 4096)).unwrap();
    let clone = world.guest.look_through(root, 0, 16 * P, 16 * P).unwrap();
    let mut expected = pattern(16 * 4096);
    for page in (0..16).step_by(3) {
        let at = page * 4096;
        expected[at..at + 4096].fill(u8::try_from(page).unwrap());
        let bytes = expected[at..at + 4096].to_vec();
        world.guest.write_vmo(clone, at as u64, &bytes).unwrap();
    }
    use_vmo(&mut world, clone);
    for (offset, size) in [(0, 16 * P), (100, 15 * P), (3 * P - 1, 2 * P + 2)] {
        let outcome = world.vmo_read(offset, size);
        assert_eq!((outcome.call.status, outcome.exits), (Status::OK, 1));
        let from = usize::try_from(offset).unwrap();
        let to = from + usize::try_from(size).unwrap();
        assert_eq!(world.buffer(to - from), expected[from..to]);
        let sum = checksum(&**world.guest.ram(), &outcome.call).unwrap();
        assert_eq!(sum, Some(crc32fast::hash(&expected[from..to])));
    }
}

#[test]
fn a_mapping_of_a_clone_reads_through_it_too() {
    let (mut world, _) = world_with_clone();
    let at = 0x2_0000_0000;
    world
        .guest
        .map(world.target, at, 2 * P, (world.vmo, P), READ_WRITE)
        .unwrap();
    let outcome = world.read_memory(at, 2 * P);
    assert_eq!((outcome.call.actual, outcome.exits), (Some(2 * P), 1));
    assert_eq!(world.buffer(8192), pattern(3 * 4096)[4096..]);
}

/// A chain of so many clones over the world's VMO; the last one.
fn chain(world: &mut World, steps: u32) -> GuestAddress {
    let mut last = world.vmo;
    for _ in 0..steps {
        last = world.guest.look_through(last, 0, 4 * P, 4 * P).unwrap();
    }
    last
}

#[test]
fn the_longest_chain_that_there_can_be_is_read_through() {
    let mut world = World::new();
    world.guest.write_vmo(world.vmo, 0, b"far away").unwrap();
    let last = chain(&mut world, MAX_CLONE_DEPTH);
    use_vmo(&mut world, last);
    assert_eq!(world.vmo_read(0, 8).exits, 1);
    assert_eq!(world.buffer(8), b"far away");
}

fn error(world: &mut World, call: Call) -> CallError {
    let arguments = [world.vmo_handle, BUFFER, 0, 100];
    match world.guest.call(world.caller, call, &arguments) {
        Err(MockError::Call(error)) => error,
        other => panic!("{call:?} must fail, not {other:?}"),
    }
}

fn problem(world: &mut World, call: Call) -> Problem {
    match error(world, call) {
        CallError::View(error) => error.problem,
        other => panic!("{other}"),
    }
}

#[test]
fn longer_chains_and_circles_are_a_broken_kernel() {
    let mut world = World::new();
    let last = chain(&mut world, MAX_CLONE_DEPTH + 1);
    use_vmo(&mut world, last);
    for call in [Call::VmoRead, Call::VmoWrite] {
        let problem = problem(&mut world, call);
        assert!(matches!(problem, Problem::LongChain { .. }), "{problem}");
    }

    let (mut world, source) = world_with_clone();
    let circle = world.vmo;
    for (vmo, other) in [(source, circle), (circle, circle)] {
        let edit = |vmo: &mut Vmo| {
            vmo.source = Link::new(other.0);
            vmo.source_limit = 4 * P;
            vmo.pages = 0;
        };
        world.guest.edit(vmo, edit).unwrap();
        for call in [Call::VmoRead, Call::VmoWrite] {
            let problem = problem(&mut world, call);
            assert!(matches!(problem, Problem::LongChain { .. }), "{problem}");
        }
    }
}

#[test]
fn a_source_may_lead_anywhere() {
    for address in [4, 0x1001, (8 << 20) - 8, 1 << 40, u64::MAX - 7] {
        for option in [VmoOptions::CLONE, VmoOptions::SLICE, VmoOptions::REFERENCE] {
            let (mut world, _) = world_with_clone();
            let edit = |vmo: &mut Vmo| {
                vmo.source = Link::new(address);
                vmo.options = option.bits();
            };
            world.guest.edit(world.vmo, edit).unwrap();
            let CallError::View(error) = error(&mut world, Call::VmoRead) else {
                panic!("must be a broken view");
            };
            assert_eq!((error.structure, error.address.0), ("vmo", address));
        }
    }
}

#[test]
fn an_alias_without_a_source_or_with_an_alias_for_one_is_found() {
    for option in [VmoOptions::SLICE, VmoOptions::REFERENCE] {
        let (mut world, source) = world_with_clone();
        let edit = |vmo: &mut Vmo| vmo.options = option.bits();
        world.guest.edit(source, edit).unwrap();
        let found = problem(&mut world, Call::VmoRead);
        assert!(
            matches!(
                found,
                Problem::Field {
                    name: "options",
                    ..
                }
            ),
            "{found}"
        );
        let edit = |vmo: &mut Vmo| vmo.source = Link::NONE;
        world.guest.edit(source, edit).unwrap();
        use_vmo(&mut world, source);
        let found = problem(&mut world, Call::VmoRead);
        assert_eq!(found, Problem::Missing);
    }
}

#[test]
fn fields_of_a_clone_that_cannot_be_are_found() {
    let changes: [fn(&mut Vmo); 6] = [
        |vmo| vmo.source_offset = 8,
        |vmo| vmo.source_offset = !0xFFF,
        |vmo| vmo.source_limit = 0x1234,
        |vmo| vmo.source_limit = !0xFFF,
        |vmo| vmo.source_limit = u64::MAX,
        |vmo| vmo.pager_limit = 1,
    ];
    for change in changes {
        let (mut world, _) = world_with_clone();
        let edit = |vmo: &mut Vmo| {
            vmo.source_offset = P;
            change(vmo);
        };
        world.guest.edit(world.vmo, edit).unwrap();
        let found = problem(&mut world, Call::VmoRead);
        assert!(matches!(found, Problem::Field { .. }), "{found}");
    }
}
