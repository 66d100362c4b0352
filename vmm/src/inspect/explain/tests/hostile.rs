//! Guests that are broken on purpose: there is an answer, and an end.

use super::super::MAX_LENGTH;
use super::{P, explain};
use crate::inspect::{InspectError, Inspector, ProcessSelector};
use crate::memory::BulkMemory;
use crate::objects::mock::MockGuest;
use crate::translate::Access;
use abi::objects::{Mapping, Permissions, Process, Vmo};
use proptest::prelude::*;
use vm_memory::GuestAddress;

const AT: u64 = 0x1_0000_0000;

proptest! {
    /// Words anywhere in what the kernel keeps.
    #[test]
    fn broken_structures_are_reported_and_not_fallen_for(
        words in prop::collection::vec((0..0x400u64, any::<u64>()), 1..20),
        address in prop_oneof![AT..AT + 4 * P, any::<u64>()],
        length in 1..3 * P,
    ) {
        let mut guest = MockGuest::new(1 << 20).unwrap();
        let process = guest.process("victim").unwrap();
        let vmo = guest.user_memory(process, AT, 2 * P).unwrap();
        let clone = guest.look_through(vmo, 0, 2 * P, 2 * P).unwrap();
        guest.map(process, AT + 2 * P, 2 * P, (clone, 0), Permissions::READ).unwrap();
        let koid = super::koid(&guest, process);
        let structures = [process.0, vmo.0, clone.0, 0x1_1000, 0x1_2000, 0x1_3000];
        for (at, word) in words {
            let base = structures[usize::try_from(at).unwrap() % structures.len()];
            let at = GuestAddress((base & !7) + at * 8 % 0x800);
            let _ = guest.ram().write_bytes(at, &word.to_le_bytes());
        }
        let mut inspector = Inspector::mock(&guest);
        let paused = inspector.pause().unwrap();
        let Ok(survey) = paused.survey() else { return Ok(()) };
        let mut problems = survey.problems.clone();
        let _ = paused.mapped_at(&survey, address, &mut problems);
        if let Ok(process) = survey.process(&ProcessSelector::Koid(koid)) {
            for access in [Access::Read, Access::Write, Access::Execute] {
                let ask = super::Ask { address, length, access };
                let explanation = paused.explain(&survey, process, ask, &mut problems).unwrap();
                serde_json::to_string(&explanation).unwrap();
            }
        }
    }
}

#[test]
fn a_clone_that_looks_through_to_itself_ends() {
    let mut guest = MockGuest::new(1 << 20).unwrap();
    let process = guest.process("loop").unwrap();
    let vmo = guest.vmo("loop", P).unwrap();
    let clone = guest.look_through(vmo, 0, P, P).unwrap();
    guest
        .map(process, AT, P, (clone, 0), Permissions::READ)
        .unwrap();
    guest
        .edit(vmo, |vmo: &mut Vmo| {
            vmo.source = abi::Link::new(clone.0);
            vmo.source_limit = P;
        })
        .unwrap();
    let explanation = explain(&guest, process, AT, 1, Access::Read);
    assert_eq!(explanation.place.vmo.unwrap().lives, None);
    let read = &explanation.calls[0].outcome;
    assert_eq!(read.status, None);
    assert!(read.reason.contains("the machine stops"), "{read:?}");
}

#[test]
fn a_dead_process_has_an_answer() {
    let mut guest = MockGuest::new(1 << 20).unwrap();
    let process = guest.process("dead").unwrap();
    guest.user_memory(process, AT, P).unwrap();
    guest
        .edit(process, |process: &mut Process| {
            process.state = abi::objects::ProcessState::DEAD.0;
            process.page_table = 0;
        })
        .unwrap();
    let explanation = explain(&guest, process, AT, 1, Access::Read);
    assert_eq!(explanation.cpu, None);
    assert_eq!(explanation.translation.page_table, None);
    assert!(
        explanation
            .calls
            .iter()
            .all(|verdict| verdict.role != "buffer")
    );
    let read = explanation.calls[0].outcome.status.clone().unwrap();
    assert_eq!(read.name, "ZX_ERR_BAD_STATE");
}

#[test]
fn a_range_over_many_mappings_is_not_looked_at_for_ever() {
    let mut guest = MockGuest::new(4 << 20).unwrap();
    let process = guest.process("many").unwrap();
    let vmo = guest.vmo("page", P).unwrap();
    let mut last = None;
    for page in 0..600 {
        let mapping = guest.map(process, AT + page * P, P, (vmo, 0), Permissions::READ);
        last = Some(mapping.unwrap());
    }
    assert!(guest.get::<Mapping>(last.unwrap()).is_ok());
    let cpu = explain(&guest, process, AT, 600 * P, Access::Read).cpu;
    assert!(cpu.unwrap().bytes >= 200 * P);
}

#[test]
fn a_length_out_of_bounds_is_refused() {
    let mut guest = MockGuest::new(1 << 20).unwrap();
    let process = guest.process("long").unwrap();
    let koid = super::koid(&guest, process);
    let mut inspector = Inspector::mock(&guest);
    let paused = inspector.pause().unwrap();
    let survey = paused.survey().unwrap();
    let process = survey.process(&ProcessSelector::Koid(koid)).unwrap();
    for length in [0, MAX_LENGTH + 1] {
        let ask = super::Ask {
            address: AT,
            length,
            access: Access::Read,
        };
        let mut problems = survey.problems.clone();
        let refused = paused.explain(&survey, process, ask, &mut problems);
        assert!(matches!(refused, Err(InspectError::Refused(_))));
    }
}
