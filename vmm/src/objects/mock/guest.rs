//! The guest itself: RAM, the root block, the call page, a frame allocator.

use super::super::{ContentError, ViewError};
use crate::calls::CallError;
use crate::memory::{AccessError, BulkMemory, MemoryError, MockRam, PhysicalMemory};
use crate::translate::{Fault, PageListError};
use abi::layout::PAGE_SIZE;
use abi::root::{BootOptions, ROOT_MAGIC};
use abi::{ABI_VERSION, Link, RootBlock};
use std::sync::Arc;
use vm_memory::GuestAddress;
use zerocopy::{FromBytes, Immutable, IntoBytes};

/// Where the root block stands; five frames.
const ROOT: GuestAddress = GuestAddress(0x1000);
/// Where the call page stands.
const CALL_PAGE: GuestAddress = GuestAddress(0x8000);
/// The shared frame of zeros.
const ZERO_FRAME: GuestAddress = GuestAddress(0x9000);
/// The first frame that is given out.
const FIRST_FREE: u64 = 0x1_0000;
/// The koid of the first object (reference §2.1).
const FIRST_KOID: u64 = 1024;

/// Why a mock cannot do what it is told.
#[derive(Debug, thiserror::Error)]
pub enum MockError {
    /// Its RAM is used up.
    #[error("the mock guest has no frame left")]
    NoFrames,
    /// A call needs more exits than any call should.
    #[error("the call came back more than {0} times")]
    TooManyExits(u32),
    /// It cannot be set up.
    #[error(transparent)]
    Memory(#[from] MemoryError),
    /// An address is not in its RAM.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// One of its structures is broken.
    #[error(transparent)]
    View(#[from] ViewError),
    /// One of its page lists is broken.
    #[error(transparent)]
    PageList(#[from] PageListError),
    /// What one of its VMOs shows cannot be told.
    #[error(transparent)]
    Content(#[from] ContentError),
    /// One of its page tables is broken.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// A call could not be served.
    #[error(transparent)]
    Call(#[from] CallError),
}

/// A guest without a machine.
#[derive(Debug)]
pub struct MockGuest {
    pub(super) ram: Arc<MockRam>,
    pub(super) next_frame: u64,
    pub(super) next_koid: u64,
    pub(super) next_handle: u32,
    /// The frame that objects are now put into, and what is used of it.
    pub(super) object_frame: Option<(GuestAddress, u64)>,
    /// What [`MockGuest::resolve`] fails with, for each want.
    pub(super) failures: Vec<super::kernel::Failure>,
}

impl MockGuest {
    /// A guest with `size` bytes of RAM, no process, and debugging switched on.
    ///
    /// # Errors
    /// [`MockError`] if there is no such memory or it is below 256 KiB.
    pub fn new(size: u64) -> Result<Self, MockError> {
        let guest = Self {
            ram: Arc::new(MockRam::new(size)?),
            next_frame: FIRST_FREE,
            next_koid: FIRST_KOID,
            next_handle: 1,
            object_frame: None,
            failures: Vec::new(),
        };
        guest.edit(ROOT, |root: &mut RootBlock| {
            root.magic = ROOT_MAGIC;
            root.version = ABI_VERSION;
            root.vcpu_count = 1;
            root.call_page = Link::new(CALL_PAGE.0);
            root.options = BootOptions::DEBUGGING_SYSCALLS.bits();
            root.zero_frame = ZERO_FRAME.0;
        })?;
        Ok(guest)
    }

    /// Its RAM.
    #[must_use]
    pub const fn ram(&self) -> &Arc<MockRam> {
        &self.ram
    }

    /// Its root block.
    #[must_use]
    pub const fn root(&self) -> GuestAddress {
        ROOT
    }

    /// Its call page.
    #[must_use]
    pub const fn call_page(&self) -> GuestAddress {
        CALL_PAGE
    }

    /// Sets its boot options.
    ///
    /// # Errors
    /// None in a mock that was not broken on purpose.
    pub fn set_options(&self, options: BootOptions) -> Result<(), MockError> {
        self.edit(ROOT, |root: &mut RootBlock| root.options = options.bits())
    }

    /// A copy of the structure at `address`.
    ///
    /// # Errors
    /// [`MockError::Access`] if it is not RAM.
    pub fn get<T>(&self, address: GuestAddress) -> Result<T, MockError>
    where
        T: FromBytes + IntoBytes,
    {
        Ok(self.ram.read_object(address)?)
    }

    /// Changes the structure at `address`.
    ///
    /// # Errors
    /// [`MockError::Access`] if it is not RAM.
    pub fn edit<T>(
        &self,
        address: GuestAddress,
        change: impl FnOnce(&mut T),
    ) -> Result<(), MockError>
    where
        T: FromBytes + IntoBytes + Immutable,
    {
        let mut object: T = self.get(address)?;
        change(&mut object);
        Ok(self.ram.write_bytes(address, object.as_bytes())?)
    }

    /// A frame that was never used.
    ///
    /// # Errors
    /// [`MockError::NoFrames`] if there is none.
    pub fn frame(&mut self) -> Result<GuestAddress, MockError> {
        let frame = GuestAddress(self.next_frame);
        if !self.ram.contains(frame, PAGE_SIZE) {
            return Err(MockError::NoFrames);
        }
        self.next_frame += PAGE_SIZE;
        Ok(frame)
    }

    /// Leaves `count` frames out, so that what comes next is not contiguous with what
    /// came before.
    pub fn skip_frames(&mut self, count: u64) {
        self.next_frame += count * PAGE_SIZE;
    }

    /// Room for an object of `size` bytes.
    pub(super) fn object(&mut self, size: usize) -> Result<GuestAddress, MockError> {
        let size = size.next_multiple_of(16) as u64;
        let (frame, used) = match self.object_frame {
            Some((frame, used)) if used + size <= PAGE_SIZE => (frame, used),
            _ => (self.frame()?, 0),
        };
        self.object_frame = Some((frame, used + size));
        Ok(GuestAddress(frame.0 + used))
    }

    /// The koid of the next object.
    pub(super) const fn koid(&mut self) -> u64 {
        let koid = self.next_koid;
        self.next_koid += 1;
        koid
    }
}
