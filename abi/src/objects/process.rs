//! Processes (reference §16).

use crate::assert_layout;
use crate::link::Link;
use crate::objects::{NAME_LENGTH, ObjectHeader, Thread, Vmar};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// Values of [`Process::state`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProcessState(pub u32);

impl ProcessState {
    /// Created, not started.
    pub const INITIAL: Self = Self(0);
    /// Its threads run.
    pub const RUNNING: Self = Self(1);
    /// Told to die; its address space may still be there.
    pub const DYING: Self = Self(2);
    /// Ended: no handles, no mappings.
    pub const DEAD: Self = Self(3);

    /// A lower-case word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::INITIAL => "initial",
            Self::RUNNING => "running",
            Self::DYING => "dying",
            Self::DEAD => "dead",
            _ => "?",
        }
    }
}

/// Values of [`Process::return_code`] for a process that did not exit by itself
/// (`ZX_TASK_RETCODE_*`, reference §15.5).
#[derive(Debug)]
pub struct EndReason;

impl EndReason {
    /// Killed by a task with the right to.
    pub const KILLED: i64 = -1024;
    /// Ended for lack of memory.
    pub const OUT_OF_MEMORY: i64 = -1025;
    /// Ended by a job's policy; there are none.
    pub const POLICY: i64 = -1026;
    /// Ended because a system call did not come from its place in the vDSO; a number that
    /// no call has has no place there.
    pub const VDSO: i64 = -1027;
    /// Ended by an exception that nobody handled.
    pub const EXCEPTION: i64 = -1028;
}

/// A process.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct Process {
    /// See there.
    pub header: ObjectHeader,
    /// NUL-terminated.
    pub name: [u8; NAME_LENGTH],
    /// Koid of the job it belongs to.
    pub job_koid: u64,
    /// One of [`ProcessState`].
    pub state: u32,
    /// What its handle values are xor-ed with; the two low bits are clear.
    pub handle_secret: u32,
    /// Number of its handles.
    pub handle_count: u32,
    /// Slot index of its newest handle, 0 for none.
    pub first_handle: u32,
    /// The root VMAR; none once the address space is gone.
    pub root_vmar: Link<Vmar>,
    /// Guest-physical address of the top-level page table (the value of CR3); zero once
    /// the address space is gone.
    pub page_table: u64,
    /// Its threads, linked through [`Thread::next_in_process`].
    pub first_thread: Link<Thread>,
    /// What `zx_process_exit` was given, or one of [`EndReason`].
    pub return_code: i64,
    /// Monotonic time of its start in nanoseconds.
    pub start_time: i64,
    /// The next process in the list of all of them (oldest first).
    pub next: Link<Process>,
    /// The previous one.
    pub previous: Link<Process>,
    /// Number of the first frame in the list of its page tables, the topmost included,
    /// linked through [`crate::objects::FrameEntry::next_free`]; 0 at the end.
    pub first_table: u32,
    /// Number of its page tables, so that the totals of an inspector add up.
    pub table_count: u32,
    /// Address of the vDSO's code in it; 0 while that is not mapped. The vDSO's base
    /// address is this minus [`crate::RootBlock::vdso_code_offset`].
    pub vdso_code: u64,
    /// Zero.
    pub reserved: [u64; 8],
}

assert_layout!(
    Process,
    size = 224,
    name @ 32,
    job_koid @ 64,
    state @ 72,
    handle_secret @ 76,
    handle_count @ 80,
    root_vmar @ 88,
    page_table @ 96,
    first_thread @ 104,
    return_code @ 112,
    next @ 128,
    first_table @ 144,
    vdso_code @ 152,
);
