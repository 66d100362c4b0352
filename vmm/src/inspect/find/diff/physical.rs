//! All of RAM but the pages of VMOs, compared where it is.

use super::compare::page;
use super::{ChangedGroup, DiffObject, Groups, Key, Side};
use crate::inspect::InspectedRam;
use crate::inspect::look::FrameKind;
use crate::memory::PhysicalMemory;
use abi::layout::PAGE_SIZE;
use vm_memory::GuestAddress;

/// Bytes that are compared at once.
const BLOCK: u64 = 64 << 10;

pub(super) fn compare(
    (before, after): (&InspectedRam, &InspectedRam),
    sides: Option<&(Side<'_>, Side<'_>)>,
    groups: &mut Groups<'_>,
    progress: &mut dyn FnMut(u64, u64),
) {
    let runs = populated(before, after);
    let total = runs.iter().map(|(start, end)| end - start).sum();
    let size = usize::try_from(BLOCK).unwrap_or(0);
    let mut blocks = (vec![0; size], vec![0; size]);
    let mut done = 0;
    for (start, end) in runs {
        let mut at = start;
        while at < end {
            let address = GuestAddress(at);
            let both = before
                .contiguous_from(address)
                .min(after.contiguous_from(address));
            // Where only one has RAM there is nothing to compare.
            let length = match both {
                0 => PAGE_SIZE.min(end - at),
                both => both.min(BLOCK).min(end - at),
            };
            if both > 0 && !alike(before, after, address, length, &mut blocks) {
                for page in (at..at + length).step_by(4096) {
                    compare_page((before, after), sides, GuestAddress(page), groups);
                }
            }
            at += length;
            done += length;
            progress(done, total);
        }
    }
}

fn alike(
    before: &InspectedRam,
    after: &InspectedRam,
    at: GuestAddress,
    length: u64,
    (old, new): &mut (Vec<u8>, Vec<u8>),
) -> bool {
    let length = usize::try_from(length).unwrap_or(0);
    let (Some(old), Some(new)) = (old.get_mut(..length), new.get_mut(..length)) else {
        return false;
    };
    let read = before
        .read_bytes(at, old)
        .and_then(|()| after.read_bytes(at, new));
    read.is_ok() && old == new
}

/// Where either may hold anything but zeros: ranges of whole pages, in ascending order.
fn populated(before: &InspectedRam, after: &InspectedRam) -> Vec<(u64, u64)> {
    let mut runs = Vec::new();
    for memory in [before, after] {
        let mut at = GuestAddress(0);
        while let Some((start, length)) = memory.populated_from(at) {
            let end = start.0.saturating_add(length);
            let whole = end.checked_next_multiple_of(PAGE_SIZE).unwrap_or(end);
            runs.push((start.0 & !(PAGE_SIZE - 1), whole));
            at = GuestAddress(end);
        }
    }
    runs.sort_unstable();
    let mut joined: Vec<(u64, u64)> = Vec::new();
    for (start, end) in runs {
        match joined.last_mut() {
            Some(last) if start <= last.1 => last.1 = last.1.max(end),
            _ => joined.push((start, end)),
        }
    }
    joined
}

fn compare_page(
    (before, after): (&InspectedRam, &InspectedRam),
    sides: Option<&(Side<'_>, Side<'_>)>,
    at: GuestAddress,
    groups: &mut Groups<'_>,
) {
    let (Some(old), Some(new)) = (page(before, at), page(after, at)) else {
        return;
    };
    if old == new {
        return;
    }
    let kinds = sides.map(|(first, second)| {
        let kind = |side: &Side<'_>| side.owners.frames().kind_of(at);
        (kind(first), kind(second))
    });
    // Compared by offset.
    if kinds == Some((Some(FrameKind::VmoPage), Some(FrameKind::VmoPage))) {
        return;
    }
    let group = group(sides, at, groups);
    groups.compare(group, at.0, &old, &new);
}

fn group(sides: Option<&(Side<'_>, Side<'_>)>, at: GuestAddress, groups: &mut Groups<'_>) -> usize {
    let owner = sides.and_then(|(_, second)| second.owners.frames().owner_of(at));
    let empty = |kind, description: String| ChangedGroup {
        kind,
        description,
        vmo: None,
        processes: Vec::new(),
        pages: 0,
        pages_new: 0,
        pages_gone: 0,
        bytes: 0,
    };
    let Some(owner) = owner else {
        let key = Key::Frames(None, 0, None);
        return groups.index(key, || empty(None, "RAM".to_owned()));
    };
    let process = owner.process.map(|process| DiffObject {
        koid: process.koid,
        name: process.name.clone(),
    });
    let vmo = owner.vmo.map(|vmo| vmo.koid);
    let who = process
        .as_ref()
        .map(|process| process.koid)
        .or(vmo)
        .unwrap_or(0);
    let key = Key::Frames(Some(owner.kind), who, owner.object);
    groups.index(key, || {
        let description = match (owner.kind, &process, owner.vmo) {
            (FrameKind::PageTable, Some(process), _) => {
                format!("page tables of process {} {}", process.koid, process.name)
            }
            (FrameKind::PageListTable, _, Some(vmo)) => format!("page list of VMO {vmo}"),
            // Only the first guest had another use for it.
            (FrameKind::VmoPage, _, Some(vmo)) => format!("frames that VMO {vmo} was given"),
            (FrameKind::PhysicalVmo, _, Some(vmo)) => format!("physical VMO {vmo}"),
            _ => owner.to_string(),
        };
        let mut group = empty(Some(owner.kind), description);
        group.vmo = vmo;
        group.processes = process.into_iter().collect();
        group
    })
}
