//! Objects without a state: jobs, resources, BTIs.

use super::ViewError;
use super::load::{check_field, check_magic, load, name_text};
use crate::memory::PhysicalMemory;
use abi::objects::{ObjectType, PlainObject};
use std::borrow::Cow;
use vm_memory::GuestAddress;

/// An object that is only there to be named by a handle.
#[derive(Clone, Copy, Debug)]
pub struct PlainView {
    address: GuestAddress,
    raw: PlainObject,
}

impl PlainView {
    /// The job, resource or BTI at `address`.
    ///
    /// # Errors
    /// [`ViewError`] if there is none.
    pub fn read<M: PhysicalMemory>(memory: &M, address: GuestAddress) -> Result<Self, ViewError> {
        const NAME: &str = "plain object";
        let raw: PlainObject = load(memory, NAME, address)?;
        check_magic(NAME, address, &raw.header)?;
        let kind = ObjectType(raw.header.object_type);
        check_field(
            NAME,
            address,
            ("object_type", u64::from(kind.0)),
            matches!(
                kind,
                ObjectType::JOB | ObjectType::RESOURCE | ObjectType::BTI
            ),
            "it is a job, a resource or a BTI",
        )?;
        Ok(Self { address, raw })
    }

    /// Where it stands.
    #[must_use]
    pub const fn address(&self) -> GuestAddress {
        self.address
    }

    /// All of its fields.
    #[must_use]
    pub const fn raw(&self) -> &PlainObject {
        &self.raw
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> Cow<'_, str> {
        name_text(&self.raw.name)
    }
}
