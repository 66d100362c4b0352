//! Finding a structure in another process's memory: it starts with a mark and its own
//! address, and whoever looks for it reads the memory from the lowest address on.

use core::sync::atomic::{AtomicU64, Ordering};
use libzx::{PAGE_SIZE, Process};
use zerocopy::{FromBytes, Immutable, KnownLayout};

/// Bytes of a process that are searched, from the bottom of the user range on.
const SEARCHED: usize = 1 << 20;

/// What stands first in a structure that wants to be found.
///
/// The mark alone is not enough: it also stands in the program's read-only data.
#[derive(Debug)]
#[repr(C)]
pub struct Beacon {
    mark: [u8; 16],
    own_address: AtomicU64,
}

impl Beacon {
    /// A beacon that is not yet lit.
    #[must_use]
    pub const fn new(mark: [u8; 16]) -> Self {
        Self {
            mark,
            own_address: AtomicU64::new(0),
        }
    }

    /// From now on it can be found.
    pub fn light(&self) {
        let own = core::ptr::from_ref(self).expose_provenance() as u64;
        self.own_address.store(own, Ordering::Release);
    }
}

/// A copy of a beacon's bytes.
#[derive(Clone, Copy, Debug, FromBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct Copy {
    /// The mark.
    pub mark: [u8; 16],
    /// The address of the original.
    pub own_address: u64,
}

/// The structure with that mark in the memory of a process, if its beacon is lit.
#[must_use]
pub fn search<T: FromBytes>(process: &Process, mark: [u8; 16]) -> Option<T> {
    let mut bytes = [0; 4 * PAGE_SIZE];
    let base = usize::try_from(abi::layout::USER_BASE).ok()?;
    let mut address = base;
    while address < base + SEARCHED {
        let Ok(count) = process.read_memory(address, &mut bytes) else {
            address += PAGE_SIZE;
            continue;
        };
        if let Some(at) = find(address as u64, bytes.get(..count)?, mark) {
            let start = address + at;
            let copy = bytes.get_mut(..size_of::<T>())?;
            let whole = process.read_memory(start, copy).ok()? == copy.len();
            return whole.then(|| T::read_from_bytes(copy).ok()).flatten();
        }
        // A beacon may stand across two reads: take up again a little earlier, unless
        // the mapping ends here.
        let more = count == bytes.len();
        address += if more {
            count - size_of::<Copy>()
        } else {
            count
        };
    }
    None
}

/// Where in `bytes`, which were read from `base` on, a lit beacon stands; beacons are
/// 8-aligned.
fn find(base: u64, bytes: &[u8], mark: [u8; 16]) -> Option<usize> {
    let mut places = (base..).step_by(8).zip((0..bytes.len()).step_by(8));
    let found = places.find(|&(address, at)| {
        let beacon = bytes
            .get(at..)
            .and_then(|tail| Copy::read_from_prefix(tail).ok());
        beacon.is_some_and(|(copy, _)| copy.mark == mark && copy.own_address == address)
    });
    found.map(|(_, at)| at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beacon_is_found_only_where_it_says_it_stands() {
        let mark = *b"a mark, 16 bytes";
        let mut memory = [0_u8; 256];
        memory[64..80].copy_from_slice(&mark);
        memory[80..88].copy_from_slice(&0x1_0040_u64.to_le_bytes());
        assert_eq!(find(0x1_0000, &memory, mark), Some(64));
        assert_eq!(find(0x2_0000, &memory, mark), None);
        assert_eq!(find(0x1_0000, &memory[..80], mark), None);
        assert_eq!(find(0x1_0000, &memory, [0; 16]), None);
    }
}
