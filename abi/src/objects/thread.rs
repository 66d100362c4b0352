//! Threads and their registers.

use crate::assert_layout;
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
    /// Asleep until [`Thread::deadline`].
    pub const SLEEPING: Self = Self(2);
    /// Blocked on something other than time.
    pub const BLOCKED: Self = Self(3);
    /// Ended.
    pub const DEAD: Self = Self(4);

    /// A lower-case word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::INITIAL => "initial",
            Self::READY => "ready",
            Self::SLEEPING => "sleeping",
            Self::BLOCKED => "blocked",
            Self::DEAD => "dead",
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
    /// Base of the FS segment: the thread pointer.
    pub fs_base: u64,
    /// The process it belongs to.
    pub process: Link<Process>,
    /// The next thread of that process.
    pub next_in_process: Link<Thread>,
    /// The next thread in the run queue, or in the list of sleepers.
    pub next_in_queue: Link<Thread>,
    /// One of [`ThreadState`].
    pub state: u32,
    /// Zero.
    pub reserved: u32,
    /// Monotonic time in nanoseconds at which a sleeper wakes.
    pub deadline: i64,
    /// CR2 of its fatal page fault.
    pub fault_address: u64,
    /// `zx_status_t` of its fatal page fault (reference §13.7), sign-extended.
    pub fault_status: i64,
    /// Zero.
    pub reserved_tail: [u64; 6],
}

assert_layout!(
    Thread,
    size = 352,
    registers @ 64,
    fs_base @ 240,
    process @ 248,
    next_in_process @ 256,
    next_in_queue @ 264,
    state @ 272,
    deadline @ 280,
    fault_address @ 288,
);
