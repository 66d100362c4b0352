//! Why an inspector cannot answer at all.

use crate::memory::{AccessError, MemoryError};
use crate::objects::ViewError;
use crate::objects::mock::MockError;
use std::io;
use std::path::PathBuf;

/// Why an inspector cannot answer at all. What it can answer in part, it does
/// ([`super::Problems`]).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InspectError {
    /// A file that cannot be opened, read or mapped.
    #[error("{}: {source}", .path.display())]
    File {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file that is no image of a guest.
    #[error("{}: {reason}", .path.display())]
    NotAnImage {
        /// Which one.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A file that cannot be written.
    #[error("{}: {source}; nothing is left there of it", .path.display())]
    Output {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The root block cannot be used.
    #[error("the guest's kernel has no usable root block: {0}")]
    Root(#[from] ViewError),
    /// There is no VM to attach to, or more than one.
    #[error("{0}")]
    NoVm(String),
    /// The VM does not answer, or not as it should.
    #[error("the VM at {}: {reason}", .path.display())]
    Vm {
        /// Its control socket.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The kernel held its lock for too long.
    #[error(
        "kernel busy: the guest did not come to a point where it can be looked at within {0:?}"
    )]
    KernelBusy(std::time::Duration),
    /// The VM has ended, or ends.
    #[error("the VM has ended")]
    Ended,
    /// Nothing of that name is there.
    #[error("{0}")]
    NotFound(String),
    /// Memory that cannot be read or written.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// No memory for it.
    #[error(transparent)]
    Memory(#[from] MemoryError),
    /// A mock that cannot be used.
    #[error(transparent)]
    Mock(#[from] MockError),
    /// What was asked for cannot be done, by a rule.
    #[error("{0}")]
    Refused(String),
}
