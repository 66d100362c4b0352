//! Processes.

use super::load::{check_field, check_header, load, name_text};
use super::{List, ThreadView, ViewError};
use crate::memory::PhysicalMemory;
use crate::translate::AddressSpace;
use abi::layout::PAGE_SIZE;
use abi::objects::{ObjectType, Process, ProcessState};
use std::borrow::Cow;
use vm_memory::GuestAddress;

const NAME: &str = "process";
/// The most threads that a walk of a process's list looks at.
const MAX_THREADS: usize = 1 << 16;

/// A process.
#[derive(Clone, Copy, Debug)]
pub struct ProcessView {
    address: GuestAddress,
    raw: Process,
}

impl ProcessView {
    /// The process at `address`.
    ///
    /// # Errors
    /// [`ViewError`] if there is none, or a broken one.
    #[inline]
    pub fn read<M: PhysicalMemory>(memory: &M, address: GuestAddress) -> Result<Self, ViewError> {
        let raw: Process = load(memory, NAME, address)?;
        check_header(NAME, address, &raw.header, ObjectType::PROCESS)?;
        let field =
            |name, value, holds, rule| check_field(NAME, address, (name, value), holds, rule);
        field(
            "state",
            u64::from(raw.state),
            raw.state <= ProcessState::DEAD.0,
            "there is no such state",
        )?;
        field(
            "handle_secret",
            u64::from(raw.handle_secret),
            raw.handle_secret.trailing_zeros() >= 2,
            "its two low bits must be clear",
        )?;
        field(
            "page_table",
            raw.page_table,
            raw.page_table.is_multiple_of(PAGE_SIZE),
            "a table starts on a page boundary",
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
    pub const fn raw(&self) -> &Process {
        &self.raw
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> Cow<'_, str> {
        name_text(&self.raw.name)
    }

    /// What it is at.
    #[must_use]
    pub const fn state(&self) -> ProcessState {
        ProcessState(self.raw.state)
    }

    /// Its page tables; `None` once they are gone.
    #[must_use]
    pub const fn address_space(&self) -> Option<AddressSpace> {
        match self.raw.page_table {
            0 => None,
            root => Some(AddressSpace::new(root)),
        }
    }

    /// Its root VMAR; `None` once that is gone.
    #[must_use]
    pub const fn root_vmar(&self) -> Option<GuestAddress> {
        match self.raw.root_vmar.address() {
            0 => None,
            address => Some(GuestAddress(address)),
        }
    }

    /// Its threads.
    pub fn threads<'m, M: PhysicalMemory>(&self, memory: &'m M) -> List<'m, M, ThreadView> {
        let first = self.raw.first_thread.address();
        let next = |thread: &ThreadView| thread.raw().next_in_process.address();
        List::new(
            memory,
            "thread",
            first,
            MAX_THREADS,
            ThreadView::read::<M>,
            next,
        )
    }
}
