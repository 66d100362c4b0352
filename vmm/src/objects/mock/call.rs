//! Making calls.

use super::guest::{MockError, MockGuest};
use crate::calls::{CallServer, CompletedCall, Served};
use crate::memory::MockRam;
use abi::call_page::{CallProgress, Phase, ResolveRequest};
use abi::{Call, CallPage, Link};
use std::sync::Arc;
use vm_memory::GuestAddress;

/// More exits than any call has a reason for.
const MAX_EXITS: u32 = 1000;

/// A call served to its end.
#[derive(Debug)]
pub struct MockOutcome {
    /// What the run loop is told.
    pub call: CompletedCall,
    /// What the program finds in `rax`.
    pub rax: u64,
    /// How often the call left the guest.
    pub exits: u32,
    /// What the kernel was asked for, with its answers.
    pub requests: Vec<ResolveRequest>,
}

impl MockGuest {
    /// A server for this guest.
    ///
    /// # Errors
    /// [`MockError::Call`] if the root block is broken.
    pub fn server(&self) -> Result<CallServer<MockRam>, MockError> {
        Ok(CallServer::new(Arc::clone(&self.ram), self.root())?)
    }

    /// Puts a call of `process` into the call page, as the kernel does.
    ///
    /// # Errors
    /// None in a mock that was not broken on purpose.
    pub fn begin(
        &self,
        process: GuestAddress,
        call: Call,
        arguments: &[u64],
    ) -> Result<(), MockError> {
        self.edit(self.call_page(), |page: &mut CallPage| {
            page.op = call.number();
            page.args = [0; 8];
            for (to, from) in page.args.iter_mut().zip(arguments) {
                *to = *from;
            }
            page.process = Link::new(process.0);
            page.progress.phase = Phase::NEW;
        })
    }

    /// Makes a call and serves it to its end.
    ///
    /// # Errors
    /// [`MockError::Call`] if the host gives up, [`MockError::TooManyExits`] if it never
    /// comes to an end.
    pub fn call(
        &mut self,
        process: GuestAddress,
        call: Call,
        arguments: &[u64],
    ) -> Result<MockOutcome, MockError> {
        let mut server = self.server()?;
        // What an earlier call has left behind must not matter.
        self.edit(self.call_page(), |page: &mut CallPage| {
            page.progress = CallProgress {
                vmo: Link::new(u64::MAX),
                length: u64::MAX,
                done: u64::MAX,
                ..CallProgress::default()
            };
        })?;
        self.begin(process, call, arguments)?;
        let mut requests = Vec::new();
        for exits in 1..=MAX_EXITS {
            match server.serve()? {
                Served::Again => {}
                Served::Resolve => requests.push(self.resolve()?),
                Served::Done(call) => {
                    let rax = server.call_page()?.result;
                    return Ok(MockOutcome {
                        call,
                        rax,
                        exits,
                        requests,
                    });
                }
            }
        }
        Err(MockError::TooManyExits(MAX_EXITS))
    }
}
