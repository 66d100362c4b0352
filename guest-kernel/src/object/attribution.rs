//! Whose the pages of a VMO are (reference §15.1).

use abi::entry::{ADDRESS_MASK, WRITABLE};
use abi::layout::PAGE_SIZE;
use abi::objects::Vmo;

use super::{page_list, vmo};
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
    let end = offset.saturating_add(length).min(vmo.size);
    for page in page_list::present(vmo, offset, end) {
        let others = if page.entry & WRITABLE == 0 {
            frames::entry(page.entry & ADDRESS_MASK).extra_owners
        } else {
            0
        };
        if others == 0 {
            own += PAGE_SIZE;
        } else {
            counts.add(PAGE_SIZE, u64::from(others) + 1);
        }
    }
    counts.add(own, 1);
    counts
}
