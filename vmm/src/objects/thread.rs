//! Threads.

use super::ViewError;
use super::load::{check_field, check_header, load, name_text};
use crate::memory::PhysicalMemory;
use abi::objects::{ObjectType, Thread, ThreadState};
use std::borrow::Cow;
use vm_memory::GuestAddress;

const NAME: &str = "thread";

/// A thread.
#[derive(Clone, Copy, Debug)]
pub struct ThreadView {
    address: GuestAddress,
    raw: Thread,
}

impl ThreadView {
    /// The thread at `address`.
    ///
    /// # Errors
    /// [`ViewError`] if there is none, or a broken one.
    pub fn read<M: PhysicalMemory>(memory: &M, address: GuestAddress) -> Result<Self, ViewError> {
        let raw: Thread = load(memory, NAME, address)?;
        check_header(NAME, address, &raw.header, ObjectType::THREAD)?;
        check_field(
            NAME,
            address,
            ("state", u64::from(raw.state)),
            raw.state <= ThreadState::DEAD.0,
            "there is no such state",
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
    pub const fn raw(&self) -> &Thread {
        &self.raw
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> Cow<'_, str> {
        name_text(&self.raw.name)
    }

    /// What it is at.
    #[must_use]
    pub const fn state(&self) -> ThreadState {
        ThreadState(self.raw.state)
    }
}
