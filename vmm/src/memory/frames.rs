//! Whole frames, zeroed or copied for the guest kernel
//! ([`KernelRequest::ZeroFrames`](abi::call_page::KernelRequest::ZeroFrames),
//! [`KernelRequest::CopyFrames`](abi::call_page::KernelRequest::CopyFrames)).
//!
//! The host does this because it is a hundred times faster at it than ring 0 is where
//! ring 0 is emulated.

use super::{AccessError, BulkMemory};
use abi::call_page::MAX_FRAME_LIST;
use abi::layout::PAGE_SIZE;
use vm_memory::GuestAddress;

/// What is wrong with a list of frames. The kernel that asked is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameListError {
    /// More entries than [`MAX_FRAME_LIST`].
    #[error("a list of {count} frames at guest-physical {:#x} is too long", .list.0)]
    TooLong {
        /// Where the list stands.
        list: GuestAddress,
        /// Its entries.
        count: u64,
    },
    /// An address that is not the first byte of a frame.
    #[error("{:#x} in the list of frames at guest-physical {:#x} is not a frame", .frame.0, .list.0)]
    Unaligned {
        /// Where the list stands.
        list: GuestAddress,
        /// The entry.
        frame: GuestAddress,
    },
    /// The list, or a frame in it, is not RAM.
    #[error(transparent)]
    Access(#[from] AccessError),
}

/// Zeroes the `count` frames whose addresses stand at `list`.
///
/// # Errors
/// [`FrameListError`] at the first entry that is wrong; those before it are zeroed.
pub fn zero_frames<M: BulkMemory>(
    memory: &M,
    list: GuestAddress,
    count: u64,
) -> Result<(), FrameListError> {
    check_count(list, count)?;
    for index in 0..count {
        let frame = entry(memory, list, index)?;
        memory.zero(frame, PAGE_SIZE)?;
    }
    Ok(())
}

/// Copies `count` frames; at `list` stand as many pairs of (source, destination).
///
/// # Errors
/// [`FrameListError`] at the first pair that is wrong; those before it are copied.
pub fn copy_frames<M: BulkMemory>(
    memory: &M,
    list: GuestAddress,
    count: u64,
) -> Result<(), FrameListError> {
    check_count(list, count)?;
    for index in 0..count {
        let source = entry(memory, list, 2 * index)?;
        let destination = entry(memory, list, 2 * index + 1)?;
        memory.copy(source, destination, PAGE_SIZE)?;
    }
    Ok(())
}

fn check_count(list: GuestAddress, count: u64) -> Result<(), FrameListError> {
    if count > MAX_FRAME_LIST {
        return Err(FrameListError::TooLong { list, count });
    }
    Ok(())
}

fn entry<M: BulkMemory>(
    memory: &M,
    list: GuestAddress,
    index: u64,
) -> Result<GuestAddress, FrameListError> {
    let at = list.0.checked_add(index * 8).ok_or(AccessError {
        address: list,
        length: (index + 1) * 8,
    })?;
    let frame = GuestAddress(memory.read_u64(GuestAddress(at))?);
    if frame.0.is_multiple_of(PAGE_SIZE) {
        Ok(frame)
    } else {
        Err(FrameListError::Unaligned { list, frame })
    }
}

#[cfg(test)]
mod tests {
    use super::super::{MockRam, PhysicalMemory};
    use super::*;

    const LIST: GuestAddress = GuestAddress(0x1000);

    fn ram_with_list(words: &[u64]) -> MockRam {
        let ram = MockRam::new(0x10000).unwrap();
        for (at, word) in (LIST.0..).step_by(8).zip(words) {
            ram.write_bytes(GuestAddress(at), &word.to_le_bytes())
                .unwrap();
        }
        ram
    }

    #[test]
    fn listed_frames_become_zero_and_no_others() {
        let ram = ram_with_list(&[0x4000, 0x8000]);
        for frame in [0x4000, 0x5000, 0x8000] {
            ram.write_bytes(GuestAddress(frame), &[1; 4096]).unwrap();
        }
        zero_frames(&ram, LIST, 2).unwrap();
        assert_eq!(ram.read_u64(GuestAddress(0x4FF8)), Ok(0));
        assert_eq!(ram.read_u64(GuestAddress(0x8000)), Ok(0));
        assert_eq!(
            ram.read_u64(GuestAddress(0x5000)),
            Ok(0x0101_0101_0101_0101)
        );
    }

    #[test]
    fn frames_are_copied_from_source_to_destination() {
        let ram = ram_with_list(&[0x4000, 0x6000, 0x6000, 0x7000]);
        ram.write_bytes(GuestAddress(0x4000), &[9; 4096]).unwrap();
        copy_frames(&ram, LIST, 2).unwrap();
        assert_eq!(
            ram.read_u64(GuestAddress(0x6FF8)),
            Ok(0x0909_0909_0909_0909)
        );
        assert_eq!(
            ram.read_u64(GuestAddress(0x7000)),
            Ok(0x0909_0909_0909_0909)
        );
    }

    #[test]
    fn bad_lists_are_refused() {
        let list = LIST;
        let ram = ram_with_list(&[0x4001, 0x10000]);
        assert_eq!(
            zero_frames(&ram, list, MAX_FRAME_LIST + 1),
            Err(FrameListError::TooLong { list, count: 513 })
        );
        let frame = GuestAddress(0x4001);
        assert_eq!(
            zero_frames(&ram, list, 1),
            Err(FrameListError::Unaligned { list, frame })
        );
        let address = GuestAddress(0x10000);
        let length = PAGE_SIZE;
        assert_eq!(
            zero_frames(&ram, GuestAddress(0x1008), 1),
            Err(FrameListError::Access(AccessError { address, length }))
        );
        assert!(zero_frames(&ram, GuestAddress(u64::MAX - 4), 2).is_err());
        assert!(copy_frames(&ram, GuestAddress(0xFFF8), 1).is_err());
    }
}
