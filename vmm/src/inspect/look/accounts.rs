//! Whose the pages of VMOs are, counted as the guest's kernel counts them for
//! `zx_object_get_info` (reference §15.1, §15.4).

use crate::inspect::{Hex, InspectedRam, Paused, Problems, Survey};
use crate::memory::PhysicalMemory;
use crate::objects::VmoView;
use abi::RootBlock;
use abi::entry::{ADDRESS_MASK, LARGE, PRESENT, WRITABLE};
use abi::layout::{PAGE_SHIFT, PAGE_SIZE, TABLE_ENTRIES};
use abi::objects::FrameEntry;
use serde::Serialize;
use std::collections::{BTreeSet, HashMap, HashSet};
use vm_memory::GuestAddress;

/// Tables that are read at most for one answer: 1 GiB of them. Page lists and page tables of a
/// guest made for it share tables or lead back to themselves, and would never end.
const MAX_TABLES: u64 = 1 << 18;
/// One byte in [`PageCounts::fraction`].
const ONE: u128 = 1 << 63;

type Words = [u64; TABLE_ENTRIES];

/// Bytes of a VMO's resident pages, as Zircon counts them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PageCounts {
    /// Bytes of all resident pages (`committed_bytes`, `populated_bytes`).
    pub committed: u64,
    /// Bytes of pages that no snapshot shares (`committed_private_bytes`).
    pub private: u64,
    /// Bytes, each page's divided by the number of VMOs that share it
    /// (`committed_scaled_bytes`).
    pub scaled: u64,
    /// The fraction that the division leaves; 2^63 is one byte
    /// (`committed_fractional_scaled_bytes`).
    pub fraction: Hex,
}

impl PageCounts {
    fn add(&mut self, bytes: u64, sharers: u64) {
        self.committed = self.committed.saturating_add(bytes);
        if sharers == 1 {
            self.private = self.private.saturating_add(bytes);
        }
        self.add_parts(u128::from(bytes).saturating_mul(ONE), sharers);
    }

    /// Adds the scaled bytes of `other`, divided by `sharers`.
    pub(super) fn add_scaled(&mut self, other: Self, sharers: u64) {
        let whole = u128::from(other.scaled).saturating_mul(ONE);
        self.add_parts(whole.saturating_add(u128::from(other.fraction.0)), sharers);
    }

    fn add_parts(&mut self, parts: u128, sharers: u64) {
        let part = parts.checked_div(u128::from(sharers)).unwrap_or(parts);
        let sum = u128::from(self.fraction.0).saturating_add(part);
        let bytes = u64::try_from(sum / ONE).unwrap_or(u64::MAX);
        self.scaled = self.scaled.saturating_add(bytes);
        self.fraction = Hex(u64::try_from(sum % ONE).unwrap_or(0));
    }
}

/// What maps a VMO.
#[derive(Clone, Debug, Default)]
pub(super) struct Users {
    /// Mappings; one in several pieces is one.
    pub(super) mappings: u64,
    /// Koids of the processes, ascending.
    pub(super) processes: BTreeSet<u64>,
}

/// Counts pages of VMOs.
pub(super) struct Accounts<'a> {
    memory: &'a InspectedRam,
    root: &'a RootBlock,
    users: HashMap<u64, Users>,
    /// What was counted before: VMO, offset, end.
    known: HashMap<(u64, u64, u64), PageCounts>,
    tables_left: u64,
    nobody: Users,
}

impl<'a> Accounts<'a> {
    pub(super) fn new(paused: &'a Paused<'_>, survey: &'a Survey) -> Self {
        let mut users: HashMap<u64, Users> = HashMap::new();
        for process in &survey.processes {
            for mapping in process.mappings() {
                let users = users.entry(mapping.vmo().0).or_default();
                users.mappings += u64::from(!mapping.is_joined());
                users.processes.insert(process.koid());
            }
        }
        Self {
            memory: paused.memory(),
            root: &survey.root,
            users,
            known: HashMap::new(),
            tables_left: MAX_TABLES,
            nobody: Users::default(),
        }
    }

    /// What maps the VMO that stands there.
    pub(super) fn users_of(&self, vmo: GuestAddress) -> &Users {
        self.users.get(&vmo.0).unwrap_or(&self.nobody)
    }

    /// The pages in `length` bytes of the VMO from `offset` on. Slices and references have
    /// none of their own.
    pub(super) fn of_range(
        &mut self,
        vmo: &VmoView,
        offset: u64,
        length: u64,
        problems: &mut Problems,
    ) -> PageCounts {
        let end = offset.saturating_add(length).min(vmo.size());
        let mut counts = PageCounts::default();
        let raw = vmo.raw();
        if vmo.is_alias() || raw.pages == 0 || offset >= end {
            return counts;
        }
        let key = (vmo.address().0, offset, end);
        if let Some(known) = self.known.get(&key) {
            return *known;
        }
        let mut own = 0u64;
        let mut walk = Walk {
            accounts: self,
            problems,
            range: (offset & !(PAGE_SIZE - 1), end),
            met: HashSet::new(),
            visit: &mut |others: u32| match others {
                0 => own = own.saturating_add(PAGE_SIZE),
                others => counts.add(PAGE_SIZE, u64::from(others) + 1),
            },
        };
        walk.table(raw.pages, raw.levels, 0);
        counts.add(own, 1);
        self.known.insert(key, counts);
        counts
    }

    /// How many page lists besides one have the frame.
    fn others(&self, frame: u64, problems: &mut Problems) -> u32 {
        let number = frame >> PAGE_SHIFT;
        let offset = number.saturating_mul(size_of::<FrameEntry>() as u64);
        let at = self.root.frame_table.address().saturating_add(offset);
        let entry = self.memory.read_object::<FrameEntry>(GuestAddress(at));
        problems.sound(entry).map_or(0, |entry| entry.extra_owners)
    }
}

/// A walk over the present pages in a range of a page list.
struct Walk<'w, 'a, V> {
    accounts: &'w mut Accounts<'a>,
    problems: &'w mut Problems,
    range: (u64, u64),
    /// Tables that were looked into.
    met: HashSet<u64>,
    /// Takes how many others have the page.
    visit: V,
}

impl<V: FnMut(u32)> Walk<'_, '_, V> {
    /// The depth is the level's, at most 6.
    fn table(&mut self, address: u64, level: u32, base: u64) {
        if !self.met.insert(address) {
            self.problems.note(format_args!(
                "the table at {address:#x} stands in two places of one page list"
            ));
            return;
        }
        let Some(left) = self.accounts.tables_left.checked_sub(1) else {
            self.problems
                .note("there are more page lists than are looked at for one answer");
            return;
        };
        self.accounts.tables_left = left;
        let words = self
            .accounts
            .memory
            .read_object::<Words>(GuestAddress(address));
        let Some(words) = self.problems.sound(words) else {
            return;
        };
        let shift = PAGE_SHIFT + 9 * level.saturating_sub(1);
        let span = 1u64.checked_shl(shift).unwrap_or(u64::MAX);
        for (index, entry) in (0u64..).zip(words) {
            if entry & PRESENT == 0 {
                continue;
            }
            let start = index.checked_mul(span).and_then(|at| at.checked_add(base));
            let Some(start) = start.filter(|start| *start < self.range.1) else {
                break;
            };
            if start.saturating_add(span) <= self.range.0 {
                continue;
            }
            let target = entry & ADDRESS_MASK;
            if entry & LARGE != 0 {
                self.problems.note(format_args!(
                    "the page list table at {address:#x} has the entry {entry:#x}"
                ));
            } else if level > 1 {
                self.table(target, level - 1, start);
            } else {
                let others = match entry & WRITABLE {
                    0 => self.accounts.others(target, self.problems),
                    _ => 0,
                };
                (self.visit)(others);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thirds_add_up_as_the_kernel_adds_them() {
        let mut counts = PageCounts::default();
        for _ in 0..3 {
            counts.add(PAGE_SIZE, 3);
        }
        // A third of 2^75 parts leaves a rest of two thirds, three times.
        assert_eq!((counts.committed, counts.private), (3 * PAGE_SIZE, 0));
        assert_eq!(counts.scaled, PAGE_SIZE - 1);
        assert_eq!(u128::from(counts.fraction.0), ONE - 2);
        let mut half = PageCounts::default();
        half.add_scaled(counts, 0);
        assert_eq!(half.scaled, counts.scaled);
    }
}
