//! What a vCPU's page tables map, as stretches: where a debugger finds virtual addresses.

use super::super::{InspectedRam, Problems};
use crate::memory::PhysicalMemory;
use abi::entry::{ADDRESS_MASK, LARGE, NO_EXECUTE, PRESENT, WRITABLE};
use vm_memory::GuestAddress;

/// Stretches that are told at most: page tables are the guest's.
const MAX_RUNS: usize = 1 << 15;
/// Tables that are looked into at most: each can lead to all others.
const MAX_TABLES: usize = 1 << 16;

/// Virtual addresses that lead to consecutive bytes of RAM, all alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct VirtualRun {
    pub(super) address: u64,
    pub(super) physical: GuestAddress,
    pub(super) length: u64,
    pub(super) writable: bool,
    pub(super) executable: bool,
}

/// All that the four-level tables under `root` map (SDM vol. 3, 4.5), for ring 0 or ring 3, in
/// ascending order, as far as it is RAM.
pub(super) fn runs(
    memory: &InspectedRam,
    root: GuestAddress,
    problems: &mut Problems,
) -> Vec<VirtualRun> {
    let mut walk = Walk {
        memory,
        runs: Vec::new(),
        tables: 0,
        full: false,
        broken: 0,
    };
    walk.table(root.0, 4, 0, (true, true));
    if walk.full {
        problems.note(format_args!(
            "the page tables at guest-physical {:#x} map more than can be told: the first {} \
             stretches are kept",
            root.0,
            walk.runs.len()
        ));
    }
    if walk.broken > 0 {
        problems.note(format_args!(
            "{} entries of the page tables at guest-physical {:#x} lead outside RAM",
            walk.broken, root.0
        ));
    }
    walk.runs
}

struct Walk<'m> {
    memory: &'m InspectedRam,
    runs: Vec<VirtualRun>,
    tables: usize,
    full: bool,
    broken: u64,
}

impl Walk<'_> {
    /// Looks into a table of `level`, whose first entry stands for `base`; the pair says
    /// whether the entries above allow stores and fetches.
    fn table(&mut self, table: u64, level: u32, base: u64, above: (bool, bool)) {
        if self.full || self.tables >= MAX_TABLES {
            self.full = true;
            return;
        }
        self.tables += 1;
        let mut bytes = [0; 4096];
        let found = self.memory.read_bytes(GuestAddress(table), &mut bytes);
        if found.is_err() {
            self.broken += 1;
            return;
        }
        let shift = 12 + 9 * (level - 1);
        let (entries, _) = bytes.as_chunks::<8>();
        for (index, entry) in (0u64..).zip(entries) {
            let entry = u64::from_le_bytes(*entry);
            if entry & PRESENT == 0 {
                continue;
            }
            let mut address = base | (index << shift);
            // Bit 47 is repeated above it.
            if level == 4 && index >= 256 {
                address |= 0xFFFF << 48;
            }
            let allowed = (
                above.0 && entry & WRITABLE != 0,
                above.1 && entry & NO_EXECUTE == 0,
            );
            if level > 1 && entry & LARGE == 0 {
                self.table(entry & ADDRESS_MASK, level - 1, address, allowed);
            } else if level <= 3 {
                let size = 1 << shift;
                // Bit 12 of a large page is no address bit.
                self.page(address, entry & ADDRESS_MASK & !(size - 1), size, allowed);
            } else {
                self.broken += 1;
            }
        }
    }

    fn page(&mut self, address: u64, physical: u64, size: u64, allowed: (bool, bool)) {
        let length = self
            .memory
            .contiguous_from(GuestAddress(physical))
            .min(size);
        if length == 0 {
            // A map of all memory in large pages reaches beyond RAM: that is no fault.
            self.broken += u64::from(size == 4096);
            return;
        }
        let (writable, executable) = allowed;
        if let Some(last) = self.runs.last_mut()
            && last.address.wrapping_add(last.length) == address
            && last.physical.0.wrapping_add(last.length) == physical
            && (last.writable, last.executable) == allowed
        {
            last.length += length;
        } else if self.runs.len() < MAX_RUNS {
            self.runs.push(VirtualRun {
                address,
                physical: GuestAddress(physical),
                length,
                writable,
                executable,
            });
        } else {
            self.full = true;
        }
    }
}
