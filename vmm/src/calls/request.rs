//! One call on its way through the host.

use super::resolve::Answer;
use super::stop::Step;
use super::{CallError, ErrorMode};
use crate::memory::PhysicalMemory;
use crate::objects::{HandleView, Problem, ProcessView, RootView, ViewError, VmoView};
use crate::translate::AddressSpace;
use abi::call_page::{CallProgress, Phase};
use abi::objects::ObjectType;
use abi::root::BootOptions;
use abi::{CallPage, Link, Rights, Status};
use vm_memory::GuestAddress;

/// A call: what the call page said when the exit began, and how far it has come.
#[derive(Debug)]
pub(super) struct Request<'m, M> {
    pub(super) memory: &'m M,
    pub(super) root: &'m RootView,
    pub(super) options: BootOptions,
    pub(super) caller: ProcessView,
    /// The caller's page tables.
    pub(super) space: AddressSpace,
    pub(super) args: [u64; 8],
    /// The phase that the call was in when the exit began.
    pub(super) entered: u32,
    /// The kernel's answer to the request that the call stopped at, if it did.
    pub(super) answer: Option<Answer>,
    /// How far it has come; goes back into the call page.
    pub(super) progress: CallProgress,
}

impl<'m, M: PhysicalMemory> Request<'m, M> {
    /// The call in `page`, with its caller.
    ///
    /// # Errors
    /// [`CallError`] if the phase, the caller, or the answer to a request is nonsense.
    #[inline]
    pub(super) fn new(
        memory: &'m M,
        root: &'m RootView,
        page: &CallPage,
    ) -> Result<Self, CallError> {
        let entered = page.progress.phase;
        if entered > Phase::STORE_ACTUAL {
            return Err(CallError::UnknownPhase(entered));
        }
        let address = GuestAddress(page.process.address());
        let caller = ProcessView::read(memory, address)?;
        let space = caller.address_space().ok_or(ViewError::new(
            "page table",
            address,
            Problem::Missing,
        ))?;
        Ok(Self {
            memory,
            root,
            options: root.options(memory)?,
            caller,
            space,
            args: page.args,
            entered,
            answer: Answer::read(&page.resolve, entered)?,
            progress: page.progress,
        })
    }

    /// Which statuses the program gets where there is a choice.
    pub(super) const fn mode(&self) -> ErrorMode {
        ErrorMode::from_options(self.options)
    }

    /// Whether nothing was checked yet.
    pub(super) const fn is_new(&self) -> bool {
        self.entered == Phase::NEW
    }

    /// The argument `buffer_size`, in bytes: the fourth of all four calls.
    pub(super) const fn buffer_size(&self) -> u64 {
        let [.., size, _, _, _, _] = self.args;
        size
    }

    /// The object that the handle in the first argument leads to, in the three steps of
    /// reference §2.2.
    #[inline]
    pub(super) fn object(&self, wanted: ObjectType, rights: Rights) -> Step<GuestAddress> {
        let [value, ..] = self.args;
        // The upper half of a 32-bit argument does not count (reference §19.1).
        let [a, b, c, d, ..] = value.to_le_bytes();
        let value = u32::from_le_bytes([a, b, c, d]);
        let handle = HandleView::lookup(self.memory, self.root, &self.caller, value)?
            .ok_or(Status::BAD_HANDLE)?;
        Ok(handle.require(wanted, rights)?)
    }

    /// The checks are over: `length` bytes at `vmo_offset` are to be moved.
    pub(super) const fn begin(&mut self, vmo: &VmoView, vmo_offset: u64, length: u64) {
        self.progress = CallProgress {
            phase: Phase::COPY,
            reserved: 0,
            vmo: Link::new(vmo.address().0),
            vmo_koid: vmo.koid(),
            vmo_offset,
            length,
            done: 0,
        };
    }

    /// The VMO of a call that goes on, with everything that the call page says about it
    /// checked again.
    pub(super) fn resume(&self) -> Step<VmoView> {
        let CallProgress {
            vmo,
            vmo_koid,
            vmo_offset,
            length,
            done,
            ..
        } = self.progress;
        let view = VmoView::read(self.memory, GuestAddress(vmo.address()))?;
        if view.koid() != vmo_koid {
            Err(CallError::VmoReplaced {
                address: view.address(),
                expected: vmo_koid,
                found: view.koid(),
            })?;
        }
        let end = vmo_offset.checked_add(length);
        let (Some(end), true) = (end, done <= length && length <= self.buffer_size()) else {
            Err(self.bad_progress())?
        };
        if end > view.size() {
            // It was shrunk meanwhile (reference §4.3).
            Err(Status::OUT_OF_RANGE)?;
        }
        Ok(view)
    }

    /// Checks that a call which only has `*actual` left to store has moved its bytes.
    pub(super) fn check_moved(&self) -> Step<()> {
        let CallProgress { length, done, .. } = self.progress;
        if done == length && length > 0 && length <= self.buffer_size() {
            Ok(())
        } else {
            Err(self.bad_progress())?
        }
    }

    const fn bad_progress(&self) -> CallError {
        CallError::BadProgress {
            done: self.progress.done,
            length: self.progress.length,
            vmo_offset: self.progress.vmo_offset,
        }
    }
}
