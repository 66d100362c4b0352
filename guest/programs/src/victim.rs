//! What `test-victim` and the tests that examine it agree on.

use crate::beacon::{self, Beacon};
use crate::suite::Failure;
use core::sync::atomic::AtomicU64;
use libzx::{Other, Process, monotonic, sleep_for, startup};
use zerocopy::{FromBytes, Immutable, KnownLayout};

/// The name of the program.
pub const NAME: &str = "test-victim";

/// The mark of its beacon.
pub const MARK: [u8; 16] = *b"test-victim-here";

/// A string in its read-only data.
pub const READ_ONLY: [u8; 32] = *b"victim: this is read-only data.\0";

/// How long it sleeps between two beats, in nanoseconds.
pub const BEAT: i64 = 2_000_000;

/// What the victim tells of itself, in its writable data.
#[derive(Debug)]
#[repr(C)]
pub struct Post {
    /// Leads here.
    pub beacon: Beacon,
    /// The address of [`READ_ONLY`].
    pub read_only: AtomicU64,
    /// The value of its own process handle, which means nothing to anybody else.
    pub own_handle: AtomicU64,
    /// Counts up for as long as it runs.
    pub beats: AtomicU64,
    /// Not zero: it ends with that return code.
    pub end: AtomicU64,
}

/// A copy of a post's bytes.
#[derive(Clone, Copy, Debug, FromBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct PostCopy {
    /// See [`Post::beacon`].
    pub beacon: beacon::Copy,
    /// See [`Post::read_only`].
    pub read_only: u64,
    /// See [`Post::own_handle`].
    pub own_handle: u64,
    /// See [`Post::beats`].
    pub beats: u64,
    /// See [`Post::end`].
    pub end: u64,
}

const _: () = assert!(size_of::<Post>() == size_of::<PostCopy>());

impl PostCopy {
    /// The post as it is now.
    #[must_use]
    pub fn read(victim: &Process) -> Option<Self> {
        beacon::search(victim, MARK)
    }

    /// Where the victim's count of beats stands.
    #[must_use]
    pub const fn beats_address(&self) -> u64 {
        self.beacon.own_address + core::mem::offset_of!(Self, beats) as u64
    }

    /// Where the victim looks whether it shall end.
    #[must_use]
    pub const fn end_address(&self) -> u64 {
        self.beacon.own_address + core::mem::offset_of!(Self, end) as u64
    }
}

/// The victim among the other programs, once it has started.
///
/// # Errors
/// It is not there, or does not show itself within ten seconds.
pub fn find() -> Result<(Other<'static>, PostCopy), Failure> {
    let Some(victim) = startup().other_named(NAME) else {
        return Err(Failure::new(format_args!("{NAME} must be started too")));
    };
    let deadline = monotonic().saturating_add(10_000_000_000);
    while monotonic() < deadline {
        if let Some(post) = PostCopy::read(&victim.process) {
            return Ok((victim, post));
        }
        sleep_for(BEAT);
    }
    Err(Failure::new(format_args!("{NAME} does not show itself")))
}
