//! Explanations held against what really happens, on mock guests.

mod agree;
mod hostile;
mod reverse;
mod walk;
mod world;

use super::{Ask, Explanation, Translation};
use crate::inspect::{Inspector, ProcessSelector};
use crate::objects::mock::MockGuest;
use crate::translate::Access;
use abi::objects::Process;
use vm_memory::GuestAddress;

/// A page.
const P: u64 = 4096;

fn koid(guest: &MockGuest, process: GuestAddress) -> u64 {
    guest.get::<Process>(process).unwrap().header.koid
}

fn explain(
    guest: &MockGuest,
    process: GuestAddress,
    address: u64,
    length: u64,
    access: Access,
) -> Explanation {
    let mut inspector = Inspector::mock(guest);
    let paused = inspector.pause().unwrap();
    let survey = paused.survey().unwrap();
    let mut problems = survey.problems.clone();
    let selector = ProcessSelector::Koid(koid(guest, process));
    let process = survey.process(&selector).unwrap();
    let ask = Ask {
        address,
        length,
        access,
    };
    paused
        .explain(&survey, process, ask, &mut problems)
        .unwrap()
}

fn translate(guest: &MockGuest, process: GuestAddress, address: u64) -> Translation {
    let mut inspector = Inspector::mock(guest);
    let paused = inspector.pause().unwrap();
    let survey = paused.survey().unwrap();
    let selector = ProcessSelector::Koid(koid(guest, process));
    let process = survey.process(&selector).unwrap();
    paused.translate(&process.view, address, Access::Read)
}
