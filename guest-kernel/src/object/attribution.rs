//! Whose the pages of a VMO are (reference §15.1), and which of them are there.

use abi::entry::{ADDRESS_MASK, PRESENT, WRITABLE};
use abi::layout::{PAGE_SHIFT, PAGE_SIZE};
use abi::objects::{CachePolicy, Mapping, Permissions, Vmo};

use super::{page_list, vmo};
use crate::arch::paging;
use crate::mem::frames;
use crate::state::Ptr;

/// Bytes of a VMO's resident pages, counted as Zircon does.
#[derive(Clone, Copy, Default)]
pub struct Counts {
    /// All of them.
    pub committed: u64,
    /// Those of pages that no snapshot shares.
    pub private: u64,
    /// Each page divided by the number of VMOs that share it.
    pub scaled: u64,
    /// The fraction that the division leaves; 2^63 is one byte.
    pub fraction: u64,
}

/// One byte in [`Counts::fraction`].
const ONE: u128 = 1 << 63;

impl Counts {
    /// Adds `bytes` of pages, divided by `sharers`.
    fn add(&mut self, bytes: u64, sharers: u64) {
        self.committed += bytes;
        if sharers == 1 {
            self.private += bytes;
        }
        let sum = u128::from(self.fraction) + u128::from(bytes) * ONE / u128::from(sharers);
        // The whole bytes of a sum of addresses fit.
        self.scaled += (sum / ONE) as u64;
        self.fraction = (sum % ONE) as u64;
    }

    /// Adds the scaled bytes of `other`, divided by `sharers`.
    pub fn add_scaled(&mut self, other: Self, sharers: u64) {
        let bytes = u128::from(other.scaled) * ONE + u128::from(other.fraction);
        let sum = u128::from(self.fraction) + bytes / u128::from(sharers.max(1));
        self.scaled += (sum / ONE) as u64;
        self.fraction = (sum % ONE) as u64;
    }
}

/// The counts of `[offset, offset + length)`. Slices and references have no pages of
/// their own and count none.
pub fn of_range(vmo: Ptr<Vmo>, offset: u64, length: u64) -> Counts {
    let mut counts = Counts::default();
    if vmo::is_alias(vmo) {
        return counts;
    }
    let mut own = 0;
    each_present(vmo, offset, length, |_, entry| {
        let others = if entry & WRITABLE == 0 {
            frames::entry(entry & ADDRESS_MASK).extra_owners
        } else {
            0
        };
        if others == 0 {
            own += PAGE_SIZE;
        } else {
            counts.add(PAGE_SIZE, u64::from(others) + 1);
        }
        true
    });
    counts.add(own, 1);
    counts
}

/// Shows the entries of the pages that a VMO has itself in `[offset, offset + length)`, in
/// ascending order, with their offsets, until `visit` says that it is enough.
fn each_present(vmo: Ptr<Vmo>, offset: u64, length: u64, mut visit: impl FnMut(u64, u64) -> bool) {
    let end = offset.saturating_add(length).min(vmo.size);
    let mut at = offset;
    while at < end {
        let slots = match page_list::find_slots(vmo, at) {
            Ok(slots) => slots,
            Err(gap) => {
                at = at.saturating_add(gap);
                continue;
            }
        };
        let count = slots.count.min((end - at).div_ceil(PAGE_SIZE));
        for i in 0..count {
            // SAFETY: below the count of `find_slots`.
            let entry = unsafe { slots.first.add(i as usize).read() };
            if entry & PRESENT != 0 && !visit(at + (i << PAGE_SHIFT), entry) {
                return;
            }
        }
        at = at.saturating_add(count << PAGE_SHIFT);
    }
}

/// Maps the pages of `[base, base + length)` of a mapping that its VMO has itself: those
/// take nothing but page tables. Failing is no failure (reference §13.1).
pub fn map_present(mapping: Ptr<Mapping>, base: u64, length: u64) {
    let permissions = Permissions::from_bits_retain(mapping.permissions);
    if !permissions.contains(Permissions::READ) {
        return;
    }
    let (target, shift) = vmo::target(Ptr::new(mapping.vmo));
    let policy = CachePolicy(target.cache_policy);
    let offset = mapping.vmo_offset + (base - mapping.region.base);
    let length = length.min(vmo::mappable_size(mapping).saturating_sub(offset));
    let process = Ptr::new(mapping.process);
    each_present(target, offset + shift, length, |at, entry| {
        let address = base + (at - shift - offset);
        let Ok(slot) = paging::entry_slot(process, address) else {
            return false;
        };
        let writable = entry & WRITABLE != 0;
        let leaf = paging::leaf(entry & ADDRESS_MASK, permissions, writable, policy);
        // SAFETY: a slot of a live table, for this address.
        unsafe {
            // Only in place of nothing, so that no translation is stale.
            if slot.read() & PRESENT == 0 {
                slot.write(leaf);
            }
        }
        true
    });
}
