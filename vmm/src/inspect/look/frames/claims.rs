//! What says of a frame that it is its own. The rules are those by which
//! [`crate::check`] checks that each frame has one use.

use super::table::Entry;
use super::{FrameKind, FrameOwners, objects};
use crate::boot::START_INFO;
use crate::inspect::{InspectedRam, Problems, Survey};
use crate::memory::PhysicalMemory;
use crate::objects::VmoView;
use abi::entry::{ADDRESS_MASK, LARGE, PRESENT};
use abi::layout::{KERNEL_LOAD_ADDRESS, PAGE_SHIFT, PAGE_SIZE, TABLE_ENTRIES};
use abi::objects::FrameEntry;
use abi::{CallPage, RootBlock};
use linux_loader::loader::elf::start_info::XEN_HVM_START_MAGIC_VALUE;
use std::collections::BTreeSet;
use vm_memory::GuestAddress;

/// Pages that are noted as shared, or looked at in physical VMOs, at most. A guest with more is told of in
/// part.
const MAX_SHARES: usize = 1 << 22;

type Words = [u64; TABLE_ENTRIES];

/// A walk over all that can own a frame.
pub(super) struct Claims<'o, 'm> {
    owners: &'o mut FrameOwners,
    memory: &'m InspectedRam,
    root: RootBlock,
    problems: &'o mut Problems,
    /// Pages that count for [`MAX_SHARES`].
    shared: usize,
}

pub(super) fn claim_all(
    owners: &mut FrameOwners,
    memory: &InspectedRam,
    survey: &Survey,
    problems: &mut Problems,
) {
    let mut claims = Claims {
        owners,
        memory,
        root: survey.root,
        problems,
        shared: 0,
    };
    claims.fixed(survey);
    objects::claim_objects(&mut claims, memory, survey);
    for (number, process) in (0..).zip(&survey.processes) {
        let raw = process.view.raw();
        claims.page_tables(number, raw.page_table, raw.first_table);
    }
    for (number, vmo) in (0..).zip(&survey.vmos) {
        if !vmo.is_physical() && !vmo.is_alias() {
            claims.page_list(number, vmo);
        }
    }
    claims.rest(survey);
}

impl Claims<'_, '_> {
    /// Notes a use of the frame at `address`; false if it has one already, or is no RAM.
    fn claim(&mut self, address: u64, entry: Entry) -> bool {
        let found = match self.owners.table.get_mut(address >> PAGE_SHIFT) {
            Some(known) if known.kind() == FrameKind::Lost => {
                *known = entry;
                return true;
            }
            Some(known) => known.kind().name(),
            None => "no RAM",
        };
        let wanted = entry.kind();
        self.problems.note(format_args!(
            "the frame at {address:#x} is used as {wanted}, but it is {found}"
        ));
        false
    }

    fn claim_simple(&mut self, address: u64, kind: FrameKind) -> bool {
        self.claim(address, Entry::new(kind, 0, 0, 0))
    }

    /// All frames that `length` bytes from `start` on touch, as far as they are RAM.
    fn claim_range(&mut self, start: u64, length: u64, kind: FrameKind) {
        let end =
            start.saturating_add(length.min(self.memory.contiguous_from(GuestAddress(start))));
        let mut at = start & !(PAGE_SIZE - 1);
        while at < end {
            if !self.claim_simple(at, kind) {
                break;
            }
            at += PAGE_SIZE;
        }
    }

    /// Notes that an object of the pool `pool` (a place in [`super::POOLS`]) stands there.
    pub(super) fn claim_object(&mut self, address: GuestAddress, pool: u32) {
        let entry = Entry::new(FrameKind::Pool, pool, 0, 0);
        let known = self.owners.table.get(address.0 >> PAGE_SHIFT);
        if known != Some(entry) {
            self.claim(address.0, entry);
        }
    }

    pub(super) const fn problems(&mut self) -> &mut Problems {
        self.problems
    }

    /// What hangs from the root block itself.
    fn fixed(&mut self, survey: &Survey) {
        let root = survey.root_view;
        let size = size_of::<RootBlock>() as u64;
        self.claim_range(root.address().0, size, FrameKind::RootBlock);
        let size = size_of::<CallPage>() as u64;
        self.claim_range(root.call_page().0, size, FrameKind::CallPage);
        let bytes = self.frame_table_bytes();
        let table = self.root.frame_table.address();
        self.claim_range(table, bytes, FrameKind::FrameTable);
        self.claim_simple(self.root.zero_frame, FrameKind::ZeroFrame);
        self.kernel_tables();
        let chunks = self.root.handle_chunks;
        for chunk in chunks.into_iter().filter(|chunk| *chunk != 0) {
            self.claim_simple(chunk, FrameKind::HandleTable);
        }
        self.free_list(self.root.first_clean, FrameKind::FreeClean);
        self.free_list(self.root.first_dirty, FrameKind::FreeDirty);
    }

    const fn frame_table_bytes(&self) -> u64 {
        let entry = size_of::<FrameEntry>() as u64;
        self.root.frame_count.saturating_mul(entry)
    }

    /// The first frame that the kernel gives out.
    fn first_managed(&self) -> u64 {
        let end = self.root.frame_table.address();
        let end = end.saturating_add(self.frame_table_bytes());
        end.checked_next_multiple_of(PAGE_SIZE).unwrap_or(u64::MAX)
    }

    fn kernel_tables(&mut self) {
        let top = self.root.kernel_page_table;
        if !self.claim_simple(top, FrameKind::KernelPageTable) {
            return;
        }
        let Some(third) = self.words(top).and_then(|words| words.last().copied()) else {
            return;
        };
        let third = match third & (PRESENT | LARGE) {
            PRESENT => third & ADDRESS_MASK,
            _ => return,
        };
        if !self.claim_simple(third, FrameKind::KernelPageTable) {
            return;
        }
        let entries = self.words(third);
        for entry in entries.iter().flat_map(|words| words.iter()) {
            if entry & (PRESENT | LARGE) == PRESENT {
                let table = entry & ADDRESS_MASK;
                // The same table can show RAM in two places.
                let known = self.owners.kind_of(GuestAddress(table));
                if known != Some(FrameKind::KernelPageTable) {
                    self.claim_simple(table, FrameKind::KernelPageTable);
                }
            }
        }
    }

    /// A list of free frames. One that runs in a circle claims a frame twice.
    fn free_list(&mut self, first: u64, kind: FrameKind) {
        let mut number = first;
        while number != 0 && self.claim_simple(number.saturating_mul(PAGE_SIZE), kind) {
            number = self.next_of(number).unwrap_or(0);
        }
    }

    /// The frame that the frame table links that one to.
    fn next_of(&mut self, number: u64) -> Option<u64> {
        if number >= self.root.frame_count {
            self.problems.note(format_args!(
                "the frame table has no entry for frame {number:#x}"
            ));
            return None;
        }
        let offset = number * size_of::<FrameEntry>() as u64;
        let at = self.root.frame_table.address().saturating_add(offset);
        let entry = self.memory.read_object::<FrameEntry>(GuestAddress(at));
        let entry = self.problems.sound(entry)?;
        Some(u64::from(entry.next_free))
    }

    fn words(&mut self, table: u64) -> Option<Box<Words>> {
        let words = self.memory.read_object(GuestAddress(table));
        self.problems.sound(words).map(Box::new)
    }

    /// The page tables of a process: those that its topmost table leads to, then those of its
    /// list that no other leads to.
    fn page_tables(&mut self, process: u32, top: u64, first: u32) {
        // A table is claimed before it is looked into, so that none is looked into twice.
        let mut tables = vec![(top, 4, 0)];
        while let Some((address, level, base)) = tables.pop() {
            let page = base >> PAGE_SHIFT;
            let entry = Entry::new(FrameKind::PageTable, process, page, level);
            if address == 0 || !self.claim(address, entry) || level == 1 {
                continue;
            }
            let shift = PAGE_SHIFT + 9 * (level - 1);
            // The upper half is the kernel's.
            let count = if level == 4 { 256 } else { TABLE_ENTRIES };
            let words = self.words(address);
            let words = words.iter().flat_map(|words| words.iter());
            for (index, entry) in (0u64..).zip(words.take(count)) {
                if entry & (PRESENT | LARGE) == PRESENT {
                    tables.push((entry & ADDRESS_MASK, level - 1, base | (index << shift)));
                }
            }
        }
        let mut number = u64::from(first);
        let mut met = BTreeSet::new();
        while number != 0 && met.insert(number) {
            let known = self.owners.table.get(number);
            let own = |entry: &Entry| entry.kind() == FrameKind::PageTable && entry.who == process;
            let entry = Entry::new(FrameKind::PageTable, process, 0, 0);
            if !known.is_some_and(|known| own(&known))
                && !self.claim(number.saturating_mul(PAGE_SIZE), entry)
            {
                break;
            }
            number = self.next_of(number).unwrap_or(0);
        }
    }

    /// The tables and the pages of a VMO.
    fn page_list(&mut self, vmo: u32, view: &VmoView) {
        let raw = view.raw();
        let mut tables = vec![(raw.pages, raw.levels, 0u64)];
        while let Some((address, level, base)) = tables.pop() {
            let page = base >> PAGE_SHIFT;
            let entry = Entry::new(FrameKind::PageListTable, vmo, page, level);
            if address == 0 || !self.claim(address, entry) {
                continue;
            }
            let shift = PAGE_SHIFT + 9 * (level - 1);
            let words = self.words(address);
            let words = words.iter().flat_map(|words| words.iter());
            for (index, entry) in (0u64..).zip(words.copied()) {
                if entry & (PRESENT | LARGE) != PRESENT {
                    continue;
                }
                // Levels are at most 6, so what is shifted out is beyond all offsets.
                let offset = base | index.checked_shl(shift).unwrap_or(0);
                match level {
                    1 => self.page(vmo, offset, entry & ADDRESS_MASK),
                    _ => tables.push((entry & ADDRESS_MASK, level - 1, offset)),
                }
            }
        }
    }

    /// A page of a VMO, which others may have as well.
    fn page(&mut self, vmo: u32, offset: u64, address: u64) {
        let number = address >> PAGE_SHIFT;
        let page = offset >> PAGE_SHIFT;
        let known = self.owners.table.get(number);
        if known.is_none_or(|known| known.kind() != FrameKind::VmoPage) {
            self.claim(address, Entry::new(FrameKind::VmoPage, vmo, page, 0));
        } else if self.shared < MAX_SHARES {
            self.shared += 1;
            let others = self.owners.shares.entry(number).or_default();
            others.push((vmo, page));
        } else {
            self.too_many();
        }
    }

    fn too_many(&mut self) {
        self.problems.note(format_args!(
            "more than {MAX_SHARES} pages are shared, or physical: the rest is left out"
        ));
    }

    /// Frames that nothing has claimed.
    fn rest(&mut self, survey: &Survey) {
        for (number, vmo) in (0..).zip(&survey.vmos) {
            if vmo.is_physical() && !vmo.is_alias() {
                self.physical(number, vmo);
            }
        }
        let (managed, fresh) = (self.first_managed(), self.root.next_fresh);
        let mut modules = self.modules();
        modules.sort_unstable();
        let kernel_end = match modules.iter().map(|(start, _)| *start).min() {
            Some(first) => first,
            None => self.root.frame_table.address(),
        };
        for (number, entry) in self.owners.table.all_mut() {
            if entry.kind() != FrameKind::Lost {
                continue;
            }
            let at = number << PAGE_SHIFT;
            let before = modules.partition_point(|(start, _)| *start <= at);
            let module = before.checked_sub(1).and_then(|place| modules.get(place));
            let kind = if at >= fresh && fresh >= managed {
                FrameKind::NeverUsed
            } else if at >= managed {
                FrameKind::Lost
            } else if module.is_some_and(|(_, end)| at < *end) {
                FrameKind::Module
            } else if at >= KERNEL_LOAD_ADDRESS && at < kernel_end {
                FrameKind::Kernel
            } else {
                FrameKind::Unmanaged
            };
            *entry = Entry::new(kind, 0, 0, 0);
        }
    }

    /// Frames that a physical VMO names, if they are nobody's.
    fn physical(&mut self, number: u32, vmo: &VmoView) {
        let raw = vmo.raw();
        let managed = self.first_managed();
        let mut offset = 0;
        // Not RAM is where a device would be.
        while offset < raw.size {
            let Some(address) = raw.physical_base.checked_add(offset) else {
                break;
            };
            if self.shared >= MAX_SHARES {
                self.too_many();
                break;
            }
            self.shared += 1;
            let page = offset >> PAGE_SHIFT;
            match self.owners.table.get_mut(address >> PAGE_SHIFT) {
                Some(entry) if entry.kind() == FrameKind::Lost && address < managed => {
                    *entry = Entry::new(FrameKind::PhysicalVmo, number, page, 0);
                }
                Some(entry) if entry.kind() == FrameKind::PhysicalVmo => {
                    let others = self.owners.shares.entry(address >> PAGE_SHIFT);
                    others.or_default().push((number, page));
                }
                Some(_) => {}
                None => break,
            }
            offset = offset.saturating_add(PAGE_SIZE);
        }
    }

    /// Where the files stand that the machine was started with, as the start info tells the
    /// kernel (Xen's `start_info.h`); whole pages, at most 1025.
    fn modules(&self) -> Vec<(u64, u64)> {
        let word = |at: u64| self.memory.read_u64(GuestAddress(at));
        let read = || {
            let magic = word(START_INFO)?;
            let count = word(START_INFO + 8)? >> 32;
            let list = word(START_INFO + 16)?;
            if magic & 0xFFFF_FFFF != u64::from(XEN_HVM_START_MAGIC_VALUE) {
                return Ok(Vec::new());
            }
            let module = |index: u64| {
                let at = list.saturating_add(index * 32);
                let (start, size) = (word(at)?, word(at.saturating_add(8))?);
                let end = start.saturating_add(size);
                Ok((
                    start,
                    end.checked_next_multiple_of(PAGE_SIZE).unwrap_or(end),
                ))
            };
            (0..count.min(1025)).map(module).collect()
        };
        let modules: Result<_, crate::memory::AccessError> = read();
        modules.unwrap_or_default()
    }
}
