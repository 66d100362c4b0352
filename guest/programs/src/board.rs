//! What the two programs of the demo share: the board that the target hangs out and
//! the debugger finds.

use crate::beacon::{self, Beacon};
use core::sync::atomic::{AtomicU64, Ordering};
use zerocopy::{FromBytes, Immutable, KnownLayout};

/// The mark of the board's beacon.
pub const MARK: [u8; 16] = *b"demo-board:found";

/// The target's greeting, in its read-only data.
pub const GREETING: [u8; 32] = *b"nobody has touched this string.\0";
/// What the debugger makes of it.
pub const PATCHED_GREETING: [u8; 32] = *b"the debugger was in this string\0";

/// The target's `compute`: `mov rax, rdi; imul rax, rdi; ret`.
pub const COMPUTE: [u8; 8] = [0x48, 0x89, 0xF8, 0x48, 0x0F, 0xAF, 0xC7, 0xC3];
/// What the debugger makes of it: `lea rax, [rdi + 1000]; ret`.
pub const PATCHED_COMPUTE: [u8; 8] = [0x48, 0x8D, 0x87, 0xE8, 0x03, 0x00, 0x00, 0xC3];
/// What `compute` is called with.
pub const ARGUMENT: u64 = 7;
/// What it gives before the patch.
pub const COMPUTED: u64 = ARGUMENT * ARGUMENT;
/// What it gives after.
pub const PATCHED_COMPUTED: u64 = ARGUMENT + 1000;

/// Values of [`Board::go`]: the target waits.
pub const WAIT: u64 = 0;
/// Everything is patched; the target looks again.
pub const GO: u64 = 1;

/// Values of [`Board::verdict`]: the target has not looked yet.
pub const UNDECIDED: u64 = 0;
/// The target found what it should.
pub const AS_EXPECTED: u64 = 1;
/// It did not.
pub const NOT_AS_EXPECTED: u64 = 2;

/// How long either program waits for the other, in nanoseconds.
pub const PATIENCE: i64 = 20_000_000_000;
/// How long it sleeps between two looks, in nanoseconds.
pub const PAUSE: i64 = 2_000_000;

/// The board, in the target's writable data.
///
/// The target fills in the addresses when it starts and lights the beacon last.
#[derive(Debug)]
#[repr(C)]
pub struct Board {
    /// Leads here.
    pub beacon: Beacon,
    /// The address of the greeting.
    pub greeting: AtomicU64,
    /// The address of `compute`.
    pub compute: AtomicU64,
    /// Written by the debugger, from outside.
    pub go: AtomicU64,
    /// What the target found.
    pub verdict: AtomicU64,
}

impl Board {
    /// A board that is not yet hung out.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            beacon: Beacon::new(MARK),
            greeting: AtomicU64::new(0),
            compute: AtomicU64::new(0),
            go: AtomicU64::new(WAIT),
            verdict: AtomicU64::new(UNDECIDED),
        }
    }

    /// Hangs it out.
    pub fn publish(&self, greeting: u64, compute: u64) {
        self.greeting.store(greeting, Ordering::Relaxed);
        self.compute.store(compute, Ordering::Relaxed);
        self.beacon.light();
    }
}

impl Default for Board {
    fn default() -> Self {
        Self::new()
    }
}

/// A copy of a board's bytes, as the debugger reads them.
#[derive(Clone, Copy, Debug, FromBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct BoardCopy {
    /// See [`Board::beacon`].
    pub beacon: beacon::Copy,
    /// See [`Board::greeting`].
    pub greeting: u64,
    /// See [`Board::compute`].
    pub compute: u64,
    /// See [`Board::go`].
    pub go: u64,
    /// See [`Board::verdict`].
    pub verdict: u64,
}

const _: () = {
    assert!(size_of::<Board>() == size_of::<BoardCopy>());
    assert!(core::mem::offset_of!(Board, go) == core::mem::offset_of!(BoardCopy, go));
    assert!(core::mem::offset_of!(Board, verdict) == core::mem::offset_of!(BoardCopy, verdict));
};
