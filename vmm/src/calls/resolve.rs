//! What the kernel is asked to make present, and what it answered.

use super::{CallError, ResolveAnswer};
use abi::Status;
use abi::call_page::{Phase, ResolveRequest, Want};
use abi::layout::PAGE_SIZE;

/// The kernel's answer to the request that a call stopped at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Answer {
    /// The request, as it comes back.
    pub(super) request: ResolveRequest,
    /// `ZX_OK`, or why the first page of a want could not be had.
    pub(super) status: Status,
}

impl Answer {
    /// The answer in a call page, for a call that was in phase `entered` when the exit
    /// began; `None` if the call did not stop at a request.
    ///
    /// # Errors
    /// [`CallError::BadAnswer`] if it says that something failed that was not asked for.
    pub(super) fn read(request: &ResolveRequest, entered: u32) -> Result<Option<Self>, CallError> {
        // A new call can only have stopped at a clone: any other request is asked by a
        // call that is past its checks, and so was left behind by one that never came
        // back.
        let stale = entered == Phase::NEW && request.wants & Want::CLONE_MAPPING == 0;
        if request.wants == 0 || stale {
            return Ok(None);
        }
        let status = Status(request.status);
        let one_want = request.failed.is_power_of_two() && request.failed & request.wants != 0;
        if status != Status::OK && !one_want {
            return Err(CallError::BadAnswer {
                request: ResolveAnswer::from(request),
            });
        }
        Ok(Some(Self {
            request: *request,
            status,
        }))
    }

    /// The status of the want `want`, if that is what failed.
    pub(super) fn failure(&self, want: u32) -> Option<Status> {
        (self.status != Status::OK && self.request.failed == want).then_some(self.status)
    }

    /// Whether the kernel says that it made the first page of that want present. It
    /// works through the wants in the order of their bits.
    pub(super) fn has_provided(&self, want: u32) -> bool {
        self.request.wants & want != 0 && (self.status == Status::OK || want < self.request.failed)
    }

    /// Whether the first page that `want` was about is the one of `position`.
    pub(super) fn is_about(&self, want: u32, position: u64) -> bool {
        let first = if want == Want::USER {
            self.request.user_address
        } else {
            self.request.vmo_offset
        };
        self.request.wants & want != 0 && first / PAGE_SIZE == position / PAGE_SIZE
    }

    /// The error for an answer that changed nothing.
    pub(super) fn no_progress(&self) -> CallError {
        CallError::NoProgress {
            request: ResolveAnswer::from(&self.request),
        }
    }
}

/// Adds a want for `length` bytes at `offset` of the request's VMO; `access` is one of
/// [`Access`](abi::call_page::Access).
pub(super) const fn want_vmo(request: &mut ResolveRequest, access: u32, offset: u64, length: u64) {
    request.wants |= Want::VMO;
    request.vmo_access = access;
    request.vmo_offset = offset;
    request.vmo_length = length;
}

/// Adds a want for `length` bytes at `address` of the caller.
pub(super) const fn want_user(
    request: &mut ResolveRequest,
    address: u64,
    length: u64,
    access: u32,
) {
    request.wants |= Want::USER;
    request.user_access = access;
    request.user_address = address;
    request.user_length = length;
}
