//! Errors of guest-physical memory.

use abi::layout::PAGE_SIZE;
use vm_memory::GuestAddress;

/// A range of guest-physical memory that is not, or not wholly, in one piece of RAM.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{length} bytes at guest-physical {:#x} are not RAM", .address.0)]
pub struct AccessError {
    /// First byte of the range.
    pub address: GuestAddress,
    /// Bytes in the range.
    pub length: u64,
}

/// Why RAM could not be set up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MemoryError {
    /// The size is zero, no multiple of the page size, or more than addresses reach.
    #[error("a guest cannot have {size} bytes of RAM: give a multiple of {PAGE_SIZE}, above zero and at most {} GiB", super::MAX_RAM >> 30)]
    Size {
        /// The size asked for, in bytes.
        size: u64,
    },
    /// The memory file could not be made or sized.
    #[error("cannot create a memory file of {size} bytes: {source}")]
    File {
        /// The size asked for, in bytes.
        size: u64,
        /// What the host kernel said.
        source: std::io::Error,
    },
    /// The memory file could not be mapped.
    #[error("cannot map {size} bytes of guest RAM: {source}")]
    Map {
        /// The size asked for, in bytes.
        size: u64,
        /// What the host kernel said.
        source: vm_memory::mmap::FromRangesError,
    },
}
