//! Comparing pages, and gathering what changed.

use super::{ChangedRange, DiffOptions};
use crate::inspect::{Hex, HexBytes, InspectedRam};
use crate::memory::PhysicalMemory;
use vm_memory::GuestAddress;

/// Bytes of a range that are told.
const TOLD: usize = 64;
/// Equal bytes between two that differ, which do not end a range: half a word.
const JOINED: usize = 8;

/// Bytes of a page.
pub(super) const PAGE: usize = 4096;

/// A page.
pub(super) type PageBytes = [u8; PAGE];

/// The page at `at`.
pub(super) fn page(memory: &InspectedRam, at: GuestAddress) -> Option<PageBytes> {
    let mut bytes = [0; PAGE];
    memory.read_bytes(at, &mut bytes).ok()?;
    Some(bytes)
}

/// The ranges that were found, as many as are wanted.
#[derive(Debug)]
pub(super) struct Ranges<'o> {
    options: &'o DiffOptions,
    pub(super) ranges: Vec<ChangedRange>,
    pub(super) more: bool,
}

impl<'o> Ranges<'o> {
    pub(super) const fn new(options: &'o DiffOptions) -> Self {
        Self {
            options,
            ranges: Vec::new(),
            more: false,
        }
    }

    /// Compares two pages; returns how many bytes differ. `address` is that of the first
    /// byte, in the space of the group.
    pub(super) fn compare(
        &mut self,
        group: usize,
        address: u64,
        before: &PageBytes,
        after: &PageBytes,
    ) -> u64 {
        let mut differing = 0;
        // First byte, and one past the last that differs.
        let mut open: Option<(usize, usize)> = None;
        for (index, (old, new)) in before.iter().zip(after).enumerate() {
            if old == new {
                continue;
            }
            differing += 1;
            open = match open {
                Some((start, end)) if index - end < JOINED => Some((start, index + 1)),
                Some(range) => {
                    self.add(group, address, range, (before, after));
                    Some((index, index + 1))
                }
                None => Some((index, index + 1)),
            };
        }
        if let Some(range) = open {
            self.add(group, address, range, (before, after));
        }
        differing
    }

    fn add(
        &mut self,
        group: usize,
        address: u64,
        (start, end): (usize, usize),
        (before, after): (&PageBytes, &PageBytes),
    ) {
        let address = address.saturating_add(start as u64);
        let length = (end - start) as u64;
        // A range that goes on in the next page is one.
        if let Some(last) = self.ranges.last_mut()
            && last.group == group
            && last.address.0.checked_add(last.length) == Some(address)
        {
            last.length += length;
            return;
        }
        if self.ranges.len() >= self.options.limit {
            self.more = true;
            return;
        }
        let bytes = |page: &PageBytes| {
            self.options.bytes.then(|| {
                let end = end.min(start + TOLD);
                HexBytes(page.get(start..end).unwrap_or_default().to_vec())
            })
        };
        self.ranges.push(ChangedRange {
            group,
            address: Hex(address),
            length,
            before: bytes(before),
            after: bytes(after),
        });
    }
}
