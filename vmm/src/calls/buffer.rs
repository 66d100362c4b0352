//! The caller's buffer: a range of its address space, looked at when it is needed.

use super::request::Request;
use super::stop::{Step, Stop};
use super::{ErrorMode, Family};
use crate::memory::{GuestVirtAddr, PhysicalMemory, UserRange};
use crate::objects::find_mapping;
use crate::translate::{Access, PageCursor, Run};
use abi::Status;

/// The most mappings of the caller that are looked at to see how far a buffer goes.
const MAX_MAPPINGS: usize = 16;

/// Which way the bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    /// From the VMO into the caller's buffer: the read calls.
    ToCaller,
    /// From the caller's buffer into the VMO: the write calls.
    FromCaller,
}

/// The caller's buffer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Buffer {
    /// `None` if not all of it is in the user half; found out early, told when the first
    /// byte is needed (reference §3).
    range: Option<UserRange>,
    /// Which way the bytes go.
    pub(super) direction: Direction,
    /// Whose statuses count.
    pub(super) family: Family,
}

impl Buffer {
    /// The buffer of `length` bytes at `start`.
    pub(super) const fn new(start: u64, length: u64, direction: Direction, family: Family) -> Self {
        Self {
            range: UserRange::new(GuestVirtAddr(start), length),
            direction,
            family,
        }
    }

    /// What is done to it, as page tables know it.
    pub(super) const fn access(&self) -> Access {
        match self.direction {
            Direction::ToCaller => Access::Write,
            Direction::FromCaller => Access::Read,
        }
    }

    /// The same as a [`ResolveRequest`](abi::call_page::ResolveRequest) names it.
    pub(super) const fn abi_access(&self) -> u32 {
        match self.direction {
            Direction::ToCaller => abi::call_page::Access::WRITE,
            Direction::FromCaller => abi::call_page::Access::READ,
        }
    }

    /// The address of the byte `done` bytes into it; `None` if it is not a user address.
    pub(super) fn address(&self, done: u64) -> Option<GuestVirtAddr> {
        self.range?.at(done)
    }

    /// The run at the byte `done`, at most `limit` bytes; `Ok(None)` if the kernel must
    /// make it accessible first.
    #[inline]
    pub(super) fn run<M: PhysicalMemory>(
        &self,
        request: &Request<'_, M>,
        cursor: &mut PageCursor<'_, M>,
        done: u64,
        limit: u64,
    ) -> Step<Option<Run>> {
        let Some(address) = self.address(done) else {
            return Err(Stop::Answer(request.mode().buffer_out_of_range()));
        };
        Self::look(cursor, address, limit)
    }

    /// The run at `address`, at most `limit` bytes; `Ok(None)` if the kernel must make it
    /// accessible first.
    #[inline]
    pub(super) fn look<M: PhysicalMemory>(
        cursor: &mut PageCursor<'_, M>,
        address: GuestVirtAddr,
        limit: u64,
    ) -> Step<Option<Run>> {
        match cursor.run(address, limit) {
            Ok(run) => Ok(Some(run)),
            Err(fault) if fault.is_resolvable() => Ok(None),
            Err(fault) => Err(Stop::Broken(fault.into())),
        }
    }

    /// The status for a byte of it that the kernel could not make accessible.
    pub(super) const fn fault_status(&self, mode: ErrorMode, status: Status) -> Status {
        mode.buffer_fault(self.family, status)
    }

    /// How many of the `limit` bytes at `address` are mapped at all, without a gap.
    ///
    /// It decides nothing: it keeps the host from asking for pages of a VMO that a buffer
    /// with a hole in it can never fill.
    pub(super) fn mapped_length<M: PhysicalMemory>(
        request: &Request<'_, M>,
        address: GuestVirtAddr,
        limit: u64,
    ) -> Step<u64> {
        let Some(root) = request.caller.root_vmar() else {
            return Ok(0);
        };
        let mut length = 0;
        for _ in 0..MAX_MAPPINGS {
            if length >= limit {
                return Ok(limit);
            }
            let Some(at) = address.checked_add(length) else {
                return Ok(length);
            };
            match find_mapping(request.memory, root, at)? {
                Some(mapping) => length += mapping.end - at.0,
                None => return Ok(length),
            }
        }
        Ok(limit)
    }
}
