//! Which error wins when two apply (reference §23, last table).

use super::*;
use crate::objects::mock::MockGuest;
use abi::layout::MAX_PROCESS_TRANSFER;
use abi::objects::{CachePolicy, Mapping, MappingFlags, Process, ProcessState, Vmo, VmoKind};

const PROCESS_CALLS: [Call; 2] = [Call::ProcessReadMemory, Call::ProcessWriteMemory];
const VMO_CALLS: [Call; 2] = [Call::VmoRead, Call::VmoWrite];
const NO_HANDLE: u64 = 0;
const HOLE: u64 = 0x6000_0000;
/// Where nothing is mapped in the target.
const NOWHERE: u64 = TARGET + 64 * P;

// covers: 5.1/19 6.1/1 22/14 23/10 23/23
#[test]
fn without_the_debugging_switch_a_write_is_not_supported_whatever_else_is_wrong() {
    for options in [BootOptions::empty(), BootOptions::ZIRCON_ERRORS] {
        let mut world = World::new();
        world.guest.set_options(options).unwrap();
        let status = world.status(Call::ProcessWriteMemory, &[NO_HANDLE, 0, 0, 0, 0]);
        assert_eq!(status, Status::NOT_SUPPORTED);
        assert_eq!(
            world.write_memory(TARGET, 8).call.status,
            Status::NOT_SUPPORTED
        );
        assert_eq!(world.read_memory(TARGET, 8).call.status, Status::OK);
    }
}

// covers: 5.1/9 22/26 23/24 23/25 23/26
#[test]
fn process_calls_look_at_buffer_and_size_before_the_handle() {
    let most = MAX_PROCESS_TRANSFER;
    for call in PROCESS_CALLS {
        let mut world = World::new();
        let weak = world.handle(world.target, Rights::empty());
        for arguments in [
            [NO_HANDLE, TARGET, 0, 8, ACTUAL],
            [NO_HANDLE, TARGET, BUFFER, 0, ACTUAL],
            [NO_HANDLE, TARGET, BUFFER, most + 1, ACTUAL],
            [weak, TARGET, BUFFER, most + 1, ACTUAL],
            [weak, TARGET, BUFFER, u64::MAX, ACTUAL],
        ] {
            assert_eq!(
                world.status(call, &arguments),
                Status::INVALID_ARGS,
                "{call:?}"
            );
        }
        // 64 MiB itself is allowed, and clipped here.
        let handle = world.target_handle;
        let outcome = world.call(call, &[handle, TARGET, BUFFER, most, ACTUAL]);
        assert_eq!(outcome.call.status, Status::OK, "{call:?}");
        assert_eq!(outcome.call.actual, Some(3 * P));
    }
}

// covers: 2.2/1 2.2/2 2.2/3 23/13 23/27 23/28 23/29
#[test]
fn a_bad_handle_comes_before_type_type_before_rights_and_rights_before_memory() {
    for call in PROCESS_CALLS {
        let mut world = World::new();
        let wrong = world.handle(world.vmo, Rights::empty());
        let weak = world.handle(world.target, Rights::empty());
        let stranger = world
            .guest
            .handle(world.target, world.target, Rights::DEFAULT_PROCESS);
        let stranger = u64::from(stranger.unwrap());
        for (handle, status) in [
            (NO_HANDLE, Status::BAD_HANDLE),
            (world.target_handle ^ 1, Status::BAD_HANDLE),
            (world.target_handle ^ 2, Status::BAD_HANDLE),
            (world.target_handle ^ 1 << 20, Status::BAD_HANDLE),
            (u64::from(u32::MAX), Status::BAD_HANDLE),
            (stranger, Status::BAD_HANDLE),
            (wrong, Status::WRONG_TYPE),
            (weak, Status::ACCESS_DENIED),
        ] {
            let got = world.status(call, &[handle, NOWHERE, HOLE, 8, HOLE]);
            assert_eq!(got, status, "{call:?} {handle:#x}");
        }
    }
}

// covers: 2.1/6 2.2/1
#[test]
fn a_value_of_another_process_is_a_bad_handle_even_if_the_secret_fits() {
    let mut world = World::new();
    // Same secret in both: the owner of the slot still tells them apart.
    let secret = world
        .guest
        .get::<Process>(world.caller)
        .unwrap()
        .handle_secret;
    let set = |process: &mut Process| process.handle_secret = secret;
    world.guest.edit(world.target, set).unwrap();
    let theirs = world
        .guest
        .handle(world.target, world.vmo, Rights::DEFAULT_VMO)
        .unwrap();
    assert_eq!(
        world.status(Call::VmoRead, &[theirs.into(), BUFFER, 0, 1]),
        Status::BAD_HANDLE
    );
}

// covers: 5.1/3 6.1/4 22/15
#[test]
fn reading_memory_needs_both_rights_and_writing_only_one() {
    let mut world = World::new();
    let read = world.handle(world.target, Rights::READ);
    let write = world.handle(world.target, Rights::WRITE);
    let both = world.handle(world.target, Rights::IO);
    for (call, handle, status) in [
        (Call::ProcessReadMemory, read, Status::ACCESS_DENIED),
        (Call::ProcessReadMemory, write, Status::ACCESS_DENIED),
        (Call::ProcessReadMemory, both, Status::OK),
        (Call::ProcessWriteMemory, read, Status::ACCESS_DENIED),
        (Call::ProcessWriteMemory, write, Status::OK),
        (Call::ProcessWriteMemory, both, Status::OK),
    ] {
        assert_eq!(
            world.status(call, &[handle, TARGET, BUFFER, 8, ACTUAL]),
            status,
            "{call:?}"
        );
    }
}

// covers: 4.1/1
#[test]
fn a_vmo_call_needs_its_own_right_and_no_other() {
    let mut world = World::new();
    let read = world.handle(world.vmo, Rights::READ);
    let write = world.handle(world.vmo, Rights::WRITE);
    for (call, handle, status) in [
        (Call::VmoRead, read, Status::OK),
        (Call::VmoRead, write, Status::ACCESS_DENIED),
        (Call::VmoWrite, read, Status::ACCESS_DENIED),
        (Call::VmoWrite, write, Status::OK),
    ] {
        assert_eq!(
            world.status(call, &[handle, BUFFER, 0, 8]),
            status,
            "{call:?}"
        );
    }
}

// covers: 5.1/11 22/1 23/30
#[test]
fn nothing_mapped_comes_before_a_bad_buffer() {
    for options in BOTH_MODES {
        for call in PROCESS_CALLS {
            let mut world = World::new();
            world.guest.set_options(options).unwrap();
            let handle = world.target_handle;
            for vaddr in [NOWHERE, 0, TARGET - 1, TARGET + 3 * P, 1 << 47, u64::MAX] {
                for buffer in [HOLE, u64::MAX, BUFFER] {
                    let status = world.status(call, &[handle, vaddr, buffer, 8, ACTUAL]);
                    assert_eq!(status, Status::NO_MEMORY, "{call:?} {vaddr:#x}");
                }
            }
        }
    }
}

// covers: 6.1/8 23/16 23/31
#[test]
fn a_write_to_the_vdso_is_denied_before_its_buffer_is_looked_at_and_a_read_is_not() {
    for options in BOTH_MODES {
        let mut world = World::new();
        world.guest.set_options(options).unwrap();
        let flag = |mapping: &mut Mapping| mapping.flags |= MappingFlags::VDSO.bits();
        world.guest.edit(world.mapping, flag).unwrap();
        let handle = world.target_handle;
        for buffer in [HOLE, u64::MAX, BUFFER] {
            let status = world.status(
                Call::ProcessWriteMemory,
                &[handle, TARGET, buffer, 8, ACTUAL],
            );
            assert_eq!(status, Status::ACCESS_DENIED);
        }
        assert_eq!(world.read_memory(TARGET, 8).call.status, Status::OK);
    }
}

// covers: 5.1/15 6.1/13 23/32
#[test]
fn beyond_the_end_of_the_vmo_comes_before_a_bad_buffer() {
    for options in BOTH_MODES {
        for call in PROCESS_CALLS {
            let mut world = World::new();
            world.guest.set_options(options).unwrap();
            let shrink = |vmo: &mut Vmo| vmo.size = P;
            world.guest.edit(world.memory, shrink).unwrap();
            let handle = world.target_handle;
            for buffer in [HOLE, u64::MAX, BUFFER] {
                let status = world.status(call, &[handle, TARGET + P, buffer, 8, ACTUAL]);
                assert_eq!(status, Status::OUT_OF_RANGE, "{call:?}");
            }
        }
    }
}

// covers: 5.1/4 5.4/2 5.4/4 6.1/5 22/10 23/14
#[test]
fn a_dead_target_is_in_a_bad_state_and_a_dying_one_only_without_its_memory() {
    for call in PROCESS_CALLS {
        for (state, has_memory, status) in [
            (ProcessState::INITIAL, true, Status::OK),
            (ProcessState::RUNNING, true, Status::OK),
            (ProcessState::DYING, true, Status::OK),
            (ProcessState::RUNNING, false, Status::BAD_STATE),
            (ProcessState::DYING, false, Status::BAD_STATE),
            (ProcessState::DEAD, false, Status::BAD_STATE),
            (ProcessState::DEAD, true, Status::BAD_STATE),
        ] {
            let mut world = World::new();
            let edit = |process: &mut Process| {
                process.state = state.0;
                if !has_memory {
                    process.root_vmar = abi::Link::NONE;
                    process.page_table = 0;
                }
            };
            world.guest.edit(world.target, edit).unwrap();
            let handle = world.target_handle;
            let got = world.status(call, &[handle, TARGET, BUFFER, 8, ACTUAL]);
            assert_eq!(got, status, "{call:?} {state:?} {has_memory}");
            // Where nothing was mapped makes no difference.
            if status != Status::OK {
                let got = world.status(call, &[handle, 0, BUFFER, 8, ACTUAL]);
                assert_eq!(got, status, "{call:?} {state:?} {has_memory}, at 0");
            }
            let weak = world.handle(world.target, Rights::empty());
            let got = world.status(call, &[weak, TARGET, BUFFER, 8, ACTUAL]);
            assert_eq!(got, Status::ACCESS_DENIED, "rights come first");
        }
    }
}

// covers: 5.4/1
#[test]
fn a_process_can_read_and_write_itself() {
    let mut world = World::new();
    let handle = world.handle(world.caller, Rights::DEFAULT_PROCESS);
    world.fill_buffer(&pattern(100));
    for call in PROCESS_CALLS {
        let to = if call == Call::ProcessReadMemory {
            [handle, BUFFER, BUFFER + P, 100, ACTUAL]
        } else {
            [handle, BUFFER + 2 * P, BUFFER, 100, ACTUAL]
        };
        assert_eq!(world.status(call, &to), Status::OK);
    }
    let both = world
        .guest
        .read_user(world.caller, BUFFER + P, 100)
        .unwrap();
    assert_eq!(both, pattern(100));
    let both = world
        .guest
        .read_user(world.caller, BUFFER + 2 * P, 100)
        .unwrap();
    assert_eq!(both, pattern(100));
}

// covers: 4.1/10 22/6 23/2 23/4 23/33 23/34 23/35 23/36 23/37 23/38 23/39 23/40
#[test]
fn vmo_calls_check_handle_kind_wrap_policy_range_in_that_order() {
    let change = |guest: &MockGuest, vmo, kind: VmoKind, policy: CachePolicy| {
        let edit = |vmo: &mut Vmo| {
            vmo.kind = kind.0;
            vmo.cache_policy = policy.0;
        };
        guest.edit(vmo, edit).unwrap();
    };
    for call in VMO_CALLS {
        let mut world = World::new();
        let weak = world.handle(world.vmo, Rights::empty());
        let good = world.vmo_handle;
        let wrong = world.handle(world.target, Rights::empty());
        let expect = |world: &mut World, arguments: &[u64], status| {
            assert_eq!(
                world.status(call, arguments),
                status,
                "{call:?} {arguments:x?}"
            );
        };
        expect(&mut world, &[NO_HANDLE, 0, 0, 8], Status::BAD_HANDLE);
        expect(&mut world, &[wrong, 0, 0, 8], Status::WRONG_TYPE);
        expect(
            &mut world,
            &[weak, BUFFER, 99 * P, 8],
            Status::ACCESS_DENIED,
        );
        expect(&mut world, &[good, 0, 99 * P, 8], Status::OUT_OF_RANGE);
        expect(&mut world, &[good, 0, 4 * P, 0], Status::OK);
        expect(&mut world, &[good, HOLE, 0, 0], Status::OK);
        expect(&mut world, &[good, u64::MAX, 0, 0], Status::OK);

        change(
            &world.guest,
            world.vmo,
            VmoKind::PAGED,
            CachePolicy::UNCACHED,
        );
        expect(
            &mut world,
            &[good, BUFFER, u64::MAX, 2],
            Status::OUT_OF_RANGE,
        );
        expect(&mut world, &[good, BUFFER, 99 * P, 8], Status::BAD_STATE);
        expect(&mut world, &[good, 0, 0, 0], Status::BAD_STATE);

        change(
            &world.guest,
            world.vmo,
            VmoKind::PHYSICAL,
            CachePolicy::CACHED,
        );
        expect(
            &mut world,
            &[good, BUFFER, u64::MAX, 2],
            Status::NOT_SUPPORTED,
        );
    }
}
