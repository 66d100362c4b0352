//! Faults of the guest's kernel that a call runs into. They stop the machine; no program
//! is told of them.

use crate::memory::{AccessError, GuestVirtAddr};
use crate::objects::{ContentError, ViewError};
use crate::translate::{Fault, PageListError};
use abi::Status;
use abi::call_page::ResolveRequest;
use vm_memory::GuestAddress;

/// Why a call cannot be served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// The kernel asked for a call that the host does not serve.
    #[error("call number {0:#x} is not one that the host serves")]
    UnknownCall(u32),
    /// [`Phase`](abi::call_page::Phase) has no such value.
    #[error("the call page says that the call is in phase {0}, which there is none")]
    UnknownPhase(u32),
    /// A structure is broken.
    #[error(transparent)]
    View(#[from] ViewError),
    /// A page list is broken.
    #[error(transparent)]
    PageList(#[from] PageListError),
    /// The caller's page tables are broken.
    #[error("the caller's page tables are broken: {0}")]
    PageTables(#[from] Fault),
    /// A range that was valid a moment ago is not RAM.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The VMO of a call in progress is gone and another took its place.
    #[error(
        "the call under way holds the VMO with koid {expected} at guest-physical {:#x}, \
         but the one there has koid {found}", .address.0
    )]
    VmoReplaced {
        /// Where the VMO stands.
        address: GuestAddress,
        /// The koid that the call saw first.
        expected: u64,
        /// The koid that is there now.
        found: u64,
    },
    /// The progress of a call in progress makes no sense.
    #[error("the call page says that {done} of {length} bytes at offset {vmo_offset:#x} are moved")]
    BadProgress {
        /// Bytes moved.
        done: u64,
        /// Bytes to move.
        length: u64,
        /// Offset in the VMO of the first of them.
        vmo_offset: u64,
    },
    /// The kernel says that it made a page present, and it is still missing.
    #[error(
        "the kernel answered ZX_OK to a request for pages, but what was missing is missing \
         still: {request:?}"
    )]
    NoProgress {
        /// The request that changed nothing.
        request: ResolveAnswer,
    },
    /// The kernel says that a want failed which it was not asked for.
    #[error("the kernel answered a request for pages with nonsense: {request:?}")]
    BadAnswer {
        /// The request with its answer.
        request: ResolveAnswer,
    },
}

impl From<ContentError> for CallError {
    fn from(error: ContentError) -> Self {
        match error {
            ContentError::View(error) => Self::View(error),
            ContentError::PageList(error) => Self::PageList(error),
        }
    }
}

/// A [`ResolveRequest`] and what the kernel answered, as numbers for a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResolveAnswer {
    /// Bits of [`Want`](abi::call_page::Want).
    pub wants: u32,
    /// The kernel's answer.
    pub status: Status,
    /// The want that failed.
    pub failed: u32,
    /// First byte wanted in the VMO.
    pub vmo_offset: u64,
    /// First byte wanted in the caller's address space.
    pub user_address: GuestVirtAddr,
}

impl From<&ResolveRequest> for ResolveAnswer {
    fn from(request: &ResolveRequest) -> Self {
        Self {
            wants: request.wants,
            status: Status(request.status),
            failed: request.failed,
            vmo_offset: request.vmo_offset,
            user_address: GuestVirtAddr(request.user_address),
        }
    }
}
