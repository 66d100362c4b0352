//! The sceptic's test: what is explained is what happens.

use super::super::{CallVerdict, CpuEnd, Explanation, Lives, lives};
use super::explain;
use super::world::{ACTUAL, BUFFER, Plan, World, place, plan};
use crate::memory::{GuestVirtAddr, VmoOffset};
use crate::objects::mock::{MockError, MockOutcome};
use crate::objects::{Content, ProcessView, VmoView, find_mapping};
use crate::translate::{Access, translate};
use abi::{Call, Rights, Status, call_page};
use proptest::prelude::*;

fn verdict<'e>(explanation: &'e Explanation, call: &str, role: &str) -> &'e CallVerdict {
    let mut calls = explanation.calls.iter();
    calls
        .find(|verdict| verdict.call == call && verdict.role == role)
        .unwrap()
}

/// A verdict and what the call gave.
fn same(verdict: &CallVerdict, real: Result<MockOutcome, MockError>) -> Result<(), TestCaseError> {
    let told = &verdict.outcome;
    match real {
        Ok(real) => {
            let status = match (&told.status, told.waits) {
                (Some(status), false) => Some(status.code),
                // The pager is the mock's, and fails.
                (None, true) => Some(Status::IO.0),
                _ => None,
            };
            prop_assert_eq!(status, Some(real.call.status.0), "{:?}", verdict);
            prop_assert_eq!(told.bytes, real.call.bytes, "{:?}", verdict);
        }
        Err(MockError::Call(error)) => {
            prop_assert!(
                told.status.is_none() && !told.waits,
                "{:?}: {}",
                verdict,
                error
            );
        }
        Err(other) => return Err(TestCaseError::fail(format!("{other:?}"))),
    }
    Ok(())
}

/// Makes the call in a guest of its own, for it changes things.
fn call(
    plan: &Plan,
    call: Call,
    arguments: impl FnOnce(&mut World) -> [u64; 5],
) -> Result<MockOutcome, MockError> {
    let mut world = World::new(plan);
    let arguments = arguments(&mut world);
    world.guest.call(world.process, call, &arguments)
}

/// What a program's access really comes to: the mock's page tables and fault handler.
fn access(plan: &Plan, address: u64, length: u64, access: Access) -> (CpuEnd, u64, Option<i32>) {
    let mut world = World::new(plan);
    let kind = match access {
        Access::Write => call_page::Access::WRITE,
        _ => call_page::Access::READ,
    };
    let view = ProcessView::read(&**world.guest.ram(), world.process).unwrap();
    let space = view.address_space().unwrap();
    let mut done = 0;
    let mut faulted = false;
    while done < length {
        let Some(at) = address.checked_add(done) else {
            break;
        };
        let at = GuestVirtAddr(at);
        match translate(&**world.guest.ram(), space, at, access) {
            Ok(run) => {
                done += run.length.min(length - done);
                faulted = false;
            }
            Err(_) if !at.is_canonical() => {
                return (CpuEnd::ProcessEnds, done, Some(Status::INTERNAL.0));
            }
            Err(fault) if !fault.is_resolvable() => return (CpuEnd::MachineStops, done, None),
            Err(_) if faulted => return (CpuEnd::FaultsForever, done, None),
            Err(_) => match world.guest.fault(world.process, at.0, kind).unwrap() {
                Ok(()) => faulted = true,
                Err(Status::IO) => return (CpuEnd::Waits, done, None),
                Err(status) => return (CpuEnd::ProcessEnds, done, Some(status.0)),
            },
        }
    }
    (CpuEnd::Ok, done, None)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn a_verdict_is_what_the_call_then_gives(plan in plan(), (address, length) in place()) {
        let world = World::new(&plan);
        let explanation = explain(&world.guest, world.process, address, length, Access::Read);
        let target = |world: &mut World| [world.own, address, BUFFER, length, ACTUAL];
        let buffer = |world: &mut World| [world.vmo, address, 0, length, 0];
        for (name, role, number) in [
            ("zx_process_read_memory", "target", Call::ProcessReadMemory),
            ("zx_process_write_memory", "target", Call::ProcessWriteMemory),
            ("zx_vmo_read", "buffer", Call::VmoRead),
            ("zx_vmo_write", "buffer", Call::VmoWrite),
        ] {
            let real = if role == "target" {
                call(&plan, number, target)
            } else {
                call(&plan, number, buffer)
            };
            same(verdict(&explanation, name, role), real)?;
        }
        // The same with the other error mode, if it is said to make a difference.
        let other = Plan { zircon: !plan.zircon, ..plan.clone() };
        let world = World::new(&other);
        let swapped = explain(&world.guest, world.process, address, length, Access::Read);
        for (here, there) in explanation.calls.iter().zip(&swapped.calls) {
            let told = here.other_errors.as_ref().unwrap_or(&here.outcome);
            prop_assert_eq!(&told.status, &there.outcome.status);
        }
    }

    #[test]
    fn a_verdict_on_the_vmo_is_what_the_call_then_gives(
        plan in plan(),
        (address, length) in place(),
    ) {
        let world = World::new(&plan);
        let explanation = explain(&world.guest, world.process, address, length, Access::Read);
        let view = ProcessView::read(&**world.guest.ram(), world.process).unwrap();
        let root = view.root_vmar().unwrap();
        let found = find_mapping(&**world.guest.ram(), root, GuestVirtAddr(address)).unwrap();
        let told = explanation.calls.iter().filter(|verdict| verdict.role == "vmo").count();
        prop_assert_eq!(told, if found.is_some() { 2 } else { 0 });
        if let Some(found) = found {
            let offset = found.piece.raw().vmo_offset + (address - found.piece.base());
            let vmo = found.piece.vmo();
            for (name, number) in [("zx_vmo_read", Call::VmoRead), ("zx_vmo_write", Call::VmoWrite)] {
                let real = call(&plan, number, |world| {
                    let handle = world.guest.handle(world.process, vmo, Rights::DEFAULT_VMO);
                    [handle.unwrap().into(), BUFFER, offset, length, 0]
                });
                same(verdict(&explanation, name, "vmo"), real)?;
            }
        }
    }

    #[test]
    fn what_the_cpu_is_said_to_do_is_what_it_does(
        plan in plan(),
        (address, length) in place(),
        write in any::<bool>(),
    ) {
        let kind = if write { Access::Write } else { Access::Read };
        let world = World::new(&plan);
        let explanation = explain(&world.guest, world.process, address, length, kind);
        let cpu = explanation.cpu.unwrap();
        let real = access(&plan, address, length, kind);
        let status = cpu.status.as_ref().map(|status| status.code);
        prop_assert_eq!((cpu.end, cpu.bytes, status), real, "{:?}", cpu);
    }

    #[test]
    fn where_a_page_lives_is_where_the_calls_find_it(plan in plan(), page in 0..6u64) {
        let world = World::new(&plan);
        let ram = &**world.guest.ram();
        for vmo in &world.vmos {
            let vmo = VmoView::read(ram, *vmo).unwrap();
            let mut target = vmo;
            let window = target.enter(ram).unwrap();
            let (layers, found) = lives(ram, &vmo, page * 4096).unwrap();
            prop_assert_eq!(layers[0].offset, page * 4096);
            if found == Lives::BeyondEnd {
                prop_assert!(page * 4096 >= window.size);
                continue;
            }
            if target.is_physical() || target.is_discarded() {
                let alike = matches!(found, Lives::Physical { .. } | Lives::Discarded);
                prop_assert!(alike, "{:?}", found);
                continue;
            }
            let offset = VmoOffset(window.base + page * 4096);
            let content = target.contents(ram).run(offset, 1).unwrap().content;
            let expected = match found {
                Lives::Page { frame, .. } => Content::At(vm_memory::GuestAddress(frame.0)),
                Lives::Pager => Content::Pager,
                _ => Content::Zeros,
            };
            prop_assert_eq!(content, expected);
        }
    }
}
