//! Memory whose tables are looked into only so often.

use super::super::InspectedRam;
use crate::memory::{AccessError, PhysicalMemory};
use std::cell::Cell;
use vm_memory::GuestAddress;

/// Entries of tables that are looked at for one answer: 256 GiB of pages. No guest that is
/// not made for it comes near; tables that lead into themselves describe far more.
/// Unoptimized tests have less.
const PATIENCE: u64 = if cfg!(test) { 1 << 21 } else { 1 << 26 };

/// RAM that gives out so many words and then none: whatever walks tables over it comes to
/// an end, however the tables lead into each other. Bytes are not counted.
#[derive(Debug)]
pub(super) struct Metered<'r> {
    ram: &'r InspectedRam,
    left: Cell<u64>,
}

impl<'r> Metered<'r> {
    pub(super) const fn new(ram: &'r InspectedRam) -> Self {
        Self::with_patience(ram, PATIENCE)
    }

    pub(super) const fn with_patience(ram: &'r InspectedRam, words: u64) -> Self {
        Self {
            ram,
            left: Cell::new(words),
        }
    }

    pub(super) const fn ram(&self) -> &'r InspectedRam {
        self.ram
    }

    /// Counts so many words that something has cost which reads none.
    pub(super) fn spend(&self, words: u64) {
        self.left.set(self.left.get().saturating_sub(words));
    }

    pub(super) const fn is_exhausted(&self) -> bool {
        self.left.get() == 0
    }
}

impl PhysicalMemory for Metered<'_> {
    #[inline]
    fn contiguous_from(&self, at: GuestAddress) -> u64 {
        self.ram.contiguous_from(at)
    }

    #[inline]
    fn read_bytes(&self, at: GuestAddress, into: &mut [u8]) -> Result<(), AccessError> {
        self.ram.read_bytes(at, into)
    }

    #[inline]
    fn read_u64(&self, at: GuestAddress) -> Result<u64, AccessError> {
        let left = self.left.get().checked_sub(1).ok_or(AccessError {
            address: at,
            length: 8,
        })?;
        self.left.set(left);
        self.ram.read_u64(at)
    }
}
