//! Random bytes at random places of RAM.

use super::guest::Rich;
use super::looks::at_everything;
use proptest::collection::vec;
use proptest::prelude::*;

/// A place, as a part of all of them, and what is put there.
type Damage = (f64, Vec<u8>);

fn damage() -> impl Strategy<Value = Vec<Damage>> {
    vec((0.0..1.0, vec(any::<u8>(), 1..16)), 1..40)
}

/// The place in `length` bytes.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "any place will do"
)]
fn place(part: f64, length: usize) -> usize {
    (part * length as f64) as usize
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    #[test]
    fn random_damage_to_structures_is_borne(damage in damage()) {
        let rich = Rich::new();
        let end = usize::try_from(rich.end()).unwrap() - 0x1000 - 16;
        for (part, bytes) in damage {
            let at = 0x1000 + place(part, end);
            let at = vm_memory::GuestAddress(at as u64);
            crate::memory::BulkMemory::write_bytes(&**rich.guest.ram(), at, &bytes).unwrap();
        }
        at_everything(&rich);
    }
}
