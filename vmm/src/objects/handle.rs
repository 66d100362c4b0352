//! Handles: from the value that a program gives to the object (reference §2.2).

use super::load::{check_address, check_magic, load};
use super::{ProcessView, RootView, ViewError};
use crate::memory::PhysicalMemory;
use abi::layout::PAGE_SIZE;
use abi::objects::{
    HANDLE_CHUNK_ENTRIES, HANDLE_INDEX_MASK, HandleEntry, ObjectHeader, ObjectType, decode_handle,
};
use abi::{Rights, Status};
use std::mem::size_of;
use vm_memory::GuestAddress;

const NAME: &str = "handle";

// A chunk is a page of entries.
const _: () = assert!((HANDLE_CHUNK_ENTRIES * size_of::<HandleEntry>()) as u64 == PAGE_SIZE);

/// A live handle and the header of the object that it leads to.
#[derive(Clone, Copy, Debug)]
pub struct HandleView {
    raw: HandleEntry,
    header: ObjectHeader,
}

impl HandleView {
    /// The handle that `value` names in `process`; `None` if the value is zero, badly
    /// formed, stale or somebody else's.
    ///
    /// # Errors
    /// [`ViewError`] if the table or the object is broken.
    #[inline]
    pub fn lookup<M: PhysicalMemory>(
        memory: &M,
        root: &RootView,
        process: &ProcessView,
        value: u32,
    ) -> Result<Option<Self>, ViewError> {
        let Some(base) = decode_handle(value, process.raw().handle_secret) else {
            return Ok(None);
        };
        // The index has 18 bits, so it is an index of the host as well.
        let index = (base & HANDLE_INDEX_MASK) as usize;
        let Some(chunk) = root.handle_chunk(memory, index / HANDLE_CHUNK_ENTRIES)? else {
            return Ok(None);
        };
        let offset = index % HANDLE_CHUNK_ENTRIES * size_of::<HandleEntry>();
        // Should the sum saturate, then that address is not RAM either.
        let slot = GuestAddress(chunk.0.saturating_add(offset as u64));
        let raw: HandleEntry = load(memory, NAME, slot)?;
        if index == 0
            || raw.base != base
            || raw.object.is_none()
            || raw.owner.address() != process.address().0
        {
            return Ok(None);
        }
        let object = GuestAddress(raw.object.address());
        check_address("object", object)?;
        let header: ObjectHeader = load(memory, "object", object)?;
        check_magic("object", object, &header)?;
        Ok(Some(Self { raw, header }))
    }

    /// All fields of its slot.
    #[must_use]
    pub const fn raw(&self) -> &HandleEntry {
        &self.raw
    }

    /// Where its object stands.
    #[must_use]
    pub const fn object(&self) -> GuestAddress {
        GuestAddress(self.raw.object.address())
    }

    /// The type of its object.
    #[must_use]
    pub const fn object_type(&self) -> ObjectType {
        ObjectType(self.header.object_type)
    }

    /// Its rights.
    #[must_use]
    pub const fn rights(&self) -> Rights {
        Rights::from_bits_retain(self.raw.rights)
    }

    /// Where its object stands, if it is of that type and the handle has all of those
    /// rights; type comes before rights.
    ///
    /// # Errors
    /// `ZX_ERR_WRONG_TYPE`, then `ZX_ERR_ACCESS_DENIED`.
    #[inline]
    pub fn require(&self, wanted: ObjectType, rights: Rights) -> Result<GuestAddress, Status> {
        if self.object_type() != wanted {
            Err(Status::WRONG_TYPE)
        } else if !self.rights().contains(rights) {
            Err(Status::ACCESS_DENIED)
        } else {
            Ok(self.object())
        }
    }
}
