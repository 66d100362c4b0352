//! The pages that VMOs have themselves.

use crate::inspect::{InspectedRam, Problems};
use crate::memory::PhysicalMemory;
use crate::objects::VmoView;
use abi::entry::{ADDRESS_MASK, LARGE, PRESENT};
use abi::layout::{PAGE_SHIFT, PAGE_SIZE, TABLE_ENTRIES};
use std::collections::HashSet;
use vm_memory::GuestAddress;

/// A page: its offset in the VMO, and its frame.
pub(super) type Page = (u64, GuestAddress);

/// Walks page lists; each table is looked into once, in whichever list it was met first, so
/// that all walks together are bounded by RAM.
#[derive(Debug)]
pub(super) struct PageLists<'r> {
    memory: &'r InspectedRam,
    seen: HashSet<u64>,
}

impl<'r> PageLists<'r> {
    pub(super) fn new(memory: &'r InspectedRam) -> Self {
        Self {
            memory,
            seen: HashSet::new(),
        }
    }

    /// The pages of a VMO in ascending order.
    pub(super) fn pages(&mut self, vmo: &VmoView, problems: &mut Problems) -> Vec<Page> {
        let mut pages = Vec::new();
        let raw = vmo.raw();
        if raw.pages != 0 && !vmo.is_physical() && !vmo.is_alias() {
            self.table((raw.pages, raw.levels), 0, &mut pages, problems);
        }
        pages
    }

    /// A table of that level, 1 for one whose entries lead to pages, and all below it.
    fn table(
        &mut self,
        (address, level): (u64, u32),
        base: u64,
        pages: &mut Vec<Page>,
        problems: &mut Problems,
    ) {
        if !self.seen.insert(address) {
            problems.note(format_args!(
                "the table of a page list at guest-physical {address:#x} is in two places"
            ));
            return;
        }
        let read = self
            .memory
            .read_object::<[u64; TABLE_ENTRIES]>(GuestAddress(address));
        let Some(entries) = problems.sound(read) else {
            return;
        };
        let shift = PAGE_SHIFT + 9 * level.saturating_sub(1);
        for (index, entry) in (0u64..).zip(entries) {
            if entry & PRESENT == 0 {
                continue;
            }
            let target = entry & ADDRESS_MASK;
            let offset = index
                .checked_mul(1 << shift)
                .and_then(|at| at.checked_add(base));
            let frame = GuestAddress(target);
            match offset {
                Some(offset) if entry & LARGE == 0 && level > 1 => {
                    self.table((target, level - 1), offset, pages, problems);
                }
                Some(offset) if entry & LARGE == 0 && self.memory.contains(frame, PAGE_SIZE) => {
                    pages.push((offset, frame));
                }
                _ => problems.note(format_args!(
                    "a page list has the entry {entry:#x} at guest-physical {:#x}",
                    address.saturating_add(index * 8)
                )),
            }
        }
    }
}
