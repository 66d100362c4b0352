//! Why a call does not go on in this exit.

use super::CallError;
use crate::memory::AccessError;
use crate::objects::{ContentError, ViewError};
use crate::translate::PageListError;
use abi::Status;
use abi::call_page::ResolveRequest;

/// What ends the work on a call before its end. The `?` operator carries it up, so that
/// the calls read as the lists of checks that they are.
#[derive(Debug)]
pub(super) enum Stop {
    /// The program gets this status.
    Answer(Status),
    /// The kernel must make something present first.
    Resolve(ResolveRequest),
    /// Enough for one exit.
    Again,
    /// The guest's kernel is broken.
    Broken(CallError),
}

/// The outcome of a part of a call.
pub(super) type Step<T> = Result<T, Stop>;

impl From<Status> for Stop {
    fn from(status: Status) -> Self {
        Self::Answer(status)
    }
}

impl From<CallError> for Stop {
    fn from(error: CallError) -> Self {
        Self::Broken(error)
    }
}

impl From<ViewError> for Stop {
    fn from(error: ViewError) -> Self {
        Self::Broken(error.into())
    }
}

impl From<ContentError> for Stop {
    fn from(error: ContentError) -> Self {
        Self::Broken(error.into())
    }
}

impl From<PageListError> for Stop {
    fn from(error: PageListError) -> Self {
        Self::Broken(error.into())
    }
}

impl From<AccessError> for Stop {
    fn from(error: AccessError) -> Self {
        Self::Broken(error.into())
    }
}
