//! What the page tables of a process lead to.

use crate::inspect::{InspectedRam, Problems, ProcessRecord};
use crate::memory::PhysicalMemory;
use abi::entry::{ADDRESS_MASK, LARGE, PRESENT};
use abi::layout::{PAGE_SHIFT, PAGE_SIZE, TABLE_ENTRIES};
use std::collections::HashSet;
use vm_memory::GuestAddress;

type Words = [u64; TABLE_ENTRIES];

/// For each mapping of the process, in ascending order: the bytes for which there is an entry.
/// Each table is looked into once, wherever it stands.
pub(super) fn mapped_bytes(
    memory: &InspectedRam,
    process: &ProcessRecord,
    problems: &mut Problems,
) -> Vec<u64> {
    let ranges: Vec<_> = process
        .mappings()
        .map(|mapping| (mapping.base(), mapping.end()))
        .collect();
    let mut bytes = vec![0u64; ranges.len()];
    let mut met = HashSet::new();
    let mut tables = vec![(process.view.raw().page_table, 4u32, 0u64)];
    while let Some((table, level, base)) = tables.pop() {
        if table == 0 {
            continue;
        }
        if !met.insert(table) {
            problems.note(format_args!(
                "the page table at {table:#x} stands in two places of process {}",
                process.koid()
            ));
            continue;
        }
        let words = memory.read_object::<Words>(GuestAddress(table));
        let Some(words) = problems.sound(words) else {
            continue;
        };
        let shift = PAGE_SHIFT + 9 * (level - 1);
        // The upper half is the kernel's.
        let count = if level == 4 { 256 } else { TABLE_ENTRIES };
        for (index, entry) in (0u64..).zip(words.into_iter().take(count)) {
            if entry & PRESENT == 0 {
                continue;
            }
            let at = base | (index << shift);
            if level > 1 && entry & LARGE == 0 {
                tables.push((entry & ADDRESS_MASK, level - 1, at));
                continue;
            }
            let after = ranges.partition_point(|(start, _)| *start <= at);
            let place = after.checked_sub(1);
            let range = place.and_then(|place| ranges.get(place));
            if let (Some((_, end)), Some(sum)) = (range, place.and_then(|at| bytes.get_mut(at)))
                && at < *end
            {
                *sum = sum.saturating_add(PAGE_SIZE << (9 * (level - 1)));
            }
        }
    }
    bytes
}
