//! The root block, and what hangs there.

use super::load::{check_address, check_field, load};
use super::{List, Problem, ProcessView, ThreadView, ViewError, VmoView};
use crate::memory::PhysicalMemory;
use abi::objects::HANDLE_CHUNKS;
use abi::root::{BootOptions, ROOT_MAGIC};
use abi::{ABI_VERSION, CallPage, RootBlock};
use std::mem::{offset_of, size_of};
use vm_memory::GuestAddress;

const NAME: &str = "root block";
/// The most processes and VMOs that a walk of their lists looks at: more than the
/// handles there can be, as each of them can hold one.
const MAX_OBJECTS: usize = 1 << 20;

/// The root block of a guest: what was checked once and holds for as long as the guest
/// runs. Everything that changes is read when it is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RootView {
    address: GuestAddress,
    call_page: GuestAddress,
}

impl RootView {
    /// The root block at `address`.
    ///
    /// # Errors
    /// [`ViewError`] if it is not RAM, not a root block, of another version of the ABI, or
    /// if its call page is none.
    pub fn read<M: PhysicalMemory>(memory: &M, address: GuestAddress) -> Result<Self, ViewError> {
        let root: RootBlock = load(memory, NAME, address)?;
        if root.magic != ROOT_MAGIC {
            let problem = Problem::Magic {
                expected: ROOT_MAGIC,
                found: root.magic,
            };
            return Err(ViewError::new(NAME, address, problem));
        }
        let field =
            |name, value, holds, rule| check_field(NAME, address, (name, value), holds, rule);
        if root.version != ABI_VERSION {
            let problem = Problem::Version {
                expected: ABI_VERSION,
                found: root.version,
            };
            return Err(ViewError::new(NAME, address, problem));
        }
        let call_page = GuestAddress(root.call_page.address());
        check_address("call page", call_page)?;
        field(
            "call_page",
            call_page.0,
            memory.contains(call_page, size_of::<CallPage>() as u64),
            "it leads outside RAM",
        )?;
        Ok(Self { address, call_page })
    }

    /// Where it stands.
    #[must_use]
    pub const fn address(&self) -> GuestAddress {
        self.address
    }

    /// Where the call page of vCPU 0 stands; all of it is RAM.
    #[must_use]
    pub const fn call_page(&self) -> GuestAddress {
        self.call_page
    }

    /// All of it as it is now, unchecked.
    ///
    /// # Errors
    /// [`ViewError`] if it is not RAM (any more).
    pub fn snapshot<M: PhysicalMemory>(&self, memory: &M) -> Result<RootBlock, ViewError> {
        load(memory, NAME, self.address)
    }

    /// All of the call page as it is now, unchecked.
    ///
    /// # Errors
    /// [`ViewError`] if it is not RAM (any more).
    pub fn call_page_snapshot<M: PhysicalMemory>(&self, memory: &M) -> Result<CallPage, ViewError> {
        load(memory, "call page", self.call_page)
    }

    /// The boot options; bits without a meaning are left out.
    ///
    /// # Errors
    /// [`ViewError`] if it is not RAM (any more).
    #[inline]
    pub fn options<M: PhysicalMemory>(&self, memory: &M) -> Result<BootOptions, ViewError> {
        let word = self.word(memory, offset_of!(RootBlock, options))?;
        Ok(BootOptions::from_bits_truncate(word))
    }

    /// Where the handle table's page `chunk` stands; `None` if there is no such page (yet).
    ///
    /// # Errors
    /// [`ViewError`] if it is not RAM (any more).
    #[inline]
    pub fn handle_chunk<M: PhysicalMemory>(
        &self,
        memory: &M,
        chunk: usize,
    ) -> Result<Option<GuestAddress>, ViewError> {
        if chunk >= HANDLE_CHUNKS {
            return Ok(None);
        }
        let word = self.word(memory, offset_of!(RootBlock, handle_chunks) + 8 * chunk)?;
        Ok((word != 0).then_some(GuestAddress(word)))
    }

    /// All processes, oldest first.
    ///
    /// # Errors
    /// [`ViewError`] if it is not RAM (any more).
    pub fn processes<'m, M: PhysicalMemory>(
        &self,
        memory: &'m M,
    ) -> Result<List<'m, M, ProcessView>, ViewError> {
        let first = self.word(memory, offset_of!(RootBlock, first_process))?;
        let next = |process: &ProcessView| process.raw().next.address();
        let read = ProcessView::read::<M>;
        Ok(List::new(memory, "process", first, MAX_OBJECTS, read, next))
    }

    /// All VMOs, newest first.
    ///
    /// # Errors
    /// [`ViewError`] if it is not RAM (any more).
    pub fn vmos<'m, M: PhysicalMemory>(
        &self,
        memory: &'m M,
    ) -> Result<List<'m, M, VmoView>, ViewError> {
        let first = self.word(memory, offset_of!(RootBlock, first_vmo))?;
        let next = |vmo: &VmoView| vmo.raw().next.address();
        Ok(List::new(
            memory,
            "vmo",
            first,
            MAX_OBJECTS,
            VmoView::read::<M>,
            next,
        ))
    }

    /// The threads that wait, earliest deadline first.
    ///
    /// # Errors
    /// [`ViewError`] if it is not RAM (any more).
    pub fn waiting<'m, M: PhysicalMemory>(
        &self,
        memory: &'m M,
    ) -> Result<List<'m, M, ThreadView>, ViewError> {
        let first = self.word(memory, offset_of!(RootBlock, first_waiting))?;
        let next = |thread: &ThreadView| thread.raw().next_in_queue.address();
        let read = ThreadView::read::<M>;
        Ok(List::new(memory, "thread", first, MAX_OBJECTS, read, next))
    }

    #[inline]
    fn word<M: PhysicalMemory>(&self, memory: &M, offset: usize) -> Result<u64, ViewError> {
        // The whole block was in RAM when it was checked, so the sum does not wrap.
        let at = GuestAddress(self.address.0.wrapping_add(offset as u64));
        memory
            .read_u64(at)
            .map_err(|error| ViewError::new(NAME, self.address, Problem::NotRam(error)))
    }
}
