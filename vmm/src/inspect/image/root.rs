//! Finding the root block.

use super::super::{Hex, InspectedRam, Problems};
use crate::memory::PhysicalMemory;
use crate::objects::{ProcessView, RootView, ThreadView, VmoView};
use abi::layout::PAGE_SIZE;
use abi::objects::FrameEntry;
use abi::root::ROOT_MAGIC;
use abi::{ABI_VERSION, RootBlock};
use std::mem::size_of;
use vm_memory::GuestAddress;

/// Pages with the root block's magic number that are looked at.
const MAX_CANDIDATES: usize = 64;

/// Where the root block stands: `told`, if there is one, or the most plausible of those that
/// memory holds, the lowest of them; 0 if there is none. An image without one has bytes that
/// can be read all the same.
pub(super) fn find(memory: &InspectedRam, told: Hex, problems: &mut Problems) -> Hex {
    if told.0 != 0 {
        if RootView::read(memory, GuestAddress(told.0)).is_ok() {
            return told;
        }
        problems.note(format_args!(
            "there is no usable root block at guest-physical {told}, where the image says that it is"
        ));
    }
    let candidates = candidates(memory);
    let best = candidates
        .iter()
        .map(|at| (plausibility(memory, *at), *at))
        .rev()
        .max_by_key(|(points, _)| *points);
    match best {
        Some((points, at)) if points > 0 => at.0.into(),
        Some((_, at)) => {
            let version = memory.read_object::<RootBlock>(at).map(|root| root.version);
            if let Some(version) = version.ok().filter(|version| *version != ABI_VERSION) {
                problems.note(format_args!(
                    "the guest's kernel is of ABI version {version}, and this vmm knows version \
                     {ABI_VERSION} only: its objects cannot be shown, only bytes of memory; use \
                     the vmm that the guest ran with"
                ));
            }
            at.0.into()
        }
        None => {
            problems.note(
                "no root block was found: it is no guest of ours, or the memory that holds it is \
                 missing; bytes can be read, objects cannot be shown",
            );
            Hex(0)
        }
    }
}

/// Pages that start with the magic number.
fn candidates(memory: &InspectedRam) -> Vec<GuestAddress> {
    let mut found = Vec::new();
    let mut at = GuestAddress(0);
    while let Some((start, length)) = memory.populated_from(at) {
        let end = start.0.saturating_add(length);
        let mut page = start.0.checked_next_multiple_of(PAGE_SIZE);
        while let Some(address) = page.filter(|page| *page < end) {
            if memory.read_u64(GuestAddress(address)) == Ok(ROOT_MAGIC) {
                found.push(GuestAddress(address));
                if found.len() >= MAX_CANDIDATES {
                    return found;
                }
            }
            page = address.checked_add(PAGE_SIZE);
        }
        at = GuestAddress(end);
    }
    found
}

/// How much speaks for a root block: 0 if it cannot be used at all. A stale copy, or one in
/// a file that the guest holds, has a call page and lists that lead elsewhere.
fn plausibility(memory: &InspectedRam, at: GuestAddress) -> u32 {
    let Ok(view) = RootView::read(memory, at) else {
        return 0;
    };
    let (Ok(root), Ok(call_page)) = (view.snapshot(memory), view.call_page_snapshot(memory)) else {
        return 0;
    };
    let end = memory
        .pieces()
        .last()
        .map_or(0, |(base, length)| base.0.saturating_add(*length));
    let table = root
        .frame_count
        .saturating_mul(size_of::<FrameEntry>() as u64);
    let address = |link: u64| GuestAddress(link);
    let first_process = address(root.first_process.address());
    let process = address(call_page.process.address());
    let thread = address(call_page.thread.address());
    let facts = [
        root.frame_count == end / PAGE_SIZE,
        root.free_frames <= root.managed_frames && root.managed_frames <= root.frame_count,
        memory.contains(address(root.frame_table.address()), table),
        memory.contains(address(root.kernel_page_table), PAGE_SIZE),
        memory.contains(address(root.zero_frame), PAGE_SIZE),
        root.first_process.is_none() || ProcessView::read(memory, first_process).is_ok(),
        VmoView::read(memory, address(root.first_vmo.address())).is_ok(),
        call_page.process.is_none() || ProcessView::read(memory, process).is_ok(),
        call_page.thread.is_none() || ThreadView::read(memory, thread).is_ok(),
    ];
    (1..)
        .zip(facts)
        .filter(|(_, holds)| *holds)
        .fold(1, |points, _| points + 1)
}
