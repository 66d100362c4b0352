//! Objects of whatever type.

use super::ViewError;
use super::load::{check_magic, load};
use crate::memory::PhysicalMemory;
use abi::objects::{ObjectHeader, ObjectType};
use vm_memory::GuestAddress;

/// What every object starts with.
#[derive(Clone, Copy, Debug)]
pub struct ObjectView {
    address: GuestAddress,
    header: ObjectHeader,
}

impl ObjectView {
    /// The object at `address`.
    ///
    /// # Errors
    /// [`ViewError`] if there is none.
    pub fn read<M: PhysicalMemory>(memory: &M, address: GuestAddress) -> Result<Self, ViewError> {
        let header: ObjectHeader = load(memory, "object", address)?;
        check_magic("object", address, &header)?;
        Ok(Self { address, header })
    }

    /// Where it stands.
    #[must_use]
    pub const fn address(&self) -> GuestAddress {
        self.address
    }

    /// Its header.
    #[must_use]
    pub const fn header(&self) -> &ObjectHeader {
        &self.header
    }

    /// Its type.
    #[must_use]
    pub const fn object_type(&self) -> ObjectType {
        ObjectType(self.header.object_type)
    }
}
