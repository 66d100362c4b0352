//! The guest itself: RAM, the root block, the call page, a frame allocator.

use super::super::{ContentError, ViewError};
use crate::calls::CallError;
use crate::memory::{AccessError, BulkMemory, MemoryError, MockRam, PhysicalMemory};
use crate::translate::{Fault, PageListError};
use abi::layout::PAGE_SIZE;
use abi::objects::{FREE_FRAME, FrameEntry, OBJECT_MAGIC, ObjectHeader};
use abi::root::{BootOptions, ROOT_MAGIC};
use abi::{ABI_VERSION, Link, RootBlock, Status};
use std::collections::HashMap;
use std::mem::size_of;
use std::sync::Arc;
use vm_memory::GuestAddress;
use zerocopy::{FromBytes, Immutable, IntoBytes};

/// Where the root block stands; five frames.
const ROOT: GuestAddress = GuestAddress(0x1000);
/// Where the call page stands.
const CALL_PAGE: GuestAddress = GuestAddress(0x8000);
/// The kernel's own page table; empty.
const KERNEL_TABLE: GuestAddress = GuestAddress(0xA000);
/// Where the frame table stands; the frames that are given out come after it.
const FRAME_TABLE: u64 = 0x1_0000;
/// Where the first object stands in a page of them.
const FIRST_SLOT: u64 = 32;
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
    pub(super) next_koid: u64,
    pub(super) next_handle: u32,
    /// The frames that objects of each type are now put into, and what is used of them.
    pub(super) object_frames: HashMap<&'static str, (GuestAddress, u64)>,
    /// What [`MockGuest::resolve`] fails with, for each want.
    pub(super) failures: Vec<super::kernel::Failure>,
    /// What pagers answer with instead of pages.
    pub(super) pager_failure: Option<Status>,
}

impl MockGuest {
    /// A guest with `size` bytes of RAM, no process, and debugging switched on.
    ///
    /// # Errors
    /// [`MockError`] if there is no such memory or it is below 256 KiB.
    pub fn new(size: u64) -> Result<Self, MockError> {
        let mut guest = Self {
            ram: Arc::new(MockRam::new(size)?),
            next_koid: FIRST_KOID,
            next_handle: 1,
            object_frames: HashMap::new(),
            failures: Vec::new(),
            pager_failure: None,
        };
        guest.edit(ROOT, |root: &mut RootBlock| {
            root.magic = ROOT_MAGIC;
            root.version = ABI_VERSION;
            root.vcpu_count = 1;
            root.call_page = Link::new(CALL_PAGE.0);
            root.options = BootOptions::DEBUGGING_SYSCALLS.bits();
            root.kernel_page_table = KERNEL_TABLE.0;
            root.frame_count = size / PAGE_SIZE;
            root.frame_table = Link::new(FRAME_TABLE);
            let table = root.frame_count * size_of::<FrameEntry>() as u64;
            root.next_fresh = (FRAME_TABLE + table).next_multiple_of(PAGE_SIZE);
            root.free_frames = size.saturating_sub(root.next_fresh) / PAGE_SIZE;
            root.managed_frames = root.free_frames;
            root.next_koid = FIRST_KOID;
            root.fresh_handle = 1;
        })?;
        let zeros = guest.frame()?;
        guest.edit(ROOT, |root: &mut RootBlock| root.zero_frame = zeros.0)?;
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
        let frame = GuestAddress(self.get::<RootBlock>(ROOT)?.next_fresh);
        if !self.ram.contains(frame, PAGE_SIZE) {
            return Err(MockError::NoFrames);
        }
        self.edit(ROOT, |root: &mut RootBlock| {
            root.next_fresh += PAGE_SIZE;
            root.free_frames -= 1;
        })?;
        Ok(frame)
    }

    /// Leaves `count` frames out, so that what comes next is not contiguous with what
    /// came before; they are free from now on.
    ///
    /// # Errors
    /// [`MockError::NoFrames`] if there are none.
    pub fn skip_frames(&mut self, count: u64) -> Result<(), MockError> {
        for _ in 0..count {
            let frame = self.frame()?;
            let first = self.get::<RootBlock>(ROOT)?.first_clean;
            self.edit_frame(frame.0, |entry| {
                entry.extra_owners = FREE_FRAME;
                entry.next_free = u32::try_from(first).unwrap_or(0);
            })?;
            self.edit(ROOT, |root: &mut RootBlock| {
                root.first_clean = frame.0 / PAGE_SIZE;
                root.free_frames += 1;
            })?;
        }
        Ok(())
    }

    /// Changes the entry of the frame at `address` in the frame table.
    ///
    /// # Errors
    /// [`MockError::Access`] if there is no such frame.
    pub fn edit_frame(
        &self,
        address: u64,
        change: impl FnOnce(&mut FrameEntry),
    ) -> Result<(), MockError> {
        let offset = address / PAGE_SIZE * size_of::<FrameEntry>() as u64;
        self.edit(GuestAddress(FRAME_TABLE + offset), change)
    }

    /// Room for an object, in a page of such objects.
    pub(super) fn object<T>(&mut self) -> Result<GuestAddress, MockError> {
        let size = size_of::<T>().next_multiple_of(16) as u64;
        let name = std::any::type_name::<T>();
        let (frame, used) = match self.object_frames.get(name) {
            Some((frame, used)) if used + size <= PAGE_SIZE => (*frame, *used),
            _ => {
                let frame = self.frame()?;
                self.edit(ROOT, |root: &mut RootBlock| root.pool_frames += 1)?;
                (frame, FIRST_SLOT)
            }
        };
        self.object_frames.insert(name, (frame, used + size));
        Ok(GuestAddress(frame.0 + used))
    }

    /// Counts a reference to the object at `address`, if there is one.
    pub(super) fn retain(&self, address: GuestAddress, handle: bool) -> Result<(), MockError> {
        match self.get::<ObjectHeader>(address) {
            Ok(header) if header.magic == OBJECT_MAGIC => {
                self.edit(address, |header: &mut ObjectHeader| {
                    header.references += 1;
                    header.handles += u32::from(handle);
                })
            }
            _ => Ok(()),
        }
    }

    /// The koid of the next object.
    pub(super) fn koid(&mut self) -> u64 {
        let koid = self.next_koid;
        self.next_koid += 1;
        // The root block is RAM, or nothing of this mock works.
        let _ = self.edit(ROOT, |root: &mut RootBlock| root.next_koid = koid + 1);
        koid
    }
}
