//! Threads and their registers.

use crate::assert_layout;
use crate::call_page::CallProgress;
use crate::link::Link;
use crate::objects::{NAME_LENGTH, ObjectHeader, Process};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// Values of [`Thread::state`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ThreadState(pub u32);

impl ThreadState {
    /// Created, not started.
    pub const INITIAL: Self = Self(0);
    /// Running, or waiting for its turn on the vCPU.
    pub const READY: Self = Self(1);
    /// Waiting for what [`Thread::wait_kind`] says, at most until [`Thread::deadline`].
    pub const WAITING: Self = Self(2);
    /// Ended.
    pub const DEAD: Self = Self(4);

    /// A lower-case word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::INITIAL => "initial",
            Self::READY => "ready",
            Self::WAITING => "waiting",
            Self::DEAD => "dead",
            _ => "?",
        }
    }
}

/// Values of [`Thread::wait_kind`]: what a thread waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WaitKind(pub u32);

impl WaitKind {
    /// Nothing.
    pub const NONE: Self = Self(0);
    /// Its deadline (`zx_nanosleep`).
    pub const TIME: Self = Self(1);
    /// One of the signals `wait_key` of the object [`Thread::held`].
    pub const SIGNALS: Self = Self(2);
    /// A packet in the port [`Thread::held`].
    pub const PORT: Self = Self(3);
    /// A wake of the futex at the user address `wait_key` of its process.
    pub const FUTEX: Self = Self(4);
    /// The page at offset `wait_key` of the pager-backed VMO [`Thread::held`].
    pub const PAGE: Self = Self(5);
    /// Leave to make the page at offset `wait_key` of the pager-backed VMO
    /// [`Thread::held`] dirty.
    pub const DIRTY: Self = Self(6);

    /// A lower-case word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NONE => "nothing",
            Self::TIME => "time",
            Self::SIGNALS => "signals",
            Self::PORT => "port",
            Self::FUTEX => "futex",
            Self::PAGE => "page",
            Self::DIRTY => "dirty",
            _ => "?",
        }
    }
}

/// A thread's user registers, in the order in which the kernel's entry code saves them;
/// the last five are what the CPU itself pushes (SDM vol. 3, 6.14.2).
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
#[allow(missing_docs, reason = "a register is its name")]
pub struct Registers {
    pub r15: u64,
    pub r14: u64,
    pub r13: u64,
    pub r12: u64,
    pub r11: u64,
    pub r10: u64,
    pub r9: u64,
    pub r8: u64,
    pub rbp: u64,
    pub rdi: u64,
    pub rsi: u64,
    pub rdx: u64,
    pub rcx: u64,
    pub rbx: u64,
    pub rax: u64,
    /// The vector that led into the kernel; `SYSCALL_VECTOR` for a system call.
    pub vector: u64,
    /// The error code of an exception that has one.
    pub error_code: u64,
    pub rip: u64,
    pub cs: u64,
    pub rflags: u64,
    pub rsp: u64,
    pub ss: u64,
}

impl Registers {
    /// [`Registers::vector`] of a thread that is in a system call.
    pub const SYSCALL_VECTOR: u64 = 0x100;
}

assert_layout!(
    Registers,
    size = 176,
    rax @ 112,
    vector @ 120,
    error_code @ 128,
    rip @ 136,
    ss @ 168,
);

/// What FXSAVE64 stores: the x87 and SSE registers (SDM vol. 1, 10.5.1). In memory it
/// begins at a multiple of 16.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct VectorState {
    /// FCW and, above it, FSW, FTW and FOP: the x87 control, status and tag words.
    pub x87_control: u64,
    /// FIP and FDP: where the last x87 instruction and its operand were.
    pub x87_pointers: [u64; 2],
    /// MXCSR, and above it the mask of the bits that it may have.
    pub mxcsr: u64,
    /// ST0 to ST7, 10 bytes each and padding.
    pub st: [[u64; 2]; 8],
    /// XMM0 to XMM15.
    pub xmm: [[u64; 2]; 16],
    /// Not used.
    pub unused: [[u64; 2]; 6],
}

assert_layout!(
    VectorState,
    size = 512,
    mxcsr @ 24,
    st @ 32,
    xmm @ 160,
);

impl Default for VectorState {
    /// What a thread starts with: no exceptions, round to nearest, extended precision,
    /// everything else zero (System V ABI for AMD64, 3.4.1).
    fn default() -> Self {
        Self {
            x87_control: 0x37F,
            x87_pointers: [0; 2],
            mxcsr: 0x1F80,
            st: [[0; 2]; 8],
            xmm: [[0; 2]; 16],
            unused: [[0; 2]; 6],
        }
    }
}

/// A thread.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct Thread {
    /// See there.
    pub header: ObjectHeader,
    /// NUL-terminated.
    pub name: [u8; NAME_LENGTH],
    /// What it was doing when it last entered the kernel.
    pub registers: Registers,
    /// Base of the FS segment: the thread pointer (`ZX_PROP_REGISTER_FS`).
    pub fs_base: u64,
    /// The process it belongs to.
    pub process: Link<Process>,
    /// The next thread of that process.
    pub next_in_process: Link<Thread>,
    /// The next thread in the run queue, or in the list of those that wait.
    pub next_in_queue: Link<Thread>,
    /// One of [`ThreadState`].
    pub state: u32,
    /// One of [`WaitKind`].
    pub wait_kind: u32,
    /// Monotonic time in nanoseconds at which it stops waiting; `i64::MAX` for never.
    pub deadline: i64,
    /// CR2 of its fatal page fault.
    pub fault_address: u64,
    /// `zx_status_t` of its fatal page fault (reference §13.7), sign-extended.
    pub fault_status: i64,
    /// What it waits for; see [`WaitKind`]. Keeps that object alive until the call in
    /// progress is over.
    pub held: Link<ObjectHeader>,
    /// See [`WaitKind`].
    pub wait_key: u64,
    /// Counts up with each wait in the system: who waits longest.
    pub wait_order: u64,
    /// Not zero: it is in a call or fault that blocked; when it next runs, the kernel
    /// takes that up again.
    pub restart: u32,
    /// A `zx_status_t`: how its wait ended, while `restart` is set.
    pub wake_status: i32,
    /// What ended the wait: the signals of an object.
    pub wake_value: u64,
    /// How far a served call has come that is blocked.
    pub progress: CallProgress,
    /// With [`WaitKind::PAGE`] and [`WaitKind::DIRTY`]: bytes that it needs from there on.
    pub wait_length: u64,
    /// With these: 0 if it has asked the pager itself; otherwise the number of the
    /// request of another that covers what it needs ([`super::StandingRequest::number`]).
    pub wait_request: u64,
    /// Zero.
    pub reserved_tail: [u64; 5],
    /// Its x87 and SSE registers when another thread has the CPU. At a multiple of 16.
    pub vectors: VectorState,
}

assert_layout!(
    Thread,
    size = 960,
    registers @ 64,
    fs_base @ 240,
    process @ 248,
    next_in_process @ 256,
    next_in_queue @ 264,
    state @ 272,
    deadline @ 280,
    fault_address @ 288,
    held @ 304,
    restart @ 328,
    progress @ 344,
    vectors @ 448,
);
