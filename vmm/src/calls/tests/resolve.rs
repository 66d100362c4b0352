//! Requests for pages, and calls that resume.

use super::*;
use crate::calls::{CallError, CallServer, Served};
use crate::memory::MockRam;
use abi::CallPage;
use abi::call_page::{Access, CallState, Phase, ResolveRequest, Want};
use abi::layout::MAX_TRANSFER_PER_EXIT;
use abi::objects::Vmo;

/// Where the caller has eight pages of which none is there.
const LAZY: u64 = 0x7000_0000;

fn world_with_lazy_buffer() -> World {
    let mut world = World::new();
    let lazy = world.guest.vmo("lazy", 8 * P).unwrap();
    world
        .guest
        .map(world.caller, LAZY, 8 * P, (lazy, 0), READ_WRITE)
        .unwrap();
    world
}

fn started(world: &World, call: Call, arguments: &[u64]) -> CallServer<MockRam> {
    world.guest.begin(world.caller, call, arguments).unwrap();
    world.guest.server().unwrap()
}

fn page(world: &World) -> CallPage {
    world.guest.get(world.guest.call_page()).unwrap()
}

fn edit_page(world: &World, change: impl FnOnce(&mut CallPage)) {
    world.guest.edit(world.guest.call_page(), change).unwrap();
}

#[test]
fn both_sides_are_asked_for_at_once_and_to_the_end() {
    let mut world = world_with_lazy_buffer();
    let handle = world.vmo_handle;
    world.guest.commit(world.vmo, 0, P).unwrap();
    let outcome = world.call(Call::VmoWrite, &[handle, LAZY + 50, 100, 3 * P]);
    assert_eq!((outcome.call.status, outcome.exits), (Status::OK, 2));
    let request = outcome.requests[0];
    assert_eq!(request.wants, Want::VMO | Want::USER);
    assert_eq!(request.vmo_access, Access::WRITE);
    assert_eq!(request.vmo.address(), world.vmo.0);
    assert_eq!((request.vmo_offset, request.vmo_length), (P, 2 * P + 100));
    assert_eq!(request.user_access, Access::READ);
    assert_eq!(
        (request.user_address, request.user_length),
        (LAZY + 50, 3 * P)
    );
}

#[test]
fn a_read_asks_for_the_buffer_only() {
    let mut world = world_with_lazy_buffer();
    let handle = world.vmo_handle;
    let outcome = world.call(Call::VmoRead, &[handle, LAZY, 0, 4 * P]);
    assert_eq!((outcome.call.status, outcome.exits), (Status::OK, 2));
    let request = outcome.requests[0];
    assert_eq!(
        (request.wants, request.user_access),
        (Want::USER, Access::WRITE)
    );
    assert_eq!((request.user_address, request.user_length), (LAZY, 4 * P));
}

#[test]
fn nothing_is_asked_for_when_all_is_there() {
    let mut world = World::new();
    world.guest.commit(world.vmo, 0, 4 * P).unwrap();
    world.guest.commit(world.memory, 0, 3 * P).unwrap();
    for outcome in [
        world.vmo_read(0, 4 * P),
        world.vmo_write(0, 4 * P),
        world.read_memory(TARGET, 3 * P),
        world.write_memory(TARGET, 3 * P),
    ] {
        assert_eq!((outcome.call.status, outcome.exits), (Status::OK, 1));
    }
}

#[test]
fn the_call_page_says_how_far_a_paused_call_has_come() {
    let mut world = World::new();
    world.guest.commit(world.vmo, 0, P).unwrap();
    let arguments = [world.vmo_handle, BUFFER, 10, 2 * P];
    let mut server = started(&world, Call::VmoWrite, &arguments);
    assert_eq!(server.serve(), Ok(Served::Resolve));
    let page = page(&world);
    assert_eq!(page.state, CallState::RESOLVE);
    assert_eq!(page.progress.phase, Phase::COPY);
    assert_eq!(page.progress.vmo.address(), world.vmo.0);
    assert_eq!(page.progress.vmo_offset, 10);
    assert_eq!((page.progress.length, page.progress.done), (2 * P, P - 10));
    assert_eq!(page.resolve.vmo_offset, P);
}

#[test]
fn an_answered_call_leaves_no_request_behind() {
    let mut world = World::new();
    assert_eq!(world.vmo_write(0, P).exits, 2);
    let page = page(&world);
    assert_eq!((page.state, page.resolve.wants), (CallState::DONE, 0));
}

#[test]
fn a_request_that_was_never_taken_up_does_not_confuse_the_next_call() {
    let world = World::new();
    let arguments = [world.vmo_handle, BUFFER, 0, P];
    let mut server = started(&world, Call::VmoWrite, &arguments);
    assert_eq!(server.serve(), Ok(Served::Resolve));
    // The kernel gives it up, and the same call is made again.
    edit_page(&world, |page| page.resolve.status = Status::NO_MEMORY.0);
    let mut server = started(&world, Call::VmoWrite, &arguments);
    assert_eq!(server.serve(), Ok(Served::Resolve));
}

// covers: 4.1/7 4.3/4 22/20 23/7
#[test]
fn a_page_that_cannot_be_had_ends_the_call_with_its_status() {
    for status in [Status::NO_MEMORY, Status::IO, Status::BAD_STATE] {
        let mut world = World::new();
        world.fill_buffer(&pattern(12288));
        world.guest.fail(Want::VMO, 2 * P, status);
        let outcome = world.vmo_write(100, 3 * P);
        assert_eq!(outcome.call.status, status);
        assert_eq!(outcome.call.bytes, 2 * P - 100);
        let there = world.guest.read_vmo(world.vmo, 100, 8092).unwrap();
        assert_eq!(there, pattern(12288)[..8092]);
        assert_eq!(world.guest.get::<Vmo>(world.vmo).unwrap().page_count, 2);
    }
}

// covers: 23/41
#[test]
fn the_page_of_the_vmo_comes_before_the_byte_of_the_buffer() {
    let mut world = World::new();
    world.guest.fail(Want::VMO, 0, Status::IO);
    let handle = world.vmo_handle;
    for buffer in [0, u64::MAX, 0x6000_0000] {
        let status = world.status(Call::VmoWrite, &[handle, buffer, 0, 8]);
        assert_eq!(status, Status::IO, "{buffer:#x}");
    }
}

#[test]
fn bytes_before_a_bad_page_of_the_buffer_are_moved_even_if_they_were_missing_too() {
    let mut world = world_with_lazy_buffer();
    let handle = world.vmo_handle;
    world.guest.fail(Want::USER, LAZY + P, Status::IO);
    let outcome = world.call(Call::VmoRead, &[handle, LAZY + 8, 0, 2 * P]);
    assert_eq!(
        (outcome.call.status, outcome.call.bytes),
        (Status::IO, P - 8)
    );
}

#[test]
fn bytes_before_a_bad_page_of_the_vmo_are_moved_even_if_the_buffer_was_missing_too() {
    let mut world = world_with_lazy_buffer();
    world.guest.commit(world.vmo, 0, P).unwrap();
    world.guest.fail(Want::VMO, P, Status::NO_MEMORY);
    let handle = world.vmo_handle;
    let outcome = world.call(Call::VmoWrite, &[handle, LAZY, 0, 2 * P]);
    assert_eq!(
        (outcome.call.status, outcome.call.bytes),
        (Status::NO_MEMORY, P)
    );
}

#[test]
fn an_answer_that_changes_nothing_is_a_broken_kernel() {
    let world = world_with_lazy_buffer();
    let handle = world.vmo_handle;
    for (call, arguments) in [
        (Call::VmoWrite, [handle, BUFFER, 0, 8]),
        (Call::VmoRead, [handle, LAZY, 0, 8]),
    ] {
        let mut server = started(&world, call, &arguments);
        assert_eq!(server.serve(), Ok(Served::Resolve));
        let outcome = server.serve();
        assert!(
            matches!(outcome, Err(CallError::NoProgress { .. })),
            "{outcome:?}"
        );
    }
}

#[test]
fn an_answer_about_something_else_is_a_broken_kernel() {
    let world = World::new();
    for failed in [0, Want::USER, Want::VMO | Want::USER, 1 << 31] {
        let arguments = [world.vmo_handle, BUFFER, 0, 8];
        let mut server = started(&world, Call::VmoWrite, &arguments);
        assert_eq!(server.serve(), Ok(Served::Resolve));
        edit_page(&world, |page| {
            page.resolve.status = Status::NO_MEMORY.0;
            page.resolve.failed = failed;
        });
        let outcome = server.serve();
        assert!(
            matches!(outcome, Err(CallError::BadAnswer { .. })),
            "{failed}"
        );
    }
}

/// A write of two pages that has stopped for the second, which the kernel has provided
/// since; ready to resume.
fn paused_write(world: &mut World) -> CallServer<MockRam> {
    world.guest.commit(world.vmo, 0, P).unwrap();
    let arguments = [world.vmo_handle, BUFFER, 0, 2 * P];
    let mut server = started(world, Call::VmoWrite, &arguments);
    assert_eq!(server.serve(), Ok(Served::Resolve));
    world.guest.resolve().unwrap();
    server
}

// covers: 4.3/7 23/7
#[test]
fn a_vmo_that_shrinks_under_a_call_is_out_of_range() {
    let mut world = World::new();
    let mut server = paused_write(&mut world);
    world
        .guest
        .edit(world.vmo, |vmo: &mut Vmo| vmo.size = P)
        .unwrap();
    let Ok(Served::Done(call)) = server.serve() else {
        panic!("must be answered");
    };
    assert_eq!((call.status, call.bytes), (Status::OUT_OF_RANGE, P));
}

#[test]
fn a_vmo_that_another_took_the_place_of_is_a_broken_kernel() {
    let mut world = World::new();
    let mut server = paused_write(&mut world);
    let edit = |vmo: &mut Vmo| vmo.header.koid += 1;
    world.guest.edit(world.vmo, edit).unwrap();
    assert!(matches!(server.serve(), Err(CallError::VmoReplaced { .. })));
}

#[test]
fn the_handle_is_not_looked_at_again_when_a_call_resumes() {
    let mut world = World::new();
    let mut server = paused_write(&mut world);
    for index in 1..8 {
        let slot = world.guest.handle_slot(index).unwrap();
        world
            .guest
            .edit(slot, |entry: &mut [u8; 32]| *entry = [0; 32])
            .unwrap();
    }
    assert!(matches!(server.serve(), Ok(Served::Done(call)) if call.status == Status::OK));
}

#[test]
fn progress_that_makes_no_sense_is_a_broken_kernel() {
    let changes: [fn(&mut CallPage); 5] = [
        |page| page.progress.done = page.progress.length + 1,
        |page| page.progress.done = u64::MAX,
        |page| page.progress.length = u64::MAX,
        |page| page.progress.length = page.args[3] + 1,
        |page| page.progress.vmo_offset = u64::MAX - 5,
    ];
    for change in changes {
        let mut world = World::new();
        let mut server = paused_write(&mut world);
        edit_page(&world, change);
        let outcome = server.serve();
        assert!(
            matches!(outcome, Err(CallError::BadProgress { .. })),
            "{outcome:?}"
        );
    }
    let mut world = World::new();
    let mut server = paused_write(&mut world);
    edit_page(&world, |page| page.progress.phase = Phase::STORE_ACTUAL);
    assert_eq!(
        server.serve(),
        Err(CallError::UnknownPhase(Phase::STORE_ACTUAL))
    );
    edit_page(&world, |page| page.progress.phase = 3);
    assert_eq!(server.serve(), Err(CallError::UnknownPhase(3)));
}

#[test]
fn a_call_that_only_has_actual_left_must_have_moved_its_bytes() {
    for (length, done) in [(0, 0), (8, 7), (9, 9), (u64::MAX, u64::MAX)] {
        let world = World::new();
        let arguments = [world.target_handle, TARGET, BUFFER, 8, ACTUAL];
        let mut server = started(&world, Call::ProcessReadMemory, &arguments);
        edit_page(&world, |page| {
            page.progress.phase = Phase::STORE_ACTUAL;
            page.progress.length = length;
            page.progress.done = done;
            page.resolve = ResolveRequest::default();
        });
        let outcome = server.serve();
        assert!(
            matches!(outcome, Err(CallError::BadProgress { .. })),
            "{outcome:?}"
        );
        assert_eq!(world.actual(), UNTOUCHED);
    }
}

#[test]
fn a_long_call_comes_back_so_that_limits_hold() {
    // A read of holes into one page mapped over and over needs little memory.
    let mut world = World::new();
    let length = 2 * MAX_TRANSFER_PER_EXIT + 5;
    let sparse = world.guest.vmo("sparse", 1 << 40).unwrap();
    let handle = world.handle(sparse, Rights::DEFAULT_VMO);
    let frame = world.guest.frame().unwrap();
    let at = 0x10_0000_0000;
    for offset in (0..length).step_by(4096) {
        world
            .guest
            .map_page(world.caller, at + offset, frame, true)
            .unwrap();
    }
    let outcome = world.call(Call::VmoRead, &[handle, at, 0, length]);
    assert_eq!((outcome.call.status, outcome.exits), (Status::OK, 3));
    assert_eq!(outcome.call.bytes, length);
}

#[test]
fn requests_are_bounded_too() {
    let mut world = World::new();
    let sparse = world.guest.vmo("sparse", 1 << 40).unwrap();
    let handle = world.handle(sparse, Rights::DEFAULT_VMO);
    world
        .guest
        .map(
            world.caller,
            0x10_0000_0000,
            1 << 40,
            (sparse, 0),
            READ_WRITE,
        )
        .unwrap();
    let arguments = [handle, 0x10_0000_0000, 0, 1 << 40];
    let mut server = started(&world, Call::VmoWrite, &arguments);
    assert_eq!(server.serve(), Ok(Served::Resolve));
    let request = page(&world).resolve;
    assert_eq!(request.vmo_length, MAX_TRANSFER_PER_EXIT);
    assert_eq!(request.user_length, MAX_TRANSFER_PER_EXIT);
}

#[test]
fn kernel_requests_and_unknown_numbers_are_not_calls() {
    let world = World::new();
    for op in [6, 16, 0x1000, u32::MAX] {
        edit_page(&world, |page| page.op = op);
        let mut server = world.guest.server().unwrap();
        assert_eq!(server.op(), Ok(op));
        assert_eq!(server.serve(), Err(CallError::UnknownCall(op)));
    }
}

#[test]
fn the_run_loop_can_finish_requests_and_switch_traces() {
    let world = World::new();
    let mut server = world.guest.server().unwrap();
    edit_page(&world, |page| page.state = CallState::AGAIN);
    server.finish_request_with(77).unwrap();
    server.set_trace_kernel_calls(true).unwrap();
    let page = server.call_page().unwrap();
    assert_eq!((page.state, page.result), (CallState::DONE, 77));
    assert_eq!(page.trace_kernel_calls, 1);
    server.finish_request().unwrap();
    server.set_trace_kernel_calls(false).unwrap();
    let page = server.call_page().unwrap();
    assert_eq!((page.result, page.trace_kernel_calls), (0, 0));
}
