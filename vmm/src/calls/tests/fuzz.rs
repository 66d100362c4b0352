//! Random damage to a guest: whatever it is, the host answers or gives up, and comes to
//! an end.

use super::*;
use crate::calls::Served;
use crate::memory::{BulkMemory, PhysicalMemory};
use proptest::prelude::*;

const CALLS: [Call; 4] = [
    Call::VmoRead,
    Call::VmoWrite,
    Call::ProcessReadMemory,
    Call::ProcessWriteMemory,
];

/// Words that are worth trying, next to random ones.
fn word() -> impl Strategy<Value = u64> {
    prop_oneof![
        any::<u64>(),
        any::<u32>().prop_map(u64::from),
        (0u64..0x800).prop_map(|frame| frame * P),
        (0u64..0x10_0000).prop_map(|slot| slot * 8),
        (0u64..0x800).prop_map(|frame| (frame * P) | 0x7),
        (0u64..64).prop_map(|bit| 1 << bit),
        Just(0),
        Just(u64::MAX),
    ]
}

fn argument() -> impl Strategy<Value = u64> {
    prop_oneof![
        word(),
        (0u64..0x10000).prop_map(|offset| BUFFER + offset),
        (0u64..0x4000).prop_map(|offset| TARGET + offset),
        0u64..0x5000,
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn damaged_guests_never_hang_or_panic_the_host(
        call in prop::sample::select(&CALLS[..]),
        damage in prop::collection::vec((0u64..0x8000, word(), any::<bool>()), 1..6),
        small in any::<bool>(),
        arguments in prop::array::uniform5(argument()),
        keep in 0u8..32,
    ) {
        let mut world = World::with_memory(if small { READ } else { READ_WRITE });
        world.guest.commit(world.vmo, 0, P).unwrap();
        let good = match call {
            Call::VmoRead | Call::VmoWrite => [world.vmo_handle, BUFFER, 100, 2 * P, 0],
            _ => [world.target_handle, TARGET + 9, BUFFER, 2 * P, ACTUAL],
        };
        let mut mixed = good;
        for (index, (to, from)) in mixed.iter_mut().zip(arguments).enumerate() {
            if keep & 1 << index == 0 {
                *to = from;
            }
        }
        world.guest.begin(world.caller, call, &mixed).unwrap();
        let mut server = world.guest.server().unwrap();
        // The structures stand in the first frames; half of the damage hits words that
        // are in use.
        let ram = std::sync::Arc::clone(world.guest.ram());
        for (slot, value, used) in damage {
            let mut at = 0x1_0000 + slot * 8;
            while used && at < 0x5_0000 && ram.read_u64(GuestAddress(at)).unwrap() == 0 {
                at += 8;
            }
            ram.write_bytes(GuestAddress(at), &value.to_le_bytes()).unwrap();
        }
        for _ in 0..64 {
            match server.serve() {
                Err(_) | Ok(Served::Done(_)) => break,
                // The kernel's side fails as the damage wills; that is fine too.
                Ok(Served::Resolve) => if world.guest.resolve().is_err() { break },
                Ok(Served::Again) => {}
            }
        }
    }

    #[test]
    fn a_damaged_call_page_never_hangs_or_panics_the_host(
        words in prop::collection::vec((0u64..28, word()), 1..8),
    ) {
        let world = World::new();
        let arguments = [world.target_handle, TARGET, BUFFER, 2 * P, ACTUAL];
        world.guest.begin(world.caller, Call::ProcessWriteMemory, &arguments).unwrap();
        let mut server = world.guest.server().unwrap();
        for _ in 0..4 {
            for (slot, value) in &words {
                let at = GuestAddress(world.guest.call_page().0 + slot * 8);
                world.guest.ram().write_bytes(at, &value.to_le_bytes()).unwrap();
            }
            let _ = server.serve();
        }
    }
}
