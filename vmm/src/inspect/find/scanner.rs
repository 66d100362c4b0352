//! A window that moves over bytes which come in pieces, and is searched whenever it is full.

use super::pattern::Pattern;
use crate::memory::{AccessError, PhysicalMemory};
use vm_memory::GuestAddress;

/// Bytes of the window: large enough that its overlap does not count, small enough to stay
/// in a cache of the second level while it is filled and searched.
const WINDOW: usize = 256 << 10;
/// Bytes before a position that an expression may look back at.
const CONTEXT: usize = 8;

/// Searches bytes that come in ascending order, whatever pieces they come in.
pub(super) struct Scanner<'p> {
    pattern: &'p Pattern,
    window: Vec<u8>,
    filled: usize,
    /// The address of the window's first byte.
    address: u64,
    /// No match starts below, or it was told.
    done: usize,
    /// Somebody has had enough.
    ended: bool,
    /// Bytes that came.
    pub(super) scanned: u64,
}

/// Told each match: its address and its bytes. False for enough.
pub(super) type Each<'e> = dyn FnMut(u64, &[u8]) -> bool + 'e;

impl<'p> Scanner<'p> {
    pub(super) fn new(pattern: &'p Pattern) -> Self {
        Self {
            pattern,
            window: vec![0; WINDOW + 2 * (pattern.overlap() + CONTEXT)],
            filled: 0,
            address: 0,
            done: 0,
            ended: false,
            scanned: 0,
        }
    }

    pub(super) const fn is_ended(&self) -> bool {
        self.ended
    }

    /// Takes `length` bytes at `start`, which stand at `address` of the searched space. If
    /// they do not follow those before, nothing matches across.
    pub(super) fn push<M: PhysicalMemory>(
        &mut self,
        memory: &M,
        start: GuestAddress,
        (address, length): (u64, u64),
        each: &mut Each<'_>,
    ) -> Result<(), AccessError> {
        if self.address.wrapping_add(self.filled as u64) != address {
            self.gap(each);
            self.address = address;
        }
        let (mut from, mut left) = (start.0, length);
        while left > 0 && !self.ended {
            if self.filled == self.window.len() {
                self.search(false, each);
            }
            let room = self.window.get_mut(self.filled..).unwrap_or_default();
            let now = room.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            let Some(room) = room.get_mut(..now) else {
                break;
            };
            memory.read_bytes(GuestAddress(from), room)?;
            self.filled += now;
            self.scanned += now as u64;
            from = from.wrapping_add(now as u64);
            left -= now as u64;
        }
        Ok(())
    }

    /// What comes next does not follow what came: searches the rest.
    pub(super) fn gap(&mut self, each: &mut Each<'_>) {
        if self.filled > 0 && !self.ended {
            self.search(true, each);
        }
        (self.filled, self.done) = (0, 0);
    }

    fn search(&mut self, last: bool, each: &mut Each<'_>) {
        let bytes = self.window.get(..self.filled).unwrap_or_default();
        let until = if last {
            self.filled
        } else {
            self.filled.saturating_sub(self.pattern.overlap())
        };
        let address = self.address;
        let found = self
            .pattern
            .find(bytes, (self.done, until), address, &mut |at, length| {
                let found = bytes.get(at..at + length).unwrap_or_default();
                each(address.wrapping_add(at as u64), found)
            });
        match found {
            Some(done) => self.done = done.min(self.filled),
            None => self.ended = true,
        }
        let keep = self.done.saturating_sub(CONTEXT);
        self.window.copy_within(keep..self.filled, 0);
        self.address = address.wrapping_add(keep as u64);
        self.filled -= keep;
        self.done -= keep;
    }
}
