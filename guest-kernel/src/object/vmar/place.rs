//! Where in a VMAR something new can stand.

use abi::Status;
use abi::layout::PAGE_SIZE;
use abi::objects::Vmar;
use abi::options::VmOptions;

use crate::random;
use crate::state::{Follow, Ptr};

/// Where the search in a new VMAR starts: somewhere in its lower half.
pub(super) fn random_start(base: u64, size: u64) -> u64 {
    base + random::next() % (size / PAGE_SIZE).div_ceil(2) * PAGE_SIZE
}

/// Whether nothing stands in `[base, base + size)`.
pub fn is_free(vmar: Ptr<Vmar>, base: u64, size: u64) -> bool {
    let (before, _) = super::neighbours(vmar, base + size);
    before.is_none_or(|region| region.base + region.size <= base)
}

/// A free place for `size` bytes at a multiple of `alignment`, that ends below `limit`:
/// near a place that was chosen at random for each VMAR, a random few pages after what
/// stands there, so that running over the end of one mapping does not end in the next. In
/// a compact VMAR, the lowest.
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
    let spread = if super::allows(vmar, VmOptions::COMPACT) {
        None
    } else {
        let gap = (1 + (random::next() & 0xF)) * PAGE_SIZE;
        first_fit(vmar, vmar.search_from, top, size, alignment, gap)
    };
    spread
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
