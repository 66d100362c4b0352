//! Pseudo-random numbers for handle secrets and address choice.
//!
//! Reproducible on purpose: the seed comes from the command line (`vmoscope.seed`).

use core::cell::UnsafeCell;

use crate::arch::descriptors::Shared;

static STATE: Shared<u64> = Shared(UnsafeCell::new(0));

/// Starts the sequence anew.
pub fn seed(value: u64) {
    // SAFETY: one thread of execution.
    unsafe { *STATE.0.get() = value }
}

/// The next number (SplitMix64: Steele, Lea, Flood 2014).
pub fn next() -> u64 {
    let state = STATE.0.get();
    // SAFETY: one thread of execution.
    let mut z = unsafe {
        *state = (*state).wrapping_add(0x9E37_79B9_7F4A_7C15);
        *state
    };
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}
