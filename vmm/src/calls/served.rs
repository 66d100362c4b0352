//! What one exit of the guest came to.

use abi::{Call, Status};
use vm_memory::GuestAddress;

/// How far a call has come in this exit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Served {
    /// It is answered.
    Done(CompletedCall),
    /// The kernel must make pages present first.
    Resolve,
    /// So much was moved that the run loop should look around before it goes on.
    Again,
}

/// An answered call, for traces and totals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CompletedCall {
    /// Which call.
    pub call: Call,
    /// Its arguments, as the program gave them.
    pub args: [u64; 8],
    /// The process that made it.
    pub process: GuestAddress,
    /// The thread that made it.
    pub thread: GuestAddress,
    /// What it is told.
    pub status: Status,
    /// What was stored in `*actual`, in bytes; only with `ZX_OK`, and only for the calls
    /// that have it.
    pub actual: Option<u64>,
    /// Bytes that were moved, even if the call failed in the end.
    pub bytes: u64,
    /// Where they are in their VMO.
    pub place: Option<VmoPlace>,
}

/// A place in a VMO.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VmoPlace {
    /// Where the VMO stands.
    pub vmo: GuestAddress,
    /// The offset in it, in bytes.
    pub offset: u64,
}
