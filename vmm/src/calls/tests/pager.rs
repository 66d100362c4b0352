//! VMOs with a pager, and clones of them (reference §4.5, §17).

use super::*;
use crate::calls::{CallServer, Served};
use crate::memory::MockRam;
use crate::objects::mock::MockGuest;
use abi::CallPage;
use abi::call_page::{Access, CallProgress, Phase, ResolveRequest, Want};
use abi::objects::{Vmo, VmoOptions};

const SUPPLIED: u8 = MockGuest::SUPPLIED;

/// What a pager can fail a page with.
const FAILURES: [Status; 5] = [
    Status::BAD_STATE,
    Status::IO,
    Status::IO_DATA_INTEGRITY,
    Status::NO_SPACE,
    Status::BUFFER_TOO_SMALL,
];

/// The caller's VMO has forty pages, which its pager supplies.
fn world() -> World {
    let mut world = World::new();
    world.vmo = world.guest.pager_vmo(40 * P).unwrap();
    world.vmo_handle = world.handle(world.vmo, Rights::DEFAULT_VMO);
    world
}

/// The same seen through two clones; the root comes with it.
fn world_with_clones() -> (World, GuestAddress) {
    let mut world = world();
    let root = world.vmo;
    let middle = world.guest.look_through(root, 0, 40 * P, 40 * P).unwrap();
    world.vmo = world.guest.look_through(middle, P, 8 * P, 16 * P).unwrap();
    world.vmo_handle = world.handle(world.vmo, Rights::DEFAULT_VMO);
    (world, root)
}

fn count(world: &World, vmo: GuestAddress) -> u64 {
    world.guest.get::<Vmo>(vmo).unwrap().page_count
}

// covers: 4.5/1
#[test]
fn pages_that_are_there_need_no_pager() {
    let mut world = world();
    world.guest.write_vmo(world.vmo, 0, &pattern(8192)).unwrap();
    let outcome = world.vmo_read(10, 8000);
    assert_eq!((outcome.call.status, outcome.exits), (Status::OK, 1));
    assert_eq!(world.buffer(8000), pattern(8192)[10..8010]);
    assert_eq!(world.vmo_write(10, 8000).exits, 1);
}

// covers: 4.5/3
#[test]
fn a_read_asks_for_all_that_is_left_once_it_comes_to_an_absent_page() {
    let mut world = world();
    world.guest.write_vmo(world.vmo, 0, &pattern(4096)).unwrap();
    let outcome = world.vmo_read(100, 10 * P);
    assert_eq!((outcome.call.status, outcome.exits), (Status::OK, 2));
    let request = outcome.requests[0];
    assert_eq!(
        (request.wants, request.vmo_access),
        (Want::VMO, Access::READ)
    );
    assert_eq!(request.vmo.address(), world.vmo.0);
    assert_eq!((request.vmo_offset, request.vmo_length), (P, 9 * P + 100));
    let mut expected = pattern(4096)[100..].to_vec();
    expected.resize(10 * 4096, SUPPLIED);
    assert_eq!(world.buffer(10 * 4096), expected);
}

// covers: 4.5/5
#[test]
fn a_write_asks_for_sixteen_pages_at_most() {
    let mut world = world();
    world.fill_buffer(&pattern(65536));
    let outcome = world.vmo_write(4 * P + 100, 16 * P);
    assert_eq!(outcome.call.status, Status::OK);
    let ranges: Vec<_> = outcome
        .requests
        .iter()
        .map(|request| (request.vmo_offset, request.vmo_length, request.vmo_access))
        .collect();
    assert_eq!(
        ranges,
        [
            (4 * P + 100, 16 * P - 100, Access::WRITE),
            (20 * P, 100, Access::WRITE)
        ]
    );
    let bytes = world.guest.read_vmo(world.vmo, 4 * P, 17 * 4096).unwrap();
    assert_eq!(bytes[..100], [SUPPLIED; 100], "the rest of a page is kept");
    assert_eq!(bytes[100..100 + 65536], pattern(65536));
    assert_eq!(bytes[100 + 65536..], [SUPPLIED; 3996]);
}

#[test]
fn a_clean_page_is_asked_for_before_it_is_written() {
    let mut world = world();
    world.guest.write_vmo(world.vmo, 0, &pattern(4096)).unwrap();
    let entry = world.guest.vmo_entry(world.vmo, 0).unwrap();
    let clean = |entry: &mut u64| *entry &= !abi::entry::WRITABLE;
    world.guest.edit(entry, clean).unwrap();
    assert_eq!(world.vmo_read(0, 8).exits, 1);
    let outcome = world.vmo_write(0, 8);
    assert_eq!((outcome.call.status, outcome.exits), (Status::OK, 2));
    assert_eq!(outcome.requests[0].vmo_access, Access::WRITE);
}

#[test]
fn beyond_what_the_pager_supplies_there_are_zeros() {
    let mut world = world();
    let grow = |vmo: &mut Vmo| vmo.size = 42 * P;
    world.guest.edit(world.vmo, grow).unwrap();
    world.fill_buffer(&[0xAA; 8192]);
    let outcome = world.vmo_read(40 * P, 2 * P);
    assert_eq!((outcome.call.status, outcome.exits), (Status::OK, 1));
    assert_eq!(world.buffer(8192), [0; 8192]);
    // One that straddles the border asks, and gets both.
    let outcome = world.vmo_read(39 * P, 2 * P);
    assert_eq!(outcome.exits, 2);
    assert_eq!(outcome.requests[0].vmo_length, P);
    let mut expected = vec![SUPPLIED; 4096];
    expected.resize(8192, 0);
    assert_eq!(world.buffer(8192), expected);
    assert_eq!(count(&world, world.vmo), 1, "nothing was made of the zeros");
}

// covers: 4.5/14 22/18 22/19 23/7
#[test]
fn the_failure_of_a_page_is_told_as_it_is() {
    for status in FAILURES {
        for mode in BOTH_MODES {
            let mut world = world();
            world.guest.set_options(mode).unwrap();
            world.guest.fail(Want::VMO, 2 * P, status);
            world.fill_buffer(&[1; 3 * 4096]);
            let outcome = world.vmo_read(10, 4 * P);
            assert_eq!(outcome.call.status, status);
            assert_eq!(outcome.call.bytes, 2 * P - 10, "the early pages");
            let mut expected = vec![SUPPLIED; 8182];
            expected.resize(3 * 4096, 1);
            assert_eq!(world.buffer(3 * 4096), expected, "and no late ones");
            let outcome = world.vmo_write(2 * P, 8);
            assert_eq!((outcome.call.status, outcome.call.bytes), (status, 0));
        }
    }
}

// covers: 23/41
#[test]
fn the_failure_of_a_page_comes_before_a_bad_buffer_and_after_everything_else() {
    let mut world = world();
    world.guest.fail(Want::VMO, 0, Status::IO);
    let handle = world.vmo_handle;
    for call in [Call::VmoRead, Call::VmoWrite] {
        for buffer in [0, 0x6000_0000, u64::MAX] {
            let status = world.status(call, &[handle, buffer, 0, 8]);
            assert_eq!(status, Status::IO, "{call:?} {buffer:#x}");
        }
        let beyond = world.status(call, &[handle, 0, 40 * P, 1]);
        assert_eq!(beyond, Status::OUT_OF_RANGE);
        assert_eq!(world.status(call, &[handle, 0, 0, 0]), Status::OK);
    }
}

#[test]
fn a_bad_buffer_is_told_without_waiting_for_a_later_page() {
    let mut world = world();
    world.guest.supply(world.vmo, 0).unwrap();
    let handle = world.vmo_handle;
    for call in [Call::VmoRead, Call::VmoWrite] {
        let outcome = world.call(call, &[handle, 0x6000_0000, 0, 2 * P]);
        assert_eq!(outcome.call.status, Status::NOT_FOUND);
        assert_eq!(outcome.requests.len(), 1);
        assert_eq!(outcome.requests[0].wants, Want::USER, "{call:?}");
    }
    assert_eq!(count(&world, world.vmo), 1);
}

#[test]
fn a_read_through_clones_asks_the_root_by_the_clone_that_was_called() {
    let (mut world, root) = world_with_clones();
    let outcome = world.vmo_read(2 * P + 5, 100);
    assert_eq!((outcome.call.status, outcome.exits), (Status::OK, 2));
    let request = outcome.requests[0];
    assert_eq!(
        (request.wants, request.vmo_access),
        (Want::VMO, Access::READ)
    );
    assert_eq!(request.vmo.address(), world.vmo.0);
    assert_eq!((request.vmo_offset, request.vmo_length), (2 * P + 5, 100));
    assert_eq!(world.buffer(100), [SUPPLIED; 100]);
    assert_eq!((count(&world, root), count(&world, world.vmo)), (1, 0));
    assert_eq!(world.vmo_read(2 * P, P).exits, 1);
}

// covers: 17.8/5
#[test]
fn what_a_clone_does_not_see_of_the_root_is_zero_and_asks_nobody() {
    let (mut world, root) = world_with_clones();
    let outcome = world.vmo_read(8 * P, 8 * P);
    assert_eq!((outcome.call.status, outcome.exits), (Status::OK, 1));
    assert_eq!(world.buffer(8 * 4096), [0; 8 * 4096]);
    // Nor does what the root has lost since.
    let shrink = |vmo: &mut Vmo| vmo.size = 3 * P;
    world.guest.edit(root, shrink).unwrap();
    let outcome = world.vmo_read(2 * P, 2 * P);
    assert_eq!((outcome.call.status, outcome.exits), (Status::OK, 1));
    assert_eq!(world.buffer(8192), [0; 8192]);
}

#[test]
fn no_more_is_asked_for_than_every_clone_on_the_way_shows_of_the_root() {
    // The clone shows eight pages of the root, and has the third of them itself.
    for call in [Call::VmoRead, Call::VmoWrite] {
        let (mut world, _) = world_with_clones();
        world
            .guest
            .write_vmo(world.vmo, 2 * P, &pattern(4096))
            .unwrap();
        let handle = world.vmo_handle;
        let outcome = world.call(call, &[handle, BUFFER, 0, 12 * P]);
        assert_eq!(outcome.call.status, Status::OK);
        let ranges: Vec<_> = outcome
            .requests
            .iter()
            .map(|request| (request.vmo_offset, request.vmo_length))
            .take(2)
            .collect();
        assert_eq!(ranges, [(0, 2 * P), (3 * P, 5 * P)]);
    }
}

#[test]
fn the_failure_of_the_root_is_told_through_its_clones() {
    let (mut world, _) = world_with_clones();
    world.guest.fail(Want::VMO, 0, Status::IO_DATA_INTEGRITY);
    for outcome in [world.vmo_read(5, 8), world.vmo_write(5, 8)] {
        assert_eq!(outcome.call.status, Status::IO_DATA_INTEGRITY);
        assert_eq!(outcome.call.bytes, 0);
    }
}

#[test]
fn a_write_to_a_clone_asks_for_sixteen_pages_at_most_too() {
    let (mut world, root) = world_with_clones();
    world.fill_buffer(&pattern(65536));
    let outcome = world.vmo_write(0, 16 * P);
    assert_eq!((outcome.call.status, outcome.exits), (Status::OK, 3));
    let lengths = outcome.requests.iter().map(|request| request.vmo_length);
    assert_eq!(lengths.collect::<Vec<_>>(), [8 * P, 8 * P]);
    assert_eq!(
        world.guest.read_vmo(world.vmo, 0, 65536).unwrap(),
        pattern(65536)
    );
    let below = world.guest.read_vmo(root, P, 4096).unwrap();
    assert_eq!(below, [SUPPLIED; 4096], "the root sees nothing of it");
}

/// A read that has stopped for the third page of three.
fn stopped(world: &mut World) -> (CallServer<MockRam>, CallPage) {
    for page in 0..2 {
        world.guest.supply(world.vmo, page * P).unwrap();
    }
    let arguments = [world.vmo_handle, BUFFER, 0, 3 * P];
    world
        .guest
        .begin(world.caller, Call::VmoRead, &arguments)
        .unwrap();
    let mut server = world.guest.server().unwrap();
    assert_eq!(server.serve(), Ok(Served::Resolve));
    let page: CallPage = world.guest.get(world.guest.call_page()).unwrap();
    assert_eq!(page.progress.done, 2 * P);
    (server, page)
}

/// What the kernel does when a blocked thread's turn comes: the call and its progress, and
/// no answer.
fn wake(world: &World, page: &CallPage) {
    let edit = |now: &mut CallPage| {
        *now = *page;
        now.resolve.wants = 0;
    };
    world.guest.edit(world.guest.call_page(), edit).unwrap();
}

#[test]
fn a_call_that_was_blocked_goes_on_where_it_stopped_whatever_was_served_meanwhile() {
    let mut world = world();
    let (mut server, page) = stopped(&mut world);
    // Others' calls in between.
    let other = world.guest.vmo("other", P).unwrap();
    let handle = world.handle(other, Rights::DEFAULT_VMO);
    let at = BUFFER + 8 * P;
    let outcome = world.call(Call::VmoWrite, &[handle, at, 0, P]);
    assert_eq!(outcome.call.status, Status::OK);
    world.guest.supply(world.vmo, 2 * P).unwrap();
    wake(&world, &page);
    let Ok(Served::Done(call)) = server.serve() else {
        panic!("must be answered");
    };
    assert_eq!((call.status, call.bytes), (Status::OK, 3 * P));
    assert_eq!(world.buffer(3 * 4096), [SUPPLIED; 3 * 4096]);
}

#[test]
fn a_page_that_is_gone_again_when_a_blocked_call_goes_on_is_asked_for_again() {
    let mut world = world();
    let (mut server, page) = stopped(&mut world);
    for _ in 0..3 {
        wake(&world, &page);
        assert_eq!(server.serve(), Ok(Served::Resolve));
        let now: CallPage = world.guest.get(world.guest.call_page()).unwrap();
        assert_eq!(
            (now.resolve.wants, now.resolve.vmo_offset),
            (Want::VMO, 2 * P)
        );
        assert_eq!(now.progress.done, 2 * P);
    }
}

// covers: 4.3/7
#[test]
fn a_vmo_that_shrinks_while_a_call_is_blocked_is_out_of_range() {
    let mut world = world();
    let (mut server, page) = stopped(&mut world);
    let shrink = |vmo: &mut Vmo| vmo.size = 2 * P;
    world.guest.edit(world.vmo, shrink).unwrap();
    wake(&world, &page);
    let Ok(Served::Done(call)) = server.serve() else {
        panic!("must be answered");
    };
    assert_eq!((call.status, call.bytes), (Status::OUT_OF_RANGE, 2 * P));
}

#[test]
fn a_vmo_that_is_discarded_while_a_call_is_blocked_is_not_found() {
    let mut world = world();
    let (mut server, page) = stopped(&mut world);
    let discard = |vmo: &mut Vmo| vmo.options |= VmoOptions::DISCARDED.bits();
    world.guest.edit(world.vmo, discard).unwrap();
    wake(&world, &page);
    let Ok(Served::Done(call)) = server.serve() else {
        panic!("must be answered");
    };
    assert_eq!(call.status, Status::NOT_FOUND);
}

// covers: 5.1/8
#[test]
fn a_blocked_store_of_actual_goes_on_without_moving_bytes_again() {
    let mut world = World::new();
    world
        .guest
        .write_vmo(world.memory, 0, &pattern(64))
        .unwrap();
    let lazy = world.guest.pager_vmo(P).unwrap();
    let pointer = 0x7000_0000;
    world
        .guest
        .map(world.caller, pointer, P, (lazy, 0), READ_WRITE)
        .unwrap();
    let arguments = [world.target_handle, TARGET, BUFFER, 64, pointer];
    let call = Call::ProcessReadMemory;
    world.guest.begin(world.caller, call, &arguments).unwrap();
    let mut server = world.guest.server().unwrap();
    assert_eq!(server.serve(), Ok(Served::Resolve));
    let page: CallPage = world.guest.get(world.guest.call_page()).unwrap();
    assert_eq!(page.progress.phase, Phase::STORE_ACTUAL);
    assert_eq!(world.buffer(64), pattern(64));
    world.fill_buffer(&[3; 64]);
    wake(&world, &page);
    assert_eq!(server.serve(), Ok(Served::Resolve));
    world.guest.resolve().unwrap();
    let Ok(Served::Done(call)) = server.serve() else {
        panic!("must be answered");
    };
    assert_eq!((call.status, call.actual), (Status::OK, Some(64)));
    let stored = world.guest.read_user(world.caller, pointer, 8).unwrap();
    assert_eq!(stored, 64u64.to_le_bytes());
    assert_eq!(world.buffer(64), [3; 64], "the bytes were moved once");
}

#[test]
fn a_private_copy_of_memory_with_a_pager_is_made_before_any_page_is_waited_for() {
    let mut world = World::new();
    let vmo = world.guest.pager_vmo(3 * P).unwrap();
    let at = 0x2_0000_0000;
    world
        .guest
        .map(world.target, at, 3 * P, (vmo, 0), READ)
        .unwrap();
    world.fill_buffer(b"patched");
    let arguments = [world.target_handle, at + P, BUFFER, 7, ACTUAL];
    let outcome = world.call(Call::ProcessWriteMemory, &arguments);
    assert_eq!(outcome.call.status, Status::OK);
    let wants: Vec<_> = outcome
        .requests
        .iter()
        .map(|request| request.wants)
        .collect();
    assert_eq!(wants, [Want::CLONE_MAPPING, Want::VMO]);
    assert_eq!(world.read_memory(at + P, 10).call.status, Status::OK);
    assert_eq!(&world.buffer(10)[..7], b"patched");
    assert_eq!(world.buffer(10)[7..], [SUPPLIED; 3]);
    // What the copy has not written still comes from the pager, through the root.
    assert_eq!(world.read_memory(at, 4).call.status, Status::OK);
    assert_eq!(world.buffer(4), [SUPPLIED; 4]);
    let original = world.guest.read_vmo(vmo, P, 7).unwrap();
    assert_eq!(original, [SUPPLIED; 7]);
}

#[test]
fn a_call_that_has_not_begun_leaves_no_progress_behind() {
    let mut world = World::with_memory(READ);
    let stale = |page: &mut CallPage| {
        page.progress = CallProgress {
            vmo: abi::Link::new(0xDEAD_0000),
            vmo_koid: 7,
            length: 8,
            done: 8,
            ..CallProgress::default()
        };
        page.resolve = ResolveRequest::default();
    };
    world.guest.edit(world.guest.call_page(), stale).unwrap();
    let arguments = [world.target_handle, TARGET, BUFFER, 8, ACTUAL];
    let call = Call::ProcessWriteMemory;
    world.guest.begin(world.caller, call, &arguments).unwrap();
    let mut server = world.guest.server().unwrap();
    assert_eq!(server.serve(), Ok(Served::Resolve));
    let page: CallPage = world.guest.get(world.guest.call_page()).unwrap();
    assert_eq!(page.progress.phase, Phase::NEW);
    assert!(page.progress.vmo.is_none(), "it holds on to nothing");
    // It can be taken up again without an answer.
    let mut unanswered = page;
    unanswered.resolve.wants = 0;
    let put = |page: &mut CallPage| *page = unanswered;
    world.guest.edit(world.guest.call_page(), put).unwrap();
    assert_eq!(server.serve(), Ok(Served::Resolve));
    world.guest.resolve().unwrap();
    assert!(matches!(server.serve(), Ok(Served::Done(call)) if call.status == Status::OK));
}
