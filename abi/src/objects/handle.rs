//! Handles: the global table and the values that programs see (reference §2.1).
//!
//! A handle's *base* is its slot's index (18 bits) and the slot's generation (12 bits)
//! above it. The value that a program sees is the base shifted left by two, with the two
//! low bits set, xor-ed with the process's secret (whose two low bits are clear).

use crate::assert_layout;
use crate::link::Link;
use crate::objects::{ObjectHeader, Process};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// Low bits that are set in every valid handle value.
pub const HANDLE_FIXED_BITS: u32 = 3;
/// How far the base is shifted left in a value.
pub const HANDLE_VALUE_SHIFT: u32 = 2;
/// The slot index in a base: 256 Ki handles in the whole system.
pub const HANDLE_INDEX_MASK: u32 = (1 << 18) - 1;
/// Where the generation starts in a base.
pub const HANDLE_GENERATION_SHIFT: u32 = 18;
/// Handle entries in one page of the table.
pub const HANDLE_CHUNK_ENTRIES: usize = 128;
/// Pages of the table; [`crate::RootBlock::handle_chunks`] has an address for each.
pub const HANDLE_CHUNKS: usize = 2048;

/// One slot of the handle table.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct HandleEntry {
    /// What the handle leads to; none in a free slot.
    pub object: Link<ObjectHeader>,
    /// The process that the handle belongs to.
    pub owner: Link<Process>,
    /// A [`crate::Rights`] mask.
    pub rights: u32,
    /// Index and generation. In a free slot: those of the next handle made of it.
    pub base: u32,
    /// Slot index of the next handle of the process, or of the next free slot; 0 ends
    /// the list (slot 0 is never used).
    pub next: u32,
    /// Slot index of the previous handle of the process; 0 for the first.
    pub previous: u32,
}

assert_layout!(
    HandleEntry,
    size = 32,
    owner @ 8,
    rights @ 16,
    base @ 20,
    next @ 24,
    previous @ 28,
);

/// The base in a handle value, or `None` if the value is badly formed.
#[must_use]
pub const fn decode_handle(value: u32, secret: u32) -> Option<u32> {
    let plain = value ^ secret;
    if value == 0 || plain & HANDLE_FIXED_BITS != HANDLE_FIXED_BITS {
        None
    } else {
        Some(plain >> HANDLE_VALUE_SHIFT)
    }
}

/// The value of the handle with that base in the process with that secret.
#[must_use]
pub const fn encode_handle(base: u32, secret: u32) -> u32 {
    ((base << HANDLE_VALUE_SHIFT) | HANDLE_FIXED_BITS) ^ secret
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_has_its_two_low_bits_set_whatever_the_secret() {
        for secret in [0, 4, 0xFFFF_FFFC, 0x1234_5678 & !3] {
            for base in [1, HANDLE_INDEX_MASK, 0x3FFF_FFFF] {
                let value = encode_handle(base, secret);
                assert_eq!(value & 3, 3);
                assert_eq!(decode_handle(value, secret), Some(base));
            }
        }
    }

    #[test]
    fn badly_formed_values_decode_to_nothing() {
        assert_eq!(decode_handle(0, 0xFFFF_FFFC), None);
        for low in 0..3 {
            assert_eq!(decode_handle(0x100 | low, 0x40), None);
        }
    }
}
