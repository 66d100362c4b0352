//! Guest-physical memory: the RAM itself, the traits through which it is reached, and
//! the newtypes for addresses.
//!
//! Rules:
//!
//! * Guest RAM is reached only through volatile accessors ([`vm_memory`]); there is no
//!   reference and no slice to it anywhere in this crate.
//! * A structure is copied out once ([`PhysicalMemory::read_object`]) and validated in
//!   host memory; what was checked is what is used.
//! * Every access is checked against RAM and carries its address and length in the error
//!   ([`AccessError`]).

mod address;
mod error;
mod frames;
pub(crate) mod mock;
mod physical;
mod ram;

pub use address::{GuestVirtAddr, UserRange, VmoOffset};
pub use error::{AccessError, MemoryError};
pub use frames::{FrameListError, copy_frames, zero_frames};
pub use mock::MockRam;
pub use physical::{BulkMemory, PhysicalMemory};
pub use ram::{GuestRam, MAX_RAM, RamRegion};

/// A guest-physical address.
pub use vm_memory::GuestAddress;
