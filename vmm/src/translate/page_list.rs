//! The page list of a VMO: a radix tree of 512-entry tables ([`abi::entry`]).

use crate::memory::{PhysicalMemory, VmoOffset};
use abi::entry::{ADDRESS_MASK, LARGE, PRESENT, TABLE_MASK, WRITABLE};
use abi::layout::{PAGE_SHIFT, PAGE_SIZE};
use vm_memory::GuestAddress;

/// Bits of an offset that each level adds.
const LEVEL_SHIFT: u32 = 9;
/// The most levels of a page list: enough for all of 64 bits.
pub const MAX_LEVELS: u32 = 6;
/// Bytes that one table of level 1 covers.
const LEAF_SPAN: u64 = PAGE_SIZE << LEVEL_SHIFT;

/// A broken page list: a fault of the guest's kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the page list at guest-physical {:#x} is broken at level {level} for offset {offset}: \
     the entry {entry:#x} {rule}", .root.0
)]
pub struct PageListError {
    /// The topmost table.
    pub root: GuestAddress,
    /// The offset that was looked up.
    pub offset: VmoOffset,
    /// The level of the table that the entry stands in; 1 for the last.
    pub level: u32,
    /// The entry, or the address of the table that cannot be read.
    pub entry: u64,
    /// What is wrong with it.
    pub rule: &'static str,
}

/// What a VMO has at an offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageSlot {
    /// No page: it reads as the VMO's source says, as zeros if it has none.
    Absent,
    /// A page.
    Present {
        /// The byte at that offset.
        start: GuestAddress,
        /// Whether the frame belongs to this VMO alone.
        writable: bool,
    },
}

/// A stretch of a VMO that is alike and, if it is present, physically contiguous.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageListRun {
    /// What the VMO has at its first byte.
    pub slot: PageSlot,
    /// Bytes; at least 1.
    pub length: u64,
}

/// Looks up ascending offsets, each table of level 1 once per 2 MiB.
///
/// It must not outlive the service of one call: what it remembers is valid only while
/// the guest does not run.
#[derive(Debug)]
pub struct PageListCursor<'m, M> {
    memory: &'m M,
    root: GuestAddress,
    levels: u32,
    /// First offset and table of the 2 MiB that were looked up last.
    leaf: Option<(u64, GuestAddress)>,
}

impl<'m, M: PhysicalMemory> PageListCursor<'m, M> {
    /// A cursor over the list of `levels` levels (more than [`MAX_LEVELS`] count as that
    /// many) whose topmost table is `root`; zero for an empty list.
    #[inline]
    #[must_use]
    pub fn new(memory: &'m M, root: GuestAddress, levels: u32) -> Self {
        Self {
            memory,
            root,
            levels: levels.clamp(1, MAX_LEVELS),
            leaf: None,
        }
    }

    /// The longest stretch at `offset` that is alike, at most `limit` bytes (and at
    /// least 1).
    ///
    /// # Errors
    /// [`PageListError`] if the tables that lead to `offset` are broken.
    #[inline]
    pub fn run(&mut self, offset: VmoOffset, limit: u64) -> Result<PageListRun, PageListError> {
        let mut run = self.lookup(offset)?;
        while run.length < limit {
            let Some(next) = offset.checked_add(run.length) else {
                break;
            };
            // If that one is broken, the caller will meet the error when it gets there.
            let Ok(more) = self.lookup(next) else { break };
            if !continues(run, more.slot) {
                break;
            }
            run.length = run.length.saturating_add(more.length);
        }
        run.length = run.length.min(limit.max(1));
        Ok(run)
    }

    /// Bytes from `offset` on, at most `limit`, that are present, and writable if
    /// `writable`.
    ///
    /// # Errors
    /// [`PageListError`] if the tables on the way are broken.
    #[inline]
    pub fn available(
        &mut self,
        offset: VmoOffset,
        limit: u64,
        need_writable: bool,
    ) -> Result<u64, PageListError> {
        let mut length = 0;
        while length < limit {
            let Some(next) = offset.checked_add(length) else {
                break;
            };
            let run = self.lookup(next)?;
            match run.slot {
                PageSlot::Present { writable, .. } if writable || !need_writable => {
                    length += run.length;
                }
                _ => break,
            }
        }
        Ok(length.min(limit))
    }

    /// One page, or the whole hole that one absent entry stands for.
    #[inline]
    fn lookup(&mut self, offset: VmoOffset) -> Result<PageListRun, PageListError> {
        if let Some((start, table)) = self.leaf
            && offset.0 & !(LEAF_SPAN - 1) == start
        {
            return self.leaf(offset, table);
        }
        self.walk(offset)
    }

    fn walk(&mut self, offset: VmoOffset) -> Result<PageListRun, PageListError> {
        // What the topmost table does not reach was never present: the tree grows
        // before a page is put there.
        let covered = span(self.levels);
        if self.root.0 == 0 || covered.is_some_and(|covered| offset.0 >= covered) {
            return Ok(absent(u64::MAX - offset.0));
        }
        let mut table = self.root;
        for level in (2..=self.levels).rev() {
            let entry = self.entry(offset, level, table)?;
            if entry & PRESENT == 0 {
                let rest = span(level - 1)
                    .map_or(u64::MAX - offset.0, |size| size - (offset.0 & (size - 1)));
                return Ok(absent(rest));
            }
            table = GuestAddress(entry & ADDRESS_MASK);
        }
        self.leaf = Some((offset.0 & !(LEAF_SPAN - 1), table));
        self.leaf(offset, table)
    }

    #[inline]
    fn leaf(&self, offset: VmoOffset, table: GuestAddress) -> Result<PageListRun, PageListError> {
        let entry = self.entry(offset, 1, table)?;
        let in_page = offset.page_offset();
        let length = PAGE_SIZE - in_page;
        if entry & PRESENT == 0 {
            return Ok(absent(length));
        }
        let start = GuestAddress((entry & ADDRESS_MASK) | in_page);
        if !self.memory.contains(start, length) {
            return Err(self.error(offset, 1, entry, "leads to a page outside RAM"));
        }
        Ok(PageListRun {
            slot: PageSlot::Present {
                start,
                writable: entry & WRITABLE != 0,
            },
            length,
        })
    }

    #[inline]
    fn entry(
        &self,
        offset: VmoOffset,
        level: u32,
        table: GuestAddress,
    ) -> Result<u64, PageListError> {
        let shift = PAGE_SHIFT + LEVEL_SHIFT * (level - 1);
        let index = (offset.0 >> shift) & TABLE_MASK;
        let Ok(entry) = self.memory.read_u64(GuestAddress(table.0 | (index * 8))) else {
            return Err(self.error(offset, level, table.0, "names a table outside RAM"));
        };
        if entry & (PRESENT | LARGE) == PRESENT | LARGE {
            return Err(self.error(offset, level, entry, "claims to be a large page"));
        }
        Ok(entry)
    }

    #[cold]
    const fn error(
        &self,
        offset: VmoOffset,
        level: u32,
        entry: u64,
        rule: &'static str,
    ) -> PageListError {
        PageListError {
            root: self.root,
            offset,
            level,
            entry,
            rule,
        }
    }
}

/// Bytes that a tree of so many levels covers; `None` for all of 64 bits.
const fn span(levels: u32) -> Option<u64> {
    let shift = PAGE_SHIFT + LEVEL_SHIFT * levels;
    if shift < 64 { Some(1 << shift) } else { None }
}

const fn absent(length: u64) -> PageListRun {
    PageListRun {
        slot: PageSlot::Absent,
        // The very last byte of 64 bits is beyond any VMO, so a length of zero cannot be
        // asked for in earnest; one keeps the promise anyway.
        length: if length == 0 { 1 } else { length },
    }
}

fn continues(run: PageListRun, next: PageSlot) -> bool {
    match (run.slot, next) {
        (PageSlot::Absent, PageSlot::Absent) => true,
        (
            PageSlot::Present { start, writable },
            PageSlot::Present {
                start: next_start,
                writable: next_writable,
            },
        ) => writable == next_writable && start.0.checked_add(run.length) == Some(next_start.0),
        _ => false,
    }
}
