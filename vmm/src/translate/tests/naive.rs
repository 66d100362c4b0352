//! Walks written a second time, from the manuals and for plainness alone: all entries
//! on the path are collected first, and judged afterwards.

use crate::memory::{MockRam, PhysicalMemory};
use crate::translate::{Access, FaultReason};
use vm_memory::GuestAddress;

fn bit(word: u64, number: u32) -> bool {
    word >> number & 1 == 1
}

/// Bits `from` to `to` of a word, the last one included.
fn bits(word: u64, from: u32, to: u32) -> u64 {
    (word >> from) % (1 << (to - from + 1))
}

fn read(ram: &MockRam, address: u64) -> Option<u64> {
    let mut bytes = [0; 8];
    ram.read_bytes(GuestAddress(address), &mut bytes).ok()?;
    Some(u64::from_le_bytes(bytes))
}

/// Four-level paging: the guest-physical address, and the size of the page it is in.
pub(super) fn translate(
    ram: &MockRam,
    root: u64,
    address: u64,
    access: Access,
) -> Result<(u64, u64), FaultReason> {
    let sign = u64::from(bit(address, 47));
    if (47..64).any(|number| u64::from(bit(address, number)) != sign) {
        return Err(FaultReason::NotCanonical);
    }
    let mut path = Vec::new();
    let mut table = root;
    let mut size = 1u64 << 39;
    loop {
        let index = bits(address, size.trailing_zeros(), size.trailing_zeros() + 8);
        let entry = read(ram, table + 8 * index).ok_or(FaultReason::TableOutsideRam)?;
        if !bit(entry, 0) {
            return Err(FaultReason::NotPresent);
        }
        if bits(entry, 48, 51) != 0 {
            return Err(FaultReason::ReservedBit);
        }
        path.push(entry);
        if size == 4096 || bit(entry, 7) {
            break;
        }
        table = bits(entry, 12, 51) * 4096;
        size /= 512;
    }
    let leaf = path[path.len() - 1];
    let reserved = match size {
        4096 => false,
        0x20_0000 => bits(leaf, 13, 20) != 0,
        0x4000_0000 => bits(leaf, 13, 29) != 0,
        _ => true,
    };
    if reserved {
        return Err(FaultReason::ReservedBit);
    }
    for entry in path {
        if !bit(entry, 2) {
            return Err(FaultReason::Supervisor);
        }
        if access == Access::Write && !bit(entry, 1) {
            return Err(FaultReason::ReadOnly);
        }
        if access == Access::Execute && bit(entry, 63) {
            return Err(FaultReason::NoExecute);
        }
    }
    let frame = bits(leaf, 12, 51) * 4096;
    let physical = frame / size * size + address % size;
    if physical >= super::RAM {
        return Err(FaultReason::PageOutsideRam);
    }
    Ok((physical, size))
}

/// A page list: `Ok(None)` for an absent page, else the guest-physical address and
/// whether it is writable.
pub(super) fn page_list(
    ram: &MockRam,
    root: u64,
    levels: u32,
    offset: u64,
) -> Result<Option<(u64, bool)>, ()> {
    if root == 0 {
        return Ok(None);
    }
    // The indices, the topmost first; whatever is above them is beyond the tree.
    let mut rest = offset / 4096;
    let mut indices = Vec::new();
    for _ in 0..levels {
        indices.insert(0, rest % 512);
        rest /= 512;
    }
    if rest != 0 {
        return Ok(None);
    }
    let mut at = root;
    let mut writable = false;
    for index in indices {
        let entry = read(ram, at + 8 * index).ok_or(())?;
        if !bit(entry, 0) {
            return Ok(None);
        }
        if bit(entry, 7) {
            return Err(());
        }
        at = bits(entry, 12, 51) * 4096;
        writable = bit(entry, 1);
    }
    if at >= super::RAM {
        return Err(());
    }
    Ok(Some((at + offset % 4096, writable)))
}
