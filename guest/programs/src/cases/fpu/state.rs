//! The x87 and SSE registers as one value that can be loaded, stored and compared.
//!
//! The programs are compiled without SSE and x87, so nothing but this file touches these
//! registers: what one statement loads, a later one finds.

use abi::objects::VectorState;
use zerocopy::{FromBytes, FromZeros, IntoBytes};

/// What FXSAVE64 stores, where it may be stored.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(16))]
pub struct State(VectorState);

/// The parts of a [`State`] that a program can set: what is left is the CPU's own
/// business (SDM vol. 1, 10.5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parts {
    /// FCW, FSW and FTW.
    pub x87: u64,
    /// MXCSR.
    pub mxcsr: u64,
    /// ST0 to ST7, ten bytes each.
    pub st: [(u64, u64); 8],
    /// XMM0 to XMM15.
    pub xmm: [[u64; 2]; 16],
}

impl State {
    /// What a thread starts with.
    pub fn fresh() -> Self {
        Self(VectorState::default())
    }

    /// Every register with something in it that no other seed gives it.
    pub fn patterned(seed: u64) -> Self {
        let mut state = Self::fresh();
        // Round up or down, 53 bits; all eight registers in use.
        state.0.x87_control = 0x27F | (1 + seed % 2) << 10 | 0xFF << 32;
        // Likewise, and zero for what is too small.
        state.0.mxcsr = 0x1F80 | (1 + seed % 2) << 13 | 1 << 15;
        let word = |index: u64| seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ (index << 40 | index);
        for (index, register) in (0..).zip(&mut state.0.st) {
            // A number: its first bit set, an exponent that is not all ones.
            *register = [word(index) | 1 << 63, 0x3F00 | (seed & 0x3F)];
        }
        for (index, register) in (100..).zip(&mut state.0.xmm) {
            *register = [word(index), !word(index)];
        }
        state
    }

    /// Puts it into the CPU.
    pub fn load(&self) {
        // SAFETY: 512 bytes at a multiple of 16, no reserved bit of MXCSR set. Compiled
        // code neither uses these registers nor depends on their modes.
        unsafe { core::arch::asm!("fxrstor64 [{}]", in(reg) self, options(nostack)) };
    }

    /// What the CPU has now.
    pub fn store() -> Self {
        let mut state = Self(VectorState::new_zeroed());
        // SAFETY: 512 bytes at a multiple of 16.
        unsafe { core::arch::asm!("fxsave64 [{}]", in(reg) &raw mut state, options(nostack)) };
        state
    }

    /// The 512 bytes.
    pub fn bytes(&self) -> [u8; 512] {
        let mut bytes = [0; 512];
        bytes.copy_from_slice(self.0.as_bytes());
        bytes
    }

    /// The state in these bytes.
    pub fn of(bytes: [u8; 512]) -> Self {
        VectorState::read_from_bytes(&bytes).map_or_else(|_| Self::fresh(), Self)
    }

    /// What can be compared.
    pub fn parts(&self) -> Parts {
        Parts {
            x87: self.0.x87_control & 0x00FF_FFFF_FFFF,
            mxcsr: self.0.mxcsr & 0xFFFF_FFFF,
            st: self.0.st.map(|[low, high]| (low, high & 0xFFFF)),
            xmm: self.0.xmm,
        }
    }

    /// Whether the CPU has this in its registers.
    pub fn is_loaded(&self) -> bool {
        Self::store().parts() == self.parts()
    }
}
