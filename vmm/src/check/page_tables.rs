//! Page tables: what programs can reach, against what their mappings show.

use super::Checker;
use super::frames::Use;
use crate::memory::{PhysicalMemory, VmoOffset};
use crate::objects::{Content, MappingView, ProcessView, VmoContents, VmoView, Window};
use abi::entry::{ADDRESS_MASK, LARGE, NO_EXECUTE, PRESENT, USER, WRITABLE};
use abi::layout::{PAGE_SHIFT, PAGE_SIZE};
use abi::objects::{MappingFlags, Permissions};
use std::collections::BTreeSet;
use vm_memory::GuestAddress;

/// Entries that are looked at in all; one of a VMO with layers counts for many. No guest
/// that is not made for it comes near.
pub(super) const PATIENCE: u64 = 1 << 26;
/// What the entry for a page of a VMO with layers costs.
const LAYERED: u64 = 16;

/// A mapping whose pages are being looked at.
struct Shown<'m, M> {
    mapping: MappingView,
    vmo: VmoView,
    window: Window,
    /// Bytes of the VMO, from the mapping's first byte on, that may be reached.
    reach: u64,
    contents: VmoContents<'m, M>,
}

/// An address space on the walk.
struct Walk<'m, M> {
    process: GuestAddress,
    mappings: Vec<MappingView>,
    /// The mapping that the walk has come to.
    at: usize,
    shown: Option<Shown<'m, M>>,
    /// Tables of the process's list that were not met yet.
    tables: BTreeSet<u64>,
}

impl<'m, M: PhysicalMemory> Checker<'m, M> {
    pub(super) fn check_page_tables(&mut self, process: &ProcessView) {
        let mappings = self.mappings_of(process);
        let mut walk = Walk {
            process: process.address(),
            mappings,
            at: 0,
            shown: None,
            tables: self.claim_tables(process),
        };
        let top = process.raw().page_table;
        if top == 0 {
            return;
        }
        self.check_table(&mut walk, top, 4, 0);
        let left = walk.tables.len();
        self.rule(
            walk.process,
            left == 0,
            format_args!("{left} of its page tables are in no other"),
        );
    }

    /// The list of the process's tables.
    fn claim_tables(&mut self, process: &ProcessView) -> BTreeSet<u64> {
        let mut tables = BTreeSet::new();
        let mut frame = process.raw().first_table;
        while frame != 0 {
            let address = u64::from(frame) << PAGE_SHIFT;
            // A list that runs in a circle claims a frame twice.
            if !self.claim(address, Use::PageTable) {
                break;
            }
            tables.insert(address);
            frame = self.frame_entry(address).map_or(0, |entry| entry.next_free);
        }
        let (count, said) = (tables.len() as u64, process.raw().table_count);
        self.rule(
            process.address(),
            count == u64::from(said),
            format_args!("it says {said} page tables, but it has {count}"),
        );
        tables
    }

    /// A table of that level, 4 for the topmost, and all below it; `base` is the first
    /// address that it is for.
    fn check_table(&mut self, walk: &mut Walk<'m, M>, address: u64, level: u32, base: u64) {
        // A table that was met before, or is another's, is not looked into again.
        if !walk.tables.remove(&address) {
            self.rule(
                walk.process,
                false,
                format_args!("the page table at {address:#x} is not its own, or in two places"),
            );
            return;
        }
        let Some(entries) = self.read_table(address) else {
            return;
        };
        let shift = PAGE_SHIFT + 9 * (level - 1);
        let touched = self.frame_entry(address).unwrap_or_default().touched();
        for (index, entry) in (0u64..).zip(entries.iter().copied()) {
            if level == 4 && index >= 256 {
                let kernel = if index == 511 { self.kernel_entry } else { 0 };
                self.rule(
                    walk.process,
                    entry == kernel,
                    format_args!("entry {index} of its topmost page table is {entry:#x}"),
                );
                continue;
            }
            let at = base | (index << shift);
            let known = (u64::from(touched.0)..u64::from(touched.1)).contains(&index);
            self.rule(
                walk.process,
                entry == 0 || known,
                format_args!("the entry of level {level} for {at:#x} is not among the touched"),
            );
            if entry & PRESENT == 0 {
                continue;
            }
            if level == 1 {
                self.check_leaf(walk, at, entry);
            } else if entry & LARGE != 0 || entry & (USER | WRITABLE) != USER | WRITABLE {
                self.rule(
                    walk.process,
                    false,
                    format_args!("the entry of level {level} for {at:#x} is {entry:#x}"),
                );
            } else {
                self.check_table(walk, entry & ADDRESS_MASK, level - 1, at);
            }
        }
    }

    /// The entry for the page at `address`, which is present.
    fn check_leaf(&mut self, walk: &mut Walk<'m, M>, address: u64, entry: u64) {
        if self.patience < LAYERED {
            if self.patience > 0 {
                self.patience = 0;
                self.found("there are more entries in page tables than this check looks at");
            }
            return;
        }
        self.patience -= 1;
        let problem = match self.shown_at(walk, address) {
            None => Some("no mapping is there".to_owned()),
            Some(shown) => {
                if shown.vmo.is_layered() {
                    self.patience -= LAYERED - 1;
                }
                let zero = self.root.zero_frame;
                leaf_problem(self.memory, shown, address, entry, zero)
            }
        };
        if let Some(problem) = problem {
            self.rule(
                walk.process,
                false,
                format_args!("its page at {address:#x} is mapped as {entry:#x}: {problem}"),
            );
        }
    }

    /// The mapping that `address` is in; addresses ascend.
    fn shown_at<'w>(
        &mut self,
        walk: &'w mut Walk<'m, M>,
        address: u64,
    ) -> Option<&'w mut Shown<'m, M>> {
        while walk
            .mappings
            .get(walk.at)
            .is_some_and(|mapping| mapping.end() <= address)
        {
            walk.at += 1;
            walk.shown = None;
        }
        let mapping = *walk.mappings.get(walk.at)?;
        if address < mapping.base() {
            return None;
        }
        if walk.shown.is_none() {
            walk.shown = self.show(mapping);
        }
        walk.shown.as_mut()
    }

    fn show(&mut self, mapping: MappingView) -> Option<Shown<'m, M>> {
        let mut vmo = VmoView::read(self.memory, mapping.vmo()).ok()?;
        // A reference has the stream size of its source, a slice its own.
        let stream = vmo.raw().stream_size;
        let slice = vmo.options().contains(abi::objects::VmoOptions::SLICE);
        let window = vmo.enter(self.memory).ok()?;
        let stream = if slice { stream } else { vmo.raw().stream_size };
        let cut = mapping
            .flags()
            .contains(MappingFlags::FAULT_BEYOND_STREAM_SIZE);
        let size = if cut {
            let whole = stream.checked_next_multiple_of(PAGE_SIZE);
            window.size.min(whole.unwrap_or(u64::MAX))
        } else {
            window.size
        };
        Some(Shown {
            mapping,
            vmo,
            window,
            reach: size.saturating_sub(mapping.raw().vmo_offset),
            contents: vmo.contents(self.memory),
        })
    }
}

/// What is wrong with the entry for `address`, if something is.
fn leaf_problem<M: PhysicalMemory>(
    memory: &M,
    shown: &mut Shown<'_, M>,
    address: u64,
    entry: u64,
    zero_frame: u64,
) -> Option<String> {
    let raw = shown.mapping.raw();
    let permissions = Permissions::from_bits_truncate(raw.permissions);
    let writable = entry & WRITABLE != 0;
    let frame = entry & ADDRESS_MASK;
    let distance = address - shown.mapping.base();
    let allowed = (!writable || permissions.contains(Permissions::WRITE))
        && (entry & NO_EXECUTE != 0 || permissions.contains(Permissions::EXECUTE))
        && !permissions.is_empty()
        && entry & (USER | LARGE) == USER;
    if !allowed {
        return Some(format!("its mapping allows {permissions:?}"));
    }
    if distance >= shown.reach {
        return Some("its VMO ends before it".to_owned());
    }
    // Neither wraps: the view has checked the mapping, and the offset is within the VMO.
    let offset = (raw.vmo_offset + distance).checked_add(shown.window.base)?;
    if shown.vmo.is_physical() {
        let expected = shown.vmo.raw().physical_base.checked_add(offset);
        return (expected != Some(frame)).then(|| "it is another place in memory".to_owned());
    }
    match shown.contents.run(VmoOffset(offset), PAGE_SIZE) {
        Err(error) => Some(error.to_string()),
        Ok(run) => match run.content {
            Content::At(start) if start.0 != frame => {
                Some(format!("its VMO shows the page at {:#x}", start.0))
            }
            Content::At(_) if writable && !is_own(memory, &shown.vmo, offset) => {
                Some("it may be written, but not the page of its VMO".to_owned())
            }
            Content::At(_) => None,
            Content::Zeros if frame != zero_frame || writable => {
                Some("its VMO has no page there".to_owned())
            }
            Content::Zeros => (!shown.mapping.flags().contains(MappingFlags::ZERO_FRAMES))
                .then(|| "its mapping does not know of the zero frame".to_owned()),
            Content::Pager => Some("the pager has not supplied it".to_owned()),
        },
    }
}

/// Whether the VMO has a page of its own there that may be written.
fn is_own<M: PhysicalMemory>(memory: &M, vmo: &VmoView, offset: u64) -> bool {
    use crate::translate::PageSlot;
    let run = vmo.pages(memory).run(VmoOffset(offset), PAGE_SIZE);
    matches!(
        run.map(|run| run.slot),
        Ok(PageSlot::Present { writable: true, .. })
    )
}
