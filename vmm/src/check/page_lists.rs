//! The pages of VMOs: every table, every entry.

use super::Checker;
use super::frames::Use;
use crate::memory::PhysicalMemory;
use crate::objects::VmoView;
use abi::entry::{ADDRESS_MASK, AWAITING_CLEAN, LARGE, PRESENT, WRITABLE};
use abi::layout::{PAGE_SHIFT, PAGE_SIZE, TABLE_ENTRIES};
use abi::objects::VmoOptions;
use vm_memory::GuestAddress;

/// A table that is still to be looked at.
struct Table {
    address: u64,
    /// 1 for one whose entries lead to pages.
    level: u32,
    /// Offset in the VMO of its first byte.
    base: u128,
}

impl<M: PhysicalMemory> Checker<'_, M> {
    /// The entries of a table; `None` if it is not RAM.
    pub(super) fn read_table(&mut self, address: u64) -> Option<Box<[u64; TABLE_ENTRIES]>> {
        let read = self.memory.read_object(GuestAddress(address));
        self.sound(read).map(Box::new)
    }

    pub(super) fn check_page_list(&mut self, vmo: &VmoView) {
        let raw = vmo.raw();
        let mut pages = 0;
        let mut tables = Vec::new();
        if raw.pages != 0 {
            tables.push(Table {
                address: raw.pages,
                level: raw.levels,
                base: 0,
            });
        }
        while let Some(table) = tables.pop() {
            // A table in two places is looked into once.
            if self.claim(table.address, Use::ListTable) {
                pages += self.check_list_table(vmo, &table, &mut tables);
            }
        }
        self.rule(
            vmo.address(),
            pages == raw.page_count,
            format_args!("it says {} pages, but it has {pages}", raw.page_count),
        );
    }

    /// One table; returns how many pages stand in it.
    fn check_list_table(&mut self, vmo: &VmoView, table: &Table, tables: &mut Vec<Table>) -> u64 {
        let Some(entries) = self.read_table(table.address) else {
            return 0;
        };
        let (mut used, mut pages) = (0, 0);
        let shift = PAGE_SHIFT + 9 * (table.level - 1);
        for (index, entry) in (0u128..).zip(entries.iter().copied()) {
            if entry & PRESENT == 0 {
                continue;
            }
            used += 1;
            let offset = table.base + (index << shift);
            if entry & LARGE != 0 {
                self.rule(
                    vmo.address(),
                    false,
                    format_args!("its page list has the entry {entry:#x} at {offset:#x}"),
                );
            } else if table.level > 1 {
                tables.push(Table {
                    address: entry & ADDRESS_MASK,
                    level: table.level - 1,
                    base: offset,
                });
            } else {
                pages += 1;
                self.check_page(vmo, offset, entry);
            }
        }
        let said = self
            .frame_entry(table.address)
            .map(|entry| entry.extra_owners);
        self.rule(
            vmo.address(),
            said == Some(used),
            format_args!(
                "the table at {:#x} of its page list has {used} entries, not {said:?}",
                table.address
            ),
        );
        pages
    }

    fn check_page(&mut self, vmo: &VmoView, offset: u128, entry: u64) {
        let raw = vmo.raw();
        let frame = entry & ADDRESS_MASK;
        self.rule(
            vmo.address(),
            offset < u128::from(raw.size),
            format_args!("it has a page at {offset:#x}, behind its end"),
        );
        self.rule(
            vmo.address(),
            self.memory.contains(GuestAddress(frame), PAGE_SIZE),
            format_args!("its page at {offset:#x} is at {frame:#x}, which is no RAM"),
        );
        self.rule(
            vmo.address(),
            entry & AWAITING_CLEAN == 0 || !raw.page_source.is_none(),
            format_args!("its page at {offset:#x} is being written back to no pager"),
        );
        if vmo.options().contains(VmoOptions::CONTIGUOUS) {
            let expected = u128::from(raw.physical_base) + offset;
            self.rule(
                vmo.address(),
                u128::from(frame) == expected,
                format_args!("it is contiguous, and its page at {offset:#x} is at {frame:#x}"),
            );
        }
        let alone = entry & WRITABLE != 0 || !raw.page_source.is_none();
        self.claim_page(frame, alone);
    }
}
