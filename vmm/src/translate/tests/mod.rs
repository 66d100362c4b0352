//! The walkers against a second, independent implementation, on random tables.

mod naive;
mod page_list;
mod paging;
mod rules;

use crate::memory::{BulkMemory, MockRam};
use proptest::prelude::*;
use vm_memory::GuestAddress;

/// Bytes of RAM: few frames, so that random entries meet each other.
const RAM: u64 = 64 * 4096;

/// The indices that are used: few, so that walks meet entries, and 255 for the highest
/// of the lower half.
const INDICES: [u64; 4] = [0, 1, 255, 511];

/// RAM full of random tables; grown from a seed, for that is a hundred times faster than
/// to make each entry a random variable of its own.
#[derive(Clone, Copy, Debug)]
struct Tables {
    seed: u64,
}

impl Tables {
    fn ram(self) -> MockRam {
        let ram = MockRam::new(RAM).unwrap();
        let mut random = Random(self.seed);
        for frame in 0..RAM / 4096 {
            for index in INDICES {
                let at = GuestAddress(frame * 4096 + index * 8);
                let entry = random.entry();
                ram.write_bytes(at, &entry.to_le_bytes()).unwrap();
            }
        }
        ram
    }
}

/// A generator of numbers (splitmix64).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ mixed >> 31) % limit
    }

    /// An entry, more often good than not; the last frames are outside RAM.
    fn entry(&mut self) -> u64 {
        let frame = self.below(66) * 4096;
        match self.below(40) {
            0 => 0,
            // Large pages, aligned and not.
            1 => 0x87,
            2 => 0x20_0087,
            3 => frame | 0x87,
            4 => 0x1087,
            // Flags and high bits that are not all good.
            5..=9 => frame | self.below(256),
            10 => frame | 7 | 1 << 63,
            11 => frame | 7 | 1 << (48 + self.below(15)),
            12 => self.below(u64::MAX),
            _ => frame | 7,
        }
    }
}

fn tables() -> impl Strategy<Value = Tables> {
    any::<u64>().prop_map(|seed| Tables { seed }).no_shrink()
}

/// A position whose indices the tables have entries for.
fn position() -> impl Strategy<Value = u64> {
    let index = prop::sample::select(&INDICES[..]);
    (prop::array::uniform6(index), 0u64..4096).prop_map(|(indices, offset)| {
        let join = |position: u64, index: u64| position << 9 | index;
        indices.into_iter().fold(0, join) << 12 | offset
    })
}

#[test]
fn random_tables_lead_to_pages_and_to_every_kind_of_fault() {
    use crate::memory::GuestVirtAddr;
    use crate::translate::{Access, AddressSpace, translate};
    use std::collections::BTreeMap;

    let mut seen = BTreeMap::new();
    for seed in 0..300 {
        let ram = Tables { seed }.ram();
        let mut random = Random(seed);
        for access in [Access::Read, Access::Write, Access::Execute] {
            let mut index = || INDICES[usize::try_from(random.below(4)).unwrap()];
            let address = (index() % 256) << 39 | index() << 30 | index() << 21 | index() << 12;
            let root = AddressSpace::new(seed % 65 * 4096);
            let outcome = translate(&ram, root, GuestVirtAddr(address), access);
            let kind =
                outcome.map_or_else(|fault| format!("{:?}", fault.reason), |_| "page".into());
            *seen.entry(kind).or_insert(0) += 1;
        }
    }
    // All but the addresses that are not canonical.
    assert_eq!(seen.len(), 8, "{seen:?}");
    assert!(seen["page"] > 200, "{seen:?}");
}
