//! Virtual memory address regions (reference §13). Only root VMARs exist so far.

use abi::layout::{PAGE_SIZE, USER_BASE, USER_TOP};
use abi::objects::{Mapping, ObjectType, Process, Region, Vmar};
use abi::{Link, Status};

use super::header;
use super::mapping::{self, Attributes};
use crate::arch::paging;
use crate::mem::pool::Pool;
use crate::random;
use crate::state::{Follow, Ptr, new_koid};

static POOL: Pool<Vmar> = Pool::new();

/// The root VMAR of a process. The caller gets the one reference.
///
/// # Errors
/// NO_MEMORY.
pub fn create_root(process: Ptr<Process>) -> Result<Ptr<Vmar>, Status> {
    let mut vmar = POOL.allocate()?;
    vmar.region = Region {
        header: header::new(ObjectType::VMAR, new_koid()),
        base: USER_BASE,
        size: USER_TOP - USER_BASE,
        ..Region::default()
    };
    vmar.process = process.link();
    // Somewhere in the lower half of the user range, in steps of 2 MiB.
    vmar.search_from = USER_BASE + (random::next() & ((1 << 46) - (2 << 20)));
    Ok(vmar)
}

/// Ends a VMAR that nothing refers to any more.
pub fn destroy(vmar: Ptr<Vmar>) {
    POOL.free(vmar);
}

/// The mapping that contains `address`.
pub fn find(vmar: Ptr<Vmar>, address: u64) -> Option<Ptr<Mapping>> {
    let mut next = vmar.first_child;
    while let Some(region) = next.get() {
        if address < region.base {
            return None;
        }
        if address - region.base < region.size {
            return Some(region.cast());
        }
        next = region.next;
    }
    None
}

/// The last region that starts below `address`, and the one after it.
fn neighbours(vmar: Ptr<Vmar>, address: u64) -> (Option<Ptr<Region>>, Link<Region>) {
    let mut before = None;
    let mut next = vmar.first_child;
    while let Some(region) = next.get() {
        if region.base >= address {
            break;
        }
        before = Some(region);
        next = region.next;
    }
    (before, next)
}

/// Whether nothing stands in `[base, base + size)`.
pub fn is_free(vmar: Ptr<Vmar>, base: u64, size: u64) -> bool {
    let (before, _) = neighbours(vmar, base + size);
    before.is_none_or(|region| region.base + region.size <= base)
}

/// A free place for `size` bytes at a multiple of `alignment`: near a place that was
/// chosen at random for each process, a random few pages after what stands there, so
/// that running over the end of one mapping does not end in the next.
///
/// # Errors
/// NO_RESOURCES when there is no such place.
pub fn choose(
    vmar: Ptr<Vmar>,
    size: u64,
    alignment: u64,
    limit: Option<u64>,
) -> Result<u64, Status> {
    let top = limit
        .unwrap_or(u64::MAX)
        .min(vmar.region.base + vmar.region.size);
    let gap = (1 + (random::next() & 0xF)) * PAGE_SIZE;
    first_fit(vmar, vmar.search_from, top, size, alignment, gap)
        .or_else(|| first_fit(vmar, vmar.region.base, top, size, alignment, 0))
        .ok_or(Status::NO_RESOURCES)
}

fn first_fit(
    vmar: Ptr<Vmar>,
    from: u64,
    top: u64,
    size: u64,
    alignment: u64,
    gap: u64,
) -> Option<u64> {
    let mut candidate = align_up(from, alignment)?;
    let mut next = vmar.first_child;
    while let Some(region) = next.get() {
        next = region.next;
        let end = region.base + region.size;
        if end.checked_add(gap)? <= candidate {
            continue;
        }
        if candidate.checked_add(size)?.checked_add(gap)? <= region.base {
            break;
        }
        candidate = align_up(end.checked_add(gap)?, alignment)?;
    }
    (candidate.checked_add(size)? <= top).then_some(candidate)
}

fn align_up(value: u64, alignment: u64) -> Option<u64> {
    Some(value.checked_add(alignment - 1)? & !(alignment - 1))
}

/// Maps a range of a VMO; with `overwrite`, in place of whatever stands there, otherwise
/// into a free range.
///
/// # Errors
/// NO_MEMORY; nothing is changed then.
pub fn map(
    mut vmar: Ptr<Vmar>,
    base: u64,
    size: u64,
    attributes: Attributes,
    overwrite: bool,
) -> Result<Ptr<Mapping>, Status> {
    let mapping = mapping::create(Ptr::new(vmar.process), vmar, base, size, attributes)?;
    if overwrite && let Err(status) = unmap(vmar, base, size) {
        mapping::destroy(mapping);
        return Err(status);
    }
    insert(vmar, mapping.cast());
    vmar.child_count += 1;
    Ok(mapping)
}

fn insert(mut vmar: Ptr<Vmar>, mut region: Ptr<Region>) {
    let (before, next) = neighbours(vmar, region.base);
    region.next = next;
    match before {
        Some(mut before) => before.next = region.link(),
        None => vmar.first_child = region.link(),
    }
}

/// Unmaps `[base, base + size)`, whatever stands there; a mapping that reaches out of it
/// is cut, one that reaches out on both sides becomes two.
///
/// # Errors
/// NO_MEMORY when a mapping must become two; nothing is changed then.
pub fn unmap(mut vmar: Ptr<Vmar>, base: u64, size: u64) -> Result<(), Status> {
    let end = base + size;
    let process = Ptr::new(vmar.process);
    let (before, mut next) = neighbours(vmar, base);

    // What stands behind the range becomes a mapping of its own first: that can fail.
    if let Some(mut region) = before {
        let region_end = region.base + region.size;
        if region_end > end {
            let mut attributes = mapping::attributes(region.cast());
            attributes.vmo_offset += end - region.base;
            let tail = mapping::create(process, vmar, end, region_end - end, attributes)?;
            let mut tail: Ptr<Region> = tail.cast();
            tail.next = region.next;
            region.next = tail.link();
            vmar.child_count += 1;
        }
        if region_end > base {
            region.size = base - region.base;
        }
        next = region.next;
    }
    paging::unmap(process, base, size, None);

    while let Some(mut region) = next.get() {
        if region.base >= end {
            break;
        }
        let region_end = region.base + region.size;
        if region_end > end {
            let mut mapping: Ptr<Mapping> = region.cast();
            mapping.vmo_offset += end - region.base;
            region.base = end;
            region.size = region_end - end;
            break;
        }
        next = region.next;
        match before {
            Some(mut before) => before.next = next,
            None => vmar.first_child = next,
        }
        vmar.child_count -= 1;
        mapping::destroy(region.cast());
    }
    Ok(())
}

/// Takes the address space apart; the VMAR stays as long as handles refer to it, but
/// leads nowhere.
pub fn shut_down(mut vmar: Ptr<Vmar>) {
    let mut next = vmar.first_child;
    vmar.first_child = Link::NONE;
    vmar.child_count = 0;
    vmar.process = Link::NONE;
    while let Some(region) = next.get() {
        next = region.next;
        mapping::destroy(region.cast());
    }
}
