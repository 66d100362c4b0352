//! The door for the run loop: the call page in, the outcome out.

use super::request::Request;
use super::stop::{Step, Stop};
use super::{
    CallError, CompletedCall, Served, VmoPlace, process_read_memory, process_write_memory,
    vmo_read, vmo_write,
};
use crate::check::{self, Findings, Moment};
use crate::memory::{BulkMemory, GuestRam};
use crate::objects::RootView;
use abi::call_page::{CallProgress, CallState, ResolveRequest};
use abi::calls::Server;
use abi::{Call, CallPage, Status};
use std::mem::offset_of;
use std::sync::Arc;
use vm_memory::GuestAddress;
use zerocopy::{Immutable, IntoBytes};

/// Serves the calls of one vCPU.
#[derive(Debug)]
pub struct CallServer<M = GuestRam> {
    memory: Arc<M>,
    root: RootView,
    /// What the last [`Call::DebugCheck`] has found.
    findings: Findings,
}

/// The part of the call page from [`CallPage::state`] to [`CallPage::result`].
#[derive(IntoBytes, Immutable)]
#[repr(C, packed)]
struct Outcome {
    state: u32,
    result: u64,
}

impl<M: BulkMemory> CallServer<M> {
    /// A server for the machine whose root block stands at `root_block`.
    ///
    /// # Errors
    /// [`CallError::View`] if the root block is of another version or broken, or if there
    /// is no call page.
    pub fn new(memory: Arc<M>, root_block: GuestAddress) -> Result<Self, CallError> {
        let root = RootView::read(&*memory, root_block)?;
        Ok(Self {
            memory,
            root,
            findings: Findings::default(),
        })
    }

    /// The root block.
    #[must_use]
    pub const fn root(&self) -> &RootView {
        &self.root
    }

    /// The memory that the calls work on.
    #[must_use]
    pub const fn memory(&self) -> &Arc<M> {
        &self.memory
    }

    /// A copy of the call page.
    ///
    /// # Errors
    /// [`CallError::Access`] if it is not RAM (any more).
    #[inline]
    pub fn call_page(&self) -> Result<CallPage, CallError> {
        Ok(self.memory.read_object(self.root.call_page())?)
    }

    /// The number in [`CallPage::op`]: a call or a
    /// [`KernelRequest`](abi::call_page::KernelRequest).
    ///
    /// # Errors
    /// [`CallError::Access`] if the call page is not RAM (any more).
    #[inline]
    pub fn op(&self) -> Result<u32, CallError> {
        let mut bytes = [0; 4];
        let at = self.field(offset_of!(CallPage, op));
        self.memory.read_bytes(at, &mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    /// Whether the kernel is to report the calls that it answers itself.
    ///
    /// # Errors
    /// [`CallError::Access`] if the call page is not RAM (any more).
    pub fn set_trace_kernel_calls(&mut self, on: bool) -> Result<(), CallError> {
        self.put(offset_of!(CallPage, trace_kernel_calls), &u32::from(on))
    }

    /// Marks a [`KernelRequest`](abi::call_page::KernelRequest) without a result as done.
    ///
    /// # Errors
    /// [`CallError::Access`] if the call page is not RAM (any more).
    pub fn finish_request(&mut self) -> Result<(), CallError> {
        self.finish_request_with(0)
    }

    /// Marks a [`KernelRequest`](abi::call_page::KernelRequest) as done, with its result
    /// in [`CallPage::result`].
    ///
    /// # Errors
    /// [`CallError::Access`] if the call page is not RAM (any more).
    pub fn finish_request_with(&mut self, result: u64) -> Result<(), CallError> {
        let state = CallState::DONE;
        self.put(offset_of!(CallPage, state), &Outcome { state, result })
    }

    /// Serves the call in the call page, as far as it can be served in one exit.
    ///
    /// # Errors
    /// [`CallError`] if the guest's kernel is broken; the machine must stop.
    #[inline]
    pub fn serve(&mut self) -> Result<Served, CallError> {
        let page = self.call_page()?;
        let call = match Call::from_number(page.op) {
            Some(Call::Null) => return self.done(&page, Call::Null, Ok(None), None),
            Some(Call::DebugCheck) => return self.debug_check(&page),
            Some(call) if call.server() == Server::Host => call,
            _ => return Err(CallError::UnknownCall(page.op)),
        };
        let mut request = Request::new(&*self.memory, &self.root, &page)?;
        let outcome = dispatch(call, &mut request);
        let progress = request.progress;
        match outcome {
            Ok(actual) => self.done(&page, call, Ok(actual), Some(&progress)),
            Err(Stop::Answer(status)) => {
                // A call that is refused at its checks has not come to have a progress.
                let moved = (progress.phase != abi::call_page::Phase::NEW).then_some(&progress);
                self.done(&page, call, Err(status), moved)
            }
            Err(Stop::Resolve(resolve)) => {
                self.pause(CallState::RESOLVE, &progress, &resolve)?;
                Ok(Served::Resolve)
            }
            Err(Stop::Again) => {
                self.pause(CallState::AGAIN, &progress, &ResolveRequest::default())?;
                Ok(Served::Again)
            }
            Err(Stop::Broken(error)) => Err(error),
        }
    }

    /// What the last [`Call::DebugCheck`] has found, if that is something; then forgets it.
    pub fn take_findings(&mut self) -> Option<Findings> {
        let findings = std::mem::take(&mut self.findings);
        (!findings.is_empty()).then_some(findings)
    }

    /// Whether the guest's structures agree with each other.
    #[cold]
    fn debug_check(&mut self, page: &CallPage) -> Result<Served, CallError> {
        self.findings = check::check(&*self.memory, &self.root, Moment::AtRest);
        let outcome = if self.findings.is_empty() {
            Ok(None)
        } else {
            Err(Status::INTERNAL)
        };
        self.done(page, Call::DebugCheck, outcome, None)
    }

    /// Writes the answer of a call into the call page.
    #[inline]
    fn done(
        &self,
        page: &CallPage,
        call: Call,
        outcome: Result<Option<u64>, Status>,
        moved: Option<&CallProgress>,
    ) -> Result<Served, CallError> {
        let (status, actual) = match outcome {
            Ok(actual) => (Status::OK, actual),
            Err(status) => (status, None),
        };
        let outcome = Outcome {
            state: CallState::DONE,
            result: status.to_register(),
        };
        self.put(offset_of!(CallPage, state), &outcome)?;
        if page.resolve.wants != 0 {
            // The next call must not take this one's request for its own.
            self.put(offset_of!(CallPage, resolve), &0u32)?;
        }
        Ok(Served::Done(CompletedCall {
            call,
            args: page.args,
            process: GuestAddress(page.process.address()),
            thread: GuestAddress(page.thread.address()),
            status,
            actual,
            bytes: moved.map_or(0, |progress| progress.done),
            place: moved.map(|progress| VmoPlace {
                vmo: GuestAddress(progress.vmo.address()),
                offset: progress.vmo_offset,
            }),
        }))
    }

    /// Writes how far a call has come, and why it does not go on, into the call page.
    fn pause(
        &self,
        state: u32,
        progress: &CallProgress,
        resolve: &ResolveRequest,
    ) -> Result<(), CallError> {
        // A call that has not begun holds on to nothing; what an earlier one has left in
        // the page must not look as if it did.
        let unbegun = CallProgress::default();
        let begun = progress.phase != abi::call_page::Phase::NEW;
        let progress = if begun { progress } else { &unbegun };
        self.put(offset_of!(CallPage, progress), progress)?;
        self.put(offset_of!(CallPage, resolve), resolve)?;
        self.put(offset_of!(CallPage, state), &state)
    }

    #[inline]
    fn put<T: IntoBytes + Immutable>(&self, offset: usize, value: &T) -> Result<(), CallError> {
        Ok(self
            .memory
            .write_bytes(self.field(offset), value.as_bytes())?)
    }

    #[inline]
    const fn field(&self, offset: usize) -> GuestAddress {
        // The whole call page is RAM, so this cannot wrap.
        GuestAddress(self.root.call_page().0.wrapping_add(offset as u64))
    }
}

#[inline]
fn dispatch<M: BulkMemory>(call: Call, request: &mut Request<'_, M>) -> Step<Option<u64>> {
    match call {
        Call::VmoRead => vmo_read::serve(request),
        Call::VmoWrite => vmo_write::serve(request),
        Call::ProcessReadMemory => process_read_memory::serve(request),
        Call::ProcessWriteMemory => process_write_memory::serve(request),
        other => Err(Stop::Broken(CallError::UnknownCall(other.number()))),
    }
}
