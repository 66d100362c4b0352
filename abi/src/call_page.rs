//! The call page: arguments, progress and results of hypercalls.
//!
//! Each vCPU has one, in guest memory. The kernel fills in [`CallPage::op`] and
//! [`CallPage::args`], sets [`CallProgress::phase`] to [`Phase::NEW`], and writes one
//! byte to [`PORT_CALL`](crate::layout::PORT_CALL). When the instruction is done,
//! [`CallPage::state`] says how the host left the matter:
//!
//! * [`CallState::DONE`]: [`CallPage::result`] holds what goes into the caller's `rax`.
//! * [`CallState::RESOLVE`]: pages are missing that only the kernel can provide. It does
//!   what [`ResolveRequest`] asks, fills in the request's answer and writes to the port
//!   again; [`CallPage::progress`] is left as it is, and the call goes on where it
//!   stopped.
//! * [`CallState::AGAIN`]: so much was moved that the host wants to look around; the
//!   kernel writes to the port again.

use crate::assert_layout;
use crate::link::Link;
use crate::objects::{Mapping, Process, Thread, Vmo};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// Values of [`CallPage::state`], written by the host.
#[derive(Debug)]
pub struct CallState;

impl CallState {
    /// The call is answered.
    pub const DONE: u32 = 0;
    /// The kernel must make pages present, then ask again.
    pub const RESOLVE: u32 = 1;
    /// The kernel must ask again.
    pub const AGAIN: u32 = 2;
}

/// Values of [`CallPage::op`] that are requests of the kernel itself rather than calls
/// of a program ([`crate::Call`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u32)]
#[non_exhaustive]
pub enum KernelRequest {
    /// Print `args[1]` bytes at guest-physical `args[0]`; they come from the current
    /// process, or from the kernel itself if `args[2]` is 1.
    Console = 0x1000,
    /// Nothing can run: return when `args[0]` nanoseconds have passed, or earlier.
    Idle = 0x1001,
    /// Zero the `args[1]` frames whose guest-physical addresses (u64 each) stand at
    /// guest-physical `args[0]`.
    ZeroFrames = 0x1002,
    /// Copy `args[1]` frames; `args[0]` is the guest-physical address of as many pairs
    /// of (source, destination) frame addresses, u64 each.
    CopyFrames = 0x1003,
    /// The process at `args[0]` now runs.
    ProcessStarted = 0x1004,
    /// The process at `args[0]` has ended; its record holds why.
    ProcessEnded = 0x1005,
    /// The thread at `args[0]` has faulted for good; its record holds registers and
    /// cause. The kernel ends its process next.
    ThreadFaulted = 0x1006,
    /// The kernel has answered the call `args[0]` (a number) with `args[1]` (its
    /// `rax`); its arguments were `args[2..8]`. Sent only while
    /// [`CallPage::trace_kernel_calls`] is not zero.
    CallAnswered = 0x1007,
    /// Stop the machine, for the reason `args[0]` ([`Shutdown`]).
    Shutdown = 0x1008,
    /// The kernel has found itself broken: `args[1]` bytes of text at guest-physical
    /// `args[0]` say how. It does not go on.
    Panic = 0x1009,
    /// What time is it: the answer, in nanoseconds since the machine started, comes in
    /// [`CallPage::result`].
    Clock = 0x100A,
    /// Zero `args[1]` bytes at guest-physical `args[0]`, all within one page.
    ZeroBytes = 0x100B,
    /// The running process at `args[0]` ends: its record holds why, and the kernel takes it
    /// apart next. A host that need not see that may stop the machine here.
    ProcessEnding = 0x100C,
}

impl KernelRequest {
    /// The request with that number.
    #[must_use]
    pub const fn from_number(number: u32) -> Option<Self> {
        Some(match number {
            0x1000 => Self::Console,
            0x1001 => Self::Idle,
            0x1002 => Self::ZeroFrames,
            0x1003 => Self::CopyFrames,
            0x1004 => Self::ProcessStarted,
            0x1005 => Self::ProcessEnded,
            0x1006 => Self::ThreadFaulted,
            0x1007 => Self::CallAnswered,
            0x1008 => Self::Shutdown,
            0x1009 => Self::Panic,
            0x100A => Self::Clock,
            0x100B => Self::ZeroBytes,
            0x100C => Self::ProcessEnding,
            _ => return None,
        })
    }
}

/// Values of `args[0]` of [`KernelRequest::Shutdown`].
#[derive(Debug)]
pub struct Shutdown;

impl Shutdown {
    /// Every process has ended.
    pub const ALL_ENDED: u64 = 0;
    /// Every thread waits for something that can no longer happen.
    pub const DEADLOCK: u64 = 1;
}

/// The most entries of one [`KernelRequest::ZeroFrames`] or
/// [`KernelRequest::CopyFrames`] list: what fits into one page.
pub const MAX_FRAME_LIST: u64 = 512;

/// Values of [`CallProgress::phase`].
#[derive(Debug)]
pub struct Phase;

impl Phase {
    /// Nothing was done yet: check everything. Written by the kernel.
    pub const NEW: u32 = 0;
    /// The checks are behind us; [`CallProgress`] says what is copied and how far.
    pub const COPY: u32 = 1;
    /// All bytes are moved; `*actual` remains to be stored.
    pub const STORE_ACTUAL: u32 = 2;
}

/// How far a served call has come; written by the host, kept by the kernel while it
/// resolves (or, later, while the caller is blocked).
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct CallProgress {
    /// One of [`Phase`].
    pub phase: u32,
    /// Zero.
    pub reserved: u32,
    /// The VMO that is read or written; the call holds on to it whatever happens to
    /// the handle or the mapping meanwhile.
    pub vmo: Link<Vmo>,
    /// That VMO's koid: if it differs, the slot was reused.
    pub vmo_koid: u64,
    /// Offset of the first byte of the transfer in the VMO.
    pub vmo_offset: u64,
    /// Bytes to transfer in all, after clipping to the mapping and the VMO.
    pub length: u64,
    /// Bytes transferred so far.
    pub done: u64,
}

assert_layout!(
    CallProgress,
    size = 48,
    vmo @ 8,
    vmo_offset @ 24,
    done @ 40,
);

/// Bits of [`ResolveRequest::wants`].
#[derive(Debug)]
pub struct Want;

impl Want {
    /// Re-point the mapping to a private copy (reference §6.2 step 5). Done first; with
    /// [`Want::VMO`], the range counts in the copy.
    pub const CLONE_MAPPING: u32 = 1;
    /// Make pages of the VMO present (for a write: owned and writable).
    pub const VMO: u32 = 2;
    /// Make pages of the caller's address space accessible.
    pub const USER: u32 = 4;
}

/// Access kinds in a [`ResolveRequest`].
#[derive(Debug)]
pub struct Access;

impl Access {
    /// Bytes will be read there.
    pub const READ: u32 = 1;
    /// Bytes will be stored there.
    pub const WRITE: u32 = 2;
}

/// What the kernel is to make present.
///
/// The kernel works through the wants in the order of their bits, each range in
/// ascending order. It answers `ZX_OK` in `status` if it has made *some* progress on
/// each want (at least the first page of each range), whatever hindered it further on:
/// the call will then meet the hindrance itself. If the very first page of a range
/// cannot be had, `status` says why and `failed` which want it was.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct ResolveRequest {
    /// Bits of [`Want`]; host-written, zero when there is no request.
    pub wants: u32,
    /// One of [`Access`], for [`Want::VMO`]; host-written.
    pub vmo_access: u32,
    /// One of [`Access`], for [`Want::USER`]; host-written.
    pub user_access: u32,
    /// `ZX_OK` or the status of the first page that could not be had; kernel-written.
    pub status: i32,
    /// The [`Want`] bit that `status` belongs to, 0 with `ZX_OK`; kernel-written.
    pub failed: u32,
    /// Zero.
    pub reserved: u32,
    /// The mapping to clone; host-written.
    pub mapping: Link<Mapping>,
    /// The VMO; host-written, ignored with [`Want::CLONE_MAPPING`].
    pub vmo: Link<Vmo>,
    /// First byte in the VMO; host-written.
    pub vmo_offset: u64,
    /// Bytes in the VMO; host-written.
    pub vmo_length: u64,
    /// First byte in the caller's address space; host-written.
    pub user_address: u64,
    /// Bytes in the caller's address space; host-written.
    pub user_length: u64,
}

assert_layout!(
    ResolveRequest,
    size = 72,
    status @ 12,
    failed @ 16,
    mapping @ 24,
    user_length @ 64,
);

/// One vCPU's call page.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct CallPage {
    /// A [`crate::Call`] number or a [`KernelRequest`]; kernel-written.
    pub op: u32,
    /// One of [`CallState`]; host-written.
    pub state: u32,
    /// What goes into `rax`; host-written with [`CallState::DONE`].
    pub result: u64,
    /// The arguments, `rdi` first; kernel-written.
    pub args: [u64; 8],
    /// The process that runs on this vCPU; kernel-written at each switch.
    pub process: Link<Process>,
    /// The thread that runs on this vCPU; kernel-written at each switch.
    pub thread: Link<Thread>,
    /// Host-written, but [`CallProgress::phase`] is reset by the kernel for each call.
    pub progress: CallProgress,
    /// See there.
    pub resolve: ResolveRequest,
    /// Threads that want the vCPU: those that could run now, the running one included,
    /// and those that sleep; kernel-written. The host ticks only when there is more
    /// than one.
    pub runnable: u32,
    /// Not zero: the kernel must report its own calls
    /// ([`KernelRequest::CallAnswered`]); host-written.
    pub trace_kernel_calls: u32,
}

assert_layout!(
    CallPage,
    size = 224,
    op @ 0,
    state @ 4,
    result @ 8,
    args @ 16,
    process @ 80,
    thread @ 88,
    progress @ 96,
    resolve @ 144,
    runnable @ 216,
    trace_kernel_calls @ 220,
);
